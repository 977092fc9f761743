public import FlowModel

/// An entry of a bridge's group table (OpenFlow 1.3.5 §5.6).
///
/// A group-mod replaces the entry by one with other buckets, so that megaflows go on crediting the
/// old one until they are translated again; its counters are handed over.
public final class Group {
    /// Packets and octets.
    public struct Count: Sendable, Equatable {
        public var packets: UInt64 = 0
        public var octets: UInt64 = 0

        mutating func add(packets: UInt64, octets: UInt64) {
            self.packets &+= packets
            self.octets &+= octets
        }
    }

    public let id: UInt32
    public let type: GroupType
    public let buckets: [Bucket]
    public let selection: GroupSelection
    public let created: Milliseconds
    public var count = Count()
    public var bucketCounts: [Count]
    /// Which bucket the low bits of the datapath's hash mean; empty where it is not used.
    let hashMap: [Int]

    public init(
        id: UInt32, type: GroupType, buckets: [Bucket], selection: GroupSelection,
        created: Milliseconds
    ) {
        self.id = id
        self.type = type
        self.buckets = buckets
        self.selection = selection
        self.created = created
        bucketCounts = Array(repeating: Count(), count: buckets.count)
        let usesHash = type == .select && selection.method != "hash"
        hashMap = usesHash ? Self.hashMap(of: buckets) : []
    }

    /// Counts packets that went through the group, and through one of its buckets if one is named.
    public func credit(bucket: Int?, packets: UInt64, octets: UInt64) {
        guard let bucket else { return count.add(packets: packets, octets: octets) }
        bucketCounts[bucket].add(packets: packets, octets: octets)
    }

    // MARK: Weights

    /// The fewest and the most values that the datapath's hash is cut down to.
    private static var minimumHashValues: Int { 16 }
    static var maximumHashValues: Int { 256 }

    /// Apportions hash values to buckets by their weights, as seats are by Sainte-Laguë's method;
    /// nothing where the weights are too far apart for so few values.
    private static func hashMap(of buckets: [Bucket]) -> [Int] {
        let weights = buckets.map { Int($0.weight) }
        let total = weights.reduce(0, +)
        guard let least = weights.filter({ $0 > 0 }).min() else { return [] }
        let wanted = max((total + least - 1) / least, minimumHashValues)
        guard wanted <= maximumHashValues else { return [] }
        var count = minimumHashValues
        while count < wanted { count *= 2 }
        var divisors = Array(repeating: 1, count: buckets.count)
        return (0..<count).map { _ in
            var winner = 0
            // Compared as fractions, so that ties are ties: the earlier bucket wins them.
            for index in buckets.indices
            where weights[index] * divisors[winner] > weights[winner] * divisors[index] {
                winner = index
            }
            divisors[winner] += 2
            return winner
        }
    }
}

/// A meter of a bridge, which the datapath keeps under a number of its own.
public struct Meter: Sendable {
    public var config: MeterConfig
    public let datapathNumber: UInt32
    public let created: Milliseconds

    public init(config: MeterConfig, datapathNumber: UInt32, created: Milliseconds) {
        self.config = config
        self.datapathNumber = datapathNumber
        self.created = created
    }
}

extension Bridge {
    /// Whether packets that leave by the port arrive, as far as is known here.
    private func isLive(_ number: PortNumber) -> Bool {
        guard let port = ports[number] else { return false }
        if case .unavailable = port.kind { return false }
        return !port.isLinkDown && !port.isPathDown && !port.configuration.contains(.down)
    }

    /// Whether `bundle` may choose the port.
    func isUsable(_ number: PortNumber) -> Bool {
        switch number {
        case .inPort, .table, .normal, .flood, .all, .none: true
        case .controller: false
        default: isLive(number)
        }
    }

    /// How many groups can watch one another in a row.
    private static var maximumWatchDepth: Int { 64 }

    /// Whether the group has a bucket that is live.
    private func isLiveGroup(_ id: UInt32, depth: Int, explain: (String) -> Void) -> Bool {
        guard depth < Self.maximumWatchDepth, let group = groups[id] else { return false }
        return group.buckets.contains { bucket in
            isLive(bucket, in: group, depth: depth, explain: explain)
        }
    }

    /// Whether a bucket is live (OpenFlow 1.3.5 §6.5).
    ///
    /// - Parameter explain: called with a sentence for each bucket that is found dead.
    func isLive(
        _ bucket: Bucket, in group: Group, depth: Int = 0, explain: (String) -> Void = { _ in }
    ) -> Bool {
        guard let reason = deadness(of: bucket, in: group, depth: depth, explain: explain) else {
            return true
        }
        explain("bucket \(bucket.id): not live due to \(reason)")
        return false
    }

    private func deadness(
        of bucket: Bucket, in group: Group, depth: Int, explain: (String) -> Void
    ) -> String? {
        if group.type == .select && bucket.weight == 0 { return "" }
        let watchesPort = bucket.watchPort != .none
        let watchesGroup = bucket.watchGroup != Bucket.anyGroup
        guard watchesPort || watchesGroup else { return nil }
        if watchesPort && isLive(bucket.watchPort) { return nil }
        if watchesGroup && isLiveGroup(bucket.watchGroup, depth: depth + 1, explain: explain) {
            return nil
        }
        if watchesPort && watchesGroup {
            return "port \(bucket.watchPort.value) and group \(bucket.watchGroup)"
        }
        return watchesPort ? "port \(bucket.watchPort.value)" : "group \(bucket.watchGroup)"
    }
}
