import FlowModel

/// Packets and octets that a meter, or one of its bands, has counted.
public struct MeterCount: Hashable, Sendable {
    public var packets: UInt64 = 0
    public var octets: UInt64 = 0

    @inline(__always)
    mutating func add(_ octets: Int) {
        packets &+= 1
        self.octets &+= UInt64(truncatingIfNeeded: octets)
    }
}

/// What a meter of the datapath has counted.
public struct MeterCounters: Hashable, Sendable {
    public var input = MeterCount()
    public var bands: [MeterCount] = []

    public init() {}
}

/// A meter at work: a token bucket for each band (OpenFlow 1.3.5 §5.7).
///
/// Tokens are thousandths of a packet or bits, so that one millisecond brings as many as the rate
/// says. All is plain memory: nothing is allocated per packet. Of several bands whose rates are
/// exceeded the one with the highest rate decides.
struct MeterState {
    /// As many as OVS says of itself.
    static var maximumBands: Int { 8 }

    struct Band {
        var tokens: Int64 = 0
        /// Tokens a millisecond.
        var rate: Int64 = 0
        /// The most tokens.
        var depth: Int64 = 0
        /// By how much to raise the drop precedence; 0 to drop.
        var remark: UInt8 = 0
        var count = MeterCount()
    }

    enum Verdict {
        case pass, drop
        case remark(UInt8)
    }

    private(set) var isUsed = false
    private var countsPackets = false
    private var bandCount = 0
    private var bands = InlineArray<8, Band>(repeating: Band())
    private var input = MeterCount()
    private var filled: UInt64 = 0

    init() {}

    init(_ config: MeterConfig, now: UInt64) {
        isUsed = true
        countsPackets = config.flags.contains(.pktps)
        filled = now
        for band in config.bands.prefix(Self.maximumBands) {
            // Without a burst of its own, a band takes what comes in a second, as OVS does.
            let hasBurst = config.flags.contains(.burst) && band.burst > 0
            let depth = Int64(hasBurst ? band.burst : band.rate) * 1000
            bands[bandCount] = Band(
                tokens: depth, rate: Int64(band.rate), depth: depth,
                remark: band.kind == .dscpRemark ? max(band.precedenceLevel, 1) : 0)
            bandCount += 1
        }
    }

    var counters: MeterCounters {
        var counters = MeterCounters()
        counters.input = input
        counters.bands = (0..<bandCount).map { bands[$0].count }
        return counters
    }

    /// Goes on with the counters of the meter that was there before.
    mutating func takeCounters(of old: MeterState) {
        input = old.input
        for index in 0..<min(bandCount, old.bandCount) {
            bands[index].count = old.bands[index].count
        }
    }

    private mutating func fill(_ now: UInt64) {
        guard now > filled else { return }
        // A meter that slept for an hour is full.
        let elapsed = Int64(min(now &- filled, 3_600_000))
        filled = now
        for index in 0..<bandCount {
            let sum = bands[index].tokens + bands[index].rate * elapsed
            bands[index].tokens = min(sum, bands[index].depth)
        }
    }

    /// Counts a packet, and says what is to become of it.
    mutating func admit(byteCount: Int, now: UInt64) -> Verdict {
        fill(now)
        input.add(byteCount)
        let cost = countsPackets ? 1000 : Int64(byteCount) * 8
        var worst = -1
        for index in 0..<bandCount where isExceeded(index, by: cost) {
            if worst < 0 || bands[index].rate > bands[worst].rate { worst = index }
        }
        if worst >= 0 {
            bands[worst].count.add(byteCount)
            // What is dropped takes nothing from the packets that pass.
            if bands[worst].remark == 0 { return .drop }
        }
        for index in 0..<bandCount where !isExceeded(index, by: cost) {
            bands[index].tokens -= cost
        }
        return worst >= 0 ? .remark(bands[worst].remark) : .pass
    }

    /// A packet larger than the bucket passes when that is full, and leaves a debt.
    private func isExceeded(_ index: Int, by cost: Int64) -> Bool {
        bands[index].tokens < min(cost, bands[index].depth)
    }
}
