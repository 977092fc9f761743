extension OpenVSwitchSchema {
    /// The one row that everything hangs on.
    static let openVSwitch = TableSchema(
        "Open_vSwitch", isRoot: true, maximumRowCount: 1,
        [
            ColumnSchema("bridges", .set(of: .reference("Bridge"))),
            ColumnSchema("cur_cfg", ColumnType(.integer)),
            ColumnSchema("datapath_types", .set(of: .string)),
            ColumnSchema("datapaths", .map(.string, to: .reference("Datapath"))),
            ColumnSchema("db_version", .optional(.string)),
            ColumnSchema("dpdk_initialized", ColumnType(.boolean)),
            ColumnSchema("dpdk_version", .optional(.string)),
            ColumnSchema("external_ids", strings),
            ColumnSchema("iface_types", .set(of: .string)),
            ColumnSchema("manager_options", .set(of: .reference("Manager"))),
            ColumnSchema("next_cfg", ColumnType(.integer)),
            ColumnSchema("other_config", strings),
            ColumnSchema("ovs_version", .optional(.string)),
            ColumnSchema("ssl", .optional(.reference("SSL"))),
            ColumnSchema("statistics", strings, isEphemeral: true),
            ColumnSchema("system_type", .optional(.string)),
            ColumnSchema("system_version", .optional(.string)),
        ])

    /// A switch.
    static let bridge = TableSchema(
        "Bridge", indexes: [["name"]],
        [
            ColumnSchema("auto_attach", .optional(.reference("AutoAttach"))),
            ColumnSchema("controller", .set(of: .reference("Controller"))),
            ColumnSchema("datapath_id", .optional(.string), isEphemeral: true),
            ColumnSchema("datapath_type", ColumnType(.string)),
            ColumnSchema("datapath_version", ColumnType(.string)),
            ColumnSchema("external_ids", strings),
            ColumnSchema("fail_mode", .optional(.oneOf("standalone", "secure"))),
            ColumnSchema("flood_vlans", ColumnType(.integer(0, 4095), minimum: 0, maximum: 4096)),
            ColumnSchema("flow_tables", .map(.integer(0, 254), to: .reference("Flow_Table"))),
            ColumnSchema("ipfix", .optional(.reference("IPFIX"))),
            ColumnSchema("mcast_snooping_enable", ColumnType(.boolean)),
            ColumnSchema("mirrors", .set(of: .reference("Mirror"))),
            ColumnSchema("name", ColumnType(.string), isMutable: false),
            ColumnSchema("netflow", .optional(.reference("NetFlow"))),
            ColumnSchema("other_config", strings),
            ColumnSchema("ports", .set(of: .reference("Port"))),
            ColumnSchema(
                "protocols",
                .set(
                    of: .oneOf(
                        "OpenFlow10", "OpenFlow11", "OpenFlow12", "OpenFlow13", "OpenFlow14",
                        "OpenFlow15"))),
            ColumnSchema("rstp_enable", ColumnType(.boolean)),
            ColumnSchema("rstp_status", strings, isEphemeral: true),
            ColumnSchema("sflow", .optional(.reference("sFlow"))),
            ColumnSchema("status", strings, isEphemeral: true),
            ColumnSchema("stp_enable", ColumnType(.boolean)),
        ])

    /// A port of a bridge: one interface, or a bond of several.
    static let port = TableSchema(
        "Port", indexes: [["name"]],
        [
            ColumnSchema("bond_active_slave", .optional(.string)),
            ColumnSchema("bond_downdelay", ColumnType(.integer)),
            ColumnSchema("bond_fake_iface", ColumnType(.boolean)),
            ColumnSchema(
                "bond_mode", .optional(.oneOf("balance-tcp", "balance-slb", "active-backup"))),
            ColumnSchema("bond_updelay", ColumnType(.integer)),
            ColumnSchema("cvlans", ColumnType(.integer(0, 4095), minimum: 0, maximum: 4096)),
            ColumnSchema("external_ids", strings),
            ColumnSchema("fake_bridge", ColumnType(.boolean)),
            ColumnSchema(
                "interfaces",
                ColumnType(.reference("Interface"), minimum: 1, maximum: ColumnType.unlimited)),
            ColumnSchema("lacp", .optional(.oneOf("active", "passive", "off"))),
            ColumnSchema("mac", .optional(.string)),
            ColumnSchema("name", ColumnType(.string), isMutable: false),
            ColumnSchema("other_config", strings),
            ColumnSchema("protected", ColumnType(.boolean)),
            ColumnSchema("qos", .optional(.reference("QoS"))),
            ColumnSchema("rstp_statistics", counters, isEphemeral: true),
            ColumnSchema("rstp_status", strings, isEphemeral: true),
            ColumnSchema("statistics", counters, isEphemeral: true),
            ColumnSchema("status", strings, isEphemeral: true),
            ColumnSchema("tag", .optional(.integer(0, 4095))),
            ColumnSchema("trunks", ColumnType(.integer(0, 4095), minimum: 0, maximum: 4096)),
            ColumnSchema(
                "vlan_mode",
                .optional(
                    .oneOf("trunk", "access", "native-tagged", "native-untagged", "dot1q-tunnel"))),
        ])

    /// One network device within a port.
    static let interface = TableSchema(
        "Interface", indexes: [["name"]],
        [
            ColumnSchema("admin_state", .optional(.oneOf("up", "down")), isEphemeral: true),
            ColumnSchema("bfd", strings),
            ColumnSchema("bfd_status", strings, isEphemeral: true),
            ColumnSchema("cfm_fault", .optional(.boolean), isEphemeral: true),
            ColumnSchema("cfm_fault_status", .set(of: .string), isEphemeral: true),
            ColumnSchema("cfm_flap_count", .optional(.integer)),
            ColumnSchema("cfm_health", .optional(.integer(0, 100)), isEphemeral: true),
            ColumnSchema("cfm_mpid", .optional(.integer)),
            ColumnSchema("cfm_remote_mpids", .set(of: .integer), isEphemeral: true),
            ColumnSchema("cfm_remote_opstate", .optional(.oneOf("up", "down")), isEphemeral: true),
            ColumnSchema("duplex", .optional(.oneOf("half", "full")), isEphemeral: true),
            ColumnSchema("error", .optional(.string)),
            ColumnSchema("external_ids", strings),
            ColumnSchema("ifindex", .optional(.integer(0, 4_294_967_295)), isEphemeral: true),
            ColumnSchema("ingress_policing_burst", ColumnType(.integer(0, nil))),
            ColumnSchema("ingress_policing_kpkts_burst", ColumnType(.integer(0, nil))),
            ColumnSchema("ingress_policing_kpkts_rate", ColumnType(.integer(0, nil))),
            ColumnSchema("ingress_policing_rate", ColumnType(.integer(0, nil))),
            ColumnSchema("lacp_current", .optional(.boolean), isEphemeral: true),
            ColumnSchema("link_resets", .optional(.integer), isEphemeral: true),
            ColumnSchema("link_speed", .optional(.integer), isEphemeral: true),
            ColumnSchema("link_state", .optional(.oneOf("up", "down")), isEphemeral: true),
            ColumnSchema("lldp", strings),
            ColumnSchema("mac", .optional(.string)),
            ColumnSchema("mac_in_use", .optional(.string), isEphemeral: true),
            ColumnSchema("mtu", .optional(.integer), isEphemeral: true),
            ColumnSchema("mtu_request", .optional(.integer(1, nil))),
            ColumnSchema("name", ColumnType(.string), isMutable: false),
            ColumnSchema("ofport", .optional(.integer)),
            ColumnSchema("ofport_request", .optional(.integer(1, 65_279))),
            ColumnSchema("options", strings),
            ColumnSchema("other_config", strings),
            ColumnSchema("statistics", counters, isEphemeral: true),
            ColumnSchema("status", strings, isEphemeral: true),
            ColumnSchema("type", ColumnType(.string)),
        ])

    /// The limits of one OpenFlow table.
    static let flowTable = TableSchema(
        "Flow_Table",
        [
            ColumnSchema("external_ids", strings),
            ColumnSchema("flow_limit", .optional(.integer(0, nil))),
            ColumnSchema("groups", .set(of: .string)),
            ColumnSchema("name", .optional(.string)),
            ColumnSchema("overflow_policy", .optional(.oneOf("refuse", "evict"))),
            ColumnSchema("prefixes", ColumnType(.string, minimum: 0, maximum: 3)),
        ])
}
