/// Fields and actions on fields, of every kind.
extension RandomPipeline {
    /// A field that actions write, with some of its values.
    struct WritableField {
        let name: String
        let kinds: Set<Kind>
        let values: [String]
        let masks: [String]

        init(_ name: String, _ kinds: Set<Kind>, _ values: [String], masks: [String] = []) {
            self.name = name
            self.kinds = kinds
            self.values = values
            self.masks = masks
        }

        func isIn(_ kind: Kind) -> Bool { kinds.isEmpty || kinds.contains(kind) }
    }

    private static let ipv4: Set<Kind> = [.ip, .tcp, .udp, .sctp, .icmp]
    private static let ipv6: Set<Kind> = [.ipv6, .tcp6, .udp6, .icmp6, .nd, .sctp6]
    private static let numbers = ["0", "1", "2", "3"]

    static let writableFields: [WritableField] = [
        .init("eth_src", [], ["00:00:00:00:00:01"], masks: ["00:00:00:00:00:0f"]),
        .init("eth_dst", [], ["00:00:00:00:00:02"], masks: ["00:00:00:00:00:03"]),
        .init("reg1", [], ["0", "1", "0x12"], masks: ["0x13", "0xff"]),
        .init("reg15", [], ["0", "1"], masks: ["0x1"]),
        .init("xreg1", [], ["0x100000002"], masks: ["0x1ffffffff"]),
        .init("xxreg1", [], ["0x10000000200000003"], masks: ["0xf0000000f0000000f"]),
        .init("metadata", [], numbers, masks: ["0x3"]),
        .init("pkt_mark", [], numbers, masks: ["0x7"]),
        .init("tun_id", [], numbers, masks: ["0x3"]),
        .init("tun_src", [], ["10.1.1.1"], masks: ["255.255.255.255"]),
        .init("tun_dst", [], ["10.1.1.2"]),
        .init("tun_ipv6_dst", [], ["fd01::1"]),
        .init("tun_flags", [], ["oam"]),
        .init("tun_gbp_id", [], numbers), .init("tun_gbp_flags", [], numbers),
        .init("tun_erspan_idx", [], numbers), .init("tun_erspan_ver", [], ["1", "2"]),
        .init("tun_erspan_dir", [], ["0", "1"]), .init("tun_erspan_hwid", [], ["0x4", "1"]),
        .init("tun_metadata0", [], ["0x1", "0x2"], masks: ["0xff"]),
        .init("tun_metadata1", [], ["0x1", "0x1234567890"], masks: ["0xffffffffff"]),
        .init("ip_src", ipv4, ["10.0.64.1", "10.0.0.2"], masks: ["255.255.255.255"]),
        .init("ip_dst", ipv4, ["10.0.64.3", "10.0.0.0"], masks: ["255.255.192.255"]),
        .init("ipv6_src", ipv6, ["fd01::1"], masks: ["ffff::f"]),
        .init("ipv6_dst", ipv6, ["fd02::2"], masks: ["ffff::f"]),
        .init("ipv6_label", ipv6, ["1", "0x2"], masks: ["0x3"]),
        .init("ip_dscp", ipv4.union(ipv6), ["0", "4"]),
        .init("ip_ecn", ipv4.union(ipv6), numbers),
        .init("nw_ttl", ipv4.union(ipv6), ["1", "2", "64"]),
        .init("tcp_src", [.tcp, .tcp6], ["80", "1024"], masks: ["0xffff"]),
        .init("tcp_dst", [.tcp, .tcp6], ["81", "443"], masks: ["0x1ff"]),
        .init("udp_src", [.udp, .udp6], ["80", "1024"]),
        .init("udp_dst", [.udp, .udp6], ["81", "443"]),
        .init("sctp_src", [.sctp, .sctp6], ["80"]), .init("sctp_dst", [.sctp, .sctp6], ["443"]),
        .init("icmp_type", [.icmp], ["0", "8"]), .init("icmp_code", [.icmp], ["0", "1"]),
        .init("icmpv6_type", [.icmp6, .nd], ["128", "136"]),
        .init("icmpv6_code", [.icmp6, .nd], ["0", "1"]),
        .init("nd_target", [.nd], ["fd01::9"], masks: ["ffff::f"]),
        .init("nd_sll", [.nd], ["00:00:00:00:00:0a"]),
        .init("arp_op", [.arp], ["1", "2"]),
        .init("arp_spa", [.arp], ["10.0.0.1"], masks: ["255.255.255.255"]),
        .init("arp_tpa", [.arp], ["10.0.64.1"]),
        .init("arp_sha", [.arp], ["00:00:00:00:00:01"], masks: ["00:00:00:00:00:0f"]),
        .init("arp_tha", [.arp], ["00:00:00:00:00:02"]),
        .init("mpls_label", [.mpls], ["1", "1000"]), .init("mpls_tc", [.mpls], ["0", "3"]),
        .init("mpls_ttl", [.mpls], ["1", "64"]),
    ]

    /// Sources and destinations of moves, with their widths and who has them.
    private static let movable: [(name: String, width: UInt64, kinds: Set<Kind>)] = [
        ("NXM_NX_REG0", 32, []), ("NXM_NX_REG1", 32, []), ("NXM_NX_REG15", 32, []),
        ("OXM_OF_PKT_REG1", 64, []), ("NXM_NX_XXREG1", 128, []), ("OXM_OF_METADATA", 64, []),
        ("NXM_NX_PKT_MARK", 32, []), ("NXM_NX_TUN_ID", 64, []), ("NXM_NX_TUN_IPV4_DST", 32, []),
        ("NXM_OF_ETH_SRC", 48, []), ("NXM_OF_ETH_DST", 48, []),
        ("NXM_OF_IP_SRC", 32, ipv4), ("NXM_OF_IP_DST", 32, ipv4),
        ("NXM_NX_IPV6_SRC", 128, ipv6), ("NXM_NX_IPV6_DST", 128, ipv6),
        ("NXM_NX_IP_TTL", 8, ipv4.union(ipv6)), ("NXM_NX_IP_ECN", 2, ipv4.union(ipv6)),
        ("NXM_OF_TCP_SRC", 16, [.tcp, .tcp6]), ("NXM_OF_TCP_DST", 16, [.tcp, .tcp6]),
        ("NXM_OF_UDP_SRC", 16, [.udp, .udp6]), ("NXM_OF_UDP_DST", 16, [.udp, .udp6]),
        ("NXM_OF_ARP_SPA", 32, [.arp]), ("NXM_OF_ARP_TPA", 32, [.arp]),
        ("NXM_NX_ARP_SHA", 48, [.arp]), ("NXM_NX_ND_TARGET", 128, [.nd]),
    ]

    /// `set_field` of any field that the packets have.
    mutating func setField(_ kind: Kind) -> String {
        let field = pick(Self.writableFields.filter { $0.isIn(kind) })
        let value = pick(field.values)
        guard let mask = field.masks.first, isOne(of: 3) else {
            return "set_field:\(value)->\(field.name)"
        }
        return "set_field:\(value)/\(mask)->\(field.name)"
    }

    /// A move of a few bits.
    mutating func move(_ kind: Kind) -> String {
        let fields = Self.movable.filter { $0.kinds.isEmpty || $0.kinds.contains(kind) }
        let (source, destination) = (pick(fields), pick(fields))
        let width = Swift.min(pick([1, 2, 8, 16, 32]), source.width, destination.width)
        let (from, to) = (
            number(below: source.width - width + 1), number(below: destination.width - width + 1)
        )
        return "move:\(source.name)[\(from)..\(from + width - 1)]->"
            + "\(destination.name)[\(to)..\(to + width - 1)]"
    }

    /// A push or a pop of whole fields.
    mutating func stack(_ kind: Kind) -> String {
        let fields = Self.movable.filter { $0.kinds.isEmpty || $0.kinds.contains(kind) }
        return pick(["push", "pop"]) + ":\(pick(fields).name)[]"
    }

    /// Actions on tags and labels, and others of OpenFlow 1.0 and 1.1.
    mutating func tag(_ kind: Kind) -> String {
        var choices = [
            "strip_vlan", "mod_vlan_vid:\(number(below: 3))", "mod_vlan_pcp:\(number(below: 3))",
            "push_vlan:0x88a8", "enqueue:\(number(below: 4) + 1):\(number(below: 2))", "ct_clear",
            "delete_field:tun_metadata0", "set_tunnel:5",
            "resubmit(\(number(below: 4) + 1),3)",
        ]
        if kind == .mpls {
            choices += [
                "dec_mpls_ttl", "set_mpls_label:7", "pop_mpls:0x0800",
                "push_mpls:0x8847", "pop_mpls:0x8847",
            ]
        } else if kind != .any {
            choices += ["push_mpls:0x8847", "push_mpls:0x8848"]
        }
        if kind.isIP { choices.append("dec_ttl(1,2)") }
        return pick(choices)
    }

    /// A part of a match that few rules have.
    mutating func rareMatch() -> [String] {
        guard isOne(of: 5) else { return [] }
        return [
            pick([
                "tun_id=0/1", "tun_src=10.1.1.1", "tun_dst=10.1.1.0/24", "tun_metadata0",
                "tun_metadata0=0x1", "tun_metadata1=0x1/0xf", "tun_flags=+oam", "tun_gbp_id=1",
                "xreg1=0x100000002/0x1ffffffff", "xxreg1=0/0xf", "reg15=1", "recirc_id=0",
                "tun_erspan_ver=1", "ct_state=+trk+est", "ct_mark=1/3", "ct_zone=5",
                "ct_label=0x8/0x8", "actset_output=1", "dp_hash=0/1",
                "packet_type=(0,0)", "vlan_vid=0x1000/0x1000", "vlan_tci=0/0x1000",
            ])
        ]
    }
}
