import OVSDBModel

extension ControlRun {
    func executePort(_ command: Command) throws(ControlError) {
        let arguments = command.arguments
        switch command.name {
        case "add-port":
            try addPort(
                command, bridge: arguments[0], port: arguments[1], interfaces: [arguments[1]],
                settings: Array(arguments.dropFirst(2)))
        case "add-bond":
            let (interfaces, settings) = try Self.splitBond(command)
            try addPort(
                command, bridge: arguments[0], port: arguments[1], interfaces: interfaces,
                settings: settings)
        case "del-port": try deletePort(command)
        case "add-bond-iface": try addBondInterface(command)
        case "del-bond-iface": try deleteBondInterface(command)
        case "list-ports":
            print(lines: try view.bridge(named: arguments[0]).ports.keys.sorted())
        case "list-ifaces":
            let ports = try view.bridge(named: arguments[0]).ports.values
            print(lines: ports.flatMap { $0.interfaces.map(\.name) }.sorted())
        case "port-to-br":
            print("\(try view.port(named: arguments[0]).bridge.name)\n")
        case "iface-to-br":
            print("\(try view.interface(named: arguments[0]).port.bridge.name)\n")
        default:
            preconditionFailure("the command \(command.name) has a syntax and no meaning")
        }
    }

    /// The interfaces of `add-bond` and the settings behind them, which have a `=`.
    private static func splitBond(
        _ command: Command
    ) throws(ControlError) -> (interfaces: [String], settings: [String]) {
        let rest = command.arguments.dropFirst(2)
        let interfaces = rest.prefix { !$0.contains("=") }
        if interfaces.count < 2 {
            throw ControlError(
                "add-bond requires at least 2 interfaces, but only \(interfaces.count) "
                    + "were specified")
        }
        return (Array(interfaces), Array(rest.dropFirst(interfaces.count)))
    }

    private func addPort(
        _ command: Command, bridge bridgeName: String, port name: String, interfaces: [String],
        settings: [String]
    ) throws(ControlError) {
        if command.has("--may-exist"), !isNarrow, let port = view.ports[name] {
            return try checkExisting(port, bridge: bridgeName, interfaces, command)
        }
        try checkFree(name, for: "cannot create a port named \(name)")
        for interface in interfaces {
            try checkFree(interface, for: "cannot create an interface named \(interface)")
        }
        let bridge = try view.bridge(named: bridgeName)
        let rows = interfaces.map { insertInterface($0) }
        let port = replica.insert(in: "Port")
        replica.set(port, "name", to: Datum(.string(name)))
        replica.set(port, "interfaces", to: Datum(uuids: rows.map(\.uuid)))
        if command.has("--fake-iface") { replica.set(port, "bond_fake_iface", to: true) }
        if bridge.parent != nil { replica.set(port, "tag", to: Datum(.integer(bridge.vlan))) }
        for setting in settings { try set(setting, on: port) }
        replica.insert(.uuid(port.uuid), into: "ports", of: bridge.row)
        view.add(port: port, to: bridge)
    }

    private func checkExisting(
        _ port: PortView, bridge: String, _ interfaces: [String], _ command: Command
    ) throws(ControlError) {
        let names = command.name == "add-port" ? [] : interfaces
        let words = ["--may-exist", command.name, bridge, port.name] + names
        let call = "\"\(words.joined(separator: " "))\""
        if port.bridge.name != bridge {
            throw ControlError(
                "\(call) but \(port.name) is actually attached to bridge \(port.bridge.name)")
        }
        let present = port.interfaces.map(\.name).sorted()
        if present != interfaces.sorted() {
            throw ControlError(
                "\(call) but \(port.name) actually has interface(s) "
                    + present.joined(separator: ", "))
        }
    }

    private func deletePort(_ command: Command) throws(ControlError) {
        let target = command.arguments[command.arguments.count - 1]
        if isNarrow && view.ports[target] == nil { return try deleteNarrowly(command) }
        let mustExist = !command.has("--if-exists")
        var port = view.ports[target]
        if port == nil && command.has("--with-iface") {
            port = view.interfaces[target]?.port
        }
        guard let port else {
            guard mustExist else { return }
            if view.bridges[target] != nil {
                throw ControlError(
                    "cannot delete port \(target) because it is the local port for bridge "
                        + "\(target) (deleting this port requires deleting the entire bridge)")
            }
            let kinds = command.has("--with-iface") ? "port or interface" : "port"
            throw ControlError("no \(kinds) named \(target)")
        }
        if command.arguments.count == 2 {
            try check(port, isOn: command.arguments[0], target: target)
        }
        remove(port)
    }

    private func check(
        _ port: PortView, isOn bridgeName: String, target: String
    ) throws(ControlError) {
        let bridge = try view.bridge(named: bridgeName)
        if port.bridge === bridge { return }
        let complaint = "bridge \(bridgeName) does not have a port \(target)"
        if port.bridge.parent === bridge {
            throw ControlError(
                "\(complaint) (although its child bridge \(port.bridge.name) does)")
        }
        throw ControlError(complaint)
    }

    private func remove(_ port: PortView) {
        replica.remove(.uuid(port.row.uuid), from: "ports", of: port.bridge.row)
        hide(port.row)
        view.remove(port)
    }

    private func addBondInterface(_ command: Command) throws(ControlError) {
        let (portName, name) = (command.arguments[0], command.arguments[1])
        if command.has("--may-exist"), let interface = view.interfaces[name] {
            if interface.port.name == portName { return }
            throw ControlError(
                "\"--may-exist add-bond-iface \(portName) \(name)\" but \(name) is actually "
                    + "attached to port \(interface.port.name)")
        }
        let port = try view.port(named: portName)
        try view.checkFree(name, for: "cannot create an interface named \(name)")
        let row = insertInterface(name)
        replica.insert(.uuid(row.uuid), into: "interfaces", of: port.row)
        view.add(interface: row, to: port)
    }

    private func deleteBondInterface(_ command: Command) throws(ControlError) {
        let name = command.arguments[command.arguments.count - 1]
        let portName = command.arguments.count == 2 ? command.arguments[0] : nil
        guard let interface = view.interfaces[name] else {
            if command.has("--if-exists") { return }
            _ = try view.interface(named: name)
            return
        }
        if let portName {
            let port = try view.port(named: portName)
            if interface.port !== port {
                throw ControlError("port \(portName) does not have an interface \(name)")
            }
        }
        if interface.port.interfaces.count == 1 {
            throw ControlError("cannot delete last interface from port \(interface.port.name)")
        }
        replica.remove(.uuid(interface.row.uuid), from: "interfaces", of: interface.port.row)
        replica.hide(interface.row)
        view.remove(interface)
    }
}
