import Daemon
import Glibc
import OVSDBEngine
import OVSDBModel
import Transport

/// A database's file: locked against other servers, read once, and then only appended to.
final class DatabaseFile: DatabaseStorage {
    /// As `ovsdb-tool create` makes it: passwords of managers may be in there.
    static let mode: mode_t = 0o640

    /// As the operator names it.
    let path: String
    /// Where symbolic links lead: Debian keeps the file elsewhere.
    private let target: String
    private var descriptor: CInt
    private let lock: CInt
    /// Octets that are known to be whole.
    private var byteCount = 0

    /// Opens and locks an existing file.
    init(path: String) throws(OVSDBError) {
        self.path = path
        target = Self.resolve(path)
        guard access(path, F_OK) == 0 else {
            throw Self.failure("\(path): open failed (\(TransportError.text(of: errno)))")
        }
        lock = try Self.lock(path)
        descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else {
            let reason = TransportError.text(of: errno)
            close(lock)
            throw Self.failure("\(path): open failed (\(reason))")
        }
    }

    deinit {
        close(descriptor)
        close(lock)
    }

    private static func failure(_ sentence: String) -> OVSDBError {
        OVSDBError("I/O error", sentence)
    }

    /// Whether this is the file that a path leads to.
    func isFile(at path: String) -> Bool {
        var other = stat()
        var own = stat()
        guard stat(path, &other) == 0, fstat(descriptor, &own) == 0 else { return false }
        return other.st_ino == own.st_ino && other.st_dev == own.st_dev
    }

    /// Takes the lock that genuine programs take too: `.NAME.~lock~` beside the file.
    private static func lock(_ path: String) throws(OVSDBError) -> CInt {
        let slash = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
        let lockPath = path[..<slash] + "." + path[slash...] + ".~lock~"
        let log = LogModule("lockfile")
        let descriptor = open(String(lockPath), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let reason = TransportError.text(of: errno)
            log.warning("\(lockPath): failed to open lock file: \(reason)")
            log.warning("\(lockPath): failed to lock file: \(reason)")
            throw failure("\(path): failed to lock lockfile (\(reason))")
        }
        var request = flock()
        request.l_type = Int16(F_WRLCK)
        request.l_whence = Int16(SEEK_SET)
        guard fcntl(descriptor, F_SETLK, &request) == 0 else {
            let reason = TransportError.text(of: errno)
            if fcntl(descriptor, F_GETLK, &request) == 0, request.l_type != Int16(F_UNLCK) {
                log.warning(
                    "\(lockPath): cannot lock file because it is already locked by pid "
                        + "\(request.l_pid)")
            }
            close(descriptor)
            throw failure("\(path): failed to lock lockfile (\(reason))")
        }
        return descriptor
    }

    /// The file that a chain of symbolic links leads to, whether it exists or not.
    private static func resolve(_ path: String) -> String {
        var path = path
        for _ in 0..<maximumLinkCount {
            var room = [UInt8](repeating: 0, count: Int(PATH_MAX))
            let count = room.withUnsafeMutableBytes {
                readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
            }
            guard count > 0 else { break }
            let link = String(decoding: room.prefix(count), as: UTF8.self)
            let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
            path = link.hasPrefix("/") ? link : directory + link
        }
        return path
    }

    /// As many as Linux follows.
    private static let maximumLinkCount = 40

    /// Makes a file that holds an empty database.
    static func create(path: String, _ schema: DatabaseSchema) throws(OVSDBError) {
        let target = resolve(path)
        let lock = try lock(path)
        defer { close(lock) }
        let descriptor = open(target, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            throw failure("\(path): create failed (\(TransportError.text(of: errno)))")
        }
        defer { close(descriptor) }
        let octets = LogRecord.encode(schema.json)
        guard write(octets, to: descriptor, at: 0), fsync(descriptor) == 0 else {
            let reason = TransportError.text(of: errno)
            unlink(target)
            throw failure("\(path): write failed (\(reason))")
        }
    }

    /// Reads the database; what follows its last whole transaction is cut off.
    func load() throws(OVSDBError) -> DatabaseLoad {
        guard let octets = Self.contents(of: descriptor) else {
            throw Self.failure("\(path): read failed (\(TransportError.text(of: errno)))")
        }
        guard octets.starts(with: LogRecord.magic.utf8) else {
            throw OVSDBError("ovsdb error", "\(path): unexpected file format")
        }
        let load = try Database.load(log: octets, storage: self)
        byteCount = load.validByteCount
        if byteCount < octets.count, ftruncate(descriptor, off_t(byteCount)) != 0 {
            throw Self.failure("\(path): truncate failed (\(TransportError.text(of: errno)))")
        }
        return load
    }

    static func contents(of descriptor: CInt) -> [UInt8]? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        var octets = [UInt8](repeating: 0, count: Int(status.st_size))
        var offset = 0
        while offset < octets.count {
            let count = octets.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress! + offset, $0.count - offset, off_t(offset))
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return nil }
            guard count > 0 else { break }
            offset += count
        }
        octets.removeLast(octets.count - offset)
        return octets
    }

    func append(_ octets: [UInt8], isDurable: Bool) throws(StorageError) {
        guard Self.write(octets, to: descriptor, at: byteCount) else {
            let reason = TransportError.text(of: errno)
            ftruncate(descriptor, off_t(byteCount))
            throw StorageError("\(path): write failed (\(reason))")
        }
        if isDurable, fdatasync(descriptor) != 0 {
            let reason = TransportError.text(of: errno)
            ftruncate(descriptor, off_t(byteCount))
            throw StorageError("\(path): fsync failed (\(reason))")
        }
        byteCount += octets.count
    }

    /// Writes a new file beside the old one and renames it over, so that a crash leaves either
    /// whole.
    func replace(with octets: [UInt8]) throws(StorageError) {
        let temporary = target + ".tmp"
        unlink(temporary)
        let new = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, Self.mode)
        guard new >= 0 else {
            throw StorageError("\(temporary): create failed (\(TransportError.text(of: errno)))")
        }
        guard Self.write(octets, to: new, at: 0), fsync(new) == 0, rename(temporary, target) == 0
        else {
            let reason = TransportError.text(of: errno)
            close(new)
            unlink(temporary)
            throw StorageError("\(temporary): write failed (\(reason))")
        }
        syncDirectory()
        close(descriptor)
        descriptor = new
        byteCount = octets.count
    }

    private func syncDirectory() {
        let slash = target.lastIndex(of: "/")
        let directory = slash.map { $0 == target.startIndex ? "/" : String(target[..<$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func write(_ octets: [UInt8], to descriptor: CInt, at start: Int) -> Bool {
        var written = 0
        while written < octets.count {
            let count = octets.withUnsafeBytes {
                pwrite(
                    descriptor, $0.baseAddress! + written, $0.count - written,
                    off_t(start + written))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            written += count
        }
        return true
    }
}
