import JSONRPC
import OVSDBEngine
import OVSDBModel

/// A server with databases of a few columns, driven by hand.
final class ServedDatabases {
    let server = DatabaseServer()
    private(set) var logs: [String: MemoryLog] = [:]
    private var nextID: Int64 = 0

    static let moment = Moment(monotonic: 0, date: 1_700_000_000_000)

    /// Tables `A`, whose columns are given, and `B`, which `A` may refer to.
    static func schema(
        _ name: String, version: String = "1.0.0",
        columns: String = #""name":{"type":"string"},"n":{"type":"integer"}"#
    ) throws -> DatabaseSchema {
        try DatabaseSchema(
            JSON.parse(
                #"""
                {"name":"\#(name)","version":"\#(version)","tables":{"A":{"isRoot":true,\#
                "indexes":[["name"]],"columns":{\#(columns)}},"B":{"isRoot":true,"columns":\#
                {"x":{"type":{"key":{"type":"string","enum":["set",["a","b"]]}}}}}}}
                """#))
    }

    @discardableResult
    func add(_ schema: DatabaseSchema) -> [DatabaseServer.Outgoing] {
        let log = MemoryLog(LogRecord.encode(schema.json))
        logs[schema.name] = log
        return server.add(Database(schema, storage: log), at: Self.moment)
    }

    /// Sends a request; returns what comes of it, as text, and whose connections are closed.
    func send(
        _ session: SessionID, _ method: String, _ params: String
    ) throws -> (texts: [String], closed: [SessionID]) {
        nextID += 1
        let outgoing = server.handle(
            .request(
                method: method, params: try JSON.parse(params).array ?? [], id: .integer(nextID)),
            from: session, at: Self.moment)
        return (outgoing.map(EngineDriver.text), closed())
    }

    func closed() -> [SessionID] {
        server.takeOrders().compactMap {
            if case .close(let session, _) = $0 { session } else { nil }
        }
    }

    func names(of database: String) -> [String] {
        guard let database = server.database(database), let table = database.schema.index(of: "A"),
            let column = database.schema.tables[table].index(of: "name")
        else { return [] }
        return database.rows(of: table).values.compactMap { $0[column].string }.sorted()
    }
}
