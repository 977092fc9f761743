/// The first message of each end (OpenFlow 1.3.5 §7.5.1).
public struct Hello: Hashable, Sendable {
    /// The bitmap, if there was one; otherwise the header's version and all older ones are meant.
    public var versions: OpenFlowVersions?
    /// Something else stood there that was passed over.
    public var hasUnknownData = false

    public init(versions: OpenFlowVersions? = nil) {
        self.versions = versions
    }
}

/// Says what was wrong with a message.
public struct ErrorMessage: Hashable, Sendable {
    /// How many octets of the wrong message go back with the error: all that fit, as in OVS; the
    /// standard asks for 64.
    public static var maxDataByteCount: Int { 0xffff - 24 }

    public var code: ErrorCode
    /// The beginning of the message that was wrong; a sentence for a failed hello.
    public var data: [UInt8]

    public init(code: ErrorCode, data: [UInt8] = []) {
        self.code = code
        self.data = data
    }
}

/// A message that no standard defines and Martlet does not know.
public struct Experimenter: Hashable, Sendable {
    public var experimenter: UInt32
    public var subtype: UInt32
    public var data: [UInt8]

    public init(experimenter: UInt32, subtype: UInt32, data: [UInt8] = []) {
        self.experimenter = experimenter
        self.subtype = subtype
        self.data = data
    }
}

/// What a controller may do (OpenFlow 1.3.5 §7.3.9).
public struct Role: Hashable, Sendable {
    /// The numbers of OpenFlow 1.2; Nicira's are one less from ``equal`` on.
    public enum Kind: UInt32, Hashable, Sendable {
        case noChange = 0
        case equal = 1
        case primary = 2
        case secondary = 3
    }

    public var kind: Kind
    /// The election that made the controller primary, if it said so.
    public var generationID: UInt64?
    /// It came in Nicira's message although the version has one of its own.
    public var isNicira: Bool

    public init(kind: Kind, generationID: UInt64? = nil, isNicira: Bool = false) {
        self.kind = kind
        self.generationID = generationID
        self.isNicira = isNicira
    }
}
