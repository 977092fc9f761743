extension OpenVSwitchSchema {
    /// A shaping discipline of a port.
    static let qos = TableSchema(
        "QoS", isRoot: true,
        [
            ColumnSchema("external_ids", strings),
            ColumnSchema("other_config", strings),
            ColumnSchema("queues", .map(.integer(0, 4_294_967_295), to: .reference("Queue"))),
            ColumnSchema("type", ColumnType(.string)),
        ])

    /// A queue of a discipline.
    static let queue = TableSchema(
        "Queue", isRoot: true,
        [
            ColumnSchema("dscp", .optional(.integer(0, 63))),
            ColumnSchema("external_ids", strings),
            ColumnSchema("other_config", strings),
        ])

    /// Copies of chosen packets, to a port or a VLAN.
    static let mirror = TableSchema(
        "Mirror",
        [
            ColumnSchema("external_ids", strings),
            ColumnSchema("name", ColumnType(.string)),
            ColumnSchema("output_port", .optional(.weakReference("Port"))),
            ColumnSchema("output_vlan", .optional(.integer(1, 4095))),
            ColumnSchema("select_all", ColumnType(.boolean)),
            ColumnSchema("select_dst_port", .set(of: .weakReference("Port"))),
            ColumnSchema("select_src_port", .set(of: .weakReference("Port"))),
            ColumnSchema("select_vlan", ColumnType(.integer(0, 4095), minimum: 0, maximum: 4096)),
            ColumnSchema("snaplen", .optional(.integer(14, 65_535))),
            ColumnSchema("statistics", counters, isEphemeral: true),
        ])

    /// Export of flow records by NetFlow 5.
    static let netflow = TableSchema(
        "NetFlow",
        [
            ColumnSchema("active_timeout", ColumnType(.integer(-1, nil))),
            ColumnSchema("add_id_to_interface", ColumnType(.boolean)),
            ColumnSchema("engine_id", .optional(.integer(0, 255))),
            ColumnSchema("engine_type", .optional(.integer(0, 255))),
            ColumnSchema("external_ids", strings),
            ColumnSchema("targets", ColumnType(.string, minimum: 1, maximum: ColumnType.unlimited)),
        ])

    /// Sampling of packets by sFlow 5.
    static let sflow = TableSchema(
        "sFlow",
        [
            ColumnSchema("agent", .optional(.string)),
            ColumnSchema("external_ids", strings),
            ColumnSchema("header", .optional(.integer)),
            ColumnSchema("polling", .optional(.integer)),
            ColumnSchema("sampling", .optional(.integer)),
            ColumnSchema("targets", ColumnType(.string, minimum: 1, maximum: ColumnType.unlimited)),
        ])

    /// Export of flow records by IPFIX.
    static let ipfix = TableSchema(
        "IPFIX",
        [
            ColumnSchema("cache_active_timeout", .optional(.integer(0, 4200))),
            ColumnSchema("cache_max_flows", .optional(.integer(0, 4_294_967_295))),
            ColumnSchema("external_ids", strings),
            ColumnSchema("obs_domain_id", .optional(.integer(0, 4_294_967_295))),
            ColumnSchema("obs_point_id", .optional(.integer(0, 4_294_967_295))),
            ColumnSchema("other_config", strings),
            ColumnSchema("sampling", .optional(.integer(1, 4_294_967_295))),
            ColumnSchema("targets", .set(of: .string)),
        ])

    /// What the `sample` action sends to.
    static let flowSampleCollectorSet = TableSchema(
        "Flow_Sample_Collector_Set", isRoot: true, indexes: [["id", "bridge"]],
        [
            ColumnSchema("bridge", ColumnType(.reference("Bridge"))),
            ColumnSchema("external_ids", strings),
            ColumnSchema("id", ColumnType(.integer(0, 4_294_967_295))),
            ColumnSchema("ipfix", .optional(.reference("IPFIX"))),
        ])

    /// An OpenFlow controller of a bridge.
    static let controller = TableSchema(
        "Controller",
        [
            ColumnSchema("connection_mode", .optional(.oneOf("in-band", "out-of-band"))),
            ColumnSchema("controller_burst_limit", .optional(.integer(25, nil))),
            ColumnSchema("controller_queue_size", .optional(.integer(1, 512))),
            ColumnSchema("controller_rate_limit", .optional(.integer(100, nil))),
            ColumnSchema("enable_async_messages", .optional(.boolean)),
            ColumnSchema("external_ids", strings),
            ColumnSchema("inactivity_probe", .optional(.integer)),
            ColumnSchema("is_connected", ColumnType(.boolean), isEphemeral: true),
            ColumnSchema("local_gateway", .optional(.string)),
            ColumnSchema("local_ip", .optional(.string)),
            ColumnSchema("local_netmask", .optional(.string)),
            ColumnSchema("max_backoff", .optional(.integer(1000, nil))),
            ColumnSchema("other_config", strings),
            ColumnSchema("role", .optional(.oneOf("other", "master", "slave")), isEphemeral: true),
            ColumnSchema("status", strings, isEphemeral: true),
            ColumnSchema("target", ColumnType(.string)),
            ColumnSchema("type", .optional(.oneOf("primary", "service"))),
        ])

    /// An OVSDB client or server that manages the database.
    static let manager = TableSchema(
        "Manager", indexes: [["target"]],
        [
            ColumnSchema("connection_mode", .optional(.oneOf("in-band", "out-of-band"))),
            ColumnSchema("external_ids", strings),
            ColumnSchema("inactivity_probe", .optional(.integer)),
            ColumnSchema("is_connected", ColumnType(.boolean), isEphemeral: true),
            ColumnSchema("max_backoff", .optional(.integer(1000, nil))),
            ColumnSchema("other_config", strings),
            ColumnSchema("status", strings, isEphemeral: true),
            ColumnSchema("target", ColumnType(.string)),
        ])

    /// A datapath that bridges share.
    static let datapath = TableSchema(
        "Datapath",
        [
            ColumnSchema("capabilities", strings),
            ColumnSchema("ct_zones", .map(.integer(0, 65_535), to: .reference("CT_Zone"))),
            ColumnSchema("datapath_version", ColumnType(.string)),
            ColumnSchema("external_ids", strings),
        ])

    /// A zone of connection tracking.
    static let ctZone = TableSchema(
        "CT_Zone",
        [
            ColumnSchema("external_ids", strings),
            ColumnSchema("timeout_policy", .optional(.reference("CT_Timeout_Policy"))),
        ])

    /// Timeouts of the connections of a zone.
    static let ctTimeoutPolicy = TableSchema(
        "CT_Timeout_Policy",
        [
            ColumnSchema("external_ids", strings),
            ColumnSchema(
                "timeouts",
                .map(
                    .oneOf(
                        "tcp_syn_sent", "tcp_syn_recv", "tcp_established", "tcp_fin_wait",
                        "tcp_close_wait", "tcp_last_ack", "tcp_time_wait", "tcp_close",
                        "tcp_syn_sent2", "tcp_retransmit", "tcp_unack", "udp_first", "udp_single",
                        "udp_multiple", "icmp_first", "icmp_reply"), to: .integer(0, 4_294_967_295))
            ),
        ])

    /// The keys and certificates of TLS connections.
    static let ssl = TableSchema(
        "SSL", maximumRowCount: 1,
        [
            ColumnSchema("bootstrap_ca_cert", ColumnType(.boolean)),
            ColumnSchema("ca_cert", ColumnType(.string)),
            ColumnSchema("certificate", ColumnType(.string)),
            ColumnSchema("external_ids", strings),
            ColumnSchema("private_key", ColumnType(.string)),
        ])

    /// Attachment to a fabric by LLDP (802.1Qcj).
    static let autoAttach = TableSchema(
        "AutoAttach",
        [
            ColumnSchema("mappings", .map(.integer(0, 16_777_215), to: .integer(0, 4095))),
            ColumnSchema("system_description", ColumnType(.string)),
            ColumnSchema("system_name", ColumnType(.string)),
        ])
}
