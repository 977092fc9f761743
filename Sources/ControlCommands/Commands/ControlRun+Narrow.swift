import OVSDBModel

/// Reading rows by name instead of whole tables.
///
/// In a narrow run every error means that whole tables must be read, where the commands either
/// succeed or fail with the right sentence. So only what would silently go wrong is checked here.
extension ControlRun {
    /// Whether a command can work on the rows that it names.
    static func isNarrowable(_ command: Command) -> Bool {
        switch command.name {
        case "init", "comment", "create", "br-exists", "add-port", "del-br",
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
        case "br-exists", "add-br":
            needs.addHolders(of: [arguments[0]])
        case "del-br":
            needs.add("Open_vSwitch", "bridges")
            needs.addHolders(of: [arguments[0]])
        case "add-port":
            needs.addHolders(of: Array(arguments.prefix(2)))
            try addSettingNeeds(Array(arguments.dropFirst(2)))
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

    /// Whether a port or an interface that was read has this name.
    private func isHeld(_ name: String) -> Bool {
        replica.rows(of: "Port").contains { $0.name == name }
            || replica.rows(of: "Interface").contains { $0.name == name }
    }
}
