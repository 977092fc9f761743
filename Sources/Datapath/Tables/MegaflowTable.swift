import FlowModel

/// All megaflows, searched by tuple space.
///
/// Flows with equal masks share a subtable. Megaflows do not overlap where it matters, so that the
/// first subtable with a match ends the search; subtables are sorted by their recent hits from time
/// to time, and the cost of a search grows with the number of masks in use, not of flows.
///
/// The keys of a batch are searched together, subtable by subtable: the processor then waits for
/// the memory of many flows at once (with 100,000 flows that matters more than all arithmetic).
/// Subtables stay where they are in memory, and have a number by which a ``SignatureCache`` names
/// them.
struct MegaflowTable: ~Copyable {
    /// Numbers of subtables are below this; one without a number is searched like all others.
    static var numberLimit: Int { 1 << 16 }

    /// In the order of the search.
    private var order: UnsafeMutablePointer<UnsafeMutablePointer<MegaflowSubtable>>
    private(set) var subtableCount = 0
    private var capacity = 16
    /// Subtables by number; number 0 is none's.
    private let byNumber: UnsafeMutablePointer<UnsafeMutablePointer<MegaflowSubtable>?>
    private var lastNumber = 0
    private var freeNumbers: [UInt16] = []
    private let scratch = SearchScratch()

    init() {
        order = .allocate(capacity: capacity)
        byNumber = .allocate(capacity: Self.numberLimit)
        byNumber.initialize(repeating: nil, count: Self.numberLimit)
    }

    deinit {
        for index in 0..<subtableCount {
            order[index].pointee.deallocate()
            order[index].deallocate()
        }
        order.deallocate()
        byNumber.deallocate()
    }

    // MARK: Searching

    /// Finds the flows of those keys whose slot is negative.
    ///
    /// - Parameters:
    ///   - keys: `count` keys, at most ``PacketBatch/capacity``, which have the same in-port and
    ///     recirculation ID.
    ///   - slots: gets the slot of the flow of each key that has one.
    ///   - probes: gets for each key that is found how many subtables it took.
    func find(
        _ keys: UnsafePointer<PackedKey>, _ count: Int, slots: UnsafeMutablePointer<Int>,
        probes: inout UInt64
    ) {
        var left = scratch.open(keys, count, slots: slots)
        guard left > 0 else { return }
        let origin = scratch.expanded(Int(scratch.indices[0]))[KeyWord.inPort]
        var looked: UInt64 = 0
        var index = 0
        while left > 0 && index < subtableCount {
            let subtable = order[index]
            index &+= 1
            guard subtable.pointee.origin == 0 || subtable.pointee.origin == origin else {
                continue
            }
            looked &+= 1
            let rest = subtable.pointee.find(scratch, left, slots: slots)
            guard rest < left else { continue }
            let found = UInt64(truncatingIfNeeded: left &- rest)
            subtable.pointee.hits &+= found
            probes &+= found &* looked
            left = rest
        }
        scratch.close(keys)
    }

    /// The slot of the flow that matches one key, or -1.
    func find(_ key: UnsafePointer<PackedKey>, probes: inout UInt64) -> Int {
        var slot = -1
        find(key, 1, slots: &slot, probes: &probes)
        return slot
    }

    /// Looks for the flows of those keys whose slot is negative where the cache says, without a
    /// search.
    ///
    /// - Returns: how many were found.
    func find(
        _ keys: UnsafePointer<PackedKey>, _ count: Int, hashes: UnsafePointer<UInt64>,
        slots: UnsafeMutablePointer<Int>, by cache: SignatureCache
    ) -> Int {
        let left = scratch.open(keys, count, slots: slots)
        var found = 0
        for position in 0..<left {
            let index = Int(scratch.indices[position])
            let expanded = scratch.expanded(index)
            var candidates = cache.candidates(hashes[index])
            while let number = candidates.next() {
                guard let subtable = byNumber[number] else { continue }
                let slot = subtable.pointee.find(expanded)
                guard slot >= 0 else { continue }
                slots[index] = slot
                subtable.pointee.hits &+= 1
                found &+= 1
                break
            }
        }
        scratch.close(keys)
        return found
    }

    // MARK: Changing

    private func index(of mask: SparseKey) -> Int? {
        (0..<subtableCount).first { order[$0].pointee.hasMask(mask) }
    }

    /// The slot of the flow with exactly this masked key and mask, or -1.
    func find(exactly key: SparseKey, mask: SparseKey) -> Int {
        guard let index = index(of: mask) else { return -1 }
        scratch.expand(key)
        defer { scratch.clear(key) }
        return order[index].pointee.find(scratch.expanded(0))
    }

    /// Adds a flow.
    ///
    /// - Returns: the number of its subtable, 0 if that has none.
    /// - Precondition: ``find(exactly:mask:)`` does not find it.
    @discardableResult
    mutating func insert(_ key: SparseKey, mask: SparseKey, slot: Int) -> UInt16 {
        let index = index(of: mask) ?? append(mask)
        scratch.expand(key)
        order[index].pointee.insert(scratch.expanded(0), slot: slot)
        scratch.clear(key)
        return order[index].pointee.number
    }

    /// - Precondition: the flow is there.
    mutating func remove(_ key: SparseKey, mask: SparseKey, slot: Int) {
        guard let index = index(of: mask) else {
            preconditionFailure("the flow's mask has no subtable")
        }
        let subtable = order[index]
        scratch.expand(key)
        subtable.pointee.remove(scratch.expanded(0), slot: slot)
        scratch.clear(key)
        guard subtable.pointee.flowCount == 0 else { return }
        let number = Int(subtable.pointee.number)
        if number > 0 {
            byNumber[number] = nil
            freeNumbers.append(UInt16(number))
        }
        subtable.pointee.deallocate()
        subtable.deallocate()
        subtableCount -= 1
        for later in index..<subtableCount { order[later] = order[later + 1] }
    }

    private mutating func append(_ mask: SparseKey) -> Int {
        if subtableCount == capacity {
            let larger = UnsafeMutablePointer<UnsafeMutablePointer<MegaflowSubtable>>.allocate(
                capacity: capacity * 2)
            larger.moveInitialize(from: order, count: subtableCount)
            order.deallocate()
            order = larger
            capacity *= 2
        }
        let number = takeNumber()
        let subtable = UnsafeMutablePointer<MegaflowSubtable>.allocate(capacity: 1)
        subtable.initialize(to: MegaflowSubtable(mask: mask, number: number))
        if number > 0 { byNumber[Int(number)] = subtable }
        (order + subtableCount).initialize(to: subtable)
        subtableCount += 1
        return subtableCount - 1
    }

    private mutating func takeNumber() -> UInt16 {
        if let number = freeNumbers.popLast() { return number }
        guard lastNumber < Self.numberLimit - 1 else { return 0 }
        lastNumber += 1
        return UInt16(lastNumber)
    }

    /// Puts the subtables that were hit most in front, and halves what they have counted.
    func sort() {
        // Insertion: it is stable, and the order is nearly right each time.
        for index in stride(from: 1, to: subtableCount, by: 1) {
            let moved = order[index]
            var place = index
            while place > 0, order[place - 1].pointee.hits < moved.pointee.hits {
                order[place] = order[place - 1]
                place -= 1
            }
            order[place] = moved
        }
        for index in 0..<subtableCount { order[index].pointee.hits /= 2 }
    }
}
