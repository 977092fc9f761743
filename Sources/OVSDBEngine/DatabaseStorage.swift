/// Where a database keeps its log.
///
/// The engine encodes records and decides when they are due; whoever implements this only moves
/// octets.
public protocol DatabaseStorage: AnyObject {
    /// Adds octets to the end of the log, and waits until they are on the disk where `isDurable`.
    ///
    /// When it throws, the log must be as it was before.
    func append(_ octets: [UInt8], isDurable: Bool) throws(StorageError)

    /// Puts other content in the place of the whole log, all or nothing.
    func replace(with octets: [UInt8]) throws(StorageError)
}

/// Why a log could not be written.
public struct StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
