public import FlowModel

/// What a line of flow text says: a rule to add, or the rules to change, delete or print.
public struct FlowDescription: Hashable, Sendable {
    /// Flags of an OpenFlow 1.3 flow modification, by their bits there.
    public struct Flags: OptionSet, Hashable, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        public static var sendFlowRemoved: Self { .init(rawValue: 1) }
        public static var checkOverlap: Self { .init(rawValue: 2) }
        public static var resetCounts: Self { .init(rawValue: 4) }
        public static var noPacketCounts: Self { .init(rawValue: 8) }
        public static var noByteCounts: Self { .init(rawValue: 16) }
        /// Not of OpenFlow: tables that OVS hides.
        public static var allowHiddenFields: Self { .init(rawValue: 1 << 12) }
    }

    public var match = Match()
    public var priority: UInt16 = 32768
    /// The table, or every table.
    public var table: UInt8?
    /// To be matched in the bits of `cookieMask`.
    public var cookie: UInt64 = 0
    public var cookieMask: UInt64 = 0
    /// To be given to the rule.
    public var newCookie: UInt64?
    public var idleTimeout: UInt16 = 0
    public var hardTimeout: UInt16 = 0
    public var importance: UInt16 = 0
    public var flags: Flags = []
    public var outPort: PortNumber?
    public var outGroup: UInt32?
    public var actions: [Action] = []
    /// The ways in which all this can be said to a switch.
    public var formats: FlowFormats = .all

    public init() {}
}

/// What is to be done with a flow description.
public enum FlowCommand: Hashable, Sendable {
    case add, modify, modifyStrict, delete, deleteStrict
    /// To print rules, or sum them up.
    case query

    /// The word that can stand before a flow in a file.
    static let words: [(String, FlowCommand)] = [
        ("add", .add), ("delete", .delete), ("delete_strict", .deleteStrict),
        ("modify", .modify), ("modify_strict", .modifyStrict),
    ]

    var takesActions: Bool { self == .add || self == .modify || self == .modifyStrict }
    var isDelete: Bool { self == .delete || self == .deleteStrict }
}
