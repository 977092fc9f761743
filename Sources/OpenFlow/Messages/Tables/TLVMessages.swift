/// A place among the fields `tun_metadataN` for one kind of tunnel option.
public struct TLVMapping: Hashable, Sendable {
    public var optionClass: UInt16
    public var type: UInt8
    /// Octets of the option's value: a multiple of 4, at most ``maxByteCount``.
    public var byteCount: UInt8
    /// *N* of `tun_metadataN`.
    public var index: UInt16

    public static var maxByteCount: UInt8 { 124 }
    public static var maxIndex: UInt16 { 63 }

    public init(optionClass: UInt16, type: UInt8, byteCount: UInt8, index: UInt16) {
        self.optionClass = optionClass
        self.type = type
        self.byteCount = byteCount
        self.index = index
    }
}

/// Changes which tunnel options have fields (NXT_TLV_TABLE_MOD).
public struct TLVTableMod: Hashable, Sendable {
    public enum Command: UInt16, Hashable, Sendable {
        case add = 0
        case delete = 1
        case clear = 2
    }

    public var command: Command
    public var mappings: [TLVMapping]

    public init(command: Command, mappings: [TLVMapping] = []) {
        self.command = command
        self.mappings = mappings
    }
}

/// Which tunnel options have fields, and how many can have (NXT_TLV_TABLE_REPLY).
public struct TLVTable: Hashable, Sendable {
    /// Octets of option values that there is room for.
    public var maxSpace: UInt32
    public var maxFields: UInt16
    public var mappings: [TLVMapping]

    public init(maxSpace: UInt32, maxFields: UInt16, mappings: [TLVMapping] = []) {
        self.maxSpace = maxSpace
        self.maxFields = maxFields
        self.mappings = mappings
    }
}
