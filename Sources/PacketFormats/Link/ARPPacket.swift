public import Addresses
public import Bytes

/// Where each field of an ARP packet for IPv4 over Ethernet lies (RFC 826).
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-------------------------------+-------------------------------+
///     |     hardware type (1)         |    protocol type (0x800)      |
///     +---------------+---------------+-------------------------------+
///     | its length (6)| its length (4)|           operation           |
///     +---------------+---------------+-------------------------------+
///     |                   sender's hardware address                   |
///     +-------------------------------+-------------------------------+
///     |   sender's hardware address   |   sender's protocol address   |
///     +-------------------------------+-------------------------------+
///     |   sender's protocol address   |   target's hardware address   |
///     +-------------------------------+-------------------------------+
///     |                   target's hardware address                   |
///     +---------------------------------------------------------------+
///     |                   target's protocol address                   |
///     +---------------------------------------------------------------+
public enum ARPLayout {
    @inlinable public static var kinds: WireField<UInt32> { .init(at: 0) }
    @inlinable public static var lengths: WireField<UInt16> { .init(at: 4) }
    @inlinable public static var operation: WireField<UInt16> { .init(at: 6) }
    @inlinable static var senderWord: WireField<UInt64> { .init(at: 8) }
    @inlinable public static var senderHardware: WireBits<UInt64> {
        .init(0..<48, of: senderWord)
    }
    @inlinable public static var senderProtocol: WireField<UInt32> { .init(at: 14) }
    @inlinable static var targetWord: WireField<UInt64> { .init(at: 18) }
    @inlinable public static var targetHardware: WireBits<UInt64> {
        .init(0..<48, of: targetWord)
    }
    @inlinable public static var targetProtocol: WireField<UInt32> { .init(at: 24) }
    @inlinable public static var byteCount: Int { targetProtocol.end }
}

/// An ARP packet for IPv4 over Ethernet.
public struct ARPPacket: Hashable, Sendable {
    public struct Operation: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt16
        @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

        public static var request: Self { .init(rawValue: 1) }
        public static var reply: Self { .init(rawValue: 2) }
    }

    public static let byteCount = ARPLayout.byteCount

    public var operation: Operation
    public var senderHardware: EthernetAddress
    public var senderProtocol: IPv4Address
    public var targetHardware: EthernetAddress
    public var targetProtocol: IPv4Address

    public init(
        _ operation: Operation,
        senderHardware: EthernetAddress,
        senderProtocol: IPv4Address,
        targetHardware: EthernetAddress,
        targetProtocol: IPv4Address
    ) {
        self.operation = operation
        self.senderHardware = senderHardware
        self.senderProtocol = senderProtocol
        self.targetHardware = targetHardware
        self.targetProtocol = targetProtocol
    }

    public init(_ bytes: RawSpan) throws(PacketError) {
        try require(ARPLayout.byteCount, of: bytes)
        guard bytes[ARPLayout.kinds] == 0x0001_0800, bytes[ARPLayout.lengths] == 0x0604 else {
            throw .unsupportedAddresses
        }
        operation = Operation(rawValue: bytes[ARPLayout.operation])
        senderHardware = EthernetAddress(bytes[ARPLayout.senderHardware])
        senderProtocol = IPv4Address(bytes[ARPLayout.senderProtocol])
        targetHardware = EthernetAddress(bytes[ARPLayout.targetHardware])
        targetProtocol = IPv4Address(bytes[ARPLayout.targetProtocol])
    }

    /// Writes the packet over the first ``byteCount`` octets of `output`.
    public func encode(into output: inout MutableRawSpan) {
        output.set(ARPLayout.kinds, to: 0x0001_0800)
        output.set(ARPLayout.lengths, to: 0x0604)
        output.set(ARPLayout.operation, to: operation.rawValue)
        output.set(ARPLayout.senderHardware, to: senderHardware.value)
        output.set(ARPLayout.senderProtocol, to: senderProtocol.value)
        output.set(ARPLayout.targetHardware, to: targetHardware.value)
        output.set(ARPLayout.targetProtocol, to: targetProtocol.value)
    }
}
