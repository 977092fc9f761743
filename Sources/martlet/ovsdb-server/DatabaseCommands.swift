import Daemon
import OVSDBEngine
import OVSDBModel

/// The commands of `ovsdb-server` on its control socket (ovsdb-server(1)).
struct DatabaseCommands {
    private let host: DatabaseHost
    private let remotes: DatabaseRemotes
    private let log = LogModule("ovsdb_server")

    init(_ host: DatabaseHost, _ remotes: DatabaseRemotes) {
        self.host = host
        self.remotes = remotes
    }

    func register(in control: ControlServer) {
        registerDatabases(in: control)
        registerRemotes(in: control)
        registerService(in: control)
        control.onMemoryUsage = { [host] in
            let server = host.server
            var usage = [
                (name: "monitors", count: server.monitorCount),
                (name: "sessions", count: server.sessionCount),
            ]
            let rowCount = server.databaseNames.reduce(0) {
                $0 + (server.database($1)?.rowCount ?? 0)
            }
            usage.append((name: "rows", count: rowCount))
            if server.pendingCount > 0 {
                usage.append((name: "triggers", count: server.pendingCount))
            }
            return usage.sorted { $0.name < $1.name }
        }
    }

    private func registerDatabases(in control: ControlServer) {
        control.registerText("ovsdb-server/list-dbs") { [host] _ throws(ControlError) in
            host.server.databaseNames.joined(separator: "\n")
        }
        control.registerText("ovsdb-server/add-db", "DB", 1...1) {
            [host] arguments throws(ControlError) in
            do throws(OVSDBError) {
                try host.openDatabase(arguments[0])
            } catch {
                throw ControlError(error.description)
            }
            return ""
        }
        control.registerText("ovsdb-server/remove-db", "DB", 1...1) {
            [host] arguments throws(ControlError) in
            guard host.closeDatabase(arguments[0]) else {
                throw ControlError("Failed to find the database.")
            }
            return ""
        }
        control.registerText("ovsdb-server/compact", "[DB]", 0...1) {
            [host, log] arguments throws(ControlError) in
            let names = arguments.isEmpty ? host.files.keys.sorted() : arguments
            for name in names {
                guard host.files[name] != nil else {
                    throw ControlError("no database by that name")
                }
                log.info("compacting \(name) database by user request")
                do throws(StorageError) {
                    try host.compact(name)
                } catch {
                    throw ControlError(error.description)
                }
            }
            return ""
        }
        control.registerText("ovsdb-server/get-db-storage-status", "DB", 1...1) {
            [host] arguments throws(ControlError) in
            guard host.files[arguments[0]] != nil else {
                throw ControlError("no database by that name")
            }
            return "status: ok"
        }
    }

    private func registerRemotes(in control: ControlServer) {
        control.registerText("ovsdb-server/add-remote", "REMOTE", 1...1) {
            [remotes] arguments throws(ControlError) in
            try remotes.add(arguments[0])
            return ""
        }
        control.registerText("ovsdb-server/remove-remote", "REMOTE", 1...1) {
            [remotes] arguments throws(ControlError) in
            guard remotes.remove(arguments[0]) else { throw ControlError("no such remote") }
            return ""
        }
        control.registerText("ovsdb-server/list-remotes") { [remotes] _ throws(ControlError) in
            remotes.names.joined(separator: "\n")
        }
        control.registerText("ovsdb-server/reconnect") { [remotes] _ throws(ControlError) in
            remotes.reconnect()
            return ""
        }
    }

    /// Replication between servers is not offered, and its commands say so.
    private func registerService(in control: ControlServer) {
        control.registerText("ovsdb-server/sync-status") { _ throws(ControlError) in
            "state: active\n"
        }
        control.registerText("ovsdb-server/get-active-ovsdb-server") { _ throws(ControlError) in ""
        }
        control.registerText("ovsdb-server/perf-counters-show") { _ throws(ControlError) in
            "performance counter is not supported on this platform\n"
        }
        control.registerText("ovsdb-server/perf-counters-clear") { _ throws(ControlError) in "" }
        control.registerText("ovsdb-server/memory-trim-on-compaction", "on|off", 1...1) {
            arguments throws(ControlError) in
            guard ["on", "off"].contains(arguments[0]) else {
                throw ControlError("invalid argument")
            }
            return ""
        }
    }
}
