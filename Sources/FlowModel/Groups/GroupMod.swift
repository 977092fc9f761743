/// What a group does with its buckets (OpenFlow 1.3.5 §6.4.1).
public enum GroupType: UInt8, Hashable, Sendable {
    case all = 0
    case select = 1
    case indirect = 2
    case fastFailover = 3
}

/// Some actions of a group, and when they are taken.
public struct Bucket: Hashable, Sendable {
    /// What stands for no bucket, the first and the last, and all of them.
    public static var first: UInt32 { 0xffff_fffd }
    public static var last: UInt32 { 0xffff_fffe }
    public static var all: UInt32 { 0xffff_ffff }
    /// What stands for no group.
    public static var anyGroup: UInt32 { 0xffff_ffff }

    /// Its number within the group; only OpenFlow 1.5 tells it.
    public var id: UInt32
    /// The share of packets that a select group gives to it.
    public var weight: UInt16
    /// The port whose liveness the bucket's is; ``PortNumber/none`` for no port.
    public var watchPort: PortNumber
    /// The group likewise; ``anyGroup`` for no group.
    public var watchGroup: UInt32
    public var actions: [Action]

    public init(
        id: UInt32 = Bucket.all, weight: UInt16 = 0, watchPort: PortNumber = .none,
        watchGroup: UInt32 = Bucket.anyGroup, actions: [Action] = []
    ) {
        self.id = id
        self.weight = weight
        self.watchPort = watchPort
        self.watchGroup = watchGroup
        self.actions = actions
    }
}

/// How a select group chooses (an extension of OpenFlow 1.5, ovs-ofctl(8) "selection_method").
public struct GroupSelection: Hashable, Sendable {
    /// How many octets of a method's name travel, the last being zero.
    public static var maxNameByteCount: Int { 16 }

    /// `hash` or `dp_hash`; empty for the switch's choice.
    public var method: String
    public var parameter: UInt64
    /// The bits of the packet that `hash` hashes.
    public var fields: [FieldMask]

    /// Bits of a field.
    public struct FieldMask: Hashable, Sendable {
        public var field: Field
        public var mask: UInt128

        public init(field: Field, mask: UInt128) {
            self.field = field
            self.mask = mask
        }
    }

    public init(method: String = "", parameter: UInt64 = 0, fields: [FieldMask] = []) {
        self.method = method
        self.parameter = parameter
        self.fields = fields
    }

    public var isDefault: Bool { method.isEmpty }
}

/// Adds, changes or removes groups (OpenFlow 1.3.5 §7.3.4.2, 1.5.1 §7.3.4.3, NXT_GROUP_MOD).
public struct GroupMod: Hashable, Sendable {
    public enum Command: UInt16, Hashable, Sendable {
        case add = 0
        case modify = 1
        case delete = 2
        case insertBucket = 3
        case removeBucket = 5
        /// Nicira's: adds the group or changes it.
        case addOrModify = 0x8000
    }

    /// The highest number that a group can have, and what stands for all groups.
    public static var maximum: UInt32 { 0xffff_ff00 }
    public static var all: UInt32 { 0xffff_fffc }

    public var command: Command
    public var type: GroupType
    public var id: UInt32
    /// The bucket before or behind which buckets come, or that goes; ``Bucket/all`` else.
    public var commandBucketID: UInt32
    public var buckets: [Bucket]
    public var selection: GroupSelection

    public init(
        command: Command = .add, type: GroupType = .all, id: UInt32 = 0,
        commandBucketID: UInt32 = Bucket.all, buckets: [Bucket] = [],
        selection: GroupSelection = GroupSelection()
    ) {
        self.command = command
        self.type = type
        self.id = id
        self.commandBucketID = commandBucketID
        self.buckets = buckets
        self.selection = selection
    }
}
