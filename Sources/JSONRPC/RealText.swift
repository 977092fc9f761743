/// The text of a real number with at most 15 significant digits, as C's `%.15g` prints it.
public enum RealText {
    /// As many decimal digits as every `Double` keeps.
    static let digitCount = 15

    public static func text(of value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        guard value != 0 else { return value.sign == .minus ? "-0" : "0" }
        var (digits, exponent) = decimal(value.magnitude)
        if digits.count > digitCount {
            let roundsUp = digits[digitCount] >= 5
            digits.removeSubrange(digitCount...)
            if roundsUp { exponent += increment(&digits) }
        }
        while digits.count > 1 && digits.last == 0 { digits.removeLast() }
        let sign = value < 0 ? "-" : ""
        if exponent < -4 || exponent >= digitCount {
            return sign + scientific(digits, exponent: exponent)
        }
        return sign + positional(digits, exponent: exponent)
    }

    /// The shortest digits that mean the value, and the power of ten of the first one.
    private static func decimal(_ magnitude: Double) -> (digits: [UInt8], exponent: Int) {
        let parts = magnitude.description.split(separator: "e")
        var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let halves = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        var digits = halves.joined().utf8.map { $0 & 0x0f }
        exponent += halves[0].utf8.count - 1
        let zeros = digits.prefix { $0 == 0 }.count
        digits.removeFirst(zeros)
        return (digits, exponent - zeros)
    }

    /// Adds one to the last digit; returns what that adds to the exponent.
    private static func increment(_ digits: inout [UInt8]) -> Int {
        for index in digits.indices.reversed() {
            if digits[index] < 9 {
                digits[index] += 1
                return 0
            }
            digits[index] = 0
        }
        digits.insert(1, at: 0)
        digits.removeLast()
        return 1
    }

    private static func scientific(_ digits: [UInt8], exponent: Int) -> String {
        var text = spell(digits.prefix(1))
        if digits.count > 1 { text += "." + spell(digits.dropFirst()) }
        let size = String(exponent.magnitude)
        return text + (exponent < 0 ? "e-" : "e+") + (size.utf8.count < 2 ? "0" : "") + size
    }

    private static func positional(_ digits: [UInt8], exponent: Int) -> String {
        if exponent < 0 {
            return "0." + String(repeating: "0", count: -exponent - 1) + spell(digits[...])
        }
        let wholeCount = exponent + 1
        if digits.count <= wholeCount {
            return spell(digits[...]) + String(repeating: "0", count: wholeCount - digits.count)
        }
        return spell(digits.prefix(wholeCount)) + "." + spell(digits.dropFirst(wholeCount))
    }

    private static func spell(_ digits: ArraySlice<UInt8>) -> String {
        String(decoding: digits.map { $0 | 0x30 }, as: UTF8.self)
    }
}
