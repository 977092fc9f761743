import JSONRPC

/// What a command on the control socket refuses with.
public struct ControlError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }

    /// The text as it goes to a terminal by lines: without its last newline.
    public var terminatedText: String {
        description.hasSuffix("\n") ? String(description.dropLast()) : description
    }
}

/// A command that came in on the control socket, and wants one answer.
///
/// The answer may come in a later turn of the loop; until then the connection's next commands wait.
/// A request that is let go without an answer is answered with an error.
public final class ControlRequest {
    public let command: String
    /// What followed the command.
    public let arguments: [String]

    private var answer: ((Result<String, ControlError>) -> Void)?

    init(
        command: String, arguments: [String],
        answer: @escaping (Result<String, ControlError>) -> Void
    ) {
        self.command = command
        self.arguments = arguments
        self.answer = answer
    }

    deinit { finish(.failure(ControlError("no answer to this command"))) }

    /// Answers with text, which gets a final newline if it lacks one.
    public func reply(_ text: String = "") { finish(.success(Self.line(text))) }

    /// Answers with an error's sentence.
    public func fail(_ text: String) { finish(.failure(ControlError(Self.line(text)))) }

    private func finish(_ result: Result<String, ControlError>) {
        let answer = answer
        self.answer = nil
        answer?(result)
    }

    private static func line(_ text: String) -> String {
        text.isEmpty || text.hasSuffix("\n") ? text : text + "\n"
    }
}
