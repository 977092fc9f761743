/// Text straight into octets: a string for each number and name of what is printed a million times
/// would cost several times the octets themselves.
extension [UInt8] {
    /// Adds the UTF-8 of a text.
    public mutating func append(text: String) {
        let span = text.utf8Span.span
        unsafe span.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Adds a text between quotation marks, if all of it stands for itself in JSON (RFC 8259 §7).
    ///
    /// - Returns: Whether it does; if not, nothing was added.
    public mutating func append(plainQuoted text: String) -> Bool {
        let span = text.utf8Span.span
        guard span.endOfPlainText(from: 0) == span.count else { return false }
        append(UInt8(ascii: "\""))
        unsafe span.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
        append(UInt8(ascii: "\""))
        return true
    }

    /// Adds a number in decimal digits.
    public mutating func append(decimal value: Int64) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var start = 20
        var magnitude = value.magnitude
        repeat {
            start -= 1
            digits[start] = UInt8(truncatingIfNeeded: magnitude % 10) | UInt8(ascii: "0")
            magnitude /= 10
        } while magnitude > 0
        if value < 0 {
            start -= 1
            digits[start] = UInt8(ascii: "-")
        }
        append(digits.span.extracting(start..<20))
    }

    /// Adds octets.
    public mutating func append(_ octets: Span<UInt8>) {
        unsafe octets.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Adds eight lower-case hexadecimal digits.
    public mutating func append(hexadecimal value: UInt32) {
        append(UUIDText.digits(of: value), count: 8)
    }

    /// Adds the first octets of a word, the most significant one first.
    private mutating func append(_ word: UInt64, count: Int) {
        var word = word
        for _ in 0..<count {
            append(UInt8(truncatingIfNeeded: word &>> 56))
            word &<<= 8
        }
    }
}

/// The 36 octets of a universally unique identifier's text (RFC 9562 §4).
///
///     1ec9414c-232a-6b00-b3c8-9e6bdeced846
public struct UUIDText: Sendable {
    private var octets = InlineArray<36, UInt8>(repeating: UInt8(ascii: "-"))

    public init(high: UInt64, low: UInt64) {
        set(0, Self.digits(of: UInt32(truncatingIfNeeded: high &>> 32)), count: 8)
        let middle = Self.digits(of: UInt32(truncatingIfNeeded: high))
        set(9, middle, count: 4)
        set(14, middle &<< 32, count: 4)
        let clock = Self.digits(of: UInt32(truncatingIfNeeded: low &>> 32))
        set(19, clock, count: 4)
        set(24, clock &<< 32, count: 4)
        set(28, Self.digits(of: UInt32(truncatingIfNeeded: low)), count: 8)
    }

    private mutating func set(_ start: Int, _ digits: UInt64, count: Int) {
        var word = digits
        for index in start..<start + count {
            octets[index] = UInt8(truncatingIfNeeded: word &>> 56)
            word &<<= 8
        }
    }

    /// The text as a string.
    public var string: String {
        unsafe String(unsafeUninitializedCapacity: 36) { room in
            for index in 0..<36 { unsafe room[index] = octets[index] }
            return 36
        }
    }

    /// Adds the text to octets.
    public func write(to buffer: inout [UInt8]) { buffer.append(octets.span) }

    /// Eight hexadecimal digits as the octets of a word, the first one in the highest.
    ///
    /// The four bits of each digit are spread to an octet of their own, all eight at once; those
    /// above nine carry into bit 4 when six is added.
    static func digits(of value: UInt32) -> UInt64 {
        var word = UInt64(value)
        word = (word | word &<< 16) & 0x0000_ffff_0000_ffff
        word = (word | word &<< 8) & 0x00ff_00ff_00ff_00ff
        word = (word | word &<< 4) & 0x0f0f_0f0f_0f0f_0f0f
        let letters = (word &+ 0x0606_0606_0606_0606) &>> 4 & 0x0101_0101_0101_0101
        let letterOffset = UInt64(UInt8(ascii: "a") - UInt8(ascii: "0") - 10)
        return word &+ 0x3030_3030_3030_3030 &+ letters &* letterOffset
    }
}
