import Addresses
import Bytes
import FlowModel
import FlowSyntax
import OpenFlow

/// What `ovs-testcontroller` is told to make of switches.
struct ControllerOptions {
    enum Mode {
        /// Packets go where their destination was last seen.
        case learning
        /// Every packet goes everywhere.
        case hub
        /// What would go to one port goes where the switch itself sends it.
        case normal
    }

    var mode = Mode.learning
    var makesFlows = true
    /// Seconds without a packet after which flows go; 0 for never.
    var maxIdle: UInt16 = 60
    /// Wildcard bits of OpenFlow 1.0: what flows leave out.
    var wildcards: UInt32 = 0
    var queue: UInt32?
    /// Queues for packets from ports of those names.
    var portQueues: [String: UInt32] = [:]
    var flows: [FlowDescription] = []
    var isMute = false
    var versions: OpenFlowVersions = .supported

    /// L2 alone: neither the type of packets nor what is behind it.
    static let layer2Wildcards: UInt32 = 0x28_20f0
}

/// A controller's view of one switch: messages come in, messages go out.
struct LearningSwitch {
    /// Octets of a packet that misses the tables.
    private static let missSendLength: UInt16 = 128
    /// As many addresses as are kept; the oldest goes first.
    private static let maxAddressCount = 2048

    private struct Place: Hashable {
        let address: UInt64
        let vlan: UInt16
    }

    let options: ControllerOptions
    private(set) var dialect = Dialect(version: .v10)
    private var isNegotiated = false
    private var nextXID: UInt32 = 1
    private var ports: [Place: PortNumber] = [:]
    private var order: [Place] = []
    private var queues: [PortNumber: UInt32] = [:]
    private var output: [UInt8] = []

    init(_ options: ControllerOptions) { self.options = options }

    /// What is to be sent, which is then forgotten.
    mutating func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    private mutating func send(_ message: OpenFlowMessage, xid: UInt32? = nil) {
        output += message.encoded(dialect, xid: xid ?? nextXID)
        if xid == nil { nextXID &+= 1 }
    }

    /// Says hello.
    mutating func start() {
        dialect.version = options.versions.newest ?? .v10
        send(.hello(Hello(versions: options.versions)))
    }

    /// - Throws: that the switch speaks no version of these, or nonsense.
    mutating func handle(_ octets: [UInt8]) throws {
        guard let header = MessageHeader(octets) else { return }
        guard isNegotiated else { return try negotiate(octets, header) }
        guard let message = try? OpenFlowMessage.parse(octets, dialect: dialect),
            !options.isMute
        else { return }
        switch message {
        case .echoRequest(let data): send(.echoReply(data), xid: header.xid)
        case .featuresReply(let features): begin(features)
        case .statsReply(let reply):
            if case .portDescription(let ports) = reply.body { assignQueues(ports) }
        case .packetIn(let packet): handle(packet)
        default: break
        }
    }

    private mutating func negotiate(_ octets: [UInt8], _ header: MessageHeader) throws {
        guard case .hello(let hello)? = try? OpenFlowMessage.parse(octets) else {
            throw ControllerFailure("received a message before hello")
        }
        let theirs = hello.versions ?? .upTo(header.version)
        guard let version = options.versions.intersection(theirs).newest else {
            let error = ErrorMessage(
                code: OpenFlowError.helloIncompatible.code(in: .v10),
                data: Array("no common version of OpenFlow".utf8))
            send(.error(error), xid: header.xid)
            throw ControllerFailure("version negotiation failed")
        }
        dialect.version = version
        isNegotiated = true
        send(.featuresRequest)
        send(.setConfig(SwitchConfig(missSendLength: Self.missSendLength)))
        if version >= .v13, !options.isMute {
            if !options.portQueues.isEmpty { send(.statsRequest(.portDescription(.none))) }
            // From OpenFlow 1.3 on packets without a rule are dropped unless a rule says else.
            let action = Action.output(.controller, maxByteCount: Self.missSendLength)
            send(.flowMod(FlowMod(tableID: 0, priority: 0, newCookie: 0, actions: [action])))
        }
        sendFlows()
    }

    /// Sends the flows of `--with-flows`.
    private mutating func sendFlows() {
        guard !options.flows.isEmpty, !options.isMute else { return }
        if dialect.version == .v10 {
            send(.setTableInFlowMod(true))
            dialect.hasTableInFlowMod = true
        }
        for flow in options.flows {
            send(.flowMod(FlowMod(flow, .add, dialect.version)))
        }
    }

    private mutating func begin(_ features: SwitchFeatures) { assignQueues(features.ports) }

    private mutating func assignQueues(_ ports: [PortDescription]) {
        for port in ports {
            if let queue = options.portQueues[port.name] { queues[port.number] = queue }
        }
    }

    // MARK: Packets

    /// Where a packet is to go.
    private enum Decision {
        case drop
        case output(PortNumber)
        /// Everywhere, as long as its destination is unknown.
        case flood
    }

    private mutating func handle(_ packet: PacketIn) {
        let inPort = packet.inPort
        var packed = PackedKey()
        PacketParser.parse(
            packet.data.span.octets, .init(inPort: UInt32(inPort.value)), into: &packed)
        let key = packed.expanded
        learn(key, inPort)
        let decision = decide(key, inPort)
        let actions = actions(for: decision, from: inPort)
        var isPermanent = true
        if case .flood = decision { isPermanent = options.mode == .hub }
        if options.makesFlows && isPermanent {
            send(.flowMod(flowMod(key, packet, actions)))
            // With its number in the rule, the switch sends the packet itself.
            if packet.bufferID != nil { return }
        }
        guard !actions.isEmpty || packet.bufferID != nil else { return }
        var message = PacketOut(
            bufferID: packet.bufferID, inPort: inPort, actions: actions, data: packet.data)
        if packet.bufferID != nil { message.data = [] }
        send(.packetOut(message))
    }

    private mutating func learn(_ key: FlowKey, _ port: PortNumber) {
        let source = EthernetAddress(key.ethernetSource)
        guard options.mode != .hub, !source.isMulticast else { return }
        let place = Place(address: key.ethernetSource, vlan: key.vlanTCI & VLANBits.id)
        if ports.updateValue(port, forKey: place) != nil { return }
        order.append(place)
        if order.count > Self.maxAddressCount { ports[order.removeFirst()] = nil }
    }

    private func decide(_ key: FlowKey, _ inPort: PortNumber) -> Decision {
        // Those of IEEE 802.1D stay on their link.
        if key.ethernetDestination & ~0xf == 0x0180_c200_0000 { return .drop }
        if options.mode == .hub { return .flood }
        let place = Place(address: key.ethernetDestination, vlan: key.vlanTCI & VLANBits.id)
        guard let port = ports[place] else { return .flood }
        if port == inPort { return .drop }
        return .output(options.mode == .normal ? .normal : port)
    }

    private func actions(for decision: Decision, from inPort: PortNumber) -> [Action] {
        switch decision {
        case .drop: return []
        case .flood: return [.output(.flood, maxByteCount: 0)]
        case .output(let port):
            guard let queue = queues[inPort] ?? options.queue, port < .maximum else {
                return [.output(port, maxByteCount: 0)]
            }
            guard dialect.version > .v10 else { return [.enqueue(port, queue: queue)] }
            return [.setQueue(queue), .output(port, maxByteCount: 0), .popQueue]
        }
    }

    private func flowMod(_ key: FlowKey, _ packet: PacketIn, _ actions: [Action]) -> FlowMod {
        FlowMod(
            tableID: dialect.version == .v10 ? FlowMod.allTables : 0, match: match(key),
            priority: 1, newCookie: 0, idleTimeout: options.maxIdle, bufferID: packet.bufferID,
            actions: actions)
    }

    /// The packet's headers, but for what the wildcards leave out.
    private func match(_ key: FlowKey) -> Match {
        var exact = Match()
        let fields: [Field] = [
            .inPort, .ethernetSource, .ethernetDestination, .etherType, .ipv4Source,
            .ipv4Destination, .ipProtocol, .ipDSCP, .tcpSource, .tcpDestination,
        ]
        for field in fields { exact.set(field, to: key[field]) }
        exact.set(.vlanTCI, to: UInt128(key.vlanTCI))
        var octets = MessageParts.fixedOctets(exact, .v10)
        for (index, shift) in [UInt32(24), 16, 8, 0].enumerated() {
            octets[index] |= UInt8(truncatingIfNeeded: options.wildcards >> shift)
        }
        return (try? MessageParts.fixedMatch(octets, .v10)) ?? exact
    }
}

/// Why a switch is let go.
struct ControllerFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
