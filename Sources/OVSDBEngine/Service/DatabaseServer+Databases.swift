import JSONRPC
import OVSDBModel

/// Which databases there are.
///
/// A change of them is told twice: in the rows of `_Server`, and by closing the connection of each
/// client that did not declare itself aware of such changes, so that it looks again
/// (ovsdb-server(7) §4.1.18).
extension DatabaseServer {
    /// Serves a database.
    public func add(_ database: Database, at now: Moment) -> [Outgoing] {
        let name = database.schema.name
        databases[name] = database
        database.restartCompactionClock(at: now)
        let outgoing = change([ServerDatabase.insertion(of: database.schema)], at: now)
        closeUnawareSessions("adding \(name) database")
        return outgoing
    }

    /// Serves a database no longer.
    public func removeDatabase(
        _ name: String, because reason: String = "by user request", at now: Moment
    ) -> [Outgoing] {
        guard name != ServerDatabase.name else { return [] }
        let wasKnown = databases.removeValue(forKey: name) != nil
        let wasRelay = relays.removeValue(forKey: name) != nil
        guard wasKnown || wasRelay else { return [] }
        cancelWork(on: name)
        closeUnawareSessions("removing \(name) database \(reason)")
        return takeOutgoing() + change([ServerDatabase.deletion(of: name)], at: now)
    }

    /// Makes clients connect again.
    ///
    /// - Parameter all: Also those that are aware of changes.
    public func closeSessions(_ reason: String, all: Bool = true) {
        for (session, state) in sessions.sorted(by: { $0.key.number < $1.key.number })
        where all || !state.isAwareOfDatabaseChanges {
            order(.close(session, reason: reason))
        }
    }

    func closeUnawareSessions(_ reason: String) { closeSessions(reason, all: false) }

    /// Ends the monitors and the waiting transactions of a database that goes or becomes another.
    ///
    /// Only clients that are aware of such changes are told; the others lose their connection.
    func cancelWork(on name: String) {
        for (session, state) in sessions.sorted(by: { $0.key.number < $1.key.number }) {
            for monitor in state.monitors where monitor.database == name {
                guard state.isAwareOfDatabaseChanges else { continue }
                send(
                    .notification(method: "monitor_canceled", params: [monitor.id]), to: session)
            }
            sessions[session]?.monitors.removeAll { $0.database == name }
        }
        let canceled = pending.filter { $0.params.first?.string == name }
        pending.removeAll { $0.params.first?.string == name }
        for transaction in canceled {
            send(.error("canceled", id: transaction.id), to: transaction.session)
        }
        for request in abandonForwarded(where: { $0.database == name }) {
            send(.error("canceled", id: request.id), to: request.session)
        }
    }

    /// Changes `_Server`.
    func change(_ operations: [JSON], at now: Moment) -> [Outgoing] {
        guard let own = databases[ServerDatabase.name] else { return [] }
        var execution = Execution(own, elapsed: 0, ownsLock: { _ in false })
        if case .done(_, let changes) = execution.run(operations[...], date: now.date) {
            committed(changes, in: own, at: now)
        }
        return takeOutgoing()
    }

    // MARK: Access

    func mode(of name: String) -> Execution.Mode {
        if name == ServerDatabase.name { return .reserved }
        return isReadOnly ? .readOnly : .full
    }

    /// Lets clients write, or only read.
    ///
    /// All of them have to connect again, to see what they may do now.
    public func setReadOnly(_ isReadOnly: Bool, because reason: String) {
        guard self.isReadOnly != isReadOnly else { return }
        self.isReadOnly = isReadOnly
        closeSessions(reason)
    }

    // MARK: Conversion

    /// Gives a database another schema while it is served (ovsdb-server(7) §4.1.19).
    func convert(_ params: [JSON], at now: Moment) throws(OVSDBError) -> JSON {
        let database = try database(for: "convert", params)
        let name = database.schema.name
        guard params.count == 2 else { throw .syntax("array expected", in: .array(params)) }
        let schema = try DatabaseSchema(params[1])
        guard schema.name == name else {
            throw OVSDBError(
                "invalid parameters",
                "new schema name (\(schema.name)) does not match database name (\(name))")
        }
        if let refusal = mode(of: name).refusal(of: "convert") { throw refusal }
        let converted = try database.converted(to: schema, date: now.date)
        databases[name] = converted
        cancelWork(on: name)
        let update = ServerDatabase.update(
            of: name, ["schema": .string(schema.json.text(sortsKeys: true))])
        for item in takeOutgoing() + change([update], at: now) {
            send(item.message, to: item.session)
        }
        closeUnawareSessions("committed \(name) database schema conversion")
        return [:]
    }
}
