public import Addresses
public import Bytes

/// Where each field of an IPv6 header lies (RFC 8200 §3).
public enum IPv6Layout {
    @inlinable public static var first: WireField<UInt32> { .init(at: 0) }
    @inlinable public static var version: WireBits<UInt32> { .init(0..<4, of: first) }
    @inlinable public static var trafficClass: WireBits<UInt32> { .init(4..<12, of: first) }
    @inlinable public static var flowLabel: WireBits<UInt32> { .init(12..<32, of: first) }
    @inlinable public static var payloadLength: WireField<UInt16> { .init(at: 4) }
    @inlinable public static var nextHeader: WireField<UInt8> { .init(at: 6) }
    @inlinable public static var hopLimit: WireField<UInt8> { .init(at: 7) }
    @inlinable public static var source: WireField<UInt128> { .init(at: 8) }
    @inlinable public static var destination: WireField<UInt128> { .init(at: 24) }
    @inlinable public static var byteCount: Int { destination.end }
}

/// An IPv6 header, read in place.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-------+---------------+---------------------------------------+
///     |Version| traffic class |              flow label               |
///     +-------+---------------+-------+---------------+---------------+
///     |        payload length         |  next header  |   hop limit   |
///     +-------------------------------+---------------+---------------+
///     |                   source address, 16 octets                   |
///     +---------------------------------------------------------------+
///     |                 destination address, 16 octets                |
///     +---------------------------------------------------------------+
public struct IPv6HeaderView: ~Escapable {
    @usableFromInline let bytes: RawSpan

    /// Checks that the header and its payload lie within `bytes`; octets behind them are ignored.
    @inlinable @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) throws(PacketError) {
        try require(IPv6Layout.byteCount, of: bytes)
        let version = UInt8(bytes[IPv6Layout.version])
        guard version == 6 else { throw .unsupportedVersion(version) }
        try require(IPv6Layout.byteCount + Int(bytes[IPv6Layout.payloadLength]), of: bytes)
        self.bytes = bytes
    }

    @inlinable @inline(__always)
    public var trafficClass: UInt8 { UInt8(bytes[IPv6Layout.trafficClass]) }

    @inlinable @inline(__always)
    public var flowLabel: UInt32 { bytes[IPv6Layout.flowLabel] }

    @inlinable @inline(__always)
    public var payloadLength: UInt16 { bytes[IPv6Layout.payloadLength] }

    @inlinable @inline(__always)
    public var nextHeader: UInt8 { bytes[IPv6Layout.nextHeader] }

    @inlinable @inline(__always)
    public var hopLimit: UInt8 { bytes[IPv6Layout.hopLimit] }

    @inlinable @inline(__always)
    public var source: IPv6Address { .init(bytes[IPv6Layout.source]) }

    @inlinable @inline(__always)
    public var destination: IPv6Address { .init(bytes[IPv6Layout.destination]) }

    /// Extension headers, if any, and what follows them.
    @inlinable @inline(__always)
    public var payload: RawSpan {
        @_lifetime(copy self)
        get {
            bytes.extracting(IPv6Layout.byteCount..<(IPv6Layout.byteCount + Int(payloadLength)))
        }
    }
}
