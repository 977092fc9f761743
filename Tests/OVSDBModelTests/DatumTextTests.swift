import OVSDBModel
import Testing

/// What genuine ovs-vsctl took and printed.
struct DatumTextTests {
    private let vlans = ColumnType(.integer(0, 4095), minimum: 0, maximum: 4096)
    private let strings = ColumnType.map(.string, to: .string)

    @Test(arguments: [
        ("[1 2, 3 ,4]", "[1, 2, 3, 4]"), ("1 2", "[1, 2]"), ("[]", "[]"), ("", "[]"),
        ("1-5", "[1, 2, 3, 4, 5]"), ("7", "[7]"), ("+5", "[5]"), ("010", "[10]"),
    ])
    func `sets are read and printed`(text: String, printed: String) throws {
        #expect(try Datum(text: text, type: vlans).text(type: vlans) == printed)
    }

    @Test(arguments: [
        ("{a=b,c=d}", "{a=b, c=d}"), (#"a=b, "x y"="1\"2" j=5"#, #"{a=b, j="5", "x y"="1\"2"}"#),
        ("{}", "{}"), ("a=true", #"{a="true"}"#),
    ])
    func `maps are read and printed`(text: String, printed: String) throws {
        #expect(try Datum(text: text, type: strings).text(type: strings) == printed)
    }

    @Test(arguments: [
        ("a", "a"), ("_x-y.z", "_x-y.z"), ("1x", #""1x""#), ("x/y", #""x/y""#), ("", #""""#),
        ("true", #""true""#), ("-x", #""-x""#), ("x:y", #""x:y""#), ("é", #""é""#),
        (#"x\y"#, #""x\\y""#),
        ("67a4bda7-d868-4f0c-ab97-c1647b4ab628", #""67a4bda7-d868-4f0c-ab97-c1647b4ab628""#),
    ])
    func `strings are quoted where they could be mistaken`(value: String, printed: String) {
        #expect(Atom.string(value).text == printed)
    }

    @Test func `scalars and options print without brackets`() throws {
        let option = ColumnType.optional(.integer)
        #expect(try Datum(text: "5", type: option).text(type: option) == "5")
        #expect(Datum.empty.text(type: option) == "[]")
        #expect(Datum.empty.text(type: strings) == "{}")
        let boolean = ColumnType(.boolean)
        #expect(try Datum(text: "yes", type: boolean).text(type: boolean) == "true")
    }

    @Test(arguments: [
        ("abc", #""abc" is not a valid integer or range"#),
        ("1,2,x", #""x" is not a valid integer or range"#),
        ("[1", #"[1: missing "]" at end of data"#),
        ("1]", #"1]: unexpected "]" parsing set of up to 4096 integers"#),
        ("[1,2]x", #"[1,2]x: trailing garbage after "]""#),
        ("1,,2", #"1,,2: unexpected "," parsing set of up to 4096 integers"#),
        ("5000", "constraint violation: 5000 is not in the valid range 0 to 4095 (inclusive)"),
        ("1,1", "1,1: set contains duplicate value"),
        ("0x10", #""0x10" is not a valid integer or range"#),
    ])
    func `malformed sets are refused`(text: String, reason: String) {
        #expect { try Datum(text: text, type: vlans) } throws: {
            ($0 as? DatumTextError)?.description == reason
        }
    }

    @Test(arguments: [
        ("{a=b", #"{a=b: missing "}" at end of data"#),
        ("a=b,a=c", "a=b,a=c: map contains duplicate key"),
        (#"a="x"#, #""x: quoted string extends past end of argument"#),
        (#"a="x\qy""#, #""x\qy": bad escape \q"#),
    ])
    func `malformed maps are refused`(text: String, reason: String) {
        #expect { try Datum(text: text, type: strings) } throws: {
            ($0 as? DatumTextError)?.description == reason
        }
    }

    @Test func `what an enumeration does not have is refused`() {
        let mode = ColumnType.optional(.oneOf("standalone", "secure"))
        #expect { try Datum(text: "foo", type: mode) } throws: {
            ($0 as? DatumTextError)?.description
                == "constraint violation: foo is not one of the allowed values "
                + "([secure, standalone])"
        }
        #expect { try Datum(text: "secure,standalone", type: mode) } throws: {
            ($0 as? DatumTextError)?.description
                == "secure,standalone: 2 value(s) specified but the maximum number is 1"
        }
    }

    @Test func `a name of a row stands for one UUID`() throws {
        var context: NamingContext? = NamingContext()
        let type = ColumnType.set(of: .reference("Port"))
        let first = try Datum(text: "@a", type: type, context: &context)
        let second = try Datum(text: "[@a]", type: type, context: &context)
        #expect(first == second)
        #expect { try Datum(text: "@a", type: type) } throws: {
            ($0 as? DatumTextError)?.description == #""@a" is not a valid UUID"#
        }
    }
}
