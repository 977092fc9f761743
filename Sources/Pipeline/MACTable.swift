public import Addresses

/// The MAC addresses that a bridge has learned, by VLAN.
///
/// An entry is forgotten when nothing has come from its address for the ageing time. A full table
/// gives up the oldest entry of the port that has most, so that one port cannot push the others'
/// out.
public struct MACTable {
    /// Entries unless `other_config:mac-table-size` says otherwise.
    public static let defaultCapacity = 8192
    /// Seconds unless `other_config:mac-aging-time` says otherwise.
    public static let defaultAgingTime: Milliseconds = 300

    public struct Key: Hashable, Sendable {
        public let address: EthernetAddress
        public let vlan: UInt16

        public init(address: EthernetAddress, vlan: UInt16) {
            self.address = address
            self.vlan = vlan
        }
    }

    public struct Entry {
        public unowned let bundle: Bundle
        /// When a packet last came from the address.
        public var used: Milliseconds
    }

    public private(set) var entries: [Key: Entry] = [:]
    public var capacity = MACTable.defaultCapacity
    /// Seconds.
    public var agingTime = MACTable.defaultAgingTime
    public private(set) var learnedCount: UInt64 = 0
    public private(set) var expiredCount: UInt64 = 0
    public private(set) var evictedCount: UInt64 = 0
    public private(set) var movedCount: UInt64 = 0

    public init() {}

    public func lookup(_ address: EthernetAddress, vlan: UInt16) -> Bundle? {
        entries[Key(address: address, vlan: vlan)]?.bundle
    }

    /// Notes that a packet from `address` came in on `bundle`.
    ///
    /// - Returns: whether what packets depend on has changed.
    public mutating func learn(
        _ address: EthernetAddress, vlan: UInt16, on bundle: Bundle, now: Milliseconds
    ) -> Bool {
        let key = Key(address: address, vlan: vlan)
        if let entry = entries[key] {
            entries[key] = Entry(bundle: bundle, used: max(now, entry.used))
            if entry.bundle === bundle { return false }
            movedCount += 1
            return true
        }
        if entries.count >= capacity { evict() }
        entries[key] = Entry(bundle: bundle, used: now)
        learnedCount += 1
        return true
    }

    private mutating func evict() {
        var counts: [ObjectIdentifier: Int] = [:]
        for entry in entries.values { counts[ObjectIdentifier(entry.bundle), default: 0] += 1 }
        guard let greedy = counts.max(by: { $0.value < $1.value })?.key else { return }
        let oldest =
            entries
            .filter { ObjectIdentifier($0.value.bundle) == greedy }
            .min { $0.value.used < $1.value.used }
        guard let oldest else { return }
        entries[oldest.key] = nil
        evictedCount += 1
    }

    /// Forgets entries whose time is over.
    ///
    /// - Returns: whether there were any.
    public mutating func expire(at now: Milliseconds) -> Bool {
        let before = entries.count
        let limit = now - agingTime * 1000
        if entries.values.contains(where: { $0.used <= limit }) {
            entries = entries.filter { $0.value.used > limit }
        }
        expiredCount += UInt64(before - entries.count)
        return entries.count != before
    }

    public mutating func removeAll() { entries.removeAll() }

    public mutating func remove(_ key: Key) -> Bool { entries.removeValue(forKey: key) != nil }

    public mutating func removeAll(on bundle: Bundle) {
        if entries.values.contains(where: { $0.bundle === bundle }) {
            entries = entries.filter { $0.value.bundle !== bundle }
        }
    }
}
