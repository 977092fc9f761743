@testable import JSONRPC
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

    @Test(arguments: [
        (" \n x]", 1, 2, "invalid keyword 'x'"), ("garbage{", 0, 7, "invalid keyword 'garbage'"),
        ("null ", 0, 4, "syntax error at beginning of input"),
        ("  \"abc\"", 0, 6, "syntax error at beginning of input"),
        ("12x", 0, 2, "syntax error at beginning of input"),
        ("]", 0, 0, "syntax error at beginning of input"), ("#", 0, 0, "invalid character '#'"),
        ("-x", 0, 1, "'-' must be followed by digit"),
        ("[}", 0, 1, "syntax error expecting value"),
    ])
    func `garbage is refused`(text: String, line: Int, column: Int, reason: String) throws {
        for size in [1, text.utf8.count] {
            var stream = JSONStream()
            let octets = Array(text.utf8)
            var error: JSONError?
            for start in stride(from: 0, to: octets.count, by: size) where error == nil {
                stream.append(octets[start..<min(start + size, octets.count)])
                do throws(JSONError) { _ = try stream.next() } catch let caught { error = caught }
            }
            #expect(error?.line == line && error?.column == column && error?.reason == reason)
        }
    }

    @Test(arguments: ["x", "nul", "\"a", "\"a\\\"", "5", "-", " \n"])
    func `a word that may go on is waited for`(text: String) throws {
        var stream = JSONStream()
        stream.append(text.utf8)
        #expect(try stream.next() == nil)
    }

    @Test(arguments: [
        (#"{"a":x,"#, 6, "invalid keyword 'x'"), ("[1 2,", 4, "syntax error expecting ']' or ','"),
        ("{1,", 2, "syntax error parsing object expecting string"),
        (#"{"a","#, 4, "syntax error parsing object expecting ':'"),
        ("[01,", 3, "leading zeros not allowed"),
        ("[\"\u{1}", 2, "U+0001 must be escaped in quoted string"),
        (#"["\x""#, 4, #"bad escape \x"#),
    ])
    func `a bad token is refused before the text's end`(
        text: String, byte: Int, reason: String
    ) throws {
        var stream = JSONStream()
        // All but the last octet leaves the token open.
        for octet in text.utf8.dropLast() {
            stream.append([octet])
            #expect(try stream.next() == nil)
        }
        stream.append([Array(text.utf8)[text.utf8.count - 1]])
        let error = #expect(throws: JSONError.self) { try stream.next() }
        #expect(error?.byte == byte && error?.reason == reason)
    }

    @Test(arguments: ["[tru", "[12", "[1e", "{\"a\"", "{\"a\":-", "[\"\\u00", "[\"\u{e9}"])
    func `a token that may go on is waited for`(text: String) throws {
        var stream = JSONStream()
        for octet in text.utf8 {
            stream.append([octet])
            #expect(try stream.next() == nil)
        }
    }

    @Test func `a bad token of a long text is refused at its end`() throws {
        var stream = JSONStream()
        let padding = String(repeating: " ", count: JSONStream.promptByteCount)
        stream.append("[x,\(padding)".utf8)
        #expect(try stream.next() == nil)
        stream.append("1]".utf8)
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
