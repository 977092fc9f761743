import FlowModel
import FlowSyntax

/// Dispatch, and the actions that steer the walk.
extension Translation {
    func execute(_ list: [Action]) {
        for action in list {
            if isExiting || error != nil { return }
            trace.add(.action, TraceText.action(action, names))
            execute(action)
        }
    }

    private func execute(_ action: Action) {
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
        case .gotoTable(let table): descend { search(table) }
        case .writeActions(let list): writeToActionSet(list)
        case .clearActions: clearActionSet()
        case .exit: isExiting = true
        case .clone(let list): clone(list)
        case .learn(let learn): self.learn(learn)
        case .note, .conjunction, .finTimeout, .ctClear: break

        // The flow-mod with one of these was refused.
        case .meter, .group, .pushMPLS, .popMPLS, .setMPLSLabel, .setMPLSTC, .setMPLSTTL,
            .decrementMPLSTTL, .setTunnel, .ct, .nat, .bundle, .multipath, .sample,
            .checkPacketLarger, .deleteTunnelMetadata, .encap, .decap, .decrementNSHTTL,
            .copyTTLOut, .copyTTLIn, .pushPBB, .popPBB:
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
        let before = (key: key, stack: stack, actionSet: actionSet)
        // What the list writes can be written back, so that the datapath needs no copy.
        execute(list)
        if error == nil { executeActionSet() }
        (key, stack, actionSet) = before
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
        for action in list {
            let kind = Self.rank(of: action)
            if case .setField(let field, _, _) = action {
                actionSet.removeAll {
                    if case .setField(field, _, _) = $0 { true } else { false }
                }
            } else {
                actionSet.removeAll { Self.rank(of: $0) == kind }
            }
            actionSet.append(action)
        }
        trace.add(.detail, "action set is\(actionSetText)")
    }

    private var actionSetText: String {
        let set = orderedActionSet
        return set.isEmpty ? " empty" : ": " + ActionPrinter.text(set, names: names)
    }

    private func clearActionSet() {
        trace.add(.detail, "action set was\(actionSetText)")
        actionSet.removeAll()
    }

    /// The action set in the order in which it is executed; nothing where it sends no packet.
    private var orderedActionSet: [Action] {
        guard actionSet.contains(where: { Self.rank(of: $0) >= 9 }) else { return [] }
        return actionSet.enumerated().sorted {
            let (left, right) = (Self.rank(of: $0.element), Self.rank(of: $1.element))
            return left == right ? $0.offset < $1.offset : left < right
        }.map(\.element)
    }

    /// When an action of the set is run; one of each rank is kept, but set-field once a field.
    private static func rank(of action: Action) -> Int {
        switch action {
        case .popVLAN: return 1
        case .popMPLS: return 2
        case .pushMPLS: return 3
        case .pushVLAN: return 4
        case .decrementTTL: return 5
        case .decrementMPLSTTL: return 6
        case .setQueue: return 8
        case .group: return 9
        case .output, .outputField, .outputTruncated, .controller, .enqueue, .resubmit: return 10
        default: return 7
        }
    }

    func executeActionSet() {
        let set = orderedActionSet
        actionSet.removeAll()
        guard !set.isEmpty else { return }
        trace.open(.table, "--. Executing action set:")
        isExiting = false
        execute(set)
        trace.close()
    }
}
