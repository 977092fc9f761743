import Testing

@testable import ControlCommands

struct CommandTests {
    private func message(_ words: [String]) -> String? {
        do {
            _ = try Command.parse(words)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `commands are cut at double hyphens, empty ones left out`() throws {
        let commands = try Command.parse([
            "--", "--may-exist", "add-br", "br0", "--", "--", "list-br", "--",
        ])
        #expect(commands.map(\.name) == ["add-br", "list-br"])
        #expect(commands[0].has("--may-exist"))
        #expect(commands[0].arguments == ["br0"])
    }

    @Test(arguments: [
        ("", "missing command name (use --help for help)"),
        ("foo", "unknown command 'foo'; use --help for help"),
        ("add-br", "'add-br' command requires at least 1 arguments"),
        ("br-exists a b", "'br-exists' command takes at most 1 arguments"),
        (
            "list-br --may-exist",
            "'list-br' command takes at most 0 arguments "
                + "(note that options must precede command names and follow a \"--\" argument)"
        ),
        ("--foo add-br x", "'add-br' command has no '--foo' option"),
        ("-x list-br", "'list-br' command has no '-x' option"),
        ("--may-exist=3 add-br x", "'--may-exist' option on 'add-br' does not accept an argument"),
        ("--id get bridge br0", "missing argument to '--id' option on 'get' command"),
        ("--may-exist --may-exist add-br x", "'--may-exist' option specified multiple times"),
    ])
    func `wrong command lines get the sentences of Open vSwitch`(line: String, expected: String) {
        #expect(message(line.split(separator: " ").map(String.init)) == expected)
    }

    @Test func `options among the global ones go to the first command`() throws {
        let commands = try Command.parse(["list-br", "--", "list-br"], leading: ["--real": ""])
        #expect(commands[0].has("--real"))
        #expect(!commands[1].has("--real"))
    }
}
