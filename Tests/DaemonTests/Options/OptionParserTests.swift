import Daemon
import Testing

struct OptionParserTests {
    static let options = [
        CommandOption("target", "t", .required), CommandOption("timeout", "T", .required),
        CommandOption("verbose", "v", .optional), CommandOption("version", "V"),
        CommandOption("help", "h"), CommandOption("version-all"),
    ]

    /// Options as `name` or `name=value`, then a bar, then operands.
    static func parse(
        _ text: String, _ order: OptionParser.Order = .anywhere
    ) throws -> String {
        let arguments = text.split(separator: " ").map(String.init)
        var parser = OptionParser(arguments, options: options, order: order)
        var words: [String] = []
        while let option = try parser.nextOption() {
            words.append(option.name + (option.value.map { "=" + $0 } ?? ""))
        }
        return (words + ["|"] + parser.operands).joined(separator: " ")
    }

    @Test(arguments: [
        ("", "|"),
        ("a b", "| a b"),
        ("-t x a", "target=x | a"),
        ("-tx a", "target=x | a"),
        ("--target x", "target=x |"),
        ("--target=x", "target=x |"),
        ("--target=", "target= |"),
        ("--ta x", "target=x |"),
        ("-hVtx", "help version target=x |"),
        ("-v", "verbose |"),
        ("-vdbg", "verbose=dbg |"),
        ("-v dbg", "verbose | dbg"),
        ("--verbose dbg", "verbose | dbg"),
        ("--verbose=dbg", "verbose=dbg |"),
        ("--version", "version |"),
        ("a -h b", "help | a b"),
        ("a -- -h", "| a -h"),
        ("-h -- a", "help | a"),
        ("-", "| -"),
        ("-t -h", "target=-h |"),
    ])
    func `options are taken apart as getopt does`(text: String, expected: String) throws {
        #expect(try Self.parse(text) == expected)
    }

    @Test func `options behind the first operand can belong to it`() throws {
        #expect(try Self.parse("-h a -V -- b", .beforeOperands) == "help | a -V -- b")
    }

    @Test(arguments: [
        ("--foo", "unrecognized option '--foo'"),
        ("--foo=1", "unrecognized option '--foo=1'"),
        ("-Z", "invalid option -- 'Z'"),
        ("-t", "option requires an argument -- 't'"),
        ("--target", "option '--target' requires an argument"),
        ("--version=3", "option '--version' doesn't allow an argument"),
        ("--t 5", "option '--t' is ambiguous; possibilities: '--target' '--timeout'"),
    ])
    func `errors read as those of getopt`(text: String, sentence: String) {
        #expect {
            try Self.parse(text)
        } throws: { "\($0)" == sentence }
    }

    @Test func `what precedes a wrong option is still seen`() throws {
        var parser = OptionParser(["-hZ"], options: Self.options)
        #expect(try parser.nextOption()?.name == "help")
        #expect(throws: OptionError.self) { try parser.nextOption() }
    }
}
