import Bytes
import FlowModel
import Synchronization

/// Follows connections: says of packets what they are to theirs, and how they are translated.
///
/// What is known of a connection is found by the tuple of its packets in a ``ConnectionTable``. A
/// packet without a connection is `new` if it may begin one, and only an order to commit makes an
/// entry. States, timeouts and what is valid follow OVS's userspace tracker.
///
/// Time is the caller's, in milliseconds.
///
/// Thread safety: one thread may use it until ``share()`` was called, then any number. A connection
/// is read and changed under the lock of its shard; one that comes or goes needs the locks of both
/// its tuples' shards, and what was found before they were taken is looked at again. Zones, limits
/// and numbers are atomic. What helpers know is behind a lock of its own, the last to be taken, and
/// packets that have nothing to do with helpers do not meet it.
public final class ConnectionTracker: @unchecked Sendable {
    /// OVS's limit on connections.
    public static var defaultMaximum: UInt32 { 3_000_000 }
    /// Entries looked at for expiry while a packet waits.
    private static var expiryBudget: Int { 64 }
    /// How often tuples are chosen anew because other threads have taken them meanwhile.
    private static var maximumChoices: Int { 8 }

    struct State: ~Copyable {
        let table: ConnectionTable
        let count = Atomic<UInt32>(0)
        let maximum = Atomic<UInt32>(ConnectionTracker.defaultMaximum)
        let ignoresWindows = Atomic<Bool>(false)
        let zones = ZoneTable()
        let random: Atomic<UInt64>
        let invalid = Atomic<UInt64>(0)
        let full = Atomic<UInt64>(0)
        let exhaustions = Atomic<UInt64>(0)
        /// The second up to which all shards have been looked at.
        let expiryTick = Atomic<UInt64>(0)

        init(seed: UInt64) {
            table = ConnectionTable(seed: seed)
            random = Atomic(seed)
        }
    }

    let state: UnsafeMutablePointer<State>
    /// What helpers know, and the lock for it.
    let helpers = HelperRecords()
    /// The timeouts of zones: policies that were given to a zone once, and those that are free.
    var policyCount = 1
    var freePolicies: [UInt16] = []
    /// Who looks for expired connections, one thread at a time.
    private let expiry = ExpiryRound()

    /// - Parameter seed: what hashes begin with; unknown to those who send packets.
    public init(seed: UInt64) {
        state = .allocate(capacity: 1)
        state.initialize(to: State(seed: seed))
    }

    deinit {
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// Lets other threads use the tracker too; to be called by the one that has used it alone.
    public func share() {
        state.pointee.table.share()
        helpers.isShared = true
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
        // Again where another thread has begun the same connection meanwhile.
        while !belongs(&passage, order, &verdict), !begins(&passage, order, &verdict) {}
        passage.flags.insert(.tracked)
        verdict.state.flags = passage.flags
        verdict.state.zone = order.zone
        if verdict.state.originalProtocol == 0 { verdict.state.setOriginal(passage.key) }
        if passage.flags.contains(.invalid) { add(1, to: state.pointee.invalid) }
        return verdict
    }

    private func refuse(_ order: borrowing TrackingOrder) -> TrackingVerdict {
        var verdict = TrackingVerdict(isRelated: false)
        verdict.state.flags = [.invalid, .tracked]
        verdict.state.zone = order.zone
        add(1, to: state.pointee.invalid)
        return verdict
    }

    /// Counts what threads may count at once.
    @inline(__always)
    private func add(_ value: UInt64, to counter: borrowing Atomic<UInt64>) {
        counter.wrappingAdd(value, ordering: .relaxed)
    }

    // MARK: Connections that are there

    /// Does what the order says if the packet belongs to a connection.
    private func belongs(
        _ passage: inout Passage, _ order: borrowing TrackingOrder, _ verdict: inout TrackingVerdict
    ) -> Bool {
        guard let index = hold(&passage) else { return false }
        let entry = state.pointee.table[index]
        let shard = state.pointee.table.shard(entry.pointee.forwardHash)
        let replaces = order.isForced && passage.isReply || update(index, &passage)
        if replaces {
            let ticket = state.pointee.table.ticket(index)
            state.pointee.table.unlock(shard)
            remove(ticket)
            passage.isReply = false
            return false
        }
        if order.translates { translate(entry, &passage, &verdict) }
        if entry.pointee.helper != .none { assist(index, passage, &verdict) }
        describe(entry, order, &verdict.state)
        state.pointee.table.unlock(shard)
        return true
    }

    /// The packet's connection, with the lock of its shard taken.
    ///
    /// A packet that was translated in this zone before has the tuple of its answer, reversed.
    private func hold(_ passage: inout Passage) -> UInt32? {
        let wasTranslated = !passage.flags.isDisjoint(with: .translated)
        let key = wasTranslated ? passage.key.reversed : passage.key
        let hash = state.pointee.table.hash(key)
        let shard = state.pointee.table.shard(hash)
        while true {
            state.pointee.table.lock(shard)
            guard let found = state.pointee.table.find(key, hash) else {
                state.pointee.table.unlock(shard)
                return nil
            }
            let ticket = state.pointee.table.ticket(found.index)
            let owner = state.pointee.table.shard(ticket.forwardHash)
            if owner != shard {
                state.pointee.table.unlock(shard)
                state.pointee.table.lock(owner)
                guard state.pointee.table.isValid(ticket) else {
                    state.pointee.table.unlock(owner)
                    continue
                }
            }
            guard state.pointee.table[found.index].pointee.expires > passage.now else {
                state.pointee.table.unlock(owner)
                remove(ticket)
                return nil
            }
            passage.isReply = found.isReply != wasTranslated
            passage.wasTranslated = wasTranslated
            return found.index
        }
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
            let tracking = TCPTracking(
                ignoresWindows: state.pointee.ignoresWindows.load(ordering: .relaxed))
            let answer =
                passage.isReply
                ? tracking.update(&entry.pointee.server, &entry.pointee.client, segment)
                : tracking.update(&entry.pointee.client, &entry.pointee.server, segment)
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
        let life = state.pointee.zones.timeout(timeout, policy: entry.pointee.policy)
        state.pointee.table.setExpiry(index, passage.now &+ life)
        return result
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
    ///
    /// - Returns: false if another thread has begun the connection meanwhile.
    private func begins(
        _ passage: inout Passage, _ order: borrowing TrackingOrder, _ verdict: inout TrackingVerdict
    ) -> Bool {
        guard !passage.packet.isRelated, mayBegin(passage.packet) else {
            passage.flags = .invalid
            return true
        }
        passage.flags = .new
        let expected = expectation(for: passage.key, now: passage.now)
        if let expected {
            passage.flags.insert(.related)
            verdict.state.mark = expected.mark
            verdict.state.label = expected.label
            verdict.state.setOriginal(expected.expectation.parentKey)
        }
        guard order.isCommitted, takesRoom(in: order.zone) else { return true }
        var connection = first(passage, order)
        if let expected {
            adopt(
                &connection, expected, isTranslated: order.translates, now: passage.now)
        } else if order.translates, !order.translation.kind.isEmpty {
            connection.translation = order.translation.kind
        }
        connection.forwardHash = state.pointee.table.hash(connection.forward)
        for _ in 0..<Self.maximumChoices {
            if expected == nil, order.translates, !order.translation.kind.isEmpty {
                guard let reverse = chooseTuple(order.translation, passage) else { break }
                connection.reverse = reverse
            }
            connection.reverseHash = state.pointee.table.hash(connection.reverse)
            switch insert(connection, &passage, order, &verdict) {
            case .inserted: return true
            case .isThere:
                leaveRoom(in: order.zone)
                releaseRecords(of: connection)
                verdict = TrackingVerdict(isRelated: false)
                passage.flags = []
                return false
            case .isTaken: continue
            }
        }
        add(1, to: state.pointee.exhaustions)
        leaveRoom(in: order.zone)
        releaseRecords(of: connection)
        return true
    }

    /// An entry for the connection that a packet begins.
    private func first(_ passage: Passage, _ order: borrowing TrackingOrder) -> Connection {
        var connection = Connection()
        connection.forward = passage.key
        connection.reverse = passage.key.reversed
        connection.helper = order.helper
        connection.policy = state.pointee.zones.policy(of: order.zone)
        let kind: TimeoutKind
        switch passage.key.ipProtocol {
        case IPProtocol.tcp:
            (connection.client, connection.server) = TCPTracking.begin(passage.packet.segment)
            kind = .tcpFirst
        case IPProtocol.icmp, IPProtocol.icmpv6: kind = .icmpFirst
        default: kind = .otherFirst
        }
        connection.expires =
            passage.now &+ state.pointee.zones.timeout(kind, policy: connection.policy)
        return connection
    }

    /// What became of a new entry.
    private enum Insertion {
        case inserted
        /// Another thread has begun the same connection.
        case isThere
        /// Another thread has given the tuple of its answers away.
        case isTaken
    }

    private func insert(
        _ connection: Connection, _ passage: inout Passage, _ order: borrowing TrackingOrder,
        _ verdict: inout TrackingVerdict
    ) -> Insertion {
        let shard = state.pointee.table.shard(connection.forwardHash)
        let other = state.pointee.table.shard(connection.reverseHash)
        state.pointee.table.lock(shard, other)
        defer { state.pointee.table.unlock(shard, other) }
        if state.pointee.table.isShared {
            if state.pointee.table.find(connection.forward, connection.forwardHash) != nil {
                return .isThere
            }
            if state.pointee.table.find(connection.reverse, connection.reverseHash) != nil {
                return .isTaken
            }
        }
        let index = state.pointee.table.insert(connection, now: passage.now)
        let entry = state.pointee.table[index]
        if order.translates { translate(entry, &passage, &verdict) }
        if order.helper != .none { assist(index, passage, &verdict) }
        describe(entry, order, &verdict.state)
        return .inserted
    }

    /// Takes a place in the table and the zone, if there is one.
    private func takesRoom(in zone: UInt16) -> Bool {
        let count = state.pointee.count.wrappingAdd(1, ordering: .relaxed).newValue
        guard count <= state.pointee.maximum.load(ordering: .relaxed) else {
            state.pointee.count.wrappingSubtract(1, ordering: .relaxed)
            add(1, to: state.pointee.full)
            return false
        }
        guard state.pointee.zones.takesRoom(in: zone) else {
            state.pointee.count.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        return true
    }

    private func leaveRoom(in zone: UInt16) {
        state.pointee.count.wrappingSubtract(1, ordering: .relaxed)
        state.pointee.zones.leaveRoom(in: zone)
    }

    private func chooseTuple(_ range: AddressRange, _ passage: Passage) -> ConnectionKey? {
        let random = state.pointee.random.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed)
        var selection = TupleSelection(
            range, passage.key, seed: state.pointee.table.seed,
            random: Mixing.mix(random.newValue, 0xA076_1D64_78BD_642F))
        return selection.choose { isFree($0, now: passage.now) }
    }

    /// Whether no connection has a tuple; one of which nothing was heard is forgotten.
    func isFree(_ key: ConnectionKey, now: UInt64) -> Bool {
        let hash = state.pointee.table.hash(key)
        let shard = state.pointee.table.shard(hash)
        state.pointee.table.lock(shard)
        guard let found = state.pointee.table.find(key, hash) else {
            state.pointee.table.unlock(shard)
            return true
        }
        let ticket = state.pointee.table.ticket(found.index)
        state.pointee.table.unlock(shard)
        return remove(ticket, ifExpired: now)
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

    /// Has a packet translated as its connection is, unless it was before.
    private func translate(
        _ entry: UnsafeMutablePointer<Connection>, _ passage: inout Passage,
        _ verdict: inout TrackingVerdict
    ) {
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
        _ entry: UnsafeMutablePointer<Connection>, _ order: borrowing TrackingOrder,
        _ known: inout ConnectionState
    ) {
        if order.markMask != 0 {
            entry.pointee.mark = entry.pointee.mark & ~order.markMask | order.mark
        }
        if order.labelMask != 0 {
            entry.pointee.label = entry.pointee.label & ~order.labelMask | order.label
        }
        known.mark = entry.pointee.mark
        known.label = entry.pointee.label
        let parent = entry.pointee.parent
        known.setOriginal(parent == 0 ? entry.pointee.forward : helpers.parent(parent))
    }

    // MARK: Removal

    /// Forgets a connection, unless somebody else did.
    ///
    /// - Parameter now: only if it has expired by then.
    /// - Returns: whether it is gone.
    @discardableResult
    func remove(_ ticket: ConnectionTicket, ifExpired now: UInt64 = .max) -> Bool {
        let shard = state.pointee.table.shard(ticket.forwardHash)
        let other = state.pointee.table.shard(ticket.reverseHash)
        state.pointee.table.lock(shard, other)
        defer { state.pointee.table.unlock(shard, other) }
        guard state.pointee.table.isValid(ticket) else { return true }
        let entry = state.pointee.table[ticket.index]
        guard entry.pointee.expires <= now else {
            // It may have been taken off its wheel to be forgotten.
            if !entry.pointee.flags.contains(.isScheduled) {
                state.pointee.table.schedule(ticket.index, shard)
            }
            return false
        }
        removeLocked(ticket.index)
        return true
    }

    /// Forgets a connection, under the locks of both shards.
    private func removeLocked(_ index: UInt32) {
        let entry = state.pointee.table[index]
        leaveRoom(in: entry.pointee.forward.zone)
        releaseRecords(of: entry.pointee)
        state.pointee.table.remove(index)
    }

    /// Drops connections of which nothing was heard.
    ///
    /// Once a second all shards are looked at. Where more has expired than `budget` the next packet
    /// goes on, and one thread does it while the others pass by.
    @inline(__always)
    func expire(_ now: UInt64, budget: Int) {
        let tick = now &>> ConnectionTable.tickShift
        guard tick > state.pointee.expiryTick.load(ordering: .relaxed) || budget == .max else {
            return
        }
        expireAll(now, budget: budget)
    }

    private func expireAll(_ now: UInt64, budget: Int) {
        expiry.attempt { round in
            round.begin(at: now &>> ConnectionTable.tickShift, isWhole: budget == .max)
            var budget = budget
            while round.left > 0 {
                guard expire(in: round.shard, now, &budget) else { return }
                round.next()
            }
            state.pointee.expiryTick.store(round.tick, ordering: .relaxed)
        }
    }

    /// - Returns: whether all of the shard have been looked at.
    private func expire(in number: Int, _ now: UInt64, _ budget: inout Int) -> Bool {
        let shard = state.pointee.table.shard(numbered: number)
        // Those with answers in another shard, whose lock cannot be had now.
        var elsewhere: [ConnectionTicket] = []
        state.pointee.table.lock(shard)
        let isDone = state.pointee.table.advance(shard, to: now, budget: &budget) { index in
            let ticket = state.pointee.table.ticket(index)
            if !state.pointee.table.isShared
                || state.pointee.table.shard(ticket.reverseHash) == shard
            {
                removeLocked(index)
            } else {
                elsewhere.append(ticket)
            }
        }
        state.pointee.table.unlock(shard)
        for ticket in elsewhere { remove(ticket, ifExpired: now) }
        return isDone
    }
}
