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
        /// The place in the order of use, the least recent first.
        public var order: UInt64
        /// Whether an operator put it here, so that it neither moves nor ages.
        public var isStatic = false
    }

    public private(set) var entries: [Key: Entry] = [:]
    public var capacity = MACTable.defaultCapacity
    /// Seconds.
    public var agingTime = MACTable.defaultAgingTime
    public private(set) var learnedCount: UInt64 = 0
    public private(set) var expiredCount: UInt64 = 0
    public private(set) var evictedCount: UInt64 = 0
    public private(set) var movedCount: UInt64 = 0
    public private(set) var staticCount = 0
    private var nextOrder: UInt64 = 0

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
            if entry.isStatic { return false }
            nextOrder += 1
            entries[key] = Entry(bundle: bundle, used: max(now, entry.used), order: nextOrder)
            if entry.bundle === bundle { return false }
            movedCount += 1
            return true
        }
        if entries.count >= capacity { evict() }
        nextOrder += 1
        entries[key] = Entry(bundle: bundle, used: now, order: nextOrder)
        learnedCount += 1
        return true
    }

    /// Adds an entry that stays until it is removed.
    ///
    /// - Returns: the entry that it replaces, if there was one.
    public mutating func insertStatic(
        _ key: Key, on bundle: Bundle, now: Milliseconds
    ) -> Entry? {
        let previous = entries[key]
        if let previous, previous.isStatic && previous.bundle === bundle { return nil }
        if previous == nil && entries.count >= capacity { evict() }
        nextOrder += 1
        entries[key] = Entry(bundle: bundle, used: now, order: nextOrder, isStatic: true)
        if previous?.isStatic != true { staticCount += 1 }
        return previous
    }

    public mutating func clearStatistics() {
        learnedCount = 0
        expiredCount = 0
        evictedCount = 0
        movedCount = 0
    }

    private mutating func evict() {
        var counts: [ObjectIdentifier: Int] = [:]
        for entry in entries.values where !entry.isStatic {
            counts[ObjectIdentifier(entry.bundle), default: 0] += 1
        }
        guard let greedy = counts.max(by: { $0.value < $1.value })?.key else { return }
        let oldest =
            entries
            .filter { !$0.value.isStatic && ObjectIdentifier($0.value.bundle) == greedy }
            .min { $0.value.order < $1.value.order }
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
        if entries.values.contains(where: { $0.used <= limit && !$0.isStatic }) {
            entries = entries.filter { $0.value.used > limit || $0.value.isStatic }
        }
        expiredCount += UInt64(before - entries.count)
        return entries.count != before
    }

    /// Forgets everything that was learned.
    public mutating func flush() { entries = entries.filter { $0.value.isStatic } }

    public mutating func removeAll() {
        entries.removeAll()
        staticCount = 0
    }

    public mutating func remove(_ key: Key) -> Bool {
        guard let entry = entries.removeValue(forKey: key) else { return false }
        if entry.isStatic { staticCount -= 1 }
        return true
    }

    public mutating func removeAll(on bundle: Bundle) {
        if entries.values.contains(where: { $0.bundle === bundle }) {
            entries = entries.filter { $0.value.bundle !== bundle }
            staticCount = entries.values.count { $0.isStatic }
        }
    }
}
