public import Bytes

/// Where each field of a TCP header lies (RFC 9293 §3.1).
public enum TCPLayout {
    @inlinable public static var sourcePort: WireField<UInt16> { .init(at: 0) }
    @inlinable public static var destinationPort: WireField<UInt16> { .init(at: 2) }
    @inlinable public static var sequenceNumber: WireField<UInt32> { .init(at: 4) }
    @inlinable public static var acknowledgementNumber: WireField<UInt32> { .init(at: 8) }
    @inlinable static var control: WireField<UInt16> { .init(at: 12) }
    @inlinable public static var headerWords: WireBits<UInt16> { .init(0..<4, of: control) }
    @inlinable public static var flags: WireBits<UInt16> { .init(4..<16, of: control) }
    @inlinable public static var window: WireField<UInt16> { .init(at: 14) }
    @inlinable public static var checksum: WireField<UInt16> { .init(at: 16) }
    @inlinable public static var urgentPointer: WireField<UInt16> { .init(at: 18) }
    @inlinable public static var fixedByteCount: Int { urgentPointer.end }
}

/// A TCP header, read in place.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-------------------------------+-------------------------------+
///     |          source port          |       destination port        |
///     +-------------------------------+-------------------------------+
///     |                        sequence number                        |
///     +---------------------------------------------------------------+
///     |                    acknowledgement number                     |
///     +-------+-----------------------+-------------------------------+
///     | words |         flags         |            window             |
///     +-------+-----------------------+-------------------------------+
///     |           checksum            |        urgent pointer         |
///     +-------------------------------+-------------------------------+
///     | options, up to 40 octets …
///     +-----------------------------
public struct TCPHeaderView: ~Escapable {
    @usableFromInline let bytes: RawSpan

    @inlinable @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) throws(PacketError) {
        try require(TCPLayout.fixedByteCount, of: bytes)
        let headerByteCount = Int(bytes[TCPLayout.headerWords]) * 4
        guard headerByteCount >= TCPLayout.fixedByteCount else {
            throw .badHeaderLength(headerByteCount)
        }
        try require(headerByteCount, of: bytes)
        self.bytes = bytes
    }

    @inlinable @inline(__always)
    public var sourcePort: UInt16 { bytes[TCPLayout.sourcePort] }

    @inlinable @inline(__always)
    public var destinationPort: UInt16 { bytes[TCPLayout.destinationPort] }

    @inlinable @inline(__always)
    public var sequenceNumber: UInt32 { bytes[TCPLayout.sequenceNumber] }

    @inlinable @inline(__always)
    public var acknowledgementNumber: UInt32 { bytes[TCPLayout.acknowledgementNumber] }

    @inlinable @inline(__always)
    public var headerByteCount: Int { Int(bytes[TCPLayout.headerWords]) * 4 }

    @inlinable @inline(__always)
    public var flags: TCPFlags { .init(rawValue: bytes[TCPLayout.flags]) }

    @inlinable @inline(__always)
    public var window: UInt16 { bytes[TCPLayout.window] }

    @inlinable @inline(__always)
    public var checksum: UInt16 { bytes[TCPLayout.checksum] }

    @inlinable @inline(__always)
    public var urgentPointer: UInt16 { bytes[TCPLayout.urgentPointer] }

    @inlinable @inline(__always)
    public var options: RawSpan {
        @_lifetime(copy self)
        get { bytes.extracting(TCPLayout.fixedByteCount..<headerByteCount) }
    }

    @inlinable @inline(__always)
    public var payload: RawSpan {
        @_lifetime(copy self)
        get { bytes.extracting(headerByteCount...) }
    }
}
