/// Chooses packets at random, for `sample`.
///
/// A generator of Weyl numbers that are mixed (SplitMix64, Steele et al. 2014): the choice must be
/// even, not secret, and what a seed gives can be repeated.
struct SamplingSource {
    private var state: UInt64 = 0x9e37_79b9_7f4a_7c15

    /// Whether the next packet is one of the share `probability` of `UInt32.max`.
    mutating func takes(_ probability: UInt32) -> Bool {
        if probability == .max { return true }
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value &>> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value &>> 27) &* 0x94d0_49bb_1331_11eb
        return UInt32(truncatingIfNeeded: value &>> 32) < probability
    }
}

extension Operation {
    /// How many steps the branches of a `checkLength` have.
    var branchCounts: (larger: Int, others: Int, sum: Int) {
        let (larger, others) = (Int(second >> 16), Int(second & 0xffff))
        return (larger, others, larger + others)
    }

    /// The steps of a `checkLength` for a packet, where those of the first branch are at `start`.
    func branch(of packet: PacketBuffer, at start: Int) -> Range<Int> {
        let counts = branchCounts
        let middle = start + counts.larger
        return packet.byteCount > Int(first) ? start..<middle : middle..<(middle + counts.others)
    }
}
