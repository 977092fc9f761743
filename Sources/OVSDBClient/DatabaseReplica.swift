public import JSONRPC
public import OVSDBModel

/// A live copy of chosen tables of a database, and the way to change them.
///
/// It is the client's end of OVSDB without the socket: the owner reports connections and messages
/// and carries out the actions that come back. After a lost connection the rows stay as they were,
/// and the next one tells the difference: only what has changed meanwhile where the server keeps a
/// history (`monitor_cond_since`), else everything. Updates arrive before the reply to the
/// transaction that caused them, so an owner that hears of a commit sees its effect already.
///
/// ``commit(_:)`` sends one transaction once. ``submit(_:_:)`` takes a transaction as a function of
/// the rows, and calls it anew until what it composed is committed: a transaction that was composed
/// from rows which others have changed since then fails its prerequisites and does no harm.
public final class DatabaseReplica {
    /// Names one transaction of this replica.
    public struct TransactionID: Hashable, Sendable {
        let number: Int64
    }

    public enum Action: Hashable, Sendable {
        case send(JSONRPCMessage)
        /// Rows came, went or changed. The first notice after connecting completes the copy; it may
        /// have no rows.
        case changed([RowNotice])
        case completed(TransactionID, TransactionOutcome)
        /// Whether this client owns its lock.
        case lock(isOwned: Bool)
        /// The server does not offer what is needed; the connection is of no use.
        case failed(String)
    }

    /// The way in which the server tells of changes, best first.
    enum Method: String {
        case since = "monitor_cond_since"
        case conditional = "monitor_cond"
        case plain = "monitor"

        var fallback: Method? {
            switch self {
            case .since: .conditional
            case .conditional: .plain
            case .plain: nil
            }
        }
    }

    private enum State {
        case disconnected
        case awaitingSchema(id: Int64)
        case awaitingRows(id: Int64)
        case live
    }

    /// What the owner's code was written for.
    public let schema: DatabaseSchema
    var monitored: [String: MonitoredTable]
    private let lockName: String?
    private var state = State.disconnected
    private var method = Method.since
    private var nextID: Int64 = 1
    private var lockRequest: Int64?
    /// Changes of conditions that the server has not acknowledged.
    private var conditionRequests: Set<Int64> = []
    private var transactions: [Int64: Sent] = [:]
    private var submissions: [TransactionID: Submission] = [:]
    /// What the server has of the monitored columns.
    private var offered: [String: [String]] = [:]
    var tables: [String: [UUID: Row]] = [:]
    /// How often the rows have changed.
    var changeCount = 0
    /// The transaction after which the rows are those of the server, for it to begin with after a
    /// new connection.
    private var lastTransaction = UUID.zero

    /// A transaction that is with the server.
    private struct Sent {
        let name: TransactionID
        let request: TransactionRequest
    }

    /// Whether the lock, where one was asked for, is this client's.
    public private(set) var ownsLock = false

    /// - Parameter lock: A lock to be held for as long as there is a connection.
    public init(_ schema: DatabaseSchema, monitoring tables: [MonitoredTable], lock: String? = nil)
    {
        self.schema = schema
        lockName = lock
        monitored = Dictionary(tables.map { ($0.table, $0) }, uniquingKeysWith: { $1 })
    }

    /// A replica of every column of every table.
    public convenience init(_ schema: DatabaseSchema, lock: String? = nil) {
        let tables = schema.tables.map { MonitoredTable($0, columns: []) }
        self.init(schema, monitoring: tables, lock: lock)
    }

    // MARK: Rows

    /// Whether the rows are those of the server.
    public var isLive: Bool { if case .live = state { true } else { false } }

    public func rows(of table: String) -> [UUID: Row] { tables[table] ?? [:] }

    public func row(_ table: String, _ uuid: UUID) -> Row? { tables[table]?[uuid] }

    /// The only row of a table such as Open_vSwitch.
    public func singleton(_ table: String) -> Row? { tables[table]?.values.first }

    /// The rows that a set of references names.
    public func rows(of table: String, named references: Datum) -> [Row] {
        references.uuids.compactMap { tables[table]?[$0] }
    }

    // MARK: Connection

    public func connected() -> [Action] {
        var actions: [Action] = []
        if let lockName {
            lockRequest = nextID
            actions.append(request("lock", [.string(lockName)]))
        }
        state = .awaitingSchema(id: nextID)
        actions.append(request("get_schema", [.string(schema.name)]))
        return actions
    }

    public func disconnected() -> [Action] {
        state = .disconnected
        lockRequest = nil
        if !conditionRequests.isEmpty { forgetPosition() }
        conditionRequests = []
        let lost = transactions.values.map(\.name).sorted { $0.number < $1.number }
        transactions = [:]
        var actions: [Action] = []
        for name in lost {
            if submissions[name]?.policy == .always {
                submissions[name]?.state = .waitingForRows
            } else {
                submissions[name] = nil
                actions.append(.completed(name, .unknown))
            }
        }
        for (name, submission) in submissions where submission.state == .waitingForChange {
            submissions[name]?.state = .waitingForRows
        }
        if ownsLock {
            ownsLock = false
            actions.append(.lock(isOwned: false))
        }
        return actions
    }

    public func handle(_ message: JSONRPCMessage) -> [Action] {
        switch message {
        case .request("echo", let params, let id):
            return [.send(.reply(result: .array(params), id: id))]
        case .request(_, _, let id):
            return [.send(.error("unknown method", id: id))]
        case .notification(let method, let params):
            return notified(method, params)
        case .reply(let result, .integer(let id)):
            return replied(id, result)
        case .error(let error, .integer(let id)):
            return refused(id, error)
        case .reply, .error:
            return []
        }
    }

    private func request(_ method: String, _ params: [JSON]) -> Action {
        .send(.request(method: method, params: params, id: .integer(takeID())))
    }

    private func takeID() -> Int64 {
        defer { nextID += 1 }
        return nextID
    }
}

// MARK: - Transactions

extension DatabaseReplica {
    /// Sends a transaction once.
    ///
    /// Its outcome arrives as an action that names it; an empty one succeeds at once.
    public func commit(_ request: TransactionRequest) -> (TransactionID, [Action]) {
        let name = TransactionID(number: takeID())
        guard isLive || request.isEmpty else { return (name, [.completed(name, .unknown)]) }
        return (name, send(request, as: name))
    }

    /// Composes a transaction from the rows, and sends it; does so again where others were faster,
    /// and after a lost connection.
    ///
    /// `compose` reads what it depends on with ``TransactionRequest/read(_:of:)``, or names it with
    /// `verify`. Leaving the request empty means that nothing is to be done. It is called within
    /// this and other calls of the replica, and must not call the replica's methods that return
    /// actions.
    public func submit(
        _ policy: RetryPolicy = .always,
        _ compose: @escaping (DatabaseReplica, inout TransactionRequest) -> Void
    ) -> (TransactionID, [Action]) {
        let name = TransactionID(number: takeID())
        submissions[name] = Submission(policy: policy, compose: compose)
        return (name, isLive ? attempt(name) : [])
    }

    /// Gives up a submitted transaction; one that is with the server may be committed still.
    public func withdraw(_ name: TransactionID) -> [Action] {
        guard submissions.removeValue(forKey: name) != nil else { return [] }
        transactions = transactions.filter { $0.value.name != name }
        return [.completed(name, .unknown)]
    }

    private func attempt(_ name: TransactionID) -> [Action] {
        guard var submission = submissions[name] else { return [] }
        submission.attemptCount += 1
        submission.composedAt = changeCount
        submission.state = .sent
        submissions[name] = submission
        var request = TransactionRequest(schema)
        submission.compose(self, &request)
        return send(request, as: name)
    }

    private func send(_ request: TransactionRequest, as name: TransactionID) -> [Action] {
        guard !request.isEmpty else {
            submissions[name] = nil
            return [.completed(name, .committed(inserted: [:]))]
        }
        let id = takeID()
        transactions[id] = Sent(name: name, request: request)
        let params = [JSON.string(schema.name)] + request.operations
        return [.send(.request(method: "transact", params: params, id: .integer(id)))]
    }

    private func completed(_ name: TransactionID, _ outcome: TransactionOutcome) -> [Action] {
        if let submission = submissions[name], outcome.isConflict,
            submission.attemptCount < Submission.maximumAttemptCount
        {
            guard submission.composedAt == changeCount else { return attempt(name) }
            submissions[name]?.state = .waitingForChange
            return []
        }
        submissions[name] = nil
        return [.completed(name, outcome)]
    }

    /// Composes anew what waits, oldest first.
    func resume(_ states: Set<Submission.State>) -> [Action] {
        let due = submissions.filter { states.contains($0.value.state) }.keys
        return due.sorted { $0.number < $1.number }.flatMap { attempt($0) }
    }
}

// MARK: - Answers

extension DatabaseReplica {
    private func replied(_ id: Int64, _ result: JSON) -> [Action] {
        if let transaction = transactions.removeValue(forKey: id) {
            return completed(transaction.name, transaction.request.outcome(of: result))
        }
        if conditionRequests.remove(id) != nil { return [] }
        if id == lockRequest { return setLock(result["locked"]?.boolean ?? false) }
        switch state {
        case .awaitingSchema(id):
            return monitor(result)
        case .awaitingRows(id):
            return begin(with: result)
        default:
            return []
        }
    }

    private func refused(_ id: Int64, _ error: JSON) -> [Action] {
        if let transaction = transactions.removeValue(forKey: id) {
            return completed(
                transaction.name,
                .refused(
                    tag: error["error"]?.string ?? error.string ?? "error",
                    details: error["details"]?.string ?? ""))
        }
        if conditionRequests.remove(id) != nil {
            // Before the rows have come, a monitor of another kind is asked for with the condition.
            return isLive ? [.failed(error["details"]?.string ?? error.text)] : []
        }
        switch state {
        case .awaitingRows(id):
            guard error == "unknown method", let fallback = method.fallback else { break }
            return monitor(by: fallback)
        case .awaitingSchema(id): break
        default: return []
        }
        state = .disconnected
        return [.failed(error["details"]?.string ?? error.text)]
    }

    /// Asks for the rows of what the server's schema has.
    private func monitor(_ json: JSON) -> [Action] {
        let served: DatabaseSchema
        do throws(OVSDBError) {
            served = try DatabaseSchema(json)
        } catch {
            state = .disconnected
            return [.failed("\(schema.name): \(error)")]
        }
        var offered: [String: [String]] = [:]
        for (table, monitored) in monitored {
            guard let tableSchema = served.table(table) else { continue }
            offered[table] = monitored.columns.filter { tableSchema.index(of: $0) != nil }
        }
        if offered != self.offered { forgetPosition() }
        self.offered = offered
        return monitor(by: .since)
    }

    private func monitor(by method: Method) -> [Action] {
        var requests = JSONObject()
        for (table, names) in offered.sorted(by: { $0.key < $1.key }) {
            var request: JSONObject = JSONObject([("columns", .array(names.map(JSON.string)))])
            // An older server sends every row.
            if method != .plain, let clauses = monitored[table]?.clauses {
                request["where"] = .array(clauses)
            }
            requests[table] = [.object(request)]
        }
        var params: [JSON] = [.string(schema.name), .string(schema.name), .object(requests)]
        if method == .since { params.append(.string(lastTransaction.description)) }
        self.method = method
        state = .awaitingRows(id: nextID)
        return [request(method.rawValue, params)]
    }

    /// Takes the rows that a new connection begins with.
    private func begin(with result: JSON) -> [Action] {
        state = .live
        var actions: [Action]
        if method != .since {
            forgetPosition()
            actions = replace(result)
        } else {
            let updates = result[2] ?? [:]
            lastTransaction = result[1]?.string.flatMap { UUID($0) } ?? .zero
            actions = result[0]?.boolean == true ? apply(updates, isFirst: true) : replace(updates)
        }
        if case .failed? = actions.first { return actions }
        return actions + resume([.waitingForRows])
    }

    func forgetPosition() { lastTransaction = .zero }

    /// Follows other rows of a table from now on; nil stands for all.
    public func setCondition<Owner: TableRow>(
        _ condition: RowCondition<Owner>?, of _: Owner.Type = Owner.self
    ) -> [Action] {
        let table = Owner.table.name
        guard monitored[table] != nil, monitored[table]?.clauses != condition?.clauses else {
            return []
        }
        monitored[table]?.clauses = condition?.clauses
        switch state {
        case .live, .awaitingRows:
            guard offered[table] != nil, method != .plain else { return [] }
            conditionRequests.insert(nextID)
            let name = JSON.string(schema.name)
            var change = JSONObject()
            change[table] = [["where": .array(condition?.clauses ?? [true])]]
            return [request("monitor_cond_change", [name, name, .object(change)])]
        case .disconnected, .awaitingSchema:
            forgetPosition()
            return []
        }
    }

    private func notified(_ method: String, _ params: [JSON]) -> [Action] {
        switch method {
        case "update" where params.count == 2, "update2" where params.count == 2:
            return apply(params[1])
        case "update3" where params.count == 3:
            lastTransaction = params[1].string.flatMap { UUID($0) } ?? .zero
            return apply(params[2])
        case "locked" where params.first?.string == lockName:
            return setLock(true)
        case "stolen" where params.first?.string == lockName:
            return setLock(false)
        default:
            return []
        }
    }

    private func setLock(_ isOwned: Bool) -> [Action] {
        lockRequest = nil
        ownsLock = isOwned
        return [.lock(isOwned: isOwned)]
    }
}
