import JSONRPC
import OVSDBEngine
import OVSDBModel
import TestSupport
import Testing

/// Damaged text for every parser that reads what a peer, an operator or a file says: each must
/// answer with an error or a value, and none may trap.
///
/// `MARTLET_FUZZ_ROUNDS` in the environment says how many damaged texts each seed tries, and
/// `MARTLET_FUZZ_SEED` where the seeds begin; the default is what every run of the tests can
/// afford.
struct ParserFuzzTests {
    private static let roundCount = RunSize.count("MARTLET_FUZZ_ROUNDS", usually: 250)
    static let seeds: [UInt64] = {
        let first = UInt64(RunSize.count("MARTLET_FUZZ_SEED", usually: 0))
        return [first, first + 1, first + 2]
    }()

    /// What the texts are made of: a schema, rows, messages, and what is hard in JSON.
    private static let texts: [String] = [
        OpenVSwitchSchema.schema.json.text,
        #"{"id":1,"method":"transact","params":["x",{"op":"insert","table":"t","row":{}}]}"#,
        #"{"id":null,"method":"update","params":[null,{"t":{"u":{"new":{"i":-1.5e-7}}}}]}"#,
        #"["map",[["a",{"b":[true,false,null,"\ud834\udd1e\u0000\\\"é"]}],[1e308,-0.0,99e-999]]]"#,
        #"[9223372036854775807,-9223372036854775808,9223372036854775808,1.0,1e3,0.1e-2]"#,
    ]

    private static let tokens: [[UInt8]] = [
        "[", "]", "{", "}", ",", ":", "\"", "\\", "\\u", "\\ud800", "\\udc00", "e", "-", "0", "1e",
        "9999999999999999999999", "1e400", "null", "nul", "\u{1}", " ", "\n", "[[[[[[[[", "{\"\":",
        "\"_uuid\"", "[\"uuid\",", "[\"set\",[", "[\"map\",[[", "OVSDB JSON ", "-1 ", "\u{fffd}",
    ].map { Array($0.utf8) }

    /// Octets with something changed, taken away, doubled or put in.
    private static func damage(_ octets: [UInt8], using random: inout SplitMix64) -> [UInt8] {
        var octets = octets
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let start = Int.random(in: 0...octets.count, using: &random)
            let end = min(octets.count, start + Int.random(in: 0...12, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0 where start < octets.count:
                octets[start] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &random)
            case 1: octets.removeSubrange(start..<end)
            case 2: octets.insert(contentsOf: octets[start..<end], at: start)
            case 3: octets.removeSubrange(start...)
            case 4: octets.insert(UInt8.random(in: 0...255, using: &random), at: start)
            default:
                octets.insert(contentsOf: tokens.randomElement(using: &random) ?? [], at: start)
            }
        }
        return octets
    }

    @Test(arguments: seeds)
    func `what the JSON parser takes it prints and takes again`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var takenCount = 0
        for round in 0..<Self.roundCount {
            let text = Self.texts[round % Self.texts.count]
            let octets = Self.damage(Array(text.utf8), using: &random)
            guard let json = try? JSON.parse(octets: octets) else { continue }
            takenCount += 1
            _ = try JSON.parse(octets: json.encode())
            _ = try? JSONRPCMessage(json)
        }
        #expect(takenCount > 0)
    }

    @Test(arguments: seeds)
    func `a damaged stream ends in an error and keeps little`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let limit = 1 << 16
        for round in 0..<Self.roundCount {
            var stream = JSONStream(maximumByteCount: limit)
            let text = Self.texts[round % Self.texts.count] + Self.texts[1]
            var rest = Self.damage(Array(text.utf8), using: &random)[...]
            var hasFailed = false
            while !rest.isEmpty && !hasFailed {
                let count = Int.random(in: 1...rest.count, using: &random)
                stream.append(rest.prefix(count))
                rest = rest.dropFirst(count)
                do {
                    while let json = try stream.next() { _ = try? JSONRPCMessage(json) }
                } catch {
                    hasFailed = true
                }
            }
            #expect(stream.pendingByteCount <= limit)
        }
    }

    @Test(arguments: ["[", "[1,", "{\"a\":", "[1],[", "\"", "1"])
    func `a message without an end is refused at the limit`(part: String) {
        var stream = JSONStream(maximumByteCount: 1 << 12)
        stream.append("[\"x".utf8)
        #expect(throws: JSONError.self) {
            for _ in 0..<1 << 14 {
                stream.append(part.utf8)
                while try stream.next() != nil {}
            }
        }
    }

    @Test func `white space between messages is not kept`() throws {
        var stream = JSONStream(maximumByteCount: 1 << 12)
        for _ in 0..<1 << 10 {
            stream.append([UInt8](repeating: 0x20, count: 64))
            #expect(try stream.next() == nil)
        }
        #expect(stream.pendingByteCount == 0)
    }

    @Test(arguments: seeds)
    func `a damaged schema is refused or prints itself`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let whole = OpenVSwitchSchema.schema.json
        for _ in 0..<Self.roundCount / 5 {
            let json = whole.damaged(by: Self.values, using: &random)
            guard let schema = try? DatabaseSchema(json) else { continue }
            #expect(try DatabaseSchema(schema.json) == schema)
        }
    }

    @Test(arguments: seeds)
    func `a damaged value is refused or prints itself`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let types = OpenVSwitchSchema.schema.tables.flatMap(\.columns).map(\.type)
        let values: [JSON] = [
            ["set", [1, 2, "a", ["uuid", "6463ebe8-0000-4000-8000-000000000000"]]],
            ["map", [["a", "b"], [1, 2], ["c", ["named-uuid", "d"]]]], 5, "text", 1.5, true,
        ]
        for round in 0..<Self.roundCount * 4 {
            let type = types[round % types.count]
            let json = values[round % values.count].damaged(by: Self.values, using: &random)
            if let datum = try? Datum(json, type: type) {
                #expect(try Datum(datum.json(type: type), type: type) == datum)
                _ = datum.bareText(type: type)
            }
            let octets = Self.damage(Array(json.text.utf8), using: &random)
            let text = String(decoding: octets, as: UTF8.self)
            if let datum = try? Datum(text: text, type: type) {
                let again = datum.text(type: type)
                #expect(try Datum(text: again, type: type) == datum, "\(again)")
            }
        }
    }

    @Test(arguments: seeds)
    func `a damaged log is read to its last whole record`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let driver = EngineDriver()
        for number in 0..<5 {
            let row = #"{"target":"\#(number)"}"#
            _ = try driver.send(
                driver.open(), "transact",
                #"["Open_vSwitch",{"op":"insert","table":"Manager","row":\#(row)}]"#)
        }
        let log = driver.log.octets
        let schemaByteCount = LogRecord.encode(OpenVSwitchSchema.schema.json).count
        for _ in 0..<Self.roundCount / 10 {
            // The records behind the schema, which is long and would draw most of the damage.
            let tail = Self.damage(Array(log[schemaByteCount...]), using: &random)
            let octets = log[..<schemaByteCount] + tail
            guard let load = try? Database.load(log: Array(octets), storage: nil) else { continue }
            #expect(load.validByteCount == octets.count || load.warning != nil)
            let again = try Database.load(
                log: Array(octets.prefix(load.validByteCount)), storage: nil)
            #expect(again.warning == nil)
            #expect(again.database.rowCount == load.database.rowCount)
        }
    }

    @Test(arguments: seeds)
    func `a record that is whole and wrong is refused`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let record = try JSON.parse(
            """
            {"_date":5,"_is_diff":true,"_comment":"x",
            "Queue":{"6463ebe8-0000-4000-8000-000000000000":
            {"dscp":5,"other_config":["map",[["a","b"]]]}},
            "QoS":{"6463ebe8-0000-4000-8000-000000000000":
            {"queues":["map",[[0,["uuid","6463ebe8-0000-4000-8000-000000000000"]]]]}}}
            """)
        let schema = LogRecord.encode(OpenVSwitchSchema.schema.json)
        for _ in 0..<Self.roundCount / 10 {
            let octets =
                schema + LogRecord.encode(record)
                + LogRecord.encode(record.damaged(by: Self.values, using: &random))
            guard let load = try? Database.load(log: octets, storage: nil) else { continue }
            let snapshot = load.database.snapshot(date: 0)
            let again = try Database.load(log: snapshot, storage: nil)
            #expect(again.database.rowCount == load.database.rowCount)
        }
    }

    private static let values: [JSON] = [
        .null, true, 0, -1, 5, .integer(.max), .integer(.min), 1.5, 1e300, "", "x", "dscp", "_uuid",
        "Queue", "unlimited", "weak", "integer", "uuid", [], [:], ["set", []], ["set", [1, 2]],
        ["map", []], ["map", [["a", "b"]]], ["map", [[1]]], ["uuid", "x"], ["named-uuid", "9"],
        ["uuid", "9fd0c9d6-3c4e-4a0e-9d4b-6a4b6f3c0001"], ["key": "string", "max": "unlimited"],
    ]
}
