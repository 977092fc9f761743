public import JSONRPC
public import OVSDBModel

/// The name of a client's connection.
public struct SessionID: Hashable, Sendable {
    let number: Int
}

/// When something happens, in milliseconds.
public struct Moment: Hashable, Sendable {
    /// Of a clock that nobody sets, for timeouts.
    public let monotonic: Int64
    /// Since 1970, for the log.
    public let date: Int64

    public init(monotonic: Int64, date: Int64) {
        self.monotonic = monotonic
        self.date = date
    }
}

/// The server's end of OVSDB (RFC 7047 §4, ovsdb-server(7)) without sockets and clocks: a message
/// comes in from a session, and messages to any sessions go out.
///
/// A commit is told to every session that monitors what it changes before its own reply goes out,
/// and wakes the transactions that wait for a condition. One thread owns a server.
public final class DatabaseServer {
    /// A message and whom it goes to.
    public struct Outgoing: Hashable, Sendable {
        public let session: SessionID
        public let message: JSONRPCMessage
        /// The message's text, where several sessions are told the same and hold it together.
        public let sharedText: [UInt8]?
    }

    /// What is to be done beside sending messages, after them.
    public enum Order: Hashable, Sendable {
        /// A client has to connect again to see what has changed.
        case close(SessionID, reason: String)
        /// A request that the server which a relay follows has to answer, by way of
        /// ``DatabaseServer/forwardedRequest(_:answered:at:)``.
        case forward(ForwardedRequest)
    }

    /// A transaction whose `wait` is not fulfilled.
    struct PendingTransaction {
        let session: SessionID
        let id: JSON
        let params: [JSON]
        let arrival: Int64
        var deadline: Int64?

        /// When a timeout ends, or never if that is beyond the clock's range.
        func deadline(after timeout: Int64) -> Int64 {
            let (sum, overflows) = arrival.addingReportingOverflow(timeout)
            return overflows ? .max : sum
        }
    }

    struct Session {
        var monitors: [Monitor] = []
        var isAwareOfDatabaseChanges = false
    }

    /// Transactions of one session that may wait at a time; genuine servers do not limit them.
    public static let maximumPendingCount = 10_000

    /// The database in which the server tells of all others.
    public static let reservedName = ServerDatabase.name

    var databases: [String: Database] = [:]
    /// The databases that follow another server, by name.
    var relays: [String: Relay] = [:]
    /// The requests that the followed servers have not answered yet.
    var forwarded: [Int: ForwardedRequest.Origin] = [:]
    var nextForwardNumber = 0
    var sessions: [SessionID: Session] = [:] {
        didSet { listeners = nil }
    }
    /// What sessions may do that may not do everything; few are such.
    private var limitedRights: [SessionID: SessionRights] = [:]
    var audiences = MonitorAudiences()
    /// The sessions that monitor something, in the order in which they are told; nil where they
    /// are not known.
    private var listeners: [SessionID]?
    var locks = LockTable()
    var pending: [PendingTransaction] = []
    private var nextSessionNumber = 1
    private var outgoing: [Outgoing] = []
    private var orders: [Order] = []
    public let serverID: UUID
    /// Whether clients may only read, as in a backup of another server.
    public internal(set) var isReadOnly = false
    /// Whether the methods `monitor_cond` and `monitor_cond_since` are known; tests of clients turn
    /// them off.
    public var offersConditionalMonitors = true
    /// Hears of every commit, after it was made.
    public var onCommit: ((_ changes: [RowChange], _ database: Database) -> Void)?
    let makeUUID: @Sendable () -> UUID

    public init(makeUUID: @escaping @Sendable () -> UUID = UUIDSource.generator()) {
        self.makeUUID = makeUUID
        serverID = makeUUID()
        let own = Database(ServerDatabase.schema, makeUUID: makeUUID)
        databases[ServerDatabase.name] = own
        _ = change([ServerDatabase.insertion(of: own.schema)], at: Moment(monotonic: 0, date: 0))
    }

    // MARK: Databases

    /// All that are served, those included whose schema is not known yet.
    public var databaseNames: [String] { Set(databases.keys).union(relays.keys).sorted() }

    public func database(_ name: String) -> Database? { databases[name] }

    // MARK: Durable transactions

    /// Whether messages must not go out before ``sync()``: they may tell of a transaction that was
    /// asked to be durable and is not on the disk yet.
    ///
    /// Whoever owns the server may handle other messages first, as one wait for the disk serves
    /// all transactions before it.
    public var isSyncDue: Bool { databases.values.contains { $0.isSyncDue } }

    /// Waits until all that was committed is on the disk.
    ///
    /// When it throws, nothing that is held back may go out any more.
    public func sync() throws(StorageError) {
        for database in databases.values where database.isSyncDue { try database.sync() }
    }

    // MARK: Sessions

    public var sessionCount: Int { sessions.count }
    public var monitorCount: Int { sessions.values.reduce(0) { $0 + $1.monitors.count } }
    public var pendingCount: Int { pending.count + forwarded.count }

    /// - Parameter rights: What the client may do; everything, unless they say less.
    public func openSession(_ rights: SessionRights = SessionRights()) -> SessionID {
        let id = SessionID(number: nextSessionNumber)
        nextSessionNumber += 1
        sessions[id] = Session()
        if rights != SessionRights() { limitedRights[id] = rights }
        return id
    }

    func rights(of id: SessionID) -> SessionRights { limitedRights[id] ?? SessionRights() }

    /// The locks that a client has to do with.
    public func lockNames(of id: SessionID) -> LockNames { locks.names(of: id) }

    /// Forgets a client: its monitors, its waiting transactions and its locks.
    public func closeSession(_ id: SessionID) -> [Outgoing] {
        sessions[id] = nil
        limitedRights[id] = nil
        pending.removeAll { $0.session == id }
        abandonForwarded { $0.session == id }
        for (lock, owner) in locks.removeAll(of: id) {
            send(.notification(method: "locked", params: [.string(lock)]), to: owner)
        }
        return takeOutgoing()
    }

    /// Takes a message of a client.
    public func handle(
        _ message: JSONRPCMessage, from session: SessionID, at now: Moment
    ) -> [Outgoing] {
        guard sessions[session] != nil else { return [] }
        switch message {
        case .request(let method, let params, let id):
            respond(method, params, id: id, session, at: now)
        case .notification("cancel", let params):
            if let id = params.first { cancel(id, of: session) }
        case .notification, .reply, .error:
            break
        }
        return takeOutgoing()
    }

    /// When ``advance(to:)`` is due next, by the monotonic clock.
    public var nextDeadline: Int64? { pending.compactMap(\.deadline).min() }

    /// Ends the transactions that have waited long enough.
    public func advance(to now: Moment) -> [Outgoing] {
        guard let deadline = nextDeadline, deadline <= now.monotonic else { return [] }
        retryPending(at: now) { ($0.deadline ?? .max) <= now.monotonic }
        return takeOutgoing()
    }

    func send(
        _ message: JSONRPCMessage, sharedText: [UInt8]? = nil, to session: SessionID
    ) {
        outgoing.append(Outgoing(session: session, message: message, sharedText: sharedText))
    }

    func takeOutgoing() -> [Outgoing] {
        defer { outgoing = [] }
        return outgoing
    }

    func order(_ order: Order) { orders.append(order) }

    /// What is to be done once the messages are out.
    public func takeOrders() -> [Order] {
        defer { orders = [] }
        return orders
    }
}

// MARK: - Transactions

extension DatabaseServer {
    func transact(_ params: [JSON], id: JSON, _ session: SessionID, at now: Moment) {
        let transaction = PendingTransaction(
            session: session, id: id, params: params, arrival: now.monotonic)
        guard let deadline = attempt(transaction, at: now) else { return }
        guard pending.count < Self.maximumPendingCount else {
            let error = OVSDBError("resources exhausted", "too many transactions are waiting")
            send(.reply(result: [error.json], id: id), to: session)
            return
        }
        var waiting = transaction
        waiting.deadline = deadline
        pending.append(waiting)
    }

    /// Runs a transaction; returns when to give up where it has to wait on.
    private func attempt(_ transaction: PendingTransaction, at now: Moment) -> Int64?? {
        guard let name = transaction.params.first?.string, let database = databases[name] else {
            return nil
        }
        let session = transaction.session
        var execution = Execution(
            database, elapsed: now.monotonic - transaction.arrival,
            rights: rights(of: session),
            ownsLock: { [locks] in locks.owner(of: $0) == session })
        execution.mode = mode(of: name)
        if execution.mode == .full, rights(of: session).isReadOnly {
            execution.mode = .readOnly
        }
        switch execution.run(transaction.params.dropFirst(), date: now.date) {
        case .waiting(let timeout):
            return .some(timeout.map { transaction.deadline(after: $0) })
        case .done(let results, let changes):
            notifyMonitors(of: changes, in: database)
            send(.reply(result: .encoded(results), id: transaction.id), to: session)
            if !changes.isEmpty { retryPending(at: now) { $0.params.first?.string == name } }
            return nil
        }
    }

    func committed(_ changes: [RowChange], in database: Database, at now: Moment) {
        notifyMonitors(of: changes, in: database)
        let name = database.schema.name
        if !changes.isEmpty { retryPending(at: now) { $0.params.first?.string == name } }
    }

    /// Runs waiting transactions again.
    ///
    /// Each may commit and so wake others, which it does itself.
    private func retryPending(at now: Moment, where isDue: (PendingTransaction) -> Bool) {
        let due = pending.filter(isDue)
        guard !due.isEmpty else { return }
        pending.removeAll(where: isDue)
        for transaction in due {
            guard let deadline = attempt(transaction, at: now) else { continue }
            var waiting = transaction
            waiting.deadline = deadline
            pending.append(waiting)
        }
    }

    private func cancel(_ id: JSON, of session: SessionID) {
        if let index = pending.firstIndex(where: { $0.session == session && $0.id == id }) {
            pending.remove(at: index)
            send(.error("canceled", id: id), to: session)
        }
        for _ in abandonForwarded(where: { $0.session == session && $0.id == id }) {
            send(.error("canceled", id: id), to: session)
        }
    }

    private func notifyMonitors(of changes: [RowChange], in database: Database) {
        guard !changes.isEmpty else { return }
        database.remember(changes)
        onCommit?(changes, database)
        var updates: [Int: SharedUpdate] = [:]
        for session in currentListeners() {
            for monitor in sessions[session]?.monitors ?? []
            where monitor.database == database.schema.name {
                var shared =
                    updates.removeValue(forKey: monitor.audience)
                    ?? SharedUpdate(monitor.update(for: changes, schema: database.schema))
                if let update = shared.update {
                    let message = monitor.notification(update, of: database)
                    let text = shared.text(of: message, monitor.id)
                    send(message, sharedText: text, to: session)
                }
                updates[monitor.audience] = shared
            }
        }
    }

    /// What a commit means to the monitors of one audience.
    private struct SharedUpdate {
        /// Nil where it is nothing to them.
        let update: JSON?
        /// The message of the last monitor that was told, and that monitor's name.
        private var last: (id: JSON, text: [UInt8])?

        init(_ update: JSON?) {
            self.update = update.map { .encoded(EncodedJSON($0.encode())) }
        }

        /// The text of a message; clients of one kind most often give their monitors one name, so
        /// that this is the same for all.
        mutating func text(of message: JSONRPCMessage, _ id: JSON) -> [UInt8] {
            if let last, last.id == id { return last.text }
            let text = message.encode()
            last = (id, text)
            return text
        }
    }

    private func currentListeners() -> [SessionID] {
        if let listeners { return listeners }
        let found = sessions.filter { !$0.value.monitors.isEmpty }.keys
            .sorted { $0.number < $1.number }
        listeners = found
        return found
    }
}
