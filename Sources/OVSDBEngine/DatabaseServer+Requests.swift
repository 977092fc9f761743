import JSONRPC
import OVSDBModel

/// The methods of the protocol, each with the words of Open vSwitch for what can be wrong.
extension DatabaseServer {
    func respond(
        _ method: String, _ params: [JSON], id: JSON, _ session: SessionID, at now: Moment
    ) {
        if method == "transact" {
            do throws(OVSDBError) {
                let database = try database(for: method, params)
                guard !isPending(id, of: session) else {
                    throw .syntax("transact: duplicate request ID", in: .array(params))
                }
                let name = database.schema.name
                if relays[name] != nil, Self.writes(params) {
                    forward(
                        ForwardedRequest.Origin(session: session, id: id, database: name),
                        method, params)
                } else {
                    transact(params, id: id, session, at: now)
                }
            } catch {
                send(.error(error.json, id: id), to: session)
            }
            return
        }
        do throws(RequestError) {
            if method == "convert", forwardConversion(params, id: id, session) { return }
            let result = try result(of: method, params, session, at: now)
            send(.reply(result: result, id: id), to: session)
        } catch {
            send(.error(error.json, id: id), to: session)
        }
    }

    private func result(
        of method: String, _ params: [JSON], _ session: SessionID, at now: Moment
    ) throws(RequestError) -> JSON {
        let mayReadAlone = isReadOnly || rights(of: session).isReadOnly
        if Self.lockMethods.contains(method), mayReadAlone {
            throw RequestError(
                json: "lock and unlock methods not allowed, DB server is read only.")
        }
        do throws(OVSDBError) {
            switch method {
            case "echo":
                return .array(params)
            case "list_dbs":
                return .array(databaseNames.map(JSON.string))
            case "get_schema":
                return try database(for: method, params).schema.json
            case "get_server_id":
                return .string(serverID.description)
            case "set_db_change_aware":
                return try setAwareness(params, session)
            case "lock", "steal":
                return try lock(method, params, session)
            case "unlock":
                return try unlock(params, session)
            case "monitor":
                return try monitor(method, params, .update, session)
            case "monitor_cond" where offersConditionalMonitors:
                return try monitor(method, params, .update2, session)
            case "monitor_cond_since" where offersConditionalMonitors:
                return try monitorSince(method, params, session)
            case "monitor_cond_change":
                return try changeMonitor(params, session)
            case "convert":
                return try convert(params, at: now)
            default:
                break
            }
        } catch {
            throw RequestError(json: error.json)
        }
        if method == "monitor_cancel" { return try cancelMonitor(params, session) }
        throw RequestError(json: "unknown method")
    }

    /// The database that a request names first.
    func database(
        for method: String, _ params: [JSON]
    ) throws(OVSDBError) -> Database {
        guard let name = params.first?.string else {
            throw .syntax(
                "\(method) request params must begin with <db-name>", in: .array(params))
        }
        guard let database = databases[name] else {
            if relays[name] != nil { throw unavailable(name, for: method) }
            throw OVSDBError(
                "unknown database", "\(method) request specifies unknown database \(name)",
                syntax: .array(params))
        }
        return database
    }

    private func setAwareness(
        _ params: [JSON], _ session: SessionID
    ) throws(OVSDBError) -> JSON {
        guard params.count == 1, let isAware = params[0].boolean else {
            throw .syntax(
                "set_db_change_aware: true or false parameter expected", in: .array(params))
        }
        sessions[session]?.isAwareOfDatabaseChanges = isAware
        return [:]
    }
}

/// What a request is refused with: an OVSDB error, or a mere string.
private struct RequestError: Error {
    let json: JSON
}

// MARK: - Locks

extension DatabaseServer {
    private static var lockMethods: Set<String> { ["lock", "steal", "unlock"] }

    private func lockName(
        _ method: String, _ params: [JSON]
    ) throws(OVSDBError) -> String {
        guard params.count == 1, let name = params[0].string, NamedUUIDs.isIdentifier(name) else {
            throw .syntax("\(method) request params must be <id>", in: .array(params))
        }
        return name
    }

    private func lock(
        _ method: String, _ params: [JSON], _ session: SessionID
    ) throws(OVSDBError) -> JSON {
        let name = try lockName(method, params)
        guard !locks.isWaiting(session, for: name) else {
            throw .syntax("must issue \"unlock\" before new \"\(method)\"", in: .array(params))
        }
        guard method == "steal" else {
            return ["locked": .boolean(locks.lock(name, for: session))]
        }
        if let victim = locks.steal(name, for: session) {
            send(.notification(method: "stolen", params: [.string(name)]), to: victim)
        }
        return ["locked": true]
    }

    private func unlock(_ params: [JSON], _ session: SessionID) throws(OVSDBError) -> JSON {
        let name = try lockName("unlock", params)
        guard locks.isWaiting(session, for: name) else {
            throw .syntax("unlock: \"unlock\" without \"lock\" or \"steal\"", in: .array(params))
        }
        if let owner = locks.unlock(name, for: session) {
            send(.notification(method: "locked", params: [.string(name)]), to: owner)
        }
        return [:]
    }
}

// MARK: - Monitors

extension DatabaseServer {
    /// Monitors of one session; each costs work at every commit.
    private static var maximumMonitorCount: Int { 1000 }

    private func monitor(
        _ method: String, _ params: [JSON], _ version: Monitor.Version, _ session: SessionID
    ) throws(OVSDBError) -> JSON {
        let (monitor, database) = try addMonitor(method, params, version, session)
        return monitor.initialUpdate(of: database)
    }

    private func addMonitor(
        _ method: String, _ params: [JSON], _ version: Monitor.Version, _ session: SessionID
    ) throws(OVSDBError) -> (Monitor, Database) {
        let database = try database(for: method, params)
        let expected = version == .update3 ? 4 : 3
        guard params.count == expected else {
            throw .syntax("invalid parameters", in: .array(params))
        }
        let monitors = sessions[session]?.monitors ?? []
        guard !monitors.contains(where: { $0.id == params[1] }) else {
            throw .syntax("duplicate monitor ID", in: params[1])
        }
        guard monitors.count < Self.maximumMonitorCount else {
            throw OVSDBError("resources exhausted", "too many monitors")
        }
        var monitor = try Monitor(
            id: params[1], params[2], version: version, schema: database.schema)
        monitor.audience = audiences.number(
            of: MonitorAudiences.Request(
                database: database.schema.name, version: version, tables: params[2]))
        sessions[session]?.monitors.append(monitor)
        return (monitor, database)
    }

    /// Tells what has changed since a transaction, or all rows where that is not remembered.
    private func monitorSince(
        _ method: String, _ params: [JSON], _ session: SessionID
    ) throws(OVSDBError) -> JSON {
        if params.count == 4, params[3].string == nil {
            throw .syntax("last-txn-id must be string", in: params[3])
        }
        let last = params.count == 4 ? params[3].string.flatMap { UUID($0) } : nil
        if params.count == 4, last == nil {
            throw .syntax("last-txn-id must be UUID format.", in: params[3])
        }
        let (monitor, database) = try addMonitor(method, params, .update3, session)
        if let changes = database.missedChanges(since: last) {
            let update = monitor.update(for: changes, schema: database.schema) ?? [:]
            return [true, database.lastTransactionJSON, update]
        }
        let update = monitor.initialUpdate(of: database)
        return [false, database.lastTransactionJSON, update]
    }

    private func changeMonitor(
        _ params: [JSON], _ session: SessionID
    ) throws(OVSDBError) -> JSON {
        guard params.count == 3 else { throw .syntax("invalid parameters", in: .array(params)) }
        guard let index = sessions[session]?.monitors.firstIndex(where: { $0.id == params[0] }),
            var monitor = sessions[session]?.monitors[index],
            let database = databases[monitor.database]
        else { throw .syntax("unknown monitor session", in: params[0]) }
        let isTaken = sessions[session]?.monitors.contains { $0.id == params[1] } ?? false
        guard params[0] == params[1] || !isTaken else {
            throw .syntax("duplicate monitor ID", in: params[1])
        }
        let update = try monitor.changeConditions(params[2], database: database)
        monitor.id = params[1]
        monitor.audience = audiences.number(of: nil)
        sessions[session]?.monitors[index] = monitor
        if let update { send(monitor.notification(update, of: database), to: session) }
        return [:]
    }

    private func cancelMonitor(
        _ params: [JSON], _ session: SessionID
    ) throws(RequestError) -> JSON {
        guard params.count == 1 else { throw RequestError(json: "invalid parameters") }
        guard let index = sessions[session]?.monitors.firstIndex(where: { $0.id == params[0] })
        else { throw RequestError(json: "unknown monitor") }
        sessions[session]?.monitors.remove(at: index)
        return [:]
    }
}
