/// Text under construction, as octets of UTF-8.
///
/// A dump of a hundred thousand flows is made of millions of pieces, most of them numbers of a few
/// digits. A `String` for each of them, and one more for each sum, cost more than all the rest of
/// the dump; here a digit is an octet appended.
public struct TextBuffer: Sendable {
    public private(set) var octets: [UInt8] = []

    public init(capacity: Int = 0) { octets.reserveCapacity(capacity) }

    public var isEmpty: Bool { octets.isEmpty }
    public var string: String { String(decoding: octets, as: UTF8.self) }

    public static func += (left: inout TextBuffer, right: String) {
        left.octets.append(contentsOf: right.utf8)
    }

    public mutating func append(octet: UInt8) { octets.append(octet) }

    public mutating func removeLast() { octets.removeLast() }

    /// Forgets the text and keeps the memory.
    public mutating func removeAll() { octets.removeAll(keepingCapacity: true) }

    /// Appends `value` in decimal digits, at least `width` and at most 20 of them.
    public mutating func append(decimal value: UInt64, width: Int = 1) {
        if value < 10 && width == 1 { return octets.append(Self.zero + UInt8(value)) }
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var count = 0
        var rest = value
        while rest > 0 || count < width {
            digits[count] = Self.zero + UInt8(rest % 10)
            rest /= 10
            count += 1
        }
        while count > 0 {
            count -= 1
            octets.append(digits[count])
        }
    }

    /// Appends lower-case digits without a prefix, at least `width` of them.
    public mutating func append(hexadecimal value: UInt64, width: Int = 1) {
        let count = max(width, (64 - value.leadingZeroBitCount + 3) / 4)
        for place in (0..<count).reversed() {
            let digit = UInt8(value >> UInt64(4 * place) & 0xf)
            octets.append(digit < 10 ? Self.zero + digit : Self.letter + digit - 10)
        }
    }

    /// Appends as C's `%#x`: zero has no prefix.
    public mutating func append(prefixedHexadecimal value: UInt64) {
        if value != 0 { self += "0x" }
        append(hexadecimal: value)
    }

    mutating func append(ipv4 address: UInt32) {
        append(decimal: UInt64(address >> 24))
        for shift: UInt32 in [16, 8, 0] {
            octets.append(0x2e)
            append(decimal: UInt64(address >> shift & 0xff))
        }
    }

    mutating func append(ethernet address: UInt64) {
        append(hexadecimal: address >> 40 & 0xff, width: 2)
        for shift: UInt64 in [32, 24, 16, 8, 0] {
            octets.append(0x3a)
            append(hexadecimal: address >> shift & 0xff, width: 2)
        }
    }

    private static var zero: UInt8 { 0x30 }
    private static var letter: UInt8 { 0x61 }
}
