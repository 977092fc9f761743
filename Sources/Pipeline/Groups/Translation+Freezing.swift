public import FlowModel
import FlowSyntax

/// What is still to be done with a packet when the datapath has it again ("recirculation").
///
/// Equal states have one number, so that a flow that is translated again keeps its actions.
public struct FrozenState: Hashable {
    /// One step of what is to be done.
    enum Step: Hashable {
        /// From here on the actions are a rule's of this table.
        /// `cookie` is that of the rule, which may be known no more.
        case unroll(table: UInt8, cookie: UInt64, rule: Reference<Rule>?)
        case action(Action)
    }

    /// An object that equals itself alone.
    struct Reference<Object: AnyObject>: Hashable {
        let object: Object

        static func == (left: Self, right: Self) -> Bool { left.object === right.object }
        func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(object)) }
    }

    let place: Reference<Bridge>
    let steps: [Step]
    /// Where the tables are searched, if no step is left.
    let table: UInt8
    public let isTracked: Bool
    public let stack: [UInt128]
    public let actionSet: [Action]
    /// The in-port of OpenFlow, `metadata`, the registers and the tunnel, by words of the key.
    let metadata: [UInt64]
    /// Registers and options of the tunnel that few packets have.
    let rareMetadata: FlowKey

    /// The words of a key that the datapath does not keep.
    static var metadataWords: Range<Int> { KeyWord.metadata..<KeyWord.conjunction }

    /// Where the packet goes on.
    public var bridge: Bridge { place.object }
}

/// Breaking off, and going on.
extension Translation {
    /// Breaks off: what follows is done when the packet comes again, beginning with `action`.
    func freeze(at action: Action, hash: DatapathHash) {
        isFreezing = true
        frozenSteps = [unrolling, .action(action)]
        frozenHash = hash
    }

    /// Puts off the rest of a list.
    func freeze(_ rest: ArraySlice<Action>) {
        for action in rest {
            if case .note = action { continue }
            // The order to unroll says to whose actions one has come back.
            if Self.namesItsRule(action) && lastUnrolling != unrolling {
                frozenSteps.append(unrolling)
            }
            frozenSteps.append(.action(action))
        }
    }

    /// Whether the action may tell a controller of its rule and table.
    private static func namesItsRule(_ action: Action) -> Bool {
        switch action {
        case .output, .outputField, .outputTruncated, .controller, .group, .decrementTTL,
            .decrementMPLSTTL, .decrementNSHTTL:
            true
        case .resubmit(let resubmit): resubmit.table == nil
        default: false
        }
    }

    private var unrolling: FrozenState.Step {
        .unroll(
            table: table, cookie: rule?.cookie ?? thawedCookie ?? 0,
            rule: rule.map { .init(object: $0) })
    }

    private var lastUnrolling: FrozenState.Step? {
        frozenSteps.last { if case .unroll = $0 { true } else { false } }
    }

    /// Ends what has been broken off by sending the packet round.
    func finishFreezing() {
        guard isFreezing else { return }
        isFreezing = false
        defer {
            frozenHash = nil
            pause = nil
        }
        guard error == nil else { return }
        commit()
        if let pause { return sendPaused(pause) }
        let id = freeze(steps: frozenSteps, table: 0)
        if let frozenHash { actions.append(.hash(frozenHash)) }
        actions.append(.recirculate(id))
    }

    private func frozenState(steps: [FrozenState.Step], table: UInt8) -> FrozenState {
        FrozenState(
            place: .init(object: bridge), steps: steps, table: table, isTracked: isTracked,
            stack: stack, actionSet: actionSet,
            metadata: [UInt64(key.inPort)] + FrozenState.metadataWords.map { key.words[$0] },
            rareMetadata: key.rareMetadata)
    }

    /// - Returns: the number under which the packet comes again.
    func freeze(steps: [FrozenState.Step], table: UInt8) -> UInt32 {
        let id = registry.freeze(frozenState(steps: steps, table: table))
        packetIns.append(id)
        return id
    }

    /// Gives the packet to a controller, with what is left to be done.
    private func sendPaused(_ action: ControllerAction) {
        // A packet that is only imagined would never come back.
        guard !options.suppressesPacketIns else { return }
        let state = frozenState(steps: frozenSteps, table: 0)
        let cookie = rule?.cookie ?? firstCookie ?? thawedCookie ?? .max
        let id = registry.register(
            PacketInState(
                bridge: bridge, table: table, cookie: cookie, key: key, action: action,
                continuation: state))
        packetIns.append(id)
        let upcall = ControllerUpcall(
            reason: action.reason, isSuppressed: false, isContinuation: true, recirculationID: id,
            ruleCookie: cookie, controllerID: action.controllerID,
            maxByteCount: action.maxByteCount)
        actions.append(.userspace(.controller(upcall)))
    }

    /// Goes on where the packet was sent round.
    func thaw(_ state: FrozenState) {
        key.inPort = UInt32(truncatingIfNeeded: state.metadata[0])
        for (index, word) in zip(FrozenState.metadataWords, state.metadata.dropFirst()) {
            key.words[index] = word
        }
        key.takeRareWords(of: state.rareMetadata)
        isThawed = true
        table = state.table
        isTracked = state.isTracked
        if !isTracked { clearConnection() }
        stack = state.stack
        actionSet = state.actionSet
        trace.open(.bridge, "bridge(\"\(bridge.name)\")")
        explain(state)
        if state.steps.isEmpty {
            search(state.table, as: .isFirst)
        } else {
            resume(state.steps)
        }
        if error == nil && !isFreezing { executeActionSet() }
        finishFreezing()
        trace.close()
        addLearnedRules()
    }

    private func explain(_ state: FrozenState) {
        trace.open(.table, "thaw")
        trace.add(.table, "Resuming from table \(state.table)")
        if !state.actionSet.isEmpty {
            trace.add(.table, "Restoring action set: " + actionSetText(state.actionSet))
        }
        if !state.steps.isEmpty {
            let steps = state.steps.map { text(of: $0) }
            trace.add(.table, "Restoring actions: " + steps.joined(separator: ","))
        }
        trace.close()
    }

    private func text(of step: FrozenState.Step) -> String {
        switch step {
        case .unroll(let table, let cookie, _):
            "unroll_xlate(table=\(table), cookie=\(cookie))"
        case .action(let action): TraceText.action(action, names)
        }
    }

    private func resume(_ steps: [FrozenState.Step]) {
        for (index, step) in steps.enumerated() {
            if isFreezing {
                frozenSteps += steps[index...]
                return
            }
            if isExiting || error != nil { return }
            if case .action(let action) = step, needsHiddenHeaders(action) {
                lookAgain()
                frozenSteps += steps[index...]
                return
            }
            trace.add(.action, text(of: step))
            switch step {
            case .unroll(let table, let cookie, let rule):
                self.table = table
                self.rule = rule?.object
                thawedCookie = cookie
                trace.add(.action, "restored state: table=\(table), cookie=\(cookie)")
            case .action(let action):
                execute(action)
                if isLeaving { return }
            }
        }
    }
}
