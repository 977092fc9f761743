public import Datapath

/// What commands say of the threads that forward.
public enum ThreadTexts {
    /// `dpif-netdev/pmd-stats-show` of one thread.
    ///
    /// What OVS has and Martlet has not (partial offload of whole layers, optimised parsers) is 0.
    public static func statistics(_ name: String, _ counted: DatapathStatistics) -> String {
        let passes = counted.receivedPackets + counted.recirculations
        let lines = [
            ("packets received", "\(counted.receivedPackets)"),
            ("packet recirculations", "\(counted.recirculations)"),
            ("avg. datapath passes per packet", average(passes, counted.receivedPackets)),
            ("phwol hits", "0"),
            ("mfex opt hits", "0"),
            ("simple match hits", "\(counted.simpleHits)"),
            ("emc hits", "\(counted.exactMatchHits)"),
            ("smc hits", "\(counted.signatureHits)"),
            ("megaflow hits", "\(counted.megaflowHits)"),
            (
                "avg. subtable lookups per megaflow hit",
                average(counted.maskLookups, counted.megaflowHits)
            ),
            ("miss with success upcall", "\(counted.misses)"),
            ("miss with failed upcall", "\(counted.lost)"),
            ("avg. packets per output batch", average(counted.sentPackets, counted.sentBatches)),
        ]
        return "\(name):\n" + lines.map { "  \($0): \($1)\n" }.joined()
    }

    /// A quotient with two decimals, 0 without a divisor.
    private static func average(_ sum: UInt64, _ count: UInt64) -> String {
        guard count > 0 else { return "0.00" }
        let hundredths = (sum * 200 + count) / (count * 2)
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
