import Glibc
import Transport

/// The file that says which process a daemon is, and by its lock that it still runs.
struct PidFile {
    private static let log = LogModule("daemon_unix")

    /// Of the file of this process, which must not be opened again: to close it would give up the
    /// lock.
    ///
    /// Set once, before there are threads.
    nonisolated(unsafe) fileprivate static var ownInode: ino_t?

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
        var facts = stat()
        if fstat(descriptor, &facts) == 0 { Self.ownInode = facts.st_ino }
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
    fileprivate static func lockOwner(_ path: String) -> pid_t? {
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

/// The daemons of this machine that have a pid file.
public enum RunningDaemons {
    /// The processes that hold the locks of the files `NAME.pid` of a directory, by name.
    public static func all(in directory: String) -> [(name: String, process: Int32)] {
        guard let entries = opendir(directory) else { return [] }
        defer { closedir(entries) }
        var found: [(String, Int32)] = []
        while let entry = readdir(entries) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasSuffix(".pid"), name.first != "." else { continue }
            let isOwn = entry.pointee.d_ino == PidFile.ownInode
            guard let owner = isOwn ? getpid() : PidFile.lockOwner(directory + "/" + name) else {
                continue
            }
            found.append((String(name.dropLast(4)), owner))
        }
        return found.sorted { $0.0 < $1.0 }
    }
}
