import JSONRPC
import OVSDBEngine
import OVSDBModel
import TestSupport
import Testing

/// Clients that come again, and are told what they have missed.
struct TransactionHistoryTests {
    private static let zero = "00000000-0000-0000-0000-000000000000"

    private let driver = EngineDriver()

    /// What `monitor_cond_since` answers to a new client.
    private func since(
        _ id: String, _ requests: String = #"{"Queue":{"columns":["dscp"]}}"#
    ) throws -> (client: SessionID, isFound: Bool?, last: String, update: JSON) {
        let client = driver.open()
        let answers = try driver.send(
            client, "monitor_cond_since", #"["Open_vSwitch","m",\#(requests),"\#(id)"]"#)
        let result = try JSON.parse(answers[0])["result"]
        return (
            client, result?[0]?.boolean, result?[1]?.string ?? "", result?[2] ?? .null
        )
    }

    private func insert(_ dscp: Int) throws {
        try driver.transact(
            driver.open(), #"{"op":"insert","table":"Queue","row":{"dscp":\#(dscp)}}"#)
    }

    private func update(_ old: Int, to new: Int) throws {
        try driver.transact(
            driver.open(),
            #"""
            {"op":"update","table":"Queue","where":[["dscp","==",\#(old)]],"row":{"dscp":\#(new)}}
            """#)
    }

    private func rows(_ update: JSON) -> [String] {
        (update["Queue"]?.object?.members ?? []).map { $0.value.text }.sorted()
    }

    @Test func `a client that knows no transaction is told all rows`() throws {
        try insert(1)
        for id in [Self.zero, "6463ebe8-7da7-47bc-9a4a-1b12ff55ad2f"] {
            let answer = try since(id)
            #expect(answer.isFound == false)
            #expect(answer.last != Self.zero)
            #expect(rows(answer.update) == [#"{"initial":{"dscp":1}}"#])
        }
    }

    @Test func `a notification names the transaction, as a later answer does`() throws {
        let first = try since(Self.zero)
        let sent = try driver.send(
            first.client, "transact",
            #"["Open_vSwitch",{"op":"insert","table":"Queue","row":{"dscp":3}}]"#)
        let update = try JSON.parse(sent[0])
        #expect(update["method"] == "update3")
        let named = update["params"]?[1]?.string
        #expect(named != first.last)
        let second = try since(named ?? "")
        #expect(second.isFound == true)
        #expect(second.last == named)
        #expect(second.update == [:])
    }

    @Test func `a client that comes again is told the difference`() throws {
        try insert(1)
        try insert(2)
        let first = try since(Self.zero)
        _ = driver.server.closeSession(first.client)
        try insert(3)
        try update(3, to: 4)
        try update(2, to: 5)
        try driver.transact(
            driver.open(), #"{"op":"delete","table":"Queue","where":[["dscp","==",1]]}"#)
        // What came and went meanwhile is nobody's business.
        try insert(6)
        try driver.transact(
            driver.open(), #"{"op":"delete","table":"Queue","where":[["dscp","==",6]]}"#)
        let second = try since(first.last)
        #expect(second.isFound == true)
        #expect(
            rows(second.update) == [
                #"{"delete":null}"#, #"{"insert":{"dscp":4}}"#, #"{"modify":{"dscp":5}}"#,
            ])
    }

    @Test func `the condition holds for what was missed`() throws {
        let requests = #"{"Queue":[{"columns":["dscp"],"where":[["dscp","==",1]]}]}"#
        try insert(1)
        let first = try since(Self.zero, requests)
        try insert(2)
        try update(1, to: 7)
        let second = try since(first.last, requests)
        #expect(second.isFound == true)
        #expect(rows(second.update) == [#"{"delete":null}"#])
    }

    @Test func `a hundred transactions are remembered`() throws {
        let first = try since(Self.zero)
        for number in 0..<100 { try insert(number % 64) }
        #expect(try since(first.last).isFound == true)
        try insert(1)
        #expect(try since(first.last).isFound == false)
    }

    @Test func `large transactions are forgotten sooner`() throws {
        let first = try since(Self.zero)
        let insertion = #"{"op":"insert","table":"Queue","row":{}}"#
        let many = Array(repeating: insertion, count: 6000).joined(separator: ",")
        try driver.transact(driver.open(), many)
        let second = try since(first.last)
        #expect(second.isFound == true)
        try driver.transact(driver.open(), many)
        #expect(try since(first.last).isFound == false)
        #expect(try since(second.last).isFound == true)
    }

    @Test func `another schema is another history`() throws {
        let first = try since(Self.zero)
        let schema = OpenVSwitchSchema.schema.json.text
        _ = try driver.send(driver.open(), "convert", "[\"Open_vSwitch\",\(schema)]")
        #expect(try since(first.last).isFound == false)
    }
}
