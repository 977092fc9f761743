import JSONRPC
import OVSDBEngine
import OVSDBModel
import Testing

/// What clients may not do is refused, in the words of genuine ovsdb-server 3.1.
struct AccessTests {
    private static let schema = """
        {"name": "Open_vSwitch", "version": "1.0.0", "tables": {
          "RBAC_Role": {"isRoot": true, "columns": {
            "name": {"type": "string"},
            "permissions": {"type": {"key": "string",
              "value": {"type": "uuid", "refTable": "RBAC_Permission"},
              "min": 0, "max": "unlimited"}}}},
          "RBAC_Permission": {"isRoot": true, "columns": {
            "table": {"type": "string"},
            "authorization": {"type": {"key": "string", "min": 0, "max": "unlimited"}},
            "insert_delete": {"type": "boolean"},
            "update": {"type": {"key": "string", "min": 0, "max": "unlimited"}}}},
          "Chassis": {"isRoot": true, "columns": {
            "name": {"type": "string"}, "a": {"type": "integer"}, "b": {"type": "integer"},
            "m": {"type": {"key": "string", "value": "string", "min": 0, "max": "unlimited"}}}},
          "Open": {"isRoot": true, "columns": {"a": {"type": "integer"}}},
          "Fixed": {"isRoot": true, "columns": {"a": {"type": "integer"}}}}}
        """

    private let driver: EngineDriver

    init() throws {
        driver = EngineDriver(try DatabaseSchema(try JSON.parse(Self.schema)))
        try driver.transact(
            driver.open(),
            """
            {"op":"insert","table":"RBAC_Permission","uuid-name":"p1","row":{"table":"Chassis",
              "authorization":["set",["name","m:owner"]],"insert_delete":true,
              "update":["set",["a","m:k"]]}},
            {"op":"insert","table":"RBAC_Permission","uuid-name":"p2","row":{"table":"Open",
              "authorization":"","insert_delete":true,"update":"a"}},
            {"op":"insert","table":"RBAC_Permission","uuid-name":"p3","row":{"table":"Fixed",
              "authorization":["set",["", "nope"]],"insert_delete":false}},
            {"op":"insert","table":"RBAC_Role","row":{"name":"r1","permissions":["map",
              [["Chassis",["named-uuid","p1"]],["Open",["named-uuid","p2"]],
               ["Fixed",["named-uuid","p3"]]]]}},
            {"op":"insert","table":"Chassis","row":{"name":"ctl"}},
            {"op":"insert","table":"Chassis","row":{"name":"x","m":["map",[["owner","ctl"]]]}},
            {"op":"insert","table":"Chassis","row":{"name":"y","m":["map",[["owner","else"]]]}},
            {"op":"insert","table":"Open","row":{}},{"op":"insert","table":"Fixed","row":{}}
            """)
    }

    private func results(_ rights: SessionRights, _ operations: String) throws -> String {
        try driver.transact(driver.server.openSession(rights), operations).text(sortsKeys: true)
    }

    private static func `where`(_ name: String) -> String { #""where":[["name","==","\#(name)"]]"# }

    @Test(arguments: [
        #"{"op":"insert","table":"Chassis","row":{"name":"ctl"}}"#,
        #"{"op":"insert","table":"Chassis","row":{"m":["map",[["owner","ctl"]]]}}"#,
        #"{"op":"insert","table":"Open","row":{}}"#,
        #"{"op":"update","table":"Chassis",\#(Self.where("x")),"row":{"a":5}}"#,
        #"{"op":"update","table":"Chassis",\#(Self.where("none")),"row":{"b":5}}"#,
        #"{"op":"update","table":"Chassis",\#(Self.where("x")),"row":{}}"#,
        #"{"op":"mutate","table":"Chassis",\#(Self.where("x")),"mutations":[["a","+=",1]]}"#,
        #"{"op":"delete","table":"Chassis",\#(Self.where("x"))}"#,
        #"{"op":"delete","table":"Fixed","where":[["a","==",9]]}"#,
        #"{"op":"select","table":"Fixed","where":[]}"#,
        #"{"op":"comment","comment":"hi"}"#,
    ])
    func `a role permits what its rows say`(operation: String) throws {
        let result = try results(SessionRights(role: "r1", clientID: "ctl"), operation)
        #expect(!result.contains("error"))
    }

    @Test(arguments: [
        (#"{"op":"insert","table":"Chassis","row":{"name":"y"}}"#, "row insertion into", "Chassis"),
        (#"{"op":"insert","table":"Fixed","row":{}}"#, "row insertion into", "Fixed"),
        (#"{"op":"insert","table":"RBAC_Role","row":{}}"#, "row insertion into", "RBAC_Role"),
        (
            #"{"op":"update","table":"Chassis",\#(Self.where("ctl")),"row":{"a":5,"b":6}}"#,
            "modification of", "Chassis"
        ),
        (
            #"{"op":"update","table":"Chassis","where":[],"row":{"a":5}}"#, "modification of",
            "Chassis"
        ),
        (
            #"{"op":"update","table":"Chassis",\#(Self.where("x")),"row":{"m":["map",[]]}}"#,
            "modification of", "Chassis"
        ),
        (
            #"{"op":"mutate","table":"Chassis",\#(Self.where("x")),"mutations":[["b","+=",1]]}"#,
            "mutate operation on", "Chassis"
        ),
        (
            #"{"op":"mutate","table":"Chassis",\#(Self.where("y")),"mutations":[["a","+=",1]]}"#,
            "mutate operation on", "Chassis"
        ),
        (#"{"op":"delete","table":"Chassis","where":[]}"#, "row deletion from", "Chassis"),
        (
            #"{"op":"delete","table":"RBAC_Role","where":[["name","==","none"]]}"#,
            "row deletion from", "RBAC_Role"
        ),
        (#"{"op":"delete","table":"Fixed","where":[]}"#, "row deletion from", "Fixed"),
    ])
    func `a role forbids the rest`(operation: String, deed: String, table: String) throws {
        let result = try results(SessionRights(role: "r1", clientID: "ctl"), operation)
        #expect(
            result == #"""
                [{"details":"RBAC rules for client \"ctl\" role \"r1\" prohibit \#(deed) table \"\#(
                table)\".","error":"permission error"}]
                """#)
    }

    @Test(arguments: [
        (SessionRights(role: "r1"), "(null)", "r1"),
        (SessionRights(role: "x", clientID: "c"), "c", "x"),
    ])
    func `nobody and unknown roles may write nothing`(
        rights: SessionRights, client: String, role: String
    ) throws {
        let result = try results(rights, #"{"op":"insert","table":"Open","row":{}}"#)
        #expect(
            result.contains(
                #"RBAC rules for client \"\#(client)\" role \"\#(role)\" prohibit row insertion"#))
    }

    @Test func `no role means no rules`() throws {
        for rights in [SessionRights(clientID: "c"), SessionRights(role: "", clientID: "c")] {
            let result = try results(rights, #"{"op":"insert","table":"Fixed","row":{}}"#)
            #expect(!result.contains("error"))
        }
    }

    @Test(arguments: [
        ("insert", #"{"op":"insert","table":"Open","row":{}}"#),
        ("update", #"{"op":"update","table":"Open","where":[],"row":{}}"#),
        ("mutate", #"{"op":"mutate","table":"Open","where":[],"mutations":[]}"#),
        ("delete", #"{"op":"delete","table":"Open","where":[]}"#),
        ("commit", #"{"op":"commit","durable":false}"#),
    ])
    func `a client that may read alone is told so`(name: String, operation: String) throws {
        let read = #"{"op":"select","table":"Open","where":[],"columns":["a"]}"#
        let result = try results(
            SessionRights(isReadOnly: true), "\(read),\(operation),\(read)")
        #expect(
            result == #"""
                [{"rows":[{"a":0}]},{"details":"\#(name) operation not allowed when database \#
                server is in read only mode","error":"not allowed"},null]
                """#)
    }

    @Test(arguments: ["lock", "steal", "unlock"])
    func `a client that may read alone takes no locks`(method: String) throws {
        let session = driver.server.openSession(SessionRights(isReadOnly: true))
        let answers = try driver.send(session, method, #"["l"]"#)
        #expect(answers.count == 1)
        #expect(
            answers.first?.contains(
                #""error":"lock and unlock methods not allowed, DB server is read only.""#) == true)
    }

    @Test func `locks are listed by who holds them`() throws {
        let (first, second) = (driver.open(), driver.open())
        for lock in ["b", "a"] { _ = try driver.send(first, "lock", "[\"\(lock)\"]") }
        _ = try driver.send(second, "lock", #"["a"]"#)
        #expect(driver.server.lockNames(of: first).held == ["a", "b"])
        #expect(driver.server.lockNames(of: second).held == [])
        #expect(driver.server.lockNames(of: second).awaited == ["a"])
    }
}
