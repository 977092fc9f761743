import JSONRPC
import OVSDBEngine
import OVSDBModel
import Testing

/// Databases that come, go and get other schemas while clients are connected.
@Suite
struct ServedDatabasesTests {
    private let driver = ServedDatabases()

    init() throws {
        driver.add(try ServedDatabases.schema("T"))
        _ = driver.server.takeOrders()
    }

    private func convert(_ session: SessionID, _ columns: String) throws -> (
        texts: [String], closed: [SessionID]
    ) {
        let schema = try ServedDatabases.schema("T", version: "2.0.0", columns: columns)
        return try driver.send(session, "convert", #"["T",\#(schema.json.text())]"#)
    }

    private let insertion = #"["T",{"op":"insert","table":"A","row":{"name":"a","n":7}}]"#
    private let wait = #"""
        ["T",{"op":"wait","table":"A","where":[],"columns":["name"],"until":"==","rows":[]}]
        """#

    @Test func `a conversion keeps what both schemas have`() throws {
        let session = driver.server.openSession()
        _ = try driver.send(session, "transact", insertion)
        let answer = try convert(
            session, #""name":{"type":"string"},"new":{"type":"string"}"#)
        #expect(answer.texts.last?.contains(#""result":{}"#) == true)
        let rows = try driver.send(
            session, "transact", #"["T",{"op":"select","table":"A","where":[]}]"#)
        #expect(rows.texts[0].contains(#""name":"a","new":"""#))
        #expect(!rows.texts[0].contains(#""n":"#))
    }

    @Test func `a converted database is what its log holds`() throws {
        let session = driver.server.openSession()
        _ = try driver.send(session, "transact", insertion)
        _ = try convert(session, #""name":{"type":"string"}"#)
        _ = try driver.send(
            session, "transact", #"["T",{"op":"insert","table":"A","row":{"name":"b"}}]"#)
        let octets = try #require(driver.logs["T"]?.octets)
        let load = try Database.load(log: octets, storage: nil)
        #expect(load.warning == nil)
        #expect(load.database.schema.version == "2.0.0")
        #expect(load.database.rowCount == 2)
    }

    @Test(arguments: [
        (#""name":{"type":"integer"}"#, "expected integer"),
        (
            #""name":{"type":"string"},"n":{"type":{"key":{"type":"integer","maxInteger":3}}}"#,
            "7 is greater than maximum allowed value 3"
        ),
    ])
    func `rows that break the new schema leave all as it was`(
        columns: String, reason: String
    ) throws {
        let session = driver.server.openSession()
        _ = try driver.send(session, "transact", insertion)
        let before = driver.logs["T"]?.octets
        let answer = try convert(session, columns)
        #expect(answer.texts.count == 1)
        #expect(answer.texts[0].contains(reason), "\(answer.texts)")
        #expect(answer.closed == [])
        #expect(driver.logs["T"]?.octets == before)
        #expect(driver.server.database("T")?.schema.version == "1.0.0")
        #expect(driver.names(of: "T") == ["a"])
    }

    @Test func `a full disk refuses the conversion and loses nothing`() throws {
        let session = driver.server.openSession()
        _ = try driver.send(session, "transact", insertion)
        driver.logs["T"]?.isFull = true
        let answer = try convert(session, #""name":{"type":"string"}"#)
        #expect(answer.texts[0].contains("No space left on device"))
        #expect(driver.server.database("T")?.schema.version == "1.0.0")
    }

    @Test func `a schema of another name is refused`() throws {
        let session = driver.server.openSession()
        let other = try ServedDatabases.schema("U").json.text()
        let answer = try driver.send(session, "convert", #"["T",\#(other)]"#)
        #expect(
            answer.texts[0].contains(
                #""details":"new schema name (U) does not match database name (T)""#))
        let own = try driver.send(session, "get_schema", #"["_Server"]"#).texts[0]
        let schema = try #require(try JSON.parse(own)["result"])
        let refused = try driver.send(session, "convert", #"["_Server",\#(schema.text())]"#)
        #expect(refused.texts[0].contains(#""error":"not allowed""#))
    }

    @Test func `who is aware of changes is told, others lose their connection`() throws {
        let (aware, unaware, converter) = (
            driver.server.openSession(), driver.server.openSession(), driver.server.openSession()
        )
        for session in [aware, converter] {
            _ = try driver.send(session, "set_db_change_aware", "[true]")
        }
        _ = try driver.send(converter, "transact", insertion)
        for session in [aware, unaware] {
            _ = try driver.send(session, "monitor", #"["T","m",{"A":{}}]"#)
            _ = try driver.send(session, "transact", wait)
        }
        _ = try driver.send(
            aware, "monitor_cond", #"["_Server","s",{"Database":{"columns":["schema"]}}]"#)
        let answer = try convert(converter, #""name":{"type":"string"}"#)
        #expect(answer.closed == [unaware])
        #expect(answer.texts.contains { $0.contains(#""monitor_canceled","params":["m"]"#) })
        #expect(answer.texts.contains { $0.contains(#""error":"canceled""#) })
        #expect(answer.texts.contains { $0.contains(#""update2","params":["s""#) })
        #expect(answer.texts.last?.contains(#""result":{}"#) == true)
        #expect(driver.server.monitorCount == 1)
    }

    @Test func `databases come and go before the eyes of clients`() throws {
        let (aware, unaware) = (driver.server.openSession(), driver.server.openSession())
        _ = try driver.send(aware, "set_db_change_aware", "[true]")
        driver.add(try ServedDatabases.schema("U"))
        #expect(driver.closed() == [unaware])
        #expect(driver.server.databaseNames == ["T", "U", "_Server"])
        _ = try driver.send(aware, "monitor", #"["U","m",{"A":{}}]"#)
        let outgoing = driver.server.removeDatabase("U", at: ServedDatabases.moment)
        #expect(outgoing.map(EngineDriver.text).contains { $0.contains("monitor_canceled") })
        #expect(driver.closed() == [unaware])
        let answer = try driver.send(aware, "get_schema", #"["U"]"#)
        #expect(answer.texts[0].contains("unknown database"))
    }

    @Test func `nobody removes the database of databases`() {
        #expect(driver.server.removeDatabase("_Server", at: ServedDatabases.moment) == [])
        #expect(driver.server.databaseNames == ["T", "_Server"])
    }

    @Test(arguments: ["insert", "delete", "commit"])
    func `clients cannot write the database of databases`(operation: String) throws {
        let rest = [
            "insert": #","table":"Database","row":{"model":"relay"}"#,
            "delete": #","table":"Database","where":[]"#, "commit": #","durable":true"#,
        ]
        let answer = try driver.send(
            driver.server.openSession(), "transact",
            #"["_Server",{"op":"\#(operation)"\#(rest[operation] ?? "")}]"#)
        #expect(
            answer.texts[0].contains(
                "\(operation) operation not allowed on table in reserved database _Server"))
    }

    @Test func `a new row has to give what its default may not be`() throws {
        let session = driver.server.openSession()
        let refused = try driver.send(
            session, "transact", #"["T",{"op":"insert","table":"B","row":{}}]"#)
        #expect(
            refused.texts[0].contains(#"\"\" is not one of the allowed values ([a, b])"#),
            "\(refused.texts)")
        let taken = try driver.send(
            session, "transact", #"["T",{"op":"insert","table":"B","row":{"x":"a"}}]"#)
        #expect(taken.texts[0].contains(#""uuid""#))
    }

    @Test func `two transactions of one name do not wait at once`() throws {
        let session = driver.server.openSession()
        _ = try driver.send(session, "transact", insertion)
        let params = try JSON.parse(wait).array ?? []
        let request = JSONRPCMessage.request(method: "transact", params: params, id: "w")
        #expect(driver.server.handle(request, from: session, at: ServedDatabases.moment) == [])
        let second = driver.server.handle(request, from: session, at: ServedDatabases.moment)
        #expect(second.map(EngineDriver.text)[0].contains("transact: duplicate request ID"))
    }
}
