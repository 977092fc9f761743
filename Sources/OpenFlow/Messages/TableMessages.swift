/// What a table does, as far as it can be told to (OpenFlow 1.1 to 1.4).
public struct TableConfig: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// OpenFlow 1.1 and 1.2: what a packet without a rule meets; two bits.
    public static var missContinue: Self { .init(rawValue: 1) }
    public static var missDrop: Self { .init(rawValue: 2) }
    public static var missMask: Self { .init(rawValue: 3) }
    /// OpenFlow 1.4: a full table makes room by itself.
    public static var eviction: Self { .init(rawValue: 4) }
    /// OpenFlow 1.4: the controller hears when the table runs full.
    public static var vacancyEvents: Self { .init(rawValue: 8) }
}

/// A table's counters; what a table is called and can do travels in OpenFlow 1.0 to 1.2 only.
public struct TableStats: Hashable, Sendable {
    public var tableID: UInt8
    public var name: String
    /// OpenFlow 1.0: the wildcard bits that the table supports.
    public var wildcards: UInt32
    /// OpenFlow 1.1 and 1.2 only.
    public var config: UInt32 = 0
    public var maxEntries: UInt32
    public var activeCount: UInt32
    public var lookupCount: UInt64
    public var matchedCount: UInt64
    /// Whether no table comes after it; told in OpenFlow 1.1 and 1.2 only.
    public var isLast = false

    public init(
        tableID: UInt8, name: String = "", wildcards: UInt32 = 0x3f_ffff,
        maxEntries: UInt32 = 1_000_000, activeCount: UInt32 = 0, lookupCount: UInt64 = 0,
        matchedCount: UInt64 = 0
    ) {
        self.tableID = tableID
        self.name = name
        self.wildcards = wildcards
        self.maxEntries = maxEntries
        self.activeCount = activeCount
        self.lookupCount = lookupCount
        self.matchedCount = matchedCount
    }
}

/// When a controller hears that a table runs full, in percent of free room (OpenFlow 1.4
/// §7.3.4.1).
public struct Vacancy: Hashable, Sendable {
    /// An event comes when less than this is free.
    public var down: UInt8
    /// An event comes when more than this is free again.
    public var up: UInt8
    /// What is free now; only the switch sets it.
    public var current: UInt8 = 0

    public init(down: UInt8, up: UInt8) {
        self.down = down
        self.up = up
    }
}

/// A table's configuration: changes it as a message of its own (OpenFlow 1.1 and later), and
/// describes it in answers (OFPMP_TABLE_DESC of OpenFlow 1.4 and later).
public struct TableMod: Hashable, Sendable {
    /// The table, or ``FlowMod/allTables``.
    public var tableID: UInt8
    public var config: TableConfig
    /// What counts when a rule is chosen to make room: OFPTMPEF bits.
    public var evictionFlags: UInt32?
    public var vacancy: Vacancy?

    public init(tableID: UInt8, config: TableConfig = []) {
        self.tableID = tableID
        self.config = config
    }
}

/// Tells that a table's configuration or its room has changed (OpenFlow 1.4 §7.4.5).
public struct TableStatus: Hashable, Sendable {
    public struct Reason: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static var vacancyDown: Self { .init(rawValue: 3) }
        public static var vacancyUp: Self { .init(rawValue: 4) }
    }

    public var reason: Reason
    public var table: TableMod

    public init(reason: Reason, table: TableMod) {
        self.reason = reason
        self.table = table
    }
}
