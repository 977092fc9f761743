import JSONRPC
import OVSDBModel

/// The operators between a column and a value.
enum Relation: String, CaseIterable {
    case equal = "="
    case notEqual = "!="
    case less = "<"
    case greater = ">"
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case setEqual = "{=}"
    case setNotEqual = "{!=}"
    case properSubset = "{<}"
    case properSuperset = "{>}"
    case subset = "{<=}"
    case superset = "{>=}"
    case within = "{in}"
    case disjoint = "{not-in}"

    /// The operators in the order in which an error message lists them.
    static let listed = allCases.map { "\"\($0.rawValue)\"" }
}

/// `COLUMN[:KEY]`, with or without an operator and a value behind it.
struct ColumnArgument {
    let column: ColumnSchema
    let columnIndex: Int
    /// As it was written, with its quotes.
    let key: String?
    let relation: Relation?
    let value: String

    /// Which operators an argument may have, and whether it must have one.
    enum Kind {
        /// `COLUMN[:KEY]`.
        case columnOnly
        /// `COLUMN[:KEY]`, whatever follows.
        case columnPrefix
        /// `COLUMN[:KEY]=VALUE`.
        case assignment
        /// `COLUMN[:KEY]` and any operator.
        case condition
    }

    init(_ text: String, of table: TableSchema, kind: Kind) throws(ControlError) {
        var scanner = WordScanner(text)
        let name = try scanner.word()
        guard !name.isEmpty else { throw ControlError("\(text): missing column name") }
        columnIndex = try SchemaNames.column(name, of: table)
        column = table.columns[columnIndex]
        key = scanner.take(":") ? try scanner.word() : nil
        let rest = scanner.rest
        switch kind {
        case .columnPrefix:
            relation = nil
            value = ""
        case .columnOnly:
            guard rest.isEmpty else {
                throw ControlError("\(text): trailing garbage \"\(rest)\" in argument")
            }
            relation = nil
            value = ""
        case .assignment:
            guard rest.utf8.count > 1, rest.hasPrefix("=") else {
                throw ControlError("\(text): argument does not end in \"=\" followed by a value.")
            }
            relation = .equal
            value = String(rest.dropFirst())
        case .condition:
            let found = Relation.allCases.filter { rest.hasPrefix($0.rawValue) }
                .max { $0.rawValue.utf8.count < $1.rawValue.utf8.count }
            guard let found, rest.utf8.count > found.rawValue.utf8.count else {
                let last = Relation.listed.last ?? ""
                throw ControlError(
                    "\(text): argument does not end in "
                        + Relation.listed.dropLast().joined(separator: ", ")
                        + ", or \(last) followed by a value.")
            }
            relation = found
            value = String(rest.dropFirst(found.rawValue.count))
        }
    }
}

/// Reads the words of an argument: quoted strings, or runs of letters up to a mark.
struct WordScanner {
    private let text: Substring
    private(set) var rest: Substring

    /// The marks that end a word which is not quoted.
    private static let marks = Set(" \t\r\n\u{b}\u{c}:=,[]{}!<>".unicodeScalars)

    init(_ text: String) {
        self.text = text[...]
        rest = self.text
    }

    /// The next word, with its quotes if it has them; empty where a mark follows at once.
    mutating func word() throws(ControlError) -> String {
        let scalars = rest.unicodeScalars
        guard scalars.first == "\"" else {
            let word = rest.unicodeScalars.prefix { !Self.marks.contains($0) }
            rest = rest[word.endIndex...]
            return String(word)
        }
        var index = scalars.index(after: scalars.startIndex)
        while index < scalars.endIndex, scalars[index] != "\"" {
            if scalars[index] == "\\" { index = scalars.index(after: index) }
            guard index < scalars.endIndex else { break }
            index = scalars.index(after: index)
        }
        guard index < scalars.endIndex else {
            throw ControlError("\(rest): quoted string extends past end of argument")
        }
        index = scalars.index(after: index)
        let word = String(rest[..<index])
        rest = rest[index...]
        return word
    }

    mutating func take(_ mark: Character) -> Bool {
        guard rest.first == mark else { return false }
        rest.removeFirst()
        return true
    }
}
