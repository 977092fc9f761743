public import FlowModel

/// A packet that the switch hands to the controller.
public struct PacketIn: Hashable, Sendable {
    public var reason: PacketInReason
    /// The number of a reason that has no name.
    public var unknownReason: UInt8?
    public var tableID: UInt8
    public var cookie: UInt64
    /// What is known of the packet besides its octets: the port it came in on, registers, tunnel.
    public var metadata: Match
    /// The packet, perhaps cut.
    public var data: [UInt8]
    /// The packet's own length, if that is not the length of ``data``.
    public var fullLength: Int?
    public var bufferID: UInt32?
    public var userdata: [UInt8]
    /// What is left to be done when the controller sends the packet back.
    public var continuation: Continuation?

    public init(
        reason: PacketInReason = .noMatch, tableID: UInt8 = 0, cookie: UInt64 = .max,
        metadata: Match = Match(), data: [UInt8] = [], fullLength: Int? = nil,
        bufferID: UInt32? = nil, userdata: [UInt8] = []
    ) {
        self.reason = reason
        self.tableID = tableID
        self.cookie = cookie
        self.metadata = metadata
        self.data = data
        self.fullLength = fullLength
        self.bufferID = bufferID
        self.userdata = userdata
    }

    /// The packet's own length.
    public var totalLength: Int { fullLength ?? data.count }

    /// Notes the length that a message gives, once the data are there.
    mutating func note(totalLength: Int) {
        fullLength = totalLength == data.count ? nil : totalLength
    }

    /// The port that the packet came in on.
    public var inPort: PortNumber {
        get {
            metadata.isExact(.inPort)
                ? PortNumber(UInt16(truncatingIfNeeded: metadata.value(.inPort))) : .none
        }
        set { metadata.set(.inPort, to: UInt128(newValue.value)) }
    }
}

/// A packet that the controller tells the switch to send.
public struct PacketOut: Hashable, Sendable {
    public var bufferID: UInt32?
    /// What the pipeline is to take for the packet's metadata, the port it came in on above all.
    public var metadata: Match
    public var actions: [Action]
    public var data: [UInt8]

    public init(
        bufferID: UInt32? = nil, inPort: PortNumber = .none, actions: [Action] = [],
        data: [UInt8] = []
    ) {
        self.bufferID = bufferID
        self.actions = actions
        self.data = data
        metadata = Match()
        self.inPort = inPort
    }

    /// The port that the packet pretends to have come in on.
    public var inPort: PortNumber {
        get { PortNumber(UInt16(truncatingIfNeeded: metadata.value(.inPort))) }
        set { metadata.set(.inPort, to: UInt128(newValue.value)) }
    }
}
