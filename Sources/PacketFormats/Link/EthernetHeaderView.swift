public import Addresses
public import Bytes

/// Where each field of an Ethernet header lies (IEEE 802.3 §3.1.1).
///
/// An address is read with two octets of its neighbour, which the field's bits leave out.
public enum EthernetLayout {
    @inlinable static var firstWord: WireField<UInt64> { .init(at: 0) }
    @inlinable static var secondWord: WireField<UInt64> { .init(at: 4) }
    @inlinable public static var destination: WireBits<UInt64> { .init(0..<48, of: firstWord) }
    @inlinable public static var source: WireBits<UInt64> { .init(16..<64, of: secondWord) }
    @inlinable public static var type: WireField<UInt16> { .init(at: 12) }
    @inlinable public static var byteCount: Int { type.end }
}

/// An Ethernet header, read in place; tags, if any, follow it.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +---------------------------------------------------------------+
///     |                          destination                          |
///     +-------------------------------+-------------------------------+
///     |          destination          |            source             |
///     +-------------------------------+-------------------------------+
///     |                            source                             |
///     +-------------------------------+-------------------------------+
///     |             type              |
///     +-------------------------------+
public struct EthernetHeaderView: ~Escapable {
    @usableFromInline let bytes: RawSpan

    @inlinable @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) throws(PacketError) {
        try require(EthernetLayout.byteCount, of: bytes)
        self.bytes = bytes
    }

    @inlinable @inline(__always)
    public var destination: EthernetAddress { .init(bytes[EthernetLayout.destination]) }

    @inlinable @inline(__always)
    public var source: EthernetAddress { .init(bytes[EthernetLayout.source]) }

    /// The type of what follows, or its length if less than 0x600.
    @inlinable @inline(__always)
    public var type: UInt16 { bytes[EthernetLayout.type] }

    @inlinable @inline(__always)
    public var payload: RawSpan {
        @_lifetime(copy self)
        get { bytes.extracting(EthernetLayout.byteCount...) }
    }
}
