public import Addresses
import Bytes

/// What routing netlink tells of a network device (`RTM_NEWLINK`, `RTM_DELLINK`).
///
/// The body starts with `struct ifinfomsg` of 16 octets; attributes follow.
public struct LinkMessage: Hashable, Sendable {
    static let fixedByteCount = 16

    /// Numbers of the attributes, as `linux/if_link.h` has them.
    enum Number {
        static var address: UInt16 { 1 }
        static var name: UInt16 { 3 }
        static var mtu: UInt16 { 4 }
        static var lower: UInt16 { 5 }
        static var master: UInt16 { 10 }
        static var operationalState: UInt16 { 16 }
        static var details: UInt16 { 18 }
        static var namespaceDescriptor: UInt16 { 28 }
        static var statistics: UInt16 { 23 }
        static var carrier: UInt16 { 33 }
        static var carrierChanges: UInt16 { 35 }
        /// Within the details.
        static var kind: UInt16 { 1 }
    }

    /// `IFF_UP` and the like.
    public struct Flags: OptionSet, Hashable, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static var up: Self { .init(rawValue: 0x1) }
        public static var loopback: Self { .init(rawValue: 0x8) }
        public static var running: Self { .init(rawValue: 0x40) }
        public static var promiscuous: Self { .init(rawValue: 0x100) }
        public static var lowerUp: Self { .init(rawValue: 0x10000) }
    }

    public var index: Int32
    public var flags: Flags = []
    /// Which flags a request changes.
    public var change: Flags = []
    public var name = ""
    public var mtu: UInt32?
    public var address: EthernetAddress?
    /// The device that this one is a port of.
    public var master: Int32?
    /// The device below this one, such as a veth's peer.
    public var lower: Int32?
    /// RFC 2863's state: 6 is up, 2 is down, 0 is unknown.
    public var operationalState: UInt8?
    public var hasCarrier: Bool?
    public var carrierChanges: UInt32?
    /// The driver's kind of device, such as `veth`.
    public var kind: String?
    public var statistics: LinkStatistics?

    public init(index: Int32) { self.index = index }

    /// Parses the body of a message.
    public init(_ body: [UInt8]) throws(NetlinkError) {
        guard body.count >= Self.fixedByteCount else { throw .truncated }
        let bytes = body.span.octets
        index = bytes.native(Int32.self, at: 4)
        flags = Flags(rawValue: bytes.native(UInt32.self, at: 8))
        change = Flags(rawValue: bytes.native(UInt32.self, at: 12))
        for attribute in try NetlinkAttribute.parse(body[Self.fixedByteCount...]) {
            try read(attribute)
        }
    }

    private mutating func read(_ attribute: NetlinkAttribute) throws(NetlinkError) {
        switch attribute.number {
        case Number.address: address = EthernetAddress(octets: attribute.value)
        case Number.name: name = attribute.text
        case Number.mtu: mtu = attribute.number(UInt32.self)
        case Number.lower: lower = attribute.number(Int32.self)
        case Number.master: master = attribute.number(Int32.self)
        case Number.operationalState: operationalState = attribute.value.first
        case Number.carrier: hasCarrier = attribute.value.first.map { $0 != 0 }
        case Number.carrierChanges: carrierChanges = attribute.number(UInt32.self)
        case Number.statistics: statistics = LinkStatistics(attribute.value)
        case Number.details:
            for detail in try NetlinkAttribute.parse(attribute.value[...])
            where detail.number == Number.kind {
                kind = detail.text
            }
        default: break
        }
    }

    /// The body of a message that tells or asks for what is set here.
    public var body: [UInt8] {
        var octets: [UInt8] = [0, 0, 0, 0]
        octets.append(native: index)
        octets.append(native: flags.rawValue)
        octets.append(native: change.rawValue)
        var attributes: [NetlinkAttribute] = []
        if let address { attributes.append(.init(Number.address, address.octets)) }
        if !name.isEmpty { attributes.append(.init(Number.name, text: name)) }
        if let mtu { attributes.append(.init(Number.mtu, native: mtu)) }
        if let lower { attributes.append(.init(Number.lower, native: lower)) }
        if let master { attributes.append(.init(Number.master, native: master)) }
        if let operationalState {
            attributes.append(.init(Number.operationalState, [operationalState]))
        }
        if let kind {
            let detail = NetlinkAttribute(Number.kind, text: kind)
            attributes.append(.init(Number.details, nested: [detail]))
        }
        if let statistics { attributes.append(.init(Number.statistics, statistics.octets)) }
        if let hasCarrier { attributes.append(.init(Number.carrier, [hasCarrier ? 1 : 0])) }
        if let carrierChanges {
            attributes.append(.init(Number.carrierChanges, native: carrierChanges))
        }
        return octets + NetlinkAttribute.encode(attributes)
    }

    /// Whether frames can pass: the device has a carrier, as far as its driver knows.
    public var isRunning: Bool { hasCarrier ?? flags.contains(.lowerUp) }

    /// A request for every device.
    public static func dumpRequest(sequenceNumber: UInt32) -> NetlinkMessage {
        NetlinkMessage(
            .getLink,
            flags: [.request, .dump],
            sequenceNumber: sequenceNumber,
            body: LinkMessage(index: 0).body
        )
    }

    /// A request for the device `name`.
    public static func request(name: String, sequenceNumber: UInt32) -> NetlinkMessage {
        var link = LinkMessage(index: 0)
        link.name = name
        return NetlinkMessage(
            .getLink,
            flags: .request,
            sequenceNumber: sequenceNumber,
            body: link.body
        )
    }
}
