internal import FlowModel

/// A word that stands for an EtherType and perhaps an IP protocol.
struct MatchKeyword {
    let name: String
    let etherType: UInt16
    let ipProtocol: UInt8?

    private init(_ name: String, _ etherType: UInt16, _ ipProtocol: UInt8? = nil) {
        self.name = name
        self.etherType = etherType
        self.ipProtocol = ipProtocol
    }

    static let all: [MatchKeyword] = [
        .init("ip", EtherType.ipv4), .init("ipv4", EtherType.ipv4),
        .init("ip4", EtherType.ipv4),
        .init("icmp", EtherType.ipv4, IPProtocol.icmp),
        .init("tcp", EtherType.ipv4, IPProtocol.tcp),
        .init("udp", EtherType.ipv4, IPProtocol.udp),
        .init("sctp", EtherType.ipv4, IPProtocol.sctp),
        .init("ipv6", EtherType.ipv6), .init("ip6", EtherType.ipv6),
        .init("tcp6", EtherType.ipv6, IPProtocol.tcp),
        .init("udp6", EtherType.ipv6, IPProtocol.udp),
        .init("sctp6", EtherType.ipv6, IPProtocol.sctp),
        .init("icmp6", EtherType.ipv6, IPProtocol.icmpv6),
        .init("arp", EtherType.arp), .init("rarp", EtherType.rarp),
        .init("mpls", EtherType.mpls), .init("mplsm", EtherType.mplsMulticast),
    ]

    static let byName: [String: MatchKeyword] = Dictionary(
        all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    /// The formats in which the keyword can travel.
    var formats: FlowFormats {
        etherType == EtherType.ipv6 && ipProtocol != nil ? .extensible : .all
    }

    func apply(to match: inout Match) {
        match.set(.etherType, to: UInt128(etherType))
        if let ipProtocol { match.set(.ipProtocol, to: UInt128(ipProtocol)) }
    }
}
