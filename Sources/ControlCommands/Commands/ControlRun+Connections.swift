import OVSDBModel

/// Managers, controllers, fail modes and TLS.
extension ControlRun {
    func executeConnection(_ command: Command) throws(ControlError) {
        let arguments = command.arguments
        switch command.name {
        case "get-manager":
            print(lines: managers.map { $0["target"].string ?? "" }.sorted())
        case "del-manager":
            replica.set(root, "manager_options", to: .empty)
        case "set-manager":
            try setTargets(arguments, command, table: "Manager", of: root, "manager_options")
        case "get-controller":
            let bridge = try view.bridge(named: arguments[0])
            print(lines: controllers(of: bridge).map { $0["target"].string ?? "" }.sorted())
        case "del-controller":
            let bridge = try view.realBridge(named: arguments[0])
            replica.set(bridge.row, "controller", to: .empty)
        case "set-controller":
            let bridge = try view.realBridge(named: arguments[0])
            try setTargets(
                Array(arguments.dropFirst()), command, table: "Controller", of: bridge.row,
                "controller")
        case "get-fail-mode":
            let bridge = try view.bridge(named: arguments[0])
            if let mode = bridge.row["fail_mode"].string { print("\(mode)\n") }
        case "del-fail-mode":
            let bridge = try view.realBridge(named: arguments[0])
            replica.set(bridge.row, "fail_mode", to: .empty)
        case "set-fail-mode":
            let bridge = try view.realBridge(named: arguments[0])
            guard ["standalone", "secure"].contains(arguments[1]) else {
                throw ControlError("fail-mode must be \"standalone\" or \"secure\"")
            }
            replica.set(bridge.row, "fail_mode", to: Datum(.string(arguments[1])))
        default:
            executeTLS(command)
        }
    }

    private var managers: [Row] {
        root["manager_options"].uuids.compactMap { replica.row($0, in: "Manager") }
    }

    private func controllers(of bridge: BridgeView) -> [Row] {
        bridge.row["controller"].uuids.compactMap { replica.row($0, in: "Controller") }
    }

    /// Connection methods that may be what the operator means.
    private static let methods = ["tcp:", "ssl:", "unix:", "ptcp:", "pssl:", "punix:"]

    /// Replaces all managers or controllers.
    private func setTargets(
        _ targets: [String], _ command: Command, table: String, of row: Row, _ column: String
    ) throws(ControlError) {
        var distinct: [String] = []
        for target in targets where !distinct.contains(target) { distinct.append(target) }
        for target in distinct where !Self.methods.contains(where: target.hasPrefix) {
            warn("target type \"\(target)\" is possibly erroneous")
        }
        let probe = command.value(of: "--inactivity-probe").map { IntegerText.integer($0) }
        let rows = row[column].uuids.compactMap { replica.row($0, in: table) }
        if hasSameTargets(rows, distinct, probe) { return }
        let new = distinct.map { target in
            let new = replica.insert(in: table)
            replica.set(new, "target", to: Datum(.string(target)))
            if let probe { replica.set(new, "inactivity_probe", to: Datum(.integer(probe))) }
            return new.uuid
        }
        replica.set(row, column, to: Datum(uuids: new))
    }

    private func hasSameTargets(_ rows: [Row], _ targets: [String], _ probe: Int64?) -> Bool {
        rows.compactMap { $0["target"].string }.sorted() == targets.sorted()
            && rows.allSatisfy { $0["inactivity_probe"].integer == probe }
    }

    private func executeTLS(_ command: Command) {
        switch command.name {
        case "get-ssl":
            guard let row = root["ssl"].uuid.flatMap({ replica.row($0, in: "SSL") }) else { return }
            print("Private key: \(row["private_key"].string ?? "")\n")
            print("Certificate: \(row["certificate"].string ?? "")\n")
            print("CA Certificate: \(row["ca_cert"].string ?? "")\n")
            print("Bootstrap: \(row["bootstrap_ca_cert"].boolean == true)\n")
        case "del-ssl":
            replica.set(root, "ssl", to: .empty)
        default:
            let row = replica.insert(in: "SSL")
            replica.set(row, "private_key", to: Datum(.string(command.arguments[0])))
            replica.set(row, "certificate", to: Datum(.string(command.arguments[1])))
            replica.set(row, "ca_cert", to: Datum(.string(command.arguments[2])))
            replica.set(
                row, "bootstrap_ca_cert", to: Datum(.boolean(command.has("--bootstrap"))))
            replica.set(root, "ssl", to: Datum(.uuid(row.uuid)))
        }
    }
}
