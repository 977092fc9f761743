public import JSONRPC
public import OVSDBModel

/// A live copy of chosen tables of a database, and the way to change them.
///
/// It is the client's end of OVSDB without the socket: the owner reports connections and messages
/// and carries out the actions that come back. After a lost connection the rows stay as they were,
/// and the next one tells the difference. Updates arrive before the reply to the transaction that
/// caused them, so an owner that hears of a commit sees its effect already.
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
        case awaitingRows(id: Int64, Method)
        case live
    }

    /// What the owner's code was written for.
    public let schema: DatabaseSchema
    /// The columns of each monitored table.
    private let columns: [String: [String]]
    private let lockName: String?
    private var state = State.disconnected
    private var nextID: Int64 = 1
    private var lockRequest: Int64?
    private var transactions: [Int64: TransactionRequest] = [:]
    /// What the server has of `columns`.
    private var offered: [String: [String]] = [:]
    private var tables: [String: [UUID: Row]] = [:]

    /// Whether the lock, where one was asked for, is this client's.
    public private(set) var ownsLock = false

    /// - Parameters:
    ///   - tables: For each monitored table its columns; an empty list stands for all.
    ///   - lock: A lock to be held for as long as there is a connection.
    public init(_ schema: DatabaseSchema, tables: [String: [String]], lock: String? = nil) {
        self.schema = schema
        lockName = lock
        columns = Dictionary(
            uniqueKeysWithValues: tables.map { name, names in
                let all = schema.table(name)?.declaredColumns.map(\.name) ?? []
                return (name, names.isEmpty ? all : names)
            })
    }

    /// A replica of every column of every table.
    public convenience init(_ schema: DatabaseSchema, lock: String? = nil) {
        let all = schema.tables.map { ($0.name, [String]()) }
        self.init(schema, tables: Dictionary(uniqueKeysWithValues: all), lock: lock)
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
        let lost = transactions.keys.sorted()
        transactions = [:]
        var actions = lost.map { Action.completed(TransactionID(number: $0), .unknown) }
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

    /// Sends a transaction.
    ///
    /// Its outcome arrives as an action that names it; an empty one succeeds at once.
    public func commit(_ request: TransactionRequest) -> (TransactionID, [Action]) {
        let id = nextID
        nextID += 1
        let name = TransactionID(number: id)
        guard !request.isEmpty else {
            return (name, [.completed(name, .committed(inserted: [:]))])
        }
        guard isLive else { return (name, [.completed(name, .unknown)]) }
        transactions[id] = request
        let params = [JSON.string(schema.name)] + request.operations
        return (
            name, [.send(.request(method: "transact", params: params, id: .integer(id)))]
        )
    }

    private func request(_ method: String, _ params: [JSON]) -> Action {
        defer { nextID += 1 }
        return .send(.request(method: method, params: params, id: .integer(nextID)))
    }
}

// MARK: - Answers

extension DatabaseReplica {
    private func replied(_ id: Int64, _ result: JSON) -> [Action] {
        if let transaction = transactions.removeValue(forKey: id) {
            let outcome = transaction.outcome(of: result)
            return [.completed(TransactionID(number: id), outcome)]
        }
        if id == lockRequest { return setLock(result["locked"]?.boolean ?? false) }
        switch state {
        case .awaitingSchema(id):
            return monitor(result)
        case .awaitingRows(id, let method):
            state = .live
            return replace(method == .since ? result[2] ?? [:] : result)
        default:
            return []
        }
    }

    private func refused(_ id: Int64, _ error: JSON) -> [Action] {
        if transactions.removeValue(forKey: id) != nil {
            let outcome = TransactionOutcome.refused(
                tag: error["error"]?.string ?? error.string ?? "error",
                details: error["details"]?.string ?? "")
            return [.completed(TransactionID(number: id), outcome)]
        }
        switch state {
        case .awaitingRows(id, let method):
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
        offered = [:]
        for (table, names) in columns {
            guard let tableSchema = served.table(table) else { continue }
            offered[table] = names.filter { tableSchema.index(of: $0) != nil }
        }
        return monitor(by: .since)
    }

    private func monitor(by method: Method) -> [Action] {
        var requests = JSONObject()
        for (table, names) in offered.sorted(by: { $0.key < $1.key }) {
            requests[table] = [["columns": .array(names.map(JSON.string))]]
        }
        var params: [JSON] = [.string(schema.name), .string(schema.name), .object(requests)]
        if method == .since { params.append(.string(UUID.zero.description)) }
        state = .awaitingRows(id: nextID, method)
        return [request(method.rawValue, params)]
    }

    private func notified(_ method: String, _ params: [JSON]) -> [Action] {
        switch method {
        case "update" where params.count == 2, "update2" where params.count == 2:
            return apply(params[1])
        case "update3" where params.count == 3:
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

// MARK: - Updates

extension DatabaseReplica {
    /// Takes the whole content, and tells how it differs from what was known.
    private func replace(_ updates: JSON) -> [Action] {
        let before = tables
        tables = [:]
        do throws(OVSDBError) {
            _ = try takeIn(updates)
        } catch {
            return [.failed("\(error)")]
        }
        var notices: [RowNotice] = []
        for table in Set(before.keys).union(tables.keys).sorted() {
            let (old, new) = (before[table] ?? [:], tables[table] ?? [:])
            for (uuid, row) in old where new[uuid] != row {
                notices.append(RowNotice(table: table, uuid: uuid, old: row, new: new[uuid]))
            }
            for (uuid, row) in new where old[uuid] == nil {
                notices.append(RowNotice(table: table, uuid: uuid, old: nil, new: row))
            }
        }
        return [.changed(notices)]
    }

    private func apply(_ updates: JSON) -> [Action] {
        do throws(OVSDBError) {
            let notices = try takeIn(updates)
            return notices.isEmpty ? [] : [.changed(notices)]
        } catch {
            return [.failed("\(error)")]
        }
    }

    private func takeIn(_ updates: JSON) throws(OVSDBError) -> [RowNotice] {
        guard let object = updates.object else {
            throw .syntax("<table-updates> is not an object", in: updates)
        }
        var notices: [RowNotice] = []
        for member in object {
            guard columns[member.key] != nil, let table = schema.table(member.key),
                let rows = member.value.object
            else { continue }
            for row in rows {
                guard let uuid = UUID(row.key), let change = row.value.object else {
                    throw .syntax("<row-update> is malformed", in: member.value)
                }
                let old = tables[table.name]?[uuid]
                let new = try changed(old, uuid, table, change)
                tables[table.name, default: [:]][uuid] = new
                if old != new {
                    notices.append(RowNotice(table: table.name, uuid: uuid, old: old, new: new))
                }
            }
        }
        return notices
    }

    /// What an update makes of a row.
    private func changed(
        _ old: Row?, _ uuid: UUID, _ table: TableSchema, _ update: JSONObject
    ) throws(OVSDBError) -> Row? {
        if let columns = update["initial"] ?? update["insert"] ?? update["new"] {
            var row = Row(uuid: uuid, table: table)
            for (index, datum) in try parse(columns, table) { row.data[index] = datum }
            return row
        }
        if let columns = update["modify"], var row = old {
            for (index, datum) in try parse(columns, table, isDifference: true) {
                row.data[index] = row.data[index].applying(
                    difference: datum, type: table.columns[index].type)
            }
            return row
        }
        return nil
    }

    private func parse(
        _ json: JSON, _ table: TableSchema, isDifference: Bool = false
    ) throws(OVSDBError) -> [(Int, Datum)] {
        guard let object = json.object else { throw .syntax("row must be JSON object", in: json) }
        var data: [(Int, Datum)] = []
        for member in object {
            guard let index = table.index(of: member.key) else { continue }
            // The server's constraints may be others than ours, and a difference has no minimum.
            let type = table.columns[index].type
            let shape = ColumnType(
                BaseType(type.key.type), type.value.map { BaseType($0.type) }, minimum: 0,
                maximum: ColumnType.unlimited)
            data.append((index, try Datum(member.value, type: shape)))
        }
        return data
    }
}

extension TransactionRequest {
    /// What the array of results means.
    fileprivate func outcome(of result: JSON) -> TransactionOutcome {
        let results = result.array ?? []
        for element in results {
            guard let tag = element["error"]?.string else { continue }
            return .refused(tag: tag, details: element["details"]?.string ?? "")
        }
        var inserted: [UUID: UUID] = [:]
        for (uuid, position) in insertions {
            guard
                let text = results.indices.contains(position)
                    ? results[position]["uuid"]?[1]?.string : nil
            else { continue }
            inserted[uuid] = UUID(text)
        }
        return .committed(inserted: inserted)
    }
}
