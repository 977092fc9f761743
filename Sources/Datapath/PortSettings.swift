import Synchronization

/// How packets are treated that come in by a port.
public struct PortSettings: Equatable, Sendable {
    /// Whether the exact-match cache is used for them (`emc-enable`).
    public var usesExactMatches = true
    /// How many are let in (`ingress_policing_rate` and its like).
    public var policing = Policing()
    /// The cores that its queues are to be served on, by queue (`pmd-rxq-affinity`).
    public var pinnedCores: [Int: Int] = [:]

    public init() {}
}

/// How much a port may receive; 0 for no limit.
///
/// Bursts are `ovs-vswitchd.conf.db`(5)'s defaults where they are 0.
public struct Policing: Equatable, Sendable {
    public static let defaultKilobitBurst = 8000
    public static let defaultKilopacketBurst = 16

    /// Thousands of bits a second.
    public var kilobitRate = 0
    /// Thousands of bits.
    public var kilobitBurst = 0
    /// Thousands of packets a second.
    public var kilopacketRate = 0
    /// Thousands of packets.
    public var kilopacketBurst = 0

    public init() {}

    public var isOff: Bool { kilobitRate <= 0 && kilopacketRate <= 0 }
}

/// How much a port may still receive; the same for all threads that serve its queues.
///
/// *Thread safety*: any thread.
public final class SharedPolicing: Sendable {
    private let state: Mutex<PolicingState>

    public init(_ policing: Policing, now: UInt64) {
        state = Mutex(PolicingState(policing, now: now))
    }

    @inline(__always)
    func withState(_ body: (inout PolicingState) -> Void) {
        state.withLock { body(&$0) }
    }
}

/// The token buckets of a port: plain memory.
struct PolicingState {
    /// Tokens a millisecond, and how many there may be: bits, then packets in thousandths.
    private var bitRate: UInt64 = 0
    private var bitLimit: UInt64 = 0
    private var packetRate: UInt64 = 0
    private var packetLimit: UInt64 = 0
    private var bits: UInt64 = 0
    private var packets: UInt64 = 0
    private var filled: UInt64 = 0

    init(_ policing: Policing, now: UInt64) {
        func positive(_ value: Int, _ other: Int = 0) -> UInt64 {
            UInt64(min(value > 0 ? value : other, 1 << 40))
        }
        bitRate = positive(policing.kilobitRate)
        bitLimit = positive(policing.kilobitBurst, Policing.defaultKilobitBurst) * 1000
        packetRate = positive(policing.kilopacketRate) * 1000
        packetLimit =
            positive(policing.kilopacketBurst, Policing.defaultKilopacketBurst) * 1_000_000
        bits = bitLimit
        packets = packetLimit
        filled = now
    }

    /// Adds the tokens of the time that has passed; to be called once a batch.
    mutating func fill(now: UInt64) {
        guard now > filled else { return }
        let elapsed = min(now - filled, 1 << 20)
        filled = now
        bits = min(bitLimit, bits &+ bitRate &* elapsed)
        packets = min(packetLimit, packets &+ packetRate &* elapsed)
    }

    /// Whether a packet may pass, for which it pays.
    mutating func admits(byteCount: Int) -> Bool {
        let cost = UInt64(truncatingIfNeeded: byteCount) &* 8
        if bitRate > 0 && bits < cost { return false }
        if packetRate > 0 && packets < 1000 { return false }
        if bitRate > 0 { bits &-= cost }
        if packetRate > 0 { packets &-= 1000 }
        return true
    }
}
