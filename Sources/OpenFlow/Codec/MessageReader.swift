import Bytes

/// Reads a message, or a part of it, from front to back.
///
/// Every read checks the length; what is missing is reported as the error that the part at hand
/// has for wrong lengths. Nothing is copied until a value is made.
struct MessageReader: ~Escapable {
    private let span: RawSpan
    private(set) var offset = 0
    private let lengthError: OpenFlowError

    @_lifetime(copy span)
    init(_ span: RawSpan, lengthError: OpenFlowError = .requestBadLength) {
        self.span = span
        self.lengthError = lengthError
    }

    /// Octets that have not been read.
    var remaining: Int { span.byteCount - offset }
    var isAtEnd: Bool { offset == span.byteCount }

    /// Claims `count` octets and returns where they start.
    private mutating func claim(_ count: Int) throws(OpenFlowError) -> Int {
        guard count >= 0, count <= remaining else { throw lengthError }
        let start = offset
        offset += count
        return start
    }

    mutating func uint8() throws(OpenFlowError) -> UInt8 {
        let start = try claim(1)
        return span[WireField<UInt8>(at: start)]
    }

    mutating func uint16() throws(OpenFlowError) -> UInt16 {
        let start = try claim(2)
        return span[WireField<UInt16>(at: start)]
    }

    mutating func uint32() throws(OpenFlowError) -> UInt32 {
        let start = try claim(4)
        return span[WireField<UInt32>(at: start)]
    }

    mutating func uint64() throws(OpenFlowError) -> UInt64 {
        let start = try claim(8)
        return span[WireField<UInt64>(at: start)]
    }

    /// An integer of any length whose octets before the last 16 are zeros.
    mutating func wideInteger(byteCount: Int) throws(OpenFlowError) -> UInt128 {
        try zeros(max(0, byteCount - 16), else: .matchBadValue)
        return try integer(byteCount: min(byteCount, 16))
    }

    /// An integer of up to 16 octets.
    mutating func integer(byteCount: Int) throws(OpenFlowError) -> UInt128 {
        let start = try claim(byteCount)
        switch byteCount {
        case 1: return UInt128(span[WireField<UInt8>(at: start)])
        case 2: return UInt128(span[WireField<UInt16>(at: start)])
        case 4: return UInt128(span[WireField<UInt32>(at: start)])
        case 8: return UInt128(span[WireField<UInt64>(at: start)])
        default:
            var value: UInt128 = 0
            for index in start..<(start + byteCount) {
                value = value << 8 | UInt128(span[WireField<UInt8>(at: index)])
            }
            return value
        }
    }

    /// The 16 bits at `distance` from here, not read yet.
    func peek16(at distance: Int = 0) throws(OpenFlowError) -> UInt16 {
        guard distance + 2 <= remaining else { throw lengthError }
        return span[WireField<UInt16>(at: offset + distance)]
    }

    mutating func skip(_ count: Int) throws(OpenFlowError) {
        _ = try claim(count)
    }

    /// Skips `count` octets that have to be zero.
    mutating func zeros(_ count: Int, else error: OpenFlowError) throws(OpenFlowError) {
        let start = try claim(count)
        for index in start..<(start + count) where span[WireField<UInt8>(at: index)] != 0 {
            throw error
        }
    }

    /// A copy of the next `count` octets.
    mutating func octets(_ count: Int) throws(OpenFlowError) -> [UInt8] {
        let start = try claim(count)
        let source = span
        return [UInt8](capacity: count) { output in
            for index in start..<(start + count) {
                output.append(source[WireField<UInt8>(at: index)])
            }
        }
    }

    /// A copy of all octets that are left.
    mutating func rest() throws(OpenFlowError) -> [UInt8] {
        try octets(remaining)
    }

    /// Text in a field of `byteCount` octets, which zeros fill up.
    mutating func text(_ byteCount: Int) throws(OpenFlowError) -> String {
        let octets = try octets(byteCount)
        return String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// A reader of the next `count` octets alone.
    @_lifetime(copy self)
    mutating func part(
        _ count: Int, lengthError: OpenFlowError
    ) throws(OpenFlowError) -> MessageReader {
        let start = try claim(count)
        return MessageReader(
            span.extracting(start..<(start + count)), lengthError: lengthError)
    }
}
