import Bytes

/// The state of one end of a session (RFC 5880 §4.1).
public enum BFDState: UInt8, Sendable {
    case administrativelyDown = 0
    case down, initializing, up

    /// As the `bfd_status` column and `bfd/show` write it.
    public var name: String {
        switch self {
        case .administrativelyDown: "admin_down"
        case .down: "down"
        case .initializing: "init"
        case .up: "up"
        }
    }
}

/// Why a session last went down (RFC 5880 §4.1).
public struct BFDDiagnostic: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static var none: Self { .init(rawValue: 0) }
    public static var detectionTimeExpired: Self { .init(rawValue: 1) }
    public static var neighbourDown: Self { .init(rawValue: 3) }
    public static var concatenatedPathDown: Self { .init(rawValue: 6) }
    public static var administrativelyDown: Self { .init(rawValue: 7) }
    public static var reverseConcatenatedPathDown: Self { .init(rawValue: 8) }

    private static let names = [
        "No Diagnostic", "Control Detection Time Expired", "Echo Function Failed",
        "Neighbor Signaled Session Down", "Forwarding Plane Reset", "Path Down",
        "Concatenated Path Down", "Administratively Down", "Reverse Concatenated Path Down",
    ]

    public var name: String {
        Int(rawValue) < Self.names.count ? Self.names[Int(rawValue)] : "Unknown Diagnostic"
    }
}

/// A control packet (RFC 5880 §4.1).
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-----+---------+---+-+-+-+-+-+-+---------------+---------------+
///     |vers | diag    |sta|P|F|C|A|D|M|  detect mult  |    length     |
///     +-----+---------+---+-+-+-+-+-+-+---------------+---------------+
///     |                       my discriminator                        |
///     +---------------------------------------------------------------+
///     |                      your discriminator                       |
///     +---------------------------------------------------------------+
///     |      desired minimum transmit interval, microseconds          |
///     +---------------------------------------------------------------+
///     |      required minimum receive interval, microseconds          |
///     +---------------------------------------------------------------+
///     |      required minimum echo receive interval, microseconds     |
///     +---------------------------------------------------------------+
public struct BFDPacket: Hashable, Sendable {
    /// The flags of the second octet.
    public struct Flags: OptionSet, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static var multipoint: Self { .init(rawValue: 0x01) }
        public static var demand: Self { .init(rawValue: 0x02) }
        public static var authentication: Self { .init(rawValue: 0x04) }
        public static var controlPlaneIndependent: Self { .init(rawValue: 0x08) }
        public static var final: Self { .init(rawValue: 0x10) }
        public static var poll: Self { .init(rawValue: 0x20) }

        /// As `bfd/show` writes them.
        public var text: String {
            let names: [(Flags, String)] = [
                (.multipoint, "multipoint"), (.demand, "demand"), (.authentication, "auth"),
                (.controlPlaneIndependent, "ctl"), (.final, "final"), (.poll, "poll"),
            ]
            return isEmpty
                ? "none" : names.filter { contains($0.0) }.map(\.1).joined(separator: " ")
        }
    }

    public static let byteCount = 24

    public var diagnostic: BFDDiagnostic
    public var state: BFDState
    public var flags: Flags
    public var multiplier: UInt8
    public var mine: UInt32
    public var yours: UInt32
    /// Microseconds.
    public var minimumTransmit: UInt32
    public var minimumReceive: UInt32

    public init(
        diagnostic: BFDDiagnostic, state: BFDState, flags: Flags, multiplier: UInt8, mine: UInt32,
        yours: UInt32, minimumTransmit: UInt32, minimumReceive: UInt32
    ) {
        self.diagnostic = diagnostic
        self.state = state
        self.flags = flags
        self.multiplier = multiplier
        self.mine = mine
        self.yours = yours
        self.minimumTransmit = minimumTransmit
        self.minimumReceive = minimumReceive
    }

    /// Parses a packet; `nil` for one that RFC 5880 §6.8.6 has discarded before it is known whose
    /// session it is for.
    public init?(_ octets: [UInt8]) {
        guard octets.count >= Self.byteCount, octets[0] >> 5 == 1,
            Int(octets[3]) >= Self.byteCount, Int(octets[3]) <= octets.count
        else { return nil }
        let word = { (place: Int) in
            octets[place..<place + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        diagnostic = BFDDiagnostic(rawValue: octets[0] & 0x1f)
        guard let state = BFDState(rawValue: octets[1] >> 6) else { return nil }
        self.state = state
        flags = Flags(rawValue: octets[1] & 0x3f)
        multiplier = octets[2]
        mine = word(4)
        yours = word(8)
        minimumTransmit = word(12)
        minimumReceive = word(16)
        // Nobody here authenticates, and no session has several ends.
        guard multiplier > 0, mine != 0, flags.isDisjoint(with: [.authentication, .multipoint])
        else { return nil }
    }

    public var octets: [UInt8] {
        var writer = OctetWriter(capacity: Self.byteCount)
        writer.append(1 << 5 | diagnostic.rawValue & 0x1f)
        writer.append(state.rawValue << 6 | flags.rawValue)
        writer.append(multiplier)
        writer.append(UInt8(Self.byteCount))
        for word in [mine, yours, minimumTransmit, minimumReceive, 0] { writer.append(word) }
        return writer.octets
    }
}
