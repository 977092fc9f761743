/// Why a command cannot be carried out, in the sentence that the operator reads.
public struct ControlError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }

    /// What was read by name does not suffice; nobody reads this.
    static var tooNarrow: ControlError { ControlError("too few rows were read") }
}
