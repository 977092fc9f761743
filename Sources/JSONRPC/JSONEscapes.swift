/// Decodes the inside of a quoted string that has escapes.
struct JSONEscapes {
    struct Failure: Error {
        let text: String
    }

    private let octets: ArraySlice<UInt8>
    private var index: Int
    private var result: [UInt8] = []

    init(_ octets: ArraySlice<UInt8>) {
        self.octets = octets
        index = octets.startIndex
        result.reserveCapacity(octets.count)
    }

    mutating func decode() throws(Failure) -> String {
        while index < octets.endIndex {
            let octet = octets[index]
            index += 1
            if octet < 0x20 {
                let digits = String(octet, radix: 16, uppercase: true)
                let code = String(repeating: "0", count: 4 - digits.utf8.count) + digits
                throw Failure(text: "U+\(code) must be escaped in quoted string")
            }
            if octet == UInt8(ascii: "\\") { try decodeEscape() } else { result.append(octet) }
        }
        guard let string = String(validating: result, as: UTF8.self) else {
            throw Failure(text: "invalid UTF-8 in quoted string")
        }
        return string
    }

    private mutating func decodeEscape() throws(Failure) {
        let letter = octets[index]
        index += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(letter)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0c)
        case UInt8(ascii: "n"): result.append(0x0a)
        case UInt8(ascii: "r"): result.append(0x0d)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"): try decodeUnicode()
        default: throw Failure(text: "bad escape \\\(Character(UnicodeScalar(letter)))")
        }
    }

    private mutating func decodeUnicode() throws(Failure) {
        let first = try hexadecimalUnit()
        var code = UInt32(first)
        if 0xd800..<0xe000 ~= first {
            guard first < 0xdc00, octets[index...].starts(with: [0x5c, 0x75]) else {
                throw Failure(text: "malformed escaped surrogate pair")
            }
            index += 2
            let second = try hexadecimalUnit()
            guard 0xdc00..<0xe000 ~= second else {
                throw Failure(
                    text: "second half of escaped surrogate pair is not trailing surrogate")
            }
            code = 0x10000 + (UInt32(first & 0x3ff) << 10 | UInt32(second & 0x3ff))
        }
        guard code != 0 else { throw Failure(text: "null bytes not supported in quoted strings") }
        guard let scalar = UnicodeScalar(code) else {
            throw Failure(text: "malformed escaped surrogate pair")
        }
        result.append(contentsOf: String(Character(scalar)).utf8)
    }

    private mutating func hexadecimalUnit() throws(Failure) -> UInt16 {
        guard octets.endIndex - index >= 4 else {
            throw Failure(text: "quoted string ends within \\u escape")
        }
        var unit: UInt16 = 0
        for octet in octets[index..<index + 4] {
            guard let digit = Character(UnicodeScalar(octet)).hexDigitValue, octet < 0x80 else {
                throw Failure(text: "malformed \\u escape")
            }
            unit = unit << 4 | UInt16(digit)
        }
        index += 4
        return unit
    }
}
