import Bytes

/// A universally unique identifier (RFC 4122), which names a row.
public struct UUID: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public static var zero: UUID { UUID(high: 0, low: 0) }

    /// A version 4 identifier: 122 random bits.
    public static func random(using generator: inout some RandomNumberGenerator) -> UUID {
        let high: UInt64 = generator.next()
        let low: UInt64 = generator.next()
        return UUID(
            high: high & ~0xf000 | 0x4000,
            low: low & ~(0xc0 << 56) | 0x80 << 56
        )
    }

    public static func random() -> UUID {
        var generator = SystemRandomNumberGenerator()
        return random(using: &generator)
    }
}

extension UUID: Comparable {
    public static func < (left: UUID, right: UUID) -> Bool {
        left.high != right.high ? left.high < right.high : left.low < right.low
    }
}

extension UUID: LosslessStringConvertible, CustomStringConvertible {
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 36 else { return nil }
        var words: (high: UInt64, low: UInt64) = (0, 0)
        var position = 0
        for octet in text.utf8 {
            switch position {
            case 8, 13, 18, 23:
                guard octet == UInt8(ascii: "-") else { return nil }
            default:
                guard let digit = Self.hexadecimalDigit(octet) else { return nil }
                if position < 18 {
                    words.high = words.high << 4 | digit
                } else {
                    words.low = words.low << 4 | digit
                }
            }
            position += 1
        }
        self.init(high: words.high, low: words.low)
    }

    public init?(_ description: String) {
        self.init(description[...])
    }

    private static func hexadecimalDigit(_ octet: UInt8) -> UInt64? {
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(octet - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(octet - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(octet - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    public var description: String { text.string }

    /// The text, for those who write it into octets.
    var text: UUIDText { UUIDText(high: high, low: low) }
}

/// Makes version 4 identifiers without asking the system for each: xoshiro256** (Blackman and
/// Vigna), started with 256 bits of the system's randomness.
///
/// Identifiers have to differ, not to be secret. A process that forks makes its source afterwards.
public struct UUIDSource: RandomNumberGenerator, Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    public init() {
        var system = SystemRandomNumberGenerator()
        state = (system.next(), system.next(), system.next(), system.next() | 1)
    }

    public mutating func next() -> UInt64 {
        let product = state.1 &* 5
        let result = (product << 7 | product >> 57) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = state.3 << 45 | state.3 >> 19
        return result
    }

    public mutating func makeUUID() -> UUID { UUID.random(using: &self) }

    /// A function that makes identifiers, for one thread at a time.
    public static func generator() -> @Sendable () -> UUID {
        let source = Owned()
        return { source.value.makeUUID() }
    }

    private final class Owned: @unchecked Sendable {
        var value = UUIDSource()
    }
}
