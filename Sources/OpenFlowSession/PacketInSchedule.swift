/// Limits how many packets a controller gets in a second, fairly to the ports that they come from
/// (ovs-vswitchd.conf.db(5), *Controller Rate Limiting*).
///
/// A token bucket lets packets through as they come while there are tokens. What comes beyond that
/// waits in a queue of its port, and the ports take turns when there are tokens again. When too
/// much waits, the longest queue loses a packet, so that one port's flood does not cost the others
/// theirs. A packet is whatever the owner has to send later; each costs O(1), but O(ports) when one
/// has to be dropped.
public struct PacketInSchedule<Packet> {
    /// Packets a second and at once where nothing is said; as in OVS.
    public static var defaultRate: Int { 1000 }
    /// How many packets leave the queues at once, so that other work gets its turn; as in OVS.
    public static var maxBatchCount: Int { 50 }

    /// The keys `packet-in-TYPE-...` of the `status` column.
    public struct Statistics: Hashable, Sendable {
        /// Sent at once.
        public var bypassed: UInt64 = 0
        public var queued: UInt64 = 0
        public var dropped: UInt64 = 0
        /// In the queues now.
        public var backlog: UInt64 = 0
    }

    /// Packets a second.
    private var rate: Int
    /// Packets at once.
    private var burst: Int
    /// Thousandths of packets.
    private var tokens: Int
    private var filled: SessionTime
    private var queues: [UInt16: Queue] = [:]
    /// The ports that have packets, in the order in which they get their turns.
    private var turns: [UInt16] = []
    private var nextTurn = 0
    public private(set) var statistics = Statistics()

    /// Packets of one port, the first at `start`.
    private struct Queue {
        var packets: [Packet] = []
        var start = 0

        var count: Int { packets.count - start }

        mutating func takeFirst() -> Packet {
            let packet = packets[start]
            start += 1
            if start > 64, start * 2 > packets.count {
                packets.removeFirst(start)
                start = 0
            }
            return packet
        }
    }

    /// - Parameter burst: packets at once; a quarter of the rate where nothing is said.
    public init(rate: Int, burst: Int?, now: SessionTime) {
        self.rate = rate > 0 ? rate : Self.defaultRate
        self.burst = Self.burst(burst, self.rate)
        tokens = self.burst * 1000
        filled = now
    }

    private static func burst(_ burst: Int?, _ rate: Int) -> Int {
        let wanted = burst.map { $0 > 0 ? $0 : rate / 4 } ?? rate / 4
        return min(max(wanted, 1), Int(Int32.max) / 1000)
    }

    /// Changes the limits.
    public mutating func setLimits(rate: Int, burst: Int?) {
        self.rate = rate > 0 ? rate : Self.defaultRate
        self.burst = Self.burst(burst, self.rate)
        tokens = min(tokens, self.burst * 1000)
        while statistics.backlog > UInt64(self.burst) { dropOne() }
    }

    private mutating func takeToken(at now: SessionTime) -> Bool {
        let elapsed = Int(max(0, min(now - filled, 60_000)))
        filled = max(filled, now)
        tokens = min(burst * 1000, tokens + elapsed * rate)
        guard tokens >= 1000 else { return false }
        tokens -= 1000
        return true
    }

    /// Takes a packet that came in on `port`.
    ///
    /// - Returns: whether it is to be sent now; else it waits, or another one is lost for it.
    public mutating func admits(_ packet: Packet, from port: UInt16, at now: SessionTime) -> Bool {
        if statistics.backlog == 0, takeToken(at: now) {
            statistics.bypassed += 1
            return true
        }
        if statistics.backlog >= UInt64(burst) { dropOne() }
        if queues[port] == nil { turns.append(port) }
        queues[port, default: Queue()].packets.append(packet)
        statistics.queued += 1
        statistics.backlog += 1
        return false
    }

    private mutating func dropOne() {
        guard let longest = turns.max(by: { (queues[$0]?.count ?? 0) < (queues[$1]?.count ?? 0) })
        else { return }
        _ = take(from: longest)
        statistics.dropped += 1
    }

    private mutating func take(from port: UInt16) -> Packet? {
        guard let packet = queues[port]?.takeFirst() else { return nil }
        statistics.backlog -= 1
        if queues[port]?.count == 0 {
            queues[port] = nil
            guard let place = turns.firstIndex(of: port) else { return packet }
            turns.remove(at: place)
            if place < nextTurn { nextTurn -= 1 }
        }
        return packet
    }

    /// The packets that may be sent now.
    public mutating func takeReady(at now: SessionTime) -> [Packet] {
        var ready: [Packet] = []
        while statistics.backlog > 0, ready.count < Self.maxBatchCount, takeToken(at: now) {
            if nextTurn >= turns.count { nextTurn = 0 }
            let port = turns[nextTurn]
            guard let packet = take(from: port) else { break }
            if turns.indices.contains(nextTurn), turns[nextTurn] == port { nextTurn += 1 }
            ready.append(packet)
        }
        return ready
    }

    /// When there is a token for a packet that waits; nil where none does.
    public var deadline: SessionTime? {
        guard statistics.backlog > 0 else { return nil }
        let missing = max(0, 1000 - tokens)
        return filled + SessionTime((missing + rate - 1) / rate)
    }
}
