import OVSDBModel

extension ControlRun {
    func executeBridge(_ command: Command) throws(ControlError) {
        let arguments = command.arguments
        switch command.name {
        case "add-br": try addBridge(command)
        case "del-br": try deleteBridge(command)
        case "list-br": try listBridges(command)
        case "br-exists":
            if try bridge(ifAny: arguments[0]) == nil { exitStatus = Self.absenceStatus }
        case "br-to-vlan":
            print("\(try view.bridge(named: arguments[0]).vlan)\n")
        case "br-to-parent":
            let bridge = try view.bridge(named: arguments[0])
            print("\(bridge.parent?.name ?? bridge.name)\n")
        case "br-set-external-id": try setExternalID(command)
        case "br-get-external-id": try getExternalIDs(command)
        default: try executeAutoAttach(command)
        }
    }

    /// What `br-exists` exits with at once where there is no such bridge.
    private static let absenceStatus: Int32 = 2

    private func addBridge(_ command: Command) throws(ControlError) {
        let arguments = command.arguments
        let name = arguments[0]
        if arguments.count == 2 {
            throw ControlError("'add-br' command takes exactly 1 or 3 arguments")
        }
        let parentName = arguments.count == 3 ? arguments[1] : nil
        let vlan = arguments.count == 3 ? IntegerText.shortInteger(arguments[2]) : 0
        guard 0...VLAN.maximum ~= vlan else {
            throw ControlError("add-br: vlan must be between 0 and \(VLAN.maximum)")
        }
        if command.has("--may-exist"), let bridge = try bridge(ifAny: name) {
            return try checkExisting(bridge, arguments, vlan: vlan)
        }
        try checkFree(name, for: "cannot create a bridge named \(name)")
        guard let parentName else { return createBridge(name) }
        guard let parent = view.bridges[parentName] else {
            throw ControlError("parent bridge \(parentName) does not exist")
        }
        if parent.parent != nil {
            throw ControlError("cannot create bridge with fake bridge as parent")
        }
        if let child = parent.children[vlan] {
            throw ControlError(
                "bridge \(parentName) already has a child VLAN bridge \(child.name) "
                    + "on VLAN \(vlan)")
        }
        createFakeBridge(name, in: parent, vlan: vlan)
    }

    private func checkExisting(
        _ bridge: BridgeView, _ arguments: [String], vlan: Int64
    ) throws(ControlError) {
        let call = "\"--may-exist add-br \(arguments.joined(separator: " "))\""
        guard arguments.count == 3 else {
            if bridge.parent == nil { return }
            throw ControlError(
                "\(call) but \(bridge.name) is a VLAN bridge for VLAN \(bridge.vlan)")
        }
        guard let parent = bridge.parent else {
            throw ControlError("\(call) but \(bridge.name) is not a VLAN bridge")
        }
        if parent.name != arguments[1] {
            throw ControlError("\(call) but \(bridge.name) has the wrong parent \(parent.name)")
        }
        if bridge.vlan != vlan {
            throw ControlError(
                "\(call) but \(bridge.name) is a VLAN bridge for the wrong VLAN \(bridge.vlan)")
        }
    }

    private func createBridge(_ name: String) {
        let view = view
        let interface = insertInterface(name, type: "internal")
        let port = replica.insert(in: "Port")
        replica.set(port, "name", to: Datum(.string(name)))
        replica.set(port, "interfaces", to: Datum(.uuid(interface.uuid)))
        let bridge = replica.insert(in: "Bridge")
        replica.set(bridge, "name", to: Datum(.string(name)))
        replica.set(bridge, "ports", to: Datum(.uuid(port.uuid)))
        replica.insert(.uuid(bridge.uuid), into: "bridges", of: root)
        _ = view.addBridge(bridge)
    }

    private func createFakeBridge(_ name: String, in parent: BridgeView, vlan: Int64) {
        let interface = insertInterface(name, type: "internal")
        let port = replica.insert(in: "Port")
        replica.set(port, "name", to: Datum(.string(name)))
        replica.set(port, "interfaces", to: Datum(.uuid(interface.uuid)))
        replica.set(port, "fake_bridge", to: true)
        replica.set(port, "tag", to: Datum(.integer(vlan)))
        replica.insert(.uuid(port.uuid), into: "ports", of: parent.row)
        view.addFakeBridge(named: name, in: parent, vlan: vlan)
    }

    /// A new interface, whose errors are reported in the end.
    func insertInterface(_ name: String, type: String? = nil) -> Row {
        let interface = replica.insert(in: "Interface")
        replica.set(interface, "name", to: Datum(.string(name)))
        if let type { replica.set(interface, "type", to: Datum(.string(type))) }
        noteNewInterface(interface)
        return interface
    }

    private func deleteBridge(_ command: Command) throws(ControlError) {
        let name = command.arguments[0]
        if command.has("--if-exists"), try bridge(ifAny: name) == nil { return }
        let bridge = try view.bridge(named: name)
        if bridge.parent == nil {
            replica.remove(.uuid(bridge.row.uuid), from: "bridges", of: root)
            for uuid in bridge.row["ports"].uuids {
                if let port = replica.row(uuid, in: "Port") { hide(port) }
            }
            replica.hide(bridge.row)
        } else {
            let rows = bridge.ports.values.map(\.row) + [localPort(of: bridge)].compactMap { $0 }
            for row in rows {
                replica.remove(.uuid(row.uuid), from: "ports", of: bridge.row)
                hide(row)
            }
        }
        view.remove(bridge)
    }

    /// Takes a port and its interfaces out of sight.
    func hide(_ port: Row) {
        for uuid in port["interfaces"].uuids {
            if let interface = replica.row(uuid, in: "Interface") { replica.hide(interface) }
        }
        replica.hide(port)
    }

    /// The port that makes a fake bridge.
    private func localPort(of bridge: BridgeView) -> Row? {
        replica.rows(of: "Port", named: bridge.name).first
    }

    private func listBridges(_ command: Command) throws(ControlError) {
        if isNarrow, replica.rows(of: "Port").contains(where: NetworkView.isFakeBridge) {
            throw .tooNarrow
        }
        let wantsReal = command.has("--real")
        let wantsFake = command.has("--fake")
        let bridges = view.bridges.values.filter { bridge in
            wantsReal == wantsFake || (bridge.parent == nil) == wantsReal
        }
        print(lines: bridges.map(\.name).sorted())
    }

    /// What fake bridges put before the keys of their external IDs, which are those of a port.
    private static let fakePrefix = "fake-bridge-"

    private func externalIDs(
        of name: String
    ) throws(ControlError) -> (row: Row, prefix: String) {
        let bridge = try view.bridge(named: name)
        guard bridge.parent != nil, let port = localPort(of: bridge) else {
            return (bridge.row, "")
        }
        return (port, Self.fakePrefix)
    }

    private func setExternalID(_ command: Command) throws(ControlError) {
        let arguments = command.arguments
        let (row, prefix) = try externalIDs(of: arguments[0])
        let key = Atom.string(prefix + arguments[1])
        if arguments.count > 2 {
            replica.insert(key, value: .string(arguments[2]), into: "external_ids", of: row)
        } else {
            replica.remove(key, from: "external_ids", of: row)
        }
    }

    private func getExternalIDs(_ command: Command) throws(ControlError) {
        let (row, prefix) = try externalIDs(of: command.arguments[0])
        let map = row["external_ids"]
        if command.arguments.count > 1 {
            if let value = map[.string(prefix + command.arguments[1])]?.string {
                print("\(value)\n")
            }
            return
        }
        for (key, value) in zip(map.keys, map.values) {
            guard let key = key.string, key.hasPrefix(prefix), let value = value.string else {
                continue
            }
            print("\(key.dropFirst(prefix.count))=\(value)\n")
        }
    }
}

// MARK: - Auto-Attach

extension ControlRun {
    private func executeAutoAttach(_ command: Command) throws(ControlError) {
        let arguments = command.arguments
        let numbers = try arguments.dropFirst().map(Self.aaNumber)
        let bridge = try view.bridge(named: arguments[0])
        let service = bridge.row["auto_attach"].uuid.flatMap {
            replica.row($0, in: "AutoAttach")
        }
        if command.name == "get-aa-mapping" {
            let mappings = service?["mappings"] ?? .empty
            print(
                lines: zip(mappings.keys, mappings.values).map { "\($0.text) \($1.text)" })
            return
        }
        let (isid, vlan) = (numbers[0], numbers[1])
        if command.name == "add-aa-mapping" {
            let row = service ?? insertAutoAttach(on: bridge)
            guard !row["mappings"].contains(.integer(isid)) else { return }
            replica.insert(.integer(isid), value: .integer(vlan), into: "mappings", of: row)
        } else if let service, service["mappings"][.integer(isid)] == .integer(vlan) {
            replica.remove(.integer(isid), from: "mappings", of: service)
        }
    }

    private func insertAutoAttach(on bridge: BridgeView) -> Row {
        let row = replica.insert(in: "AutoAttach")
        replica.set(bridge.row, "auto_attach", to: Datum(.uuid(row.uuid)))
        return row
    }

    /// An I-SID or a VLAN; the database checks its range.
    private static func aaNumber(_ text: String) throws(ControlError) -> Int64 {
        guard let value = IntegerText.unsignedInteger(text) else {
            throw ControlError("Invalid argument \(text)")
        }
        return value
    }
}
