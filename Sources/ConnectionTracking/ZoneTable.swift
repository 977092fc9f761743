import Synchronization

/// What zones have of their own: connections, limits and timeouts.
///
/// Packets read it, operators change it, and neither waits: each number is atomic. A zone without
/// anything of its own is all zeros and takes no memory.
struct ZoneTable: ~Copyable {
    private static var zoneCount: Int { 65536 }
    private static var kindCount: Int { TimeoutKind.allCases.count }

    private let counts: UnsafeMutablePointer<Atomic<UInt32>>
    /// One more than the limit, or 0 for that of all.
    private let limits: UnsafeMutablePointer<Atomic<UInt32>>
    private let policies: UnsafeMutablePointer<Atomic<UInt16>>
    /// Timeouts by policy, one behind the other; the first policy is that of most zones.
    private let timeouts: UnsafeMutablePointer<Atomic<UInt64>>
    private let defaultLimitValue = Atomic<UInt32>(0)

    init() {
        counts = ConnectionTable.reserve(Self.zoneCount)
        limits = ConnectionTable.reserve(Self.zoneCount)
        policies = ConnectionTable.reserve(Self.zoneCount)
        timeouts = ConnectionTable.reserve(Self.zoneCount * Self.kindCount)
        write(TrackingTimeouts(), policy: 0)
    }

    deinit {
        ConnectionTable.release(counts)
        ConnectionTable.release(limits)
        ConnectionTable.release(policies)
        ConnectionTable.release(timeouts)
    }

    // MARK: Limits

    /// Counts one more connection of a zone, if its limit allows.
    func takesRoom(in zone: UInt16) -> Bool {
        let count = counts[Int(zone)].wrappingAdd(1, ordering: .relaxed).newValue
        let limit = limit(of: zone)
        guard limit == 0 || count <= limit else {
            leaveRoom(in: zone)
            return false
        }
        return true
    }

    func leaveRoom(in zone: UInt16) {
        counts[Int(zone)].wrappingSubtract(1, ordering: .relaxed)
    }

    func count(of zone: UInt16) -> UInt32 { counts[Int(zone)].load(ordering: .relaxed) }

    /// How many connections zones without a limit of their own may have; 0 for any number.
    var defaultLimit: UInt32 {
        get { defaultLimitValue.load(ordering: .relaxed) }
        nonmutating set { defaultLimitValue.store(newValue, ordering: .relaxed) }
    }

    /// A zone's limit, its own or the default.
    func limit(of zone: UInt16) -> UInt32 {
        let own = limits[Int(zone)].load(ordering: .relaxed)
        return own == 0 ? defaultLimit : own - 1
    }

    func setLimit(of zone: UInt16, _ limit: UInt32?) {
        // The largest limit is none: there are not so many entries.
        let value = limit.map { min($0, .max - 1) + 1 } ?? 0
        limits[Int(zone)].store(value, ordering: .relaxed)
    }

    /// The zones with limits of their own.
    var limited: [UInt16] {
        (0..<Self.zoneCount).filter { limits[$0].load(ordering: .relaxed) != 0 }
            .map { UInt16(truncatingIfNeeded: $0) }
    }

    // MARK: Timeouts

    @inline(__always)
    func policy(of zone: UInt16) -> UInt16 { policies[Int(zone)].load(ordering: .relaxed) }

    func setPolicy(of zone: UInt16, _ policy: UInt16) {
        policies[Int(zone)].store(policy, ordering: .relaxed)
    }

    @inline(__always)
    func timeout(_ kind: TimeoutKind, policy: UInt16) -> UInt64 {
        timeouts[Int(policy) &* Self.kindCount &+ Int(kind.rawValue)].load(ordering: .relaxed)
    }

    func write(_ values: TrackingTimeouts, policy: UInt16) {
        for kind in TimeoutKind.allCases {
            let place = Int(policy) * Self.kindCount + Int(kind.rawValue)
            timeouts[place].store(values[kind], ordering: .relaxed)
        }
    }
}
