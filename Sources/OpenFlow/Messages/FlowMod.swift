public import FlowModel

/// Adds, changes or removes rules (OpenFlow 1.0 §5.3.3, 1.3.5 §7.3.4.1, NXT_FLOW_MOD).
public struct FlowMod: Hashable, Sendable {
    public enum Command: UInt8, Hashable, Sendable {
        case add = 0
        case modify = 1
        case modifyStrict = 2
        case delete = 3
        case deleteStrict = 4

        public var isDeletion: Bool { self == .delete || self == .deleteStrict }
    }

    /// The table number that means every table, or the switch's choice.
    public static var allTables: UInt8 { 0xff }

    public var command: Command
    public var tableID: UInt8
    public var match: Match
    public var priority: UInt16
    /// Only rules with this cookie under ``cookieMask`` are changed or removed.
    public var cookie: UInt64
    public var cookieMask: UInt64
    /// The cookie to give to rules; `nil` leaves theirs.
    public var newCookie: UInt64?
    public var idleTimeout: UInt16
    public var hardTimeout: UInt16
    public var bufferID: UInt32?
    /// Only rules that send to this port are removed; ``PortNumber/none`` for any.
    public var outPort: PortNumber
    /// Only rules that send to this group are removed; ``anyGroup`` for any.
    public var outGroup: UInt32
    public var flags: FlowFlags
    public var importance: UInt16
    public var actions: [Action]

    /// No restriction by group.
    public static var anyGroup: UInt32 { 0xffff_ffff }

    public init(
        command: Command = .add, tableID: UInt8 = 0xff, match: Match = Match(),
        priority: UInt16 = 0x8000, cookie: UInt64 = 0, cookieMask: UInt64 = 0,
        newCookie: UInt64? = nil, idleTimeout: UInt16 = 0, hardTimeout: UInt16 = 0,
        bufferID: UInt32? = nil, outPort: PortNumber = .none, outGroup: UInt32 = Self.anyGroup,
        flags: FlowFlags = [], importance: UInt16 = 0, actions: [Action] = []
    ) {
        self.command = command
        self.tableID = tableID
        self.match = match
        self.priority = priority
        self.cookie = cookie
        self.cookieMask = cookieMask
        self.newCookie = newCookie
        self.idleTimeout = idleTimeout
        self.hardTimeout = hardTimeout
        self.bufferID = bufferID
        self.outPort = outPort
        self.outGroup = outGroup
        self.flags = flags
        self.importance = importance
        self.actions = actions
    }
}

/// The flags of a rule and of the message that makes it; the bits of OpenFlow 1.3.5 §7.3.4.1.
public struct FlowFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    public static var sendFlowRemoved: Self { .init(rawValue: 1 << 0) }
    public static var checkOverlap: Self { .init(rawValue: 1 << 1) }
    public static var resetCounts: Self { .init(rawValue: 1 << 2) }
    public static var noPacketCounts: Self { .init(rawValue: 1 << 3) }
    public static var noByteCounts: Self { .init(rawValue: 1 << 4) }
    /// The bits that OpenFlow 1.3 and later define.
    static var standardBits: UInt16 { 0x1f }
    /// The bits that a version from 1.1 on defines.
    static func bits(_ version: OpenFlowVersion) -> UInt16 {
        version >= .v13 ? standardBits : version == .v12 ? 0x7 : 0x3
    }
    /// OpenFlow 1.0 only: the rule is for when the controller is lost.
    public static var emergency: Self { .init(rawValue: 1 << 15) }
}

/// Tells that a rule is gone (OpenFlow 1.0 §5.4.3, 1.3.5 §7.4.2, NXT_FLOW_REMOVED).
public struct FlowRemoved: Hashable, Sendable {
    public struct Reason: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static var idleTimeout: Self { .init(rawValue: 0) }
        public static var hardTimeout: Self { .init(rawValue: 1) }
        public static var delete: Self { .init(rawValue: 2) }
        public static var groupDelete: Self { .init(rawValue: 3) }
        public static var meterDelete: Self { .init(rawValue: 4) }
        public static var eviction: Self { .init(rawValue: 5) }
    }

    public var match: Match
    public var priority: UInt16
    public var reason: Reason
    public var tableID: UInt8
    public var cookie: UInt64
    public var duration: Duration
    public var idleTimeout: UInt16
    public var hardTimeout: UInt16
    public var packetCount: UInt64
    public var byteCount: UInt64

    public init(
        match: Match = Match(), priority: UInt16 = 0, reason: Reason = .delete,
        tableID: UInt8 = 0, cookie: UInt64 = 0, duration: Duration = .zero,
        idleTimeout: UInt16 = 0, hardTimeout: UInt16 = 0, packetCount: UInt64 = 0,
        byteCount: UInt64 = 0
    ) {
        self.match = match
        self.priority = priority
        self.reason = reason
        self.tableID = tableID
        self.cookie = cookie
        self.duration = duration
        self.idleTimeout = idleTimeout
        self.hardTimeout = hardTimeout
        self.packetCount = packetCount
        self.byteCount = byteCount
    }
}
