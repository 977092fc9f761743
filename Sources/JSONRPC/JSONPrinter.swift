public import Bytes

/// Writes JSON text as Open vSwitch does: without white space, or one member a line.
public struct JSONPrinter {
    public private(set) var octets: [UInt8] = []
    private let sortsKeys: Bool
    private let isPretty: Bool
    private var depth = 0

    /// The octets so far, which the printer forgets.
    public mutating func takeOctets() -> [UInt8] {
        defer { octets = [] }
        return octets
    }

    /// What Open vSwitch indents each level by.
    private static let indentation = 2

    public init(sortsKeys: Bool = false, isPretty: Bool = false) {
        self.sortsKeys = sortsKeys
        self.isPretty = isPretty
    }

    /// A printer of compact text that has room for so many octets.
    public init(minimumCapacity: Int) {
        self.init()
        octets.reserveCapacity(minimumCapacity)
    }

    public mutating func write(_ value: JSON) {
        switch value {
        case .null: write("null")
        case .boolean(let value): write(value ? "true" : "false")
        case .integer(let value): write(integer: value)
        case .real(let value): write(RealText.text(of: value))
        case .string(let value): write(quoted: value)
        case .array(let elements): write(elements)
        case .object(let object): write(object)
        case .encoded(let encoded):
            if sortsKeys || isPretty { write(encoded.value) } else { octets += encoded.octets }
        }
    }

    private mutating func write(_ elements: [JSON]) {
        octets.append(UInt8(ascii: "["))
        if !elements.isEmpty {
            depth += 1
            for position in elements.indices {
                if position > 0 { octets.append(UInt8(ascii: ",")) }
                breakLine()
                write(elements[position])
            }
            depth -= 1
        }
        octets.append(UInt8(ascii: "]"))
    }

    private mutating func write(_ object: JSONObject) {
        octets.append(UInt8(ascii: "{"))
        if !object.isEmpty {
            depth += 1
            let members = sortsKeys ? object.members.sorted { $0.key < $1.key } : object.members
            for position in members.indices {
                if position > 0 { octets.append(UInt8(ascii: ",")) }
                breakLine()
                write(quoted: members[position].key)
                octets.append(UInt8(ascii: ":"))
                if isPretty { octets.append(UInt8(ascii: " ")) }
                write(members[position].value)
            }
            depth -= 1
        }
        octets.append(UInt8(ascii: "}"))
    }

    private mutating func breakLine() {
        guard isPretty else { return }
        octets.append(UInt8(ascii: "\n"))
        octets.append(contentsOf: repeatElement(UInt8(ascii: " "), count: depth * Self.indentation))
    }

    private mutating func write(_ text: String) {
        octets.append(text: text)
    }

    /// Writes a number.
    public mutating func write(integer value: Int64) { octets.append(decimal: value) }

    /// Writes an identifier, without quotation marks.
    public mutating func write(_ text: UUIDText) { text.write(to: &octets) }

    /// Writes JSON text as it is, for those who write a value in pieces instead of making it whole.
    public mutating func write(verbatim text: String) { write(text) }

    /// Writes JSON text that was encoded before.
    public mutating func write(verbatim text: [UInt8]) { octets += text }

    /// Writes a string.
    public mutating func write(quoted text: String) {
        // Nearly all stand between quotation marks as they are.
        if octets.append(plainQuoted: text) { return }
        octets.append(UInt8(ascii: "\""))
        for octet in text.utf8 { write(escaping: octet) }
        octets.append(UInt8(ascii: "\""))
    }

    private mutating func write(escaping octet: UInt8) {
        switch octet {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            octets.append(UInt8(ascii: "\\"))
            octets.append(octet)
        case 0..<0x20: writeControl(octet)
        default: octets.append(octet)
        }
    }

    private mutating func writeControl(_ octet: UInt8) {
        switch octet {
        case 0x08: write("\\b")
        case 0x09: write("\\t")
        case 0x0a: write("\\n")
        case 0x0c: write("\\f")
        case 0x0d: write("\\r")
        default: write(octet < 0x10 ? "\\u000" : "\\u00"); write(String(octet, radix: 16))
        }
    }
}
