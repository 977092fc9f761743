/// What stands under each of many numbers that are good hashes already.
///
/// A dictionary would hash each number once more, with a function that withstands whoever chooses
/// the keys, and that costs more than all the rest of a search. Here the top bits of the number
/// tell the slot, and the slots behind it are tried in turn (linear probing). Rules are chosen by
/// controllers, which are trusted; packets only search.
///
/// - Complexity: O(1) for a search, an insertion and a removal, on the average.
struct HashIndex<Value> {
    private struct Slot {
        var key: UInt64
        var value: Value?
    }

    private static var leastCapacity: Int { 4 }

    private var slots: [Slot] = []
    /// How far a number is shifted to tell its slot.
    private var shift = 0
    private(set) var count = 0

    private var placeMask: Int { slots.count &- 1 }

    private func home(of key: UInt64) -> Int { Int(truncatingIfNeeded: key &>> UInt64(shift)) }

    /// The slot of `key`, or the empty one where it would be.
    ///
    /// - Precondition: some slot is empty.
    private func place(of key: UInt64) -> Int {
        var place = home(of: key)
        while slots[place].value != nil && slots[place].key != key {
            place = (place &+ 1) & placeMask
        }
        return place
    }

    /// - Returns: whether something stands under `key`.
    func contains(_ key: UInt64) -> Bool { count > 0 && slots[place(of: key)].value != nil }

    /// Sets or reads what stands under a number; `nil` for nothing.
    subscript(key: UInt64) -> Value? {
        get { count == 0 ? nil : slots[place(of: key)].value }
        set {
            guard let newValue else {
                if count > 0 { remove(at: place(of: key)) }
                return
            }
            // A quarter of the slots stays empty, so that searches end soon.
            if (count + 1) * 4 > slots.count * 3 { grow() }
            let place = place(of: key)
            if slots[place].value == nil { count += 1 }
            slots[place] = Slot(key: key, value: newValue)
        }
    }

    private mutating func grow() {
        let old = slots
        let capacity = max(Self.leastCapacity, old.count * 2)
        slots = Array(repeating: Slot(key: 0, value: nil), count: capacity)
        shift = 64 - capacity.trailingZeroBitCount
        for slot in old where slot.value != nil { slots[place(of: slot.key)] = slot }
    }

    /// Empties a slot, and moves up those behind it that would not be found any more.
    private mutating func remove(at place: Int) {
        guard slots[place].value != nil else { return }
        var hole = place
        var next = (hole + 1) & placeMask
        while slots[next].value != nil {
            let distance = (next &- home(of: slots[next].key)) & placeMask
            if distance >= (next &- hole) & placeMask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & placeMask
        }
        slots[hole] = Slot(key: 0, value: nil)
        count -= 1
    }
}
