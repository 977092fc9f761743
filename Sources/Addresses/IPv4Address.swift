/// A 32-bit IPv4 address, its first octet the most significant.
public struct IPv4Address: Hashable, Sendable, Comparable {
    public let value: UInt32

    @inlinable
    public init(_ value: UInt32) { self.value = value }

    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    /// Whether the address is of a multicast group (224.0.0.0/4).
    public var isMulticast: Bool { value >> 28 == 0xe }

    /// The mask of a prefix of `length` bits.
    public static func mask(prefixLength length: Int) -> Self {
        precondition((0...32).contains(length), "a prefix of IPv4 has 0 to 32 bits")
        return .init(length == 0 ? 0 : ~0 << UInt32(32 - length))
    }

    /// The length of the prefix that the address is the mask of, if it is one.
    public var prefixLength: Int? {
        let ones = (~value).leadingZeroBitCount
        return ones == 32 || value << UInt32(ones) == 0 ? ones : nil
    }
}

extension IPv4Address: LosslessStringConvertible {
    /// Parses four decimal numbers between dots, as `inet_pton` does.
    public init?(_ text: some StringProtocol) {
        var value: UInt32 = 0
        var groups = 0
        for group in text.split(separator: ".", omittingEmptySubsequences: false) {
            let isDecimal = group.utf8.allSatisfy { (0x30...0x39).contains($0) }
            guard (1...3).contains(group.count), isDecimal, groups < 4,
                let octet = UInt8(group)
            else { return nil }
            value = value << 8 | UInt32(octet)
            groups += 1
        }
        guard groups == 4 else { return nil }
        self.init(value)
    }

    public var description: String {
        "\(value >> 24).\(value >> 16 & 0xff).\(value >> 8 & 0xff).\(value & 0xff)"
    }
}
