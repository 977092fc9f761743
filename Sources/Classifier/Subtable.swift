import FlowModel

/// The rules of one mask: a hash table on the masked key, and an index for each stage before it.
///
/// A packet that misses in an early stage (metadata, Ethernet, network) is known to match no rule
/// here, and the megaflow then depends on the fields of that stage and those before it only.
final class Subtable {
    /// A run of the mask's words that is looked at together.
    struct Stage {
        /// Positions within the packed mask.
        let range: Range<Int>
        /// How many rules have the hash of all words up to the end of the stage.
        var counts = HashIndex<Int32>()
    }

    let mask: SparseKey
    /// Word indices of the mask, in order.
    let positions: [Int]
    private let hasRareWords: Bool
    /// Stages before the last; empty where one stage holds all.
    private(set) var stages: [Stage]
    /// The last stage's words.
    let lastRange: Range<Int>
    /// Prefix length of each trie's field; 0 where the mask is no prefix of it.
    let prefixLengths: [Int]
    /// Where the last stage is the transport word alone: the mask of its ports, and the prefixes in
    /// use.
    let portsMask: UInt32
    /// Whether that word has TCP flags too, which are looked at before the ports.
    let hasTCPFlags: Bool
    /// How many rules have the hash of all words with the last one's flags alone.
    private var flagCounts = HashIndex<Int32>()
    private var portsTrie = PrefixTrie(width: 32)

    private var heads = HashIndex<ClassifierRule>()
    private(set) var rankCounts: [UInt32: Int] = [:]
    private(set) var maximumRank: UInt32 = 0
    private(set) var ruleCount = 0
    /// The rules in the order in which they came, for operators compare dumps; those that went
    /// leave gaps, which are closed when they are the greater part.
    private var rules: [ClassifierRule?] = []

    init(mask: SparseKey, tries: [TrieField]) {
        self.mask = mask
        positions = mask.positions
        hasRareWords = mask.hasRareWords

        let ends = [
            KeyWord.metadataEnd, KeyWord.ethernetEnd, KeyWord.networkEnd, KeyWord.linkEnd,
            KeyWord.count,
        ]
        var ranges: [Range<Int>] = []
        var start = 0
        for end in ends {
            // Rare words are metadata, and stand in front.
            let stop = positions.firstIndex { $0 >= end && $0 < KeyWord.count } ?? positions.count
            if stop > start { ranges.append(start..<stop) }
            start = stop
        }
        lastRange = ranges.last ?? 0..<0
        stages = ranges.dropLast().map { Stage(range: $0) }

        let expanded = mask.expanded
        prefixLengths = tries.map { $0.prefixLength(in: expanded) }
        let isPortsOnly =
            lastRange.count == 1 && positions[lastRange.lowerBound] == KeyWord.transport
        let lastWord = isPortsOnly ? mask.words[lastRange.lowerBound] : 0
        portsMask = UInt32(truncatingIfNeeded: lastWord >> 32)
        hasTCPFlags = portsMask != 0 && lastWord & Self.flagBits != 0
    }

    var isEmpty: Bool { ruleCount == 0 }

    /// What of the transport word is no port.
    static var flagBits: UInt64 { 0xffff_ffff }

    /// Mixes one word into a hash.
    @inline(__always)
    static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        var mixed = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
        mixed ^= mixed &>> 29
        return mixed
    }

    /// Extends `hash` by the masked words of `key` in `range`.
    func extend(_ hash: UInt64, _ key: borrowing FlowKey, _ range: Range<Int>) -> UInt64 {
        var hash = hash
        if hasRareWords {
            for position in range {
                hash = Self.mix(hash, key[word: positions[position]] & mask.words[position])
            }
            return hash
        }
        for position in range {
            hash = Self.mix(hash, key.words[positions[position]] & mask.words[position])
        }
        return hash
    }

    private func extend(_ hash: UInt64, _ rule: ClassifierRule, _ range: Range<Int>) -> UInt64 {
        var hash = hash
        for position in range { hash = Self.mix(hash, rule.key.words[position]) }
        return hash
    }

    private func flagHash(_ hash: UInt64, _ rule: ClassifierRule) -> UInt64 {
        Self.mix(hash, rule.key.words[lastRange.lowerBound] & Self.flagBits)
    }

    /// Whether any rule may have the packet's TCP flags.
    ///
    /// - Parameter hash: of all words before the last.
    func flagsMayMatch(_ hash: UInt64, _ key: borrowing FlowKey) -> Bool {
        let bits = mask.words[lastRange.lowerBound] & Self.flagBits
        return flagCounts.contains(Self.mix(hash, key.words[KeyWord.transport] & bits))
    }

    func hash(_ rule: ClassifierRule) -> UInt64 { extend(0, rule, 0..<positions.count) }

    /// Whether any rule has `hash` up to the end of `stage`.
    func stageMayMatch(_ stage: Int, _ hash: UInt64) -> Bool { stages[stage].counts.contains(hash) }

    /// The rule of the highest priority whose masked key equals that of `key`.
    func find(_ hash: UInt64, _ key: borrowing FlowKey) -> ClassifierRule? {
        guard let rule = heads[hash] else { return nil }
        var candidate: ClassifierRule? = rule
        while let current = candidate {
            if isEqual(current, key) { return current }
            candidate = current.next
        }
        return nil
    }

    private func isEqual(_ rule: ClassifierRule, _ key: borrowing FlowKey) -> Bool {
        if hasRareWords {
            return positions.indices.allSatisfy {
                key[word: positions[$0]] & mask.words[$0] == rule.key.words[$0]
            }
        }
        for position in 0..<positions.count
        where key.words[positions[position]] & mask.words[position] != rule.key.words[position] {
            return false
        }
        return true
    }

    /// Adds a rule; the caller has removed one with the same key and priority.
    func insert(_ rule: ClassifierRule) {
        rule.mask = mask
        rule.place = rules.count
        rules.append(rule)
        var hash: UInt64 = 0
        for index in stages.indices {
            hash = extend(hash, rule, stages[index].range)
            stages[index].counts[hash] = (stages[index].counts[hash] ?? 0) + 1
        }
        if hasTCPFlags {
            let flags = flagHash(hash, rule)
            flagCounts[flags] = (flagCounts[flags] ?? 0) + 1
        }
        hash = extend(hash, rule, lastRange)
        // Chains hold rules of equal hash, higher priorities first.
        let head = heads[hash]
        if let head, head.rank >= rule.rank {
            var previous = head
            while let next = previous.next, next.rank >= rule.rank { previous = next }
            rule.next = previous.next
            previous.next = rule
        } else {
            rule.next = head
            heads[hash] = rule
        }
        ruleCount += 1
        rankCounts[rule.rank, default: 0] += 1
        maximumRank = ruleCount == 1 ? rule.rank : max(maximumRank, rule.rank)
        if portsMask != 0 { portsTrie.insert(ports(of: rule), prefixLength: portsPrefixLength) }
    }

    /// - Precondition: the very rule is in the subtable.
    func remove(_ rule: ClassifierRule) {
        var hash: UInt64 = 0
        for index in stages.indices {
            hash = extend(hash, rule, stages[index].range)
            let count = stages[index].counts[hash] ?? 0
            stages[index].counts[hash] = count > 1 ? count - 1 : nil
        }
        if hasTCPFlags {
            let flags = flagHash(hash, rule)
            let count = flagCounts[flags] ?? 0
            flagCounts[flags] = count > 1 ? count - 1 : nil
        }
        hash = extend(hash, rule, lastRange)
        if heads[hash] === rule {
            heads[hash] = rule.next
        } else {
            var previous = heads[hash]
            while let current = previous, current.next !== rule { previous = current.next }
            precondition(previous != nil, "the rule is not in its subtable")
            previous?.next = rule.next
        }
        rule.next = nil
        rules[rule.place] = nil
        ruleCount -= 1
        if rules.count > 2 * ruleCount + Self.toleratedGapCount { closeGaps() }
        let count = rankCounts[rule.rank] ?? 0
        rankCounts[rule.rank] = count > 1 ? count - 1 : nil
        if count <= 1 && rule.rank == maximumRank {
            maximumRank = rankCounts.keys.max() ?? 0
        }
        if portsMask != 0 { portsTrie.remove(ports(of: rule), prefixLength: portsPrefixLength) }
    }

    /// The rule with exactly this key and priority.
    func find(exactly key: SparseKey, rank: UInt32) -> ClassifierRule? {
        var hash: UInt64 = 0
        for word in key.words { hash = Self.mix(hash, word) }
        var candidate = heads[hash]
        while let rule = candidate {
            if rule.rank == rank && rule.key == key { return rule }
            candidate = rule.next
        }
        return nil
    }

    /// Calls `body` with each rule, in the order in which they came.
    func forEach(_ body: (ClassifierRule) -> Void) {
        for case let rule? in rules { body(rule) }
    }

    /// Gaps that are not worth closing.
    private static var toleratedGapCount: Int { 16 }

    private func closeGaps() {
        rules.removeAll { $0 == nil }
        for (place, rule) in rules.enumerated() { rule?.place = place }
    }

    /// Leading bits of the ports that show that no rule matches; `nil` where they do not show it.
    ///
    /// - Precondition: no rule matches, and ``portsMask`` is not zero.
    func decidingPortBits(_ key: borrowing FlowKey) -> UInt32? {
        let ports = UInt32(truncatingIfNeeded: key.words[KeyWord.transport] >> 32)
        let answer = portsTrie.lookup(UInt128(ports & portsMask) << 96)
        if hasTCPFlags && answer.lengths >> UInt128(portsPrefixLength - 1) & 1 == 1 { return nil }
        let isWhole = answer.bitCount >= 32
        return (isWhole ? .max : ~(UInt32.max >> UInt32(answer.bitCount))) & portsMask
    }

    private var portsPrefixLength: Int { 32 - portsMask.trailingZeroBitCount }

    private func ports(of rule: ClassifierRule) -> UInt128 {
        UInt128(rule.key.words[lastRange.lowerBound] >> 32) << 96
    }
}

/// A field that the classifier keeps a trie of.
struct TrieField {
    let location: FieldLocation

    init(_ field: Field) { location = field.location }

    /// The field of `key`, its first bit the most significant of the 128.
    func value(in key: borrowing FlowKey) -> UInt128 {
        let value: UInt128
        if location.width == 128 {
            value = UInt128(key.words[location.word]) << 64 | UInt128(key.words[location.word + 1])
        } else {
            value = UInt128(key.words[location.word] >> UInt64(location.shift)) & location.ones
        }
        return value << UInt128(128 - location.width)
    }

    /// How many leading bits `mask` asks for, or 0 where it asks for others too.
    func prefixLength(in mask: FlowKey) -> Int {
        let bits = value(in: mask)
        let ones = (~bits).leadingZeroBitCount
        guard ones > 0, ones >= 128 || bits << UInt128(ones) == 0 else { return 0 }
        return ones
    }

    /// Asks in `mask` for the first `count` bits.
    func setPrefix(_ count: Int, in mask: inout FlowKey) {
        guard count > 0 else { return }
        let prefix = count >= 128 ? UInt128.max : ~(UInt128.max >> UInt128(count))
        mask[location] |= prefix >> UInt128(128 - location.width)
    }

    /// Whether `mask` asks for the first `count` bits already.
    func hasPrefix(_ count: Int, in mask: FlowKey) -> Bool {
        (~value(in: mask)).leadingZeroBitCount >= count
    }
}
