import Bytes

/// Cuts a stream of octets into JSON texts, which follow each other without delimiters.
///
/// Octets arrive in pieces of any size. They are scanned once for the end of the text (brackets
/// outside strings), and a complete text is parsed in one go; so a text that arrives an octet at a
/// time costs no more than one that arrives whole. After an error the stream is of no further use:
/// nothing says where the next text begins.
public struct JSONStream: Sendable {
    /// The largest text that is waited for.
    ///
    /// The first update of a database with 100,000 ports is
    /// about a tenth of this.
    public static let defaultMaximumByteCount = 1 << 30

    /// A text that is incomplete is looked at token by token while it has no more octets than this;
    /// what is wrong with a longer one shows when it is complete.
    ///
    /// What people type and scripts get wrong is shorter, and large requests are not read twice.
    static let promptByteCount = 4096

    /// Room is given back once this many octets were consumed.
    private static let compactionByteCount = 1 << 16

    @usableFromInline var octets: [UInt8] = []
    private var start = 0
    private var scanned = 0
    private var scanner = TextScanner()
    private let maximumByteCount: Int

    public init(maximumByteCount: Int = JSONStream.defaultMaximumByteCount) {
        self.maximumByteCount = maximumByteCount
    }

    /// Octets that wait for the rest of their text.
    public var pendingByteCount: Int { octets.count - start }

    /// Takes in octets that arrived.
    @inlinable
    public mutating func append(_ arrived: some Sequence<UInt8>) {
        octets.append(contentsOf: arrived)
    }

    /// Takes in octets that arrived, without a copy where none wait.
    public mutating func append(_ arrived: [UInt8]) {
        if octets.isEmpty { octets = arrived } else { octets += arrived }
    }

    /// The next whole text, or nil while it is incomplete.
    public mutating func next() throws(JSONError) -> JSON? {
        if scanner.depth == 0 {
            guard try skipToText() else { return nil }
        }
        var scanner = scanner
        scanned = scanner.scan(octets.span, from: scanned)
        self.scanner = scanner
        // Else a text that only opens would be gathered until memory is full.
        if scanner.isTooDeep { throw failure("input exceeds maximum nesting") }
        if scanner.depth == 0 && scanned > start { return try takeText() }
        if scanned - start > maximumByteCount {
            throw failure("input exceeds maximum size \(maximumByteCount)")
        }
        if octets.count - start <= Self.promptByteCount { try checkTokens() }
        return nil
    }

    /// Refuses a text of which more is to come for what cannot stand in it whatever comes.
    ///
    /// A token that ends the octets may go on, and is not judged yet.
    private func checkTokens() throws(JSONError) {
        do throws(JSONError) {
            _ = try JSON.parse(octets: octets[start...])
        } catch {
            if error.byte < octets.count - start { throw error }
        }
    }

    /// Passes over white space; what begins no text is an error once the whole word has come.
    ///
    /// - Returns: whether a text has begun.
    private mutating func skipToText() throws(JSONError) -> Bool {
        while scanned < octets.count {
            switch octets[scanned] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
                scanned += 1
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                return true
            default:
                // All that can come of a word alone is an error, in the parser's words.
                if let end = endOfWord() { _ = try JSON.parse(octets: octets[start..<end]) }
                return false
            }
        }
        guard scanned - start >= Self.compactionByteCount else { return false }
        start = scanned
        compact()
        return false
    }

    /// Where the word at ``scanned`` ends, or nil while more of it may come.
    private func endOfWord() -> Int? {
        let rest = octets[scanned...]
        switch octets[scanned] {
        case UInt8(ascii: "\""):
            var isEscaped = false
            let end = rest.dropFirst().firstIndex { octet in
                defer { isEscaped = octet == UInt8(ascii: "\\") && !isEscaped }
                return octet == UInt8(ascii: "\"") && !isEscaped
            }
            return end.map { $0 + 1 }
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
            return rest.firstIndex { !(UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) }
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            return rest.firstIndex { !"0123456789+-.eE".utf8.contains($0) }
        default:
            return scanned + 1
        }
    }

    private mutating func takeText() throws(JSONError) -> JSON {
        let value = try JSON.parse(octets: octets[start..<scanned])
        start = scanned
        compact()
        return value
    }

    private mutating func compact() {
        if start == octets.count {
            octets = []
        } else if start >= Self.compactionByteCount {
            octets.removeFirst(start)
        } else {
            return
        }
        scanned -= start
        start = 0
    }

    private func failure(_ reason: String) -> JSONError {
        JSONError(reason, at: scanned - start, of: octets[start...])
    }
}

/// Where a text ends: at the bracket outside strings that closes the first one.
private struct TextScanner {
    /// Brackets and braces that are open.
    private(set) var depth = 0
    private var isInString = false
    private var isEscaped = false

    var isTooDeep: Bool { depth > JSONParser.maximumDepth }

    /// Goes on from `index` to the end of the text, as far as there are octets of it, or to where
    /// it is too deep; returns how far that is.
    mutating func scan(_ octets: Span<UInt8>, from index: Int) -> Int {
        var index = index
        while index < octets.count {
            index = isInString ? scanString(octets, index) : scanStructure(octets, index)
            if depth == 0 || isTooDeep { break }
        }
        return index
    }

    /// To the next string, or to the end.
    private mutating func scanStructure(_ octets: Span<UInt8>, _ index: Int) -> Int {
        var index = index
        var depth = depth
        while index < octets.count {
            let octet = octets[index]
            index += 1
            if octet == UInt8(ascii: "\"") {
                isInString = true
                break
            }
            switch octet {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: continue
            }
            if depth == 0 || depth > JSONParser.maximumDepth { break }
        }
        self.depth = depth
        return index
    }

    /// To the end of the string.
    private mutating func scanString(_ octets: Span<UInt8>, _ index: Int) -> Int {
        var index = index
        while index < octets.count {
            if isEscaped {
                isEscaped = false
                index += 1
                continue
            }
            index = octets.endOfPlainText(from: index)
            guard index < octets.count else { break }
            isEscaped = octets[index] == UInt8(ascii: "\\")
            isInString = octets[index] != UInt8(ascii: "\"")
            index += 1
            if !isInString { break }
        }
        return index
    }
}
