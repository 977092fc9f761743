public import FlowModel

/// What the hot path need not know of a flow.
struct FlowDetail {
    let key: SparseKey
    let mask: SparseKey
    var actions: [DatapathAction]
}

extension UserspaceDatapath {
    /// Adds a flow for all packets whose key agrees with `key` in the bits of `mask`.
    ///
    /// Flows are not ordered: the caller sees to it that no packet matches two with different
    /// actions. Where a flow with the same masked key and mask is in already, that one is the
    /// answer, and it is left as it is.
    @discardableResult
    public func insert(
        key: FlowKey, mask: FlowKey, actions: [DatapathAction]
    ) throws(DatapathError) -> FlowID {
        let sparseMask = SparseKey(packet: mask)
        let sparseKey = SparseKey(packet: key & mask)
        let existing = state.pointee.table.find(exactly: sparseKey, mask: sparseMask)
        if existing >= 0 { return id(ofSlot: existing) }
        guard flowCount < flowLimit else { throw .tooManyFlows(limit: flowLimit) }
        let program = try ActionProgram(actions)
        let slot = takeSlot()
        details[slot] = FlowDetail(key: sparseKey, mask: sparseMask, actions: actions)
        let record = state.pointee.records + slot
        record.pointee = FlowRecord(generation: record.pointee.generation, isUsed: true)
        record.pointee.setProgram(program)
        record.pointee.subtable = state.pointee.table.insert(
            sparseKey, mask: sparseMask, slot: slot)
        state.pointee.simple.insert(sparseKey, mask: sparseMask, slot: slot)
        flowCount += 1
        offload?.put(slot, key: sparseKey, mask: sparseMask, actions: actions)
        return id(ofSlot: slot)
    }

    /// Gives a flow other actions; its counters go on.
    public func update(_ id: FlowID, _ actions: [DatapathAction]) throws(DatapathError) {
        guard let slot = slot(of: id) else { throw .noSuchFlow }
        let program = try ActionProgram(actions)
        state.pointee.records[slot].discardProgram()
        state.pointee.records[slot].setProgram(program)
        if offload != nil { absorbOffloaded(slot, now: offloadClock()) }
        details[slot]?.actions = actions
        if let detail = details[slot] {
            offload?.put(slot, key: detail.key, mask: detail.mask, actions: actions)
        }
    }

    /// Removes a flow.
    ///
    /// - Returns: what it has counted, or `nil` if it was not there.
    @discardableResult
    public func remove(_ id: FlowID) -> FlowStatistics? {
        guard let slot = slot(of: id), let detail = details[slot] else { return nil }
        if offload != nil { absorbOffloaded(slot, now: offloadClock()) }
        offload?.remove(slot)
        let last = statistics(ofSlot: slot)
        state.pointee.table.remove(detail.key, mask: detail.mask, slot: slot)
        state.pointee.simple.remove(detail.key, mask: detail.mask)
        let record = state.pointee.records + slot
        record.pointee.discardProgram()
        // Generation 0 is nobody's.
        let generation = record.pointee.generation == .max ? 1 : record.pointee.generation + 1
        record.pointee = FlowRecord(generation: generation)
        details[slot] = nil
        freeSlots.append(UInt32(slot))
        flowCount -= 1
        return last
    }

    /// Removes all flows.
    public func removeAllFlows() {
        for slot in details.indices where details[slot] != nil { remove(id(ofSlot: slot)) }
    }

    /// What a flow has counted, or `nil` if it has gone.
    public func statistics(of id: FlowID) -> FlowStatistics? {
        slot(of: id).map { statistics(ofSlot: $0) }
    }

    /// A flow, or `nil` if it has gone.
    public func flow(_ id: FlowID) -> DatapathFlow? { slot(of: id).flatMap { flow(inSlot: $0) } }

    /// Calls `body` with each flow, in the order of their slots; `body` may not add or remove any.
    public func forEachFlow(_ body: (DatapathFlow) -> Void) {
        absorbOffloaded()
        for slot in details.indices {
            if let flow = flow(inSlot: slot) { body(flow) }
        }
    }

    /// Calls `body` with the counters of each flow: all that a revalidator asks for in most rounds.
    public func forEachStatistics(_ body: (FlowID, FlowStatistics) -> Void) {
        absorbOffloaded()
        for slot in details.indices where state.pointee.records[slot].isUsed {
            body(id(ofSlot: slot), statistics(ofSlot: slot))
        }
    }

    private func flow(inSlot slot: Int) -> DatapathFlow? {
        guard let detail = details[slot] else { return nil }
        return DatapathFlow(
            id: id(ofSlot: slot), key: detail.key, mask: detail.mask, actions: detail.actions,
            statistics: statistics(ofSlot: slot), place: place(ofSlot: slot))
    }

    private func place(ofSlot slot: Int) -> FlowPlace {
        guard let offload else { return .datapath }
        return offload.refusal(of: slot).map { .refused($0) } ?? .offload
    }

    private func statistics(ofSlot slot: Int) -> FlowStatistics {
        let record = state.pointee.records[slot]
        var statistics = FlowStatistics()
        statistics.packets = record.packets
        statistics.octets = record.octets
        statistics.lastUsed = record.packets > 0 ? record.lastUsed : nil
        statistics.tcpFlags = record.tcpFlags
        return statistics
    }

    private func id(ofSlot slot: Int) -> FlowID {
        FlowID(
            slot: UInt32(slot), generation: state.pointee.records[slot].generation,
            thread: number)
    }

    private func slot(of id: FlowID) -> Int? {
        let slot = Int(id.slot)
        guard id.thread == number, slot < details.count, state.pointee.records[slot].isUsed,
            state.pointee.records[slot].generation == id.generation
        else { return nil }
        return slot
    }

    private func takeSlot() -> Int {
        if let slot = freeSlots.popLast() { return Int(slot) }
        let slot = details.count
        details.append(nil)
        let old = state.pointee.recordCapacity
        if slot >= old {
            let larger = FlowRecord.allocate(old * 2)
            larger.moveInitialize(from: state.pointee.records, count: old)
            (larger + old).initialize(repeating: FlowRecord(), count: old)
            state.pointee.records.deallocate()
            state.pointee.records = larger
            state.pointee.recordCapacity = old * 2
        }
        return slot
    }
}
