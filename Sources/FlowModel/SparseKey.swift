/// The words of a ``FlowKey`` that are not zero, in order: what is kept many times over.
///
/// The words that few keys have stand in front, in runs of which a bit each speaks, so that the map
/// is one word.
public struct SparseKey: Hashable, Sendable {
    /// Bit `n` says that word `n` is held; from ``KeyWord/count`` on, that a run of rare words is.
    public let map: UInt64
    public let words: [UInt64]

    public init(_ key: FlowKey) {
        var map: UInt64 = 0
        for index in 0..<KeyWord.count where key.words[index] != 0 {
            map |= 1 << UInt64(index)
        }
        if !key.rare.isEmpty {
            for bit in KeyWord.count..<UInt64.bitWidth
            where KeyWord.rareWords(bit).contains(where: { key[word: $0] != 0 }) {
                map |= 1 << UInt64(bit)
            }
        }
        self.init(key, map: map)
    }

    /// The words that a packet of the datapath can have, which are none of the rare ones.
    public init(packet key: FlowKey) {
        var key = key
        key.removeRareWords()
        self.init(key)
    }

    /// The words of `key` that `map` names, even where they are zero.
    public init(_ key: FlowKey, map: UInt64) {
        self.map = map
        var words: [UInt64] = []
        words.reserveCapacity(map.nonzeroBitCount)
        if map >> UInt64(KeyWord.count) != 0 {
            for index in Self.rareIndices(map) { words.append(key[word: index]) }
        }
        var rest = map & Self.common
        while rest != 0 {
            words.append(key.words[rest.trailingZeroBitCount])
            rest &= rest &- 1
        }
        self.words = words
    }

    private static var common: UInt64 { 1 << UInt64(KeyWord.count) - 1 }

    private static func rareIndices(_ map: UInt64) -> [Int] {
        (KeyWord.count..<UInt64.bitWidth).filter { map >> UInt64($0) & 1 == 1 }.flatMap {
            KeyWord.rareWords($0)
        }
    }

    /// Which word of a key each of ``words`` is.
    public var positions: [Int] {
        var positions = Self.rareIndices(map)
        var rest = map & Self.common
        while rest != 0 {
            positions.append(rest.trailingZeroBitCount)
            rest &= rest &- 1
        }
        return positions
    }

    /// Whether any of the words is one that few keys have.
    public var hasRareWords: Bool { map & ~Self.common != 0 }

    public var expanded: FlowKey {
        var key = FlowKey()
        var position = 0
        if hasRareWords {
            for index in Self.rareIndices(map) {
                key[word: index] = words[position]
                position += 1
            }
        }
        var rest = map & Self.common
        while rest != 0 {
            key.words[rest.trailingZeroBitCount] = words[position]
            position += 1
            rest &= rest &- 1
        }
        return key
    }
}
