import Daemon
import JSONRPC
import OVSDBEngine
import OVSDBModel
import Transport

/// The ways by which clients reach a database server: sockets to listen on, peers to connect to,
/// and columns of a database that name more of both.
final class DatabaseRemotes {
    /// A socket or a peer that is being served.
    fileprivate final class Endpoint {
        var listener: StreamListener?
        var client: ReconnectingClient?
        var sessions: Set<SessionID> = []
        var streams: [SessionID: StreamConnection] = [:]
    }

    /// A column that names remotes (`db:DATABASE,TABLE,COLUMN`).
    fileprivate struct ColumnReference {
        let database: String
        let table: Int
        let column: Int
        let tableName: String
        let columnName: String
    }

    /// How often a socket that could not be bound is tried again.
    static let retryPeriod: Duration = .seconds(5)

    fileprivate let host: DatabaseHost
    private var configured: [String] = []
    fileprivate var endpoints: [String: Endpoint] = [:]
    fileprivate var watches: [String: SessionID] = [:]
    private var hasReportScheduled = false
    private var retryTimer: ControlTimer?
    private let log = LogModule("ovsdb_jsonrpc_server")

    init(_ host: DatabaseHost) { self.host = host }

    /// What was configured, sorted.
    var names: [String] { configured.sorted() }

    func add(_ remote: String) throws(ControlError) {
        guard !configured.contains(remote) else { return }
        if remote.hasPrefix("db:") { _ = try reference(remote) }
        configured.append(remote)
        watch(remote)
        reconfigure()
    }

    func remove(_ remote: String) -> Bool {
        guard let index = configured.firstIndex(of: remote) else { return false }
        configured.remove(at: index)
        if let session = watches.removeValue(forKey: remote) { host.closeSession(session) }
        reconfigure()
        return true
    }

    func closeAll() {
        retryTimer?.cancel()
        for name in endpoints.keys { close(name) }
    }

    // MARK: Columns

    fileprivate func reference(_ remote: String) throws(ControlError) -> ColumnReference {
        let parts = remote.dropFirst("db:".count).split(
            separator: ",", omittingEmptySubsequences: false
        ).map(String.init)
        guard parts.count == 3 else { throw ControlError("\"\(remote)\": invalid syntax") }
        guard let database = host.server.database(parts[0]) else {
            throw ControlError("\"\(remote)\": no database named \(parts[0])")
        }
        guard let table = database.schema.index(of: parts[1]) else {
            throw ControlError("\"\(remote)\": no table named \(parts[1])")
        }
        let schema = database.schema.tables[table]
        guard let column = schema.index(of: parts[2]) else {
            throw ControlError(
                "\"\(remote)\": table \"\(parts[1])\" has no column \"\(parts[2])\"")
        }
        return ColumnReference(
            database: parts[0], table: table, column: column, tableName: parts[1],
            columnName: parts[2])
    }

    /// Hears of changes of a column, and of the rows that it refers to.
    private func watch(_ remote: String) {
        guard remote.hasPrefix("db:"), let reference = try? reference(remote),
            let schema = host.server.database(reference.database)?.schema
        else { return }
        var requests = JSONObject()
        requests[reference.tableName] = ["columns": [.string(reference.columnName)]]
        let target = schema.tables[reference.table].columns[reference.column].type.key.refTable
        if let target, target != reference.tableName, schema.table(target)?.column("target") != nil
        {
            requests[target] = ["columns": ["target"]]
        }
        let session = host.openSession { [weak self] message in
            if case .notification = message { self?.reconfigure() }
        }
        watches[remote] = session
        host.handle(
            .request(
                method: "monitor",
                params: [.string(reference.database), "remotes", .object(requests)], id: 1),
            from: session)
    }

    /// The methods that a column names now.
    private func methods(in reference: ColumnReference) -> [String] {
        guard let database = host.server.database(reference.database) else { return [] }
        let type = database.schema.tables[reference.table].columns[reference.column].type
        let data = database.rows(of: reference.table).values.map { $0[reference.column] }
        if type.key.type == .string { return data.flatMap(\.strings) }
        guard let target = type.key.refTable.flatMap(database.schema.index(of:)),
            let column = database.schema.tables[target].index(of: "target")
        else { return [] }
        return data.flatMap(\.uuids).compactMap {
            database.row(RowKey(table: target, uuid: $0))?[column].string
        }.filter { !$0.isEmpty }
    }

    // MARK: Endpoints

    /// Opens what is newly wanted and closes what no longer is.
    func reconfigure() {
        var wanted: [String] = []
        for remote in configured {
            if remote.hasPrefix("db:") {
                if let reference = try? reference(remote) { wanted += methods(in: reference) }
            } else {
                wanted.append(remote)
            }
        }
        for name in endpoints.keys where !wanted.contains(name) {
            log.info("\(name): remote deconfigured")
            close(name)
        }
        for name in wanted where endpoints[name] == nil { open(name) }
        scheduleReport()
        retryTimer?.cancel()
        retryTimer = nil
        let isIncomplete = endpoints.values.contains { $0.listener == nil && $0.client == nil }
        guard isIncomplete else { return }
        retryTimer = host.loop.after(Self.retryPeriod) { [weak self] in self?.retry() }
    }

    private func retry() {
        for (name, endpoint) in endpoints where endpoint.listener == nil && endpoint.client == nil {
            endpoints[name] = nil
        }
        reconfigure()
    }

    private func open(_ name: String) {
        let endpoint = Endpoint()
        endpoints[name] = endpoint
        do throws(TransportError) {
            let target = try StreamTarget(name, defaultPort: StreamTarget.ovsdbPort)
            guard target.isPassive else { return connect(target, endpoint) }
            endpoint.listener = try StreamListener(target, loop: host.loop) {
                [weak self, unowned endpoint] stream in self?.serve(stream, endpoint)
            }
            if case .unix(let path) = target.address { ExitCleanup.add(path) }
        } catch {
            if StreamTarget.isPassive(name) {
                log.error("\(name): listen failed: \(error.reason)")
            } else {
                LogModule("reconnect").info("\(name): connection attempt failed (\(error.reason))")
            }
        }
    }

    private func connect(_ target: StreamTarget, _ endpoint: Endpoint) {
        let client = ReconnectingClient(target, loop: host.loop)
        client.onConnect = { [weak self, unowned endpoint] in self?.serve($0, endpoint) }
        client.onEvent = { LogModule("reconnect").info("\(target.name): \($0.text)") }
        endpoint.client = client
        client.start()
    }

    private func serve(_ stream: StreamConnection, _ endpoint: Endpoint) {
        var opened: SessionID?
        let session = host.serve(stream) { [weak self, weak endpoint] in
            guard let opened else { return }
            endpoint?.sessions.remove(opened)
            endpoint?.streams[opened] = nil
            self?.scheduleReport()
        }
        opened = session
        scheduleReport()
        endpoint.sessions.insert(session)
        endpoint.streams[session] = stream
    }

    /// Reports once for all that happens in this turn of the loop.
    private func scheduleReport() {
        guard !hasReportScheduled, !watches.isEmpty else { return }
        hasReportScheduled = true
        host.loop.soon { [weak self] in
            self?.hasReportScheduled = false
            self?.report()
        }
    }

    private func close(_ name: String) {
        guard let endpoint = endpoints.removeValue(forKey: name) else { return }
        if let listener = endpoint.listener {
            listener.close()
            if case .unix(let path) = listener.target.address { ExitCleanup.remove(path) }
        }
        endpoint.client?.stop()
        for stream in endpoint.streams.values { stream.close() }
    }
}

// MARK: - Status

extension DatabaseRemotes {
    /// Writes into the rows that name remotes (the table Manager) how their connections are.
    private func report() {
        for (remote, session) in watches {
            guard let reference = try? reference(remote),
                let database = host.server.database(reference.database)
            else { continue }
            let schema = database.schema
            let type = schema.tables[reference.table].columns[reference.column].type
            guard let target = type.key.refTable.flatMap(schema.index(of:)),
                let column = schema.tables[target].index(of: "target"),
                let isConnected = schema.tables[target].index(of: "is_connected"),
                let status = schema.tables[target].index(of: "status")
            else { continue }
            var operations: [JSON] = []
            for (uuid, row) in database.rows(of: target) {
                guard let endpoint = row[column].string.flatMap({ endpoints[$0] }) else { continue }
                let connection = Datum(.boolean(!endpoint.sessions.isEmpty))
                guard row[isConnected] != connection || row[status] != endpoint.status else {
                    continue
                }
                operations.append([
                    "op": "update", "table": .string(schema.tables[target].name),
                    "where": [["_uuid", "==", Atom.uuid(uuid).json]],
                    "row": [
                        "is_connected": connection.json(type: ColumnType(.boolean)),
                        "status": endpoint.status.json(type: .map(.string, to: .string)),
                    ],
                ])
            }
            guard !operations.isEmpty else { continue }
            host.handle(
                .request(
                    method: "transact", params: [.string(reference.database)] + operations, id: 2),
                from: session)
        }
    }
}

extension DatabaseRemotes.Endpoint {
    /// As the column `status` of Manager has it (ovs-vswitchd.conf.db(5)).
    fileprivate var status: Datum {
        var pairs: [String: String] = [:]
        if let port = listener?.boundPort { pairs["bound_port"] = String(port) }
        switch sessions.count {
        case 0: if client != nil { pairs["state"] = "BACKOFF" }
        case 1: pairs["state"] = "ACTIVE"
        default: pairs["n_connections"] = String(sessions.count)
        }
        return Datum(pairs)
    }
}
