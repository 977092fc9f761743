public import Bytes

/// Where each field lies that all messages of ICMP (RFC 792) and ICMPv6 (RFC 4443 §2.1) have.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +---------------+---------------+-------------------------------+
///     |     type      |     code      |           checksum            |
///     +---------------+---------------+-------------------------------+
///     |         identifier            |       sequence number         |
///     +-------------------------------+-------------------------------+
public enum ICMPLayout {
    @inlinable public static var type: WireField<UInt8> { .init(at: 0) }
    @inlinable public static var code: WireField<UInt8> { .init(at: 1) }
    @inlinable public static var checksum: WireField<UInt16> { .init(at: 2) }
    /// In echoes; other messages put other things here.
    @inlinable public static var identifier: WireField<UInt16> { .init(at: 4) }
    @inlinable public static var sequenceNumber: WireField<UInt16> { .init(at: 6) }
    @inlinable public static var byteCount: Int { sequenceNumber.end }
}

/// The header of an ICMP or ICMPv6 message.
public struct ICMPHeader: Hashable, Sendable {
    /// The types of ICMP.
    public enum Kind {
        public static var echoReply: UInt8 { 0 }
        public static var echoRequest: UInt8 { 8 }
    }

    /// The types of ICMPv6.
    public enum KindV6 {
        public static var echoRequest: UInt8 { 128 }
        public static var echoReply: UInt8 { 129 }
        public static var neighbourSolicitation: UInt8 { 135 }
        public static var neighbourAdvertisement: UInt8 { 136 }
    }

    public static let byteCount = ICMPLayout.byteCount

    public var type: UInt8
    public var code: UInt8
    public var checksum: UInt16
    /// An echo's identifier; other messages put other things here.
    public var identifier: UInt16
    public var sequenceNumber: UInt16

    public init(
        type: UInt8,
        code: UInt8 = 0,
        checksum: UInt16 = 0,
        identifier: UInt16 = 0,
        sequenceNumber: UInt16 = 0
    ) {
        self.type = type
        self.code = code
        self.checksum = checksum
        self.identifier = identifier
        self.sequenceNumber = sequenceNumber
    }

    public init(_ bytes: RawSpan) throws(PacketError) {
        try require(ICMPLayout.byteCount, of: bytes)
        type = bytes[ICMPLayout.type]
        code = bytes[ICMPLayout.code]
        checksum = bytes[ICMPLayout.checksum]
        identifier = bytes[ICMPLayout.identifier]
        sequenceNumber = bytes[ICMPLayout.sequenceNumber]
    }

    /// Writes the header over the first ``byteCount`` octets of `output`.
    public func encode(into output: inout MutableRawSpan) {
        output.set(ICMPLayout.type, to: type)
        output.set(ICMPLayout.code, to: code)
        output.set(ICMPLayout.checksum, to: checksum)
        output.set(ICMPLayout.identifier, to: identifier)
        output.set(ICMPLayout.sequenceNumber, to: sequenceNumber)
    }
}
