import FlowModel

/// `clone`, `check_pkt_larger` and `sample`: what runs on a copy, or on some packets only.
extension Translation {
    /// Runs a list and forgets what it wrote.
    ///
    /// What can be written back, or need not be since nothing follows, takes no copy.
    func clone(_ list: [Action], isLast: Bool) {
        let before = (key: key, stack: stack, actionSet: actionSet, hadPopped: hasPoppedLabels)
        if isLast || Self.isReversible(list) {
            runBranch(list, isLast: isLast)
        } else {
            cloneInDatapath { runBranch(list, isLast: true) }
        }
        (key, stack, actionSet, hasPoppedLabels) = before
    }

    /// Runs a list and what it leaves to be done.
    func runBranch(_ list: [Action], isLast: Bool) {
        execute(list, isLast: isLast)
        if error == nil && !isFreezing { executeActionSet() }
        finishFreezing()
    }

    /// Has the datapath do on a copy what `body` adds.
    func cloneInDatapath(_ body: () -> Void) {
        commit()
        let before = packetState
        let inner = collect(body)
        if !inner.isEmpty { actions.append(.clone(inner)) }
        packetState = before
    }

    /// What is known of the datapath's packet, which a copy of it does not share.
    private typealias PacketState = (
        base: FlowKey, isTracked: Bool, hasPoppedLabels: Bool, pendingHeader: PendingHeader?,
        isHeaderToBeTakenOff: Bool
    )

    private var packetState: PacketState {
        get { (base, isTracked, hasPoppedLabels, pendingHeader, isHeaderToBeTakenOff) }
        set { (base, isTracked, hasPoppedLabels, pendingHeader, isHeaderToBeTakenOff) = newValue }
    }

    /// The datapath actions that `body` adds.
    func collect(_ body: () -> Void) -> [DatapathAction] {
        let outer = actions
        actions = []
        body()
        defer { actions = outer }
        return actions
    }

    /// Whether all that the list does to the packet can be undone by writing fields.
    static func isReversible(_ list: [Action]) -> Bool {
        list.allSatisfy { action in
            switch action {
            case .ct, .meter, .nat, .outputTruncated, .encap, .decap, .decrementNSHTTL,
                .pushPBB, .popPBB, .copyTTLIn, .copyTTLOut, .setField(.mplsBOS, _, _):
                false
            default: true
            }
        }
    }

    /// Whether the list puts headers before the packet that fields cannot take away.
    static func changesHeaders(_ list: [Action]) -> Bool {
        list.contains { action in
            switch action {
            case .encap, .decap, .pushPBB, .popPBB, .copyTTLIn, .copyTTLOut: true
            default: false
            }
        }
    }

    /// Runs the rest of a list once for packets that are larger, and once for the others.
    func checkLength(_ limit: UInt16, _ destination: Subfield, rest: [Action]) {
        let before = (key: key, stack: stack, actionSet: actionSet)
        commit()
        let saved = packetState
        let larger = collect {
            key[destination.location] = 1
            runBranch(rest, isLast: true)
        }
        packetState = saved
        key = before.key
        stack = before.stack
        // As in OVS, the first branch has used the action set up, which follows both once more.
        let hadExited = isExiting
        isExiting = false
        let others = collect {
            key[destination.location] = 0
            runBranch(rest, isLast: true)
        }
        actions.append(.checkPacketLength(limit, larger: larger, others: others))
        packetState = saved
        (key, stack, actionSet) = before
        isExiting = hadExited
    }

    // MARK: Sampling

    /// Reports some packets to the collectors, if the bridge has any.
    func sample(_ sampling: Sampling) {
        guard bridge.hasFlowCollectors else { return }
        var port: UInt32?
        if sampling.port != .none, UInt32(sampling.port.value) != key.inPort {
            guard case .datapath(let number)? = bridge.ports[sampling.port]?.kind else {
                trace.add(
                    .error,
                    "can't use unknown port \(sampling.port.value) in flow sample action")
                return
            }
            port = number
        }
        commit()
        guard sampling.probability != 0 else { return }
        let probability = UInt32(sampling.probability) * 0x1_0001
        let report = DatapathAction.userspace(.flowSample(sampling, outputPort: port))
        let meter = bridge.meters[MeterConfig.slowPath]
        if let meter {
            actions.append(
                .sample(probability: probability, [.meter(meter.datapathNumber), report]))
        } else if probability == .max {
            actions.append(report)
        } else {
            actions.append(.sample(probability: probability, [report]))
        }
    }
}
