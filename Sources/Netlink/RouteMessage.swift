import Bytes

/// A route of the kernel (`RTM_NEWROUTE`, `RTM_DELROUTE`): `struct rtmsg` of 12 octets, and
/// attributes.
public struct RouteMessage: Hashable, Sendable {
    static let fixedByteCount = 12

    /// `AF_INET` or `AF_INET6`.
    public var family: UInt8
    public var prefixLength: UInt8
    /// The table: 254 is the main one, 255 that of this host's own addresses.
    public var table: UInt32
    /// What becomes of packets: 1 is unicast, 2 local.
    public var type: UInt8
    /// `nil` for the default route.
    public var destination: NetworkAddress?
    public var gateway: NetworkAddress?
    public var preferredSource: NetworkAddress?
    /// The device; `nil` where packets are refused, or have several ways.
    public var index: Int32?
    public var metric: UInt32 = 0

    /// Parses the body of a message; `nil` for a copy in a cache, which is no route.
    public init?(_ body: [UInt8]) throws(NetlinkError) {
        guard body.count >= Self.fixedByteCount else { throw .truncated }
        family = body[0]
        prefixLength = body[1]
        table = UInt32(body[4])
        type = body[7]
        let isClone = body.span.octets.native(UInt32.self, at: 8) & 0x200 != 0
        for attribute in try NetlinkAttribute.parse(body[Self.fixedByteCount...]) {
            take(attribute)
        }
        if isClone { return nil }
    }

    private mutating func take(_ attribute: NetlinkAttribute) {
        switch attribute.number {
        case 1: destination = NetworkAddress(octets: attribute.value)
        case 4: index = attribute.number(Int32.self)
        case 5: gateway = NetworkAddress(octets: attribute.value)
        case 6: metric = attribute.number(UInt32.self) ?? 0
        case 7: preferredSource = NetworkAddress(octets: attribute.value)
        case 9: takeFirstWay(attribute.value)
        case 15: table = attribute.number(UInt32.self) ?? table
        default: break
        }
    }

    /// Of several ways the first: `struct rtnexthop` of 8 octets, and attributes.
    private mutating func takeFirstWay(_ octets: [UInt8]) {
        guard octets.count >= 8 else { return }
        let length = Int(octets.span.octets.native(UInt16.self, at: 0))
        guard (8...octets.count).contains(length) else { return }
        index = octets.span.octets.native(Int32.self, at: 4)
        for attribute in (try? NetlinkAttribute.parse(octets[8..<length])) ?? []
        where attribute.number == 5 {
            gateway = NetworkAddress(octets: attribute.value)
        }
    }

    /// Asks for all routes of both families.
    public static func dumpRequest(sequenceNumber: UInt32) -> NetlinkMessage {
        NetlinkMessage(
            .getRoute, flags: [.request, .dump], sequenceNumber: sequenceNumber,
            body: [UInt8](repeating: 0, count: fixedByteCount))
    }
}

extension AddressMessage {
    /// Asks for all addresses of both families.
    public static func dumpRequest(sequenceNumber: UInt32) -> NetlinkMessage {
        NetlinkMessage(
            .getAddress, flags: [.request, .dump], sequenceNumber: sequenceNumber,
            body: [UInt8](repeating: 0, count: fixedByteCount))
    }
}
