import Daemon

/// The commands of `ovsdb-server` for its role in a pair of servers (ovsdb-server(1),
/// active-backup commands).
struct ReplicationCommands {
    private let replication: Replication

    init(_ replication: Replication) { self.replication = replication }

    func register(in control: ControlServer) {
        registerRole(in: control)
        control.registerText("ovsdb-server/set-sync-exclude-tables", "", 1...1) {
            [replication] arguments throws(ControlError) in
            replication.exclude(arguments[0])
            return ""
        }
        control.registerText("ovsdb-server/get-sync-exclude-tables") {
            [replication] _ throws(ControlError) in replication.excludedTablesText
        }
        control.registerText("ovsdb-server/set-active-ovsdb-server-probe-interval", "", 1...1) {
            [replication] arguments throws(ControlError) in
            guard let milliseconds = Int64(arguments[0]), milliseconds >= 0 else {
                return "Invalid probe interval, integer value expected"
            }
            replication.setProbe(milliseconds: milliseconds)
            return ""
        }
    }

    private func registerRole(in control: ControlServer) {
        control.registerText("ovsdb-server/sync-status") { [replication] _ throws(ControlError) in
            replication.status
        }
        control.registerText("ovsdb-server/set-active-ovsdb-server", "", 1...1) {
            [replication] arguments throws(ControlError) in
            replication.setActiveServer(arguments[0])
            return ""
        }
        control.registerText("ovsdb-server/get-active-ovsdb-server") {
            [replication] _ throws(ControlError) in replication.activeServer ?? ""
        }
        control.registerText("ovsdb-server/connect-active-ovsdb-server") {
            [replication] _ throws(ControlError) in replication.connect()
        }
        control.registerText("ovsdb-server/disconnect-active-ovsdb-server") {
            [replication] _ throws(ControlError) in
            replication.disconnect()
            return ""
        }
    }
}
