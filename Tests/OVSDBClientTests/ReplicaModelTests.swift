import JSONRPC
import OVSDBClient
import OVSDBEngine
import OVSDBModel
import OpenVSwitchRows
import TestSupport
import Testing

private let schema = OpenVSwitchSchema.schema
private let start = Moment(monotonic: 0, date: 0)

/// A client whose messages lie in two queues, for as long as the test likes.
private final class Client {
    let replica = DatabaseReplica(schema)
    var session: SessionID?
    var outbox: [JSONRPCMessage] = []
    var inbox: [JSONRPCMessage] = []
    var submitted: [DatabaseReplica.TransactionID] = []
    var outcomes: [DatabaseReplica.TransactionID: TransactionOutcome] = [:]
    var condition: (minimum: Int, isSet: Bool) = (0, false)
    var names: [String] = []
    var increments: [DatabaseReplica.TransactionID] = []
    /// The rows as the notices alone tell them.
    var told: [String: [UUID: Row]] = [:]

    func perform(_ actions: [DatabaseReplica.Action]) {
        for action in actions {
            switch action {
            case .send(let message): outbox.append(message)
            case .changed(let notices): for notice in notices { take(notice) }
            case .completed(let name, let outcome):
                #expect(outcomes.updateValue(outcome, forKey: name) == nil)
            case .lock: break
            case .failed(let reason): Issue.record("\(reason)")
            }
        }
    }

    private func take(_ notice: RowNotice) {
        #expect(told[notice.table]?[notice.uuid] == notice.old)
        told[notice.table, default: [:]][notice.uuid] = notice.new
    }

    @discardableResult
    func submit(
        _ policy: RetryPolicy,
        _ compose: @escaping (DatabaseReplica, inout TransactionRequest) -> Void
    ) -> DatabaseReplica.TransactionID {
        let (name, actions) = replica.submit(policy, compose)
        submitted.append(name)
        perform(actions)
        return name
    }
}

/// A server in memory, several clients, and all that can happen between them.
private final class World {
    let server = DatabaseServer()
    let clients = (0..<3).map { _ in Client() }
    var random: SplitMix64

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        _ = server.add(Database(schema), at: start)
        var request = TransactionRequest(schema)
        request.insert(OpenVSwitchRow())
        let first = clients[0]
        connect(first)
        drain()
        first.perform(first.replica.commit(request).1)
        drain()
        first.outcomes = [:]
    }

    func connect(_ client: Client) {
        guard client.session == nil else { return }
        client.session = server.openSession()
        client.perform(client.replica.connected())
    }

    func disconnect(_ client: Client) {
        guard let session = client.session else { return }
        client.session = nil
        (client.outbox, client.inbox) = ([], [])
        route(server.closeSession(session))
        client.perform(client.replica.disconnected())
    }

    private func route(_ outgoing: [DatabaseServer.Outgoing]) {
        for item in outgoing {
            clients.first { $0.session == item.session }?.inbox.append(item.message)
        }
    }

    func deliverToServer(_ client: Client) {
        guard let session = client.session, !client.outbox.isEmpty else { return }
        route(server.handle(client.outbox.removeFirst(), from: session, at: start))
    }

    func deliverToClient(_ client: Client) {
        guard !client.inbox.isEmpty else { return }
        client.perform(client.replica.handle(client.inbox.removeFirst()))
    }

    /// Delivers until nobody has anything to say.
    func drain() {
        while let client = clients.first(where: { !$0.outbox.isEmpty || !$0.inbox.isEmpty }) {
            deliverToServer(client)
            deliverToClient(client)
        }
    }

    func step() {
        let client = clients[Int.random(in: 0..<clients.count, using: &random)]
        switch Int.random(in: 0..<40, using: &random) {
        case 0..<12: deliverToServer(client)
        case 12..<24: deliverToClient(client)
        case 24..<28: connect(client)
        case 28: disconnect(client)
        case 29: changeCondition(client)
        case 30..<33: increment(client)
        case 33..<35: ensure(client)
        default: change(client)
        }
    }

    // MARK: What clients do

    private func changeCondition(_ client: Client) {
        let minimum = Int.random(in: 0..<64, using: &random)
        client.condition = (minimum, Bool.random(using: &random))
        let condition =
            client.condition.isSet
            ? QueueRow.dscp == Int?(minimum) || QueueRow.dscp == nil : nil
        client.perform(client.replica.setCondition(condition))
    }

    /// Adds one to a number that it has read: two at a time must not add one alone.
    private func increment(_ client: Client) {
        let name = client.submit(.unlessUnknown) { replica, request in
            guard let root = replica[OpenVSwitchRow.self].first else { return }
            let serial = request.read(OpenVSwitchRow.nextCfg, of: root)
            request.update(root.reference) { $0.nextCfg = serial + 1 }
        }
        client.increments.append(name)
    }

    /// Brings about that a row exists, however often that takes.
    private func ensure(_ client: Client) {
        let name = "\(UUID.random(using: &random))"
        client.names.append(name)
        client.submit(.always) { replica, request in
            let exists = replica[QoSRow.self].contains { $0.type == name }
            if !exists { request.insert(QoSRow.self) { $0.type = name } }
        }
    }

    private func change(_ client: Client) {
        let (number, key) = (Int.random(in: 0..<64, using: &random), ["a", "b"].randomElement())
        let pick = Int.random(in: 0..<1000, using: &random)
        let kind = Int.random(in: 0..<4, using: &random)
        client.submit(.always) { replica, request in
            let queues = replica[QueueRow.self].sorted { $0.reference < $1.reference }
            guard kind > 0, !queues.isEmpty else {
                if queues.count < 20 { request.insert(QueueRow.self) { $0.dscp = number } }
                return
            }
            let queue = queues[pick % queues.count]
            switch kind {
            case 1: request.delete(queue.reference)
            case 2:
                request.verify(queue, QueueRow.dscp, QueueRow.otherConfig)
                request.update(queue.reference) { $0.dscp = number }
            default:
                let pairs = [key ?? "": "\(number)"]
                request.insert(pairs, into: QueueRow.externalIDs, of: queue.reference)
            }
        }
    }

    // MARK: What must hold

    func contents(_ table: TableSchema) -> [UUID: [Datum]] {
        guard let index = schema.index(of: table.name) else { return [:] }
        return server.database(schema.name)?.rows(of: index) ?? [:]
    }

    func expectEquality() {
        for (number, client) in clients.enumerated() {
            for table in [OpenVSwitchRow.table, QoSRow.table, QueueRow.table] {
                var rows = contents(table)
                if table.name == "Queue", client.condition.isSet {
                    rows = rows.filter {
                        let dscp = Row(table, uuid: $0.key).holding($0.value)["dscp"].integer
                        return dscp == nil || dscp == Int64(client.condition.minimum)
                    }
                }
                let held = client.replica.rows(of: table.name)
                #expect(Set(held.keys) == Set(rows.keys), "client \(number), \(table.name)")
                for (uuid, row) in held {
                    #expect(row.data.dropFirst(2) == rows[uuid]?.dropFirst(2))
                }
                #expect(client.told[table.name] ?? [:] == held)
            }
        }
    }
}

extension Row {
    fileprivate func holding(_ data: [Datum]) -> Row {
        var row = self
        for (index, datum) in data.enumerated() { row.assign(datum, at: index) }
        return row
    }
}

struct ReplicaModelTests {
    @Test(arguments: 0..<25 as Range<UInt64>)
    func `replicas agree with the database whatever gets lost, and no change is made twice`(
        seed: UInt64
    ) {
        let world = World(seed: seed)
        for _ in 0..<600 { world.step() }
        for client in world.clients { world.connect(client) }
        world.drain()
        world.expectEquality()
        var committed = 0
        var unknown = 0
        for client in world.clients {
            #expect(Set(client.submitted) == Set(client.outcomes.keys), "something never ended")
            for name in client.increments {
                switch client.outcomes[name] {
                case .committed?: committed += 1
                case .unknown?: unknown += 1
                case .refused(let tag, let details)?: Issue.record("\(tag): \(details)")
                case nil: break
                }
            }
            for name in client.names {
                let count = world.contents(QoSRow.table).values.count { row in
                    row.contains { $0.string == name }
                }
                #expect(count == 1)
            }
        }
        let serial = world.clients[0].replica[OpenVSwitchRow.self].first?.nextCfg ?? -1
        #expect(committed...committed + unknown ~= serial)
    }
}
