/// A 48-bit MAC address, held in the low bits of an integer in the order in which it is written.
public struct EthernetAddress: Hashable, Sendable, Comparable {
    /// - Invariant: fits in 48 bits.
    public let value: UInt64

    @inlinable
    public init(_ value: UInt64) { self.value = value & 0xffff_ffff_ffff }

    public static var broadcast: Self { .init(0xffff_ffff_ffff) }
    public static var zero: Self { .init(0) }

    @inlinable public var isMulticast: Bool { value & 0x0100_0000_0000 != 0 }
    @inlinable public var isBroadcast: Bool { value == 0xffff_ffff_ffff }
    @inlinable public var isZero: Bool { value == 0 }

    /// Whether IEEE 802.1D tells bridges never to forward the address (01:80:c2:00:00:0x).
    public var isReserved: Bool { value & ~0xf == 0x0180_c200_0000 }

    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    /// The six octets, first on the wire first.
    public var octets: [UInt8] {
        (0..<6).map { UInt8(truncatingIfNeeded: value >> UInt64(40 - 8 * $0)) }
    }

    public init?(octets: some Collection<UInt8>) {
        guard octets.count == 6 else { return nil }
        self.init(octets.reduce(0) { $0 << 8 | UInt64($1) })
    }
}

extension EthernetAddress: LosslessStringConvertible {
    /// Parses six groups of one or two hexadecimal digits between colons.
    public init?(_ text: some StringProtocol) {
        var value: UInt64 = 0
        var groups = 0
        for group in text.split(separator: ":", omittingEmptySubsequences: false) {
            guard (1...2).contains(group.count),
                let octet = UInt8(group, radix: 16), groups < 6
            else { return nil }
            value = value << 8 | UInt64(octet)
            groups += 1
        }
        guard groups == 6 else { return nil }
        self.init(value)
    }

    public var description: String {
        octets.map { hexadecimal(UInt64($0), width: 2) }.joined(separator: ":")
    }
}

/// `value` in lower-case hexadecimal digits, padded with zeros to `width`.
@usableFromInline
func hexadecimal(_ value: UInt64, width: Int = 0) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
