import JSONRPC
import OVSDBEngine
import OVSDBModel
import Testing

struct ServerTests {
    private let driver = EngineDriver()
    private static let root = #"{"op":"insert","table":"Open_vSwitch","row":{}}"#

    /// Each answer was seen from genuine ovsdb-server 3.1.
    @Test(arguments: [
        ("list_dbs", "[]", #""result":["Open_vSwitch","_Server"]"#),
        ("echo", #"[1,{"b":2}]"#, #""result":[1,{"b":2}]"#),
        (
            "get_schema", #"["nope"]"#,
            #"""
            "error":{"details":"get_schema request specifies unknown database nope","error":\#
            "unknown database","syntax":"[\"nope\"]"}
            """#
        ),
        ("get_schema", "[]", #""details":"get_schema request params must begin with <db-name>""#),
        (
            "transact", #"["nope"]"#,
            #""details":"transact request specifies unknown database nope""#
        ),
        ("transact", #"["Open_vSwitch"]"#, #""result":[]"#),
        ("foo", "[]", #""error":"unknown method""#),
        ("unlock", #"["l"]"#, #""details":"unlock: \"unlock\" without \"lock\" or \"steal\"""#),
        ("lock", #"["9l"]"#, #""details":"lock request params must be <id>""#),
        ("monitor_cancel", #"["x"]"#, #""error":"unknown monitor""#),
        ("monitor", #"["Open_vSwitch","m",[]]"#, #""details":"monitor-requests must be object""#),
        ("monitor", #"["Open_vSwitch","m",{"Nope":{}}]"#, #""details":"no table named Nope""#),
        (
            "monitor", #"["Open_vSwitch","m",{"Bridge":{"where":[]}}]"#,
            #"Member 'where' is present but not allowed here."#
        ),
        (
            "monitor_cond_since", #"["Open_vSwitch","m",{},"x"]"#,
            #""details":"last-txn-id must be UUID format.""#
        ),
        ("monitor_cond_change", #"["m","m",{}]"#, #""details":"unknown monitor session""#),
        (
            "set_db_change_aware", "[]",
            #""details":"set_db_change_aware: true or false parameter expected""#
        ),
    ])
    func `requests are answered`(method: String, params: String, expected: String) throws {
        let answers = try driver.send(driver.open(), method, params)
        #expect(answers.count == 1)
        #expect(answers.first?.contains(expected) == true)
    }

    @Test func `the schema is served as JSON`() throws {
        let answer = try driver.send(driver.open(), "get_schema", #"["Open_vSwitch"]"#)
        let json = try JSON.parse(answer[0])
        #expect(try DatabaseSchema(json["result"] ?? .null) == OpenVSwitchSchema.schema)
    }

    @Test func `a monitor hears of what it asked for`() throws {
        let (watcher, writer) = (driver.open(), driver.open())
        try driver.transact(writer, Self.root)
        let initial = try driver.send(
            watcher, "monitor", #"["Open_vSwitch",null,{"Open_vSwitch":{"columns":["next_cfg"]}}]"#)
        #expect(initial[0].contains(#"{"new":{"next_cfg":0}}"#))
        let update = try driver.send(
            writer, "transact",
            #"""
            ["Open_vSwitch",{"op":"update","table":"Open_vSwitch","where":[],"row":\#
            {"next_cfg":7}}]
            """#
        )
        #expect(update.count == 2)
        #expect(update[0].contains(#""method":"update""#))
        #expect(update[0].contains(#"{"new":{"next_cfg":7},"old":{"next_cfg":0}}"#))
        let silent = try driver.send(
            writer, "transact",
            #"""
            ["Open_vSwitch",{"op":"update","table":"Open_vSwitch","where":[],"row":\#
            {"cur_cfg":7}}]
            """#
        )
        #expect(silent.count == 1)
        _ = try driver.send(watcher, "monitor_cancel", "[null]")
        let cancelled = try driver.send(
            writer, "transact",
            #"""
            ["Open_vSwitch",{"op":"update","table":"Open_vSwitch","where":[],"row":\#
            {"next_cfg":8}}]
            """#
        )
        #expect(cancelled.count == 1)
    }

    @Test func `monitors that ask for the same are told the same until one changes`() throws {
        let driver = EngineDriver()
        let watchers = (0..<3).map { _ in driver.open() }
        for (index, watcher) in watchers.enumerated() {
            let columns = index == 2 ? "dscp" : "external_ids"
            _ = try driver.send(
                watcher, "monitor_cond",
                #"["Open_vSwitch","m\#(index)",{"Queue":[{"columns":["\#(columns)"]}]}]"#)
        }
        let session = driver.open()
        func insert(_ dscp: Int) throws -> [String] {
            try Array(
                driver.send(
                    session, "transact",
                    #"""
                    ["Open_vSwitch",{"op":"insert","table":"Queue","row":{"dscp":\#(dscp),\#
                    "external_ids":["map",[["a","b"]]]}}]
                    """#
                ).dropLast())
        }
        let told = try insert(1)
        #expect(told.count == 3)
        #expect(told[0].replacing("m0", with: "m1") == told[1])
        #expect(told[1].contains("external_ids") && !told[1].contains("dscp"))
        #expect(told[2].contains("dscp") && !told[2].contains("external_ids"))
        _ = try driver.send(
            watchers[1], "monitor_cond_change",
            #"["m1","m1",{"Queue":[{"where":[["dscp","==",6]]}]}]"#)
        #expect(try insert(5).count == 2)
        #expect(try insert(6).count == 3)
    }

    @Test func `a conditional monitor is told of differences`() throws {
        let session = driver.open()
        let initial = try driver.send(
            session, "monitor_cond",
            #"""
            ["Open_vSwitch","m",{"Queue":{"columns":["dscp","other_config"],"where":[["dscp",\#
            "==",5]]}}]
            """#
        )
        #expect(initial[0].contains(#""result":{}"#))
        let insert = try driver.send(
            session, "transact",
            #"""
            ["Open_vSwitch",{"op":"insert","table":"Queue","row":{"dscp":5}},{"op":"insert",\#
            "table":"Queue","row":{"dscp":6}}]
            """#
        )
        #expect(insert[0].contains(#"{"insert":{"dscp":5}}"#))
        #expect(!insert[0].contains("6}"))
        let modify = try driver.send(
            session, "transact",
            #"""
            ["Open_vSwitch",{"op":"update","table":"Queue","where":[["dscp","==",5]],"row":\#
            {"other_config":["map",[["a","b"]]]}}]
            """#
        )
        #expect(modify[0].contains(#"{"modify":{"other_config":["map",[["a","b"]]]}}"#))
        let change = try driver.send(
            session, "monitor_cond_change", #"["m","n",{"Queue":[{"where":[["dscp","==",6]]}]}]"#)
        #expect(change.count == 2)
        #expect(change[0].contains(#""params":["n","#))
        #expect(change[0].contains(#"{"delete":null}"#))
        #expect(change[0].contains(#"{"insert":{"dscp":6}}"#))
        let leave = try driver.send(
            session, "transact",
            #"""
            ["Open_vSwitch",{"op":"update","table":"Queue","where":[["dscp","==",6]],"row":\#
            {"dscp":9}}]
            """#
        )
        #expect(leave[0].contains(#"{"delete":null}"#))
    }

    @Test func `a waiting transaction runs once its condition holds`() throws {
        let (waiter, writer) = (driver.open(), driver.open())
        let wait =
            #"""
            ["Open_vSwitch",{"op":"wait","table":"Queue","where":[],"columns":["dscp"],\#
            "until":"==","rows":[{"dscp":3}]},{"op":"insert","table":"Queue","row":{"dscp":\#
            4}}]
            """#
        #expect(try driver.send(waiter, "transact", wait) == [])
        let answers = try driver.send(
            writer, "transact",
            #"["Open_vSwitch",{"op":"insert","table":"Queue","row":{"dscp":3}}]"#)
        #expect(answers.count == 2)
        #expect(answers[1].contains(#""result":[{},{"uuid":"#))
        #expect(try driver.select(writer, "Queue", #"["dscp"]"#).count == 2)
    }

    @Test func `a wait times out and can be cancelled`() throws {
        let session = driver.open()
        let wait =
            #"""
            ["Open_vSwitch",{"op":"wait","table":"Queue","where":[],"columns":[],"until":\#
            "!=","rows":[],"timeout":10}]
            """#
        #expect(try driver.send(session, "transact", wait) == [])
        #expect(driver.server.nextDeadline == 10)
        driver.now = 9
        #expect(driver.server.advance(to: driver.moment).isEmpty)
        driver.now = 10
        let answers = driver.server.advance(to: driver.moment).map(EngineDriver.text)
        #expect(answers.first?.contains(#"\"wait\" timed out after 10 ms"#) == true)
        #expect(try driver.send(session, "transact", wait) == [])
        let cancelled = driver.server.handle(
            .notification(method: "cancel", params: [2]), from: session, at: driver.moment)
        #expect(cancelled.map(EngineDriver.text) == [#"{"error":"canceled","id":2}"#])
        #expect(driver.server.nextDeadline == nil)
    }

    @Test func `locks pass from client to client`() throws {
        let (first, second) = (driver.open(), driver.open())
        #expect(try driver.send(first, "lock", #"["l"]"#)[0].contains(#"{"locked":true}"#))
        #expect(try driver.send(second, "lock", #"["l"]"#)[0].contains(#"{"locked":false}"#))
        let released = try driver.send(first, "unlock", #"["l"]"#)
        #expect(released.contains { $0.contains(#""method":"locked","params":["l"]"#) })
        #expect(try driver.transact(second, #"{"op":"assert","lock":"l"}"#).text == "[{}]")
        let stolen = try driver.send(first, "steal", #"["l"]"#)
        #expect(stolen.contains { $0.contains(#""method":"stolen","params":["l"]"#) })
        let heirs = driver.server.closeSession(first)
        #expect(heirs.map(\.session) == [second])
    }

    @Test func `the database of databases tells of each`() throws {
        let session = driver.open()
        let answer = try driver.send(
            session, "transact",
            #"""
            ["_Server",{"op":"select","table":"Database","where":[["name","==",\#
            "Open_vSwitch"]],"columns":["model","connected","leader","cid"]}]
            """#
        )
        #expect(
            answer[0].contains(
                #"{"cid":["set",[]],"connected":true,"leader":true,"model":"standalone"}"#))
    }
}
