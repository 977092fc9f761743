/// Some adjacent bits of a field, as `NXM_NX_REG0[0..15]` names them.
public struct Subfield: Hashable, Sendable {
    public let field: Field
    /// The least significant bit, counted from the field's own.
    public let offset: Int
    public let width: Int

    public init(field: Field, offset: Int, width: Int) {
        self.field = field
        self.offset = offset
        self.width = width
    }

    /// All of the field.
    public init(_ field: Field) {
        self.init(field: field, offset: 0, width: field.width)
    }

    public var location: FieldLocation {
        let whole = field.location
        if whole.width == 128 && width < 128 {
            return offset >= 64
                ? .at(whole.word, offset - 64, width) : .at(whole.word + 1, offset, width)
        }
        return .at(whole.word, whole.shift + offset, width)
    }
}

/// One thing that a rule does with a packet.
///
/// One type covers all OpenFlow versions and extensions; the codec maps versions. The instructions
/// of OpenFlow 1.1 are actions here, as in `ovs-ofctl`: `gotoTable`, `writeMetadata`, `meter`,
/// `clearActions` and `writeActions` stand in the list in the order of their execution.
public indirect enum Action: Hashable, Sendable {
    /// Sends the packet to a port; `maxByteCount` is for ``PortNumber/controller`` only.
    case output(PortNumber, maxByteCount: UInt16)
    /// Sends the packet to the port that a field names.
    case outputField(Subfield, maxByteCount: UInt16)
    /// Sends at most so many octets of the packet.
    case outputTruncated(PortNumber, maxByteCount: UInt32)
    /// `controller(...)`: a packet-in with chosen reason and controller.
    case controller(ControllerAction)
    case enqueue(PortNumber, queue: UInt32)

    // The setters of OpenFlow 1.0, which print differently from `setField`.
    case setVLANID(UInt16)
    case setVLANPriority(UInt8)
    case setEthernetSource(UInt64)
    case setEthernetDestination(UInt64)
    case setIPv4Source(UInt32)
    case setIPv4Destination(UInt32)
    /// The six bits of DSCP.
    case setIPDSCP(UInt8)
    case setIPECN(UInt8)
    case setIPTTL(UInt8)
    case setTransportSource(UInt16)
    case setTransportDestination(UInt16)

    /// Removes the outer tag; `isStrip` is OpenFlow 1.0's name for it.
    case popVLAN(isStrip: Bool)
    case pushVLAN(UInt16)
    case pushMPLS(UInt16)
    case popMPLS(UInt16)
    case setMPLSLabel(UInt32)
    case setMPLSTC(UInt8)
    case setMPLSTTL(UInt8)
    case decrementMPLSTTL
    /// Takes one from the TTL; a packet that runs out goes to these controllers.
    case decrementTTL(controllers: [UInt16])

    /// `set_field:VALUE/MASK->FIELD`.
    case setField(Field, value: UInt128, mask: UInt128)
    /// `load:VALUE->FIELD[..]`.
    case load(UInt64, Subfield)
    case move(from: Subfield, to: Subfield)
    case push(Subfield)
    case pop(Subfield)
    case setTunnel(UInt64, isWide: Bool)
    case setQueue(UInt32)
    case popQueue

    case resubmit(Resubmit)
    case gotoTable(UInt8)
    case writeMetadata(UInt64, mask: UInt64)
    case clearActions
    case writeActions([Action])
    case meter(UInt32)
    case group(UInt32)
    case note([UInt8])
    case exit
    case learn(Learn)
    case conjunction(id: UInt32, clause: UInt8, clauseCount: UInt8)
    case clone([Action])
    case ct(ConnectionTrack)
    case ctClear
    /// `nat(...)`, which stands within `ct(...)` only.
    case nat(AddressTranslation)
    /// `fin_timeout(...)`.
    case finTimeout(idle: UInt16, hard: UInt16)
    case bundle(PortSelection)
    case multipath(Multipath)
    case sample(Sampling)
    /// `check_pkt_larger(...)`: whether the packet has more octets, as one bit.
    case checkPacketLarger(UInt16, Subfield)
    /// `delete_field:tun_metadataN`.
    case deleteTunnelMetadata(UInt8)

    case encap(Encapsulation)
    /// Takes the outer header off; the number says what is found behind it.
    case decap(packetType: UInt32)
    case decrementNSHTTL
    // What the standard has and OVS has not (OpenFlow 1.3.5 §5.12).
    case copyTTLOut
    case copyTTLIn
    case pushPBB(UInt16)
    case popPBB
}

/// `resubmit(PORT,TABLE)`: looks the packet up again, then goes on behind.
public struct Resubmit: Hashable, Sendable {
    /// The port to pretend, or the packet's own.
    public var port: PortNumber?
    /// The table, or the current one.
    public var table: UInt8?
    /// Whether the connection's original addresses and ports stand in for the packet's own.
    public var usesOriginalTuple = false

    public init(port: PortNumber? = nil, table: UInt8? = nil) {
        self.port = port
        self.table = table
    }
}

/// `controller(...)`.
public struct ControllerAction: Hashable, Sendable {
    public var maxByteCount: UInt16
    public var reason: PacketInReason
    public var controllerID: UInt16
    public var userdata: [UInt8]
    public var isPaused: Bool
    public var meter: UInt32?

    public init(
        maxByteCount: UInt16 = .max, reason: PacketInReason = .action, controllerID: UInt16 = 0,
        userdata: [UInt8] = [], isPaused: Bool = false, meter: UInt32? = nil
    ) {
        self.maxByteCount = maxByteCount
        self.reason = reason
        self.controllerID = controllerID
        self.userdata = userdata
        self.isPaused = isPaused
        self.meter = meter
    }
}

/// Why a packet goes to a controller (OpenFlow 1.5 §7.4.1).
public enum PacketInReason: UInt8, Hashable, Sendable {
    case noMatch = 0
    case action = 1
    case invalidTTL = 2
    case actionSet = 3
    case group = 4
    case packetOut = 5
    /// A table-miss rule's output, which is a miss from OpenFlow 1.3 on and an action before; never
    /// on the wire.
    case explicitMiss = 6
}

/// `learn(...)`: adds or changes a rule whose match and actions are taken from the packet.
public struct Learn: Hashable, Sendable {
    public struct Flags: OptionSet, Hashable, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        public static var sendFlowRemoved: Self { .init(rawValue: 1) }
        public static var deleteLearned: Self { .init(rawValue: 2) }
        public static var writeResult: Self { .init(rawValue: 4) }
    }

    /// Where bits of the new rule come from.
    public enum Source: Hashable, Sendable {
        case field(Subfield)
        case immediate(UInt128)
    }

    /// Where bits of the new rule go.
    public enum Destination: Hashable, Sendable {
        case match(Subfield)
        case load(Subfield)
        case output
    }

    public struct Specification: Hashable, Sendable {
        public var source: Source
        public var destination: Destination
        public var width: Int

        public init(source: Source, destination: Destination, width: Int) {
            self.source = source
            self.destination = destination
            self.width = width
        }
    }

    public var idleTimeout: UInt16 = 0
    public var hardTimeout: UInt16 = 0
    public var priority: UInt16 = 32768
    public var table: UInt8 = 1
    public var cookie: UInt64 = 0
    public var flags: Flags = []
    public var finIdleTimeout: UInt16 = 0
    public var finHardTimeout: UInt16 = 0
    public var limit: UInt32 = 0
    public var resultDestination: Subfield?
    public var specifications: [Specification] = []

    public init() {}
}

/// One dimension of a conjunctive match, as `conjunction(id, k/n)` names it (ovs-fields(7)).
public struct Conjunction: Hashable, Sendable {
    public let id: UInt32
    /// Which dimension, counted from 0.
    public let clause: UInt8
    /// How many dimensions there are: 2 to 64.
    public let clauseCount: UInt8

    public init(id: UInt32, clause: UInt8, clauseCount: UInt8) {
        self.id = id
        self.clause = clause
        self.clauseCount = clauseCount
    }

    /// The conjunctions of a list of actions.
    public static func all(in actions: [Action]) -> [Conjunction] {
        actions.compactMap { action in
            guard case .conjunction(let id, let clause, let count) = action else { return nil }
            return Conjunction(id: id, clause: clause, clauseCount: count)
        }
    }

    /// The action that may not be in the list because a conjunction is, which is any but a note.
    public static func intruder(in actions: [Action]) -> Action? {
        var hasConjunction = false
        var intruder: Action?
        for action in actions {
            switch action {
            case .conjunction: hasConjunction = true
            case .note: break
            default: intruder = intruder ?? action
            }
        }
        return hasConjunction ? intruder : nil
    }
}
