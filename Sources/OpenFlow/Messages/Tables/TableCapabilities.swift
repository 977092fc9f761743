public import FlowModel

/// What a table tells that it can do, as far as a switch tells it (OFPST_TABLE of OpenFlow 1.0 to
/// 1.2, OFPMP_TABLE_FEATURES of 1.3 and later).
public struct TableCapabilities: Hashable, Sendable {
    /// What rules can do, or what is done with packets that no rule matches.
    public struct Behavior: Hashable, Sendable {
        /// Bit *n* for instruction *n* of OpenFlow 1.3.
        public var instructions: UInt32 = 0
        public var nextTables: Set<UInt8> = []
        public var write = Actions()
        public var apply = Actions()

        public init() {}
        public var isEmpty: Bool { self == Behavior() }
    }

    /// Actions, and the fields that can be set.
    public struct Actions: Hashable, Sendable {
        /// Bit *n* for action *n* of the version.
        public var types: UInt32 = 0
        public var fields: Set<Field> = []

        public init() {}
    }

    public var tableID: UInt8
    public var name = ""
    public var metadataMatch: UInt64 = 0
    public var metadataWrite: UInt64 = 0
    /// OpenFlow 1.1 and 1.2: what a packet without a rule meets.
    public var config: TableConfig?
    /// OpenFlow 1.4 and later.
    public var canEvict: Bool?
    public var canTellVacancy: Bool?
    public var maxEntries: UInt32 = 0
    public var rules = Behavior()
    public var miss = Behavior()
    /// Fields that can be matched.
    public var match: Set<Field> = []
    /// Those that can be matched with any mask.
    public var maskable: Set<Field> = []
    /// Those that need not be matched.
    public var wildcards: Set<Field> = []

    public init(tableID: UInt8) { self.tableID = tableID }
}
