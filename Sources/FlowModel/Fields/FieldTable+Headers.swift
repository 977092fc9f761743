/// Rows of the field table, in the order of OVS: what the headers say.
extension FieldTable {
    /// Ethernet, VLAN and MPLS.
    static var ethernetFields: [FieldDescriptor] {
        [
            row(
                .ethernetSource, "eth_src", 6, .ethernet, .at(KeyWord.ethernetSource, 16, 48),
                [.maskable, .writable], .ethernet,
                alias: "dl_src",
                [.init("NXM_OF_ETH_SRC", .nxm0, 2), .init("OXM_OF_ETH_SRC", .openFlowBasic, 4)]),
            row(
                .ethernetDestination, "eth_dst", 6, .ethernet,
                .at(KeyWord.ethernetDestination, 16, 48),
                [.maskable, .writable], .ethernet,
                alias: "dl_dst",
                [.init("NXM_OF_ETH_DST", .nxm0, 1), .init("OXM_OF_ETH_DST", .openFlowBasic, 3)]),
            row(
                .etherType, "eth_type", 2, .hexadecimal, .at(KeyWord.ethernetDestination, 0, 16),
                [], .ethernet,
                alias: "dl_type",
                [.init("NXM_OF_ETH_TYPE", .nxm0, 3), .init("OXM_OF_ETH_TYPE", .openFlowBasic, 5)]),
            row(
                .vlanTCI, "vlan_tci", 2, .hexadecimal, .at(KeyWord.vlan, 32, 16),
                [.maskable, .writable], .ethernet,
                [.init("NXM_OF_VLAN_TCI", .nxm0, 4)]),
            row(
                .vlanID, "dl_vlan", 2, .decimal, .at(KeyWord.vlan, 32, 12),
                [.writable], .ethernet),
            row(
                .vlanVID, "vlan_vid", 2, .decimal, .at(KeyWord.vlan, 32, 13),
                [.maskable, .writable], .ethernet,
                [.init("OXM_OF_VLAN_VID", .openFlowBasic, 6)]),
            row(
                .vlanPriority, "dl_vlan_pcp", 1, .decimal, .at(KeyWord.vlan, 45, 3),
                [.writable], .vlan),
            row(
                .vlanPCP, "vlan_pcp", 1, .decimal, .at(KeyWord.vlan, 45, 3),
                [.writable], .vlan,
                [.init("OXM_OF_VLAN_PCP", .openFlowBasic, 7)]),
            row(
                .mplsLabel, "mpls_label", 4, .decimal, .at(KeyWord.mpls, 44, 20),
                [.writable], .mpls,
                [.init("OXM_OF_MPLS_LABEL", .openFlowBasic, 34)]),
            row(
                .mplsTC, "mpls_tc", 1, .decimal, .at(KeyWord.mpls, 41, 3),
                [.writable], .mpls,
                [.init("OXM_OF_MPLS_TC", .openFlowBasic, 35)]),
            row(
                .mplsBOS, "mpls_bos", 1, .decimal, .at(KeyWord.mpls, 40, 1),
                [.writable], .mpls,
                [.init("OXM_OF_MPLS_BOS", .openFlowBasic, 36)]),
            row(
                .mplsTTL, "mpls_ttl", 1, .decimal, .at(KeyWord.mpls, 32, 8),
                [.writable], .mpls,
                [.init("NXM_NX_MPLS_TTL", .nxm1, 30)]),
            // What the standard has and OVS has not.
            row(
                .pbbISID, "pbb_isid", 3, .decimal, .at(KeyWord.mplsRest, 0, 24),
                [.maskable, .writable], .pbb,
                [.init("OXM_OF_PBB_ISID", .openFlowBasic, 37)]),
            row(
                .pbbUCA, "pbb_uca", 1, .decimal, .at(KeyWord.mplsRest, 27, 1),
                [.writable], .pbb,
                [.init("OXM_OF_PBB_UCA", .openFlowBasic, 41)]),
        ]
    }

    /// IP and ARP.
    static var networkFields: [FieldDescriptor] {
        [
            row(
                .ipv4Source, "ip_src", 4, .ipv4, .at(KeyWord.ipv4, 32, 32),
                [.maskable, .writable], .ipv4,
                alias: "nw_src",
                [.init("NXM_OF_IP_SRC", .nxm0, 7), .init("OXM_OF_IPV4_SRC", .openFlowBasic, 11)]),
            row(
                .ipv4Destination, "ip_dst", 4, .ipv4, .at(KeyWord.ipv4, 0, 32),
                [.maskable, .writable], .ipv4,
                alias: "nw_dst",
                [.init("NXM_OF_IP_DST", .nxm0, 8), .init("OXM_OF_IPV4_DST", .openFlowBasic, 12)]),
            row(
                .ipv6Source, "ipv6_src", 16, .ipv6, .at(KeyWord.ipv6Source, 0, 128),
                [.maskable, .writable], .ipv6,
                [
                    .init("NXM_NX_IPV6_SRC", .nxm1, 19),
                    .init("OXM_OF_IPV6_SRC", .openFlowBasic, 26),
                ]),
            row(
                .ipv6Destination, "ipv6_dst", 16, .ipv6, .at(KeyWord.ipv6Destination, 0, 128),
                [.maskable, .writable], .ipv6,
                [
                    .init("NXM_NX_IPV6_DST", .nxm1, 20),
                    .init("OXM_OF_IPV6_DST", .openFlowBasic, 27),
                ]),
            row(
                .ipv6Label, "ipv6_label", 4, .hexadecimal, .at(KeyWord.ip, 32, 20),
                [.maskable, .writable], .ipv6,
                [
                    .init("NXM_NX_IPV6_LABEL", .nxm1, 27),
                    .init("OXM_OF_IPV6_FLABEL", .openFlowBasic, 28),
                ]),
            row(
                .ipv6ExtensionHeaders, "ipv6_exthdr", 2, .hexadecimal, .at(KeyWord.ip, 52, 9),
                [.maskable], .ipv6,
                [.init("OXM_OF_IPV6_EXTHDR", .openFlowBasic, 39)]),
            row(
                .ipProtocol, "nw_proto", 1, .decimal, .at(KeyWord.ip, 24, 8),
                [], .ip,
                alias: "ip_proto",
                [.init("NXM_OF_IP_PROTO", .nxm0, 6), .init("OXM_OF_IP_PROTO", .openFlowBasic, 10)]),
            row(
                .ipTOS, "nw_tos", 1, .decimal, .at(KeyWord.ip, 16, 8),
                [.writable], .ip,
                [.init("NXM_OF_IP_TOS", .nxm0, 5)]),
            row(
                .ipDSCP, "ip_dscp", 1, .decimal, .at(KeyWord.ip, 18, 6),
                [.writable], .ip,
                [.init("OXM_OF_IP_DSCP", .openFlowBasic, 8)]),
            row(
                .ipECN, "nw_ecn", 1, .decimal, .at(KeyWord.ip, 16, 2),
                [.writable], .ip,
                alias: "ip_ecn",
                [.init("NXM_NX_IP_ECN", .nxm1, 28), .init("OXM_OF_IP_ECN", .openFlowBasic, 9)]),
            row(
                .ipTTL, "nw_ttl", 1, .decimal, .at(KeyWord.ip, 8, 8),
                [.writable], .ip,
                [.init("NXM_NX_IP_TTL", .nxm1, 29)]),
            row(
                .ipFragment, "ip_frag", 1, .fragment, .at(KeyWord.ip, 0, 2),
                [.maskable], .ip,
                alias: "nw_frag",
                [.init("NXM_NX_IP_FRAG", .nxm1, 26)]),
            row(
                .arpOperation, "arp_op", 2, .decimal, .at(KeyWord.ip, 24, 8),
                [.writable], .arp,
                [.init("NXM_OF_ARP_OP", .nxm0, 15), .init("OXM_OF_ARP_OP", .openFlowBasic, 21)]),
            row(
                .arpSenderIP, "arp_spa", 4, .ipv4, .at(KeyWord.ipv4, 32, 32),
                [.maskable, .writable], .arp,
                [.init("NXM_OF_ARP_SPA", .nxm0, 16), .init("OXM_OF_ARP_SPA", .openFlowBasic, 22)]),
            row(
                .arpTargetIP, "arp_tpa", 4, .ipv4, .at(KeyWord.ipv4, 0, 32),
                [.maskable, .writable], .arp,
                [.init("NXM_OF_ARP_TPA", .nxm0, 17), .init("OXM_OF_ARP_TPA", .openFlowBasic, 23)]),
            row(
                .arpSenderMAC, "arp_sha", 6, .ethernet, .at(KeyWord.arpSender, 16, 48),
                [.maskable, .writable], .arp,
                [.init("NXM_NX_ARP_SHA", .nxm1, 17), .init("OXM_OF_ARP_SHA", .openFlowBasic, 24)]),
            row(
                .arpTargetMAC, "arp_tha", 6, .ethernet, .at(KeyWord.arpTarget, 16, 48),
                [.maskable, .writable], .arp,
                [.init("NXM_NX_ARP_THA", .nxm1, 18), .init("OXM_OF_ARP_THA", .openFlowBasic, 25)]),
        ]
    }

    /// TCP, UDP, SCTP, ICMP, neighbour discovery and NSH.
    static var transportFields: [FieldDescriptor] {
        [
            row(
                .tcpSource, "tcp_src", 2, .decimal, .at(KeyWord.transport, 48, 16),
                [.maskable, .writable], .tcp,
                alias: "tp_src",
                [.init("NXM_OF_TCP_SRC", .nxm0, 9), .init("OXM_OF_TCP_SRC", .openFlowBasic, 13)]),
            row(
                .tcpDestination, "tcp_dst", 2, .decimal, .at(KeyWord.transport, 32, 16),
                [.maskable, .writable], .tcp,
                alias: "tp_dst",
                [.init("NXM_OF_TCP_DST", .nxm0, 10), .init("OXM_OF_TCP_DST", .openFlowBasic, 14)]),
            row(
                .tcpFlags, "tcp_flags", 2, .tcpFlags, .at(KeyWord.transport, 16, 12),
                [.maskable], .tcp,
                [
                    .init("NXM_NX_TCP_FLAGS", .nxm1, 34), .init("ONFOXM_ET_TCP_FLAGS", .onf, 42),
                    .init("OXM_OF_TCP_FLAGS", .openFlowBasic, 42),
                ]),
            row(
                .udpSource, "udp_src", 2, .decimal, .at(KeyWord.transport, 48, 16),
                [.maskable, .writable], .udp,
                [.init("NXM_OF_UDP_SRC", .nxm0, 11), .init("OXM_OF_UDP_SRC", .openFlowBasic, 15)]),
            row(
                .udpDestination, "udp_dst", 2, .decimal, .at(KeyWord.transport, 32, 16),
                [.maskable, .writable], .udp,
                [.init("NXM_OF_UDP_DST", .nxm0, 12), .init("OXM_OF_UDP_DST", .openFlowBasic, 16)]),
            row(
                .sctpSource, "sctp_src", 2, .decimal, .at(KeyWord.transport, 48, 16),
                [.maskable, .writable], .sctp,
                [.init("OXM_OF_SCTP_SRC", .openFlowBasic, 17)]),
            row(
                .sctpDestination, "sctp_dst", 2, .decimal, .at(KeyWord.transport, 32, 16),
                [.maskable, .writable], .sctp,
                [.init("OXM_OF_SCTP_DST", .openFlowBasic, 18)]),
            row(
                .icmpType, "icmp_type", 1, .decimal, .at(KeyWord.transport, 48, 8),
                [.writable], .icmpv4,
                [
                    .init("NXM_OF_ICMP_TYPE", .nxm0, 13),
                    .init("OXM_OF_ICMPV4_TYPE", .openFlowBasic, 19),
                ]),
            row(
                .icmpCode, "icmp_code", 1, .decimal, .at(KeyWord.transport, 32, 8),
                [.writable], .icmpv4,
                [
                    .init("NXM_OF_ICMP_CODE", .nxm0, 14),
                    .init("OXM_OF_ICMPV4_CODE", .openFlowBasic, 20),
                ]),
            row(
                .icmpv6Type, "icmpv6_type", 1, .decimal, .at(KeyWord.transport, 48, 8),
                [.writable], .icmpv6,
                [
                    .init("NXM_NX_ICMPV6_TYPE", .nxm1, 21),
                    .init("OXM_OF_ICMPV6_TYPE", .openFlowBasic, 29),
                ]),
            row(
                .icmpv6Code, "icmpv6_code", 1, .decimal, .at(KeyWord.transport, 32, 8),
                [.writable], .icmpv6,
                [
                    .init("NXM_NX_ICMPV6_CODE", .nxm1, 22),
                    .init("OXM_OF_ICMPV6_CODE", .openFlowBasic, 30),
                ]),
            row(
                .ndTarget, "nd_target", 16, .ipv6, .at(KeyWord.ndTarget, 0, 128),
                [.maskable, .writable], .nd,
                [
                    .init("NXM_NX_ND_TARGET", .nxm1, 23),
                    .init("OXM_OF_IPV6_ND_TARGET", .openFlowBasic, 31),
                ]),
            row(
                .ndSourceMAC, "nd_sll", 6, .ethernet, .at(KeyWord.arpSender, 16, 48),
                [.maskable, .writable], .ndSolicit,
                [
                    .init("NXM_NX_ND_SLL", .nxm1, 24),
                    .init("OXM_OF_IPV6_ND_SLL", .openFlowBasic, 32),
                ]),
            row(
                .ndTargetMAC, "nd_tll", 6, .ethernet, .at(KeyWord.arpTarget, 16, 48),
                [.maskable, .writable], .ndAdvert,
                [
                    .init("NXM_NX_ND_TLL", .nxm1, 25),
                    .init("OXM_OF_IPV6_ND_TLL", .openFlowBasic, 33),
                ]),
            row(
                .ndReserved, "nd_reserved", 4, .decimal, .at(KeyWord.nd, 32, 32),
                [.writable], .nd,
                [.init("ERICOXM_OF_ICMPV6_ND_RESERVED", .ericsson, 1)]),
            row(
                .ndOptionsType, "nd_options_type", 1, .decimal, .at(KeyWord.nd, 24, 8),
                [.writable], .nd,
                [.init("ERICOXM_OF_ICMPV6_ND_OPTIONS_TYPE", .ericsson, 2)]),
            row(
                .nshFlags, "nsh_flags", 1, .decimal, .at(KeyWord.nsh, 56, 8),
                [.maskable, .writable], .nsh,
                [.init("NXOXM_NSH_FLAGS", .nxNSH, 1)]),
            row(
                .nshTTL, "nsh_ttl", 1, .decimal, .at(KeyWord.nsh, 48, 8),
                [.writable], .nsh,
                [.init("NXOXM_NSH_TTL", .nxNSH, 10)]),
            row(
                .nshMDType, "nsh_mdtype", 1, .decimal, .at(KeyWord.nsh, 40, 8),
                [], .nsh,
                [.init("NXOXM_NSH_MDTYPE", .nxNSH, 2)]),
            row(
                .nshNextProtocol, "nsh_np", 1, .decimal, .at(KeyWord.nsh, 32, 8),
                [], .nsh,
                [.init("NXOXM_NSH_NP", .nxNSH, 3)]),
            row(
                .nshSPI, "nsh_spi", 4, .hexadecimal, .at(KeyWord.nsh, 8, 24),
                [.writable], .nsh,
                alias: "nsp",
                [.init("NXOXM_NSH_SPI", .nxNSH, 4)]),
            row(
                .nshSI, "nsh_si", 1, .decimal, .at(KeyWord.nsh, 0, 8),
                [.writable], .nsh,
                alias: "nsi",
                [.init("NXOXM_NSH_SI", .nxNSH, 5)]),
            row(
                .nshContext1, "nsh_c1", 4, .hexadecimal, .at(KeyWord.nshContext, 32, 32),
                [.maskable, .writable], .nsh,
                alias: "nshc1",
                [.init("NXOXM_NSH_C1", .nxNSH, 6)]),
            row(
                .nshContext2, "nsh_c2", 4, .hexadecimal, .at(KeyWord.nshContext, 0, 32),
                [.maskable, .writable], .nsh,
                alias: "nshc2",
                [.init("NXOXM_NSH_C2", .nxNSH, 7)]),
            row(
                .nshContext3, "nsh_c3", 4, .hexadecimal, .at(KeyWord.nshContextRest, 32, 32),
                [.maskable, .writable], .nsh,
                alias: "nshc3",
                [.init("NXOXM_NSH_C3", .nxNSH, 8)]),
            row(
                .nshContext4, "nsh_c4", 4, .hexadecimal, .at(KeyWord.nshContextRest, 0, 32),
                [.maskable, .writable], .nsh,
                alias: "nshc4",
                [.init("NXOXM_NSH_C4", .nxNSH, 9)]),
        ]
    }
}
