import Datapath
import FlowModel
public import FlowSyntax
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
        let request = try TraceRequest(arguments)
        var (managed, key) = try traced(request)
        if case .octets(let octets) = request.packet {
            let headers = Self.key(of: octets, inPort: key.inPort)
            for index in KeyWord.metadataEnd..<KeyWord.count {
                key.words[index] = headers.words[index]
            }
            key.words[KeyWord.packetType] = headers.words[KeyWord.packetType]
        }
        if key.vlanTCI & VLANBits.present != 0 && key.vlanTPID == 0 {
            key.vlanTPID = EtherType.vlan
        }
        let isReal = request.packet != .none
        let names = request.showsNames ? self.names(of: managed) : FlowNames()
        let result = network.translate(
            key, on: managed.bridge, registry: contexts,
            options: TranslationOptions(
                now: now, mayLearn: isReal, isTraced: true, suppressesPacketIns: !isReal,
                showsNames: request.showsNames))
        if result.hasChangedState { network.bumpVersion() }
        if isReal { sendPacketIns(of: result, request.packet, key, managed) }
        retiredContexts += result.packetIns
        return text(of: result, for: key, names, request.showsNames)
    }

    private func text(
        of result: TranslationResult, for key: FlowKey, _ names: FlowNames, _ showsNames: Bool
    ) -> String {
        var text = "Flow: " + FlowKeyText.text(key, names: names) + "\n"
        text += TraceNode.text(of: result.trace)
        let final = FlowKeyText.text(result.finalKey, names: names)
        let isUnchanged = final == FlowKeyText.text(key, names: names)
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
        guard let (bridge, port) = network.portsByDatapathNumber[number],
            let managed = bridges[bridge.name], DatapathKind(managed.configuration) == kind
        else { throw CommandError("no OpenFlow port for datapath port \(number)") }
        var key = match.key
        key.inPort = UInt32(port.number.value)
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
        of result: TranslationResult, _ packet: TraceRequest.Packet, _ key: FlowKey,
        _ managed: ManagedBridge
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
            case .output, .truncate, .recirculate, .hash: false
            default: true
            }
        }
        guard case .octets(let octets) = packet else {
            link.execute(FrameComposer.frame(for: key), datapathKey, actions)
            return
        }
        link.execute(octets, datapathKey, actions)
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
        return names
    }
}
