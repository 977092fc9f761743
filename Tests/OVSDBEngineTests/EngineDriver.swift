import JSONRPC
import OVSDBEngine
import OVSDBModel

/// A server with the Open_vSwitch database, driven by hand.
final class EngineDriver {
    let server = DatabaseServer()
    let log: MemoryLog
    var now: Int64 = 0
    private var nextID: Int64 = 0

    init(_ schema: DatabaseSchema = OpenVSwitchSchema.schema) {
        log = MemoryLog(LogRecord.encode(schema.json))
        _ = server.add(Database(schema, storage: log), at: moment)
    }

    /// Serves what a log holds.
    init(log octets: [UInt8]) throws {
        log = MemoryLog(octets)
        let load = try Database.load(log: octets, storage: log)
        log.octets.removeLast(octets.count - load.validByteCount)
        _ = server.add(load.database, at: moment)
    }

    var moment: Moment { Moment(monotonic: now, date: 1_700_000_000_000 + now) }

    func open() -> SessionID { server.openSession() }

    /// Sends a request; returns every message that comes of it.
    func send(_ session: SessionID, _ method: String, _ params: String) throws -> [String] {
        nextID += 1
        let message = JSONRPCMessage.request(
            method: method, params: try JSON.parse(params).array ?? [], id: .integer(nextID))
        return server.handle(message, from: session, at: moment).map(Self.text)
    }

    static func text(_ outgoing: DatabaseServer.Outgoing) -> String {
        outgoing.message.json.text(sortsKeys: true)
    }

    /// Runs operations on Open_vSwitch; returns the array of results.
    @discardableResult
    func transact(_ session: SessionID, _ operations: String) throws -> JSON {
        nextID += 1
        let params = try JSON.parse("[\"Open_vSwitch\",\(operations)]").array ?? []
        let outgoing = server.handle(
            .request(method: "transact", params: params, id: .integer(nextID)), from: session,
            at: moment)
        for case .reply(let result, id: .integer(nextID)) in outgoing.map(\.message) {
            return result
        }
        return .null
    }

    /// The text of some columns of a table's rows, in order.
    func select(_ session: SessionID, _ table: String, _ columns: String) throws -> [String] {
        let result = try transact(
            session, #"{"op":"select","table":"\#(table)","where":[],"columns":\#(columns)}"#)
        return (result[0]?["rows"]?.array ?? []).map { $0.text(sortsKeys: true) }.sorted()
    }
}

/// A log in memory, which can be told to be full.
final class MemoryLog: DatabaseStorage {
    var octets: [UInt8]
    var isFull = false
    var syncCount = 0

    init(_ octets: [UInt8]) { self.octets = octets }

    func append(_ octets: [UInt8]) throws(StorageError) {
        if isFull { throw StorageError("No space left on device") }
        self.octets += octets
    }

    func sync() throws(StorageError) { syncCount += 1 }

    func read() throws(StorageError) -> [UInt8] { octets }

    func truncate(to byteCount: Int) throws(StorageError) {
        octets.removeLast(octets.count - byteCount)
    }

    func makeReplacement() throws(StorageError) -> any LogReplacement {
        if isFull { throw StorageError("No space left on device") }
        return Replacement(of: self)
    }

    private final class Replacement: LogReplacement, @unchecked Sendable {
        private let log: MemoryLog
        private var octets: [UInt8] = []

        init(of log: MemoryLog) { self.log = log }

        func write(_ octets: [UInt8]) throws(StorageError) {
            if log.isFull { throw StorageError("No space left on device") }
            self.octets += octets
        }

        func finish() throws(StorageError) { log.octets = octets }
    }
}
