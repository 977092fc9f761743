import JSONRPC
import OVSDBEngine
import OVSDBModel
import Testing

struct TransactionTests {
    private let driver = EngineDriver()

    private static let root = #"{"op":"insert","table":"Open_vSwitch","row":{}}"#

    /// Adds a bridge with one port and one interface of the same name.
    private func addBridge(_ name: String) -> String {
        #"""
        {"op":"insert","table":"Interface","uuid-name":"i","row":{"name":"\#(name)"}},
        {"op":"insert","table":"Port","uuid-name":"p","row":{"name":"\#(name)",
         "interfaces":["named-uuid","i"]}},
        {"op":"insert","table":"Bridge","uuid-name":"b","row":{"name":"\#(name)",
         "ports":["named-uuid","p"]}},
        {"op":"mutate","table":"Open_vSwitch","where":[],"mutations":[["bridges",
         "insert",["named-uuid","b"]]]}
        """#
    }

    @Test func `a row gets the UUID that it asks for, even if its name was used before`() throws {
        let uuid = "6463ebe8-e648-4516-ba61-1617879ebd2f"
        let results = try driver.transact(
            driver.open(),
            #"""
            {"op":"select","table":"Queue","where":[["_uuid","==",["named-uuid","q"]]]},
            {"op":"insert","table":"Queue","row":{},"uuid-name":"q","uuid":"\#(uuid)"},
            {"op":"delete","table":"Queue","where":[["_uuid","==",["named-uuid","q"]]]}
            """#)
        #expect(results[1] == ["uuid": ["uuid", .string(uuid)]])
        #expect(results[2] == ["count": 1])
    }

    /// Each answer was seen from genuine ovsdb-server 3.1.
    @Test(arguments: [
        (
            #"{"op":"insert","table":"Bridge","row":{"name":5}}"#,
            #"{"details":"expected string","error":"syntax error","syntax":"5"}"#
        ),
        (
            #"{"op":"insert","table":"Nope","row":{}}"#,
            #"""
            {"details":"Parsing ovsdb operation 1 of 1 failed: No table named Nope.","error":\#
            "syntax error","syntax":"{\"op\":\"insert\",\"row\":{},\"table\":\"Nope\"}"}
            """#
        ),
        (
            #"{"op":"insert","table":"Bridge","row":{"nope":5}}"#,
            #"""
            {"details":"No column nope in table Bridge.","error":"unknown column","syntax":\#
            "{\"nope\":5}"}
            """#
        ),
        (
            #"{"op":"insert","table":"Bridge"}"#,
            #"""
            {"details":"Parsing ovsdb operation 1 of 1 failed:\#
             Required 'row' member is missing.","error":"syntax error","syntax":"{\"op\":\#
            \"insert\",\"table\":\"Bridge\"}"}
            """#
        ),
        (
            #"{"op":"insert","table":"Bridge","row":{},"x":1}"#,
            #"""
            {"details":"Parsing ovsdb operation 1 of 1 failed:\#
             Member 'x' is present but not allowed here.","error":"syntax error","syntax":\#
            "{\"op\":\"insert\",\"row\":{},\"table\":\"Bridge\",\"x\":1}"}
            """#
        ),
        (
            #"{"op":"nope"}"#,
            #"""
            {"details":"Parsing ovsdb operation 1 of 1 failed: No operation \"nope\"",\#
            "error":"syntax error","syntax":"{\"op\":\"nope\"}"}
            """#
        ),
        (
            "5",
            #"""
            {"details":"Parsing ovsdb operation 1 of 1 failed: Object expected.","error":\#
            "syntax error"}
            """#
        ),
        (#"{"op":"abort"}"#, #"{"details":"aborted by request","error":"aborted"}"#),
        (
            #"{"op":"assert","lock":"l"}"#,
            #"{"details":"Asserted lock l not held.","error":"not owner"}"#
        ),
        (
            #"{"op":"update","table":"Bridge","where":[],"row":{"name":"x"}}"#,
            #"""
            {"details":"Cannot update immutable column name in table Bridge.","error":\#
            "constraint violation","syntax":"{\"op\":\"update\",\"row\":{\"name\":\"x\"},\#
            \"table\":\"Bridge\",\"where\":[]}"}
            """#
        ),
        (
            #"{"op":"select","table":"Bridge","where":[],"columns":["x"]}"#,
            #"{"details":"x is not a valid column name","error":"syntax error","syntax":"[\"x\"]"}"#
        ),
        (
            #"""
            {"op":"wait","table":"Bridge","where":[],"columns":["name"],"until":"!=","rows":\#
            [],"timeout":0}
            """#,
            #"{"details":"\"where\" clause test failed","error":"timed out"}"#
        ),
        (
            #"{"op":"insert","table":"Queue","row":{"dscp":64}}"#,
            #"""
            {"details":"64 is not in the valid range 0 to 63 (inclusive)","error":\#
            "constraint violation"}
            """#
        ),
        (
            #"{"op":"insert","table":"Controller","row":{"max_backoff":1}}"#,
            #"""
            {"details":"1 is less than minimum allowed value 1000","error":\#
            "constraint violation"}
            """#
        ),
        (
            #"{"op":"commit"}"#,
            #"""
            {"details":"Parsing ovsdb operation 1 of 1 failed:\#
             Required 'durable' member is missing.","error":"syntax error","syntax":"{\"op\":\#
            \"commit\"}"}
            """#
        ),
    ])
    func `a wrong operation is refused`(operation: String, expected: String) throws {
        let session = driver.open()
        let result = try driver.transact(session, operation)
        #expect(result.text(sortsKeys: true) == "[\(expected)]")
    }

    @Test func `operations after a failed one are not run, and nothing is kept`() throws {
        let session = driver.open()
        let result = try driver.transact(session, "\(Self.root),{\"op\":\"nope\"},\(Self.root)")
        #expect(result[1]?["error"] == "syntax error")
        #expect(result[2] == .null)
        #expect(try driver.select(session, "Open_vSwitch", "[]") == [])
    }

    @Test func `a bridge comes and goes with its port and interface`() throws {
        let session = driver.open()
        try driver.transact(session, "\(Self.root),\(addBridge("br0"))")
        #expect(try driver.select(session, "Interface", #"["name"]"#) == [#"{"name":"br0"}"#])
        try driver.transact(
            session,
            #"{"op":"update","table":"Open_vSwitch","where":[],"row":{"bridges":["set",[]]}}"#)
        for table in ["Bridge", "Port", "Interface"] {
            #expect(try driver.select(session, table, "[]") == [])
        }
    }

    @Test func `a row that nothing refers to is dropped at once`() throws {
        let session = driver.open()
        try driver.transact(session, #"{"op":"insert","table":"Bridge","row":{"name":"x"}}"#)
        #expect(try driver.select(session, "Bridge", "[]") == [])
    }

    @Test func `a reference to no row is refused`() throws {
        let session = driver.open()
        let uuid = "9fd0c9d6-3c4e-4a0e-9d4b-6a4b6f3c0001"
        let result = try driver.transact(
            session,
            #"""
            {"op":"insert","table":"Open_vSwitch","uuid":"\#(uuid)","row":{"bridges":["uuid",\#
            "\#(uuid)"]}}
            """#
        )
        #expect(result[1]?["error"] == "referential integrity violation")
        #expect(
            result[1]?["details"]?.string
                == "Table Open_vSwitch column bridges row \(uuid) references nonexistent row "
                + "\(uuid) in table Bridge.")
    }

    @Test func `a row that others refer to is not deleted`() throws {
        let session = driver.open()
        try driver.transact(session, "\(Self.root),\(addBridge("br0"))")
        let result = try driver.transact(session, #"{"op":"delete","table":"Port","where":[]}"#)
        let details = try #require(result[1]?["details"]?.string)
        #expect(details.hasPrefix("cannot delete Port row "))
        #expect(details.hasSuffix(" because of 1 remaining reference(s)"))
        #expect(try driver.select(session, "Port", "[]").count == 1)
    }

    @Test func `weak references vanish with their rows`() throws {
        let session = driver.open()
        try driver.transact(
            session,
            "\(Self.root),\(addBridge("br0")),"
                + #"""
                {"op":"insert","table":"Mirror","uuid-name":"m","row":{"output_port":\#
                ["named-uuid","p"],"select_src_port":["set",[["named-uuid","p"],["uuid",\#
                "9fd0c9d6-3c4e-4a0e-9d4b-6a4b6f3c0001"]]]}},
                """#
                    + #"""
                    {"op":"update","table":"Bridge","where":[],"row":{"mirrors":["named-uuid",\#
                    "m"]}}
                    """#
        )
        let before = try driver.select(session, "Mirror", #"["select_src_port"]"#)
        #expect(before.first?.contains("set") == false)
        try driver.transact(
            session, #"{"op":"update","table":"Bridge","where":[],"row":{"ports":["set",[]]}}"#)
        #expect(
            try driver.select(session, "Mirror", #"["output_port","select_src_port"]"#)
                == [#"{"output_port":["set",[]],"select_src_port":["set",[]]}"#])
    }

    @Test func `two rows with one index value are refused`() throws {
        let session = driver.open()
        try driver.transact(session, "\(Self.root),\(addBridge("br0"))")
        let result = try driver.transact(session, addBridge("br0"))
        let details = try #require(result[4]?["details"]?.string)
        #expect(
            details.hasPrefix(
                "Transaction causes multiple rows in \""))
        #expect(details.contains("identical values (br0) for index on column \"name\".  First row"))
        #expect(details.contains("was inserted by this transaction."))
        #expect(details.contains("was not modified by the transaction."))
        #expect(try driver.select(session, "Bridge", #"["name"]"#).count == 1)
    }

    @Test func `index values can be exchanged in one transaction`() throws {
        let session = driver.open()
        try driver.transact(
            session,
            #"""
            {"op":"insert","table":"Manager","row":{"target":"a"},"uuid-name":"a"},
            {"op":"insert","table":"Manager","row":{"target":"b"},"uuid-name":"b"},
            {"op":"insert","table":"Open_vSwitch",
             "row":{"manager_options":["set",[["named-uuid","a"],["named-uuid","b"]]]}}
            """#)
        let result = try driver.transact(
            session,
            #"""
            {"op":"update","table":"Manager","where":[["target","==","a"]],"row":{"target":"c"}},
            {"op":"update","table":"Manager","where":[["target","==","b"]],"row":{"target":"a"}},
            {"op":"update","table":"Manager","where":[["target","==","c"]],"row":{"target":"b"}}
            """#)
        #expect(result.array?.count == 3)
        let clash = try driver.transact(
            session, #"{"op":"update","table":"Manager","where":[],"row":{"target":"b"}}"#)
        #expect(clash[1]?["error"] == "constraint violation")
    }

    @Test func `a row is found by its index as the transaction has left it so far`() throws {
        let session = driver.open()
        try driver.transact(session, "\(Self.root),\(addBridge("br0"))")
        try driver.transact(session, addBridge("br1"))
        func find(_ name: String, _ more: String = "") -> String {
            #"{"op":"select","table":"Bridge","where":[["name","==","\#(name)"]\#(more)],"#
                + #""columns":["fail_mode"]}"#
        }
        let result = try driver.transact(
            session,
            """
            \(find("br0")),\(find("br0", #",["fail_mode","==","secure"]"#)),\(find("none")),
            {"op":"update","table":"Bridge","where":[["name","==","br0"]],
             "row":{"fail_mode":"secure"}},
            {"op":"delete","table":"Bridge","where":[["name","==","br1"]]},
            {"op":"insert","table":"Bridge","row":{"name":"br2"}},
            \(find("br0", #",["fail_mode","==","secure"]"#)),\(find("br1")),\(find("br2"))
            """)
        let counts = [0, 1, 2, 6, 7, 8].map { result[$0]?["rows"]?.array?.count }
        #expect(counts == [1, 0, 0, 1, 0, 1])
    }

    @Test func `a table takes no more rows than its schema says`() throws {
        let session = driver.open()
        try driver.transact(session, Self.root)
        let result = try driver.transact(session, Self.root)
        #expect(
            result[1]?["details"]?.string
                == "transaction causes \"Open_vSwitch\" table to contain 2 rows, greater than the "
                + "schema-defined limit of 1 row(s)")
    }

    @Test func `a version changes with its row alone`() throws {
        let session = driver.open()
        try driver.transact(session, "\(Self.root),\(addBridge("br0"))")
        let before = try driver.select(session, "Port", #"["_version"]"#)
        try driver.transact(
            session, #"{"op":"update","table":"Bridge","where":[],"row":{"stp_enable":true}}"#)
        #expect(try driver.select(session, "Port", #"["_version"]"#) == before)
        try driver.transact(
            session, #"{"op":"update","table":"Port","where":[],"row":{"tag":5}}"#)
        #expect(try driver.select(session, "Port", #"["_version"]"#) != before)
    }

    @Test func `thousands of ports are added and deleted in proportion`() throws {
        let session = driver.open()
        try driver.transact(session, "\(Self.root),\(addBridge("br0"))")
        for number in 0..<1000 {
            let result = try driver.transact(
                session,
                #"""
                {"op":"insert","table":"Interface","uuid-name":"i","row":{"name":"p\#(number)"}},
                {"op":"insert","table":"Port","uuid-name":"p","row":{"name":"p\#(number)",
                 "interfaces":["named-uuid","i"]}},
                {"op":"mutate","table":"Bridge","where":[["name","==","br0"]],
                 "mutations":[["ports","insert",["named-uuid","p"]]]}
                """#)
            #expect(result.array?.count == 3)
        }
        #expect(try driver.select(session, "Port", #"["name"]"#).count == 1001)
        try driver.transact(
            session,
            #"{"op":"update","table":"Open_vSwitch","where":[],"row":{"bridges":["set",[]]}}"#)
        #expect(driver.server.database("Open_vSwitch")?.rowCount == 1)
    }
}
