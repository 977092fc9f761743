/// One thing that the datapath does with a packet: what a translation yields.
public indirect enum DatapathAction: Hashable, Sendable {
    /// To a datapath port.
    case output(UInt32)
    /// Up to the switch.
    case userspace(UserspaceAction)
    /// Writes fields of one header, under a mask of bits.
    case set(HeaderGroup, value: SparseKey, mask: SparseKey)
    /// A tag with the present bit set in its TCI.
    case pushVLAN(tpid: UInt16, tci: UInt16)
    case popVLAN
    case pushMPLS(label: UInt32, etherType: UInt16)
    case popMPLS(etherType: UInt16)
    /// A label before all that there is, an Ethernet header too.
    case addMPLS(label: UInt32, etherType: UInt16)
    /// An Ethernet header before a packet that has none.
    case pushEthernet(source: UInt64, destination: UInt64)
    case popEthernet
    case pushNSH(NSHHeader)
    case popNSH
    /// The I-TAG of a provider backbone bridge; the addresses are copied.
    case pushPBB(tag: UInt32)
    case popPBB
    /// Copies the TTL of the outermost header that has one to the next one within, or from there.
    case copyTTL(isOutwards: Bool)
    case recirculate(UInt32)
    /// The next output sends at most so many octets.
    case truncate(UInt32)
    case clone([DatapathAction])
    /// Runs a list on a copy of some packets: a share of so many of `UInt32.max`.
    case sample(probability: UInt32, [DatapathAction])
    /// Runs one list if the packet has more octets than so many, and else the other.
    case checkPacketLength(UInt16, larger: [DatapathAction], others: [DatapathAction])
    /// Through the connection tracker.
    case track(DatapathTracking)
    /// Forgets what the connection tracker has said of the packet.
    case ctClear
    /// Hashes the packet, for flows to match on when it comes again.
    case hash(DatapathHash)
    /// Drops the packet, or changes it, if a meter's rate is exceeded.
    case meter(UInt32)
    /// Puts the headers of a tunnel before the packet.
    case tunnelPush(TunnelPush)
    /// Takes the headers of a tunnel away, whose datapath port the packet then comes in by.
    case tunnelPop(UInt32)
}

/// What `hash(...)` computes.
public struct DatapathHash: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        /// Of addresses, protocol and ports.
        case transport = "l4"
        /// The same for both directions of a connection.
        case symmetric = "sym_l4"
    }

    public let kind: Kind
    public let basis: UInt32

    public init(kind: Kind, basis: UInt32) {
        self.kind = kind
        self.basis = basis
    }
}

/// Fields that one `set(...)` writes together: a header, or a kind of metadata.
public enum HeaderGroup: String, Hashable, Sendable, CaseIterable {
    case priority = "skb_priority"
    case mark = "skb_mark"
    case tunnel
    case ethernet = "eth"
    case mpls
    case arp
    case ipv4
    case ipv6
    case tcp
    case udp
    case sctp
    case icmp
    case icmpv6
    case nd
    case nsh
    case pbb
}

/// Why a packet goes up, and what to do with it there.
public enum UserspaceAction: Hashable, Sendable {
    case controller(ControllerUpcall)
    /// A packet that the datapath cannot handle itself.
    case slowPath(SlowPathReason)
    /// A packet that is reported to collectors, with the datapath port that it leaves by.
    case flowSample(Sampling, outputPort: UInt32?)
}

/// What a packet-in needs besides the packet.
public struct ControllerUpcall: Hashable, Sendable {
    /// The reason as OVS numbers it in datapath flows, where a miss without any rule has its own.
    public var reasonNumber: UInt8 { isMissOfRules ? 7 : reason.rawValue }

    public var reason: PacketInReason
    /// Whether no rule sent the packet, not even one for misses.
    public var isMissOfRules: Bool
    /// Whether the packet is only traced, not sent.
    public var isSuppressed: Bool
    public var isContinuation: Bool
    /// Names the pipeline's state at the action.
    public var recirculationID: UInt32
    public var ruleCookie: UInt64
    public var controllerID: UInt16
    public var maxByteCount: UInt16

    public init(
        reason: PacketInReason, isMissOfRules: Bool = false, isSuppressed: Bool,
        isContinuation: Bool = false,
        recirculationID: UInt32, ruleCookie: UInt64, controllerID: UInt16, maxByteCount: UInt16
    ) {
        self.reason = reason
        self.isMissOfRules = isMissOfRules
        self.isSuppressed = isSuppressed
        self.isContinuation = isContinuation
        self.recirculationID = recirculationID
        self.ruleCookie = ruleCookie
        self.controllerID = controllerID
        self.maxByteCount = maxByteCount
    }
}

/// Why packets of a megaflow all go up; the raw value is OVS's word.
public enum SlowPathReason: String, Hashable, Sendable {
    case action
    case controller
    case cfm, bfd, lacp, stp, lldp
    case match

    /// What is said of such a flow: that it does this.
    public var explanation: String {
        switch self {
        case .cfm: "Consists of CFM packets"
        case .bfd: "Consists of BFD packets"
        case .lacp: "Consists of LACP packets"
        case .stp: "Consists of STP packets"
        case .lldp: "Consists of LLDP packets"
        case .action: "Uses action(s) not supported by datapath"
        case .controller: "Sends \"packet-in\" messages to the OpenFlow controller"
        case .match: "Needs more specific match than supported by datapath"
        }
    }
}
