import Bytes

/// Reads one JSON text: a strict recursive descent over its UTF-8 octets.
///
/// An error names the octet at which the offending token was complete: for a string its closing
/// quote, for a number or a keyword the octet behind it. That is where Open vSwitch, which reads
/// octet by octet, notices.
///
/// It looks at the octets where they lie: nothing is copied but the text of strings, whose ends are
/// found eight octets at a time. Short strings come from a table of those that were read before, as
/// most are names of columns. Arrays and objects get room for a few elements at once, as most of
/// OVSDB's are pairs and short rows.
struct JSONParser: ~Escapable {
    /// As deep as Open vSwitch goes.
    static var maximumDepth: Int { 1000 }

    private let octets: Span<UInt8>
    private let end: Int
    private(set) var index = 0
    private var shortTexts: ShortTexts
    /// A hash of the string that was read last, which equal strings share; nil where there is none.
    private var lastHash: UInt64?

    @_lifetime(copy octets)
    init(_ octets: Span<UInt8>) {
        self.octets = octets
        end = octets.count
        shortTexts = ShortTexts(forTextOf: octets.count)
    }

    /// The text's value, which must be an object or an array where `allowsScalar` is false.
    mutating func parseText(allowsScalar: Bool) throws(JSONError) -> JSON {
        skipWhiteSpace()
        guard index < end else { throw failure("empty input stream") }
        let first = octets[index]
        let isComposite = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        let isSign = "]},:".utf8.contains(first)
        let value = isSign && !allowsScalar ? .null : try parseValue(depth: 1)
        if !isComposite && !allowsScalar {
            if first == UInt8(ascii: "\"") { index -= 1 }
            throw failure("syntax error at beginning of input")
        }
        skipWhiteSpace()
        if index < end { throw failure("trailing garbage at end of input") }
        return value
    }

    private mutating func parseValue(depth: Int) throws(JSONError) -> JSON {
        guard index < end else { throw failure("unexpected end of input") }
        switch octets[index] {
        case UInt8(ascii: "\""):
            return .string(try parseString())
        case UInt8(ascii: "{"):
            return try parseObject(depth: depth)
        case UInt8(ascii: "["):
            return try parseArray(depth: depth)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return try parseNumber()
        case UInt8(ascii: "a")...UInt8(ascii: "z"):
            return try parseKeyword()
        case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","), UInt8(ascii: ":"):
            throw failure("syntax error expecting value")
        default:
            throw invalidCharacter()
        }
    }

    private mutating func parseArray(depth: Int) throws(JSONError) -> JSON {
        try enter(depth: depth)
        if skip(UInt8(ascii: "]")) { return .array([]) }
        var elements: [JSON] = []
        elements.reserveCapacity(Self.usualElementCount)
        while true {
            skipWhiteSpace()
            elements.append(try parseValue(depth: depth + 1))
            if skip(UInt8(ascii: "]")) { return .array(elements) }
            guard skip(UInt8(ascii: ",")) else {
                throw try unexpectedToken("syntax error expecting ']' or ','")
            }
        }
    }

    private mutating func parseObject(depth: Int) throws(JSONError) -> JSON {
        try enter(depth: depth)
        if skip(UInt8(ascii: "}")) { return .object(JSONObject()) }
        var members: [JSONObject.Member] = []
        members.reserveCapacity(Self.usualMemberCount)
        // Most objects need no look for equal keys: no two share one bit of 64.
        var fingerprints: UInt64 = 0
        var mayRepeat = false
        while true {
            let key = try parseKey()
            let fingerprint = lastHash.map { 1 &<< ($0 &>> 58) } ?? UInt64.max
            mayRepeat = mayRepeat || fingerprints & fingerprint != 0
            fingerprints |= fingerprint
            let value = try parseValue(depth: depth + 1)
            members.append(JSONObject.Member(key: key, value: value))
            guard try hasAnotherMember() else {
                return .object(JSONObject(gathered: members, areDistinct: !mayRepeat))
            }
        }
    }

    /// Reads a member's key and the colon.
    mutating func parseKey() throws(JSONError) -> String {
        skipWhiteSpace()
        guard index < end, octets[index] == UInt8(ascii: "\"") else {
            throw try unexpectedToken("syntax error parsing object expecting string")
        }
        let key = try parseString()
        guard skip(UInt8(ascii: ":")) else {
            throw try unexpectedToken("syntax error parsing object expecting ':'")
        }
        skipWhiteSpace()
        return key
    }

    /// Reads what follows a member's value, a comma or the end of the object.
    mutating func hasAnotherMember() throws(JSONError) -> Bool {
        if skip(UInt8(ascii: "}")) { return false }
        guard skip(UInt8(ascii: ",")) else {
            throw try unexpectedToken("syntax error expecting '}' or ','")
        }
        return true
    }

    /// Of `["uuid", …]`, `["set", …]` and the pairs of a map.
    private static var usualElementCount: Int { 2 }
    /// Of an operation and of a short row.
    private static var usualMemberCount: Int { 4 }

    private mutating func enter(depth: Int) throws(JSONError) {
        guard depth <= Self.maximumDepth else {
            throw failure("input exceeds maximum nesting depth \(Self.maximumDepth)")
        }
        index += 1
    }

    private mutating func parseKeyword() throws(JSONError) -> JSON {
        let start = index
        while index < end, UInt8(ascii: "a")...UInt8(ascii: "z") ~= octets[index] { index += 1 }
        switch text(start..<index) {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "null": return .null
        case let word: throw failure("invalid keyword '\(word ?? "")'")
        }
    }
}

// MARK: - Piece by piece

extension JSONParser {
    var isAtObject: Bool { index < end && octets[index] == UInt8(ascii: "{") }

    mutating func enterObject() throws(JSONError) -> Bool {
        skipWhiteSpace()
        guard isAtObject else { throw failure("syntax error expecting object") }
        index += 1
        return !skip(UInt8(ascii: "}"))
    }

    /// A value below objects that were entered.
    mutating func parseNestedValue() throws(JSONError) -> JSON {
        skipWhiteSpace()
        return try parseValue(depth: 1)
    }

    mutating func finish() throws(JSONError) {
        skipWhiteSpace()
        if index < end { throw failure("trailing garbage at end of input") }
    }
}

// MARK: - Numbers

extension JSONParser {
    private mutating func parseNumber() throws(JSONError) -> JSON {
        let start = index
        let isNegative = octets[index] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        guard isAtDigit else { throw failure("'-' must be followed by digit") }
        let firstDigit = index
        var magnitude: UInt64 = 0
        var overflows = false
        while isAtDigit {
            let (product, tooWide) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, tooLarge) = product.addingReportingOverflow(UInt64(octets[index] & 0x0f))
            magnitude = sum
            overflows = overflows || tooWide || tooLarge
            index += 1
        }
        if index - firstDigit > 1 && octets[firstDigit] == UInt8(ascii: "0") {
            throw failure("leading zeros not allowed")
        }
        let isPlain = try !skipFractionAndExponent() && !overflows
        if isPlain && magnitude <= UInt64(Int64.max) {
            return .integer(isNegative ? -Int64(magnitude) : Int64(magnitude))
        }
        if isPlain && isNegative && magnitude == UInt64(Int64.max) + 1 { return .integer(.min) }
        return try realNumber(start..<index)
    }

    /// Whether there was either.
    private mutating func skipFractionAndExponent() throws(JSONError) -> Bool {
        var found = false
        if index < end, octets[index] == UInt8(ascii: ".") {
            found = true
            index += 1
            guard isAtDigit else { throw failure("decimal point must be followed by digit") }
            while isAtDigit { index += 1 }
        }
        if index < end, octets[index] | 0x20 == UInt8(ascii: "e") {
            found = true
            index += 1
            if index < end, octets[index] == UInt8(ascii: "+") || octets[index] == UInt8(ascii: "-")
            {
                index += 1
            }
            guard isAtDigit else { throw failure("exponent must contain at least one digit") }
            while isAtDigit { index += 1 }
        }
        return found
    }

    private func realNumber(_ range: Range<Int>) throws(JSONError) -> JSON {
        guard let value = text(range).flatMap({ Double($0) }), value.isFinite else {
            throw failure("number outside valid range")
        }
        return Int64(exactly: value).map(JSON.integer) ?? .real(value)
    }

    private var isAtDigit: Bool {
        index < end && UInt8(ascii: "0")...UInt8(ascii: "9") ~= octets[index]
    }
}

// MARK: - Strings

extension JSONParser {
    private mutating func parseString() throws(JSONError) -> String {
        index += 1
        let start = index
        index = octets.endOfPlainText(from: start)
        guard index < end else { throw failure("unexpected end of input in quoted string") }
        let octet = octets[index]
        if octet == UInt8(ascii: "\"") {
            guard let string = string(start..<index) else {
                throw failure("invalid UTF-8 in quoted string")
            }
            index += 1
            return string
        }
        lastHash = nil
        if octet == UInt8(ascii: "\\") { return try parseEscapedString(from: start) }
        throw unescapedControl(octet)
    }

    /// The string that some octets between quotation marks spell; nil where they are no UTF-8.
    private mutating func string(_ range: Range<Int>) -> String? {
        guard range.count < 16 else {
            lastHash = octets.hashOfLongText(range)
            return text(range)
        }
        guard let key = octets.shortText(at: range.lowerBound, count: range.count) else {
            lastHash = nil
            return text(range)
        }
        lastHash = key.hash
        if let known = shortTexts[key] { return known }
        guard let text = text(range) else { return nil }
        shortTexts[key] = text
        return text
    }

    /// The string that some octets spell; nil where they are no UTF-8.
    private func text(_ range: Range<Int>) -> String? {
        guard let text = try? UTF8Span(validating: octets.extracting(range)) else { return nil }
        return String(copying: text)
    }

    /// The slow path: the string has at least one escape.
    private mutating func parseEscapedString(from start: Int) throws(JSONError) -> String {
        var closing = index
        while closing < end, octets[closing] != UInt8(ascii: "\"") {
            closing += octets[closing] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard closing < end else {
            index = end
            throw failure("unexpected end of input in quoted string")
        }
        var escapes = JSONEscapes(slice(start..<closing))
        let result: String
        do {
            result = try escapes.decode()
        } catch {
            index = closing
            throw failure(error.text)
        }
        index = closing + 1
        return result
    }
}

// MARK: - Tokens

extension JSONParser {
    @inline(__always)
    private mutating func skipWhiteSpace() {
        // Programs write none.
        while index < end, octets[index] <= UInt8(ascii: " ") {
            switch octets[index] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
                index += 1
            default: return
            }
        }
    }

    /// Skips white space, and the punctuation mark if it comes next.
    private mutating func skip(_ mark: UInt8) -> Bool {
        skipWhiteSpace()
        guard index < end, octets[index] == mark else { return false }
        index += 1
        return true
    }

    /// What is wrong where another token stands than the grammar wants.
    ///
    /// The token is read first, for it may itself be malformed, and to find its end.
    private mutating func unexpectedToken(_ reason: String) throws(JSONError) -> JSONError {
        guard index < end else { return failure("unexpected end of input") }
        switch octets[index] {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "}"), UInt8(ascii: "]"),
            UInt8(ascii: ","), UInt8(ascii: ":"):
            return failure(reason)
        case UInt8(ascii: "\""):
            _ = try parseString()
            index -= 1
        default:
            _ = try parseValue(depth: 1)
        }
        return failure(reason)
    }

    private func invalidCharacter() -> JSONError {
        let octet = octets[index]
        if octet > 0x20 && octet < 0x7f {
            return failure("invalid character '\(Character(UnicodeScalar(octet)))'")
        }
        return failure("invalid character U+\(hexadecimal(octet, digitCount: 4))")
    }

    private func unescapedControl(_ octet: UInt8) -> JSONError {
        failure("U+\(hexadecimal(octet, digitCount: 4)) must be escaped in quoted string")
    }

    private func hexadecimal(_ octet: UInt8, digitCount: Int) -> String {
        let digits = String(octet, radix: 16, uppercase: true)
        return String(repeating: "0", count: digitCount - digits.utf8.count) + digits
    }

    private func failure(_ reason: String) -> JSONError {
        JSONError(reason, at: index, of: slice(0..<index))
    }

    /// A copy, for what is rare.
    private func slice(_ range: Range<Int>) -> ArraySlice<UInt8> {
        ArraySlice(range.map { octets[$0] })
    }
}

/// Strings of at most 15 octets that were read before, in a table with one place for each hash.
///
/// To copy one costs less than to check the octets and make it again.
private struct ShortTexts {
    private struct Entry {
        var key = ShortText()
        var text = ""
    }

    /// A power of two; none for texts in which few strings can come again.
    private var entries: [Entry]

    /// Texts of fewer octets do without.
    private static let minimumByteCount = 4096
    private static let entryCount = 256

    init(forTextOf byteCount: Int) {
        let count = byteCount < Self.minimumByteCount ? 0 : Self.entryCount
        entries = Array(repeating: Entry(), count: count)
    }

    subscript(key: ShortText) -> String? {
        get {
            guard !entries.isEmpty else { return nil }
            let place = Self.place(of: key)
            return entries[place].key == key ? entries[place].text : nil
        }
        set {
            guard !entries.isEmpty, let newValue else { return }
            entries[Self.place(of: key)] = Entry(key: key, text: newValue)
        }
    }

    private static func place(of key: ShortText) -> Int {
        Int(truncatingIfNeeded: key.hash &>> 32) & (entryCount - 1)
    }
}
