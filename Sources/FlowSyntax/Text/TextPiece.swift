internal import Addresses

/// A part of the octets of a text.
///
/// Parsers work on octets, because a text of flows can have a hundred thousand lines and `String`
/// counts in grapheme clusters.
typealias TextPiece = ArraySlice<UInt8>

/// Octets that separate the parts of a flow.
enum Separator {
    @inline(__always)
    static func isSpace(_ octet: UInt8) -> Bool {
        octet == 0x20 || octet == 0x09 || octet == 0x0d || octet == 0x0a
    }

    @inline(__always)
    static func isBetweenFields(_ octet: UInt8) -> Bool { octet == 0x2c || isSpace(octet) }
}

extension ArraySlice<UInt8> {
    init(_ text: some StringProtocol) { self = Array(text.utf8)[...] }

    var string: String { String(decoding: self, as: UTF8.self) }

    /// Without white space at both ends.
    var trimmed: TextPiece {
        var piece = self
        while let first = piece.first, Separator.isSpace(first) { piece.removeFirst() }
        while let last = piece.last, Separator.isSpace(last) { piece.removeLast() }
        return piece
    }

    func isEqual(to text: String) -> Bool { elementsEqual(text.utf8) }

    /// The parts before and after the first `octet`, or all and `nil`.
    func split(at octet: UInt8) -> (head: TextPiece, tail: TextPiece?) {
        guard let place = firstIndex(of: octet) else { return (self, nil) }
        return (self[startIndex..<place], self[(place + 1)...])
    }

    /// The place of the first `->`.
    var arrow: Int? {
        var index = startIndex
        while index + 1 < endIndex {
            if self[index] == 0x2d && self[index + 1] == 0x3e { return index }
            index += 1
        }
        return nil
    }

    /// The number that all of the text spells: decimal, hexadecimal after `0x`, octal after `0`.
    ///
    /// `nil` if the text is no number, or one of more than 128 bits.
    var number: UInt128? {
        var index = startIndex
        guard index < endIndex else { return nil }
        var radix: UInt64 = 10
        if self[index] == 0x30 && index + 1 < endIndex {
            if self[index + 1] | 0x20 == 0x78 {
                radix = 16
                index += 2
                guard index < endIndex else { return nil }
            } else {
                radix = 8
                index += 1
            }
        }
        if endIndex - index <= 15 {
            var value: UInt64 = 0
            while index < endIndex {
                guard let digit = self[index].hexadecimalDigit, digit < radix else { return nil }
                value = value &* radix &+ UInt64(digit)
                index += 1
            }
            return UInt128(value)
        }
        var value: UInt128 = 0
        while index < endIndex {
            guard let digit = self[index].hexadecimalDigit, digit < radix else { return nil }
            let (product, isTooLong) = value.multipliedReportingOverflow(by: UInt128(radix))
            let (sum, isTooLarge) = product.addingReportingOverflow(UInt128(digit))
            if isTooLong || isTooLarge { return nil }
            value = sum
            index += 1
        }
        return value
    }

    /// The number as C's `strtoull` reads it, which gives `-1` as all ones.
    var number64: UInt64? {
        if first == 0x2d {
            guard let value = dropFirst().number, value <= UInt128(UInt64.max) else { return nil }
            return 0 &- UInt64(value)
        }
        guard let value = number, value <= UInt128(UInt64.max) else { return nil }
        return UInt64(value)
    }

    /// The number, if it is not negative and fits.
    func number<Value: FixedWidthInteger & UnsignedInteger>(_: Value.Type) -> Value? {
        guard let value = number, value <= UInt128(Value.max) else { return nil }
        return Value(value)
    }

    var ethernetAddress: UInt64? {
        var value: UInt64 = 0
        var groups = 0
        var digits = 0
        var group: UInt64 = 0
        for octet in self {
            if octet == 0x3a {
                guard digits > 0, groups < 5 else { return nil }
                value = value << 8 | group
                (group, digits, groups) = (0, 0, groups + 1)
            } else {
                guard let digit = octet.hexadecimalDigit, digits < 2 else { return nil }
                group = group << 4 | UInt64(digit)
                digits += 1
            }
        }
        guard groups == 5, digits > 0 else { return nil }
        return value << 8 | group
    }

    var ipv4Address: UInt32? {
        var value: UInt32 = 0
        var groups = 0
        var digits = 0
        var group: UInt32 = 0
        for octet in self {
            if octet == 0x2e {
                guard digits > 0, groups < 3 else { return nil }
                value = value << 8 | group
                (group, digits, groups) = (0, 0, groups + 1)
            } else {
                guard octet >= 0x30, octet <= 0x39, digits < 3 else { return nil }
                group = group * 10 + UInt32(octet - 0x30)
                guard group <= 255 else { return nil }
                digits += 1
            }
        }
        guard groups == 3, digits > 0 else { return nil }
        return value << 8 | group
    }

    var ipv6Address: UInt128? { IPv6Address(string)?.value }
}

extension UInt8 {
    @inline(__always)
    var hexadecimalDigit: UInt8? {
        if self >= 0x30 && self <= 0x39 { return self - 0x30 }
        let letter = self | 0x20
        if letter >= 0x61 && letter <= 0x66 { return letter - 0x61 + 10 }
        return nil
    }
}
