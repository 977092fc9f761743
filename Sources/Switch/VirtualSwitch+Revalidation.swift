import Classifier
public import Datapath
import FlowModel
public import Pipeline

/// A walk through the megaflows, which is done in parts: the forwarding thread's misses wait for
/// the switch's lock, and a hundred thousand translations take as long as a second.
struct RevalidationRound {
    var ids: [FlowID] = []
    /// The next one of ``ids``.
    var next = 0
    /// Whether flows are to be translated again.
    var isChanged = false
    /// How long a flow may be without packets.
    var maximumIdle: Milliseconds = 0
}

extension VirtualSwitch {
    /// Flows that are looked at in one part: some milliseconds' work.
    public static let revalidationPart = 500
    /// How long a whole round may take before fewer flows are allowed.
    static let revalidationGoal: Milliseconds = 1000
    /// Fewer flows are always allowed.
    static let leastFlowLimit = 1000
    /// `max-idle` while there are more flows than may be, as in OVS.
    static let crowdedIdle: Milliseconds = 100

    /// Takes the datapath's counters, and begins to remove megaflows that idle, and to translate
    /// again those that a change may have made wrong.
    ///
    /// A change that comes while the round goes on is met by another round
    /// (``needsRevalidation``).
    public func beginRevalidation(
        _ statistics: some Sequence<(id: FlowID, statistics: FlowStatistics)>
    ) {
        absorb(statistics)
        let isCrowded = megaflows.count > flowLimit
        round = RevalidationRound(
            ids: Array(megaflows.keys), isChanged: needsRevalidation,
            maximumIdle: isCrowded
                ? min(Self.crowdedIdle, configuration.maximumIdle) : configuration.maximumIdle)
        revalidatedVersion = network.version
    }

    /// Goes on with the next `count` megaflows.
    ///
    /// - Returns: whether there are more.
    public func continueRevalidation(count: Int, now: Milliseconds) -> Bool {
        let end = min(round.ids.count, round.next + count)
        for id in round.ids[round.next..<end] {
            guard let megaflow = megaflows[id] else { continue }
            if now - megaflow.used >= round.maximumIdle {
                removeMegaflow(id)
            } else if round.isChanged {
                translateAgain(id, megaflow, now)
            }
        }
        round.next = end
        if end < round.ids.count { return true }
        round = RevalidationRound()
        return false
    }

    /// A whole round at once.
    public func revalidate(
        _ statistics: some Sequence<(id: FlowID, statistics: FlowStatistics)>, now: Milliseconds
    ) {
        beginRevalidation(statistics)
        while continueRevalidation(count: Self.revalidationPart, now: now) {}
    }

    /// Has fewer flows, or more again, by how long a round took.
    public func noteRevalidation(flows: Int, took duration: Milliseconds) {
        lastRevalidation = max(1, duration)
        let most = upcallSettings.flowLimit ?? configuration.flowLimit
        let limit = adaptedFlowLimit ?? most
        if duration > Self.revalidationGoal {
            let fitting = flows * Int(Self.revalidationGoal) / Int(duration)
            adaptedFlowLimit = max(Self.leastFlowLimit, min(limit, fitting))
        } else if limit < most {
            adaptedFlowLimit = limit + max(Self.leastFlowLimit, limit / 10)
        }
    }

    private func translateAgain(_ id: FlowID, _ megaflow: Megaflow, _ now: Milliseconds) {
        let key = megaflow.key.expanded
        guard let (bridge, port) = network.origin(of: megaflow.datapathKey.expanded),
            bridge === megaflow.bridge, UInt32(port.number.value) == key.inPort
        else {
            removeMegaflow(id)
            return
        }
        let result = network.translate(
            key, on: bridge, registry: contexts,
            options: TranslationOptions(now: now, mayLearn: false))
        // If more bits matter now, packets would pass that must go up; if fewer, it does no harm.
        guard result.mask.isCovered(by: megaflow.mask), result.error == nil else {
            retiredContexts += result.packetIns
            removeMegaflow(id)
            return
        }
        var updated = megaflow
        updated.effects = result.effects
        retiredContexts += megaflow.packetIns
        updated.packetIns = result.packetIns
        updated.actions = result.installedActions
        megaflows[id] = updated
        if updated.actions != megaflow.actions { link.updateFlow(id, updated.actions) }
    }
}

extension FlowKey {
    /// Whether no bit is set that is not in `mask`, rare words left aside.
    fileprivate func isCovered(by mask: SparseKey) -> Bool {
        let common = mask.map & (1 << UInt64(KeyWord.count) - 1)
        // The rare words stand in front.
        var position = mask.words.count - common.nonzeroBitCount
        for index in 0..<KeyWord.count {
            var allowed: UInt64 = 0
            if common >> UInt64(index) & 1 == 1 {
                allowed = mask.words[position]
                position += 1
            }
            if words[index] & ~allowed != 0 { return false }
        }
        return true
    }
}
