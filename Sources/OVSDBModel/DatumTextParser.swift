import JSONRPC

/// A sentence about what is wrong with a value that somebody typed.
public struct DatumTextError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

extension Atom {
    /// Reads one atom as `ovs-vsctl` takes it, the whole text being the atom, and checks it.
    ///
    /// - Parameter context: Where names of rows such as `@port` are looked up.
    public init(
        text: String, type: BaseType, context: inout NamingContext?
    ) throws(DatumTextError) {
        self = try Self.parse(text, type: type.type, context: &context)
        do throws(OVSDBError) {
            try type.check(self)
        } catch {
            throw DatumTextError(error.description)
        }
    }

    private static func parse(
        _ text: String, type: AtomType, context: inout NamingContext?
    ) throws(DatumTextError) -> Atom {
        switch type {
        case .integer:
            guard let value = Int64(text) else {
                throw DatumTextError("\"\(text)\" is not a valid integer or range")
            }
            return .integer(value)
        case .real:
            guard let value = Double(text), value.isFinite else {
                throw DatumTextError("\"\(text)\" is not a valid real number")
            }
            return .real(value)
        case .boolean:
            return .boolean(try boolean(text))
        case .string:
            return .string(try string(text))
        case .uuid:
            if context != nil, text.hasPrefix("@") {
                return .uuid(context?.uuid(for: text) ?? .zero)
            }
            guard let uuid = UUID(text) else {
                throw DatumTextError("\"\(text)\" is not a valid UUID")
            }
            return .uuid(uuid)
        }
    }

    private static func boolean(_ text: String) throws(DatumTextError) -> Bool {
        switch text {
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0": return false
        default:
            throw DatumTextError(
                "\"\(text)\" is not a valid boolean (use \"true\" or \"false\")")
        }
    }

    private static func string(_ text: String) throws(DatumTextError) -> String {
        if text.isEmpty {
            throw DatumTextError(
                "An empty string is not valid as input; use \"\" to represent the empty string")
        }
        guard text.hasPrefix("\"") else { return text }
        guard text.utf8.count >= 2, text.hasSuffix("\"") else {
            throw DatumTextError("\(text): missing quote at end of quoted string")
        }
        do throws(JSONError) {
            return try JSON.parseFragment(text).string ?? text
        } catch {
            throw DatumTextError("\(text): \(error.reason)")
        }
    }
}

extension Datum {
    /// Reads a value of a column as `ovs-vsctl` takes it: members separated by commas or spaces,
    /// brackets or braces around them if one likes.
    public init(
        text: String, type: ColumnType, context: inout NamingContext?
    ) throws(DatumTextError) {
        var parser = DatumTextParser(text, type: type)
        self = try parser.parse(context: &context)
    }

    public init(text: String, type: ColumnType) throws(DatumTextError) {
        var context: NamingContext?
        try self.init(text: text, type: type, context: &context)
    }
}

/// Cuts a value into the texts of its atoms.
struct DatumTextParser {
    private let whole: String
    private let type: ColumnType
    private var rest: Substring.UTF8View

    /// A range of integers such as `1-4094` has at most so many members.
    private static let maximumRangeCount: Int64 = 4096

    init(_ text: String, type: ColumnType) {
        whole = text
        self.type = type
        rest = text[...].utf8
    }

    mutating func parse(context: inout NamingContext?) throws(DatumTextError) -> Datum {
        let (opening, closing) = type.isMap ? ("{", "}") : ("[", "]")
        skipSpaces()
        let isBracketed = skip(opening)
        var pairs: [(Atom, Atom)] = []
        var atoms: [Atom] = []
        while true {
            skipSpaces()
            if rest.isEmpty || starts(with: closing) { break }
            if starts(with: ",") { throw unexpected(",") }
            let start = rest
            let token = try takeToken()
            guard !token.isEmpty else {
                throw unexpected(String(Substring(rest).prefix(1)))
            }
            if let value = type.value {
                let text = String(Substring(start))
                pairs.append(try pair(token, in: text, value: value, context: &context))
            } else {
                atoms += try members(token, context: &context)
            }
            skipSpaces()
            if skip(",") { skipSpaces() }
        }
        try finish(closing: closing, isBracketed: isBracketed)
        let count = atoms.count + pairs.count
        try check(count)
        let datum = type.isMap ? Datum(map: pairs) : Datum(set: atoms)
        guard datum.count == count else {
            let complaint =
                type.isMap ? "map contains duplicate key" : "set contains duplicate value"
            throw DatumTextError("\(whole): \(complaint)")
        }
        return datum
    }

    private mutating func pair(
        _ keyText: String, in text: String, value: BaseType, context: inout NamingContext?
    ) throws(DatumTextError) -> (Atom, Atom) {
        let key = try Atom(text: keyText, type: type.key, context: &context)
        skipSpaces()
        let remaining = String(Substring(rest))
        guard skip("=") else {
            // At the end of the text, Open vSwitch's own sentence ends here.
            let found = remaining.first.map { "\($0)\" expecting \"=\"" } ?? ""
            throw DatumTextError("\(text): syntax error at \"\(found)")
        }
        skipSpaces()
        return (key, try Atom(text: try takeToken(), type: value, context: &context))
    }

    /// An atom, or for integers a range of them.
    private func members(
        _ token: String, context: inout NamingContext?
    ) throws(DatumTextError) -> [Atom] {
        let ends = token.utf8.dropFirst().firstIndex(of: UInt8(ascii: "-"))
        guard type.key.type == .integer, let hyphen = ends else {
            return [try Atom(text: token, type: type.key, context: &context)]
        }
        guard let first = Int64(token[..<hyphen]),
            let last = Int64(token[token.index(after: hyphen)...])
        else { throw DatumTextError("\"\(token)\" is not a valid integer or range") }
        guard first <= last else {
            throw DatumTextError(
                "\"\(token)\" is not a valid range. Range end cannot be before start.")
        }
        for end in [first, last] {
            do throws(OVSDBError) {
                try type.key.check(.integer(end))
            } catch {
                throw DatumTextError(error.description)
            }
        }
        guard last &- first < Self.maximumRangeCount else {
            throw DatumTextError(
                "\"\(token)\" is not a valid range. "
                    + "Range must not have more than \(Self.maximumRangeCount) elements.")
        }
        return (first...last).map(Atom.integer)
    }

    private mutating func finish(closing: String, isBracketed: Bool) throws(DatumTextError) {
        if isBracketed {
            guard skip(closing) else {
                throw DatumTextError("\(whole): missing \"\(closing)\" at end of data")
            }
            skipSpaces()
            guard rest.isEmpty else {
                throw DatumTextError("\(whole): trailing garbage after \"\(closing)\"")
            }
        } else if !rest.isEmpty {
            throw unexpected(closing)
        }
    }

    private func check(_ count: Int) throws(DatumTextError) {
        let noun = type.isMap ? "pair(s)" : "value(s)"
        if count < type.minimum {
            throw DatumTextError(
                "\(whole): \(count) \(noun) specified but the minimum number is \(type.minimum)")
        }
        if count > type.maximum {
            throw DatumTextError(
                "\(whole): \(count) \(noun) specified but the maximum number is \(type.maximum)")
        }
    }

    private func unexpected(_ mark: String) -> DatumTextError {
        DatumTextError("\(whole): unexpected \"\(mark)\" parsing \(type.english)")
    }
}

extension DatumTextParser {
    /// The octets that end an atom which is not in quotes.
    private static let delimiters = Set(" \t\n:=,[]{}!<>".utf8)

    /// The next atom; empty where a delimiter stands in its place.
    private mutating func takeToken() throws(DatumTextError) -> String {
        let start = rest
        if rest.first == UInt8(ascii: "\"") {
            rest.removeFirst()
            while let octet = rest.first, octet != UInt8(ascii: "\"") {
                rest.removeFirst()
                if octet == UInt8(ascii: "\\"), !rest.isEmpty { rest.removeFirst() }
            }
            guard !rest.isEmpty else {
                throw DatumTextError(
                    "\(Substring(start)): quoted string extends past end of argument")
            }
            rest.removeFirst()
        }
        rest = rest.drop { !Self.delimiters.contains($0) }
        return String(Substring(start[start.startIndex..<rest.startIndex]))
    }

    private mutating func skipSpaces() {
        rest = rest.drop { $0 == UInt8(ascii: " ") || 0x09...0x0d ~= $0 }
    }

    private func starts(with mark: String) -> Bool { rest.starts(with: mark.utf8) }

    private mutating func skip(_ mark: String) -> Bool {
        guard starts(with: mark) else { return false }
        rest.removeFirst()
        return true
    }
}
