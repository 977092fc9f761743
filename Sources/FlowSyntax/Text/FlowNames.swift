public import FlowModel

/// The names that a switch gives its ports and tables, for parsing and for printing.
public struct FlowNames: Sendable {
    private var portNumbers: [String: PortNumber] = [:]
    private var portNames: [PortNumber: String] = [:]
    private var tableNumbers: [String: UInt8] = [:]
    private var tableNames: [UInt8: String] = [:]

    /// Knows numbers and reserved names only.
    public init() {}

    public init(ports: some Sequence<(name: String, number: PortNumber)>) {
        for port in ports { insert(port: port.name, port.number) }
    }

    public var hasNames: Bool { !portNames.isEmpty || !tableNames.isEmpty }

    public mutating func insert(port name: String, _ number: PortNumber) {
        portNumbers[name] = number
        portNames[number] = name
    }

    public mutating func insert(table name: String, _ number: UInt8) {
        tableNumbers[name] = number
        tableNames[number] = name
    }

    public func port(named name: String) -> PortNumber? { portNumbers[name] }
    public func table(named name: String) -> UInt8? { tableNumbers[name] }

    /// The port as OVS prints it: a reserved name, the port's name, or its number.
    public func text(of port: PortNumber) -> String {
        if let reserved = port.reservedName { return reserved == "NONE" ? "ANY" : reserved }
        if !portNames.isEmpty, let name = portNames[port] { return Self.quoted(name) }
        return String(port.value)
    }

    public func text(ofTable table: UInt8) -> String {
        if !tableNames.isEmpty, let name = tableNames[table] { return Self.quoted(name) }
        return String(table)
    }

    /// `name` as OVS prints it in flows: between quotes unless it is a letter and then letters and
    /// digits, so that it cannot be mistaken for anything else.
    static func quoted(_ name: String) -> String {
        let isLetter = { (octet: UInt8) in octet | 0x20 >= 0x61 && octet | 0x20 <= 0x7a }
        let isPlain =
            name.utf8.first.map(isLetter) == true
            && name.utf8.allSatisfy { isLetter($0) || $0 >= 0x30 && $0 <= 0x39 }
        if isPlain { return name }
        var text = "\""
        for character in name.unicodeScalars {
            if character == "\"" || character == "\\" { text += "\\" }
            text.unicodeScalars.append(character)
        }
        return text + "\""
    }
}
