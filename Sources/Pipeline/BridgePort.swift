public import Addresses
public import FlowModel
public import Tunnels

/// OpenFlow's view of a port, and what the pipeline needs to output to it.
public final class BridgePort {
    /// What carries packets away.
    public enum Kind: Equatable, Sendable {
        /// A datapath port of that number.
        case datapath(UInt32)
        /// The other end of a virtual cable, by interface name.
        case patch(peer: String)
        /// A tunnel, whose packets come out of a datapath port that it may share with others.
        case tunnel(UInt32, TunnelSettings)
        /// A device that could not be opened.
        case unavailable
    }

    public let number: PortNumber
    public let name: String
    public var kind: Kind
    public var hardwareAddress: EthernetAddress
    public var configuration: PortConfig = []
    /// Whether the device has no carrier.
    public var isLinkDown = false
    /// Whether who watches the path behind it has found it broken.
    public var isPathDown = false
    /// Which packets are those that watch the path.
    public var watch: PathWatch?
    public var linkModes = LinkModes()
    public unowned let bundle: Bundle

    public init(
        number: PortNumber, name: String, kind: Kind, hardwareAddress: EthernetAddress,
        bundle: Bundle
    ) {
        self.number = number
        self.name = name
        self.kind = kind
        self.hardwareAddress = hardwareAddress
        self.bundle = bundle
    }
}

extension BridgePort {
    /// Whether packets without an Ethernet header may leave here.
    var carriesPackets: Bool {
        switch kind {
        case .datapath: false
        case .tunnel(_, let settings): settings.payload != .frames
        case .patch, .unavailable: true
        }
    }

    /// Whether floods leave the port out, since what it carries has no Ethernet addresses.
    var isBare: Bool {
        if case .tunnel(_, let settings) = kind { settings.payload == .packets } else { false }
    }
}

/// A row of the `Port` table: one interface or a bond of several, with its VLAN settings.
public final class Bundle {
    /// `vlan_mode` of ovs-vswitchd.conf.db(5).
    public enum VLANMode: String, Sendable {
        case access
        case trunk
        case nativeTagged = "native-tagged"
        case nativeUntagged = "native-untagged"
        /// Puts a service tag before what customers send, their tags included (IEEE 802.1ad).
        case serviceTunnel = "dot1q-tunnel"
    }

    /// `other_config:priority-tags` of ovs-vswitchd.conf.db(5): whether a packet without a VLAN
    /// leaves with a tag that holds its priority.
    public enum PriorityTags: String, Sendable {
        case no
        case ifNonzero = "if-nonzero"
        case always

        /// The setting as the database has it.
        public init(text: String?) {
            self = text == "true" ? .ifNonzero : text.flatMap { .init(rawValue: $0) } ?? .no
        }
    }

    public let name: String
    public var priorityTags = PriorityTags.no
    public var vlanMode = VLANMode.trunk
    /// The access or native VLAN.
    public var tag: UInt16 = 0
    /// The VLANs that a trunk carries, or all.
    public var trunks: Set<UInt16>?
    /// The customers' VLANs that a service tunnel carries, or all.
    public var customerVLANs: Set<UInt16>?
    /// The type of the tag that a service tunnel puts in front.
    public var serviceTPID = EtherType.serviceVLAN
    public internal(set) var ports: [BridgePort] = []

    public init(name: String) { self.name = name }

    /// Whether packets of `vlan` go in and out here.
    ///
    /// - Parameter customer: the VLAN of the tag behind that of `vlan`, or 0.
    func includes(vlan: UInt16, customer: UInt16) -> Bool {
        switch vlanMode {
        case .access: return vlan == tag && customer == 0
        case .serviceTunnel:
            return vlan == tag && customerVLANs?.contains(customer) ?? true
        case .trunk: return trunks?.contains(vlan) ?? true
        case .nativeTagged, .nativeUntagged:
            if vlan == tag { return true }
            return vlan != 0 && trunks?.contains(vlan) ?? true
        }
    }

    /// The VLAN of a packet that came in with `vid` in its tag, or 0 without one.
    func inputVLAN(vid: UInt16) -> UInt16 {
        switch vlanMode {
        case .access, .serviceTunnel: return tag
        case .trunk: return vid
        case .nativeTagged, .nativeUntagged: return vid != 0 ? vid : tag
        }
    }

    /// What a packet of `vlan` has in its tag when it leaves here, or 0 for no tag.
    func outputVID(vlan: UInt16) -> UInt16 {
        removesTag(vlan: vlan) ? 0 : vlan
    }

    /// Whether packets of `vlan` leave without a tag for it.
    func removesTag(vlan: UInt16) -> Bool {
        switch vlanMode {
        case .access, .serviceTunnel: true
        case .trunk, .nativeTagged: false
        case .nativeUntagged: vlan == tag
        }
    }

    /// Why a packet with `vid` in its tag may not come in, if it may not.
    func refusal(vid: UInt16) -> String? {
        switch vlanMode {
        case .access:
            guard vid != 0 else { return nil }
            return "dropping VLAN \(vid) tagged packet received on port \(name) "
                + "configured as VLAN \(tag) access port"
        case .serviceTunnel:
            guard customerVLANs?.contains(vid) == false else { return nil }
            return "dropping VLAN \(vid) packet received on dot1q-tunnel port \(name) "
                + "that excludes this VLAN"
        case .nativeTagged, .nativeUntagged:
            if vid == 0 { return nil }
            fallthrough
        case .trunk:
            guard !includes(vlan: vid, customer: 0) else { return nil }
            return "dropping VLAN \(vid) packet received on port \(name) "
                + "not configured for trunking VLAN \(vid)"
        }
    }
}
