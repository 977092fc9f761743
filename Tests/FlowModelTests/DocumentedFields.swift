import FlowModel

/// A field as ovs-fields(7) of Open vSwitch 3.1 documents it.
struct DocumentedField: Sendable {
    let name: String
    let alias: String?
    /// Octets on the wire, and how many bits may be set.
    let byteCount: Int
    let width: Int
    let format: FieldFormat
    /// `m` for maskable, `w` for writable.
    let access: String
    let prerequisite: Prerequisite
    /// Names of NXM and OXM, and their numbers.
    let wire: [String: UInt8]

    init(
        _ name: String, _ alias: String?, _ byteCount: Int, _ width: Int, _ format: FieldFormat,
        _ access: String, _ prerequisite: Prerequisite, _ wire: [String: UInt8]
    ) {
        self.name = name
        self.alias = alias
        self.byteCount = byteCount
        self.width = width
        self.format = format
        self.access = access
        self.prerequisite = prerequisite
        self.wire = wire
    }

    static var all: [DocumentedField] { single + registers + tunnelOptions }

    /// The manual page says 124 octets; keys have room for 16.
    private static var tunnelOptions: [DocumentedField] {
        (0..<64).map {
            .init(
                "tun_metadata\($0)", nil, 16, 128, .tunnelOption, "mw", .none,
                ["NXM_NX_TUN_METADATA\($0)": UInt8(40 + $0)])
        }
    }

    /// The registers, which the manual page describes by one of each width.
    private static var registers: [DocumentedField] {
        (0..<16).map {
            .init(
                "reg\($0)", nil, 4, 32, .hexadecimal, "mw", .none,
                ["NXM_NX_REG\($0)": UInt8($0)])
        }
            + (0..<8).map {
                .init(
                    "xreg\($0)", nil, 8, 64, .hexadecimal, "mw", .none,
                    ["OXM_OF_PKT_REG\($0)": UInt8($0)])
            }
            + (0..<4).map {
                .init(
                    "xxreg\($0)", nil, 16, 128, .hexadecimal, "mw", .none,
                    ["NXM_NX_XXREG\($0)": UInt8(111 + $0)])
            }
    }

    static let single: [DocumentedField] = [
        .init("conj_id", nil, 4, 32, .decimal, "--", .none, ["NXM_NX_CONJ_ID": 37]),
        .init(
            "tun_id", "tunnel_id", 8, 64, .hexadecimal, "mw", .none,
            ["NXM_NX_TUN_ID": 16, "OXM_OF_TUNNEL_ID": 38]),
        .init("tun_src", nil, 4, 32, .ipv4, "mw", .none, ["NXM_NX_TUN_IPV4_SRC": 31]),
        .init("tun_dst", nil, 4, 32, .ipv4, "mw", .none, ["NXM_NX_TUN_IPV4_DST": 32]),
        .init("tun_ipv6_src", nil, 16, 128, .ipv6, "mw", .none, ["NXM_NX_TUN_IPV6_SRC": 109]),
        .init("tun_ipv6_dst", nil, 16, 128, .ipv6, "mw", .none, ["NXM_NX_TUN_IPV6_DST": 110]),
        .init("tun_gbp_id", nil, 2, 16, .decimal, "mw", .none, ["NXM_NX_TUN_GBP_ID": 38]),
        .init("tun_gbp_flags", nil, 1, 8, .hexadecimal, "mw", .none, ["NXM_NX_TUN_GBP_FLAGS": 39]),
        .init("tun_erspan_ver", nil, 1, 4, .decimal, "mw", .none, ["NXOXM_ET_ERSPAN_VER": 12]),
        .init("tun_erspan_idx", nil, 4, 20, .hexadecimal, "mw", .none, ["NXOXM_ET_ERSPAN_IDX": 11]),
        .init("tun_erspan_dir", nil, 1, 1, .decimal, "mw", .none, ["NXOXM_ET_ERSPAN_DIR": 13]),
        .init(
            "tun_erspan_hwid", nil, 1, 6, .hexadecimal, "mw", .none, ["NXOXM_ET_ERSPAN_HWID": 14]),
        .init("tun_gtpu_flags", nil, 1, 8, .hexadecimal, "m-", .none, ["NXOXM_ET_GTPU_FLAGS": 15]),
        .init("tun_gtpu_msgtype", nil, 1, 8, .decimal, "m-", .none, ["NXOXM_ET_GTPU_MSGTYPE": 16]),
        .init("tun_flags", nil, 2, 1, .tunnelFlags, "mw", .none, ["NXM_NX_TUN_FLAGS": 104]),
        .init("in_port", nil, 2, 16, .port, "-w", .none, ["NXM_OF_IN_PORT": 0]),
        .init("in_port_oxm", nil, 4, 32, .port32, "-w", .none, ["OXM_OF_IN_PORT": 0]),
        .init("skb_priority", nil, 4, 32, .hexadecimal, "--", .none, [:]),
        .init("pkt_mark", nil, 4, 32, .hexadecimal, "mw", .none, ["NXM_NX_PKT_MARK": 33]),
        .init(
            "actset_output", nil, 4, 32, .port32, "--", .none,
            ["ONFOXM_ET_ACTSET_OUTPUT": 43, "OXM_OF_ACTSET_OUTPUT": 43]),
        .init("packet_type", nil, 4, 32, .packetType, "--", .none, ["OXM_OF_PACKET_TYPE": 44]),
        .init("ct_state", nil, 4, 32, .ctState, "m-", .none, ["NXM_NX_CT_STATE": 105]),
        .init("ct_zone", nil, 2, 16, .hexadecimal, "--", .none, ["NXM_NX_CT_ZONE": 106]),
        .init("ct_mark", nil, 4, 32, .hexadecimal, "mw", .none, ["NXM_NX_CT_MARK": 107]),
        .init("ct_label", nil, 16, 128, .hexadecimal, "mw", .none, ["NXM_NX_CT_LABEL": 108]),
        .init("ct_nw_src", nil, 4, 32, .ipv4, "m-", .ct, ["NXM_NX_CT_NW_SRC": 120]),
        .init("ct_nw_dst", nil, 4, 32, .ipv4, "m-", .ct, ["NXM_NX_CT_NW_DST": 121]),
        .init("ct_ipv6_src", nil, 16, 128, .ipv6, "m-", .ct, ["NXM_NX_CT_IPV6_SRC": 122]),
        .init("ct_ipv6_dst", nil, 16, 128, .ipv6, "m-", .ct, ["NXM_NX_CT_IPV6_DST": 123]),
        .init("ct_nw_proto", nil, 1, 8, .decimal, "--", .ct, ["NXM_NX_CT_NW_PROTO": 119]),
        .init("ct_tp_src", nil, 2, 16, .decimal, "m-", .ct, ["NXM_NX_CT_TP_SRC": 124]),
        .init("ct_tp_dst", nil, 2, 16, .decimal, "m-", .ct, ["NXM_NX_CT_TP_DST": 125]),
        .init("metadata", nil, 8, 64, .hexadecimal, "mw", .none, ["OXM_OF_METADATA": 2]),
        .init(
            "eth_src", "dl_src", 6, 48, .ethernet, "mw", .ethernet,
            ["NXM_OF_ETH_SRC": 2, "OXM_OF_ETH_SRC": 4]),
        .init(
            "eth_dst", "dl_dst", 6, 48, .ethernet, "mw", .ethernet,
            ["NXM_OF_ETH_DST": 1, "OXM_OF_ETH_DST": 3]),
        .init(
            "eth_type", "dl_type", 2, 16, .hexadecimal, "--", .ethernet,
            ["NXM_OF_ETH_TYPE": 3, "OXM_OF_ETH_TYPE": 5]),
        .init("vlan_vid", nil, 2, 12, .decimal, "mw", .ethernet, ["OXM_OF_VLAN_VID": 6]),
        .init("vlan_pcp", nil, 1, 3, .decimal, "-w", .vlan, ["OXM_OF_VLAN_PCP": 7]),
        .init("vlan_tci", nil, 2, 16, .hexadecimal, "mw", .ethernet, ["NXM_OF_VLAN_TCI": 4]),
        .init("mpls_label", nil, 4, 20, .decimal, "-w", .mpls, ["OXM_OF_MPLS_LABEL": 34]),
        .init("mpls_tc", nil, 1, 3, .decimal, "-w", .mpls, ["OXM_OF_MPLS_TC": 35]),
        .init("mpls_bos", nil, 1, 1, .decimal, "--", .mpls, ["OXM_OF_MPLS_BOS": 36]),
        .init("mpls_ttl", nil, 1, 8, .decimal, "-w", .mpls, ["NXM_NX_MPLS_TTL": 30]),
        .init(
            "ip_src", "nw_src", 4, 32, .ipv4, "mw", .ipv4,
            ["NXM_OF_IP_SRC": 7, "OXM_OF_IPV4_SRC": 11]),
        .init(
            "ip_dst", "nw_dst", 4, 32, .ipv4, "mw", .ipv4,
            ["NXM_OF_IP_DST": 8, "OXM_OF_IPV4_DST": 12]),
        .init(
            "ipv6_src", nil, 16, 128, .ipv6, "mw", .ipv6,
            ["NXM_NX_IPV6_SRC": 19, "OXM_OF_IPV6_SRC": 26]),
        .init(
            "ipv6_dst", nil, 16, 128, .ipv6, "mw", .ipv6,
            ["NXM_NX_IPV6_DST": 20, "OXM_OF_IPV6_DST": 27]),
        .init(
            "ipv6_label", nil, 4, 20, .hexadecimal, "mw", .ipv6,
            ["NXM_NX_IPV6_LABEL": 27, "OXM_OF_IPV6_FLABEL": 28]),
        .init(
            "nw_proto", "ip_proto", 1, 8, .decimal, "--", .ip,
            ["NXM_OF_IP_PROTO": 6, "OXM_OF_IP_PROTO": 10]),
        .init("nw_ttl", nil, 1, 8, .decimal, "-w", .ip, ["NXM_NX_IP_TTL": 29]),
        .init("ip_frag", "nw_frag", 1, 2, .fragment, "m-", .ip, ["NXM_NX_IP_FRAG": 26]),
        .init("nw_tos", nil, 1, 8, .decimal, "-w", .ip, ["NXM_OF_IP_TOS": 5]),
        .init("ip_dscp", nil, 1, 6, .decimal, "-w", .ip, ["OXM_OF_IP_DSCP": 8]),
        .init(
            "nw_ecn", "ip_ecn", 1, 2, .decimal, "-w", .ip,
            ["NXM_NX_IP_ECN": 28, "OXM_OF_IP_ECN": 9]),
        .init(
            "arp_op", nil, 2, 16, .decimal, "-w", .arp, ["NXM_OF_ARP_OP": 15, "OXM_OF_ARP_OP": 21]),
        .init(
            "arp_spa", nil, 4, 32, .ipv4, "mw", .arp, ["NXM_OF_ARP_SPA": 16, "OXM_OF_ARP_SPA": 22]),
        .init(
            "arp_tpa", nil, 4, 32, .ipv4, "mw", .arp, ["NXM_OF_ARP_TPA": 17, "OXM_OF_ARP_TPA": 23]),
        .init(
            "arp_sha", nil, 6, 48, .ethernet, "mw", .arp,
            ["NXM_NX_ARP_SHA": 17, "OXM_OF_ARP_SHA": 24]),
        .init(
            "arp_tha", nil, 6, 48, .ethernet, "mw", .arp,
            ["NXM_NX_ARP_THA": 18, "OXM_OF_ARP_THA": 25]),
        .init("nsh_flags", nil, 1, 8, .decimal, "mw", .nsh, ["NXOXM_NSH_FLAGS": 1]),
        .init("nsh_ttl", nil, 1, 8, .decimal, "-w", .nsh, ["NXOXM_NSH_TTL": 10]),
        .init("nsh_mdtype", nil, 1, 8, .decimal, "--", .nsh, ["NXOXM_NSH_MDTYPE": 2]),
        .init("nsh_np", nil, 1, 8, .decimal, "--", .nsh, ["NXOXM_NSH_NP": 3]),
        .init("nsh_spi", "nsp", 4, 24, .hexadecimal, "-w", .nsh, ["NXOXM_NSH_SPI": 4]),
        .init("nsh_si", "nsi", 1, 8, .decimal, "-w", .nsh, ["NXOXM_NSH_SI": 5]),
        .init("nsh_c1", "nshc1", 4, 32, .hexadecimal, "mw", .nsh, ["NXOXM_NSH_C1": 6]),
        .init("nsh_c2", "nshc2", 4, 32, .hexadecimal, "mw", .nsh, ["NXOXM_NSH_C2": 7]),
        .init("nsh_c3", "nshc3", 4, 32, .hexadecimal, "mw", .nsh, ["NXOXM_NSH_C3": 8]),
        .init("nsh_c4", "nshc4", 4, 32, .hexadecimal, "mw", .nsh, ["NXOXM_NSH_C4": 9]),
        .init(
            "tcp_src", "tp_src", 2, 16, .decimal, "mw", .tcp,
            ["NXM_OF_TCP_SRC": 9, "OXM_OF_TCP_SRC": 13]),
        .init(
            "tcp_dst", "tp_dst", 2, 16, .decimal, "mw", .tcp,
            ["NXM_OF_TCP_DST": 10, "OXM_OF_TCP_DST": 14]),
        .init(
            "tcp_flags", nil, 2, 12, .tcpFlags, "m-", .tcp,
            ["NXM_NX_TCP_FLAGS": 34, "ONFOXM_ET_TCP_FLAGS": 42, "OXM_OF_TCP_FLAGS": 42]),
        .init(
            "udp_src", nil, 2, 16, .decimal, "mw", .udp,
            ["NXM_OF_UDP_SRC": 11, "OXM_OF_UDP_SRC": 15]),
        .init(
            "udp_dst", nil, 2, 16, .decimal, "mw", .udp,
            ["NXM_OF_UDP_DST": 12, "OXM_OF_UDP_DST": 16]),
        .init("sctp_src", nil, 2, 16, .decimal, "mw", .sctp, ["OXM_OF_SCTP_SRC": 17]),
        .init("sctp_dst", nil, 2, 16, .decimal, "mw", .sctp, ["OXM_OF_SCTP_DST": 18]),
        .init(
            "icmp_type", nil, 1, 8, .decimal, "-w", .icmpv4,
            ["NXM_OF_ICMP_TYPE": 13, "OXM_OF_ICMPV4_TYPE": 19]),
        .init(
            "icmp_code", nil, 1, 8, .decimal, "-w", .icmpv4,
            ["NXM_OF_ICMP_CODE": 14, "OXM_OF_ICMPV4_CODE": 20]),
        .init(
            "icmpv6_type", nil, 1, 8, .decimal, "-w", .icmpv6,
            ["NXM_NX_ICMPV6_TYPE": 21, "OXM_OF_ICMPV6_TYPE": 29]),
        .init(
            "icmpv6_code", nil, 1, 8, .decimal, "-w", .icmpv6,
            ["NXM_NX_ICMPV6_CODE": 22, "OXM_OF_ICMPV6_CODE": 30]),
        .init(
            "nd_target", nil, 16, 128, .ipv6, "mw", .nd,
            ["NXM_NX_ND_TARGET": 23, "OXM_OF_IPV6_ND_TARGET": 31]),
        .init(
            "nd_sll", nil, 6, 48, .ethernet, "mw", .ndSolicit,
            ["NXM_NX_ND_SLL": 24, "OXM_OF_IPV6_ND_SLL": 32]),
        .init(
            "nd_tll", nil, 6, 48, .ethernet, "mw", .ndAdvert,
            ["NXM_NX_ND_TLL": 25, "OXM_OF_IPV6_ND_TLL": 33]),
        .init("nd_reserved", nil, 4, 32, .decimal, "-w", .nd, ["ERICOXM_OF_ICMPV6_ND_RESERVED": 1]),
        .init(
            "nd_options_type", nil, 1, 8, .decimal, "-w", .nd,
            ["ERICOXM_OF_ICMPV6_ND_OPTIONS_TYPE": 2]),
    ]
}
