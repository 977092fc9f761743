public import FlowModel

/// Meters, by the numbers that the owner gives them.
extension UserspaceDatapath {
    /// As many as OVS says of itself.
    public static var maximumMeters: UInt32 { 262_144 }

    /// Makes a meter, or has one go on with other bands.
    public func setMeter(_ number: UInt32, _ config: MeterConfig, now: UInt64) {
        guard number < Self.maximumMeters else { return }
        let index = Int(number)
        if index >= state.pointee.meterCapacity { growMeters(to: index + 1) }
        var meter = MeterState(config, now: now)
        if let old = state.pointee.meterMemory?[index], old.isUsed { meter.takeCounters(of: old) }
        state.pointee.meterMemory?[index] = meter
    }

    public func removeMeter(_ number: UInt32) {
        guard Int(number) < state.pointee.meterCapacity else { return }
        state.pointee.meterMemory?[Int(number)] = MeterState()
    }

    /// What a meter has counted, or `nil` without such a meter.
    public func counters(ofMeter number: UInt32) -> MeterCounters? {
        guard Int(number) < state.pointee.meterCapacity,
            let meter = state.pointee.meterMemory?[Int(number)], meter.isUsed
        else { return nil }
        return meter.counters
    }

    /// Calls `body` with the counters of each meter.
    public func forEachMeter(_ body: (UInt32, MeterCounters) -> Void) {
        guard let meters = state.pointee.meterMemory else { return }
        for index in 0..<state.pointee.meterCapacity where meters[index].isUsed {
            body(UInt32(index), meters[index].counters)
        }
    }

    private func growMeters(to count: Int) {
        let old = state.pointee.meterCapacity
        let capacity = max(count, old * 2, 16)
        let larger = UnsafeMutablePointer<MeterState>.allocate(capacity: capacity)
        if let meters = state.pointee.meterMemory {
            larger.moveInitialize(from: meters, count: old)
            meters.deallocate()
        }
        (larger + old).initialize(repeating: MeterState(), count: capacity - old)
        state.pointee.meterMemory = larger
        state.pointee.meterCapacity = capacity
    }

    /// Counts a packet by a meter; one that is not there lets everything pass.
    func verdict(
        ofMeter number: UInt32, on packet: PacketBuffer, now: UInt64
    ) -> MeterState.Verdict {
        guard Int(number) < state.pointee.meterCapacity else { return .pass }
        guard let meters = state.pointee.meterMemory else { return .pass }
        let meter = meters + Int(number)
        guard meter.pointee.isUsed else { return .pass }
        return meter.pointee.admit(byteCount: packet.byteCount, now: now)
    }
}
