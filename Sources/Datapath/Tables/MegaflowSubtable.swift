import FlowModel

/// The megaflows of one mask: a hash table with open addressing on the masked words.
///
/// Memory, all plain: the mask's words and their indices; for each place a tag of the hash and
/// the flow's slot; for each place the masked words. Probing is linear and removal shifts back, so
/// that there are no tombstones.
struct MegaflowSubtable {
    struct Place {
        /// 0 where the place is free.
        var tag: UInt32 = 0
        var slot: UInt32 = 0
    }

    static var initialCapacity: Int { 16 }

    let map: UInt64
    let wordCount: Int
    let indices: UnsafeMutablePointer<UInt8>
    let masks: UnsafeMutablePointer<UInt64>
    private var places: UnsafeMutablePointer<Place>
    private var words: UnsafeMutablePointer<UInt64>
    /// A power of two.
    private var capacity: Int
    private(set) var flowCount = 0
    /// Hits since the subtables were sorted last.
    var hits: UInt64 = 0

    init(mask: SparseKey) {
        map = mask.map
        wordCount = mask.words.count
        indices = .allocate(capacity: max(wordCount, 1))
        masks = .allocate(capacity: max(wordCount, 1))
        var rest = mask.map
        for (position, word) in mask.words.enumerated() {
            indices[position] = UInt8(rest.trailingZeroBitCount)
            masks[position] = word
            rest &= rest &- 1
        }
        capacity = Self.initialCapacity
        places = .allocate(capacity: capacity)
        places.initialize(repeating: Place(), count: capacity)
        words = .allocate(capacity: max(capacity * wordCount, 1))
    }

    func deallocate() {
        indices.deallocate()
        masks.deallocate()
        places.deallocate()
        words.deallocate()
    }

    func hasMask(_ mask: SparseKey) -> Bool {
        guard mask.map == map else { return false }
        for (position, word) in mask.words.enumerated() where masks[position] != word {
            return false
        }
        return true
    }

    @inline(__always)
    private static func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash) | 1 }

    @inline(__always)
    private static func home(_ hash: UInt64, _ capacity: Int) -> Int {
        Int(truncatingIfNeeded: hash &>> 32) & (capacity &- 1)
    }

    /// The hash of the masked words of an expanded key.
    @inline(__always)
    private func hash(_ key: UnsafePointer<UInt64>) -> UInt64 {
        var hash = KeyHash.seed
        for position in 0..<wordCount {
            hash = KeyHash.mix(
                hash ^ (key[Int(indices[position])] & masks[position]), 0xA076_1D64_78BD_642F)
        }
        return hash
    }

    @inline(__always)
    private func matches(_ place: Int, _ key: UnsafePointer<UInt64>) -> Bool {
        let held = words + place &* wordCount
        var difference: UInt64 = 0
        for position in 0..<wordCount {
            difference |= held[position] ^ (key[Int(indices[position])] & masks[position])
        }
        return difference == 0
    }

    /// The slot of the flow that matches an expanded key, or -1.
    @inline(__always)
    func find(_ key: UnsafePointer<UInt64>) -> Int {
        let hash = hash(key)
        let tag = Self.tag(hash)
        var place = Self.home(hash, capacity)
        while places[place].tag != 0 {
            if places[place].tag == tag, matches(place, key) { return Int(places[place].slot) }
            place = (place &+ 1) & (capacity &- 1)
        }
        return -1
    }

    /// Adds a flow.
    ///
    /// - Precondition: none is there that matches the same keys.
    mutating func insert(_ key: UnsafePointer<UInt64>, slot: Int) {
        if (flowCount + 1) * 4 > capacity * 3 { grow() }
        let hash = hash(key)
        var place = Self.home(hash, capacity)
        while places[place].tag != 0 { place = (place + 1) & (capacity - 1) }
        places[place] = Place(tag: Self.tag(hash), slot: UInt32(slot))
        for position in 0..<wordCount {
            words[place * wordCount + position] = key[Int(indices[position])] & masks[position]
        }
        flowCount += 1
    }

    /// - Precondition: the flow is there.
    mutating func remove(_ key: UnsafePointer<UInt64>, slot: Int) {
        var hole = Self.home(hash(key), capacity)
        while places[hole].slot != UInt32(slot) || places[hole].tag == 0 {
            precondition(places[hole].tag != 0, "the flow is not in its subtable")
            hole = (hole + 1) & (capacity - 1)
        }
        var place = (hole + 1) & (capacity - 1)
        while places[place].tag != 0 {
            let home = Self.home(storedHash(place), capacity)
            // The entry may move back unless its home lies behind the hole.
            let distance = (place - home) & (capacity - 1)
            if distance >= (place - hole) & (capacity - 1) {
                move(from: place, to: hole)
                hole = place
            }
            place = (place + 1) & (capacity - 1)
        }
        places[hole] = Place()
        flowCount -= 1
    }

    private func storedHash(_ place: Int) -> UInt64 {
        var hash = KeyHash.seed
        for position in 0..<wordCount {
            hash = KeyHash.mix(
                hash ^ words[place * wordCount + position], 0xA076_1D64_78BD_642F)
        }
        return hash
    }

    private func move(from source: Int, to target: Int) {
        places[target] = places[source]
        (words + target * wordCount).update(from: words + source * wordCount, count: wordCount)
    }

    private mutating func grow() {
        var larger = self
        larger.capacity = capacity * 2
        larger.places = .allocate(capacity: larger.capacity)
        larger.places.initialize(repeating: Place(), count: larger.capacity)
        larger.words = .allocate(capacity: max(larger.capacity * wordCount, 1))
        for place in 0..<capacity where places[place].tag != 0 {
            var target = Self.home(storedHash(place), larger.capacity)
            while larger.places[target].tag != 0 { target = (target + 1) & (larger.capacity - 1) }
            larger.places[target] = places[place]
            (larger.words + target * wordCount).update(
                from: words + place * wordCount, count: wordCount)
        }
        places.deallocate()
        words.deallocate()
        self = larger
    }
}
