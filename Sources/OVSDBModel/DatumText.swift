import JSONRPC

/// The syntax for values that `ovs-vsctl` prints ("Database Values" in ovs-vsctl(8)).
extension Atom {
    /// The atom as `ovs-vsctl` prints it: a string in quotes where it could be taken for another.
    public var text: String {
        switch self {
        case .integer(let value): String(value)
        case .real(let value): RealText.text(of: value)
        case .boolean(let value): value ? "true" : "false"
        case .string(let value):
            Self.needsQuotes(value) ? JSON.string(value).text : value
        case .uuid(let value): value.description
        }
    }

    /// The atom without quotes, as tables for people show it.
    public var bareText: String {
        if case .string(let value) = self { value } else { text }
    }

    static func needsQuotes(_ text: String) -> Bool {
        guard let first = text.utf8.first, isWordLetter(first) else { return true }
        let isWord = text.utf8.allSatisfy {
            isWordLetter($0) || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
                || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
        }
        return !isWord || text == "true" || text == "false" || UUID(text) != nil
    }

    private static func isWordLetter(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension Datum {
    /// The datum as `ovs-vsctl` prints it: `[a, b]`, `{a=b, c=d}`, or a lone atom.
    public func text(type: ColumnType) -> String {
        text(type: type, atom: \.text)
    }

    /// The datum without brackets and quotes, as `--bare` prints it.
    public func bareText(type: ColumnType) -> String {
        members(type: type, atom: \.bareText).joined(separator: " ")
    }

    private func text(type: ColumnType, atom: (Atom) -> String) -> String {
        let text = members(type: type, atom: atom).joined(separator: ", ")
        guard type.maximum > 1 || isEmpty else { return text }
        return type.isMap ? "{\(text)}" : "[\(text)]"
    }

    private func members(type: ColumnType, atom: (Atom) -> String) -> [String] {
        type.isMap
            ? zip(keys, values).map { atom($0) + "=" + atom($1) } : keys.map(atom)
    }
}
