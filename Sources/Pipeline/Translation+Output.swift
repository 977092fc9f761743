import FlowModel

/// Actions that send the packet somewhere.
extension Translation {
    func output(to port: PortNumber, maxByteCount: UInt16) {
        switch port {
        case .inPort:
            composeOutput(to: PortNumber(UInt16(truncatingIfNeeded: key.inPort)))
        case .table: descend { search(0) }
        case .normal: normal()
        case .flood: flood(all: false)
        case .all: flood(all: true)
        case .controller:
            let isMiss = controllerReason == .action && rule?.isTableMiss ?? false
            sendToController(
                ControllerAction(
                    maxByteCount: maxByteCount, reason: isMiss ? .explicitMiss : controllerReason))
        case .none: break
        default:
            if UInt32(port.value) == key.inPort {
                trace.add(.warning, "skipping output to input port")
            } else {
                composeOutput(to: port)
            }
        }
    }

    func outputToField(_ subfield: Subfield, _ maxByteCount: UInt16) {
        consult(subfield.location)
        let value = key[subfield.location]
        trace.add(.detail, "output port is \(value)")
        if value <= UInt128(UInt16.max) {
            output(to: PortNumber(UInt16(value)), maxByteCount: maxByteCount)
        }
    }

    func outputTruncated(to port: PortNumber, _ maxByteCount: UInt32) {
        let before = actions.count
        actions.append(.truncate(maxByteCount))
        output(to: port, maxByteCount: .max)
        if actions.count == before + 1 { actions.removeLast() }
    }

    func enqueue(_ port: PortNumber, _ queue: UInt32) {
        let before = key.words[KeyWord.priority] >> 32
        setPriority(before)
        if UInt32(port.value) == key.inPort { return }
        setPriority(UInt64(queue))
        output(to: port, maxByteCount: .max)
        setPriority(before)
    }

    private func flood(all: Bool) {
        let ports = bridge.floodOrder.filter { port in
            UInt32(port.number.value) != key.inPort && !port.isBare
                && !port.configuration.contains(all ? .noForward : .noFlood)
        }
        let isLast = isLastAction
        for (index, port) in ports.enumerated() {
            isLastAction = isLast && index == ports.count - 1
            composeOutput(to: port.number)
        }
        isLastAction = isLast
    }

    /// Sends the packet out of a port of the current bridge, also if it came in there.
    func composeOutput(to number: PortNumber) {
        guard error == nil else { return }
        guard let port = bridge.ports[number] else {
            trace.add(.warning, "Nonexistent output port")
            return
        }
        if port.configuration.contains(.noForward) {
            trace.add(.warning, "OFPPC_NO_FWD set, skipping output")
            return
        }
        if packetType != PacketType.ethernet, !port.carriesPackets {
            trace.add(
                .warning,
                "Trying to send non-Ethernet packet through legacy L2 port. Dropping packet.")
            return
        }
        switch port.kind {
        case .datapath(let datapathNumber):
            let termination = number == .local ? terminate() : nil
            commit()
            actions.append(termination ?? .output(datapathNumber))
        case .patch:
            guard let peer = network.peer(of: port) else {
                return
            }
            effects.append(.patch(from: port, to: peer.port))
            var peerKey = key
            peerKey.inPort = UInt32(peer.port.number.value)
            cross(to: peer.port, of: peer.bridge, with: peerKey)
        case .tunnel(let datapathPort, let settings):
            sendToTunnel(port, settings, datapathPort)
        case .unavailable:
            trace.add(.warning, "Nonexistent output port")
        }
    }

    /// Goes on in another bridge, as if the packet had come in there, and comes back.
    func cross(to peer: BridgePort, of other: Bridge, with newKey: FlowKey) {
        let before = (bridge, key, table, rule, error)
        let walkBefore = (actionSet, stack, isExiting, hasPoppedLabels, isTracked)
        bridge = other
        key = newKey
        key.words[KeyWord.metadata] = 0
        for index in 0..<16 { key.words[KeyWord.registers + index] = 0 }
        key.removeRareWords()
        for index in KeyWord.tunnelID...KeyWord.erspan { key.words[index] = 0 }
        clearConnection()
        (actionSet, stack, isExiting) = ([], [], false)
        trace.open(.bridge, "bridge(\"\(other.name)\")")
        if !isTaken(by: peer), !peer.configuration.contains(.noReceive) {
            descend { walk(from: 0, as: .isBridge) }
        }
        finishFreezing()
        trace.close()
        // What stops the walk there does not stop it here.
        (bridge, key, table, rule, error) = before
        (actionSet, stack, isExiting, hasPoppedLabels, isTracked) = walkBefore
    }

    // MARK: Controllers

    func sendToController(_ action: ControllerAction, isMissOfRules: Bool = false) {
        commit()
        let cookie = rule?.cookie ?? thawedCookie ?? .max
        let state = PacketInState(
            bridge: bridge, table: table, cookie: cookie, key: key, action: action)
        let id = registry.register(state)
        packetIns.append(id)
        let upcall = ControllerUpcall(
            reason: action.reason, isMissOfRules: isMissOfRules,
            isSuppressed: options.suppressesPacketIns,
            recirculationID: id, ruleCookie: cookie, controllerID: action.controllerID,
            maxByteCount: action.maxByteCount)
        let order = DatapathAction.userspace(.controller(upcall))
        let meter = action.meter.flatMap { bridge.meters[$0] }
        if let meter = meter ?? bridge.meters[MeterConfig.controller] {
            // What the meter drops is lost to the controller alone.
            actions.append(
                .sample(probability: .max, [.meter(meter.datapathNumber), order]))
        } else {
            actions.append(order)
        }
    }

    /// Breaks off until a controller sends the packet back.
    func wait(for controller: ControllerAction) {
        isFreezing = true
        frozenSteps = []
        pause = controller
    }

    func sendMiss() {
        trace.add(.action, "controller(reason=)")
        sendToController(ControllerAction(reason: .noMatch), isMissOfRules: true)
    }
}
