public import FlowModel

/// Asks to be told of changes to rules (OpenFlow 1.4.1 §7.3.5.17, ONF extension 187 for 1.3,
/// NXST_FLOW_MONITOR for older versions).
public struct FlowMonitorRequest: Hashable, Sendable {
    public enum Command: UInt8, Hashable, Sendable {
        case add = 0
        /// From here on OpenFlow 1.4 and later.
        case modify = 1
        case delete = 2
    }

    /// The bits of NXST_FLOW_MONITOR; those of later versions mean the same but for ``own``.
    public struct Flags: OptionSet, Hashable, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        /// What is there already is told at once.
        public static var initial: Self { .init(rawValue: 1 << 0) }
        public static var add: Self { .init(rawValue: 1 << 1) }
        public static var delete: Self { .init(rawValue: 1 << 2) }
        public static var modify: Self { .init(rawValue: 1 << 3) }
        /// Updates have the rule's actions.
        public static var actions: Self { .init(rawValue: 1 << 4) }
        /// The controller's own changes are told in full.
        public static var own: Self { .init(rawValue: 1 << 5) }
        static var all: Self { .init(rawValue: 0x3f) }
    }

    public var id: UInt32
    public var command: Command
    public var flags: Flags
    /// Only rules that send to this port; ``PortNumber/none`` for any.
    public var outPort: PortNumber
    /// OpenFlow 1.4 and later.
    public var outGroup: UInt32
    public var tableID: UInt8
    public var match: Match

    public init(
        id: UInt32, command: Command = .add, flags: Flags, outPort: PortNumber = .none,
        outGroup: UInt32 = FlowMod.anyGroup, tableID: UInt8 = FlowMod.allTables,
        match: Match = Match()
    ) {
        self.id = id
        self.command = command
        self.flags = flags
        self.outPort = outPort
        self.outGroup = outGroup
        self.tableID = tableID
        self.match = match
    }

    /// Whether the monitor is for the rule's table and for matches like its.
    public func covers(_ flow: MonitoredFlow) -> Bool {
        (tableID == FlowMod.allTables || tableID == flow.tableID)
            && flow.match.isNarrower(orEqualTo: match)
    }
}

/// Tells of one change to the rules.
public enum FlowUpdate: Hashable, Sendable {
    case full(MonitoredFlow)
    /// The controller's own request of that transaction did what it asked for.
    case abbreviated(xid: UInt32)
    /// OpenFlow 1.4 and later: updates stop, since the controller does not read them.
    case paused
    /// All that has changed meanwhile has been told.
    case resumed
}

/// A rule as a monitor tells of it.
public struct MonitoredFlow: Hashable, Sendable {
    public enum Event: Hashable, Sendable {
        /// It was there before; before OpenFlow 1.4 told as ``added``.
        case initial
        case added
        case deleted(FlowRemoved.Reason)
        case modified
    }

    public var event: Event
    public var tableID: UInt8
    public var priority: UInt16
    public var idleTimeout: UInt16
    public var hardTimeout: UInt16
    public var cookie: UInt64
    public var match: Match
    /// Empty also where the request did not ask for them.
    public var actions: [Action]

    public init(
        event: Event, tableID: UInt8 = 0, priority: UInt16 = 0x8000, idleTimeout: UInt16 = 0,
        hardTimeout: UInt16 = 0, cookie: UInt64 = 0, match: Match = Match(), actions: [Action] = []
    ) {
        self.event = event
        self.tableID = tableID
        self.priority = priority
        self.idleTimeout = idleTimeout
        self.hardTimeout = hardTimeout
        self.cookie = cookie
        self.match = match
        self.actions = actions
    }
}
