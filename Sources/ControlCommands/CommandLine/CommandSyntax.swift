/// An option that stands before a command's name.
public struct LocalOption: Hashable, Sendable {
    /// With its hyphens.
    public let name: String
    public let takesArgument: Bool

    /// `--may-exist`, or with a `=` behind it if it takes an argument.
    init(_ text: String) {
        takesArgument = text.hasSuffix("=")
        name = takesArgument ? String(text.dropLast()) : text
    }
}

/// What may be written for one command: its options and how many arguments follow its name.
public struct CommandSyntax: Hashable, Sendable {
    public let name: String
    public let arguments: ClosedRange<Int>
    /// The arguments as shell completion reads them (`ovs-vsctl --commands`): `!` once, `?` at
    /// most once, `+` once or more, `*` any number.
    public let usage: String
    public let options: [LocalOption]
    /// Whether it may change the database.
    public let writes: Bool

    init(
        _ name: String, _ arguments: ClosedRange<Int>, _ usage: String = "",
        options: [String] = [], writes: Bool = false
    ) {
        self.name = name
        self.arguments = arguments
        self.usage = usage
        self.options = options.map(LocalOption.init)
        self.writes = writes
    }

    /// The line that `--commands` prints.
    public var completionLine: String {
        let options = options.map { "[\($0.name)\($0.takesArgument ? "=" : "")] " }.joined()
        return "\(options),\(name),\(usage)"
    }

    public static func named(_ name: String) -> CommandSyntax? { byName[name] }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}

extension CommandSyntax {
    /// More arguments than a command line holds.
    private static let many = Int(Int32.max)

    /// Every command of ovs-vsctl(8).
    public static let all = switchCommands + bridgeCommands + portCommands + databaseCommands

    private static let switchCommands = [
        CommandSyntax("init", 0...0, writes: true),
        CommandSyntax("show", 0...0),
        CommandSyntax("emer-reset", 0...0, writes: true),
        CommandSyntax("get-manager", 0...0),
        CommandSyntax("del-manager", 0...0, writes: true),
        CommandSyntax(
            "set-manager", 1...many, "+TARGET", options: ["--inactivity-probe="], writes: true),
        CommandSyntax("get-ssl", 0...0),
        CommandSyntax("del-ssl", 0...0, writes: true),
        CommandSyntax(
            "set-ssl", 3...3, "!PRIVATE-KEY !CERTIFICATE !CA-CERT", options: ["--bootstrap"],
            writes: true),
        CommandSyntax("add-zone-tp", 3...many, options: ["--may-exist"], writes: true),
        CommandSyntax("del-zone-tp", 2...2, options: ["--if-exists"], writes: true),
        CommandSyntax("list-zone-tp", 1...1),
        CommandSyntax("list-dp-cap", 1...1),
    ]

    private static let bridgeCommands = [
        CommandSyntax(
            "add-br", 1...3, "!NEW-BRIDGE ?PARENT ?NEW-VLAN", options: ["--may-exist"],
            writes: true),
        CommandSyntax("del-br", 1...1, "!BRIDGE", options: ["--if-exists"], writes: true),
        CommandSyntax("list-br", 0...0, options: ["--real", "--fake"]),
        CommandSyntax("br-exists", 1...1, "!BRIDGE"),
        CommandSyntax("br-to-vlan", 1...1, "!BRIDGE"),
        CommandSyntax("br-to-parent", 1...1, "!BRIDGE"),
        CommandSyntax("br-set-external-id", 2...3, "!BRIDGE !KEY ?VALUE", writes: true),
        CommandSyntax("br-get-external-id", 1...2, "!BRIDGE ?KEY"),
        CommandSyntax("get-controller", 1...1, "!BRIDGE"),
        CommandSyntax("del-controller", 1...1, "!BRIDGE", writes: true),
        CommandSyntax(
            "set-controller", 1...many, "!BRIDGE +TARGET", options: ["--inactivity-probe="],
            writes: true),
        CommandSyntax("get-fail-mode", 1...1, "!BRIDGE"),
        CommandSyntax("del-fail-mode", 1...1, "!BRIDGE", writes: true),
        CommandSyntax("set-fail-mode", 2...2, "!BRIDGE !MODE", writes: true),
        CommandSyntax("add-aa-mapping", 3...3, "!BRIDGE !ARG !ARG", writes: true),
        CommandSyntax("del-aa-mapping", 3...3, "!BRIDGE !ARG !ARG", writes: true),
        CommandSyntax("get-aa-mapping", 1...1, "!BRIDGE"),
    ]

    private static let portCommands = [
        CommandSyntax("list-ports", 1...1, "!BRIDGE"),
        CommandSyntax(
            "add-port", 2...many, "!BRIDGE !NEW-PORT *COLUMN?:KEY=VALUE",
            options: ["--may-exist"], writes: true),
        CommandSyntax(
            "add-bond", 4...many, "!BRIDGE !BOND +IFACE *COLUMN?:KEY=VALUE",
            options: ["--may-exist", "--fake-iface"], writes: true),
        CommandSyntax(
            "del-port", 1...2, "?BRIDGE !PORT|IFACE", options: ["--if-exists", "--with-iface"],
            writes: true),
        CommandSyntax(
            "add-bond-iface", 2...2, "!BOND !IFACE", options: ["--may-exist"], writes: true),
        CommandSyntax(
            "del-bond-iface", 1...2, "?BOND !IFACE", options: ["--if-exists"], writes: true),
        CommandSyntax("port-to-br", 1...1, "!PORT"),
        CommandSyntax("list-ifaces", 1...1, "!BRIDGE"),
        CommandSyntax("iface-to-br", 1...1, "!IFACE"),
    ]

    private static let databaseCommands = [
        CommandSyntax("comment", 0...many, "*ARG"),
        CommandSyntax(
            "get", 2...many, "!TABLE !RECORD *COLUMN?:KEY", options: ["--if-exists", "--id="]),
        CommandSyntax(
            "list", 1...many, "!TABLE *RECORD", options: ["--if-exists", "--columns="]),
        CommandSyntax(
            "find", 1...many, "!TABLE *COLUMN?:KEY=VALUE", options: ["--columns="]),
        CommandSyntax(
            "set", 3...many, "!TABLE !RECORD +COLUMN?:KEY=VALUE", options: ["--if-exists"],
            writes: true),
        CommandSyntax(
            "add", 4...many, "!TABLE !RECORD !COLUMN +?KEY=VALUE", options: ["--if-exists"],
            writes: true),
        CommandSyntax(
            "remove", 4...many, "!TABLE !RECORD !COLUMN +KEY|VALUE|KEY=VALUE",
            options: ["--if-exists"], writes: true),
        CommandSyntax(
            "clear", 3...many, "!TABLE !RECORD +COLUMN", options: ["--if-exists"], writes: true),
        CommandSyntax(
            "create", 2...many, "!TABLE +COLUMN?:KEY=VALUE", options: ["--id="], writes: true),
        CommandSyntax(
            "destroy", 1...many, "!TABLE *RECORD", options: ["--if-exists", "--all"],
            writes: true),
        CommandSyntax("wait-until", 2...many, "!TABLE !RECORD *COLUMN?:KEY=VALUE"),
    ]
}
