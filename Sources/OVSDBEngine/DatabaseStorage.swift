/// Where a database keeps its log.
///
/// The engine encodes records and decides when they are due; whoever implements this only moves
/// octets. A file is one place; another may be a key of a distributed store
/// (`Documentation/decisions/0004-scaling-out.md`).
public protocol DatabaseStorage: AnyObject {
    /// The whole log.
    func read() throws(StorageError) -> [UInt8]

    /// Cuts off what follows the last record that is whole.
    func truncate(to byteCount: Int) throws(StorageError)

    /// Adds octets to the end of the log, where they outlive the process, though not the machine.
    ///
    /// When it throws, the log must be as it was before.
    func append(_ octets: [UInt8]) throws(StorageError)

    /// Waits until all that was appended is on the disk.
    ///
    /// When it throws, nobody knows what the disk holds: the caller cannot go on.
    func sync() throws(StorageError)

    /// Begins a log that is to take the place of this one, which goes on growing meanwhile.
    ///
    /// An earlier one that was begun and not finished is given up.
    func makeReplacement() throws(StorageError) -> any LogReplacement
}

extension DatabaseStorage {
    /// Puts other content in the place of the whole log, all or nothing.
    public func replace(with octets: [UInt8]) throws(StorageError) {
        let replacement = try makeReplacement()
        try replacement.write(octets)
        try replacement.finish()
    }
}

/// A log in the making.
public protocol LogReplacement: AnyObject, Sendable {
    /// Adds octets, and waits until they are on the disk.
    ///
    /// *Thread safety*: from any thread, but from one at a time.
    func write(_ octets: [UInt8]) throws(StorageError)

    /// Takes the place of the log, on the thread that owns the database.
    func finish() throws(StorageError)
}

/// Why a log could not be read or written.
public struct StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
