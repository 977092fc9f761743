/// The fields whose hash selects a link; the numbers are those of the wire (ovs-actions(7)).
public enum HashFields: UInt16, CaseIterable, Hashable, Sendable {
    case ethernetSource = 0
    case symmetricL4 = 1
    case symmetricL3L4 = 2
    case symmetricL3L4UDP = 3
    case networkSource = 4
    case networkDestination = 5
    case symmetricL3 = 6
}

/// `bundle(...)` and `bundle_load(...)`: selects one of some ports that can be used.
public struct PortSelection: Hashable, Sendable {
    public enum Algorithm: UInt16, CaseIterable, Hashable, Sendable {
        /// The first member that is up.
        case activeBackup = 0
        case highestRandomWeight = 1
    }

    public var fields: HashFields
    public var basis: UInt16
    public var algorithm: Algorithm
    public var members: [PortNumber]
    /// Where the port's number is put; without it the packet goes out.
    public var destination: Subfield?

    public init(
        fields: HashFields, basis: UInt16, algorithm: Algorithm, members: [PortNumber],
        destination: Subfield? = nil
    ) {
        self.fields = fields
        self.basis = basis
        self.algorithm = algorithm
        self.members = members
        self.destination = destination
    }

    /// The fewest bits that hold a port's number.
    public static var minDestinationWidth: Int { 16 }
}

/// `multipath(...)`: puts the number of a link, chosen by a hash, into a field.
public struct Multipath: Hashable, Sendable {
    public enum Algorithm: UInt16, CaseIterable, Hashable, Sendable {
        case moduloN = 0
        case hashThreshold = 1
        case highestRandomWeight = 2
        case iterativeHash = 3
    }

    public var fields: HashFields
    public var basis: UInt16
    public var algorithm: Algorithm
    /// The highest number of a link.
    public var lastLink: UInt16
    /// For the iterative hash alone.
    public var argument: UInt32
    public var destination: Subfield

    public init(
        fields: HashFields, basis: UInt16, algorithm: Algorithm, lastLink: UInt16,
        destination: Subfield
    ) {
        self.fields = fields
        self.basis = basis
        self.algorithm = algorithm
        self.lastLink = lastLink
        argument = 0
        self.destination = destination
    }

    public var linkCount: Int { Int(lastLink) + 1 }

    /// Whether the destination has room for every link's number.
    public var fits: Bool {
        destination.width >= 16 || linkCount <= 1 << destination.width
    }
}
