public import Classifier
public import FlowModel

/// A moment on the switch's clock, in milliseconds since the process started.
///
/// The clock is a value passed in, so that tests and `time/warp` can move it.
public typealias Milliseconds = Int64

/// A flow table entry (OpenFlow 1.3.5 §5.1).
public final class Rule: ClassifierRule {
    public struct Flags: OptionSet, Sendable, Hashable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        public static var sendFlowRemoved: Self { .init(rawValue: 1) }
        public static var checkOverlap: Self { .init(rawValue: 2) }
        public static var resetCounts: Self { .init(rawValue: 4) }
        public static var noPacketCounts: Self { .init(rawValue: 8) }
        public static var noByteCounts: Self { .init(rawValue: 16) }
    }

    /// Counted things of a rule.
    public struct Counters: Sendable, Equatable {
        public var packets: UInt64 = 0
        public var octets: UInt64 = 0
        /// When a packet last matched, or the rule was made.
        public var used: Milliseconds

        public init(used: Milliseconds) { self.used = used }
    }

    public let table: UInt8
    public var cookie: UInt64
    public var actions: [Action] {
        didSet { conjunctions = Conjunction.all(in: actions) }
    }
    /// Seconds; 0 for none.
    public var idleTimeout: UInt16
    public var hardTimeout: UInt16
    public var importance: UInt16
    public var flags: Flags
    public let created: Milliseconds
    public var modified: Milliseconds
    public var counters: Counters
    /// Whether OpenFlow does not show the rule (in-band control, fail-open).
    public let isHidden: Bool
    /// Set when the rule leaves its table, so that megaflows stop crediting it.
    public var isRemoved = false

    /// - Parameter rank: for a rule that goes before those of any priority.
    public init(
        _ entry: RuleEntry, now: Milliseconds, isHidden: Bool = false, rank: UInt32? = nil
    ) {
        table = entry.table
        cookie = entry.cookie
        actions = entry.actions
        idleTimeout = entry.idleTimeout
        hardTimeout = entry.hardTimeout
        importance = entry.importance
        flags = entry.flags
        created = now
        modified = now
        counters = Counters(used: now)
        self.isHidden = isHidden
        super.init(match: entry.match, rank: rank ?? UInt32(entry.priority))
        conjunctions = Conjunction.all(in: actions)
    }

    /// Whether the rule is a table-miss entry (OpenFlow 1.3.5 §5.4).
    public var isTableMiss: Bool { priority == 0 && mask.map == 0 }

    /// Counts packets that matched.
    public func credit(packets: UInt64, octets: UInt64, used: Milliseconds) {
        counters.packets &+= packets
        counters.octets &+= octets
        counters.used = max(counters.used, used)
    }

    /// Why the rule's time is over at `now`, if it is.
    public func expiry(at now: Milliseconds) -> Expiry? {
        if hardTimeout > 0 && now >= modified + Milliseconds(hardTimeout) * 1000 { return .hard }
        if idleTimeout > 0 && now >= counters.used + Milliseconds(idleTimeout) * 1000 {
            return .idle
        }
        return nil
    }

    public enum Expiry: Sendable {
        case idle, hard
    }
}

/// What a flow-mod says of a new rule.
public struct RuleEntry: Sendable {
    public var table: UInt8
    public var match: Match
    public var priority: UInt16
    public var cookie: UInt64
    public var actions: [Action]
    public var idleTimeout: UInt16
    public var hardTimeout: UInt16
    public var importance: UInt16
    public var flags: Rule.Flags

    public init(
        table: UInt8 = 0, match: Match = Match(), priority: UInt16 = 32768, cookie: UInt64 = 0,
        actions: [Action] = []
    ) {
        self.table = table
        self.match = match
        self.priority = priority
        self.cookie = cookie
        self.actions = actions
        idleTimeout = 0
        hardTimeout = 0
        importance = 0
        flags = []
    }
}
