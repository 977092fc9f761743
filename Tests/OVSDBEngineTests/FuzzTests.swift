import JSONRPC
import OVSDBEngine
import OVSDBModel
import TestSupport
import Testing

/// Sends requests with random parts put in the place of others: the server must answer each, and
/// serve on.
struct FuzzTests {
    private static let requests = [
        #"""
        {"method":"transact","params":["Open_vSwitch",{"op":"insert","table":"Queue",
         "row":{"dscp":5,"other_config":["map",[["a","b"]]]},"uuid-name":"q"},
         {"op":"insert","table":"QoS","row":{"queues":["map",[[0,["named-uuid","q"]]]]}}]}
        """#,
        #"""
        {"method":"transact","params":["Open_vSwitch",{"op":"mutate","table":"Queue",
         "where":[["dscp","==",5]],"mutations":[["dscp","+=",1],["other_config","insert",
         ["map",[["c","d"]]]],["other_config","delete",["set",["a"]]]]}]}
        """#,
        #"""
        {"method":"transact","params":["Open_vSwitch",{"op":"wait","table":"Queue","where":[],
         "columns":["dscp"],"until":"!=","rows":[{"dscp":99}],"timeout":5},
         {"op":"update","table":"Queue","where":[["dscp","<",9]],"row":{"dscp":["set",[]]}}]}
        """#,
        #"""
        {"method":"transact","params":["Open_vSwitch",{"op":"select","table":"Queue",
         "where":[["other_config","includes",["map",[["a","b"]]]]],"columns":["dscp","_uuid"]},
         {"op":"delete","table":"QoS","where":[]},{"op":"comment","comment":"x"},
         {"op":"assert","lock":"l"},{"op":"commit","durable":true}]}
        """#,
        #"""
        {"method":"monitor_cond_since","params":["Open_vSwitch","m",{"Queue":[{"columns":["dscp"],
         "where":[["dscp","==",5]],"select":{"initial":true,"modify":false}}]},
         "00000000-0000-0000-0000-000000000000"]}
        """#,
        #"{"method":"monitor_cond_change","params":["m","m",{"Queue":[{"where":[false]}]}]}"#,
        #"{"method":"monitor","params":["Open_vSwitch",null,{"Queue":{"columns":["dscp"]}}]}"#,
        #"{"method":"monitor_cancel","params":["m"]}"#,
        #"{"method":"lock","params":["l"]}"#,
        #"{"method":"unlock","params":["l"]}"#,
        #"{"method":"get_schema","params":["Open_vSwitch"]}"#,
    ]

    private static let values: [JSON] = [
        .null, true, 0, -1, 5, .integer(.max), .integer(.min), 1.5, "", "x", "dscp", "_uuid",
        "other_config", "Queue", "QoS", "insert", "delete", "%=", "/=", [], [:], ["set", []],
        ["set", [1, 2]], ["set", 5], ["map", []], ["map", [["a", "b"]]], ["map", [[1, 2]]],
        ["uuid", "x"], ["uuid", "9fd0c9d6-3c4e-4a0e-9d4b-6a4b6f3c0001"], ["named-uuid", "q"],
        ["named-uuid", "9"], [["dscp", "==", 5]],
    ]

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `no request stops the server`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let driver = EngineDriver()
        let session = driver.open()
        for id in 0..<600 as Range<Int64> {
            let text = Self.requests.randomElement(using: &random) ?? "{}"
            var request = try JSON.parse(text)
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                request = request.damaged(by: Self.values, using: &random)
            }
            guard let method = request["method"]?.string, let params = request["params"]?.array
            else { continue }
            _ = driver.server.handle(
                .request(method: method, params: params, id: .integer(id)), from: session,
                at: driver.moment)
            driver.now += 1
            _ = driver.server.advance(to: driver.moment)
        }
        #expect(try driver.send(session, "echo", "[1]").last?.contains("[1]") == true)
        let rowCount = driver.server.database("Open_vSwitch")?.rowCount
        let again = try EngineDriver(log: driver.log.octets)
        #expect(again.server.database("Open_vSwitch")?.rowCount == rowCount)
    }

    @Test func `a timeout beyond the clock's range means to wait for ever`() throws {
        let driver = EngineDriver()
        driver.now = 1000
        let wait = try driver.send(
            driver.open(), "transact",
            #"""
            ["Open_vSwitch",{"op":"wait","table":"Queue","where":[],"columns":[],"until":"!=",
             "rows":[],"timeout":9223372036854775807}]
            """#)
        #expect(wait == [])
        #expect(driver.server.nextDeadline == .max)
    }
}
