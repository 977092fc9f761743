import FlowModel
import FlowSyntax

/// Dispatch, and the actions that steer the walk.
extension Translation {
    func execute(_ list: [Action]) {
        for index in list.indices {
            if error == nil && needsHiddenHeaders(list[index]) { lookAgain() }
            if isFreezing { return freeze(list[index...]) }
            if isExiting || error != nil { return }
            trace.add(.action, TraceText.action(list[index], names))
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
            sendToController(controller)
        case .enqueue(let port, let queue):
            enqueue(port, queue)

        case .resubmit(let resubmit): self.resubmit(resubmit)
        case .gotoTable(let table): descend { search(table, honorsMiss: true) }
        case .writeActions(let list): writeToActionSet(list)
        case .clearActions: clearActionSet()
        case .exit: isExiting = true
        case .clone(let list): clone(list)
        case .learn(let learn): self.learn(learn)
        case .group(let id): sendToGroup(id)
        case .meter(let id): meter(id)
        case .note, .conjunction, .finTimeout, .ctClear: break

        case .pushMPLS, .popMPLS, .setMPLSLabel, .setMPLSTC, .setMPLSTTL, .decrementMPLSTTL:
            changeLabels(action)
        case .encap(let encapsulation): encapsulate(encapsulation)
        case .decap(let packetType): decapsulate(to: packetType)
        case .decrementNSHTTL: decrementNSHTTL()
        case .copyTTLOut, .copyTTLIn, .pushPBB, .popPBB: changeStandardHeaders(action)

        // The flow-mod with one of these was refused.
        case .setTunnel, .ct, .nat, .bundle, .multipath, .sample,
            .checkPacketLarger, .deleteTunnelMetadata:
            trace.add(.warning, "not supported")

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
    func descend(_ body: () -> Void) {
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
        depth += 1
        resubmits += 1
        body()
        depth -= 1
    }

    private func resubmit(_ resubmit: Resubmit) {
        descend {
            search(resubmit.table ?? table, pretending: resubmit.port)
        }
    }

    private func clone(_ list: [Action]) {
        let before = (key: key, stack: stack, actionSet: actionSet, hadPopped: hasPoppedLabels)
        // What the list writes can be written back, so that the datapath needs no copy.
        execute(list)
        if error == nil && !isFreezing { executeActionSet() }
        finishFreezing()
        (key, stack, actionSet, hasPoppedLabels) = before
        isExiting = false
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
        trace.add(.detail, TraceText.nowIs(subfield, key[subfield.location]))
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
            switch action {
            case .setField(let field, _, _):
                set.removeAll { if case .setField(field, _, _) = $0 { true } else { false } }
            case .load(_, let subfield):
                set.removeAll { if case .load(_, subfield) = $0 { true } else { false } }
            default: set.removeAll { rank(of: $0) == kind && kind != headerRank }
            }
            set.append(action)
        }
    }

    /// What a bucket's list does: it is an action set.
    static func asActionSet(_ list: [Action]) -> [Action] {
        var set: [Action] = []
        write(list, to: &set)
        return ordered(set)
    }

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

    /// When an action of the set is run; one of each rank is kept, but set-field once a field.
    ///
    /// As OVS, which differs from OpenFlow 1.3.5 §5.10 in nothing that it knows; the standard says
    /// where the others stand.
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
        execute(set)
        trace.close()
    }
}
