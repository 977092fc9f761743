import FlowModel

/// Meters by number: plain memory that grows.
final class MeterTable {
    private var memory: UnsafeMutablePointer<MeterState>?
    private var capacity = 0

    deinit { memory?.deallocate() }

    /// The meter of that number, or `nil` if there is none.
    @inline(__always)
    subscript(number: UInt32) -> UnsafeMutablePointer<MeterState>? {
        guard Int(number) < capacity, let memory else { return nil }
        let meter = memory + Int(number)
        return meter.pointee.isUsed ? meter : nil
    }

    /// Makes a meter, or has one go on with other bands.
    func set(_ number: UInt32, _ config: MeterConfig, now: UInt64) {
        let index = Int(number)
        if index >= capacity { grow(to: index + 1) }
        var meter = MeterState(config, now: now)
        if let old = memory?[index], old.isUsed { meter.takeCounters(of: old) }
        memory?[index] = meter
    }

    func remove(_ number: UInt32) {
        guard Int(number) < capacity else { return }
        memory?[Int(number)] = MeterState()
    }

    func forEach(_ body: (UInt32, MeterCounters) -> Void) {
        guard let memory else { return }
        for index in 0..<capacity where memory[index].isUsed {
            body(UInt32(index), memory[index].counters)
        }
    }

    private func grow(to count: Int) {
        let larger = max(count, capacity * 2, 16)
        let place = UnsafeMutablePointer<MeterState>.allocate(capacity: larger)
        if let memory {
            place.moveInitialize(from: memory, count: capacity)
            memory.deallocate()
        }
        (place + capacity).initialize(repeating: MeterState(), count: larger - capacity)
        memory = place
        capacity = larger
    }
}
