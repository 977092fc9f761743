/// Text in the octets of a message, looked at eight octets at a time.
extension Span<UInt8> {
    /// Where the octets end, from `start` on, that stand for themselves in a quoted string of JSON
    /// (RFC 8259 §7): at a quotation mark, a backslash or a control character, or behind the last.
    @inlinable
    public func endOfPlainText(from start: Int) -> Int {
        let octets = self.octets
        var index = start
        while index &+ 8 <= octets.byteCount {
            // The first octet is the lowest: only what follows a match can be a false one.
            let word = octets.load64(at: index).byteSwapped
            let ends =
                Self.zeros(word ^ Self.repeated(UInt8(ascii: "\"")))
                | Self.zeros(word ^ Self.repeated(UInt8(ascii: "\\")))
                | (word &- Self.repeated(0x20)) & ~word & Self.repeated(0x80)
            if ends != 0 { return index &+ ends.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < octets.byteCount {
            let octet = octets.load8(at: index)
            if octet < 0x20 || octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "\\") { break }
            index &+= 1
        }
        return index
    }

    /// A text of at most 15 octets, none of them zero; nil where the span ends too soon to tell at
    /// once.
    @inlinable @inline(__always)
    public func shortText(at start: Int, count: Int) -> ShortText? {
        let octets = self.octets
        guard start &+ 16 <= octets.byteCount else { return nil }
        let low = octets.load64(at: start).byteSwapped
        let high = octets.load64(at: start &+ 8).byteSwapped
        if count == 8 { return ShortText(low: low, high: 0) }
        let mask: UInt64 = 1 &<< UInt64(truncatingIfNeeded: count &* 8 & 63) &- 1
        return count < 8
            ? ShortText(low: low & mask, high: 0) : ShortText(low: low, high: high & mask)
    }

    /// A number of 64 bits that equal texts share, whoever chose them: no seed goes into it.
    ///
    /// - Precondition: the text has 8 octets or more.
    @inlinable @inline(__always)
    public func hashOfLongText(_ range: Range<Int>) -> UInt64 {
        let octets = self.octets
        let first = octets.load64(at: range.lowerBound)
        let last = octets.load64(at: range.upperBound &- 8)
        return ShortText(low: first &+ UInt64(range.count), high: last).hash
    }

    /// A word whose octets are all the same.
    @inlinable @inline(__always)
    static func repeated(_ octet: UInt8) -> UInt64 { UInt64(octet) &* 0x0101_0101_0101_0101 }

    /// The high bit of the first octet that is zero, and perhaps of some behind it.
    @inlinable @inline(__always)
    static func zeros(_ word: UInt64) -> UInt64 {
        (word &- repeated(1)) & ~word & repeated(0x80)
    }
}

/// A short text as two words, zeros behind it.
@frozen
public struct ShortText: Hashable, Sendable {
    @usableFromInline let low: UInt64
    @usableFromInline let high: UInt64

    @inlinable
    init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// The empty text.
    @inlinable public init() { self.init(low: 0, high: 0) }

    @inlinable @inline(__always)
    public static func == (left: ShortText, right: ShortText) -> Bool {
        left.low == right.low && left.high == right.high
    }

    /// A number of 64 bits that equal texts share, whoever chose them: no seed goes into it.
    @inlinable @inline(__always)
    public var hash: UInt64 {
        let mixed = (low ^ high &* 0x9e37_79b9_7f4a_7c15) &* 0xff51_afd7_ed55_8ccd
        return (mixed ^ mixed &>> 32) &* 0xc4ce_b9fe_1a85_ec53
    }
}
