import JSONRPC
import OVSDBModel
import TestSupport
import Testing

struct DatumTests {
    private let counters = ColumnType.map(.string, to: .integer)
    private let vlans = ColumnType(.integer(0, 4095), minimum: 0, maximum: 4096)

    @Test func `sets and maps survive a round trip`() throws {
        let set = try JSON.parse(#"["set",[3,1,2]]"#)
        #expect(try Datum(set, type: vlans).integers == [1, 2, 3])
        let map = try JSON.parse(#"["map",[["b",2],["a",1]]]"#)
        let datum = try Datum(map, type: counters)
        #expect(datum.json(type: counters).text == #"["map",[["a",1],["b",2]]]"#)
        #expect(datum["b"] == 2)
        #expect(try Datum(7, type: vlans).json(type: vlans) == 7)
    }

    /// As genuine programs print columns of reals.
    @Test(arguments: [
        (1, "1"), (-0.5, "-0.5"), (999_999_999_999_999, "999999999999999"), (1e15, "1e+15"),
        (-123_456_789_012_345_680, "-1.23456789012346e+17"),
    ])
    func `reals print with fifteen digits, whole ones too`(value: Double, text: String) {
        #expect(Atom.real(value).json.text == text)
    }

    /// Each reason was seen in genuine ovsdb-server's answer.
    @Test(arguments: [
        (#"["set",[1,1]]"#, "set contains duplicate"),
        (#"["set",5]"#, #"expected ["set", <array>]"#),
        (#"["set",["x"]]"#, "expected integer"),
        (#"["set",[5000]]"#, "5000 is not in the valid range 0 to 4095 (inclusive)"),
    ])
    func `a malformed set is refused`(text: String, details: String) throws {
        let json = try JSON.parse(text)
        #expect { try Datum(json, type: vlans) } throws: {
            ($0 as? OVSDBError)?.details == details
        }
    }

    @Test(arguments: [
        (#"["set",[]]"#, "set must have exactly one member but 0 are present"),
        (#"["a"]"#, "expected string"),
    ])
    func `a malformed scalar is refused`(text: String, details: String) throws {
        let json = try JSON.parse(text)
        #expect { try Datum(json, type: ColumnType(.string)) } throws: {
            ($0 as? OVSDBError)?.details == details
        }
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `a difference turns one datum into another`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        func draw() -> Datum {
            let pairs = (0..<Int.random(in: 0..<8, using: &random)).map { _ in
                (
                    Atom.string("k\(Int.random(in: 0..<6, using: &random))"),
                    Atom.integer(Int64.random(in: 0..<2, using: &random))
                )
            }
            return Datum(map: pairs)
        }
        for _ in 0..<40 {
            let (old, new) = (draw(), draw())
            let difference = old.difference(to: new, type: counters)
            #expect(old.applying(difference: difference, type: counters) == new)
            let (oldSet, newSet) = (Datum(sortedKeys: old.keys), Datum(sortedKeys: new.keys))
            let type = ColumnType.set(of: .string)
            let setDifference = oldSet.difference(to: newSet, type: type)
            #expect(oldSet.applying(difference: setDifference, type: type) == newSet)
        }
    }

    /// One atom, several and none are kept in different forms, which must not show.
    @Test(arguments: 0..<50 as Range<UInt64>)
    func `sets and maps agree with those of the standard library`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var set = Datum.empty
        var map = Datum.empty
        var model: [Atom: Atom] = [:]
        for _ in 0..<60 {
            let key = Atom.integer(Int64.random(in: 0..<4, using: &random))
            let value = Atom.integer(Int64.random(in: 0..<2, using: &random))
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                #expect(map.insert(key, value: value) == (model[key] == nil))
                set.insert(key)
                if model[key] == nil { model[key] = value }
            case 1:
                #expect(map.insert(key, value: value, replaces: true) == (model[key] != value))
                set.insert(key)
                model[key] = value
            default:
                #expect(map.remove(key) == (model[key] != nil))
                set.remove(key)
                model[key] = nil
            }
            #expect(set == Datum(set: model.keys) && set.keys == model.keys.sorted())
            #expect(map == Datum(map: model.map { ($0.key, $0.value) }))
            #expect(map.hashValue == Datum(map: model.map { ($0.key, $0.value) }).hashValue)
            #expect(map.count == model.count && set.count == model.count)
            #expect(map[key] == model[key] && set.contains(key) == (model[key] != nil))
            #expect(set.excludes(Datum(key)) == (model[key] == nil))
            #expect(map.includes(Datum(map: [(key, value)])) == (model[key] == value))
        }
    }

    @Test(arguments: [
        (#"["set",[]]"#, ColumnType.set(of: .string)), (#""a\"b""#, .set(of: .string)),
        (#"["set",["a","b"]]"#, .set(of: .string)), (#"["map",[]]"#, .map(.string, to: .integer)),
        (#"["map",[["a",-1]]]"#, .map(.string, to: .integer)), ("1.5", ColumnType(.real)),
        ("2", ColumnType(.real)), ("true", ColumnType(.boolean)),
        (#"["uuid","9fd0c9d6-3c4e-4a0e-9d4b-6a4b6f3c0001"]"#, ColumnType(.uuid)),
    ])
    func `a datum is printed as its value is`(text: String, type: ColumnType) throws {
        let datum = try Datum(JSON.parseFragment(text), type: type)
        var printer = JSONPrinter()
        printer.write(datum, type: type)
        #expect(String(decoding: printer.takeOctets(), as: UTF8.self) == text)
        #expect(datum.json(type: type).text == text)
    }

    @Test func `a UUID is read and written`() {
        let text = "9fd0c9d6-3c4e-4a0e-9d4b-6a4b6f3c0001"
        #expect(UUID(text)?.description == text)
        #expect(UUID("9fd0c9d63c4e4a0e9d4b6a4b6f3c0001") == nil)
        #expect(UUID("9fd0c9d6-3c4e-4a0e-9d4b-6a4b6f3c000g") == nil)
        #expect(UUID("9fd0c9d6-3c4e-4a0e-9d4b-6a4b6f3c-001") == nil)
        var random = SplitMix64(seed: 1)
        let uuid = UUID.random(using: &random).description
        #expect(Array(uuid)[14] == "4")
        #expect("89ab".contains(Array(uuid)[19]))
    }
}
