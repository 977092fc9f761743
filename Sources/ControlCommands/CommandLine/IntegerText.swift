/// Numbers at the beginning of texts, read as leniently as the C library does.
///
/// What follows the digits is ignored, and what is too large becomes the largest number there is:
/// scripts have come to rely on it.
enum IntegerText {
    /// As strtoll(3) reads it; 0 where there is no number.
    static func integer(_ text: some StringProtocol) -> Int64 {
        guard let (isNegative, magnitude) = parse(text) else { return 0 }
        if isNegative {
            return magnitude > UInt64(Int64.max) ? .min : -Int64(magnitude)
        }
        return Int64(clamping: magnitude)
    }

    /// As atoi(3) reads it: what is too large is cut to 32 bits.
    static func shortInteger(_ text: some StringProtocol) -> Int64 {
        Int64(Int32(truncatingIfNeeded: integer(text)))
    }

    /// As strtoull(3) reads it into a signed number; nil where there is no number.
    static func unsignedInteger(_ text: some StringProtocol) -> Int64? {
        guard let (isNegative, magnitude) = parse(text) else { return nil }
        return Int64(bitPattern: isNegative ? 0 &- magnitude : magnitude)
    }

    /// As scanf(3) reads `%i`: hexadecimal behind `0x` and octal behind `0`.
    static func integerOfAnyBase(_ text: some StringProtocol) -> Int64 {
        let digits = text.drop { $0 == "-" || $0 == "+" }
        let value: UInt64
        if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
            value = parse(digits.dropFirst(2), radix: 16)?.magnitude ?? 0
        } else if digits.hasPrefix("0") {
            value = parse(digits, radix: 8)?.magnitude ?? 0
        } else {
            return integer(text)
        }
        let signed = Int64(clamping: value)
        return text.hasPrefix("-") ? -signed : signed
    }

    private static func parse(
        _ text: some StringProtocol, radix: UInt64 = 10
    ) -> (isNegative: Bool, magnitude: UInt64)? {
        var rest = text.utf8.drop { $0 == 0x20 || 0x09...0x0d ~= $0 }
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        var magnitude: UInt64 = 0
        var hasDigits = false
        for octet in rest {
            guard let digit = Character(Unicode.Scalar(octet)).hexDigitValue, digit < radix
            else { break }
            hasDigits = true
            let (product, overflows) = magnitude.multipliedReportingOverflow(by: radix)
            let (sum, overflowsToo) = product.addingReportingOverflow(UInt64(digit))
            if overflows || overflowsToo { return (isNegative, .max) }
            magnitude = sum
        }
        return hasDigits ? (isNegative, magnitude) : nil
    }
}
