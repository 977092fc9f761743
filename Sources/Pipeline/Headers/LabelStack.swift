import FlowModel

/// The label stack entries of a flow key (RFC 3032 §2.1), as far as a key holds them.
///
/// ```
///  0                    20   23 24       32
/// +--------------------+-----+-+--------+
/// | label              | TC  |S| TTL    |
/// +--------------------+-----+-+--------+
/// ```
extension FlowKey {
    /// Entries that a key holds; OVS's limit too.
    static var maximumLabels: Int { 3 }

    /// The entry at `index`, counted from the outermost.
    func labelEntry(_ index: Int) -> UInt32 {
        let location = Self.labelLocation(index)
        return UInt32(truncatingIfNeeded: words[location.word] >> UInt64(location.shift))
    }

    mutating func setLabelEntry(_ index: Int, to entry: UInt32) {
        self[Self.labelLocation(index)] = UInt128(entry)
    }

    static func labelLocation(_ index: Int) -> FieldLocation {
        switch index {
        case 0: .init(word: KeyWord.mpls, shift: 32, width: 32)
        case 1: .init(word: KeyWord.mpls, shift: 0, width: 32)
        default: .init(word: KeyWord.mplsRest, shift: 32, width: 32)
        }
    }

    /// Entries up to the bottom of the stack; without a bottom, as many as are there.
    var labelCount: Int {
        guard EtherType.isMPLS(etherType) else { return 0 }
        var count = 0
        for index in 0..<Self.maximumLabels {
            let entry = labelEntry(index)
            if entry & LabelBits.bottom != 0 { return index + 1 }
            if entry != 0 { count += 1 }
        }
        return count
    }

    /// How many entries from the bottom are the same.
    func commonLabelCount(_ other: FlowKey) -> Int {
        let (count, otherCount) = (labelCount, other.labelCount)
        var common = 0
        while common < min(count, otherCount),
            labelEntry(count - 1 - common) == other.labelEntry(otherCount - 1 - common)
        {
            common += 1
        }
        return common
    }

    /// Puts an entry before those that are there.
    mutating func pushLabel(_ entry: UInt32, etherType type: UInt16) {
        for index in (1..<Self.maximumLabels).reversed() {
            setLabelEntry(index, to: labelEntry(index - 1))
        }
        setLabelEntry(0, to: entry)
        etherType = type
    }

    /// Takes the outermost of `count` entries away.
    mutating func popLabel(of count: Int, etherType type: UInt16) {
        for index in 1..<Self.maximumLabels where index < count {
            setLabelEntry(index - 1, to: labelEntry(index))
        }
        setLabelEntry(count - 1, to: 0)
        etherType = type
    }
}

/// Parts of a label stack entry.
enum LabelBits {
    static var bottom: UInt32 { 0x100 }
    static var trafficClass: UInt32 { 0xe00 }
    static var ttl: UInt32 { 0xff }
    /// What a packet without IP gets.
    static var defaultTTL: UInt32 { 64 }
    /// The label that says that IPv6 follows (RFC 3032 §2.1); 0 says IPv4.
    static var ipv6ExplicitNull: UInt32 { 2 }
}
