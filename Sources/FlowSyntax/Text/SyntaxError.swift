/// A sentence for the operator: what is wrong with the text, in OVS's words where OVS has them.
public struct SyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    public let message: String

    public init(_ message: String) { self.message = message }

    public var description: String { message }
}

/// Something that a parser accepts but remarks on; OVS logs it.
public struct SyntaxNote: Hashable, Sendable {
    public enum Level: String, Sendable {
        case warning = "WARN"
        case information = "INFO"
        case error = "ERR"
    }

    /// OVS's name of the part that logs.
    public let module: String
    public let level: Level
    public let text: String

    public init(_ module: String, _ level: Level, _ text: String) {
        self.module = module
        self.level = level
        self.text = text
    }
}
