public import OVSDBClient
public import Transport

/// A replica joined to its server: keeps a connection to one of several servers, carries out what
/// the replica asks for, and tells its owner what happens.
///
/// It belongs to the control loop, as the replica does. Programs that have such a loop use it as it
/// is; ``DatabaseConnection`` offers the same to tasks.
public final class DatabaseSession {
    /// How long to wait before asking a server again that did not offer the database.
    public static let failureDelay = Duration.seconds(8)

    public let replica: DatabaseReplica
    /// A new connection is there, and nothing has been said on it.
    public var onConnect: (() -> Void)?
    public var onDisconnect: (() -> Void)?
    /// Rows came, went or changed; the first call after connecting completes the copy.
    public var onChange: (([RowNotice]) -> Void)?
    /// The lock is this client's, or no longer.
    public var onLock: ((Bool) -> Void)?
    /// The server does not offer what is needed; it is asked again later, or the next one is.
    public var onFailure: ((String) -> Void)?
    /// Each step of connecting to a target, for the log.
    public var onEvent: ((StreamTarget, ReconnectEvent) -> Void)?

    /// What ``failureDelay`` lasts; tests make it shorter.
    var failureDelay = DatabaseSession.failureDelay

    /// How long a server on the network may say nothing before it is asked whether it is still
    /// there; zero asks it nothing.
    ///
    /// A change holds from the next connection on.
    public var probeMilliseconds = InactivityProbe.defaultMilliseconds

    private let loop: ControlLoop
    private var probe: InactivityProbe?
    private var clients: [ReconnectingClient] = []
    /// The client that connects, or is connected.
    private var current = 0
    private var isRunning = false
    private var connection: JSONRPCConnection?
    private var retryTimer: ControlTimer?
    private var completions: [DatabaseReplica.TransactionID: (TransactionOutcome) -> Void] = [:]

    /// - Precondition: There is a target, and all of them are active.
    public init(_ replica: DatabaseReplica, targets: [StreamTarget], loop: ControlLoop) {
        precondition(!targets.isEmpty, "a session needs a server")
        self.replica = replica
        self.loop = loop
        clients = targets.map { ReconnectingClient($0, loop: loop) }
        for (index, client) in clients.enumerated() {
            client.onEvent = { [unowned self] event in happened(event, at: index) }
            client.onConnect = { [unowned self] stream in connected(JSONRPCConnection(stream)) }
            client.onDisconnect = { [unowned self] _ in disconnected() }
        }
    }

    public var isConnected: Bool { connection != nil }

    public func start() {
        guard !isRunning else { return }
        isRunning = true
        clients[current].start()
    }

    /// Closes, and stays closed; what was submitted ends as unknown.
    public func stop() {
        guard isRunning else { return }
        isRunning = false
        retryTimer?.cancel()
        clients[current].stop()
        if connection != nil { disconnected() }
        for name in completions.keys { perform(replica.withdraw(name)) }
    }

    // MARK: Transactions

    /// Sends a transaction once.
    public func commit(
        _ request: TransactionRequest, _ completion: @escaping (TransactionOutcome) -> Void
    ) {
        let (name, actions) = replica.commit(request)
        completions[name] = completion
        perform(actions)
    }

    /// Composes a transaction from the rows until it is committed or refused; see
    /// ``DatabaseReplica/submit(_:_:)``.
    public func submit(
        _ policy: RetryPolicy = .always,
        _ compose: @escaping (DatabaseReplica, inout TransactionRequest) -> Void,
        _ completion: @escaping (TransactionOutcome) -> Void
    ) {
        guard isRunning else {
            completion(.unknown)
            return
        }
        let (name, actions) = replica.submit(policy, compose)
        completions[name] = completion
        perform(actions)
    }

    /// Follows other rows of a table from now on; nil stands for all.
    public func setCondition<Owner: TableRow>(
        _ condition: RowCondition<Owner>?, of _: Owner.Type = Owner.self
    ) {
        perform(replica.setCondition(condition))
    }

    private func perform(_ actions: [DatabaseReplica.Action]) {
        for action in actions {
            switch action {
            case .send(let message): connection?.send(message)
            case .changed(let notices): onChange?(notices)
            case .completed(let name, let outcome):
                completions.removeValue(forKey: name)?(outcome)
            case .lock(let isOwned): onLock?(isOwned)
            case .failed(let reason): failed(reason)
            }
        }
    }

    // MARK: Connections

    private func connected(_ connection: JSONRPCConnection) {
        self.connection = connection
        connection.onMessage = { [unowned self] message in
            probe?.heard()
            perform(replica.handle(message))
        }
        if clients[current].target.isOnNetwork { startProbing(connection) }
        onConnect?()
        perform(replica.connected())
    }

    private func startProbing(_ connection: JSONRPCConnection) {
        let client = clients[current]
        probe = InactivityProbe(connection, loop: loop, milliseconds: probeMilliseconds) {
            [weak self] milliseconds in
            self?.onEvent?(client.target, .silent(seconds: Int(milliseconds / 1000)))
            client.reconnect()
        }
    }

    private func disconnected() {
        probe?.stop()
        probe = nil
        connection?.onMessage = nil
        connection = nil
        perform(replica.disconnected())
        onDisconnect?()
    }

    private func happened(_ event: ReconnectEvent, at index: Int) {
        onEvent?(clients[index].target, event)
        guard case .waiting(let seconds) = event, clients.count > 1 else { return }
        // Instead of waiting for this one, the next one is tried; a round ends with the wait.
        let isRound = index == clients.count - 1
        loop.soon { [weak self] in
            self?.move(from: index, after: isRound ? .seconds(seconds) : .zero)
        }
    }

    private func move(from index: Int, after delay: Duration) {
        guard isRunning, index == current else { return }
        clients[index].stop()
        current = (index + 1) % clients.count
        retryTimer = loop.after(delay) { [weak self] in
            guard let self, self.isRunning else { return }
            self.clients[self.current].start()
        }
    }

    /// Leaves a server that is of no use.
    private func failed(_ reason: String) {
        onFailure?(reason)
        let index = current
        loop.soon { [weak self] in
            guard let self, self.isRunning, index == self.current else { return }
            self.clients[index].stop()
            if self.connection != nil { self.disconnected() }
            let isRound = index == self.clients.count - 1
            self.move(from: index, after: isRound ? self.failureDelay : .zero)
        }
    }
}
