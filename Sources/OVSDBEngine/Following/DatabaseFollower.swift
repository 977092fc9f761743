public import JSONRPC
public import OVSDBModel

/// The client's end of a server that copies databases of another one, without the socket
/// (ovsdb(7): the active-backup and the relay service models).
///
/// For each database it asks for the schema, then for all rows, and then hears of every change. The
/// other server hangs up when its databases change, and so makes it ask again.
public struct DatabaseFollower {
    public enum Action: Hashable, Sendable {
        case send(JSONRPCMessage)
        /// The schema that a relay gets.
        case schema(String, DatabaseSchema)
        /// Rows for a database; a complete update comes first.
        case update(String, ReplicatedUpdate)
        case answered(request: Int, ForwardedAnswer)
        /// For the log.
        case note(String)
        /// A database cannot be followed, at least until the next connection.
        case refused(String, reason: String)
        /// The other server is this one.
        case isSelf
    }

    /// Which databases are followed.
    public enum Role: Sendable {
        /// One, whatever its schema is.
        case relay(String)
        /// Those that are here, as far as they are there with a schema that fits.
        case backup([DatabaseSchema], excludedTables: [String: Set<String>], serverID: UUID)
    }

    private enum Question {
        case identity
        case schema(String)
        case rows(String, DatabaseSchema, method: String)
        case forwarded(Int)
    }

    public let role: Role
    private var questions: [Int64: Question] = [:]
    private var nextID: Int64 = 1
    /// The databases whose rows are those of the other server.
    public private(set) var liveDatabases: Set<String> = []
    public private(set) var isConnected = false

    public init(_ role: Role) { self.role = role }

    public mutating func connected() -> [Action] {
        isConnected = true
        switch role {
        case .relay(let name): return [ask("get_schema", [.string(name)], .schema(name))]
        case .backup: return [ask("get_server_id", [], .identity)]
        }
    }

    /// Forgets what was asked; forwarded requests that were sent are lost.
    public mutating func disconnected() -> [Action] {
        isConnected = false
        liveDatabases = []
        let lost = questions.values.compactMap { question -> Int? in
            if case .forwarded(let number) = question { number } else { nil }
        }
        questions = [:]
        return lost.sorted().map { .answered(request: $0, .lost) }
    }

    /// Takes no more of a database until the next connection.
    public mutating func give(up name: String) { liveDatabases.remove(name) }

    public mutating func forward(_ request: ForwardedRequest) -> Action {
        ask(request.method, request.params, .forwarded(request.number))
    }

    public mutating func handle(_ message: JSONRPCMessage) -> [Action] {
        switch message {
        case .request("echo", let params, let id):
            return [.send(.reply(result: .array(params), id: id))]
        case .request(_, _, let id):
            return [.send(.error("unknown method", id: id))]
        case .notification(let method, let params):
            return notified(method, params)
        case .reply(let result, .integer(let id)):
            return questions.removeValue(forKey: id).map { answered($0, result) } ?? []
        case .error(let error, .integer(let id)):
            return questions.removeValue(forKey: id).map { refused($0, error) } ?? []
        case .reply, .error:
            return []
        }
    }

    private mutating func ask(
        _ method: String, _ params: [JSON], _ question: Question
    ) -> Action {
        defer { nextID += 1 }
        questions[nextID] = question
        return .send(.request(method: method, params: params, id: .integer(nextID)))
    }
}

// MARK: - Answers

extension DatabaseFollower {
    private mutating func answered(_ question: Question, _ result: JSON) -> [Action] {
        switch question {
        case .identity:
            return identified(result.string)
        case .schema(let name):
            do throws(OVSDBError) {
                return schemaArrived(name, try DatabaseSchema(result))
            } catch {
                return [.refused(name, reason: "\(error)")]
            }
        case .rows(let name, _, _):
            liveDatabases.insert(name)
            return [.update(name, update(of: name, result, isComplete: true))]
        case .forwarded(let number):
            return [.answered(request: number, .reply(result))]
        }
    }

    private mutating func refused(_ question: Question, _ error: JSON) -> [Action] {
        let reason = error["details"]?.string ?? error.string ?? error.text
        switch question {
        case .identity:
            return identified(nil)
        case .schema(let name):
            return [.refused(name, reason: reason)]
        case .rows(let name, let schema, let method):
            guard error == "unknown method", method != "monitor" else {
                return [.refused(name, reason: reason)]
            }
            return [monitor(name, schema, method: "monitor")]
        case .forwarded(let number):
            return [.answered(request: number, .error(error))]
        }
    }

    /// Old servers do not say who they are.
    private mutating func identified(_ text: String?) -> [Action] {
        guard case .backup(let schemas, _, let serverID) = role else { return [] }
        if let text, UUID(text) == serverID { return [.isSelf] }
        return schemas.map { ask("get_schema", [.string($0.name)], .schema($0.name)) }
    }

    private mutating func schemaArrived(_ name: String, _ schema: DatabaseSchema) -> [Action] {
        guard case .backup(let schemas, _, _) = role,
            let own = schemas.first(where: { $0.name == name })
        else { return [.schema(name, schema), monitor(name, schema, method: "monitor_cond")] }
        var notes: [Action] = []
        if own.version != schema.version {
            notes.append(
                .note(
                    "Schema version mismatch, checking if \(name) can still be replicated or not."))
        }
        let mismatches = mismatches(of: schema, with: own)
        guard mismatches.isEmpty else {
            return notes + mismatches.map(Action.note)
                + [.refused(name, reason: "\(name) cannot be replicated.")]
        }
        if own.version != schema.version { notes.append(.note("\(name) can be replicated.")) }
        return notes + [monitor(name, schema, method: "monitor_cond")]
    }

    /// What the other schema has and this one lacks.
    private func mismatches(
        of schema: DatabaseSchema, with own: DatabaseSchema
    ) -> [String] {
        var sentences: [String] = []
        for table in schema.tables where !excludedTables(of: schema.name).contains(table.name) {
            guard let counterpart = own.table(table.name) else {
                sentences.append("Table \(table.name) not present in the local db schema.")
                continue
            }
            for column in table.declaredColumns where counterpart.column(column.name) == nil {
                sentences.append(
                    "Column \(column.name) not present in the local db schema table "
                        + "\(table.name).")
            }
        }
        return sentences
    }

    private func excludedTables(of name: String) -> Set<String> {
        guard case .backup(_, let excludedTables, _) = role else { return [] }
        return excludedTables[name] ?? []
    }

    /// Asks for every column of every table that counts.
    private mutating func monitor(
        _ name: String, _ schema: DatabaseSchema, method: String
    ) -> Action {
        var requests = JSONObject()
        for table in schema.tables where !excludedTables(of: name).contains(table.name) {
            let columns = table.declaredColumns.map { JSON.string($0.name) }
            requests[table.name] = [["columns": .array(columns)]]
        }
        return ask(
            method, [.string(name), .string(name), .object(requests)],
            .rows(name, schema, method: method))
    }

    private func notified(_ method: String, _ params: [JSON]) -> [Action] {
        guard ["update", "update2"].contains(method), params.count == 2,
            let name = params[0].string, liveDatabases.contains(name)
        else { return [] }
        return [.update(name, update(of: name, params[1], isComplete: false))]
    }

    private func update(of name: String, _ tables: JSON, isComplete: Bool) -> ReplicatedUpdate {
        ReplicatedUpdate(
            tables, isComplete: isComplete, excludedTables: excludedTables(of: name))
    }
}
