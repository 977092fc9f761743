import JSONRPC
import OVSDBClient
import OVSDBEngine
import OVSDBModel
import OpenVSwitchRows
import Testing

/// A replica joined to a server by hand.
private final class Link {
    let server: DatabaseServer
    let replica: DatabaseReplica
    var session: SessionID
    var heard: [DatabaseReplica.Action] = []

    init(_ server: DatabaseServer, tables: [MonitoredTable] = [], lock: String? = nil) {
        self.server = server
        replica =
            tables.isEmpty
            ? DatabaseReplica(OpenVSwitchSchema.schema, lock: lock)
            : DatabaseReplica(OpenVSwitchSchema.schema, monitoring: tables, lock: lock)
        session = server.openSession()
        perform(replica.connected())
    }

    func reconnect() {
        _ = server.closeSession(session)
        perform(replica.disconnected())
        session = server.openSession()
        perform(replica.connected())
    }

    /// Carries messages to and fro until nobody has more.
    func perform(_ actions: [DatabaseReplica.Action]) {
        for action in actions {
            guard case .send(let message) = action else {
                heard.append(action)
                continue
            }
            deliver(server.handle(message, from: session, at: Moment(monotonic: 0, date: 0)))
        }
    }

    func deliver(_ outgoing: [DatabaseServer.Outgoing]) {
        for item in outgoing where item.session == session { perform(replica.handle(item.message)) }
    }

    func commit(_ request: TransactionRequest) -> TransactionOutcome? {
        let (id, actions) = replica.commit(request)
        perform(actions)
        for case .completed(id, let outcome) in heard { return outcome }
        return nil
    }

    /// The rows of the notices that were heard, as table and name.
    var noticedNames: [String] {
        heard.flatMap { action -> [String] in
            guard case .changed(let notices) = action else { return [] }
            return notices.compactMap { notice in
                guard let row = notice.new, row.table.index(of: "name") != nil else { return nil }
                return "\(notice.table) \(row["name"].string ?? "")"
            }
        }.sorted()
    }
}

struct DatabaseReplicaTests {
    private let server = DatabaseServer()

    init() {
        _ = server.add(Database(OpenVSwitchSchema.schema), at: Moment(monotonic: 0, date: 0))
    }

    private func makeRoot(_ link: Link) {
        var request = TransactionRequest(OpenVSwitchSchema.schema)
        request.insert("Open_vSwitch", ["next_cfg": 1])
        #expect(link.commit(request) != nil)
    }

    @Test
    func `asks for everything again behind an update that it could not read`() throws {
        let link = Link(server)
        makeRoot(link)
        let wrong: JSON = ["Open_vSwitch": ["x": ["initial": 5]]]
        let update = JSONRPCMessage.notification(
            method: "update3",
            params: [
                .string(OpenVSwitchSchema.schema.name), "9fd0c9d6-3c4e-4a0e-9d4b-6a4b6f3c0001",
                wrong,
            ])
        let failures = link.replica.handle(update)
        guard case .failed? = failures.first else {
            Issue.record("the update was read: \(failures)")
            return
        }
        _ = link.replica.disconnected()
        let sent = link.replica.connected().flatMap { action -> [DatabaseReplica.Action] in
            guard case .send(let request) = action else { return [] }
            return server.handle(request, from: link.session, at: Moment(monotonic: 0, date: 0))
                .flatMap { link.replica.handle($0.message) }
        }
        let monitor = sent.compactMap { action -> [JSON]? in
            guard case .send(.request("monitor_cond_since", let params, _)) = action else {
                return nil
            }
            return params
        }.first
        #expect(monitor?.last == .string(UUID.zero.description))
    }

    private func addBridge(_ name: String) -> TransactionRequest {
        var request = TransactionRequest(OpenVSwitchSchema.schema)
        let interface = request.insert("Interface", ["name": Datum(.string(name))])
        let port = request.insert(
            "Port", ["name": Datum(.string(name)), "interfaces": Datum(.uuid(interface))])
        return {
            var request = $0
            let bridge = request.insert(
                "Bridge", ["name": Datum(.string(name)), "ports": Datum(.uuid(port))])
            let root = server.database("Open_vSwitch")?.rows(
                of: OpenVSwitchSchema.schema.index(of: "Open_vSwitch") ?? 0
            ).keys.first
            request.mutate(
                "Open_vSwitch", root ?? .zero, "bridges", .insert, Datum(.uuid(bridge)))
            return request
        }(request)
    }

    @Test func `a replica holds what is committed, through either end`() throws {
        let (first, second) = (Link(server), Link(server))
        #expect(first.replica.isLive)
        #expect(first.heard == [.changed([])])
        makeRoot(first)
        let outcome = try #require(first.commit(addBridge("br0")))
        guard case .committed(let inserted) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(inserted.count == 3)
        let bridges = first.replica.rows(of: "Bridge")
        #expect(bridges.values.map { $0["name"].string } == ["br0"])
        #expect(Set(bridges.keys).isSubset(of: Set(inserted.values)))
        let root = try #require(first.replica.singleton("Open_vSwitch"))
        #expect(first.replica.rows(of: "Bridge", named: root["bridges"]).count == 1)
        second.reconnect()
        #expect(second.replica.rows(of: "Port").count == 1)
        #expect(
            second.noticedNames == ["Bridge br0", "Interface br0", "Port br0"])
    }

    @Test func `updates carry differences of sets and maps`() throws {
        let link = Link(server)
        makeRoot(link)
        _ = link.commit(addBridge("br0"))
        let bridge = try #require(link.replica.rows(of: "Bridge").keys.first)
        var request = TransactionRequest(OpenVSwitchSchema.schema)
        request.update(
            "Bridge", bridge,
            ["other_config": ["a": "1", "b": "2"], "flood_vlans": [1, 2, 3]])
        _ = link.commit(request)
        request = TransactionRequest(OpenVSwitchSchema.schema)
        request.mutate("Bridge", bridge, "other_config", .delete, ["a"])
        request.mutate("Bridge", bridge, "flood_vlans", .insert, [9])
        request.update("Bridge", bridge, ["stp_enable": true, "fail_mode": "secure"])
        link.heard = []
        #expect(link.commit(request) == .committed(inserted: [:]))
        let row = try #require(link.replica.row("Bridge", bridge))
        #expect(row["other_config"].stringMap == ["b": "2"])
        #expect(row["flood_vlans"].integers == [1, 2, 3, 9])
        #expect(row["fail_mode"].string == "secure")
        #expect(row["stp_enable"].boolean == true)
        guard case .changed(let notices) = link.heard.first else {
            Issue.record("no notice came before the outcome")
            return
        }
        #expect(notices.map(\.table) == ["Bridge"])
        #expect(notices.first?.changes("fail_mode") == true)
        #expect(notices.first?.changes("ports") == false)
    }

    @Test func `a refused transaction tells why`() {
        let link = Link(server)
        var request = TransactionRequest(OpenVSwitchSchema.schema)
        request.insert("Queue", ["dscp": 64])
        #expect(
            link.commit(request)
                == .refused(
                    tag: "constraint violation",
                    details: "64 is not in the valid range 0 to 63 (inclusive)"))
    }

    @Test func `a prerequisite that no longer holds fails the transaction`() throws {
        let link = Link(server)
        makeRoot(link)
        let stale = try #require(link.replica.singleton("Open_vSwitch"))
        var change = TransactionRequest(OpenVSwitchSchema.schema)
        change.verify(stale, ["next_cfg"])
        change.mutate("Open_vSwitch", stale.uuid, "next_cfg", .add, 1)
        #expect(link.commit(change) == .committed(inserted: [:]))
        guard case .refused(let tag, _)? = link.commit(change) else {
            Issue.record("the second change was not refused")
            return
        }
        #expect(tag == "timed out")
    }

    @Test func `only the chosen columns are copied`() throws {
        let link = Link(server, tables: [MonitoredTable(OpenVSwitchRow.curCfg)])
        makeRoot(link)
        let row = try #require(link.replica.singleton("Open_vSwitch"))
        #expect(row["next_cfg"].integer == 0)
        #expect(link.replica.rows(of: "Bridge").isEmpty)
    }

    @Test func `a lost connection leaves outcomes unknown and rows as they were`() {
        let link = Link(server)
        makeRoot(link)
        var request = TransactionRequest(OpenVSwitchSchema.schema)
        request.insert("Queue", [:])
        let (id, _) = link.replica.commit(request)
        link.heard = []
        link.reconnect()
        #expect(link.heard.contains(.completed(id, .unknown)))
        #expect(link.heard.contains(.changed([])))
        #expect(link.replica.rows(of: "Open_vSwitch").count == 1)
    }

    @Test func `a lock is held by one replica at a time`() {
        let (first, second) = (Link(server, lock: "l"), Link(server, lock: "l"))
        #expect(first.replica.ownsLock)
        #expect(!second.replica.ownsLock)
        second.deliver(server.closeSession(first.session))
        #expect(second.replica.ownsLock)
    }

    @Test func `a server without the database is told of`() {
        let link = Link(DatabaseServer())
        #expect(
            link.heard == [.failed("get_schema request specifies unknown database Open_vSwitch")])
    }

    @Test func `an older server is asked in an older way`() throws {
        let replica = DatabaseReplica(
            OpenVSwitchSchema.schema, monitoring: [MonitoredTable(QueueRow.dscp)])
        _ = replica.connected()
        var actions = replica.handle(.reply(result: OpenVSwitchSchema.schema.json, id: 1))
        for id in [2, 3] as [Int64] {
            actions = replica.handle(.error("unknown method", id: .integer(id)))
        }
        guard case .send(.request("monitor", _, id: 4))? = actions.first else {
            Issue.record("\(actions)")
            return
        }
        let uuid = "9fd0c9d6-3c4e-4a0e-9d4b-6a4b6f3c0001"
        let rows = try JSON.parse(#"{"Queue":{"\#(uuid)":{"new":{"dscp":5}}}}"#)
        _ = replica.handle(.reply(result: rows, id: 4))
        #expect(replica.singleton("Queue")?["dscp"].integer == 5)
        let gone = try JSON.parse(#"[null,{"Queue":{"\#(uuid)":{"old":{"dscp":5}}}}]"#)
        _ = replica.handle(.notification(method: "update", params: gone.array ?? []))
        #expect(replica.rows(of: "Queue").isEmpty)
    }
}
