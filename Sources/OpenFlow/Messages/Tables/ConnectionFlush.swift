/// One direction of a connection, as far as it is given; zero stands for anything.
public struct ConnectionTuple: Hashable, Sendable {
    /// IPv6 addresses; those of IPv4 are mapped (RFC 4291 §2.5.5.2).
    public var source: UInt128 = 0
    public var destination: UInt128 = 0
    public var sourcePort: UInt16 = 0
    public var destinationPort: UInt16 = 0
    public var icmpID: UInt16 = 0
    public var icmpType: UInt8 = 0
    public var icmpCode: UInt8 = 0

    public init() {}

    /// The IPv4 address as an IPv6 one.
    public static func mapped(_ address: UInt32) -> UInt128 { 0xffff << 32 | UInt128(address) }

    /// The IPv4 address that an IPv6 one stands for.
    public static func ipv4(_ address: UInt128) -> UInt32? {
        address >> 32 == 0xffff ? UInt32(truncatingIfNeeded: address) : nil
    }
}

/// Which connections to forget (NXT_CT_FLUSH).
public struct ConnectionFlush: Hashable, Sendable {
    public var zone: UInt16?
    public var ipProtocol: UInt8 = 0
    public var original = ConnectionTuple()
    public var reply = ConnectionTuple()

    public init() {}

    /// Whether an address of IPv4 is among those given.
    public var isIPv4: Bool {
        [original.source, original.destination, reply.source, reply.destination].contains {
            ConnectionTuple.ipv4($0) != nil
        }
    }
}
