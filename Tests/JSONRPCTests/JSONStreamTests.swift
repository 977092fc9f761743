import JSONRPC
import TestSupport
import Testing

struct JSONStreamTests {
    private let texts = [#"{"a":"}]\"{["}"#, "[]", #"[[1],{"b":[2]}]"#]

    @Test(arguments: 1...7)
    func `texts are cut apart whatever the pieces`(size: Int) throws {
        let octets = Array(texts.joined(separator: size.isMultiple(of: 2) ? "" : " \n").utf8)
        var stream = JSONStream()
        var values: [JSON] = []
        for start in stride(from: 0, to: octets.count, by: size) {
            stream.append(octets[start..<min(start + size, octets.count)])
            while let value = try stream.next() { values.append(value) }
        }
        #expect(values.map(\.text) == texts)
        #expect(stream.pendingByteCount == 0)
    }

    @Test func `many texts in one piece are cut apart`() throws {
        var stream = JSONStream()
        stream.append(Array(String(repeating: "[1,2,3]", count: 20_000).utf8))
        var count = 0
        while let value = try stream.next() {
            #expect(value == [1, 2, 3])
            count += 1
        }
        #expect(count == 20_000)
    }

    @Test(arguments: ["x", "\"a\"", "[}", "5", "{\"a\":}"])
    func `garbage is refused`(text: String) {
        var stream = JSONStream()
        stream.append(text.utf8)
        #expect(throws: JSONError.self) { try stream.next() }
    }

    @Test func `a text that nests too deeply is refused before its end`() throws {
        var stream = JSONStream()
        stream.append([UInt8](repeating: UInt8(ascii: "["), count: 1000))
        #expect(try stream.next() == nil)
        stream.append([UInt8(ascii: "[")])
        #expect(throws: JSONError.self) { try stream.next() }
    }

    @Test func `a text above the limit is refused before its end`() throws {
        var stream = JSONStream(maximumByteCount: 100)
        stream.append(("[\"" + String(repeating: "a", count: 90)).utf8)
        #expect(try stream.next() == nil)
        stream.append(String(repeating: "a", count: 90).utf8)
        #expect(throws: JSONError.self) { try stream.next() }
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `no octets make the parser trap`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let alphabet = Array(#"{}[]":,\u0e-.19 tfn"#.utf8) + [0xff, 0]
        for _ in 0..<200 {
            var stream = JSONStream()
            stream.append(
                [0x5b] + (0..<24).map { _ in alphabet.randomElement(using: &random) ?? 0 })
            while (try? stream.next()) != nil {}
        }
    }
}
