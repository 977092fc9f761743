/// What a switch is (OpenFlow 1.0 §5.3.1, 1.3.5 §7.3.1).
public struct SwitchFeatures: Hashable, Sendable {
    /// The bits of OpenFlow 1.3, and one that only 1.0 has.
    public struct Capabilities: OptionSet, Hashable, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        public static var flowStats: Self { .init(rawValue: 1 << 0) }
        public static var tableStats: Self { .init(rawValue: 1 << 1) }
        public static var portStats: Self { .init(rawValue: 1 << 2) }
        /// OpenFlow 1.1 to 1.5; in 1.0 the same bit means ``stp``.
        public static var groupStats: Self { .init(rawValue: 1 << 3) }
        public static var reassembly: Self { .init(rawValue: 1 << 5) }
        public static var queueStats: Self { .init(rawValue: 1 << 6) }
        /// OpenFlow 1.0 and 1.1: addresses in ARP can be matched.
        public static var arpMatchIP: Self { .init(rawValue: 1 << 7) }
        public static var portBlocked: Self { .init(rawValue: 1 << 8) }
        public static var bundles: Self { .init(rawValue: 1 << 9) }
        public static var flowMonitoring: Self { .init(rawValue: 1 << 10) }
        public static var stp: Self { .init(rawValue: 1 << 31) }
    }

    public var datapathID: UInt64
    public var bufferCount: UInt32
    public var tableCount: UInt8
    public var auxiliaryID: UInt8
    public var capabilities: Capabilities
    /// OpenFlow 1.0 only: which kinds of action there are; bit *n* for action type *n*.
    public var actions: UInt32
    /// OpenFlow 1.0 only; later versions ask for ``StatsRequest/portDescription(_:)``.
    public var ports: [PortDescription]

    public init(
        datapathID: UInt64, bufferCount: UInt32 = 0, tableCount: UInt8 = 254,
        auxiliaryID: UInt8 = 0,
        capabilities: Capabilities = [.flowStats, .tableStats, .portStats, .queueStats],
        actions: UInt32 = 0xfff, ports: [PortDescription] = []
    ) {
        self.datapathID = datapathID
        self.bufferCount = bufferCount
        self.tableCount = tableCount
        self.auxiliaryID = auxiliaryID
        self.capabilities = capabilities
        self.actions = actions
        self.ports = ports
    }
}

/// How a switch treats fragments and what it sends to controllers.
public struct SwitchConfig: Hashable, Sendable {
    public enum FragmentHandling: UInt16, Hashable, Sendable {
        case normal = 0
        case drop = 1
        case reassemble = 2
        /// Nicira's: the first fragment matches transport fields.
        case nxMatch = 3
    }

    /// What a message of that length is never cut to: whole packets.
    public static var defaultMissSendLength: UInt16 { 128 }

    public var fragments: FragmentHandling
    public var sendsInvalidTTL: Bool
    public var missSendLength: UInt16

    public init(
        fragments: FragmentHandling = .normal, sendsInvalidTTL: Bool = false,
        missSendLength: UInt16 = 0
    ) {
        self.fragments = fragments
        self.sendsInvalidTTL = sendsInvalidTTL
        self.missSendLength = missSendLength
    }
}

/// Who made the switch.
public struct SwitchDescription: Hashable, Sendable {
    public var manufacturer: String
    public var hardware: String
    public var software: String
    public var serialNumber: String
    public var datapath: String

    public init(
        manufacturer: String = "", hardware: String = "", software: String = "",
        serialNumber: String = "None", datapath: String = "None"
    ) {
        self.manufacturer = manufacturer
        self.hardware = hardware
        self.software = software
        self.serialNumber = serialNumber
        self.datapath = datapath
    }
}
