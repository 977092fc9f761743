/// Writes JSON text as Open vSwitch does: without white space, or one member a line.
public struct JSONPrinter {
    public private(set) var octets: [UInt8] = []
    private let sortsKeys: Bool
    private let isPretty: Bool
    private var depth = 0

    /// What Open vSwitch indents each level by.
    private static let indentation = 2

    public init(sortsKeys: Bool = false, isPretty: Bool = false) {
        self.sortsKeys = sortsKeys
        self.isPretty = isPretty
    }

    public mutating func write(_ value: JSON) {
        switch value {
        case .null: write("null")
        case .boolean(let value): write(value ? "true" : "false")
        case .integer(let value): write(String(value))
        case .real(let value): write(RealText.text(of: value))
        case .string(let value): write(quoted: value)
        case .array(let elements): write(elements)
        case .object(let object): write(object)
        }
    }

    private mutating func write(_ elements: [JSON]) {
        octets.append(UInt8(ascii: "["))
        if !elements.isEmpty {
            depth += 1
            for (position, element) in elements.enumerated() {
                if position > 0 { octets.append(UInt8(ascii: ",")) }
                breakLine()
                write(element)
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
            for (position, member) in members.enumerated() {
                if position > 0 { octets.append(UInt8(ascii: ",")) }
                breakLine()
                write(quoted: member.key)
                octets.append(UInt8(ascii: ":"))
                if isPretty { octets.append(UInt8(ascii: " ")) }
                write(member.value)
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
        octets.append(contentsOf: text.utf8)
    }

    private mutating func write(quoted text: String) {
        octets.append(UInt8(ascii: "\""))
        for octet in text.utf8 {
            switch octet {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                octets.append(UInt8(ascii: "\\"))
                octets.append(octet)
            case 0..<0x20: writeControl(octet)
            default: octets.append(octet)
            }
        }
        octets.append(UInt8(ascii: "\""))
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
