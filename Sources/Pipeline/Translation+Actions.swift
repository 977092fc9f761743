import FlowModel
import FlowSyntax

/// Dispatch, and the actions that steer the walk.
extension Translation {
    /// - Parameter isLast: whether nothing follows the list; that which is known of the action that
    ///   the list stands for, if nothing is said.
    func execute(_ list: [Action], isLast: Bool? = nil) {
        let isLast = isLast ?? isLastAction
        defer { isLastAction = isLast }
        if list.isEmpty { trace.add(.action, "drop") }
        for index in list.indices {
            if error == nil && needsHiddenHeaders(list[index]) { lookAgain() }
            if isFreezing { return freeze(list[index...]) }
            if isExiting || error != nil { return }
            isLastAction = isLast && index == list.endIndex - 1 && actionSet.isEmpty
            trace.add(.action, TraceText.action(list[index], names))
            if case .checkPacketLarger(let limit, let destination) = list[index] {
                return checkLength(limit, destination, rest: Array(list[(index + 1)...]))
            }
            execute(list[index])
            if isLeaving {
                isLeaving = false
                return
            }
        }
    }

    func execute(_ action: Action) {
        switch action {
        case .output(let port, let maxByteCount):
            output(to: port, maxByteCount: maxByteCount)
        case .outputField(let subfield, let maxByteCount):
            outputToField(subfield, maxByteCount)
        case .outputTruncated(let port, let maxByteCount):
            outputTruncated(to: port, maxByteCount)
        case .controller(let controller):
            if controller.isPaused { wait(for: controller) } else { sendToController(controller) }
        case .enqueue(let port, let queue):
            enqueue(port, queue)

        case .resubmit(let resubmit): self.resubmit(resubmit)
        case .gotoTable(let table): go(to: table, as: .honorsMiss)
        case .writeActions(let list): writeToActionSet(list)
        case .clearActions: clearActionSet()
        case .exit: isExiting = true
        case .clone(let list): clone(list, isLast: isLastAction)
        case .learn(let learn): self.learn(learn)
        case .group(let id): sendToGroup(id)
        case .meter(let id): meter(id)
        case .ct(let track): self.track(track)
        case .ctClear: clearTracking()
        case .nat(let translation): self.translation = translation
        case .finTimeout(let idle, let hard): shortenTimeouts(idle: idle, hard: hard)
        case .bundle(let selection): select(selection)
        case .multipath(let multipath): self.multipath(multipath)
        case .sample(let sampling): sample(sampling)
        case .setTunnel(let id, _): write(UInt128(id), to: Field.tunnelID.location)
        // Its list is run where it is met.
        case .note, .checkPacketLarger: break
        // Where a rule has it, it has been heeded by the search.
        case .conjunction: trace.add(.error, "executing no-op conjunction action")

        case .pushMPLS, .popMPLS, .setMPLSLabel, .setMPLSTC, .setMPLSTTL, .decrementMPLSTTL:
            changeLabels(action)
        case .encap(let encapsulation): encapsulate(encapsulation)
        case .decap(let packetType): decapsulate(to: packetType)
        case .decrementNSHTTL: decrementNSHTTL()
        case .copyTTLOut, .copyTTLIn, .pushPBB, .popPBB: changeStandardHeaders(action)

        case .deleteTunnelMetadata(let index): deleteTunnelOption(Int(index))

        case .push(let subfield): push(subfield)
        case .pop(let subfield): pop(subfield)
        case .setQueue(let queue): setPriority(UInt64(queue))
        case .popQueue:
            let isChanged = key.words[KeyWord.priority] >> 32 != originalPriority
            setPriority(originalPriority)
            if isChanged {
                trace.add(.detail, "queue = \(TraceText.hexadecimal(originalPriority))")
            }

        case .setVLANID, .setVLANPriority, .setEthernetSource, .setEthernetDestination,
            .setIPv4Source, .setIPv4Destination, .setIPDSCP, .setIPECN, .setIPTTL,
            .setTransportSource, .setTransportDestination, .popVLAN, .pushVLAN, .decrementTTL,
            .setField, .load, .move, .writeMetadata:
            rewrite(action)
        }
    }

    /// Goes one level deeper, unless that is too deep.
    ///
    /// - Parameter deepens: whether the level counts; going on to a later table does not.
    func descend(deepens: Bool = true, _ body: () -> Void) {
        guard depth < Self.maximumDepth else {
            fail(
                .recursionTooDeep,
                "over max translation depth \(Self.maximumDepth)")
            return
        }
        guard resubmits < Self.maximumResubmits else {
            fail(
                .tooManyResubmits,
                "over \(Self.maximumResubmits) resubmit actions")
            return
        }
        depth += deepens ? 1 : 0
        resubmits += 1
        body()
        depth -= deepens ? 1 : 0
    }

    private func resubmit(_ resubmit: Resubmit) {
        go(
            to: resubmit.table ?? table, pretending: resubmit.port,
            as: resubmit.usesOriginalTuple ? .isOriginal : [])
    }

    private func go(to number: UInt8, pretending port: PortNumber? = nil, as kind: SearchKind) {
        descend(deepens: number <= table) { search(number, pretending: port, as: kind) }
    }

    private func push(_ subfield: Subfield) {
        consult(subfield.location)
        stack.append(key[subfield.location])
    }

    private func pop(_ subfield: Subfield) {
        guard let value = stack.popLast() else {
            trace.add(.error, "stack underflow")
            return
        }
        write(value, to: subfield.location)
        finishWrite(of: subfield.field)
        trace.add(.detail, TraceText.nowIs(subfield, key[subfield.location]))
    }

    private func deleteTunnelOption(_ index: Int) {
        let field = Field.tunnelOption(index)
        wildcards[.option(index)] = 1
        key[.option(index)] = 0
        key[field] = 0
        trace.add(.detail, "delete " + field.name)
    }

    /// Says that the walk depends on the bits at `location`.
    func consult(_ location: FieldLocation) {
        wildcards[location] = location.ones
    }

    func setPriority(_ priority: UInt64) {
        wildcards.words[KeyWord.priority] |= 0xffff_ffff_0000_0000
        key.words[KeyWord.priority] =
            key.words[KeyWord.priority] & 0xffff_ffff | priority << 32
    }

    // MARK: The action set (OpenFlow 1.3.5 §5.10)

    private func writeToActionSet(_ list: [Action]) {
        Self.write(list, to: &actionSet)
        trace.add(.detail, "action set is\(actionSetText)")
    }

    private static func write(_ list: [Action], to set: inout [Action]) {
        for action in list {
            let kind = rank(of: action)
            if kind != headerRank { set.removeAll { rank(of: $0) == kind } }
            set.append(action)
        }
    }

    /// What a bucket's list does: it is an action set.
    static func asActionSet(_ list: [Action]) -> [Action] {
        var set: [Action] = []
        write(list, to: &set)
        return ordered(set)
    }

    /// The actions of a set in the order in which they were written.
    func actionSetText(_ set: [Action]) -> String { ActionPrinter.text(set, names: names) }

    private var actionSetText: String {
        let set = Self.ordered(actionSet)
        return set.isEmpty ? " empty" : ": " + ActionPrinter.text(set, names: names)
    }

    private func clearActionSet() {
        trace.add(.detail, "action set was\(actionSetText)")
        actionSet.removeAll()
    }

    /// An action set in the order in which it is executed; nothing where it sends no packet.
    ///
    /// Where there is a group, the output is not executed (OpenFlow 1.3.5 §5.10).
    private static func ordered(_ set: [Action]) -> [Action] {
        guard let last = set.map({ rank(of: $0) }).filter({ $0 >= groupRank }).min() else {
            return []
        }
        return set.enumerated().filter { rank(of: $0.element) <= last }.sorted {
            let (left, right) = (rank(of: $0.element), rank(of: $1.element))
            return left == right ? $0.offset < $1.offset : left < right
        }.map(\.element)
    }

    private static var headerRank: Int { 14 }
    private static var groupRank: Int { 16 }

    /// When an action of the set is run; one of each rank is kept, but of those that write fields
    /// all, of which the last decides.
    ///
    /// As OVS, whose packets are those of OpenFlow 1.3.5 §5.10; the standard says where the actions
    /// stand that OVS does not know.
    private static func rank(of action: Action) -> Int {
        switch action {
        case .copyTTLIn: return 0
        case .popVLAN: return 1
        case .popMPLS: return 2
        case .popPBB: return 3
        case .decap: return 4
        case .encap: return 5
        case .pushMPLS: return 6
        case .pushPBB: return 7
        case .pushVLAN: return 8
        case .copyTTLOut: return 9
        case .decrementTTL: return 10
        case .decrementMPLSTTL: return 11
        case .decrementNSHTTL: return 12
        case .setQueue: return 15
        case .group: return groupRank
        case .output, .outputField, .outputTruncated, .controller, .enqueue, .resubmit: return 17
        default: return headerRank
        }
    }

    func executeActionSet() {
        let set = Self.ordered(actionSet)
        actionSet.removeAll()
        guard !set.isEmpty else { return }
        trace.open(.table, "--. Executing action set:")
        isExiting = false
        let reason = controllerReason
        if reason == .action { controllerReason = .actionSet }
        execute(set, isLast: true)
        controllerReason = reason
        trace.close()
    }
}
