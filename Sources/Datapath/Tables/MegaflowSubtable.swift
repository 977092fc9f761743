import FlowModel

/// The megaflows of one mask: a hash table of buckets on the masked words.
///
/// Most questions to a subtable are answered with no, since a packet is asked of one after the
/// other; so a no must be cheap. A bucket has seven places and one word of tags, an octet of the
/// hash for each place, and a count of the flows that found the bucket full and went on to the
/// next. The word is compared as a whole: a key whose tag is not in it is not there, unless the
/// bucket has overflowed, and no branch depends on how full it is.
///
/// ```
/// tags:    | overflow | tag 6 | tag 5 | . . . | tag 1 | tag 0 |     one word a bucket
/// entries: | slot | masked words ... |  7 a bucket
/// ```
///
/// Removal counts the overflow down again, so that there are no tombstones.
struct MegaflowSubtable {
    /// Places of a bucket.
    private static var places: Int { 7 }
    /// From here on an overflow is not counted, nor ever taken back.
    private static var manyOverflows: UInt64 { 255 }

    let map: UInt64
    /// By which a ``SignatureCache`` names the subtable, or 0.
    let number: UInt16
    let wordCount: Int
    let indices: UnsafeMutablePointer<UInt8>
    let masks: UnsafeMutablePointer<UInt64>
    private var tags: UnsafeMutablePointer<UInt64>
    private var entries: UnsafeMutablePointer<UInt64>
    /// A power of two.
    private var bucketCount: Int
    private(set) var flowCount = 0
    private let seed = KeyHash.seed
    /// Hits since the subtables were sorted last.
    var hits: UInt64 = 0
    /// The in-port and recirculation ID of all flows; 0 if they have several.
    ///
    /// A packet of another port is not looked up, so that each port has a search of its own, as it
    /// were.
    private(set) var origin: UInt64 = 0
    /// Words that are zero in no flow: a packet without them is not looked up.
    private var required: UInt64 = 0

    init(mask: SparseKey, number: UInt16) {
        map = mask.map
        self.number = number
        wordCount = mask.words.count
        indices = .allocate(capacity: max(wordCount, 1))
        masks = .allocate(capacity: max(wordCount, 1))
        var rest = mask.map
        for (position, word) in mask.words.enumerated() {
            indices[position] = UInt8(rest.trailingZeroBitCount)
            masks[position] = word
            rest &= rest &- 1
        }
        bucketCount = 1
        tags = .allocate(capacity: bucketCount)
        tags.initialize(repeating: 0, count: bucketCount)
        entries = .allocate(capacity: bucketCount * Self.places * (wordCount + 1))
    }

    func deallocate() {
        indices.deallocate()
        masks.deallocate()
        tags.deallocate()
        entries.deallocate()
    }

    func hasMask(_ mask: SparseKey) -> Bool {
        guard mask.map == map else { return false }
        for (position, word) in mask.words.enumerated() where masks[position] != word {
            return false
        }
        return true
    }

    // MARK: Places

    /// A tag of the hash, which is not 0, in each octet.
    @inline(__always)
    private static func pattern(_ hash: UInt64) -> UInt64 {
        let tag = hash &>> 56
        return (tag == 0 ? 1 : tag) &* 0x0101_0101_0101_0101
    }

    /// The high bits of those octets of `tags` that equal the ones of `pattern`.
    ///
    /// None else, though that would take less: the entry of a free place is not to be read.
    @inline(__always)
    private static func equal(_ tags: UInt64, _ pattern: UInt64) -> UInt64 {
        let low: UInt64 = 0x7f7f_7f7f_7f7f_7f7f
        let difference = tags ^ pattern
        return ~(((difference & low) &+ low) | difference) & 0x0080_8080_8080_8080
    }

    @inline(__always)
    private func home(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash) & (bucketCount &- 1)
    }

    @inline(__always)
    private func entry(_ bucket: Int, _ place: Int) -> UnsafeMutablePointer<UInt64> {
        entries + (bucket &* Self.places &+ place) &* (wordCount &+ 1)
    }

    /// The hash of the masked words of an expanded key.
    ///
    /// Products of pairs of words are added up, so that none waits for another.
    @inline(__always)
    private func hash(_ key: UnsafePointer<UInt64>) -> UInt64 {
        var sum = seed
        var salt = seed
        var position = 0
        while position &+ 1 < wordCount {
            let first = key[Int(indices[position])] & masks[position]
            let second = key[Int(indices[position &+ 1])] & masks[position &+ 1]
            sum ^= KeyHash.mix(first ^ salt, second ^ ~salt)
            salt = salt &* 5
            position &+= 2
        }
        if position < wordCount {
            sum ^= KeyHash.mix((key[Int(indices[position])] & masks[position]) ^ salt, ~salt)
        }
        return KeyHash.mix(sum, 0x8EBC_6AF0_9C88_C6E3)
    }

    @inline(__always)
    private func matches(
        _ entry: UnsafeMutablePointer<UInt64>, _ key: UnsafePointer<UInt64>
    ) -> Bool {
        var difference: UInt64 = 0
        for position in 0..<wordCount {
            difference |=
                entry[position &+ 1] ^ (key[Int(indices[position])] & masks[position])
        }
        return difference == 0
    }

    // MARK: Searching

    /// The slot of the flow that matches an expanded key, or -1.
    @inline(__always)
    func find(_ key: UnsafePointer<UInt64>) -> Int {
        let hash = hash(key)
        return find(key, hash, tags[home(hash)])
    }

    /// - Parameter first: the tags of the hash's bucket.
    @inline(__always)
    private func find(_ key: UnsafePointer<UInt64>, _ hash: UInt64, _ first: UInt64) -> Int {
        let pattern = Self.pattern(hash)
        var bucket = home(hash)
        var held = first
        while true {
            var equal = Self.equal(held, pattern)
            while equal != 0 {
                let entry = entry(bucket, equal.trailingZeroBitCount &>> 3)
                if matches(entry, key) { return Int(truncatingIfNeeded: entry[0]) }
                equal &= equal &- 1
            }
            if held &>> 56 == 0 { return -1 }
            bucket = (bucket &+ 1) & (bucketCount &- 1)
            held = tags[bucket]
        }
    }

    /// Looks for the keys of a batch that are not found yet.
    ///
    /// - Returns: how many are left.
    @inline(__always)
    func find(
        _ scratch: borrowing SearchScratch, _ left: Int, slots: UnsafeMutablePointer<Int>
    ) -> Int {
        var count = 0
        for position in 0..<left {
            let index = scratch.indices[position]
            let key = scratch.expanded(Int(index))
            guard required & ~scratch.maps[Int(index)] == 0 else { continue }
            let hash = hash(key)
            scratch.candidates[count] = index
            scratch.hashes[count] = hash
            // The words of all keys are on their way before the first is looked at.
            scratch.tags[count] = tags[home(hash)]
            count &+= 1
        }
        var found = 0
        for candidate in 0..<count {
            let index = Int(scratch.candidates[candidate])
            let slot = find(
                scratch.expanded(index), scratch.hashes[candidate], scratch.tags[candidate])
            if slot >= 0 {
                slots[index] = slot
                found &+= 1
            }
        }
        guard found > 0 else { return left }
        var kept = 0
        for position in 0..<left {
            let index = scratch.indices[position]
            scratch.indices[kept] = index
            kept &+= slots[Int(index)] < 0 ? 1 : 0
        }
        return kept
    }

    // MARK: Changing

    /// Adds a flow.
    ///
    /// - Precondition: none is there that matches the same keys.
    mutating func insert(_ key: UnsafePointer<UInt64>, slot: Int) {
        // Of seven places four and a half are taken at most: few buckets overflow.
        if (flowCount + 1) * 2 > bucketCount * 9 { grow() }
        noteCommon(key)
        let hash = hash(key)
        let entry = takePlace(hash)
        entry[0] = UInt64(slot)
        for position in 0..<wordCount {
            entry[position + 1] = key[Int(indices[position])] & masks[position]
        }
        flowCount += 1
    }

    private mutating func noteCommon(_ key: UnsafePointer<UInt64>) {
        var held: UInt64 = 0
        for position in 0..<wordCount where key[Int(indices[position])] & masks[position] != 0 {
            held |= 1 << UInt64(indices[position])
        }
        let isWhole = wordCount > 0 && indices[0] == 0 && masks[0] == .max
        let first = isWhole ? key[KeyWord.inPort] : 0
        origin = flowCount == 0 || origin == first ? first : 0
        required = flowCount == 0 ? held : required & held
    }

    private func takePlace(_ hash: UInt64) -> UnsafeMutablePointer<UInt64> {
        var bucket = home(hash)
        while true {
            for place in 0..<Self.places where tags[bucket] >> UInt64(place * 8) & 0xff == 0 {
                tags[bucket] |= Self.pattern(hash) & 0xff << UInt64(place * 8)
                return entry(bucket, place)
            }
            if tags[bucket] >> 56 < Self.manyOverflows { tags[bucket] += 1 << 56 }
            bucket = (bucket + 1) & (bucketCount - 1)
        }
    }

    /// - Precondition: the flow is there.
    mutating func remove(_ key: UnsafePointer<UInt64>, slot: Int) {
        let hash = hash(key)
        var bucket = home(hash)
        while true {
            for place in 0..<Self.places where tags[bucket] >> UInt64(place * 8) & 0xff != 0 {
                guard entry(bucket, place)[0] == UInt64(slot) else { continue }
                tags[bucket] &= ~(0xff << UInt64(place * 8))
                flowCount -= 1
                return
            }
            let overflow = tags[bucket] >> 56
            precondition(overflow > 0, "the flow is not in its subtable")
            if overflow < Self.manyOverflows { tags[bucket] -= 1 << 56 }
            bucket = (bucket + 1) & (bucketCount - 1)
        }
    }

    private func storedHash(_ entry: UnsafeMutablePointer<UInt64>) -> UInt64 {
        let words = entry + 1
        var sum = seed
        var salt = seed
        var position = 0
        while position + 1 < wordCount {
            sum ^= KeyHash.mix(words[position] ^ salt, words[position + 1] ^ ~salt)
            salt = salt &* 5
            position += 2
        }
        if position < wordCount { sum ^= KeyHash.mix(words[position] ^ salt, ~salt) }
        return KeyHash.mix(sum, 0x8EBC_6AF0_9C88_C6E3)
    }

    private mutating func grow() {
        let (oldTags, oldEntries, oldCount) = (tags, entries, bucketCount)
        let stride = wordCount + 1
        bucketCount *= 2
        tags = .allocate(capacity: bucketCount)
        tags.initialize(repeating: 0, count: bucketCount)
        entries = .allocate(capacity: bucketCount * Self.places * stride)
        for bucket in 0..<oldCount {
            for place in 0..<Self.places where oldTags[bucket] >> UInt64(place * 8) & 0xff != 0 {
                let entry = oldEntries + (bucket * Self.places + place) * stride
                takePlace(storedHash(entry)).update(from: entry, count: stride)
            }
        }
        oldTags.deallocate()
        oldEntries.deallocate()
    }
}
