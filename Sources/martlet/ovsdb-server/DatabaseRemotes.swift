import Daemon
import JSONRPC
import OVSDBEngine
import OVSDBModel
import Transport

/// The ways by which clients reach a database server: sockets to listen on, peers to connect to,
/// and columns of a database that name more of both.
final class DatabaseRemotes {
    /// How often a socket that could not be bound is tried again.
    static let retryPeriod: Duration = .seconds(5)
    /// How often what changes with time is written into the database, where a column asks for it.
    static let reportPeriod: Duration = .milliseconds(2500)

    let host: DatabaseHost
    private var configured: [String] = []
    var endpoints: [String: RemoteEndpoint] = [:]
    /// The sessions that follow columns, and write into the rows they refer to.
    var watches: [String: SessionID] = [:]
    private var hasReportScheduled = false
    private var retryTimer: ControlTimer?
    private var reportTimer: ControlTimer?
    private let tls: TLSIdentity
    private let log = LogModule("ovsdb_jsonrpc_server")

    /// - Parameter tls: who the server is on TLS connections.
    init(_ host: DatabaseHost, tls: TLSIdentity = .shared) {
        self.host = host
        self.tls = tls
    }

    /// What was configured, sorted.
    var names: [String] { configured.sorted() }

    func add(_ remote: String) throws(ControlError) {
        guard !configured.contains(remote) else { return }
        if remote.hasPrefix(ColumnReference.prefix) { _ = try reference(remote) }
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
        reportTimer?.cancel()
        for name in Array(endpoints.keys) { close(name) }
    }

    // MARK: Columns

    func reference(_ remote: String) throws(ControlError) -> ColumnReference {
        try ColumnReference(remote, in: host.server)
    }

    /// Hears of changes of a column, and of the rows that it refers to.
    private func watch(_ remote: String) {
        guard remote.hasPrefix(ColumnReference.prefix), let reference = try? reference(remote),
            let schema = host.server.database(reference.database)?.schema
        else { return }
        var requests = JSONObject()
        requests[reference.table] = ["columns": [.string(reference.column)]]
        if let target = reference.target(in: host.server), target != reference.table,
            let table = schema.table(target)
        {
            let columns = Self.optionColumns.filter { table.column($0) != nil }
            requests[target] = ["columns": .array(columns.map(JSON.string))]
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
        guard reportTimer == nil else { return }
        reportTimer = host.loop.every(Self.reportPeriod) { [weak self] in self?.report() }
    }

    /// The columns by which a row configures a remote.
    private static let optionColumns = [
        "target", "max_backoff", "inactivity_probe", "read_only", "role", "other_config",
    ]

    // MARK: Endpoints

    /// Opens what is newly wanted, changes what is wanted otherwise, and closes what no longer is.
    func reconfigure() {
        var wanted: [String: RemoteOptions] = [:]
        for remote in configured {
            if !remote.hasPrefix(ColumnReference.prefix) {
                wanted[remote] = RemoteOptions(target: remote)
            } else if let reference = try? reference(remote) {
                for options in reference.remotes(in: host.server) {
                    wanted[options.target] = options
                }
            }
        }
        for name in Array(endpoints.keys) where wanted[name] == nil {
            log.info("\(name): remote deconfigured")
            close(name)
        }
        for (name, options) in wanted.sorted(by: { $0.key < $1.key }) {
            if let endpoint = endpoints[name] {
                change(endpoint, to: options)
            } else {
                open(options)
            }
        }
        scheduleReport()
        retryTimer?.cancel()
        retryTimer = nil
        guard endpoints.values.contains(where: { !$0.isOpen }) else { return }
        retryTimer = host.loop.after(Self.retryPeriod) { [weak self] in self?.retry() }
    }

    private func retry() {
        for (name, endpoint) in endpoints where !endpoint.isOpen { endpoints[name] = nil }
        reconfigure()
    }

    private func open(_ options: RemoteOptions) {
        let name = options.target
        let endpoint = RemoteEndpoint(options)
        endpoints[name] = endpoint
        do throws(TransportError) {
            LogModule.warnOfDefaultPort(name)
            let target = try StreamTarget(name, defaultPort: StreamTarget.ovsdbPort)
            guard target.isPassive else { return connect(target, endpoint) }
            endpoint.listener = try StreamListener(
                target, loop: host.loop, tls: tls, dscp: options.dscp
            ) {
                [weak self, unowned endpoint] stream in self?.serve(stream, endpoint)
            }
            tellPort(of: target, endpoint)
            if case .unix(let path) = target.address { ExitCleanup.add(path) }
        } catch {
            if StreamTarget.isPassive(name), !error.detail.isEmpty {
                LogModule.logWrongTarget(error)
            } else if StreamTarget.isPassive(name) {
                log.error("\(name): listen failed: \(error.reason)")
            } else {
                LogModule.logWrongTarget(error)
                LogModule("reconnect").info("\(name): connecting...")
                LogModule("reconnect").info("\(name): connection attempt failed (\(error.reason))")
            }
        }
    }

    /// Says in the log which port the system chose, where scripts look for it.
    private func tellPort(of target: StreamTarget, _ endpoint: RemoteEndpoint) {
        guard case .tcp(_, 0) = target.address, let port = endpoint.listener?.boundPort else {
            return
        }
        let place = target.name.drop { $0 != ":" }.dropFirst()
        LogModule("socket_util").info("\(place): listening on port \(port)")
    }

    private func connect(_ target: StreamTarget, _ endpoint: RemoteEndpoint) {
        let client = ReconnectingClient(target, loop: host.loop, tls: tls)
        client.onConnect = { [weak self, unowned endpoint] in self?.serve($0, endpoint) }
        client.onEvent = { [weak self, unowned endpoint, unowned client] event in
            guard let self else { return }
            endpoint.note(
                event, at: host.loop.nowMilliseconds,
                maximumBackoff: client.maximumBackoffSeconds)
            scheduleReport()
        }
        endpoint.client = client
        client.dscp = endpoint.options.dscp
        setBackoff(endpoint)
        client.start()
    }

    private func setBackoff(_ endpoint: RemoteEndpoint) {
        endpoint.client?.maximumBackoffSeconds =
            endpoint.options.maximumBackoffMilliseconds.map { Int(max(1, $0 / 1000)) }
            ?? ReconnectingClient.defaultMaximumBackoffSeconds
    }

    /// Clients whose rights have changed have to come again.
    private func change(_ endpoint: RemoteEndpoint, to options: RemoteOptions) {
        let old = endpoint.options
        guard old != options else { return }
        guard old.dscp == options.dscp else {
            close(options.target)
            return open(options)
        }
        endpoint.options = options
        setBackoff(endpoint)
        if old.probeInterval != options.probeInterval {
            for session in endpoint.streams.keys {
                host.setProbeInterval(options.probeInterval, of: session)
            }
        }
        if old.rights(of: nil) != options.rights(of: nil) { endpoint.dropClients() }
    }

    private func serve(_ stream: StreamConnection, _ endpoint: RemoteEndpoint) {
        var opened: SessionID?
        let session = host.serve(
            stream, rights: endpoint.options.rights(of: stream.peerCommonName),
            probeInterval: endpoint.options.probeInterval
        ) { [weak self, weak endpoint] in
            guard let opened else { return }
            endpoint?.remove(opened)
            self?.scheduleReport()
        }
        opened = session
        endpoint.add(session, stream)
        scheduleReport()
    }

    private func close(_ name: String) { endpoints.removeValue(forKey: name)?.close() }

    /// Reports once for all that happens in this turn of the loop.
    private func scheduleReport() {
        guard !hasReportScheduled, !watches.isEmpty else { return }
        hasReportScheduled = true
        host.loop.soon { [weak self] in
            self?.hasReportScheduled = false
            self?.report()
        }
    }
}
