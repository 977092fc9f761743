/// Why a control command is refused, in OVS's words.
public struct CommandError: Error, Equatable, Sendable {
    public let sentence: String

    public init(_ sentence: String) { self.sentence = sentence }
}
