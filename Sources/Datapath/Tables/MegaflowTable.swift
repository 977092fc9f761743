import FlowModel

/// All megaflows, searched by tuple space.
///
/// Flows with equal masks share a subtable. Megaflows do not overlap where it matters, so that the
/// first subtable with a match ends the search; subtables are sorted by their recent hits from time
/// to time, and the cost of a search grows with the number of masks in use, not of flows.
struct MegaflowTable: ~Copyable {
    private var subtables: UnsafeMutablePointer<MegaflowSubtable>
    private(set) var subtableCount = 0
    private var capacity = 16
    /// The key in hand with every word in its own place, all zero between searches: masks then
    /// name words without counting bits.
    private let expanded: UnsafeMutablePointer<UInt64>

    init() {
        subtables = .allocate(capacity: capacity)
        expanded = .allocate(capacity: KeyWord.count)
        expanded.initialize(repeating: 0, count: KeyWord.count)
    }

    deinit {
        for index in 0..<subtableCount { subtables[index].deallocate() }
        subtables.deallocate()
        expanded.deallocate()
    }

    @inline(__always)
    private func expand(_ key: UnsafePointer<PackedKey>) {
        var rest = key.pointee.map
        var position = 0
        while rest != 0 {
            expanded[rest.trailingZeroBitCount] = key.pointee.words[unchecked: position]
            position &+= 1
            rest &= rest &- 1
        }
    }

    @inline(__always)
    private func clear(_ map: UInt64) {
        var rest = map
        while rest != 0 {
            expanded[rest.trailingZeroBitCount] = 0
            rest &= rest &- 1
        }
    }

    /// The slot of the flow that matches `key`, or -1; adds the subtables looked at to `probes`.
    @inline(__always)
    func find(_ key: UnsafePointer<PackedKey>, probes: inout UInt64) -> Int {
        expand(key)
        var slot = -1
        var index = 0
        while index < subtableCount {
            slot = subtables[index].find(expanded)
            if slot >= 0 {
                subtables[index].hits &+= 1
                index &+= 1
                break
            }
            index &+= 1
        }
        probes &+= UInt64(truncatingIfNeeded: index)
        clear(key.pointee.map)
        return slot
    }

    private func expand(_ key: SparseKey) {
        var rest = key.map
        for word in key.words {
            expanded[rest.trailingZeroBitCount] = word
            rest &= rest &- 1
        }
    }

    private func index(of mask: SparseKey) -> Int? {
        (0..<subtableCount).first { subtables[$0].hasMask(mask) }
    }

    /// The slot of the flow with exactly this masked key and mask, or -1.
    func find(exactly key: SparseKey, mask: SparseKey) -> Int {
        guard let index = index(of: mask) else { return -1 }
        expand(key)
        defer { clear(key.map) }
        return subtables[index].find(expanded)
    }

    /// Adds a flow.
    ///
    /// - Precondition: ``find(exactly:mask:)`` does not find it.
    mutating func insert(_ key: SparseKey, mask: SparseKey, slot: Int) {
        let index = index(of: mask) ?? append(MegaflowSubtable(mask: mask))
        expand(key)
        subtables[index].insert(expanded, slot: slot)
        clear(key.map)
    }

    /// - Precondition: the flow is there.
    mutating func remove(_ key: SparseKey, mask: SparseKey, slot: Int) {
        guard let index = index(of: mask) else {
            preconditionFailure("the flow's mask has no subtable")
        }
        expand(key)
        subtables[index].remove(expanded, slot: slot)
        clear(key.map)
        guard subtables[index].flowCount == 0 else { return }
        subtables[index].deallocate()
        subtableCount -= 1
        for later in index..<subtableCount { subtables[later] = subtables[later + 1] }
    }

    private mutating func append(_ subtable: MegaflowSubtable) -> Int {
        if subtableCount == capacity {
            let larger = UnsafeMutablePointer<MegaflowSubtable>.allocate(capacity: capacity * 2)
            larger.moveInitialize(from: subtables, count: subtableCount)
            subtables.deallocate()
            subtables = larger
            capacity *= 2
        }
        (subtables + subtableCount).initialize(to: subtable)
        subtableCount += 1
        return subtableCount - 1
    }

    /// Puts the subtables that were hit most in front, and halves what they have counted.
    func sort() {
        // Insertion: it is stable, and the order is nearly right each time.
        for index in stride(from: 1, to: subtableCount, by: 1) {
            let moved = subtables[index]
            var place = index
            while place > 0, subtables[place - 1].hits < moved.hits {
                subtables[place] = subtables[place - 1]
                place -= 1
            }
            subtables[place] = moved
        }
        for index in 0..<subtableCount { subtables[index].hits /= 2 }
    }
}
