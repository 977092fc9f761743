/// Expiry, for which no packet spends time.
///
/// Entries wait on three wheels of 256 slots: of about a second each (1024 ms), of 256 of those,
/// and of 65,536. A packet only writes its entry's new time; the entry stays where it is, and when
/// its slot comes it is filed anew or dropped. Only a time that is earlier than before moves it at
/// once.
extension ConnectionTable {
    static var wheelSlotCount: Int { 3 * 256 }
    private static var tickShift: UInt64 { 10 }

    /// The slot for a time: one that is looked at no earlier than then, or the last of all.
    private func slot(for expires: UInt64) -> Int {
        let due = max(expires &>> Self.tickShift &+ 1, tick &+ 1)
        if due &- tick < 256 { return Int(due & 255) }
        if due &>> 8 &- tick &>> 8 < 256 { return 256 + Int(due &>> 8 & 255) }
        return 512 + Int(min(due &>> 16, tick &>> 16 &+ 255) & 255)
    }

    /// Puts an entry where it is looked at when it expires.
    mutating func schedule(_ index: UInt32) {
        let entry = self[index]
        let slot = slot(for: entry.pointee.expires)
        let next = wheel[slot]
        entry.pointee.wheelSlot = UInt16(truncatingIfNeeded: slot)
        entry.pointee.wheelNext = next
        entry.pointee.wheelPrevious = Self.none
        if next != Self.none { self[next].pointee.wheelPrevious = index }
        wheel[slot] = index
    }

    mutating func unschedule(_ index: UInt32) {
        let entry = self[index]
        let (previous, next) = (entry.pointee.wheelPrevious, entry.pointee.wheelNext)
        if previous == Self.none {
            wheel[Int(entry.pointee.wheelSlot)] = next
        } else {
            self[previous].pointee.wheelNext = next
        }
        if next != Self.none { self[next].pointee.wheelPrevious = previous }
    }

    /// Gives an entry another time to expire; a later one costs nothing.
    @inline(__always)
    mutating func setExpiry(_ index: UInt32, _ expires: UInt64) {
        let old = self[index].pointee.expires
        self[index].pointee.expires = expires
        guard expires < old else { return }
        unschedule(index)
        schedule(index)
    }

    /// Looks at entries whose slots have come, and calls `expire`, which removes it, with each that
    /// nothing was heard of.
    ///
    /// - Parameters:
    ///   - now: milliseconds; the first call says where time begins.
    ///   - budget: how many entries to look at; what is left is looked at by the next call.
    mutating func advance(
        to now: UInt64, budget: Int, _ expire: (inout ConnectionTable, UInt32) -> Void
    ) {
        let end = now &>> Self.tickShift
        if count == 0 {
            tick = max(tick, end)
            return
        }
        var left = budget
        while tick < end {
            guard empty(slot: Int(tick & 255), now, &left, expire) else { return }
            tick += 1
            if tick & 0xffff == 0 { refile(slot: 512 + Int(tick >> 16 & 255)) }
            if tick & 0xff == 0 { refile(slot: 256 + Int(tick >> 8 & 255)) }
        }
        _ = empty(slot: Int(tick & 255), now, &left, expire)
    }

    /// - Returns: whether nothing is left in the slot.
    private mutating func empty(
        slot: Int, _ now: UInt64, _ left: inout Int,
        _ expire: (inout ConnectionTable, UInt32) -> Void
    ) -> Bool {
        while wheel[slot] != Self.none {
            guard left > 0 else { return false }
            left -= 1
            let index = wheel[slot]
            if self[index].pointee.expires <= now {
                expire(&self, index)
            } else {
                unschedule(index)
                schedule(index)
            }
        }
        return true
    }

    private mutating func refile(slot: Int) {
        var index = wheel[slot]
        wheel[slot] = Self.none
        while index != Self.none {
            let next = self[index].pointee.wheelNext
            schedule(index)
            index = next
        }
    }
}
