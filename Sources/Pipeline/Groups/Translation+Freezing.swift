import FlowModel
import FlowSyntax

/// What is still to be done with a packet when the datapath has it again ("recirculation").
///
/// Equal states have one number, so that a flow that is translated again keeps its actions.
public struct FrozenState: Hashable {
    /// One step of what is to be done.
    enum Step: Hashable {
        /// From here on the actions are a rule's of this table.
        case unroll(table: UInt8, rule: Reference<Rule>?)
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
    let stack: [UInt128]
    let actionSet: [Action]
    /// The in-port of OpenFlow, `metadata` and the registers, by words of the key.
    let metadata: [UInt64]

    /// Where the packet goes on.
    public var bridge: Bridge { place.object }
}

/// Breaking off, and going on.
extension Translation {
    /// The words of a key that the datapath does not keep.
    private static var metadataWords: Range<Int> { KeyWord.metadata..<KeyWord.tunnelID }

    /// Breaks off: what follows is done when the packet comes again, beginning with `action`.
    func freeze(at action: Action, hash: DatapathHash) {
        isFreezing = true
        frozenSteps = [unrolling, .action(action)]
        frozenHash = hash
    }

    /// Puts off the rest of a list.
    func freeze(_ rest: ArraySlice<Action>) {
        // The order to unroll says to whose actions one has come back.
        if lastUnrolling != unrolling { frozenSteps.append(unrolling) }
        frozenSteps += rest.map { .action($0) }
    }

    private var unrolling: FrozenState.Step {
        .unroll(table: table, rule: rule.map { .init(object: $0) })
    }

    private var lastUnrolling: FrozenState.Step? {
        frozenSteps.last { if case .unroll = $0 { true } else { false } }
    }

    /// Ends what has been broken off by sending the packet round.
    func finishFreezing() {
        guard isFreezing else { return }
        isFreezing = false
        guard error == nil else { return }
        let state = FrozenState(
            place: .init(object: bridge), steps: frozenSteps, stack: stack,
            actionSet: actionSet,
            metadata: [UInt64(key.inPort)] + Self.metadataWords.map { key.words[$0] })
        let id = registry.freeze(state)
        packetIns.append(id)
        commit()
        if let frozenHash { actions.append(.hash(frozenHash)) }
        frozenHash = nil
        actions.append(.recirculate(id))
    }

    /// Goes on where the packet was sent round.
    func thaw(_ state: FrozenState) {
        key.inPort = UInt32(truncatingIfNeeded: state.metadata[0])
        for (index, word) in zip(Self.metadataWords, state.metadata.dropFirst()) {
            key.words[index] = word
        }
        stack = state.stack
        actionSet = state.actionSet
        trace.open(.bridge, "bridge(\"\(bridge.name)\")")
        explain(state)
        resume(state.steps)
        if error == nil && !isFreezing { executeActionSet() }
        finishFreezing()
        trace.close()
        addLearnedRules()
    }

    private func explain(_ state: FrozenState) {
        var first: UInt8 = 0
        if case .unroll(let table, _)? = state.steps.first { first = table }
        trace.open(.action, "thaw")
        trace.add(.action, "Resuming from table \(first)")
        trace.add(
            .table, "Restoring actions: " + state.steps.map { text(of: $0) }.joined(separator: ","))
        trace.close()
    }

    private func text(of step: FrozenState.Step) -> String {
        switch step {
        case .unroll(let table, let rule):
            "unroll_xlate(table=\(table), cookie=\(rule?.object.cookie ?? 0))"
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
            case .unroll(let table, let rule):
                self.table = table
                self.rule = rule?.object
                trace.add(
                    .action,
                    "restored state: table=\(table), cookie=\(rule?.object.cookie ?? 0)")
            case .action(let action):
                execute(action)
                if isLeaving { return }
            }
        }
    }
}
