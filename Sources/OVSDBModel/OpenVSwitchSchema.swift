/// The schema of the database that configures a switch (ovs-vswitchd.conf.db(5)).
///
/// This is the one place that knows the tables and columns; the JSON schema that clients ask for is
/// made from it.
public enum OpenVSwitchSchema {
    /// The names and the type of `external_ids`, `other_config` and their like.
    static var strings: ColumnType { .map(.string, to: .string) }

    /// Counters by name.
    static var counters: ColumnType { .map(.string, to: .integer) }

    /// The version and checksum are those of the schema that Open vSwitch 3.1 installs, so that
    /// tools which compare them find nothing to convert.
    public static let schema = DatabaseSchema(
        "Open_vSwitch", version: "8.3.1", checksum: "3012963480 26720",
        [
            autoAttach, bridge, ctTimeoutPolicy, ctZone, controller, datapath,
            flowSampleCollectorSet, flowTable, ipfix, interface, manager, mirror, netflow,
            openVSwitch, port, qos, queue, ssl, sflow,
        ])
}
