/// Which messages a controller wants that it has not asked for; bit *n* of a mask stands for
/// reason *n* (OpenFlow 1.3.5 §7.3.10, 1.4 §7.3.10, NXT_SET_ASYNC_CONFIG).
public struct AsyncConfig: Hashable, Sendable {
    /// The kinds of message; the numbers are half of those of OpenFlow 1.4's properties.
    public enum Kind: Int, CaseIterable, Hashable, Sendable {
        case packetIn = 0
        case portStatus = 1
        case flowRemoved = 2
        /// From here on OpenFlow 1.4 and later.
        case roleStatus = 3
        case tableStatus = 4
        case requestForward = 5
    }

    /// One mask for each kind; `nil` for those that a message leaves as they are.
    public struct Masks: Hashable, Sendable {
        private var masks: [UInt32?]

        /// No mask is given.
        public init() { masks = Array(repeating: nil, count: Kind.allCases.count) }

        public init(packetIn: UInt32, portStatus: UInt32, flowRemoved: UInt32) {
            self.init()
            self[.packetIn] = packetIn
            self[.portStatus] = portStatus
            self[.flowRemoved] = flowRemoved
        }

        public subscript(kind: Kind) -> UInt32? {
            get { masks[kind.rawValue] }
            set { masks[kind.rawValue] = newValue }
        }

        /// No message is wanted.
        public static var nothing: Self {
            var masks = Self()
            for kind in Kind.allCases { masks[kind] = 0 }
            return masks
        }

        /// Whether a message of that kind and with that reason is wanted.
        public func wants(_ kind: Kind, reason: UInt8) -> Bool {
            reason < 32 && (self[kind] ?? 0) & (1 << UInt32(reason)) != 0
        }

        mutating func merge(_ other: Masks) {
            for kind in Kind.allCases { self[kind] = other[kind] ?? self[kind] }
        }
    }

    /// While the controller is primary or equal.
    public var primary: Masks
    /// While it is secondary.
    public var secondary: Masks

    public init(primary: Masks, secondary: Masks) {
        self.primary = primary
        self.secondary = secondary
    }

    /// What a controller gets that says nothing: packets without a rule or sent by an action,
    /// port changes and removed rules while it is in charge, port changes otherwise.
    public static var standard: Self {
        .init(
            primary: .init(packetIn: 0b11, portStatus: 0b111, flowRemoved: 0b1111),
            secondary: .init(packetIn: 0, portStatus: 0b111, flowRemoved: 0))
    }

    /// What a controller of OpenFlow 1.4 or later gets that says nothing, as OVS has it.
    public static var standard14: Self {
        var config = standard
        config.primary[.packetIn] = 0b11_1011
        config.primary[.flowRemoved] = 0b11_1111
        for kind in [Kind.roleStatus, .tableStatus, .requestForward] {
            config.primary[kind] = 0
            config.secondary[kind] = 0
        }
        return config
    }

    /// Takes over the masks that a message gives.
    public mutating func merge(_ other: AsyncConfig) {
        primary.merge(other.primary)
        secondary.merge(other.secondary)
    }
}
