/// Why a text is not JSON, and where, as Open vSwitch words it.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Lines that precede the place.
    public let line: Int
    /// Octets on the line that precede the place.
    public let column: Int
    /// Octets that precede the place.
    public let byte: Int
    public let reason: String

    init(_ reason: String, at offset: Int, of octets: ArraySlice<UInt8>) {
        let passed = octets.prefix(offset)
        self.reason = reason
        byte = passed.count
        line = passed.count { $0 == UInt8(ascii: "\n") }
        column = passed.reversed().prefix { $0 != UInt8(ascii: "\n") }.count
    }

    public var description: String { "line \(line), column \(column), byte \(byte): \(reason)" }
}
