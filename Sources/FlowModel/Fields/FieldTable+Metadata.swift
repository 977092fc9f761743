/// Rows of the field table, in the order of OVS: what is known besides the headers.
extension FieldTable {
    /// What a tunnel port learned from the outer headers.
    static var tunnelFields: [FieldDescriptor] {
        [
            row(
                .tunnelID, "tun_id", 8, .hexadecimal, .at(KeyWord.tunnelID, 0, 64),
                [.maskable, .writable], .none,
                alias: "tunnel_id",
                [.init("NXM_NX_TUN_ID", .nxm1, 16), .init("OXM_OF_TUNNEL_ID", .openFlowBasic, 38)]),
            row(
                .tunnelSource, "tun_src", 4, .ipv4, .at(KeyWord.tunnelIPv4, 32, 32),
                [.maskable, .writable], .none,
                [.init("NXM_NX_TUN_IPV4_SRC", .nxm1, 31)]),
            row(
                .tunnelDestination, "tun_dst", 4, .ipv4, .at(KeyWord.tunnelIPv4, 0, 32),
                [.maskable, .writable], .none,
                [.init("NXM_NX_TUN_IPV4_DST", .nxm1, 32)]),
            row(
                .tunnelIPv6Source, "tun_ipv6_src", 16, .ipv6, .at(KeyWord.tunnelIPv6Source, 0, 128),
                [.maskable, .writable], .none,
                [.init("NXM_NX_TUN_IPV6_SRC", .nxm1, 109)]),
            row(
                .tunnelIPv6Destination, "tun_ipv6_dst", 16, .ipv6,
                .at(KeyWord.tunnelIPv6Destination, 0, 128),
                [.maskable, .writable], .none,
                [.init("NXM_NX_TUN_IPV6_DST", .nxm1, 110)]),
            row(
                .tunnelFlags, "tun_flags", 2, .tunnelFlags, .at(KeyWord.tunnelFlags, 48, 1),
                [.maskable, .writable], .none,
                [.init("NXM_NX_TUN_FLAGS", .nxm1, 104)]),
            row(
                .tunnelGBPID, "tun_gbp_id", 2, .decimal, .at(KeyWord.tunnelFlags, 16, 16),
                [.maskable, .writable], .none,
                [.init("NXM_NX_TUN_GBP_ID", .nxm1, 38)]),
            row(
                .tunnelGBPFlags, "tun_gbp_flags", 1, .hexadecimal, .at(KeyWord.tunnelFlags, 8, 8),
                [.maskable, .writable], .none,
                [.init("NXM_NX_TUN_GBP_FLAGS", .nxm1, 39)]),
            row(
                .erspanIndex, "tun_erspan_idx", 4, .hexadecimal, .at(KeyWord.erspan, 32, 20),
                [.maskable, .writable], .none,
                [.init("NXOXM_ET_ERSPAN_IDX", .nxET, 11)]),
            row(
                .erspanVersion, "tun_erspan_ver", 1, .decimal, .at(KeyWord.tunnelFlags, 0, 4),
                [.maskable, .writable], .none,
                [.init("NXOXM_ET_ERSPAN_VER", .nxET, 12)]),
            row(
                .erspanDirection, "tun_erspan_dir", 1, .decimal, .at(KeyWord.erspan, 24, 1),
                [.maskable, .writable], .none,
                [.init("NXOXM_ET_ERSPAN_DIR", .nxET, 13)]),
            row(
                .erspanHardwareID, "tun_erspan_hwid", 1, .hexadecimal, .at(KeyWord.erspan, 16, 6),
                [.maskable, .writable], .none,
                [.init("NXOXM_ET_ERSPAN_HWID", .nxET, 14)]),
            row(
                .gtpuFlags, "tun_gtpu_flags", 1, .hexadecimal, .at(KeyWord.erspan, 8, 8),
                [.maskable], .none,
                [.init("NXOXM_ET_GTPU_FLAGS", .nxET, 15)]),
            row(
                .gtpuMessageType, "tun_gtpu_msgtype", 1, .decimal, .at(KeyWord.erspan, 0, 8),
                [.maskable], .none,
                [.init("NXOXM_ET_GTPU_MSGTYPE", .nxET, 16)]),
        ]
    }

    /// Where the packet came from, and what tables have noted of it.
    static var metadataFields: [FieldDescriptor] {
        [
            row(
                .datapathHash, "dp_hash", 4, .hexadecimal, .at(KeyWord.datapathHash, 32, 32),
                [.maskable], .none,
                [.init("NXM_NX_DP_HASH", .nxm1, 35)]),
            row(
                .packetType, "packet_type", 4, .packetType, .at(KeyWord.packetType, 32, 32),
                [], .none,
                [.init("OXM_OF_PACKET_TYPE", .openFlowBasic, 44)]),
            row(
                .conjunctionID, "conj_id", 4, .decimal, .at(KeyWord.conjunction, 32, 32),
                [], .none,
                [.init("NXM_NX_CONJ_ID", .nxm1, 37)]),
            row(
                .recirculationID, "recirc_id", 4, .decimal, .at(KeyWord.inPort, 0, 32),
                [], .none,
                [.init("NXM_NX_RECIRC_ID", .nxm1, 36)]),
            row(
                .metadata, "metadata", 8, .hexadecimal, .at(KeyWord.metadata, 0, 64),
                [.maskable, .writable], .none,
                [.init("OXM_OF_METADATA", .openFlowBasic, 2)]),
            row(
                .inPort, "in_port", 2, .port, .at(KeyWord.inPort, 32, 16),
                [.writable], .none,
                [.init("NXM_OF_IN_PORT", .nxm0, 0)]),
            row(
                .inPortOXM, "in_port_oxm", 4, .port32, .at(KeyWord.inPort, 32, 32),
                [.writable], .none,
                [.init("OXM_OF_IN_PORT", .openFlowBasic, 0)]),
            row(
                .actionSetOutput, "actset_output", 4, .port32, .at(KeyWord.conjunction, 0, 32),
                [], .none,
                [
                    .init("ONFOXM_ET_ACTSET_OUTPUT", .onf, 43),
                    .init("OXM_OF_ACTSET_OUTPUT", .openFlowBasic, 43),
                ]),
            row(
                .packetPriority, "skb_priority", 4, .hexadecimal, .at(KeyWord.priority, 32, 32),
                [], .none),
            row(
                .packetMark, "pkt_mark", 4, .hexadecimal, .at(KeyWord.priority, 0, 32),
                [.maskable, .writable], .none,
                [.init("NXM_NX_PKT_MARK", .nxm1, 33)]),
            row(
                .ctState, "ct_state", 4, .ctState, .at(KeyWord.datapathHash, 0, 32),
                [.maskable], .none,
                [.init("NXM_NX_CT_STATE", .nxm1, 105)]),
            row(
                .ctZone, "ct_zone", 2, .hexadecimal, .at(KeyWord.ctMark, 16, 16),
                [], .none,
                [.init("NXM_NX_CT_ZONE", .nxm1, 106)]),
            row(
                .ctMark, "ct_mark", 4, .hexadecimal, .at(KeyWord.ctMark, 32, 32),
                [.maskable, .writable], .none,
                [.init("NXM_NX_CT_MARK", .nxm1, 107)]),
            row(
                .ctLabel, "ct_label", 16, .hexadecimal, .at(KeyWord.ctLabel, 0, 128),
                [.maskable, .writable], .none,
                [.init("NXM_NX_CT_LABEL", .nxm1, 108)]),
            row(
                .ctProtocol, "ct_nw_proto", 1, .decimal, .at(KeyWord.ctMark, 8, 8),
                [], .ct,
                [.init("NXM_NX_CT_NW_PROTO", .nxm1, 119)]),
            row(
                .ctIPv4Source, "ct_nw_src", 4, .ipv4, .at(KeyWord.ctIPv4, 32, 32),
                [.maskable], .ct,
                [.init("NXM_NX_CT_NW_SRC", .nxm1, 120)]),
            row(
                .ctIPv4Destination, "ct_nw_dst", 4, .ipv4, .at(KeyWord.ctIPv4, 0, 32),
                [.maskable], .ct,
                [.init("NXM_NX_CT_NW_DST", .nxm1, 121)]),
            row(
                .ctIPv6Source, "ct_ipv6_src", 16, .ipv6, .at(KeyWord.ctIPv6Source, 0, 128),
                [.maskable], .ct,
                [.init("NXM_NX_CT_IPV6_SRC", .nxm1, 122)]),
            row(
                .ctIPv6Destination, "ct_ipv6_dst", 16, .ipv6,
                .at(KeyWord.ctIPv6Destination, 0, 128),
                [.maskable], .ct,
                [.init("NXM_NX_CT_IPV6_DST", .nxm1, 123)]),
            row(
                .ctTransportSource, "ct_tp_src", 2, .decimal, .at(KeyWord.ctTransport, 48, 16),
                [.maskable], .ct,
                [.init("NXM_NX_CT_TP_SRC", .nxm1, 124)]),
            row(
                .ctTransportDestination, "ct_tp_dst", 2, .decimal, .at(KeyWord.ctTransport, 32, 16),
                [.maskable], .ct,
                [.init("NXM_NX_CT_TP_DST", .nxm1, 125)]),
        ]
    }
}
