import OVSDBModel

extension ControlRun {
    func addResetNeeds() {
        needs.add("Open_vSwitch", "bridges", "manager_options", "ssl")
        needs.add(
            "Bridge", "controller", "fail_mode", "mirrors", "netflow", "sflow", "ipfix",
            "flood_vlans", "other_config")
        needs.add("Port", "other_config")
        needs.add("Interface", "ingress_policing_rate", "ingress_policing_burst")
    }

    /// `emer-reset`: takes away everything that is not needed to forward packets.
    func resetAll() {
        replica.set(root, "manager_options", to: .empty)
        replica.set(root, "ssl", to: .empty)
        for bridge in replica.rows(of: "Bridge") {
            let columns = [
                "controller", "fail_mode", "mirrors", "netflow", "sflow", "ipfix", "flood_vlans",
            ]
            for column in columns { replica.set(bridge, column, to: .empty) }
            var kept = bridge["other_config"]
            kept.filter { key, _ in key == .string("hwaddr") }
            replica.set(bridge, "other_config", to: kept)
        }
        for port in replica.rows(of: "Port") { replica.set(port, "other_config", to: .empty) }
        for interface in replica.rows(of: "Interface") {
            replica.set(interface, "ingress_policing_rate", to: 0)
            replica.set(interface, "ingress_policing_burst", to: 0)
        }
    }
}
