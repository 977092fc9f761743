public import FlowModel

/// A group as it is.
public struct GroupDescription: Hashable, Sendable {
    public var type: GroupType
    public var id: UInt32
    public var buckets: [Bucket]
    public var selection: GroupSelection

    public init(
        type: GroupType, id: UInt32, buckets: [Bucket] = [],
        selection: GroupSelection = GroupSelection()
    ) {
        self.type = type
        self.id = id
        self.buckets = buckets
        self.selection = selection
    }
}

/// A group's counters.
public struct GroupStats: Hashable, Sendable {
    /// Packets and octets, of a group or of a bucket.
    public struct Count: Hashable, Sendable {
        public var packets: UInt64
        public var bytes: UInt64

        public init(packets: UInt64 = 0, bytes: UInt64 = 0) {
            self.packets = packets
            self.bytes = bytes
        }
    }

    public var id: UInt32
    /// How many rules and groups point to it.
    public var referenceCount: UInt32
    public var count: Count
    /// OpenFlow 1.3 and later.
    public var duration: Duration?
    public var buckets: [Count]

    public init(
        id: UInt32, referenceCount: UInt32 = 0, count: Count = Count(),
        duration: Duration? = nil, buckets: [Count] = []
    ) {
        self.id = id
        self.referenceCount = referenceCount
        self.count = count
        self.duration = duration
        self.buckets = buckets
    }
}

/// Which groups a switch can have, by type: all, select, indirect, fast failover.
public struct GroupFeatures: Hashable, Sendable {
    public var types: UInt32
    public var capabilities: UInt32
    public var maxGroups: [UInt32]
    public var actions: [UInt32]

    public init(
        types: UInt32 = 0, capabilities: UInt32 = 0, maxGroups: [UInt32] = [0, 0, 0, 0],
        actions: [UInt32] = [0, 0, 0, 0]
    ) {
        self.types = types
        self.capabilities = capabilities
        self.maxGroups = maxGroups
        self.actions = actions
    }
}
