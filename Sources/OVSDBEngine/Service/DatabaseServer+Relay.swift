public import JSONRPC
public import OVSDBModel

/// A database that is a copy of another server's, kept in memory (ovsdb(7), relay service model).
struct Relay {
    var isConnected = false
}

/// A request that the server which a relay follows has to answer.
public struct ForwardedRequest: Hashable, Sendable {
    /// The number by which the answer is reported.
    public let number: Int
    public let database: String
    public let method: String
    public let params: [JSON]
}

/// What a forwarded request came to.
public enum ForwardedAnswer: Hashable, Sendable {
    case reply(JSON)
    case error(JSON)
    /// The connection broke before the answer came; the request may have been carried out.
    case lost
}

extension ForwardedRequest {
    /// Whose request was forwarded.
    struct Origin: Hashable {
        let session: SessionID
        let id: JSON
        let database: String
    }
}

/// Databases that another server decides about: relays, and all of them in a backup.
extension DatabaseServer {
    /// Serves a database that follows another server, from when that tells its schema.
    public func addRelay(_ name: String, at now: Moment) -> [Outgoing] {
        relays[name] = Relay()
        let outgoing = change([ServerDatabase.insertion(ofRelay: name)], at: now)
        closeUnawareSessions("adding \(name) database")
        return outgoing
    }

    /// Takes the schema that the followed server has.
    ///
    /// The rows stay where the schema does.
    public func setRelay(
        _ name: String, schema: DatabaseSchema, at now: Moment
    ) -> [Outgoing] {
        guard relays[name] != nil, databases[name]?.schema != schema else { return [] }
        let isFirst = databases[name] == nil
        databases[name] = Database(schema, makeUUID: makeUUID)
        if !isFirst { cancelWork(on: name) }
        let text = schema.json.text(sortsKeys: true)
        let outgoing =
            takeOutgoing()
            + change([ServerDatabase.update(of: name, ["schema": .string(text)])], at: now)
        closeUnawareSessions(
            isFirst
                ? "database \(name) connected to storage"
                : "committed \(name) database schema conversion")
        return outgoing
    }

    /// Notes whether the followed server can be reached.
    public func setRelay(_ name: String, isConnected: Bool, at now: Moment) -> [Outgoing] {
        guard let relay = relays[name], relay.isConnected != isConnected else { return [] }
        relays[name]?.isConnected = isConnected
        return change(
            [ServerDatabase.update(of: name, ["connected": .boolean(isConnected)])], at: now)
    }

    /// Makes what another server told of its rows part of a database.
    ///
    /// - Parameter update: Its update, by tables and rows.
    public func replicate(
        _ update: ReplicatedUpdate, in name: String, at now: Moment
    ) throws(OVSDBError) -> [Outgoing] {
        guard let database = databases[name] else { return [] }
        let changes = try database.replicate(update, date: now.date)
        committed(changes, in: database, at: now)
        return takeOutgoing()
    }

    /// Tells the client what became of its request.
    public func forwardedRequest(
        _ number: Int, answered answer: ForwardedAnswer, at now: Moment
    ) -> [Outgoing] {
        guard let origin = forwarded.removeValue(forKey: number) else { return [] }
        switch answer {
        case .reply(let result): send(.reply(result: result, id: origin.id), to: origin.session)
        case .error(let error): send(.error(error, id: origin.id), to: origin.session)
        case .lost: send(.error("canceled", id: origin.id), to: origin.session)
        }
        return takeOutgoing()
    }

    // MARK: Requests

    func unavailable(_ name: String, for method: String) -> OVSDBError {
        OVSDBError(
            "database not available",
            "\(method) request specifies database \(name) which is not yet available because it "
                + "has not completed joining its cluster")
    }

    /// Whether a transaction may change something, so that a relay cannot carry it out itself.
    static func writes(_ params: [JSON]) -> Bool {
        params.dropFirst().contains { operation in
            operation["op"]?.string.map(Execution.Mode.writing.contains) ?? false
        }
    }

    func isPending(_ id: JSON, of session: SessionID) -> Bool {
        pending.contains { $0.session == session && $0.id == id }
            || forwarded.values.contains { $0.session == session && $0.id == id }
    }

    func forward(_ origin: ForwardedRequest.Origin, _ method: String, _ params: [JSON]) {
        guard forwarded.count < Self.maximumPendingCount else {
            let error = OVSDBError("resources exhausted", "too many transactions are waiting")
            send(.error(error.json, id: origin.id), to: origin.session)
            return
        }
        nextForwardNumber += 1
        forwarded[nextForwardNumber] = origin
        order(
            .forward(
                ForwardedRequest(
                    number: nextForwardNumber, database: origin.database, method: method,
                    params: params)))
    }

    /// Passes the conversion of a relay on; returns whether it was one.
    func forwardConversion(_ params: [JSON], id: JSON, _ session: SessionID) -> Bool {
        guard let name = params.first?.string, databases[name] != nil, relays[name] != nil else {
            return false
        }
        forward(
            ForwardedRequest.Origin(session: session, id: id, database: name), "convert", params)
        return true
    }

    /// Forgets forwarded requests, whose answers then reach nobody.
    @discardableResult
    func abandonForwarded(
        where isMeant: (ForwardedRequest.Origin) -> Bool
    ) -> [ForwardedRequest.Origin] {
        let numbers = forwarded.filter { isMeant($0.value) }.keys.sorted()
        return numbers.compactMap { forwarded.removeValue(forKey: $0) }
    }
}
