import JSONRPC
import OVSDBModel
import Testing

@testable import OVSDBEngine

/// When logs are compacted, and what becomes of commits meanwhile.
@Suite
struct CompactionTests {
    private let driver = EngineDriver()

    private var database: Database {
        get throws { try #require(driver.server.database("Open_vSwitch")) }
    }

    private func insert(_ count: Int = 1) throws {
        let session = driver.open()
        for _ in 0..<count {
            try driver.transact(session, #"{"op":"insert","table":"Queue","row":{}}"#)
        }
        _ = driver.server.closeSession(session)
    }

    private func reload() throws -> Database {
        let load = try Database.load(log: driver.log.octets, storage: nil)
        #expect(load.warning == nil)
        return load.database
    }

    private static let minutes: Int64 = 60_000

    struct Growth: Sendable {
        let commitCount: Int
        let minutes: Int64
        let byteCount: Int
        let isDue: Bool

        init(_ commitCount: Int, _ minutes: Int64, _ byteCount: Int, _ isDue: Bool) {
            self.commitCount = commitCount
            self.minutes = minutes
            self.byteCount = byteCount
            self.isDue = isDue
        }
    }

    private static let day: Int64 = 24 * 60
    static let growths: [Growth] = [
        Growth(99, 9 * day, 90_000_000, false), Growth(100, 9, 90_000_000, false),
        Growth(100, 10, 9_000_000, false), Growth(100, 10, 11_000_000, true),
        Growth(100, day - 1, 9_000_000, false), Growth(100, day, 0, true),
    ]

    @Test(arguments: growths)
    func `a log is compacted when it has grown, and at last when a day is over`(
        growth: Growth
    ) throws {
        let database = try database
        database.commitCount = growth.commitCount
        database.loggedByteCount = growth.byteCount
        driver.now = growth.minutes * Self.minutes
        #expect(database.wantsCompaction(at: driver.moment) == growth.isDue)
    }

    @Test func `a log that is no more than twice its snapshot may grow on`() throws {
        let database = try database
        database.commitCount = 100
        database.snapshotByteCount = 20_000_000
        driver.now = 10 * Self.minutes
        database.loggedByteCount = 20_000_000
        #expect(!database.wantsCompaction(at: driver.moment))
        database.loggedByteCount += 1
        #expect(database.wantsCompaction(at: driver.moment))
    }

    @Test func `what is committed during a compaction is in the new log`() throws {
        try insert(3)
        let compaction = try #require(try database.beginCompaction(at: driver.moment))
        try insert(2)
        try compaction.write()
        try insert()
        #expect(try !database.wantsCompaction(at: driver.moment))
        #expect(try database.finish(compaction, at: driver.moment))
        #expect(try reload().rowCount == 6)
        #expect(try database.commitCount == 3)
        try insert()
        #expect(try reload().rowCount == 7)
    }

    @Test func `a compaction on command outruns the one that is going on`() throws {
        try insert(3)
        let compaction = try #require(try database.beginCompaction(at: driver.moment))
        try insert()
        try compaction.write()
        try database.compact(date: 0)
        try insert()
        #expect(try !database.finish(compaction, at: driver.moment))
        #expect(try reload().rowCount == 5)
    }

    @Test func `a compaction of the schema before does not undo a conversion`() throws {
        try insert()
        let old = try database
        let compaction = try #require(try old.beginCompaction(at: driver.moment))
        try compaction.write()
        let converted = try old.converted(to: old.schema, date: 0)
        #expect(try !old.finish(compaction, at: driver.moment))
        #expect(converted.rowCount == 1)
        #expect(try reload().rowCount == 1)
    }

    @Test func `a full disk leaves the log as it was`() throws {
        try insert()
        let compaction = try #require(try database.beginCompaction(at: driver.moment))
        let before = driver.log.octets
        driver.log.isFull = true
        #expect(throws: StorageError.self) { try compaction.write() }
        try database.abandonCompaction()
        driver.log.isFull = false
        #expect(driver.log.octets == before)
        try insert()
        #expect(try reload().rowCount == 2)
    }

    static let contradictions: [(String, String)] = [
        (#"{"Nope":{}}"#, "No table named Nope."),
        (#"{"Queue":{"x":{}}}"#, "\"x\" is not a valid UUID"),
        (#"[1]"#, "are not a JSON object"),
        (
            #"""
            {"Bridge":{"00000000-0000-4000-8000-000000000001":{"ports":["uuid",\#
            "00000000-0000-4000-8000-000000000002"]}}}
            """#,
            "references nonexistent row"
        ),
    ]

    @Test(arguments: contradictions)
    func `a whole record that contradicts what went before ends the reading`(
        record: String, reason: String
    ) throws {
        try insert(2)
        let whole = driver.log.octets.count
        let octets = driver.log.octets + LogRecord.encode(try JSON.parse(record))
        let load = try Database.load(log: octets, storage: nil)
        #expect(load.validByteCount == whole)
        #expect(load.warning?.contains(reason) == true, "\(load.warning ?? "no warning")")
        #expect(load.database.rowCount == 2)
    }

    @Test func `a server before differences gets whole columns`() throws {
        try insert()
        let database = try database
        database.logsDifferences = false
        let start = driver.log.octets.count
        try driver.transact(
            driver.open(), #"{"op":"update","table":"Queue","where":[],"row":{"dscp":5}}"#)
        let record = String(decoding: driver.log.octets[start...], as: UTF8.self)
        #expect(!record.contains("_is_diff"))
        #expect(record.contains(#""dscp":5"#))
    }
}
