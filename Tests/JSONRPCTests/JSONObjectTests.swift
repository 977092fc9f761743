import JSONRPC
import TestSupport
import Testing

struct JSONObjectTests {
    /// Sizes on both sides of where the index begins and of where it grows.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `lookup agrees with a dictionary`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let keyCount = Int.random(in: 1...300, using: &random)
        var object = JSONObject()
        var model: [String: JSON] = [:]
        for _ in 0..<keyCount * 2 {
            let key = "key \(Int.random(in: 0..<keyCount, using: &random))"
            let value: JSON? =
                Int.random(in: 0..<8, using: &random) == 0
                ? nil : .integer(Int64.random(in: 0..<100, using: &random))
            object[key] = value
            model[key] = value
            #expect(object[key] == value && object.count == model.count)
        }
        #expect(model.allSatisfy { object[$0.key] == $0.value })
        #expect(object["absent"] == nil)
        let again = try JSON.parse(JSON.object(object).text)
        #expect(again == .object(object) && again.object?.keys == object.keys)
    }

    @Test(arguments: [2, 32, 33, 100])
    func `of members with one key the last one counts`(count: Int) throws {
        let members = (0..<count).map { "\"\($0)\":\($0)" }.joined(separator: ",")
        let object = try #require(try JSON.parse("{\(members),\"1\":\"again\"}").object)
        #expect(object.count == count && object["1"] == "again")
        #expect(object.keys.prefix(2) == ["0", "1"])
    }

    @Test func `a value that was encoded before reads and compares like the value`() {
        let value: JSON = ["a": [1, "x", .null], "b": true]
        let encoded = JSON.encoded(EncodedJSON(value.encode()))
        #expect(encoded == value && value == encoded && encoded.hashValue == value.hashValue)
        #expect(encoded["a"]?[1]?.string == "x" && encoded.object?.keys == ["a", "b"])
        #expect(JSON.array([encoded]).text == "[" + value.text + "]")
        #expect(encoded.text(isPretty: true) == value.text(isPretty: true))
        #expect(JSON.encoded(EncodedJSON([UInt8]("null".utf8))).isNull)
    }

    @Test func `a cursor reads an object member by member`() throws {
        let octets = Array(#" {"a": {"x":1 , "y":[2]}, "b": {} } "#.utf8)
        var cursor = JSONCursor(octets.span)
        var found: [String] = []
        #expect(try cursor.enterObject())
        found.append(try cursor.key())
        #expect(cursor.isAtObject == true)
        #expect(try cursor.enterObject())
        repeat {
            found.append(try cursor.key() + cursor.value().text)
        } while try cursor.hasAnotherMember()
        #expect(try cursor.hasAnotherMember())
        found.append(try cursor.key())
        #expect(try !cursor.enterObject())
        #expect(try !cursor.hasAnotherMember())
        try cursor.finish()
        #expect(found == ["a", "x1", "y[2]", "b"])
    }
}
