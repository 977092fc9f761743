public import FlowModel

/// Asks for the statistics of rules, one by one or summed up.
public struct FlowStatsRequest: Hashable, Sendable {
    public var tableID: UInt8
    public var outPort: PortNumber
    public var outGroup: UInt32
    public var cookie: UInt64
    public var cookieMask: UInt64
    public var match: Match
    /// It came as NXST_FLOW or NXST_AGGREGATE, and is to be answered so.
    public var isNicira: Bool

    public init(
        tableID: UInt8 = 0xff, outPort: PortNumber = .none,
        outGroup: UInt32 = FlowMod.anyGroup, cookie: UInt64 = 0, cookieMask: UInt64 = 0,
        match: Match = Match(), isNicira: Bool = false
    ) {
        self.tableID = tableID
        self.outPort = outPort
        self.outGroup = outGroup
        self.cookie = cookie
        self.cookieMask = cookieMask
        self.match = match
        self.isNicira = isNicira
    }
}

/// One rule and its counters.
public struct FlowStatsEntry: Hashable, Sendable {
    public var tableID: UInt8
    public var match: Match
    public var priority: UInt16
    public var cookie: UInt64
    public var duration: Duration
    public var idleTimeout: UInt16
    public var hardTimeout: UInt16
    /// Seconds since the last packet; known only in Nicira's format with flow ages.
    public var idleAge: Int?
    /// Seconds since the rule was made or changed; likewise.
    public var hardAge: Int?
    /// All ones where a counter is not kept.
    public var packetCount: UInt64
    public var byteCount: UInt64
    public var flags: FlowFlags
    public var importance: UInt16
    public var actions: [Action]

    public init(
        tableID: UInt8 = 0, match: Match = Match(), priority: UInt16 = 0x8000,
        cookie: UInt64 = 0, duration: Duration = .zero, idleTimeout: UInt16 = 0,
        hardTimeout: UInt16 = 0, idleAge: Int? = nil, hardAge: Int? = nil,
        packetCount: UInt64 = 0, byteCount: UInt64 = 0, flags: FlowFlags = [],
        importance: UInt16 = 0, actions: [Action] = []
    ) {
        self.tableID = tableID
        self.match = match
        self.priority = priority
        self.cookie = cookie
        self.duration = duration
        self.idleTimeout = idleTimeout
        self.hardTimeout = hardTimeout
        self.idleAge = idleAge
        self.hardAge = hardAge
        self.packetCount = packetCount
        self.byteCount = byteCount
        self.flags = flags
        self.importance = importance
        self.actions = actions
    }
}

/// The sums over the rules that a request named.
public struct AggregateStats: Hashable, Sendable {
    public var packetCount: UInt64
    public var byteCount: UInt64
    public var flowCount: UInt32

    public init(packetCount: UInt64 = 0, byteCount: UInt64 = 0, flowCount: UInt32 = 0) {
        self.packetCount = packetCount
        self.byteCount = byteCount
        self.flowCount = flowCount
    }
}
