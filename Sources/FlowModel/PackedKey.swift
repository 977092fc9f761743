/// The words of a flow key that are not zero: the form of the hot path.
///
/// A plain TCP packet has seven such words, so that hashing and masking touch one cache line
/// where a ``FlowKey`` has eight. No packet has any of the rare words. Words are appended in
/// ascending order of their index.
public struct PackedKey: Sendable {
    /// As many as a packet can have at once: every metadata word and the longest header chain.
    public static let capacity = 40

    /// Bit `n` says that word `n` is held.
    public var map: UInt64 = 0
    public var count = 0
    public var words: InlineArray<40, UInt64>

    @inlinable @inline(__always)
    public init() { words = InlineArray(repeating: 0) }

    /// - Precondition: `index` is above those appended before.
    @inlinable @inline(__always)
    public mutating func append(_ value: UInt64, at index: Int) {
        guard value != 0 else { return }
        map |= 1 &<< UInt64(truncatingIfNeeded: index)
        words[count] = value
        count &+= 1
    }

    /// The word at `index`, or 0.
    @inlinable @inline(__always)
    public subscript(word index: Int) -> UInt64 {
        let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: index)
        guard map & bit != 0 else { return 0 }
        return words[(map & (bit &- 1)).nonzeroBitCount]
    }

    public init(_ key: FlowKey) {
        self.init()
        for index in 0..<KeyWord.count { append(key.words[index], at: index) }
    }

    public var expanded: FlowKey {
        var key = FlowKey()
        var rest = map
        for position in 0..<count {
            key.words[rest.trailingZeroBitCount] = words[position]
            rest &= rest &- 1
        }
        return key
    }
}
