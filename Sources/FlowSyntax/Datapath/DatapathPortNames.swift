/// The names of a datapath's ports, for parsing and for printing.
public struct DatapathPortNames: Sendable {
    private var names: [UInt32: String] = [:]
    private var numbers: [String: UInt32] = [:]

    /// Knows numbers only.
    public init() {}

    public mutating func insert(_ name: String, _ number: UInt32) {
        names[number] = name
        numbers[name] = number
    }

    public func number(of name: String) -> UInt32? { numbers[name] }
    public func text(of port: UInt32) -> String { names[port] ?? String(port) }
}
