import FlowModel

/// The keys of a batch while they are searched: each with every word in its own place, so that
/// masks name words without counting bits.
///
/// All words are zero between searches.
struct SearchScratch: ~Copyable {
    /// Odd, so that the same word of all keys does not share a few sets of the cache.
    static var stride: Int { 61 }

    private let words: UnsafeMutablePointer<UInt64>
    /// Which words each key has.
    let maps: UnsafeMutablePointer<UInt64>
    /// Which keys are not found yet.
    let indices: UnsafeMutablePointer<UInt8>
    /// The keys that a subtable may hold, their hashes and where those lead.
    let candidates: UnsafeMutablePointer<UInt8>
    let hashes: UnsafeMutablePointer<UInt64>
    let tags: UnsafeMutablePointer<UInt64>
    /// The keys that were opened.
    private let opened: UnsafeMutablePointer<UInt32>

    init() {
        let count = PacketBatch.capacity
        words = .allocate(capacity: count * Self.stride)
        words.initialize(repeating: 0, count: count * Self.stride)
        maps = .allocate(capacity: count)
        indices = .allocate(capacity: count)
        candidates = .allocate(capacity: count)
        hashes = .allocate(capacity: count)
        tags = .allocate(capacity: count)
        opened = .allocate(capacity: 1)
        opened.initialize(to: 0)
    }

    deinit {
        words.deallocate()
        maps.deallocate()
        indices.deallocate()
        candidates.deallocate()
        hashes.deallocate()
        tags.deallocate()
        opened.deallocate()
    }

    @inline(__always)
    func expanded(_ index: Int) -> UnsafeMutablePointer<UInt64> { words + index &* Self.stride }

    /// Spreads out the keys whose slot is negative.
    ///
    /// - Returns: how many they are; their indices stand in ``indices``.
    @inline(__always)
    func open(
        _ keys: UnsafePointer<PackedKey>, _ count: Int, slots: UnsafePointer<Int>
    ) -> Int {
        var left = 0
        var marks: UInt32 = 0
        for index in 0..<count where slots[index] < 0 {
            indices[left] = UInt8(truncatingIfNeeded: index)
            left &+= 1
            marks |= 1 &<< UInt32(truncatingIfNeeded: index)
            let place = expanded(index)
            var rest = keys[index].map
            maps[index] = rest
            var position = 0
            while rest != 0 {
                place[rest.trailingZeroBitCount] = keys[index].words[unchecked: position]
                position &+= 1
                rest &= rest &- 1
            }
        }
        opened.pointee = marks
        return left
    }

    /// Makes the words of the keys zero again.
    @inline(__always)
    func close(_ keys: UnsafePointer<PackedKey>) {
        var marks = opened.pointee
        while marks != 0 {
            let index = marks.trailingZeroBitCount
            let place = expanded(index)
            var rest = keys[index].map
            while rest != 0 {
                place[rest.trailingZeroBitCount] = 0
                rest &= rest &- 1
            }
            marks &= marks &- 1
        }
    }

    /// Spreads out one key of a flow in the first place.
    func expand(_ key: SparseKey) {
        let place = expanded(0)
        var rest = key.map
        for word in key.words {
            place[rest.trailingZeroBitCount] = word
            rest &= rest &- 1
        }
    }

    func clear(_ key: SparseKey) {
        let place = expanded(0)
        var rest = key.map
        while rest != 0 {
            place[rest.trailingZeroBitCount] = 0
            rest &= rest &- 1
        }
    }
}
