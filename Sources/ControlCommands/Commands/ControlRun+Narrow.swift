public import JSONRPC
import OVSDBModel

/// Reading rows by name instead of whole tables.
///
/// In a narrow run every error means that whole tables must be read, where the commands either
/// succeed or fail with the right sentence. So only what would silently go wrong is checked here.
extension ControlRun {
    /// Whether a command can work on the rows that it names.
    static func isNarrowable(_ command: Command) -> Bool {
        switch command.name {
        case "init", "comment", "create", "list-br", "br-exists", "add-port", "del-port", "del-br",
            "get-manager", "set-manager", "del-manager", "get-ssl", "set-ssl", "del-ssl",
            "set-fail-mode", "get-fail-mode", "del-fail-mode", "set-controller",
            "get-controller", "del-controller":
            true
        case "add-br":
            command.arguments.count == 1
        case "get", "set", "add", "remove", "clear":
            tablesByName.contains(command.arguments[0].lowercased())
        case "list":
            command.arguments.count > 1
                && tablesByName.contains(command.arguments[0].lowercased())
        default:
            false
        }
    }

    /// Tables whose records go by their column `name`, as scripts write them.
    private static let tablesByName: Set = ["bridge", "br", "port", "interface"]

    /// Notes what a command reads by name; false where it reads whole tables.
    func addNarrowNeeds(of command: Command) throws(ControlError) -> Bool {
        let arguments = command.arguments
        switch command.name {
        case "list-br":
            needs.add("Bridge", "name")
            needs.add(
                "Port", where: ["fake_bridge", "==", true], "name", "fake_bridge", "tag")
        case "br-exists", "add-br":
            needs.addHolders(of: [arguments[0]])
        case "del-br":
            needs.add("Open_vSwitch", "bridges")
            needs.addHolders(of: [arguments[0]])
        case "del-port":
            needs.addHolders(of: [arguments[arguments.count - 1]])
            needs.add(
                "Port", named: [arguments[arguments.count - 1]], "interfaces", "fake_bridge", "tag")
        case "add-port":
            needs.addHolders(of: Array(arguments.prefix(2)))
        case "set-fail-mode", "get-fail-mode", "del-fail-mode":
            needs.add("Bridge", named: [arguments[0]], "fail_mode")
        case "set-controller", "get-controller", "del-controller":
            needs.add("Bridge", named: [arguments[0]], "controller")
            needs.add("Controller", "target", "inactivity_probe")
        default:
            return false
        }
        return true
    }

    /// Throws where a name is taken, or where that cannot be told.
    func checkFree(_ name: String, for purpose: String) throws(ControlError) {
        if isNarrow && isHeld(name) { throw .tooNarrow }
        try view.checkFree(name, for: purpose)
    }

    /// The bridge with a name that may be missing; throws where that cannot be told.
    func bridge(ifAny name: String) throws(ControlError) -> BridgeView? {
        if let bridge = view.bridges[name] { return bridge }
        if isNarrow && isHeld(name) { throw .tooNarrow }
        return nil
    }

    /// Deletes a port that was read by name.
    func deleteNarrowly(_ command: Command) throws(ControlError) {
        let target = command.arguments[command.arguments.count - 1]
        guard view.bridges[target] == nil else { throw .tooNarrow }
        guard let port = replica.rows(of: "Port", named: target).first else {
            if command.has("--if-exists") && !command.has("--with-iface") { return }
            throw .tooNarrow
        }
        guard let owner = portOwners[port.uuid], !owner.isDeleted,
            port["fake_bridge"].boolean != true
        else { throw .tooNarrow }
        if command.arguments.count == 2 {
            // A port with a tag may belong to a fake bridge.
            guard owner.name == command.arguments[0], port["tag"].isEmpty else {
                throw .tooNarrow
            }
        }
        replica.note(.uuid(port.uuid), in: "ports", of: owner)
        replica.remove(.uuid(port.uuid), from: "ports", of: owner)
        hide(port)
    }

    /// The operations that read what only the first answers let one ask for: the bridges of ports
    /// that are to be deleted.
    public func followUps() -> [JSON] {
        guard isNarrow else { return [] }
        let targets = Set(
            commands.filter { $0.name == "del-port" }.compactMap { $0.arguments.last })
        guard !targets.isEmpty else { return [] }
        soughtPorts = replica.rows(of: "Port").filter { targets.contains($0.name) }
        return soughtPorts.map { port in
            [
                "op": "select", "table": "Bridge", "columns": ["_uuid", "name"],
                "where": [["ports", "includes", Atom.uuid(port.uuid).json]],
            ]
        }
    }

    /// Takes in the results of ``followUps()``.
    public func load(followUps results: [JSON]) throws(ControlError) {
        guard let table = replica.schema.table("Bridge") else { return }
        let index = replica.index(of: "Bridge")
        var reader = RowReader(table)
        for (port, result) in zip(soughtPorts, results) {
            guard let json = result["rows"]?[0] else { continue }
            let row = try reader.read(json)
            replica.load(row, table: index)
            portOwners[port.uuid] = replica.row(row.uuid, in: "Bridge")
        }
    }

    /// Whether a port or an interface that was read has this name.
    private func isHeld(_ name: String) -> Bool {
        !replica.rows(of: "Port", named: name).isEmpty
            || !replica.rows(of: "Interface", named: name).isEmpty
    }
}
