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

    /// Room is given back once this many octets were consumed.
    private static let compactionByteCount = 1 << 16

    @usableFromInline var octets: [UInt8] = []
    private var start = 0
    private var scanned = 0
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
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

    /// The next whole text, or nil while it is incomplete.
    public mutating func next() throws(JSONError) -> JSON? {
        if depth == 0 && !isInString { try skipToText() }
        while scanned < octets.count {
            let octet = octets[scanned]
            scanned += 1
            if isInString { scanString(octet) } else { scanStructure(octet) }
            // Else a text that only opens would be gathered until memory is full.
            if depth > JSONParser.maximumDepth { throw failure("input exceeds maximum nesting") }
            if depth == 0 { return try takeText() }
        }
        if scanned - start > maximumByteCount {
            throw failure("input exceeds maximum size \(maximumByteCount)")
        }
        return nil
    }

    private mutating func skipToText() throws(JSONError) {
        while scanned < octets.count {
            switch octets[scanned] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
                scanned += 1
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                start = scanned
                return
            default:
                start = scanned
                throw failure("syntax error at beginning of input")
            }
        }
        start = scanned
        compact()
    }

    private mutating func scanString(_ octet: UInt8) {
        if isEscaped {
            isEscaped = false
        } else if octet == UInt8(ascii: "\\") {
            isEscaped = true
        } else if octet == UInt8(ascii: "\"") {
            isInString = false
        }
    }

    private mutating func scanStructure(_ octet: UInt8) {
        switch octet {
        case UInt8(ascii: "\""): isInString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        default: break
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
            octets.removeAll(keepingCapacity: octets.capacity <= Self.compactionByteCount)
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
