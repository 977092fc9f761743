/// A version of OpenFlow, by its number on the wire.
public struct OpenFlowVersion: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static var v10: Self { .init(rawValue: 1) }
    public static var v11: Self { .init(rawValue: 2) }
    public static var v12: Self { .init(rawValue: 3) }
    public static var v13: Self { .init(rawValue: 4) }
    public static var v14: Self { .init(rawValue: 5) }
    public static var v15: Self { .init(rawValue: 6) }

    /// Every version that OVS has a name for.
    public static var allKnown: [Self] { [.v10, .v11, .v12, .v13, .v14, .v15] }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// As in the `protocols` column: `OpenFlow13`.
    public var name: String {
        rawValue >= 1 && rawValue <= 6 ? "OpenFlow1\(rawValue - 1)" : "OpenFlow-0x\(hex)"
    }

    /// As OVS's message names carry it: nothing for 1.0, `OF1.3` for 1.3.
    public var shortName: String { "OF1.\(Int(rawValue) - 1)" }

    private var hex: String { String(rawValue, radix: 16) }

    /// The version that a `protocols` word or `ovs-ofctl -O` names: `OpenFlow13`.
    public init?(name: some StringProtocol) {
        let lower = name.lowercased()
        guard let match = Self.allKnown.first(where: { $0.name.lowercased() == lower }) else {
            return nil
        }
        self = match
    }
}

extension OpenFlowVersion: CustomStringConvertible {
    public var description: String { name }
}

/// A set of versions, as the bitmap of a hello has it (OpenFlow 1.3.5 §7.5.1): bit *n* stands for
/// version *n*.
public struct OpenFlowVersions: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public init(_ version: OpenFlowVersion) {
        self.init(rawValue: version.rawValue < 32 ? 1 << UInt32(version.rawValue) : 0)
    }

    public static var v10: Self { .init(.v10) }
    public static var v13: Self { .init(.v13) }
    /// What Martlet's codec speaks.
    public static var supported: Self { .upTo(.v15) }

    /// `version` and every older one from 1.0.
    public static func upTo(_ version: OpenFlowVersion) -> Self {
        let top = min(UInt32(version.rawValue), 30)
        return .init(rawValue: ((1 << (top + 1)) - 1) & ~1)
    }

    public func contains(_ version: OpenFlowVersion) -> Bool {
        version.rawValue < 32 && rawValue & (1 << UInt32(version.rawValue)) != 0
    }

    public var newest: OpenFlowVersion? {
        rawValue == 0 ? nil : .init(rawValue: UInt8(31 - rawValue.leadingZeroBitCount))
    }

    /// From the oldest to the newest.
    public var all: [OpenFlowVersion] {
        (0..<32).filter { rawValue & (1 << UInt32($0)) != 0 }.map { .init(rawValue: UInt8($0)) }
    }
}

/// How flows travel in OpenFlow 1.0, which the controller chooses (NXT_SET_FLOW_FORMAT).
public enum FlowFormat: UInt32, Hashable, Sendable {
    case openFlow10 = 0
    case nxm = 2
}

/// How packets are reported, which the controller chooses (NXT_SET_PACKET_IN_FORMAT).
public enum PacketInFormat: UInt32, Hashable, Sendable {
    case standard = 0
    case nxm = 1
    case nxm2 = 2
}

/// What the two ends of a channel agreed on that changes how a message reads.
public struct Dialect: Hashable, Sendable {
    public var version: OpenFlowVersion
    /// For 1.0 only: how flow statistics, flow-removed and flow-mods are encoded.
    public var flowFormat: FlowFormat
    /// For 1.0 only: the high octet of a flow-mod's command is a table (NXT_FLOW_MOD_TABLE_ID).
    public var hasTableInFlowMod: Bool
    public var packetInFormat: PacketInFormat
    /// What is unknown or without effect in a message is kept or passed over instead of refused:
    /// for who prints it.
    public var isForgiving = false

    /// Buckets have numbers: in OpenFlow 1.5, and in Nicira's messages for 1.0, which are like it.
    public var hasBucketIDs: Bool { version >= .v15 || version == .v10 }

    public init(
        version: OpenFlowVersion, flowFormat: FlowFormat = .openFlow10,
        hasTableInFlowMod: Bool = false, packetInFormat: PacketInFormat = .standard
    ) {
        self.version = version
        self.flowFormat = flowFormat
        self.hasTableInFlowMod = hasTableInFlowMod
        self.packetInFormat = packetInFormat
    }
}
