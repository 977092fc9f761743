import OVSDBClient
import OVSDBConnection
import OVSDBModel
import OpenVSwitchRows
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct DatabaseConnectionTests {
    private static let queues = [MonitoredTable(QueueRow.self)]
    private let schema = OpenVSwitchSchema.schema

    private func insertQueue(_ dscp: Int, by connection: DatabaseConnection) async {
        let outcome = await connection.transact { replica, request in
            // Its work is done already where only the reply was lost.
            guard !replica[QueueRow.self].contains(where: { $0.dscp == dscp }) else { return }
            request.insert(QueueRow.self) { $0.dscp = dscp }
        }
        #expect(outcome.isCommitted)
    }

    @Test(arguments: ServerProcess.available)
    func `changes follow, beginning with the rows that are there, and go on after a restart`(
        kind: ServerProcess.Kind
    ) async throws {
        let server = ServerProcess(kind)
        let connection = try DatabaseConnection(
            schema, at: [server.socket], monitoring: Self.queues)
        await insertQueue(1, by: connection)
        var changes = connection.changes(of: QueueRow.self).makeAsyncIterator()
        let first = try #require(await changes.next())
        #expect(first.map(\.new?.dscp) == [1])
        await insertQueue(2, by: connection)
        let second = try #require(await changes.next())
        #expect(second.map(\.new?.dscp) == [2])
        #expect(second.first?.old == nil)
        server.stop()
        server.start()
        let other = try DatabaseConnection(schema, at: [server.socket])
        await insertQueue(3, by: other)
        let third = try #require(await changes.next())
        #expect(third.map(\.new?.dscp) == [3])
        let values = try await connection.read { $0[QueueRow.self].compactMap(\.dscp).sorted() }
        #expect(values == [1, 2, 3])
        await connection.close()
        #expect(await changes.next() == nil)
        await other.close()
    }

    @Test(arguments: ServerProcess.available)
    func `what several clients read and write at a time gets lost nowhere`(
        kind: ServerProcess.Kind
    ) async throws {
        let server = ServerProcess(kind)
        let connections = try (0..<3).map { _ in
            try DatabaseConnection(schema, at: [server.socket])
        }
        let made = await connections[0].transact { _, request in
            request.insert(OpenVSwitchRow())
        }
        #expect(made.isCommitted)
        await withTaskGroup { group in
            for connection in connections {
                for _ in 0..<10 { group.addTask { await increment(connection) } }
            }
        }
        for connection in connections {
            for await batch in connection.changes(of: OpenVSwitchRow.self)
            where batch.contains(where: { $0.new?.nextCfg == 30 }) {
                break
            }
            await connection.close()
        }
    }

    private func increment(_ connection: DatabaseConnection) async {
        // The row is another client's work, which this one may not have heard of yet.
        for await _ in connection.changes(of: OpenVSwitchRow.self) {
            let exists = try? await connection.read { !$0[OpenVSwitchRow.self].isEmpty }
            if exists ?? true { break }
        }
        let outcome = await connection.transact(.unlessUnknown) { replica, request in
            guard let root = replica[OpenVSwitchRow.self].first else { return }
            let serial = request.read(OpenVSwitchRow.nextCfg, of: root)
            request.update(root.reference) { $0.nextCfg = serial + 1 }
        }
        #expect(outcome.isCommitted)
    }

    @Test func `the first server that answers serves`() async throws {
        let server = ServerProcess(.martlet)
        let connection = try DatabaseConnection(
            schema, at: ["unix:/nonexistent/db.sock", server.socket], monitoring: Self.queues)
        await insertQueue(5, by: connection)
        let count = try await connection.read { $0[QueueRow.self].count }
        #expect(count == 1)
        await connection.close()
    }

    @Test func `rows outside the condition are not followed`() async throws {
        let server = ServerProcess(.martlet)
        let connection = try DatabaseConnection(
            schema, at: [server.socket],
            monitoring: [MonitoredTable(QueueRow.dscp, where: QueueRow.dscp == 7)])
        for dscp in [6, 7] {
            let outcome = await connection.transact { _, request in
                request.insert(QueueRow.self) { $0.dscp = dscp }
            }
            #expect(outcome.isCommitted)
        }
        var changes = connection.changes(of: QueueRow.self).makeAsyncIterator()
        #expect(await changes.next()?.map(\.new?.dscp) == [7])
        connection.setCondition(nil, of: QueueRow.self)
        #expect(await changes.next()?.map(\.new?.dscp) == [6])
        connection.setCondition(QueueRow.dscp == 6)
        let gone = await changes.next()
        #expect(gone?.map(\.old?.dscp) == [7])
        #expect(gone?.first?.new == nil)
        await connection.close()
    }

    @Test func `whoever waits when the connection is closed is told`() async throws {
        let connection = try DatabaseConnection(schema, at: ["unix:/nonexistent/db.sock"])
        async let outcome = connection.transact { _, request in
            request.insert(QueueRow())
        }
        async let batch = connection.changes(of: QueueRow.self).first { _ in true }
        async let count = try? connection.read { $0[QueueRow.self].count }
        await connection.close()
        #expect(await outcome == .unknown)
        #expect(await batch == nil)
        #expect(await count == nil)
        #expect(await connection.transact { _, _ in } == .unknown)
        await #expect(throws: DatabaseConnection.Closed.self) {
            try await connection.read { $0[QueueRow.self].count }
        }
    }

    @Test func `a cancelled reader of changes ends`() async throws {
        let connection = try DatabaseConnection(schema, at: ["unix:/nonexistent/db.sock"])
        let reader = Task {
            for await _ in connection.changes(of: QueueRow.self) {}
            return true
        }
        reader.cancel()
        #expect(await reader.value)
        await connection.close()
    }

    @Test func `the documented program works`() async throws {
        let server = ServerProcess(.martlet)
        let connection = try DatabaseConnection(schema, at: [server.socket])
        let made = await connection.transact { _, request in request.insert(OpenVSwitchRow()) }
        #expect(made.isCommitted)
        try await followBridges(at: server.socket)
        for await bridges in connection.changes(of: BridgeRow.self) where !bridges.isEmpty {
            #expect(bridges.map(\.new?.name) == ["br0"])
            #expect(bridges.first?.new?.failMode == .secure)
            break
        }
        await connection.close()
    }

    @Test func `the documented program is the one that is tested`() throws {
        let page = try readFile(packageRoot() + "/Documentation/database-client.md")
        let path = packageRoot() + "/Tests/OVSDBConnectionTests/FollowBridges.swift"
        let program = try readFile(path)
        #expect(page.contains("```swift\n" + program + "```"))
    }

    @Test func `a method to listen by is refused`() {
        #expect(throws: (any Error).self) {
            try DatabaseConnection(schema, at: ["punix:/tmp/x"])
        }
        #expect(throws: (any Error).self) { try DatabaseConnection(schema, at: []) }
    }
}
