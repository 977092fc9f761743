import Synchronization

/// What operators ask of the tracker.
extension ConnectionTracker {
    /// How many connections there are.
    public var count: Int { Int(state.pointee.count.load(ordering: .relaxed)) }

    /// How many there may be; more than that stay as they are.
    public var maximum: UInt32 {
        get { state.pointee.maximum.load(ordering: .relaxed) }
        set { state.pointee.maximum.store(newValue, ordering: .relaxed) }
    }

    /// Whether segments of TCP outside of their windows are invalid.
    public var checksSequenceNumbers: Bool {
        get { !state.pointee.ignoresWindows.load(ordering: .relaxed) }
        set { state.pointee.ignoresWindows.store(!newValue, ordering: .relaxed) }
    }

    public var statistics: TrackingStatistics {
        TrackingStatistics(
            invalid: state.pointee.invalid.load(ordering: .relaxed),
            full: state.pointee.full.load(ordering: .relaxed),
            exhaustions: state.pointee.exhaustions.load(ordering: .relaxed))
    }

    /// Octets of memory for connections.
    public var byteCount: Int { state.pointee.table.byteCount }

    /// Connections by the shard of the table that holds them.
    public var countsOfShards: [Int] { state.pointee.table.countsOfShards() }

    /// The connections that are meant, in no order.
    public func records(_ selection: ConnectionSelection, now: UInt64) -> [ConnectionRecord] {
        expire(now, budget: .max)
        var records: [ConnectionRecord] = []
        state.pointee.table.forEach { _, entry in
            guard entry.pointee.expires > now, selection.includes(entry.pointee) else { return }
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
            parent: entry.pointee.parent == 0 ? nil : helpers.parent(entry.pointee.parent))
    }

    /// Forgets the connections that are meant.
    public func flush(_ selection: ConnectionSelection) {
        var meant: [ConnectionTicket] = []
        state.pointee.table.forEach { index, entry in
            if selection.includes(entry.pointee) { meant.append(state.pointee.table.ticket(index)) }
        } between: {
            for ticket in meant { remove(ticket) }
            meant.removeAll(keepingCapacity: true)
        }
    }

    /// Forgets connections of which nothing was heard.
    public func expire(now: UInt64) { expire(now, budget: .max) }

    // MARK: Zones

    /// How many connections a zone without a limit of its own may have; 0 for any number.
    public func setDefaultLimit(_ limit: UInt32) { state.pointee.zones.defaultLimit = limit }

    public var defaultLimit: UInt32 { state.pointee.zones.defaultLimit }

    public func setLimit(ofZone zone: UInt16, _ limit: UInt32?) {
        state.pointee.zones.setLimit(of: zone, limit)
    }

    /// The zones with limits of their own.
    public var limitedZones: [UInt16] { state.pointee.zones.limited }

    /// A zone's limit, its own or the default, and its connections.
    public func limit(ofZone zone: UInt16) -> (limit: UInt32, count: UInt32) {
        (state.pointee.zones.limit(of: zone), state.pointee.zones.count(of: zone))
    }

    /// Gives a zone timeouts of its own, or takes them away; by one thread at a time.
    ///
    /// Connections that the zone has keep to those of the time at which they began, with their
    /// values of now.
    public func setTimeouts(ofZone zone: UInt16, _ timeouts: TrackingTimeouts?) {
        var policy = state.pointee.zones.policy(of: zone)
        guard let timeouts else {
            guard policy != 0 else { return }
            state.pointee.zones.setPolicy(of: zone, 0)
            state.pointee.zones.write(TrackingTimeouts(), policy: policy)
            freePolicies.append(policy)
            return
        }
        if policy == 0 {
            // There are as many policies as zones, of which the last keeps to that of all.
            guard freePolicies.last != nil || policyCount <= Int(UInt16.max) else { return }
            policy = freePolicies.popLast() ?? UInt16(truncatingIfNeeded: policyCount)
            policyCount = max(policyCount, Int(policy) + 1)
        }
        state.pointee.zones.write(timeouts, policy: policy)
        state.pointee.zones.setPolicy(of: zone, policy)
    }
}
