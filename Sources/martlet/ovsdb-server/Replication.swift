import Daemon
import OVSDBEngine
import OVSDBModel

/// The role of a server in a pair of an active one and a backup (ovsdb(7), active-backup service
/// model).
final class Replication {
    private let host: DatabaseHost
    /// The server to follow as a backup; remembered while this one is active.
    private(set) var activeServer: String?
    private var excludedTables: [String: Set<String>] = [:]
    private var client: FollowingClient?
    /// What cannot be followed, until the role changes.
    private var refusedDatabases: Set<String> = []
    private var probeMilliseconds = FollowingClient.defaultProbeMilliseconds
    private let log = LogModule("replication")

    init(_ host: DatabaseHost) { self.host = host }

    var isBackup: Bool { client != nil }

    func setActiveServer(_ remote: String) { activeServer = remote }

    func setProbe(milliseconds: Int64) {
        probeMilliseconds = milliseconds
        client?.probeMilliseconds = milliseconds
    }

    /// Becomes a backup.
    ///
    /// - Returns: A sentence where that cannot be.
    func connect() -> String {
        guard let activeServer else {
            return "Unable to connect: active server is not specified.\n"
        }
        client?.stop()
        refusedDatabases = []
        let schemas = host.files.keys.sorted().compactMap { host.server.database($0)?.schema }
        let follower = DatabaseFollower(
            .backup(schemas, excludedTables: excludedTables, serverID: host.server.serverID))
        let client = FollowingClient(follower, remote: activeServer, host: host)
        client.probeMilliseconds = probeMilliseconds
        client.onEvent = { [weak self] in self?.handle($0, of: schemas) }
        self.client = client
        host.setReadOnly(true, because: "user ran ovsdb-server/connect-active-ovsdb-server")
        client.start()
        return ""
    }

    /// Becomes active.
    func disconnect() {
        client?.stop()
        client = nil
        host.setReadOnly(false, because: "user ran ovsdb-server/disconnect-active-ovsdb-server")
    }

    /// Begins anew where databases or exclusions are others.
    func refresh() {
        if isBackup { _ = connect() }
    }

    private func handle(_ event: FollowingClient.Event, of schemas: [DatabaseSchema]) {
        switch event {
        case .isSelf: refusedDatabases = Set(schemas.map(\.name))
        case .refused(let name): refusedDatabases.insert(name)
        }
        if schemas.allSatisfy({ refusedDatabases.contains($0.name) }) {
            log.warning("Nothing to replicate.")
        }
    }

    // MARK: Texts

    /// Takes tables to leave alone, as `DB:TABLE,DB:TABLE`.
    ///
    /// What says no table is taken for a table without a name, as genuine servers take it.
    func exclude(_ text: String) {
        var tables: [String: Set<String>] = [:]
        for item in text.split(separator: ",") {
            let colon = item.dropFirst().firstIndex(of: ":") ?? item.endIndex
            tables[String(item[..<colon]), default: []].insert(String(item[colon...].dropFirst()))
        }
        excludedTables = tables
        refresh()
    }

    var excludedTablesText: String {
        excludedTables.sorted { $0.key < $1.key }.flatMap { database, tables in
            tables.sorted().map { "\(database):\($0)" }
        }.joined(separator: ",")
    }

    var status: String {
        guard let client else { return "state: active\n" }
        var text = "state: backup\n"
        let names = host.files.keys.sorted()
        guard client.follower.isConnected else { return text + "connecting: \(client.remote)\n" }
        let live = names.filter { client.follower.liveDatabases.contains($0) }
        if live.isEmpty {
            guard !refusedDatabases.isEmpty else {
                return text + "connecting: \(client.remote)\n"
            }
            return text + "error: nothing to replicate from \(client.remote)\n"
        }
        text += "replicating: \(client.remote)\n"
        text += "database\(live.count > 1 ? "s" : ""): \(live.joined(separator: ", "))\n"
        if !excludedTables.isEmpty { text += "exclude: \(excludedTablesText)\n" }
        return text
    }
}
