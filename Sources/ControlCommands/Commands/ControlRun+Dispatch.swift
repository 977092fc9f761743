import OVSDBModel

extension ControlRun {
    /// Notes what a command reads; also checks the names of its tables and columns.
    func addNeeds(of command: Command) throws(ControlError) {
        if isNarrow, try addNarrowNeeds(of: command) { return }
        switch command.name {
        case "init", "comment": break
        case "show": addShowNeeds()
        case "emer-reset": addResetNeeds()
        case "get-manager", "del-manager", "set-manager":
            needs.add("Open_vSwitch", "manager_options")
            needs.add("Manager", "target", "inactivity_probe")
        case "get-ssl", "del-ssl", "set-ssl":
            needs.add("Open_vSwitch", "ssl")
            needs.add("SSL", "private_key", "certificate", "ca_cert", "bootstrap_ca_cert")
        case "add-zone-tp", "del-zone-tp", "list-zone-tp", "list-dp-cap":
            addZoneNeeds()
        case "get", "list", "find", "set", "add", "remove", "clear", "create", "destroy",
            "wait-until":
            try addDatabaseNeeds(of: command)
        default:
            let readsBridges = Self.bridgeReaders.contains(command.name)
            needs.addNetwork(hasInterfaces: !readsBridges)
            addExtraNetworkNeeds(of: command)
        }
    }

    /// Commands that ask nothing of interfaces.
    private static let bridgeReaders: Set = [
        "list-br", "br-exists", "br-to-vlan", "br-to-parent", "list-ports", "port-to-br",
        "br-get-external-id", "br-set-external-id", "get-fail-mode", "get-controller",
        "get-aa-mapping",
    ]

    private func addExtraNetworkNeeds(of command: Command) {
        switch command.name {
        case "br-set-external-id", "br-get-external-id":
            needs.add("Bridge", "external_ids")
            needs.add("Port", "external_ids")
        case "get-controller", "set-controller", "del-controller":
            needs.add("Bridge", "controller")
            needs.add("Controller", "target", "inactivity_probe")
        case "get-fail-mode", "set-fail-mode", "del-fail-mode":
            needs.add("Bridge", "fail_mode")
        case "add-aa-mapping", "del-aa-mapping", "get-aa-mapping":
            needs.add("Bridge", "auto_attach")
            needs.add("AutoAttach", "mappings")
        default:
            break
        }
    }

    /// Carries out one command; false where it waits for a condition.
    func execute(_ command: Command) throws(ControlError) -> Bool {
        switch command.name {
        case "init", "comment": break
        case "show": show()
        case "emer-reset": resetAll()
        case "get-manager", "del-manager", "set-manager", "get-controller", "del-controller",
            "set-controller", "get-fail-mode", "del-fail-mode", "set-fail-mode", "get-ssl",
            "del-ssl", "set-ssl":
            try executeConnection(command)
        case "add-zone-tp", "del-zone-tp", "list-zone-tp", "list-dp-cap":
            try executeDatapath(command)
        case "add-br", "del-br", "list-br", "br-exists", "br-to-vlan", "br-to-parent",
            "br-set-external-id", "br-get-external-id", "add-aa-mapping", "del-aa-mapping",
            "get-aa-mapping":
            try executeBridge(command)
        case "wait-until":
            return try waitUntil(command)
        case "get", "list", "find", "set", "add", "remove", "clear", "create", "destroy":
            try executeDatabase(command)
        default:
            try executePort(command)
        }
        return true
    }
}
