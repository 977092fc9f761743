import Datapath
import FlowModel
public import FlowSyntax
import OpenFlow
public import Pipeline

/// `ofproto/trace`: what becomes of a packet, and why.
extension VirtualSwitch {
    /// The answer to `ofproto/trace` with these arguments.
    ///
    /// With a packet, or `-generate`, the bridge learns from it and controllers get what is for
    /// them, as if it had come in; it leaves by no port.
    public func traceText(
        _ arguments: [String], now: Milliseconds
    ) throws(CommandError) -> String {
        try text(of: TraceRequest(arguments), now: now)
    }

    /// The answer to `ofproto/trace-packet-out` with these arguments.
    public func tracePacketOutText(
        _ arguments: [String], now: Milliseconds
    ) throws(CommandError) -> String {
        try text(of: TraceRequest(arguments, isPacketOut: true), now: now)
    }

    private func text(
        of request: TraceRequest, now: Milliseconds
    ) throws(CommandError) -> String {
        var (managed, key) = try traced(request)
        if case .octets(let octets) = request.packet {
            let headers = self.key(of: octets, inPort: key.inPort)
            for index in KeyWord.metadataEnd..<KeyWord.count {
                key.words[index] = headers.words[index]
            }
            key.words[KeyWord.packetType] = headers.words[KeyWord.packetType]
        }
        if key.vlanTCI & VLANBits.present != 0 && key.vlanTPID == 0 {
            key.vlanTPID = EtherType.vlan
        }
        let actions = try packetOutActions(request, for: key, on: managed)
        var states = request.connectionStates[...]
        var trace = RunningTrace(request: request, managed: managed, now: now)
        add(key, actions, to: &trace)
        for round in 0... {
            guard round < trace.pending.count else { break }
            guard round < Self.maximumTracedRecirculations else {
                // OVS never ends where a table sends a packet to itself.
                trace.text += "\nThe packet comes again more than \(round) times: the end.\n"
                break
            }
            let connection = TracedConnection(trace.pending[round], flags: states.popFirst())
            trace.text += connection.text
            add(connection.key, nil, to: &trace)
        }
        return trace.text
    }

    /// How often a traced packet comes again.
    private static var maximumTracedRecirculations: Int { 64 }

    /// A trace as far as it has come.
    private struct RunningTrace {
        let request: TraceRequest
        let managed: ManagedBridge
        let now: Milliseconds
        var text = ""
        /// The packets that have come again or are to.
        var pending: [TracedRecirculation] = []
    }

    /// Adds one passage of the packet, through the tables or, as a packet-out, through actions.
    private func add(_ key: FlowKey, _ actions: [Action]?, to trace: inout RunningTrace) {
        let (request, managed) = (trace.request, trace.managed)
        let isReal = request.packet != .none
        let names = request.showsNames ? self.names(of: managed) : FlowNames()
        let options = TranslationOptions(
            now: trace.now, mayLearn: isReal, isTraced: true, suppressesPacketIns: !isReal,
            showsNames: request.showsNames)
        let result =
            if let actions {
                network.translate(
                    actions, for: key, on: managed.bridge, registry: contexts, options: options)
            } else {
                network.translate(
                    key, on: managed.bridge, registry: contexts, options: options)
            }
        if result.hasChangedState { network.bumpVersion() }
        solicit(result.solicitations, now: trace.now)
        if let frame = request.frame(for: key) { sendPacketIns(of: result, frame, key, managed) }
        retiredContexts += result.packetIns
        trace.pending += result.recirculations
        trace.text += text(of: result, for: key, names, request.showsNames)
    }

    private func packetOutActions(
        _ request: TraceRequest, for key: FlowKey, on managed: ManagedBridge
    ) throws(CommandError) -> [Action]? {
        guard let text = request.actions else { return nil }
        // As in OVS, actions name ports by their numbers here.
        var parser = FlowParser(names: FlowNames())
        var formats = FlowFormats.all
        let actions: [Action]
        do {
            actions = try parser.plainActions(text, formats: &formats)
        } catch {
            throw CommandError(error.message)
        }
        let isStrict = request.isConsistent || formats.isDisjoint(with: .anyOpenFlow10)
        do {
            try ActionConsistency.check(
                actions, match: Match(key: key, mask: .allOnes),
                version: isStrict ? .v13 : .v10)
            try Self.check(actions, table: nil)
            try checkReferences(of: actions, on: managed)
        } catch {
            throw CommandError("Bad actions: \(error.name)")
        }
        // Without actions OVS searches the tables.
        return actions.isEmpty ? nil : actions
    }

    private func text(
        of result: TranslationResult, for key: FlowKey, _ names: FlowNames, _ showsNames: Bool
    ) -> String {
        var text = "Flow: " + FlowKeyText.text(key, names: names) + "\n"
        text += TraceNode.text(of: result.trace)
        let final = FlowKeyText.text(result.finalKey, names: names)
        // A tunnel counts though its fields do not show without a remote end.
        let hasSameTunnel = (KeyWord.tunnelID...KeyWord.erspan).allSatisfy {
            result.finalKey.words[$0] == key.words[$0]
        }
        let isUnchanged = final == FlowKeyText.text(key, names: names) && hasSameTunnel
        text += "\nFinal flow: \(isUnchanged ? "unchanged" : final)\n"
        var mask = result.mask
        // A packet without a tag is told from one with it by its type.
        if key.vlanTCI == 0 { mask.words[KeyWord.vlan] = 0 }
        if key.innerVLANTCI == 0 { mask.innerVLANTCI = 0 }
        let megaflow = FlowKeyText.megaflow(key, mask: mask, names: names)
        text += "Megaflow: \(megaflow)\n"
        let datapathNames = showsNames ? datapathPortNames : DatapathPortNames()
        let actions = DatapathActionPrinter.text(result.actions, names: datapathNames)
        text += "Datapath actions: \(actions)\n"
        if !result.slowPath.isEmpty {
            text += "This flow is handled by the userspace slow path because it:\n"
            for reason in result.slowPath { text += "  - \(reason.explanation).\n" }
        }
        if let error = result.error {
            text += "Translation failed (\(error.sentence)), packet is dropped.\n"
        }
        return text
    }

    // MARK: What is to be traced

    private func traced(_ request: TraceRequest) throws(CommandError) -> (ManagedBridge, FlowKey) {
        guard let first = request.operands.first else { throw CommandError("Syntax error") }
        if let match = try? DatapathFlowParser.parse(
            request.operands[request.operands.count - 1], names: datapathPortNames)
        {
            return try traced(match, request)
        }
        guard request.operands.count > 1 else {
            let text = syntaxError(of: first)
            throw CommandError("\(text) (or the bridge name was omitted)")
        }
        guard let managed = bridges[first] else { throw CommandError("\(first): unknown bridge") }
        do {
            return (managed, try FlowKeyText.parse(request.operands[1], names: names(of: managed)))
        } catch {
            throw CommandError("Bad openflow flow syntax: \(error.message)")
        }
    }

    private func syntaxError(of flow: String) -> String {
        do {
            _ = try DatapathFlowParser.parse(flow, names: datapathPortNames)
            return "Syntax error"
        } catch { return error.message }
    }

    /// A flow of the datapath, whose in-port is one of its own.
    private func traced(
        _ match: Match, _ request: TraceRequest
    ) throws(CommandError) -> (ManagedBridge, FlowKey) {
        let kinds = DatapathKind.all(of: self)
        let named =
            request.operands.count > 1
            ? kinds.first { $0.isCalled(request.operands[0]) } : kinds.count == 1 ? kinds[0] : nil
        guard let kind = named else { throw CommandError("Cannot find the datapath") }
        let number = match.mask.inPort == 0 ? UInt32.max : match.key.inPort
        var key = match.key
        key.inPort = number
        guard let (bridge, port) = network.origin(of: key),
            let managed = bridges[bridge.name], DatapathKind(managed.configuration) == kind
        else {
            if TunnelMetadata(PackedKey(key)) != nil {
                throw CommandError("no OpenFlow tunnel port for this packet")
            }
            throw CommandError("no OpenFlow port for datapath port \(number)")
        }
        key.inPort = UInt32(port.number.value)
        let recirculation = key.recirculationID
        guard recirculation == 0 || contexts.frozenState(of: recirculation) != nil else {
            let number = String(recirculation, radix: 16)
            throw CommandError("no recirculation data for recirc_id 0x\(number)")
        }
        let isEthernet = match.mask[.packetType] != 0 && match.key[.packetType] == 0
        if !isEthernet && match.mask.etherType != 0 && request.packet == .none
            && key.etherType != EtherType.notEthernetII
        {
            // Without `eth(...)` the packet begins with what the type says.
            key[.packetType] = 1 << 16 | UInt128(key.etherType)
        }
        return (managed, key)
    }

    // MARK: Effects

    /// Has the datapath send up what the actions have for controllers, and nothing else.
    private func sendPacketIns(
        of result: TranslationResult, _ frame: [UInt8], _ key: FlowKey, _ managed: ManagedBridge
    ) {
        guard !result.packetIns.isEmpty else { return }
        var datapathKey = key
        datapathKey.inPort = 0
        if let port = managed.bridge.ports[PortNumber(UInt16(truncatingIfNeeded: key.inPort))],
            case .datapath(let number) = port.kind
        {
            datapathKey.inPort = number
        }
        let actions = result.actions.filter { action in
            switch action {
            case .output, .truncate, .recirculate, .hash, .track, .checkPacketLength: false
            default: true
            }
        }
        link.execute(frame, datapathKey, actions)
    }

    // MARK: Names

    /// The names of a bridge's ports.
    func names(of managed: ManagedBridge) -> FlowNames {
        FlowNames(ports: managed.bridge.ports.values.map { ($0.name, $0.number) })
    }

    /// The names of all ports of the datapath.
    public var datapathPortNames: DatapathPortNames {
        var names = DatapathPortNames()
        for (number, owner) in network.portsByDatapathNumber {
            names.insert(owner.port.name, number)
        }
        for (name, device) in tunnels.devices { names.insert(name, device.number) }
        return names
    }
}
