public import FlowModel

/// A type of tunnel, by the name that the `Interface` table has for it.
public enum TunnelType: String, CaseIterable, Sendable {
    case vxlan, geneve, gre, ip6gre, erspan, ip6erspan, gtpu, bareudp, srv6, lisp, stt

    /// How `tnl_push` numbers the header.
    public var kind: TunnelPush.Kind {
        switch self {
        case .vxlan: .vxlan
        case .geneve: .geneve
        case .gre: .gre
        case .ip6gre: .ip6gre
        case .erspan: .erspan
        case .ip6erspan: .ip6erspan
        case .gtpu: .gtpu
        case .bareudp: .bareudp
        case .srv6: .srv6
        case .lisp: .lisp
        case .stt: .stt
        }
    }

    public init?(kind: TunnelPush.Kind) {
        guard let type = Self.allCases.first(where: { $0.kind == kind }) else { return nil }
        self = type
    }

    /// The port of UDP, or of TCP, where IANA or OVS gives the type one; 0 else.
    public var standardPort: UInt16 {
        switch self {
        case .vxlan: 4789
        case .geneve: 6081
        case .gtpu: 2152
        case .lisp: 4341
        case .stt: 7471
        case .gre, .ip6gre, .erspan, .ip6erspan, .bareudp, .srv6: 0
        }
    }

    /// What the outer IP header names as its payload; for SRv6 this depends on the payload.
    public var ipProtocol: UInt8 {
        switch self {
        case .vxlan, .geneve, .gtpu, .bareudp, .lisp: IPProtocol.udp
        case .gre, .ip6gre, .erspan, .ip6erspan: IPProtocol.gre
        case .stt: IPProtocol.tcp
        case .srv6: IPProtocol.ipv4
        }
    }

    /// Whether a port of UDP or TCP tells the tunnel's packets from others.
    public var hasPort: Bool { ipProtocol == IPProtocol.udp || self == .stt }

    /// What the datapath's port is called; the port of UDP or TCP is part of the name.
    public func deviceName(port: UInt16) -> String {
        switch self {
        case .vxlan: "vxlan_sys_\(port)"
        case .geneve: "genev_sys_\(port)"
        case .gtpu: "gtpu_sys_\(port)"
        case .lisp: "lisp_sys_\(port)"
        case .stt: "stt_sys_\(port)"
        case .bareudp: "udp_sys_\(port)"
        case .gre, .ip6gre, .erspan, .ip6erspan, .srv6: rawValue + "_sys"
        }
    }

    /// Whether the tunnel carries Ethernet frames, and whether bare packets.
    func carries(isGeneric: Bool) -> (frames: Bool, packets: Bool) {
        switch self {
        case .vxlan: (true, isGeneric)
        case .gre, .ip6gre: (true, true)
        case .geneve, .stt, .erspan, .ip6erspan: (true, false)
        case .gtpu, .bareudp, .lisp, .srv6: (false, true)
        }
    }

    /// What a sentence about the payload calls the type.
    func described(isGeneric: Bool) -> String {
        self == .vxlan && !isGeneric ? "VXLAN (without GPE)" : rawValue
    }
}
