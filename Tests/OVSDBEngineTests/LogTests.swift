import JSONRPC
import OVSDBEngine
import OVSDBModel
import Testing

struct LogTests {
    private static let insert =
        #"{"op":"insert","table":"Queue","row":{"dscp":5,"other_config":["map",[["a","1"]]]}}"#

    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        ),
        (String(repeating: "a", count: 1_000_000), "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
    ])
    func `digests are those of the standard`(text: String, digest: String) {
        #expect(SHA1.hexadecimalDigest(of: Array(text.utf8)) == digest)
    }

    @Test func `a record looks as genuine ovsdb-server writes it`() throws {
        let json = try JSON.parse(
            #"""
            {"Port":{"6463ebe8-e648-4516-ba61-1617879ebd2f":{"tag":6}},"_date":1795208994695,\#
            "_is_diff":true}
            """#
        )
        let text = String(decoding: LogRecord.encode(json), as: UTF8.self)
        #expect(text.hasPrefix("OVSDB JSON 98 2aeed2cdb6ef47f2728b53e54b7bc92b469da873\n"))
    }

    @Test func `what was committed is read again`() throws {
        let driver = EngineDriver()
        let session = driver.open()
        try driver.transact(session, Self.insert)
        try driver.transact(
            session,
            #"""
            {"op":"mutate","table":"Queue","where":[],"mutations":[["other_config","insert",\#
            ["map",[["b","2"]]]],["other_config","delete","a"]]},{"op":"commit","durable":\#
            true},{"op":"comment","comment":"x"}
            """#
        )
        try driver.transact(session, Self.insert)
        try driver.transact(
            session, #"{"op":"update","table":"Queue","where":[],"row":{"dscp":["set",[]]}}"#)
        let again = try EngineDriver(log: driver.log.octets)
        let columns = #"["_uuid","dscp","other_config"]"#
        let expected = try driver.select(session, "Queue", columns)
        #expect(try again.select(again.open(), "Queue", columns) == expected)
        let snapshot = try #require(driver.server.database("Open_vSwitch")).snapshot(date: 1)
        let compacted = try EngineDriver(log: snapshot)
        #expect(try compacted.select(compacted.open(), "Queue", columns) == expected)
    }

    @Test func `a log that ends anywhere is read to its last whole record`() throws {
        let driver = EngineDriver()
        let session = driver.open()
        let schemaByteCount = driver.log.octets.count
        try driver.transact(session, Self.insert)
        let firstByteCount = driver.log.octets.count
        try driver.transact(session, Self.insert)
        let octets = driver.log.octets
        for byteCount in schemaByteCount..<octets.count {
            let load = try Database.load(log: Array(octets.prefix(byteCount)), storage: nil)
            let whole = byteCount < firstByteCount ? schemaByteCount : firstByteCount
            #expect(load.validByteCount == whole)
            #expect((load.warning == nil) == (byteCount == whole))
            #expect(load.database.rowCount == (byteCount < firstByteCount ? 0 : 1))
        }
    }

    @Test func `a damaged record ends the reading with a warning`() throws {
        let driver = EngineDriver()
        let session = driver.open()
        try driver.transact(session, Self.insert)
        let good = driver.log.octets.count
        try driver.transact(session, Self.insert)
        var octets = driver.log.octets
        octets[octets.count - 10] ^= 1
        let load = try Database.load(log: octets, storage: nil)
        #expect(load.validByteCount == good)
        #expect(load.warning?.contains("have SHA-1 hash") == true)
    }

    /// Each is a difference that a column may hold, and that leads to what it may not.
    @Test(arguments: [
        #"{"dscp":6}"#, #"{"dscp":["set",[6,7]]}"#, #"{"dscp":99}"#,
    ])
    func `a difference that leads where the column may not go ends the reading`(
        row: String
    ) throws {
        let driver = EngineDriver()
        let session = driver.open()
        try driver.transact(session, Self.insert)
        let selected = try driver.select(session, "Queue", #"["_uuid"]"#)
        let uuid = try #require(try JSON.parse(selected[0])["_uuid"]?[1]?.string)
        let record = try JSON.parse(#"{"Queue":{"\#(uuid)":\#(row)},"_is_diff":true}"#)
        let octets = driver.log.octets
        let load = try Database.load(log: octets + LogRecord.encode(record), storage: nil)
        // Of a column with one value the difference is another one; two are too many.
        let isRight = row == #"{"dscp":6}"#
        #expect((load.validByteCount == octets.count) == !isRight)
        #expect((load.warning == nil) == isRight)
        let snapshot = load.database.snapshot(date: 0)
        #expect(try Database.load(log: snapshot, storage: nil).warning == nil)
    }

    @Test func `one wait for the disk serves the durable transactions before it`() throws {
        let driver = EngineDriver()
        let session = driver.open()
        try driver.transact(session, Self.insert)
        #expect(!driver.server.isSyncDue)
        for _ in 0..<3 {
            try driver.transact(session, Self.insert + #",{"op":"commit","durable":true}"#)
            #expect(driver.server.isSyncDue)
        }
        try driver.server.sync()
        #expect(!driver.server.isSyncDue)
        #expect(driver.log.syncCount == 1)
    }

    @Test func `a full disk fails the transaction and loses nothing`() throws {
        let driver = EngineDriver()
        let session = driver.open()
        try driver.transact(session, Self.insert)
        driver.log.isFull = true
        let result = try driver.transact(session, Self.insert)
        #expect(result[1]?["error"] == "I/O error")
        #expect(result[1]?["details"] == "No space left on device")
        #expect(try driver.select(session, "Queue", "[]").count == 1)
        driver.log.isFull = false
        try driver.transact(session, Self.insert)
        #expect(
            try EngineDriver(log: driver.log.octets).server.database("Open_vSwitch")?.rowCount == 2)
    }

    @Test func `ephemeral columns stay out of the log`() throws {
        let driver = EngineDriver()
        let session = driver.open()
        try driver.transact(
            session,
            #"{"op":"insert","table":"Open_vSwitch","row":{"statistics":["map",[["cpu","1"]]]}}"#)
        let byteCount = driver.log.octets.count
        try driver.transact(
            session,
            #"""
            {"op":"update","table":"Open_vSwitch","where":[],"row":{"statistics":["map",\#
            [["cpu","2"]]]}}
            """#
        )
        #expect(driver.log.octets.count == byteCount)
        let again = try EngineDriver(log: driver.log.octets)
        #expect(
            try again.select(again.open(), "Open_vSwitch", #"["statistics"]"#)
                == [#"{"statistics":["map",[]]}"#])
    }

    @Test(arguments: ["", "garbage\n", "OVSDB JSON x y\n", "OVSDB CLUSTER 5 da39\n{}\n"])
    func `what is no log is refused`(text: String) {
        #expect(throws: OVSDBError.self) {
            try Database.load(log: Array(text.utf8), storage: nil)
        }
    }
}
