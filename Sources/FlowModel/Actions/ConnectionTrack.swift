/// `ct(...)`: sends the packet through the connection tracker, and perhaps back into the tables.
public struct ConnectionTrack: Hashable, Sendable {
    /// The zone that keeps connections with equal addresses apart.
    public enum Zone: Hashable, Sendable {
        case number(UInt16)
        case field(Subfield)
    }

    /// Whether the connection is remembered beyond this packet.
    public var isCommitted: Bool
    /// Whether the packet's direction becomes the connection's, whatever it was.
    public var isForced: Bool
    public var zone: Zone
    /// Where the tracked packet goes on, if anywhere.
    public var table: UInt8?
    /// The well-known port of the protocol whose further connections are expected; 0 for none.
    public var helperPort: UInt16
    /// Translation of addresses, and what sets the connection's mark and label.
    public var actions: [Action]

    public static var ftpPort: UInt16 { 21 }
    public static var tftpPort: UInt16 { 69 }

    public init(
        isCommitted: Bool = false, isForced: Bool = false, zone: Zone = .number(0),
        table: UInt8? = nil, actions: [Action] = []
    ) {
        self.isCommitted = isCommitted
        self.isForced = isForced
        self.zone = zone
        self.table = table
        helperPort = 0
        self.actions = actions
    }
}

/// `nat(...)`: what becomes of a connection's addresses and ports.
///
/// Without a kind it translates packets as their connection was set up to.
public struct AddressTranslation: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case source, destination
    }

    public struct Flags: OptionSet, Hashable, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        public static var persistent: Self { .init(rawValue: 1 << 2) }
        public static var hash: Self { .init(rawValue: 1 << 3) }
        public static var random: Self { .init(rawValue: 1 << 4) }
    }

    /// The address to use, or the first and the last that can be used.
    public enum Addresses: Hashable, Sendable {
        case ipv4(UInt32, last: UInt32?)
        case ipv6(UInt128, last: UInt128?)
    }

    /// The port to use, or the first and the last that can be used.
    public struct Ports: Hashable, Sendable {
        public var first: UInt16
        public var last: UInt16?

        public init(_ first: UInt16, last: UInt16? = nil) {
            self.first = first
            self.last = last
        }
    }

    public var kind: Kind?
    public var flags: Flags
    public var addresses: Addresses?
    public var ports: Ports?

    public init(
        _ kind: Kind? = nil, flags: Flags = [], addresses: Addresses? = nil, ports: Ports? = nil
    ) {
        self.kind = kind
        self.flags = flags
        self.addresses = addresses
        self.ports = ports
    }
}
