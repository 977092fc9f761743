public import Addresses
public import Bytes

/// Where each field of an IPv4 header lies (RFC 791 §3.1).
public enum IPv4Layout {
    @inlinable public static var first: WireField<UInt8> { .init(at: 0) }
    @inlinable public static var version: WireBits<UInt8> { .init(0..<4, of: first) }
    @inlinable public static var headerWords: WireBits<UInt8> { .init(4..<8, of: first) }
    @inlinable public static var trafficClass: WireField<UInt8> { .init(at: 1) }
    @inlinable public static var totalLength: WireField<UInt16> { .init(at: 2) }
    @inlinable public static var identification: WireField<UInt16> { .init(at: 4) }
    @inlinable public static var fragment: WireField<UInt16> { .init(at: 6) }
    @inlinable public static var isReserved: WireBits<UInt16> { .init(0..<1, of: fragment) }
    @inlinable public static var isUnfragmentable: WireBits<UInt16> { .init(1..<2, of: fragment) }
    @inlinable public static var hasMoreFragments: WireBits<UInt16> { .init(2..<3, of: fragment) }
    @inlinable public static var fragmentOffset: WireBits<UInt16> { .init(3..<16, of: fragment) }
    @inlinable public static var timeToLive: WireField<UInt8> { .init(at: 8) }
    @inlinable public static var protocolNumber: WireField<UInt8> { .init(at: 9) }
    @inlinable public static var checksum: WireField<UInt16> { .init(at: 10) }
    @inlinable public static var source: WireField<UInt32> { .init(at: 12) }
    @inlinable public static var destination: WireField<UInt32> { .init(at: 16) }
    @inlinable public static var fixedByteCount: Int { destination.end }
}

/// An IPv4 header, read in place.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-------+-------+---------------+-------------------------------+
///     |Version|  IHL  | traffic class |          total length         |
///     +-------+-------+---------------+-----+-------------------------+
///     |        identification         |flags|     fragment offset     |
///     +---------------+---------------+-----+-------------------------+
///     | time to live  |   protocol    |        header checksum        |
///     +---------------+---------------+-------------------------------+
///     |                        source address                         |
///     +---------------------------------------------------------------+
///     |                      destination address                      |
///     +---------------------------------------------------------------+
///     | options, up to 40 octets …
///     +-----------------------------
public struct IPv4HeaderView: ~Escapable {
    @usableFromInline let bytes: RawSpan

    /// Checks that the header and the whole packet lie within `bytes`; octets behind it, such as
    /// Ethernet's padding, are ignored.
    @inlinable @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) throws(PacketError) {
        try require(IPv4Layout.fixedByteCount, of: bytes)
        guard bytes[IPv4Layout.version] == 4 else {
            throw .unsupportedVersion(bytes[IPv4Layout.version])
        }
        let headerByteCount = Int(bytes[IPv4Layout.headerWords]) * 4
        guard headerByteCount >= IPv4Layout.fixedByteCount else {
            throw .badHeaderLength(headerByteCount)
        }
        let total = Int(bytes[IPv4Layout.totalLength])
        guard total >= headerByteCount else { throw .badHeaderLength(total) }
        try require(total, of: bytes)
        self.bytes = bytes
    }

    @inlinable @inline(__always)
    public var headerByteCount: Int { Int(bytes[IPv4Layout.headerWords]) * 4 }

    @inlinable @inline(__always)
    public var trafficClass: UInt8 { bytes[IPv4Layout.trafficClass] }

    @inlinable @inline(__always)
    public var totalLength: UInt16 { bytes[IPv4Layout.totalLength] }

    @inlinable @inline(__always)
    public var identification: UInt16 { bytes[IPv4Layout.identification] }

    @inlinable @inline(__always)
    public var isUnfragmentable: Bool { bytes[IPv4Layout.isUnfragmentable] == 1 }

    @inlinable @inline(__always)
    public var hasMoreFragments: Bool { bytes[IPv4Layout.hasMoreFragments] == 1 }

    /// Where the fragment lies in the whole packet, in units of 8 octets.
    @inlinable @inline(__always)
    public var fragmentOffset: UInt16 { bytes[IPv4Layout.fragmentOffset] }

    @inlinable @inline(__always)
    public var timeToLive: UInt8 { bytes[IPv4Layout.timeToLive] }

    @inlinable @inline(__always)
    public var protocolNumber: UInt8 { bytes[IPv4Layout.protocolNumber] }

    @inlinable @inline(__always)
    public var checksum: UInt16 { bytes[IPv4Layout.checksum] }

    @inlinable @inline(__always)
    public var source: IPv4Address { .init(bytes[IPv4Layout.source]) }

    @inlinable @inline(__always)
    public var destination: IPv4Address { .init(bytes[IPv4Layout.destination]) }

    /// Whether the header's checksum is right.
    @inlinable
    public var isIntact: Bool { InternetChecksum.of(bytes.extracting(..<headerByteCount)) == 0 }

    @inlinable @inline(__always)
    public var options: RawSpan {
        @_lifetime(copy self)
        get { bytes.extracting(IPv4Layout.fixedByteCount..<headerByteCount) }
    }

    @inlinable @inline(__always)
    public var payload: RawSpan {
        @_lifetime(copy self)
        get { bytes.extracting(headerByteCount..<Int(totalLength)) }
    }
}
