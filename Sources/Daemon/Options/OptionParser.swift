/// An option that a program takes, by its long name, its letter, or both.
///
/// An option without a long name goes by its letter.
public struct CommandOption: Hashable, Sendable {
    public enum Argument: Sendable {
        case none
        case required
        /// Only as `--long=VALUE` or `-xVALUE`.
        case optional
    }

    /// What the parser calls it: the long name, or the letter where there is none.
    public let name: String
    public let letter: Character?
    public let argument: Argument

    public init(_ name: String, _ letter: Character? = nil, _ argument: Argument = .none) {
        self.name = name
        self.letter = letter
        self.argument = argument
    }
}

/// A wrong option, in the words of the C library.
public struct OptionError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
}

/// Takes a command line apart as `getopt_long` does, since scripts rely on its liberties: unique
/// prefixes of long names, clustered letters, options behind operands.
///
/// Options come one by one, so that `--help` works whatever follows it.
public struct OptionParser {
    /// An option as it was given.
    public struct Found: Hashable, Sendable {
        public let name: String
        public let value: String?

        public init(name: String, value: String?) {
            self.name = name
            self.value = value
        }
    }

    /// Where options end.
    public enum Order: Sendable {
        /// They may follow operands.
        case anywhere
        /// At the first operand, which belongs to a command with options of its own.
        case beforeOperands
    }

    private let options: [CommandOption]
    private let order: Order
    private let arguments: [String]
    private var next = 0
    /// Letters of a cluster that are still to come.
    private var cluster: Substring = ""
    /// What is no option, complete once ``nextOption()`` has returned nil.
    public private(set) var operands: [String] = []

    /// - Parameter arguments: the command line behind the program's name.
    public init(_ arguments: [String], options: [CommandOption], order: Order = .anywhere) {
        self.arguments = arguments
        self.options = options
        self.order = order
    }

    /// The next option, or nil when there is none left.
    public mutating func nextOption() throws(OptionError) -> Found? {
        if !cluster.isEmpty { return try takeLetter() }
        while next < arguments.count {
            let argument = arguments[next]
            next += 1
            if argument == "--" {
                break
            } else if argument.hasPrefix("--") {
                return try takeLong(argument.dropFirst(2))
            } else if argument.hasPrefix("-"), argument.count > 1 {
                cluster = argument.dropFirst()
                return try takeLetter()
            }
            operands.append(argument)
            if order == .beforeOperands { break }
        }
        operands += arguments[next...]
        next = arguments.count
        return nil
    }

    private mutating func takeLetter() throws(OptionError) -> Found {
        let letter = cluster.removeFirst()
        guard let option = options.first(where: { $0.letter == letter }) else {
            throw OptionError(description: "invalid option -- '\(letter)'")
        }
        let rest = cluster
        switch option.argument {
        case .none:
            return Found(name: option.name, value: nil)
        case .optional:
            cluster = ""
            return Found(name: option.name, value: rest.isEmpty ? nil : String(rest))
        case .required:
            cluster = ""
            if !rest.isEmpty { return Found(name: option.name, value: String(rest)) }
            guard let value = takeArgument() else {
                throw OptionError(description: "option requires an argument -- '\(letter)'")
            }
            return Found(name: option.name, value: value)
        }
    }

    private mutating func takeLong(_ text: Substring) throws(OptionError) -> Found {
        let name = text.prefix { $0 != "=" }
        let value =
            name.endIndex == text.endIndex ? nil : String(text[name.endIndex...].dropFirst())
        let option = try lookup(name, in: text)
        switch option.argument {
        case .none:
            guard value == nil else {
                throw OptionError(
                    description: "option '--\(option.name)' doesn't allow an argument")
            }
            return Found(name: option.name, value: nil)
        case .optional:
            return Found(name: option.name, value: value)
        case .required:
            guard let value = value ?? takeArgument() else {
                throw OptionError(
                    description: "option '--\(option.name)' requires an argument")
            }
            return Found(name: option.name, value: value)
        }
    }

    /// The option of that name, or the only one that it begins.
    ///
    /// - Parameter text: The whole word without its hyphens, as errors tell it.
    private func lookup(
        _ name: Substring, in text: Substring
    ) throws(OptionError) -> CommandOption {
        let long = options.filter { $0.name.count > 1 }
        if let exact = long.first(where: { $0.name == name }) { return exact }
        let possible = long.filter { $0.name.hasPrefix(name) }
        switch possible.count {
        case 0:
            throw OptionError(description: "unrecognized option '--\(text)'")
        case 1:
            return possible[0]
        default:
            let list = possible.map { "'--\($0.name)'" }.joined(separator: " ")
            throw OptionError(
                description: "option '--\(text)' is ambiguous; possibilities: \(list)")
        }
    }

    private mutating func takeArgument() -> String? {
        guard next < arguments.count else { return nil }
        defer { next += 1 }
        return arguments[next]
    }
}
