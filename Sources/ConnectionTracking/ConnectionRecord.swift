/// What is known of a connection, for those who list them.
public struct ConnectionRecord: Hashable, Sendable {
    /// How far one end of a TCP connection is.
    public struct Peer: Hashable, Sendable {
        /// The name of OVS for it.
        public let state: String
        /// By how much its window is scaled; `nil` if it is not, or unknown.
        public let windowShift: UInt8?
        /// Whether its SYN was not seen.
        public let isPickedUp: Bool
        /// Greater for states that come later.
        public let order: UInt8
    }

    /// The tuple of the first packet, and that of the packets that answer.
    public let forward: ConnectionKey
    public let reverse: ConnectionKey
    public let mark: UInt32
    public let label: UInt128
    /// Milliseconds until it is forgotten.
    public let timeLeft: UInt64
    /// The ends, of TCP.
    public let peers: [Peer]
    public let helper: ConnectionHelper
    /// The tuple of the control connection that told of this one.
    public let parent: ConnectionKey?

    public var zone: UInt16 { forward.zone }
}

extension ConnectionRecord.Peer {
    init(_ peer: TCPPeer) {
        state = Self.name(of: peer.stage)
        order = peer.stage.rawValue
        windowShift = peer.scaling == .scaled ? peer.shift : nil
        isPickedUp = peer.scaling == .unknown
    }

    private static func name(of stage: TCPPeer.Stage) -> String {
        switch stage {
        case .closed: "CLOSED"
        case .listen: "LISTEN"
        case .synSent: "SYN_SENT"
        case .synReceived: "SYN_RECV"
        case .established: "ESTABLISHED"
        case .closeWait: "CLOSE_WAIT"
        case .finWait1: "FIN_WAIT_1"
        case .closing: "CLOSING"
        case .lastAck: "LAST_ACK"
        case .finWait2: "FIN_WAIT_2"
        case .timeWait: "TIME_WAIT"
        }
    }
}

/// Fields of a tuple that connections are chosen by; those that are `nil` may be anything.
public struct ConnectionPattern: Hashable, Sendable {
    public var isIPv6: Bool?
    public var source: UInt128?
    public var destination: UInt128?
    public var ipProtocol: UInt8?
    public var sourcePort: UInt16?
    public var destinationPort: UInt16?
    public var icmpIdentifier: UInt16?
    public var icmpType: UInt8?
    public var icmpCode: UInt8?

    public init() {}

    /// Whether any field is asked for.
    public var isEmpty: Bool { self == ConnectionPattern() }

    /// Whether the fields name one connection of a zone.
    public var isWhole: Bool {
        guard source != nil, destination != nil, let ipProtocol else { return false }
        if ipProtocol == 1 || ipProtocol == 58 {
            return icmpIdentifier != nil && icmpType != nil && icmpCode != nil
        }
        return sourcePort != nil && destinationPort != nil
    }

    public func matches(_ key: ConnectionKey) -> Bool {
        func agrees<Value: Equatable>(_ wanted: Value?, _ value: Value) -> Bool {
            wanted == nil || wanted == value
        }
        guard agrees(isIPv6, key.isIPv6), agrees(source, key.source),
            agrees(destination, key.destination), agrees(ipProtocol, key.ipProtocol)
        else { return false }
        if key.isICMP {
            return agrees(icmpIdentifier, key.icmpIdentifier) && agrees(icmpType, key.icmpType)
                && agrees(icmpCode, key.icmpCode)
        }
        return agrees(sourcePort, key.sourcePort) && agrees(destinationPort, key.destinationPort)
    }
}

/// Which connections are meant.
public struct ConnectionSelection: Hashable, Sendable {
    public var zone: UInt16?
    public var forward = ConnectionPattern()
    public var reverse = ConnectionPattern()
    public var mark: (value: UInt32, mask: UInt32) {
        get { (markValue, markMask) }
        set { (markValue, markMask) = newValue }
    }
    public var label: (value: UInt128, mask: UInt128) {
        get { (labelValue, labelMask) }
        set { (labelValue, labelMask) = newValue }
    }
    private var markValue: UInt32 = 0
    private var markMask: UInt32 = 0
    private var labelValue: UInt128 = 0
    private var labelMask: UInt128 = 0

    public init(zone: UInt16? = nil) { self.zone = zone }

    func includes(_ connection: Connection) -> Bool {
        if let zone, connection.forward.zone != zone { return false }
        return forward.matches(connection.forward) && reverse.matches(connection.reverse)
            && connection.mark & markMask == markValue & markMask
            && connection.label & labelMask == labelValue & labelMask
    }
}
