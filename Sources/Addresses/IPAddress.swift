/// An address of IPv4 or IPv6 in 128 bits; that of IPv4 is mapped (RFC 4291 §2.5.5.2).
public struct IPAddress: Hashable, Sendable, Comparable {
    /// The mapped address; zero stands for none.
    public let value: UInt128

    public init(_ value: UInt128) { self.value = value }
    public init(_ address: IPv4Address) { value = Self.mapped | UInt128(address.value) }
    public init(_ address: IPv6Address) { value = address.value }

    private static var mapped: UInt128 { 0xffff << 32 }

    /// No address.
    public static var none: Self { .init(0) }

    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    public var isNone: Bool { value == 0 }
    /// Whether it is one of IPv4.
    public var isIPv4: Bool { value >> 32 == 0xffff }
    /// The address of IPv4; 0 for others.
    public var ipv4: IPv4Address { .init(isIPv4 ? UInt32(truncatingIfNeeded: value) : 0) }
    public var ipv6: IPv6Address { .init(value) }
    /// How many bits a prefix can have.
    public var width: Int { isIPv4 ? 32 : 128 }
    public var isMulticast: Bool {
        isIPv4 ? ipv4.value >> 28 == 0xe : value >> 120 == 0xff
    }

    /// Parses either notation.
    public init?(_ text: some StringProtocol) {
        if let address = IPv4Address(text) {
            self.init(address)
        } else if let address = IPv6Address(text) {
            self.init(address)
        } else {
            return nil
        }
    }

    /// The address with all bits behind the first `length` cleared.
    public func prefix(_ length: Int) -> Self {
        let rest = width - max(0, min(length, width))
        guard rest < 128 else { return .none }
        return .init((value >> UInt128(rest)) << UInt128(rest))
    }
}

extension IPAddress: CustomStringConvertible {
    public var description: String { isIPv4 ? ipv4.description : ipv6.description }
}
