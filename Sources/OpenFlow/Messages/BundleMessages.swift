/// Opens, closes, commits or discards a bundle, and answers such a request (OpenFlow 1.4 §7.3.9).
public struct BundleControl: Hashable, Sendable {
    public enum Kind: UInt16, Hashable, Sendable {
        case openRequest = 0
        case openReply = 1
        case closeRequest = 2
        case closeReply = 3
        case commitRequest = 4
        case commitReply = 5
        case discardRequest = 6
        case discardReply = 7

        public var isRequest: Bool { rawValue % 2 == 0 }
        /// The kind that answers this one.
        public var reply: Kind { Kind(rawValue: rawValue | 1) ?? self }
    }

    /// How the messages of a bundle are carried out.
    public struct Flags: OptionSet, Hashable, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        /// All or nothing, and no packet sees half of it.
        public static var atomic: Self { .init(rawValue: 1 << 0) }
        /// In the order in which they came.
        public static var ordered: Self { .init(rawValue: 1 << 1) }
        public static var known: Self { [.atomic, .ordered] }
    }

    public var bundleID: UInt32
    public var kind: Kind
    public var flags: Flags

    public init(bundleID: UInt32, kind: Kind, flags: Flags = []) {
        self.bundleID = bundleID
        self.kind = kind
        self.flags = flags
    }
}

/// Adds a message to a bundle.
public struct BundleAdd: Hashable, Sendable {
    public var bundleID: UInt32
    public var flags: BundleControl.Flags
    /// The message with its header, whose transaction ID is that of this one.
    public var message: [UInt8]

    public init(bundleID: UInt32, flags: BundleControl.Flags, message: [UInt8]) {
        self.bundleID = bundleID
        self.flags = flags
        self.message = message
    }
}

/// Tells a controller that its role has changed (OpenFlow 1.4 §7.4.4).
public struct RoleStatus: Hashable, Sendable {
    public struct Reason: RawRepresentable, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// Another controller asked to be primary.
        public static var primaryRequest: Self { .init(rawValue: 0) }
        public static var configuration: Self { .init(rawValue: 1) }
        public static var experimenter: Self { .init(rawValue: 2) }
    }

    public var role: Role.Kind
    public var reason: Reason
    public var generationID: UInt64

    public init(role: Role.Kind, reason: Reason, generationID: UInt64) {
        self.role = role
        self.reason = reason
        self.generationID = generationID
    }
}

/// Tells a controller of another's change to groups or meters (OpenFlow 1.4 §7.4.6).
public struct RequestForward: Hashable, Sendable {
    /// The request, whole, as it came.
    public var request: [UInt8]

    public init(request: [UInt8]) { self.request = request }
}
