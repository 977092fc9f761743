/// One command of a command line, checked against its syntax.
public struct Command: Hashable, Sendable {
    public let syntax: CommandSyntax
    /// The arguments behind the name.
    public let arguments: [String]
    private let options: [String: String]

    public var name: String { syntax.name }

    /// Whether an option was given, such as `--may-exist`.
    func has(_ option: String) -> Bool { options[option] != nil }

    /// The argument of an option that was given.
    func value(of option: String) -> String? { options[option] }

    /// Cuts what follows the global options into commands, at each `--`.
    ///
    /// - Parameter leading: Options of the first command which stood among the global ones.
    public static func parse(
        _ words: [String], leading: [String: String] = [:]
    ) throws(ControlError) -> [Command] {
        var commands: [Command] = []
        var leading = leading
        for part in words.split(separator: "--") {
            commands.append(try Command(Array(part), options: leading))
            leading = [:]
        }
        if commands.isEmpty {
            throw ControlError("missing command name (use --help for help)")
        }
        return commands
    }

    private init(_ words: [String], options given: [String: String]) throws(ControlError) {
        var options = given
        let named = words.prefix { $0.hasPrefix("-") }
        var values: [(name: String, value: String?)] = []
        for word in named {
            let equals = word.firstIndex(of: "=")
            let name = String(word[..<(equals ?? word.endIndex)])
            let value = equals.map { String(word[word.index(after: $0)...]) }
            if options[name] != nil {
                throw ControlError("'\(word)' option specified multiple times")
            }
            options[name] = value ?? ""
            values.append((name, value))
        }
        guard words.count > named.count else {
            throw ControlError("missing command name (use --help for help)")
        }
        let name = words[named.count]
        guard let syntax = CommandSyntax.named(name) else {
            throw ControlError("unknown command '\(name)'; use --help for help")
        }
        for (option, value) in values {
            try Self.check(option, hasValue: value != nil, on: syntax)
        }
        for option in given.keys.sorted()
        where !syntax.options.contains(where: { $0.name == option }) {
            throw ControlError("'\(name)' command has no '\(option)' option")
        }
        self.syntax = syntax
        self.options = options
        arguments = Array(words.dropFirst(named.count + 1))
        try checkCount()
    }

    private static func check(
        _ option: String, hasValue: Bool, on syntax: CommandSyntax
    ) throws(ControlError) {
        guard let known = syntax.options.first(where: { $0.name == option }) else {
            throw ControlError("'\(syntax.name)' command has no '\(option)' option")
        }
        if known.takesArgument && !hasValue {
            throw ControlError(
                "missing argument to '\(option)' option on '\(syntax.name)' command")
        }
        if !known.takesArgument && hasValue {
            throw ControlError(
                "'\(option)' option on '\(syntax.name)' does not accept an argument")
        }
    }

    private func checkCount() throws(ControlError) {
        if arguments.count < syntax.arguments.lowerBound {
            throw ControlError(
                "'\(name)' command requires at least \(syntax.arguments.lowerBound) arguments")
        }
        if arguments.count > syntax.arguments.upperBound {
            let hint =
                arguments.contains { $0.hasPrefix("--") }
                ? " (note that options must precede command names and follow a \"--\" argument)"
                : ""
            throw ControlError(
                "'\(name)' command takes at most \(syntax.arguments.upperBound) arguments\(hint)")
        }
    }
}
