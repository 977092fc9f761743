/// What operators ask of the tracker.
extension ConnectionTracker {
    /// How many connections there are.
    public var count: Int { state.pointee.table.count }

    /// How many there may be; more than that stay as they are.
    public var maximum: UInt32 {
        get { state.pointee.maximum }
        set { state.pointee.maximum = newValue }
    }

    /// Whether segments of TCP outside of their windows are invalid.
    public var checksSequenceNumbers: Bool {
        get { !state.pointee.tcp.ignoresWindows }
        set { state.pointee.tcp = TCPTracking(ignoresWindows: !newValue) }
    }

    public var statistics: TrackingStatistics { state.pointee.statistics }

    /// Octets of memory for connections.
    public var byteCount: Int { state.pointee.table.byteCount }

    /// Connections by the shard of the table that holds them.
    public var countsOfShards: [Int] { state.pointee.table.countsOfShards() }

    /// The connections that are meant, in no order.
    public func records(_ selection: ConnectionSelection, now: UInt64) -> [ConnectionRecord] {
        expire(now, budget: .max)
        var records: [ConnectionRecord] = []
        for index in 0..<state.pointee.table.slotCount {
            let entry = state.pointee.table[index]
            guard entry.pointee.flags.contains(.isUsed), entry.pointee.expires > now,
                selection.includes(entry.pointee)
            else { continue }
            records.append(record(entry, now))
        }
        return records
    }

    private func record(
        _ entry: UnsafeMutablePointer<Connection>, _ now: UInt64
    ) -> ConnectionRecord {
        let isTCP = entry.pointee.forward.ipProtocol == 6
        return ConnectionRecord(
            forward: entry.pointee.forward, reverse: entry.pointee.reverse,
            mark: entry.pointee.mark, label: entry.pointee.label,
            timeLeft: entry.pointee.expires - now,
            peers: isTCP ? [.init(entry.pointee.client), .init(entry.pointee.server)] : [],
            helper: entry.pointee.helper,
            parent: entry.pointee.parent == 0 ? nil : parents[Int(entry.pointee.parent) - 1])
    }

    /// Forgets the connections that are meant.
    public func flush(_ selection: ConnectionSelection) {
        for index in 0..<state.pointee.table.slotCount {
            let entry = state.pointee.table[index]
            guard entry.pointee.flags.contains(.isUsed), selection.includes(entry.pointee) else {
                continue
            }
            remove(index)
        }
    }

    /// Forgets connections of which nothing was heard.
    public func expire(now: UInt64) { expire(now, budget: .max) }

    // MARK: Zones

    /// How many connections a zone without a limit of its own may have; 0 for any number.
    public func setDefaultLimit(_ limit: UInt32) { defaultZoneLimit = limit }

    public var defaultLimit: UInt32 { defaultZoneLimit }

    public func setLimit(ofZone zone: UInt16, _ limit: UInt32?) { zoneLimits[zone] = limit }

    /// The zones with limits of their own.
    public var limitedZones: [UInt16] { zoneLimits.keys.sorted() }

    /// A zone's limit, its own or the default, and its connections.
    public func limit(ofZone zone: UInt16) -> (limit: UInt32, count: UInt32) {
        (zoneLimits[zone] ?? defaultZoneLimit, state.pointee.zoneCounts[Int(zone)])
    }

    /// Gives a zone timeouts of its own, or takes them away.
    ///
    /// Connections that the zone has keep to those of the time at which they began, with their
    /// values of now.
    public func setTimeouts(ofZone zone: UInt16, _ timeouts: TrackingTimeouts?) {
        guard let timeouts else {
            if let policy = policies.removeValue(forKey: zone) {
                write(TrackingTimeouts(), policy: policy)
                freePolicies.append(policy)
            }
            return
        }
        write(timeouts, policy: policies[zone] ?? makePolicy(for: zone))
    }

    private func write(_ timeouts: TrackingTimeouts, policy: UInt16) {
        let place = Int(policy) * TimeoutKind.allCases.count
        for kind in TimeoutKind.allCases {
            state.pointee.timeouts[place + Int(kind.rawValue)] = timeouts[kind]
        }
    }

    private func makePolicy(for zone: UInt16) -> UInt16 {
        if let policy = freePolicies.popLast() {
            policies[zone] = policy
            return policy
        }
        let size = TimeoutKind.allCases.count
        let larger = UnsafeMutablePointer<UInt64>.allocate(capacity: (policyCount + 1) * size)
        larger.initialize(from: state.pointee.timeouts, count: policyCount * size)
        (larger + policyCount * size).initialize(repeating: 0, count: size)
        state.pointee.timeouts.deallocate()
        state.pointee.timeouts = larger
        let policy = UInt16(truncatingIfNeeded: policyCount)
        policyCount += 1
        policies[zone] = policy
        return policy
    }
}
