import JSONRPC
import OVSDBEngine
import OVSDBModel
import Testing

/// Servers that follow another one, joined in memory.
@Suite
struct FollowingTests {
    /// A server, and another one that follows it.
    private final class Pair {
        let source = ServedDatabases()
        let copy = ServedDatabases()
        var follower: DatabaseFollower
        var notes: [String] = []
        var isSelf = false
        private var session: SessionID?

        init(_ role: DatabaseFollower.Role) { follower = DatabaseFollower(role) }

        func connect() {
            session = source.server.openSession()
            carryOut(follower.connected())
        }

        func disconnect() {
            if let session { _ = source.server.closeSession(session) }
            session = nil
            carryOut(follower.disconnected())
        }

        /// Sends a request to one of the servers and lets both finish what comes of it.
        func send(
            to target: ServedDatabases, _ client: SessionID, _ method: String, _ params: String
        ) throws -> [String] {
            let outgoing = target.server.handle(
                .request(
                    method: method, params: try JSON.parse(params).array ?? [], id: "client"),
                from: client, at: ServedDatabases.moment)
            return deliver(outgoing, of: target).filter { $0.session == client }
                .map(EngineDriver.text)
        }

        /// Passes on what is meant for the follower; returns the rest and what that led to.
        private func deliver(
            _ outgoing: [DatabaseServer.Outgoing], of server: ServedDatabases
        ) -> [DatabaseServer.Outgoing] {
            var rest: [DatabaseServer.Outgoing] = []
            for item in outgoing {
                guard server === source, item.session == session else {
                    rest.append(item)
                    continue
                }
                rest += carryOut(follower.handle(item.message))
            }
            for order in server.server.takeOrders() {
                if case .forward(let request) = order {
                    rest += carryOut([follower.forward(request)])
                }
            }
            return rest
        }

        @discardableResult
        private func carryOut(_ actions: [DatabaseFollower.Action]) -> [DatabaseServer.Outgoing] {
            actions.flatMap { action -> [DatabaseServer.Outgoing] in
                let now = ServedDatabases.moment
                switch action {
                case .send(let message):
                    guard let session else { return [] }
                    return deliver(
                        source.server.handle(message, from: session, at: now), of: source)
                case .schema(let name, let schema):
                    return copy.server.setRelay(name, schema: schema, at: now)
                case .update(let name, let update):
                    do {
                        return try copy.server.replicate(update, in: name, at: now)
                    } catch {
                        notes.append("\(error)")
                        return []
                    }
                case .answered(let number, let answer):
                    return copy.server.forwardedRequest(number, answered: answer, at: now)
                case .note(let sentence), .refused(_, let sentence):
                    notes.append(sentence)
                    return []
                case .isSelf:
                    isSelf = true
                    return []
                }
            }
        }
    }

    private static func insertion(_ name: String) -> String {
        #"["T",{"op":"insert","table":"A","row":{"name":"\#(name)"}}]"#
    }

    private func backup(
        _ own: DatabaseSchema, of other: DatabaseSchema, excluding tables: Set<String> = []
    ) -> Pair {
        let pair = Pair(
            .backup([own], excludedTables: [own.name: tables], serverID: UUID.random()))
        pair.source.add(other)
        pair.copy.add(own)
        return pair
    }

    @Test func `a backup holds what the active server holds, then and later`() throws {
        let schema = try ServedDatabases.schema("T")
        let pair = backup(schema, of: schema)
        let (client, stray) = (pair.source.server.openSession(), pair.copy.server.openSession())
        _ = try pair.send(to: pair.copy, stray, "transact", Self.insertion("stray"))
        for name in ["a", "b"] {
            _ = try pair.send(to: pair.source, client, "transact", Self.insertion(name))
        }
        pair.connect()
        #expect(pair.copy.names(of: "T") == ["a", "b"])
        _ = try pair.send(to: pair.source, client, "transact", Self.insertion("c"))
        _ = try pair.send(
            to: pair.source, client, "transact",
            #"["T",{"op":"delete","table":"A","where":[["name","==","a"]]}]"#)
        #expect(pair.copy.names(of: "T") == ["b", "c"])
        let octets = try #require(pair.copy.logs["T"]?.octets)
        #expect(try Database.load(log: octets, storage: nil).database.rowCount == 2)
    }

    @Test func `a backup that comes back commits the difference alone`() throws {
        let schema = try ServedDatabases.schema("T")
        let pair = backup(schema, of: schema)
        let client = pair.source.server.openSession()
        _ = try pair.send(to: pair.source, client, "transact", Self.insertion("a"))
        pair.connect()
        let before = pair.copy.logs["T"]?.octets
        pair.disconnect()
        pair.connect()
        #expect(pair.copy.logs["T"]?.octets == before)
        #expect(pair.follower.liveDatabases == ["T"])
    }

    @Test func `excluded tables stay as they are`() throws {
        let schema = try ServedDatabases.schema("T")
        let pair = backup(schema, of: schema, excluding: ["A"])
        let (client, own) = (pair.source.server.openSession(), pair.copy.server.openSession())
        _ = try pair.send(to: pair.copy, own, "transact", Self.insertion("own"))
        _ = try pair.send(to: pair.source, client, "transact", Self.insertion("a"))
        pair.connect()
        #expect(pair.copy.names(of: "T") == ["own"])
        #expect(pair.follower.liveDatabases == ["T"])
    }

    @Test func `a schema that lacks a column is not followed`() throws {
        let own = try ServedDatabases.schema(
            "T", version: "0.9.0", columns: #""name":{"type":"string"}"#)
        let pair = backup(own, of: try ServedDatabases.schema("T"))
        pair.connect()
        #expect(pair.follower.liveDatabases == [])
        #expect(
            pair.notes == [
                "Schema version mismatch, checking if T can still be replicated or not.",
                "Column n not present in the local db schema table A.",
                "T cannot be replicated.",
            ])
    }

    @Test func `a server does not follow itself`() throws {
        let source = ServedDatabases()
        let pair = Pair(
            .backup([], excludedTables: [:], serverID: source.server.serverID))
        var follower = pair.follower
        let session = source.server.openSession()
        guard case .send(let question) = follower.connected()[0] else {
            Issue.record("nothing was asked")
            return
        }
        let answer = source.server.handle(question, from: session, at: ServedDatabases.moment)
        #expect(follower.handle(answer[0].message) == [.isSelf])
    }

    @Test func `a read-only server reads, and refuses the rest`() throws {
        let driver = ServedDatabases()
        driver.add(try ServedDatabases.schema("T"))
        driver.server.setReadOnly(true, because: "test")
        let session = driver.server.openSession()
        let insert = try driver.send(session, "transact", Self.insertion("a"))
        #expect(
            insert.texts[0].contains(
                "insert operation not allowed when database server is in read only mode"))
        let select = try driver.send(
            session, "transact", #"["T",{"op":"select","table":"A","where":[]}]"#)
        #expect(select.texts[0].contains(#""rows":[]"#))
        let lock = try driver.send(session, "lock", #"["l"]"#)
        #expect(
            lock.texts[0].contains(
                #""error":"lock and unlock methods not allowed, DB server is read only.""#))
        let schema = try ServedDatabases.schema("T").json.text()
        let convert = try driver.send(session, "convert", #"["T",\#(schema)]"#)
        #expect(convert.texts[0].contains(#""error":"not allowed""#))
    }

    // MARK: Relays

    private func relay() throws -> Pair {
        let pair = Pair(.relay("T"))
        pair.source.add(try ServedDatabases.schema("T"))
        _ = pair.copy.server.addRelay("T", at: ServedDatabases.moment)
        return pair
    }

    @Test func `a relay waits for its source`() throws {
        let pair = try relay()
        let client = pair.copy.server.openSession()
        for method in ["get_schema", "transact", "monitor"] {
            let answer = try pair.send(to: pair.copy, client, method, #"["T"]"#)
            #expect(
                answer[0].contains("\(method) request specifies database T which is not yet"))
        }
        #expect(pair.copy.server.databaseNames == ["T", "_Server"])
        pair.connect()
        let answer = try pair.send(to: pair.copy, client, "get_schema", #"["T"]"#)
        #expect(answer[0].contains(#""name":"T""#))
    }

    @Test func `a relay passes writing on, and tells the change before the answer`() throws {
        let pair = try relay()
        pair.connect()
        let client = pair.copy.server.openSession()
        _ = try pair.send(to: pair.copy, client, "monitor", #"["T","m",{"A":{}}]"#)
        let texts = try pair.send(to: pair.copy, client, "transact", Self.insertion("a"))
        #expect(texts.count == 2)
        #expect(texts[0].contains(#""method":"update""#))
        #expect(texts[1].contains(#""id":"client","result":[{"uuid""#), "\(texts)")
        #expect(pair.source.names(of: "T") == ["a"])
        #expect(pair.copy.names(of: "T") == ["a"])
        let refused = try pair.send(to: pair.copy, client, "transact", Self.insertion("a"))
        #expect(refused[0].contains("constraint violation"))
        let assertion = try pair.send(
            to: pair.copy, client, "transact", #"["T",{"op":"assert","lock":"l"}]"#)
        #expect(assertion[0].contains("Asserted lock l not held."))
    }

    @Test func `a lost source cancels what it was asked`() throws {
        let pair = try relay()
        pair.connect()
        let client = pair.copy.server.openSession()
        let waiting = #"""
            ["T",{"op":"wait","table":"A","where":[],"columns":["name"],"until":"==",\#
            "rows":[{"name":"late"}]},{"op":"comment","comment":"x"},{"op":"delete",\#
            "table":"A","where":[]}]
            """#
        #expect(try pair.send(to: pair.copy, client, "transact", waiting) == [])
        #expect(pair.copy.server.pendingCount == 1)
        let answers = pair.follower.disconnected().flatMap { action in
            guard case .answered(let number, let answer) = action else {
                return [DatabaseServer.Outgoing]()
            }
            return pair.copy.server.forwardedRequest(
                number, answered: answer, at: ServedDatabases.moment)
        }
        #expect(answers.map(EngineDriver.text) == [#"{"error":"canceled","id":"client"}"#])
        #expect(pair.copy.server.pendingCount == 0)
    }

    @Test func `a client that leaves waits for no answer`() throws {
        let pair = try relay()
        let client = pair.copy.server.openSession()
        _ = pair.copy.server.setRelay(
            "T", schema: try ServedDatabases.schema("T"), at: ServedDatabases.moment)
        let outgoing = pair.copy.server.handle(
            .request(
                method: "transact", params: try JSON.parse(Self.insertion("a")).array ?? [], id: 1),
            from: client, at: ServedDatabases.moment)
        #expect(outgoing == [])
        _ = pair.copy.server.closeSession(client)
        #expect(pair.copy.server.pendingCount == 0)
        #expect(
            pair.copy.server.forwardedRequest(
                1, answered: .reply([]), at: ServedDatabases.moment) == [])
    }
}
