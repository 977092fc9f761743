public import Bytes

/// Where each field of a UDP header lies (RFC 768).
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-------------------------------+-------------------------------+
///     |          source port          |       destination port        |
///     +-------------------------------+-------------------------------+
///     |            length             |           checksum            |
///     +-------------------------------+-------------------------------+
public enum UDPLayout {
    @inlinable public static var sourcePort: WireField<UInt16> { .init(at: 0) }
    @inlinable public static var destinationPort: WireField<UInt16> { .init(at: 2) }
    @inlinable public static var length: WireField<UInt16> { .init(at: 4) }
    @inlinable public static var checksum: WireField<UInt16> { .init(at: 6) }
    @inlinable public static var byteCount: Int { checksum.end }
}

/// A UDP header as a value.
public struct UDPHeader: Hashable, Sendable {
    public static let byteCount = UDPLayout.byteCount

    public var sourcePort: UInt16
    public var destinationPort: UInt16
    /// The octets of the header and its payload.
    public var length: UInt16
    /// Zero if there is none.
    public var checksum: UInt16

    public init(
        from sourcePort: UInt16,
        to destinationPort: UInt16,
        length: UInt16,
        checksum: UInt16 = 0
    ) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.length = length
        self.checksum = checksum
    }

    public init(_ bytes: RawSpan) throws(PacketError) {
        try require(UDPLayout.byteCount, of: bytes)
        sourcePort = bytes[UDPLayout.sourcePort]
        destinationPort = bytes[UDPLayout.destinationPort]
        length = bytes[UDPLayout.length]
        checksum = bytes[UDPLayout.checksum]
    }

    /// Writes the header over the first ``byteCount`` octets of `output`.
    public func encode(into output: inout MutableRawSpan) {
        output.set(UDPLayout.sourcePort, to: sourcePort)
        output.set(UDPLayout.destinationPort, to: destinationPort)
        output.set(UDPLayout.length, to: length)
        output.set(UDPLayout.checksum, to: checksum)
    }
}
