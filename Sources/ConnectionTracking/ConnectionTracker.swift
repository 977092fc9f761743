import FlowModel

/// Follows connections: says of packets what they are to theirs, and how they are translated.
///
/// What is known of a connection is found by the tuple of its packets in a ``ConnectionTable``. A
/// packet without a connection is `new` if it may begin one, and only an order to commit makes an
/// entry. States, timeouts and what is valid follow OVS's userspace tracker.
///
/// Time is the caller's, in milliseconds.
///
/// Thread safety: none; a forwarding thread has its own tracker, and others ask on that thread.
public final class ConnectionTracker {
    /// OVS's limit on connections.
    public static var defaultMaximum: UInt32 { 3_000_000 }
    /// Entries looked at for expiry while a packet waits.
    private static var expiryBudget: Int { 64 }

    struct State: ~Copyable {
        var table: ConnectionTable
        var maximum = ConnectionTracker.defaultMaximum
        var tcp = TCPTracking(ignoresWindows: false)
        /// Connections of each zone.
        let zoneCounts: UnsafeMutablePointer<UInt32>
        /// Timeouts by policy, one behind the other; the first policy is that of most zones.
        var timeouts: UnsafeMutablePointer<UInt64>
        var random: UInt64
        var statistics = TrackingStatistics()

        init(seed: UInt64) {
            table = ConnectionTable(seed: seed)
            zoneCounts = .allocate(capacity: 65536)
            zoneCounts.initialize(repeating: 0, count: 65536)
            timeouts = .allocate(capacity: TimeoutKind.allCases.count)
            let defaults = TrackingTimeouts()
            for kind in TimeoutKind.allCases { timeouts[Int(kind.rawValue)] = defaults[kind] }
            random = seed
        }

        deinit {
            zoneCounts.deallocate()
            timeouts.deallocate()
        }
    }

    let state: UnsafeMutablePointer<State>
    /// How many connections zones may have; the default for zones without a limit of their own.
    var zoneLimits: [UInt16: UInt32] = [:]
    var defaultZoneLimit: UInt32 = 0
    /// The timeouts of zones, by the number of their policy.
    var policies: [UInt16: UInt16] = [:]
    var policyCount = 1
    var freePolicies: [UInt16] = []
    /// Connections that others have told of, by the tuple of their first packet without the port
    /// that it comes from.
    var expectations: [ConnectionKey: Expectation] = [:]
    /// Tuples of control connections, and how their texts were changed; entries count from 1.
    var parents: [ConnectionKey] = []
    var freeParents: [UInt32] = []
    var controlSkews: [ControlSkews] = []
    var freeSkews: [UInt32] = []
    /// What the last verdict asks to be written.
    var edit: PayloadEdit?

    /// - Parameter seed: what hashes begin with; unknown to those who send packets.
    public init(seed: UInt64) {
        state = .allocate(capacity: 1)
        state.initialize(to: State(seed: seed))
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// A packet on its way through the tracker.
    struct Passage {
        let packet: TrackedPacket
        var key: ConnectionKey
        var flags: ConnectionFlags
        let now: UInt64
        var isReply = false
        /// Whether the packet was translated in this zone before.
        var wasTranslated = false
    }

    /// Finds the packet's connection, or makes one, and does to it what the order says.
    ///
    /// - Parameters:
    ///   - packet: `nil` for one that cannot be tracked: it is invalid.
    ///   - previous: what an earlier `ct` has said.
    public func track(
        _ packet: TrackedPacket?, _ order: borrowing TrackingOrder, _ previous: ConnectionState?,
        now: UInt64
    ) -> TrackingVerdict {
        expire(now, budget: Self.expiryBudget)
        guard let packet else { return refuse(order) }
        var passage = Passage(packet: packet, key: packet.key, flags: [], now: now)
        passage.key.zone = order.zone
        if let previous, previous.zone == order.zone { passage.flags = previous.flags }
        var verdict = TrackingVerdict(isRelated: packet.isRelated)
        var index = find(&passage)
        if order.isForced, passage.isReply, let old = index {
            remove(old)
            index = nil
            passage.isReply = false
        }
        var begins = index == nil
        if let old = index {
            begins = update(old, &passage)
            if begins {
                remove(old)
                index = nil
                passage.isReply = false
            } else {
                if order.translates { translate(old, &passage, &verdict) }
                if state.pointee.table[old].pointee.helper != .none {
                    assist(old, passage, &verdict)
                }
            }
        }
        if begins { index = begin(&passage, order, &verdict) }
        passage.flags.insert(.tracked)
        verdict.state.flags = passage.flags
        verdict.state.zone = order.zone
        if let index {
            describe(index, order, &verdict.state)
        } else if verdict.state.originalProtocol == 0 {
            verdict.state.setOriginal(passage.key)
        }
        if passage.flags.contains(.invalid) { state.pointee.statistics.invalid &+= 1 }
        return verdict
    }

    private func refuse(_ order: borrowing TrackingOrder) -> TrackingVerdict {
        var verdict = TrackingVerdict(isRelated: false)
        verdict.state.flags = [.invalid, .tracked]
        verdict.state.zone = order.zone
        state.pointee.statistics.invalid &+= 1
        return verdict
    }

    /// The packet's connection.
    ///
    /// A packet that was translated in this zone before has the tuple of its answer, reversed.
    private func find(_ passage: inout Passage) -> UInt32? {
        let wasTranslated = !passage.flags.isDisjoint(with: .translated)
        let key = wasTranslated ? passage.key.reversed : passage.key
        guard let found = state.pointee.table.find(key) else { return nil }
        guard state.pointee.table[found.index].pointee.expires > passage.now else {
            remove(found.index)
            return nil
        }
        passage.isReply = found.isReply != wasTranslated
        passage.wasTranslated = wasTranslated
        return found.index
    }

    /// Tells a connection of a packet.
    ///
    /// - Returns: whether the packet begins another connection in its place.
    private func update(_ index: UInt32, _ passage: inout Passage) -> Bool {
        let entry = state.pointee.table[index]
        if passage.packet.isRelated {
            passage.flags.insert(.related)
            if passage.isReply { passage.flags.insert(.reply) }
            return false
        }
        if entry.pointee.parent != 0 { passage.flags.insert(.related) }
        switch advance(index, entry, passage) {
        case .valid:
            passage.flags.insert(.established)
            passage.flags.remove(.new)
            if passage.isReply { passage.flags.insert(.reply) }
        case .validNew: passage.flags.insert(.new)
        case .invalid: passage.flags = .invalid
        case .reopens: return true
        }
        return false
    }

    @inline(__always)
    private func advance(
        _ index: UInt32, _ entry: UnsafeMutablePointer<Connection>, _ passage: Passage
    ) -> TrackingResult {
        let timeout: TimeoutKind
        var result = TrackingResult.valid
        switch passage.key.ipProtocol {
        case IPProtocol.tcp:
            let segment =
                entry.pointee.skews == 0
                ? passage.packet.segment : unskewed(entry, passage)
            let answer =
                passage.isReply
                ? state.pointee.tcp.update(
                    &entry.pointee.server, &entry.pointee.client, segment)
                : state.pointee.tcp.update(
                    &entry.pointee.client, &entry.pointee.server, segment)
            guard let kind = answer.timeout else { return answer.result }
            timeout = kind
            result = answer.result
        case IPProtocol.icmp, IPProtocol.icmpv6:
            if passage.isReply { entry.pointee.exchange = .answered }
            let isAnswered = entry.pointee.exchange == .answered
            timeout = isAnswered ? .icmpAnswered : .icmpFirst
            if !isAnswered { result = .validNew }
        default:
            if passage.isReply {
                entry.pointee.exchange = .answered
            } else if entry.pointee.exchange == .first {
                entry.pointee.exchange = .multiple
            }
            let isAnswered = entry.pointee.exchange == .answered
            timeout = isAnswered ? .otherAnswered : .otherMultiple
            if !isAnswered { result = .validNew }
        }
        let life = self.timeout(timeout, policy: entry.pointee.policy)
        state.pointee.table.setExpiry(index, passage.now &+ life)
        return result
    }

    @inline(__always)
    func timeout(_ kind: TimeoutKind, policy: UInt16) -> UInt64 {
        state.pointee.timeouts[Int(policy) &* TimeoutKind.allCases.count &+ Int(kind.rawValue)]
    }

    // MARK: Beginnings

    private func mayBegin(_ packet: TrackedPacket) -> Bool {
        switch packet.key.ipProtocol {
        case IPProtocol.tcp: packet.segment.mayBegin
        case IPProtocol.icmp, IPProtocol.icmpv6:
            ICMPTypes.isRequest(packet.key.icmpType, isIPv6: packet.key.isIPv6)
        default: true
        }
    }

    /// Says that a packet is new, and makes an entry if it is to be committed.
    private func begin(
        _ passage: inout Passage, _ order: borrowing TrackingOrder, _ verdict: inout TrackingVerdict
    ) -> UInt32? {
        guard !passage.packet.isRelated, mayBegin(passage.packet) else {
            passage.flags = .invalid
            return nil
        }
        passage.flags = .new
        let expected = expectation(for: passage.key, now: passage.now)
        if let expected {
            passage.flags.insert(.related)
            describe(expected, &verdict.state)
        }
        guard order.isCommitted, hasRoom(in: order.zone) else { return nil }
        var connection = Connection()
        connection.forward = passage.key
        connection.reverse = passage.key.reversed
        connection.helper = order.helper
        connection.policy = policies.isEmpty ? 0 : policies[order.zone] ?? 0
        if let expected {
            adopt(&connection, expected, isTranslated: order.translates)
        } else if order.translates, !order.translation.kind.isEmpty {
            connection.translation = order.translation.kind
            guard let reverse = chooseTuple(order.translation, passage) else {
                state.pointee.statistics.exhaustions &+= 1
                return nil
            }
            connection.reverse = reverse
        }
        let kind: TimeoutKind
        switch passage.key.ipProtocol {
        case IPProtocol.tcp:
            (connection.client, connection.server) = TCPTracking.begin(passage.packet.segment)
            kind = .tcpFirst
        case IPProtocol.icmp, IPProtocol.icmpv6: kind = .icmpFirst
        default: kind = .otherFirst
        }
        connection.expires = passage.now &+ timeout(kind, policy: connection.policy)
        let index = state.pointee.table.insert(connection)
        state.pointee.zoneCounts[Int(order.zone)] &+= 1
        if order.translates { translate(index, &passage, &verdict) }
        if order.helper != .none { assist(index, passage, &verdict) }
        return index
    }

    /// Whether the table and the zone take one more.
    private func hasRoom(in zone: UInt16) -> Bool {
        guard state.pointee.table.count < state.pointee.maximum else {
            state.pointee.statistics.full &+= 1
            return false
        }
        guard defaultZoneLimit > 0 || !zoneLimits.isEmpty else { return true }
        let limit = zoneLimits[zone] ?? defaultZoneLimit
        return limit == 0 || state.pointee.zoneCounts[Int(zone)] < limit
    }

    private func chooseTuple(_ range: AddressRange, _ passage: Passage) -> ConnectionKey? {
        state.pointee.random = state.pointee.random &* 0x5851_F42D_4C95_7F2D &+ 1
        var selection = TupleSelection(
            range, passage.key, seed: state.pointee.table.seed, random: state.pointee.random)
        return selection.choose { key in
            guard let found = state.pointee.table.find(key) else { return true }
            guard state.pointee.table[found.index].pointee.expires <= passage.now else {
                return false
            }
            remove(found.index)
            return true
        }
    }

    // MARK: Answers

    /// Has the helper of a control connection look at a packet that belongs there.
    private func assist(
        _ index: UInt32, _ passage: Passage, _ verdict: inout TrackingVerdict
    ) {
        guard !passage.packet.isRelated, !passage.wasTranslated,
            !passage.flags.contains(.invalid)
        else { return }
        help(index, passage, &verdict)
    }

    /// Says of a packet what is known of the connection that told of it.
    private func describe(_ expected: Expectation, _ known: inout ConnectionState) {
        let parent = state.pointee.table[expected.parent]
        known.mark = parent.pointee.mark
        known.label = parent.pointee.label
        known.setOriginal(expected.parentKey)
    }

    /// Has a packet translated as its connection is, unless it was before.
    private func translate(
        _ index: UInt32, _ passage: inout Passage, _ verdict: inout TrackingVerdict
    ) {
        let entry = state.pointee.table[index]
        let kind = entry.pointee.translation
        guard !kind.isEmpty, passage.flags.isDisjoint(with: .translated) else { return }
        verdict.translation = passage.isReply ? kind.reversed : kind
        verdict.target =
            passage.isReply ? entry.pointee.forward.reversed : entry.pointee.reverse.reversed
        if verdict.translation.contains(.source) { passage.flags.insert(.sourceNAT) }
        if verdict.translation.contains(.destination) { passage.flags.insert(.destinationNAT) }
    }

    /// Sets a connection's mark and label, and says them of the packet.
    private func describe(
        _ index: UInt32, _ order: borrowing TrackingOrder, _ known: inout ConnectionState
    ) {
        let entry = state.pointee.table[index]
        if order.markMask != 0 {
            entry.pointee.mark = entry.pointee.mark & ~order.markMask | order.mark
        }
        if order.labelMask != 0 {
            entry.pointee.label = entry.pointee.label & ~order.labelMask | order.label
        }
        known.mark = entry.pointee.mark
        known.label = entry.pointee.label
        let parent = entry.pointee.parent
        known.setOriginal(parent == 0 ? entry.pointee.forward : parents[Int(parent) - 1])
    }

    // MARK: Removal

    func remove(_ index: UInt32) {
        let zone = state.pointee.table[index].pointee.forward.zone
        state.pointee.zoneCounts[Int(zone)] &-= 1
        releaseRecords(of: state.pointee.table[index])
        state.pointee.table.remove(index)
    }

    /// Drops connections of which nothing was heard.
    func expire(_ now: UInt64, budget: Int) {
        guard now &>> 10 > state.pointee.table.tick || budget == .max else { return }
        let counts = state.pointee.zoneCounts
        state.pointee.table.advance(to: now, budget: budget) { table, index in
            counts[Int(table[index].pointee.forward.zone)] &-= 1
            releaseRecords(of: table[index])
            table.remove(index)
        }
    }
}
