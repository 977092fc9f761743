import Glibc
import Transport

/// The file that says which process a daemon is, and by its lock that it still runs.
struct PidFile {
    private static let log = LogModule("daemon_unix")

    let path: String

    /// Writes the file for this process, and keeps it locked until the process ends.
    ///
    /// - Parameter overwrite: take it from a process that runs.
    func create(program: String, overwrite: Bool) throws(ProgramError) {
        if !overwrite, let pid = Self.lockOwner(path) {
            throw ProgramError("\(path): already running as pid \(pid), aborting")
        }
        let temporary = path + ".tmp"
        let descriptor = open(temporary, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(temporary, "create") }
        var lock = Self.wholeFileLock
        let octets = Array("\(getpid())\n".utf8)
        guard fcntl(descriptor, F_SETLK, &lock) == 0 else {
            throw Self.failure(temporary, "fcntl(F_SETLK)")
        }
        guard write(descriptor, octets, octets.count) == octets.count else {
            throw Self.failure(temporary, "write")
        }
        guard rename(temporary, path) == 0 else { throw Self.failure(path, "rename") }
        ExitCleanup.add(path)
        // The descriptor stays open: closing it would give the lock up.
    }

    /// The process that a pid file stands for, if it runs.
    static func readRunning(_ path: String) throws(ProgramError) -> pid_t {
        guard access(path, F_OK) == 0 else {
            let reason = TransportError.text(of: errno)
            log.warning("\(path): open: \(reason)")
            throw ProgramError("cannot read pidfile \"\(path)\" (\(reason))")
        }
        if let pid = lockOwner(path) { return pid }
        throw ProgramError(
            "cannot read pidfile \"\(path)\" (\(TransportError.text(of: ESRCH)))")
    }

    /// The process that holds the lock of a pid file, which survives even a wrong text in it.
    private static func lockOwner(_ path: String) -> pid_t? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var lock = wholeFileLock
        guard fcntl(descriptor, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK) else {
            return nil
        }
        return lock.l_pid
    }

    private static var wholeFileLock: flock {
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        return lock
    }

    private static func failure(_ path: String, _ call: String) -> ProgramError {
        ProgramError("\(path): \(call) failed (\(TransportError.text(of: errno)))")
    }
}
