import Daemon
import OVSDBEngine
import OVSDBModel

/// The commands of `ovsdb-server` on its control socket (ovsdb-server(1)).
struct DatabaseCommands {
    private let host: DatabaseHost
    private let remotes: DatabaseRemotes
    private let replication: Replication
    private let log = LogModule("ovsdb_server")

    init(_ host: DatabaseHost, _ remotes: DatabaseRemotes, _ replication: Replication) {
        self.host = host
        self.remotes = remotes
        self.replication = replication
    }

    func register(in control: ControlServer) {
        registerDatabases(in: control)
        registerRemotes(in: control)
        registerService(in: control)
        ReplicationCommands(replication).register(in: control)
        TransactionLogCommands(host).register(in: control)
        control.onMemoryUsage = { [host] in Self.usage(of: host.server) }
    }

    private static func usage(of server: DatabaseServer) -> [(name: String, count: Int)] {
        let usage = server.usage
        var counts = [
            (name: "atoms", count: usage.atomCount), (name: "cells", count: usage.cellCount),
            (name: "monitors", count: server.monitorCount),
            (name: "n-weak-refs", count: usage.weakReferenceCount),
        ]
        // Genuine servers do not speak of these while there are none.
        let optional = [
            (name: "sessions", count: server.sessionCount),
            (name: "triggers", count: server.pendingCount),
        ]
        counts += optional.filter { $0.count > 0 }
        return counts
    }

    private func registerDatabases(in control: ControlServer) {
        control.registerText("ovsdb-server/list-dbs") { [host] _ throws(ControlError) in
            host.server.databaseNames.joined(separator: "\n")
        }
        control.registerText("ovsdb-server/add-db", "DB", 1...1) {
            [host, replication] arguments throws(ControlError) in
            do throws(OVSDBError) {
                try host.open(argument: arguments[0])
            } catch {
                throw ControlError(error.description)
            }
            replication.refresh()
            return ""
        }
        control.registerText("ovsdb-server/remove-db", "DB", 1...1) {
            [host, replication] arguments throws(ControlError) in
            guard arguments[0] != DatabaseServer.reservedName else {
                throw ControlError("Cannot remove reserved database.")
            }
            guard host.closeDatabase(arguments[0]) else {
                throw ControlError("Failed to find the database.")
            }
            replication.refresh()
            return ""
        }
        control.register("ovsdb-server/compact", "", 0...1) { compact($0) }
        control.registerText("ovsdb-server/get-db-storage-status", "DB", 1...1) {
            [host] arguments throws(ControlError) in
            guard host.server.databaseNames.contains(arguments[0]) else {
                throw ControlError("Failed to find the database.")
            }
            return "status: ok"
        }
    }

    /// Compacts one database or all, and answers when that is done.
    private func compact(_ request: ControlRequest) {
        let served = host.server.databaseNames.filter { $0 != DatabaseServer.reservedName }
        guard let name = request.arguments.first else {
            compact(served[...], request)
            return
        }
        if name == DatabaseServer.reservedName {
            request.fail("cannot compact built-in databases")
        } else if !served.contains(name) {
            request.fail("no database by that name")
        } else {
            compact([name], request)
        }
    }

    private func compact(_ names: ArraySlice<String>, _ request: ControlRequest) {
        guard let name = names.first else {
            request.reply("")
            return
        }
        log.info("compacting \(name) database by user request")
        host.compact(name) { failure in
            if let failure {
                request.fail(failure.description)
            } else {
                compact(names.dropFirst(), request)
            }
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
        control.registerText("ovsdb-server/reconnect") { [host] _ throws(ControlError) in
            host.closeSessions("user ran ovsdb-server/reconnect")
            return ""
        }
    }

    private func registerService(in control: ControlServer) {
        control.registerText("ovsdb-server/disable-monitor-cond") {
            [host] _ throws(ControlError) in
            guard host.server.offersConditionalMonitors else { return "" }
            host.server.offersConditionalMonitors = false
            host.closeSessions("user ran ovsdb-server/disable-monitor-cond")
            return ""
        }
        control.registerText("ovsdb-server/perf-counters-show") { _ throws(ControlError) in
            "performance counter is not supported on this platform\n"
        }
        control.registerText("ovsdb-server/perf-counters-clear") { _ throws(ControlError) in "" }
        control.registerText("ovsdb-server/memory-trim-on-compaction", "on|off", 1...1) {
            [host, log] arguments throws(ControlError) in
            guard ["on", "off"].contains(arguments[0]) else {
                throw ControlError("invalid argument")
            }
            host.trimsMemory = arguments[0] == "on"
            log.info(
                "memory trimming after compaction \(host.trimsMemory ? "enabled" : "disabled").")
            return ""
        }
        registerClusters(in: control)
    }

    /// Databases of clusters are not served, and whoever asks for one hears why.
    private func registerClusters(in control: ControlServer) {
        let commands = [
            ("cid", "DB", 1...1), ("sid", "DB", 1...1), ("status", "DB", 1...1),
            ("leave", "DB", 1...1), ("kick", "DB SERVER", 2...2),
            ("change-election-timer", "DB TIME", 2...2),
            ("set-backlog-threshold", "DB N_MSGS N_BYTES", 3...3),
        ]
        for (name, usage, counts) in commands {
            control.registerText("cluster/\(name)", usage, counts) {
                [host] arguments throws(ControlError) in
                guard host.server.databaseNames.contains(arguments[0]) else {
                    throw ControlError("unknown cluster")
                }
                throw ControlError(
                    "\(arguments[0]): not a clustered database, and this server serves none")
            }
        }
    }
}
