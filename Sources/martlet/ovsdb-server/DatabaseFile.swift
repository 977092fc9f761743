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
    ///
    /// It begins at the root directory, to which the daemon changes once it serves.
    private let target: String
    private var descriptor: CInt
    private let lock: CInt
    /// Octets that are known to be whole.
    private var byteCount = 0
    /// The last one that was begun; an earlier one has lost its name.
    private weak var replacement: FileReplacement?

    /// Opens and locks an existing file.
    init(path: String) throws(OVSDBError) {
        self.path = path
        target = Self.absolute(Self.resolve(path))
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

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let directory = getcwd(nil, 0) else { return path }
        defer { free(directory) }
        return String(cString: directory) + "/" + path
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
        let octets = try Self.translated { () throws(StorageError) in try read() }
        try Self.checkFormat(octets, path)
        let load: DatabaseLoad
        do throws(OVSDBError) {
            load = try Database.load(log: octets, storage: self)
        } catch {
            throw OVSDBError(error.tag, "\(path): \(error.details ?? "")")
        }
        byteCount = load.validByteCount
        if byteCount < octets.count {
            try Self.translated { () throws(StorageError) in try truncate(to: byteCount) }
        }
        return load
    }

    private static func translated<Result>(
        _ body: () throws(StorageError) -> Result
    ) throws(OVSDBError) -> Result {
        do throws(StorageError) {
            return try body()
        } catch {
            throw failure(error.description)
        }
    }

    func read() throws(StorageError) -> [UInt8] {
        guard let octets = Self.contents(of: descriptor) else {
            throw StorageError("\(path): read failed (\(TransportError.text(of: errno)))")
        }
        return octets
    }

    func truncate(to byteCount: Int) throws(StorageError) {
        guard ftruncate(descriptor, off_t(byteCount)) == 0 else {
            throw StorageError("\(path): truncate failed (\(TransportError.text(of: errno)))")
        }
    }

    /// Refuses what is no standalone database.
    static func checkFormat(_ octets: [UInt8], _ path: String) throws(OVSDBError) {
        if octets.starts(with: LogRecord.magic.utf8) { return }
        guard !octets.starts(with: LogRecord.clusterMagic.utf8) else {
            throw OVSDBError(
                "ovsdb error",
                "\(path): clustered databases are not supported; \"ovsdb-tool "
                    + "cluster-to-standalone\" makes a standalone database of one")
        }
        let reason = octets.isEmpty ? "cannot identify file type" : "unexpected file format"
        throw OVSDBError("ovsdb error", "\(path): \(reason)")
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

    func append(_ octets: [UInt8]) throws(StorageError) {
        guard Self.write(octets, to: descriptor, at: byteCount) else {
            let reason = TransportError.text(of: errno)
            ftruncate(descriptor, off_t(byteCount))
            throw StorageError("\(path): write failed (\(reason))")
        }
        byteCount += octets.count
    }

    func sync() throws(StorageError) {
        guard fdatasync(descriptor) == 0 else {
            throw StorageError("\(path): fsync failed (\(TransportError.text(of: errno)))")
        }
    }

    func makeReplacement() throws(StorageError) -> any LogReplacement {
        let new = try FileReplacement(of: self, path: target + ".tmp")
        replacement = new
        return new
    }

    /// Renames a new file over the old one, so that a crash leaves either whole.
    fileprivate func take(_ new: FileReplacement) throws(StorageError) {
        guard replacement === new, rename(new.path, target) == 0 else {
            throw StorageError("\(new.path): rename failed (\(TransportError.text(of: errno)))")
        }
        syncDirectory()
        close(descriptor)
        descriptor = new.takeDescriptor()
        byteCount = new.byteCount
        replacement = nil
    }

    private func syncDirectory() {
        let slash = target.lastIndex(of: "/")
        let directory = slash.map { $0 == target.startIndex ? "/" : String(target[..<$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    fileprivate static func write(_ octets: [UInt8], to descriptor: CInt, at start: Int) -> Bool {
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

/// A file beside a database's that is to take its place.
private final class FileReplacement: LogReplacement, @unchecked Sendable {
    let path: String
    private(set) var byteCount = 0
    private var descriptor: CInt
    /// Reached only by the thread that owns the database.
    private weak var file: DatabaseFile?

    init(of file: DatabaseFile, path: String) throws(StorageError) {
        self.path = path
        self.file = file
        unlink(path)
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, DatabaseFile.mode)
        guard descriptor >= 0 else {
            throw StorageError("\(path): create failed (\(TransportError.text(of: errno)))")
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    func write(_ octets: [UInt8]) throws(StorageError) {
        guard DatabaseFile.write(octets, to: descriptor, at: byteCount), fsync(descriptor) == 0
        else {
            let reason = TransportError.text(of: errno)
            unlink(path)
            throw StorageError("\(path): write failed (\(reason))")
        }
        byteCount += octets.count
    }

    func finish() throws(StorageError) {
        guard let file else { throw StorageError("\(path): the database is closed") }
        try file.take(self)
    }

    func takeDescriptor() -> CInt {
        defer { descriptor = -1 }
        return descriptor
    }
}
