/// What a table can do (OpenFlow 1.3.5 §7.3.5.5).
///
/// `ovs-ofctl` asks for it before it sends a rule in OpenFlow 1.3, to learn the tables' names. All
/// tables of the switch can do the same, so the lists of instructions, actions and fields are not
/// part of the value: the encoder takes them from the field table.
public struct TableFeatures: Hashable, Sendable {
    public var tableID: UInt8
    public var name: String
    public var config: UInt32
    public var maxEntries: UInt32
    /// How many tables there are; a packet can go to those behind this one.
    public var tableCount: Int

    public init(
        tableID: UInt8, name: String = "", config: UInt32 = 0, maxEntries: UInt32 = 1_000_000,
        tableCount: Int = 254
    ) {
        self.tableID = tableID
        self.name = name
        self.config = config
        self.maxEntries = maxEntries
        self.tableCount = tableCount
    }
}
