/// Why a command cannot be carried out, in the sentence that the operator reads.
public struct ControlError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
    /// Whether another transaction may have got in between, so that trying again could succeed.
    public let isTransient: Bool

    public init(_ description: String, isTransient: Bool = false) {
        self.description = description
        self.isTransient = isTransient
    }
}
