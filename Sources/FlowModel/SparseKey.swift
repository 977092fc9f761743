/// The words of a ``FlowKey`` that are not zero, in order: what is kept many times over.
public struct SparseKey: Hashable, Sendable {
    /// Bit `n` says that word `n` is held.
    public let map: UInt64
    public let words: [UInt64]

    public init(_ key: FlowKey) {
        var map: UInt64 = 0
        for index in 0..<KeyWord.count where key.words[index] != 0 {
            map |= 1 << UInt64(index)
        }
        self.init(key, map: map)
    }

    /// The words of `key` that `map` names, even where they are zero.
    public init(_ key: FlowKey, map: UInt64) {
        self.map = map
        var words: [UInt64] = []
        words.reserveCapacity(map.nonzeroBitCount)
        var rest = map
        while rest != 0 {
            words.append(key.words[rest.trailingZeroBitCount])
            rest &= rest &- 1
        }
        self.words = words
    }

    public var expanded: FlowKey {
        var key = FlowKey()
        var rest = map
        for word in words {
            key.words[rest.trailingZeroBitCount] = word
            rest &= rest &- 1
        }
        return key
    }
}
