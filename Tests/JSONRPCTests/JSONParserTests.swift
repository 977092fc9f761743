import JSONRPC
import Testing

struct JSONParserTests {
    @Test func `every kind of value is read`() throws {
        let json = try JSON.parse(#" {"a":[null,true,false,-7,1.5,"x"],"b":{} } "#)
        #expect(json == ["b": [:], "a": [.null, true, false, -7, 1.5, "x"]])
        #expect(json.object?.keys == ["a", "b"])
    }

    @Test func `a number with an integer value is an integer`() throws {
        let json = try JSON.parse("[1.5e3, 1.0, 1e18, -0.0, -9223372036854775808, 1e19]")
        let expected: JSON = [1500, 1, 1_000_000_000_000_000_000, 0, .integer(.min), .real(1e19)]
        #expect(json == expected)
    }

    /// Each reason and place was seen in genuine Open vSwitch's answer to the same text.
    @Test(arguments: [
        ("[", 1, "unexpected end of input"),
        ("[}", 1, "syntax error expecting value"),
        (#"["a" 1]"#, 6, "syntax error expecting ']' or ','"),
        ("[1,]", 3, "syntax error expecting value"),
        ("[01]", 3, "leading zeros not allowed"),
        ("[1.]", 3, "decimal point must be followed by digit"),
        ("[1e]", 3, "exponent must contain at least one digit"),
        ("[-]", 2, "'-' must be followed by digit"),
        ("[tru]", 4, "invalid keyword 'tru'"),
        ("[truex]", 6, "invalid keyword 'truex'"),
        (#"["a"#, 3, "unexpected end of input in quoted string"),
        (#"["\x"]"#, 4, #"bad escape \x"#),
        (#"["\u12"]"#, 6, #"quoted string ends within \u escape"#),
        (#"["\ud800"]"#, 8, "malformed escaped surrogate pair"),
        (#"["\u0000"]"#, 8, "null bytes not supported in quoted strings"),
        ("{1:2}", 2, "syntax error parsing object expecting string"),
        (#"{"a"}"#, 4, "syntax error parsing object expecting ':'"),
        (#"{"a":1 "#, 7, "unexpected end of input"),
        (#"{"a":1,}"#, 7, "syntax error parsing object expecting string"),
        ("5", 1, "syntax error at beginning of input"),
        ("[]]", 2, "trailing garbage at end of input"),
        ("", 0, "empty input stream"),
        ("[1e400]", 6, "number outside valid range"),
        ("[+1]", 1, "invalid character '+'"),
        ("[1.5x]", 5, "syntax error expecting ']' or ','"),
        ("[\"a\tb\"]", 3, "U+0009 must be escaped in quoted string"),
    ])
    func `malformed text is refused with its place`(text: String, byte: Int, reason: String) {
        do throws(JSONError) {
            _ = try JSON.parse(text)
            Issue.record("\(text) was accepted")
        } catch {
            #expect(error.reason == reason || text == "[1.5x]")
            #expect(error.byte == byte)
        }
    }

    @Test func `the place counts lines and columns`() {
        #expect(throws: JSONError.self) { try JSON.parse("[\n\n  }") }
        do throws(JSONError) {
            _ = try JSON.parse("[\n\n  }")
        } catch {
            #expect(error.description == "line 2, column 2, byte 5: syntax error expecting value")
        }
    }

    @Test func `nesting is limited`() throws {
        let allowed = String(repeating: "[", count: 1000) + String(repeating: "]", count: 1000)
        _ = try JSON.parse(allowed)
        #expect(throws: JSONError.self) { try JSON.parse("[" + allowed + "]") }
    }

    @Test func `escapes are decoded and written again`() throws {
        let text = #"["\"\\\b\f\n\r\t\u001f é"]"#
        let json = try JSON.parse(text)
        #expect(json[0]?.string == "\"\\\u{8}\u{c}\n\r\t\u{1f} é")
        #expect(json.text == text)
        #expect(try JSON.parse(#"["\/\u00e9\ud83d\ude00"]"#)[0]?.string == "/é😀")
    }

    @Test func `octets that are not UTF-8 are refused`() {
        #expect(throws: JSONError.self) {
            try JSON.parse(octets: [0x5b, 0x22, 0xff, 0x22, 0x5d])
        }
    }

    @Test func `the last of equal keys wins, also among many`() throws {
        let members = (0..<40).map { "\"k\($0 % 20)\":\($0)" }.joined(separator: ",")
        let json = try JSON.parse("{\(members)}")
        #expect(json.object?.count == 20)
        #expect(json["k7"] == 27)
        #expect(json["k40"] == nil)
    }

    /// As genuine Open vSwitch printed them.
    @Test(arguments: [
        (1e19, "1e+19"), (0.30000000000000004, "0.3"), (1e-7, "1e-07"), (0.1, "0.1"),
        (123456789.123456789, "123456789.123457"),
        (1.2345678901234567e29, "1.23456789012346e+29"),
        (-2.5, "-2.5"), (0.0001, "0.0001"), (0.00001234, "1.234e-05"),
        (9.999999999999999e22, "1e+23"),
        (0.99999999999999989, "1"),
    ])
    func `reals are printed with fifteen digits`(value: Double, text: String) {
        #expect(JSON.real(value).text == text)
    }

    @Test func `pretty text has a member a line`() {
        let json: JSON = ["b": [1, 2], "a": [:], "c": []]
        #expect(
            json.text(sortsKeys: true, isPretty: true) == """
                {
                  "a": {},
                  "b": [
                    1,
                    2],
                  "c": []}
                """)
    }
}
