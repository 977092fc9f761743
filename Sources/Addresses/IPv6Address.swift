/// A 128-bit IPv6 address, its first octet the most significant.
public struct IPv6Address: Hashable, Sendable, Comparable {
    public let value: UInt128

    @inlinable
    public init(_ value: UInt128) { self.value = value }

    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    public var isMulticast: Bool { value >> 120 == 0xff }
    public var isLinkLocal: Bool { value >> 118 == 0x3fa }

    /// The mask of a prefix of `length` bits.
    public static func mask(prefixLength length: Int) -> Self {
        precondition((0...128).contains(length), "a prefix of IPv6 has 0 to 128 bits")
        return .init(length == 0 ? 0 : ~0 << UInt128(128 - length))
    }

    /// The length of the prefix that the address is the mask of, if it is one.
    public var prefixLength: Int? {
        let ones = (~value).leadingZeroBitCount
        return ones == 128 || value << UInt128(ones) == 0 ? ones : nil
    }

    /// The eight groups of 16 bits, first on the wire first.
    var groups: [UInt16] {
        (0..<8).map { UInt16(truncatingIfNeeded: value >> UInt128(112 - 16 * $0)) }
    }
}

extension IPv6Address: LosslessStringConvertible {
    /// Parses the text forms of RFC 4291 §2.2.
    public init?(_ text: some StringProtocol) {
        let halves = text.components(separatedByDoubleColon: ())
        guard let halves, let head = Self.groups(of: halves.head) else { return nil }
        guard let tailText = halves.tail else {
            guard head.count == 8 else { return nil }
            self.init(Self.join(head))
            return
        }
        guard let tail = Self.groups(of: tailText), head.count + tail.count <= 7 else {
            return nil
        }
        let zeros = [UInt16](repeating: 0, count: 8 - head.count - tail.count)
        self.init(Self.join(head + zeros + tail))
    }

    /// The canonical text (RFC 5952), with the dotted tail of mapped and compatible IPv4 addresses
    /// that `inet_ntop` prints.
    public var description: String {
        let groups = groups
        if value >> 32 == 0xffff || (value >> 32 == 0 && value > 0xffff) {
            let prefix = value >> 32 == 0xffff ? "::ffff:" : "::"
            return prefix + IPv4Address(UInt32(truncatingIfNeeded: value)).description
        }
        let zeros = Self.longestRunOfZeros(in: groups)
        let text = { (range: Range<Int>) in
            groups[range].map { hexadecimal(UInt64($0)) }.joined(separator: ":")
        }
        guard zeros.count > 1 else { return text(0..<8) }
        return text(0..<zeros.lowerBound) + "::" + text(zeros.upperBound..<8)
    }

    private static func longestRunOfZeros(in groups: [UInt16]) -> Range<Int> {
        var longest = 0..<0
        var start = 0
        for index in 0...8 {
            if index < 8 && groups[index] == 0 { continue }
            if index - start > longest.count { longest = start..<index }
            start = index + 1
        }
        return longest
    }

    private static func join(_ groups: [UInt16]) -> UInt128 {
        groups.reduce(0) { $0 << 16 | UInt128($1) }
    }

    /// The groups of one side of `::`; the last may be a dotted IPv4 address.
    private static func groups(of text: String) -> [UInt16]? {
        if text.isEmpty { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1 && part.contains(".") {
                guard let address = IPv4Address(part) else { return nil }
                groups += [UInt16(address.value >> 16), UInt16(address.value & 0xffff)]
            } else {
                let isHexadecimal = part.allSatisfy(\.isHexDigit)
                guard (1...4).contains(part.count), isHexadecimal,
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups.count <= 8 ? groups : nil
    }
}

extension StringProtocol {
    /// The text before and after the one `::`, if there is one; `nil` if there are two.
    fileprivate func components(separatedByDoubleColon: Void) -> (head: String, tail: String?)? {
        let text = Array(self.utf8)
        var place: Int?
        var index = 0
        while index + 1 < text.count {
            if text[index] == 0x3a && text[index + 1] == 0x3a {
                guard place == nil else { return nil }
                place = index
                index += 1
            }
            index += 1
        }
        guard let place else { return (String(self), nil) }
        return (
            String(decoding: text[..<place], as: UTF8.self),
            String(decoding: text[(place + 2)...], as: UTF8.self)
        )
    }
}
