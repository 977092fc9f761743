/// Expiry, for which no packet spends time.
///
/// Entries wait on three wheels of 256 slots in their shard: of about a second each (1024 ms), of
/// 256 of those, and of 65,536. A packet only writes its entry's new time; the entry stays where it
/// is, and when its slot comes it is filed anew or dropped. Only a time that is earlier than before
/// moves it at once. All is done under the shard's lock.
extension ConnectionTable {
    static var wheelSlotCount: Int { 3 * 256 }
    static var tickShift: UInt64 { 10 }

    /// The slot for a time: one that is looked at no earlier than then, or the last of all.
    private func slot(for expires: UInt64, _ tick: UInt64) -> Int {
        let due = max(expires &>> Self.tickShift &+ 1, tick &+ 1)
        if due &- tick < 256 { return Int(due & 255) }
        if due &>> 8 &- tick &>> 8 < 256 { return 256 + Int(due &>> 8 & 255) }
        return 512 + Int(min(due &>> 16, tick &>> 16 &+ 255) & 255)
    }

    /// Puts an entry where it is looked at when it expires.
    func schedule(_ index: UInt32, _ shard: Shard) {
        let entry = self[index]
        let slot = slot(for: entry.pointee.expires, shard.pointee.tick)
        let next = shard.pointee.wheel[slot]
        entry.pointee.wheelSlot = UInt16(truncatingIfNeeded: slot)
        entry.pointee.wheelNext = next
        entry.pointee.wheelPrevious = Self.none
        entry.pointee.flags.insert(.isScheduled)
        shard.pointee.scheduledCount += 1
        if next != Self.none { self[next].pointee.wheelPrevious = index }
        shard.pointee.wheel[slot] = index
    }

    func unschedule(_ index: UInt32, _ shard: Shard) {
        let entry = self[index]
        guard entry.pointee.flags.contains(.isScheduled) else { return }
        entry.pointee.flags.remove(.isScheduled)
        shard.pointee.scheduledCount -= 1
        let (previous, next) = (entry.pointee.wheelPrevious, entry.pointee.wheelNext)
        if previous == Self.none {
            shard.pointee.wheel[Int(entry.pointee.wheelSlot)] = next
        } else {
            self[previous].pointee.wheelNext = next
        }
        if next != Self.none { self[next].pointee.wheelPrevious = previous }
    }

    /// Gives an entry another time to expire; a later one costs nothing.
    @inline(__always)
    func setExpiry(_ index: UInt32, _ expires: UInt64) {
        let entry = self[index]
        let old = entry.pointee.expires
        entry.pointee.expires = expires
        guard expires < old else { return }
        let shard = shard(entry.pointee.forwardHash)
        unschedule(index, shard)
        schedule(index, shard)
    }

    /// Looks at entries of a shard whose slots have come, and calls `expire` with each that nothing
    /// was heard of, and that is on no wheel any more.
    ///
    /// - Parameters:
    ///   - now: milliseconds; the first call says where time begins.
    ///   - budget: how many entries to look at; what is left is looked at by the next call.
    /// - Returns: whether all have been looked at.
    func advance(
        _ shard: Shard, to now: UInt64, budget: inout Int, _ expire: (UInt32) -> Void
    ) -> Bool {
        let end = now &>> Self.tickShift
        while shard.pointee.tick < end {
            guard shard.pointee.scheduledCount > 0 else {
                shard.pointee.tick = end
                return true
            }
            let slot = Int(shard.pointee.tick & 255)
            guard empty(slot, of: shard, now, &budget, expire) else { return false }
            shard.pointee.tick += 1
            let tick = shard.pointee.tick
            if tick & 0xffff == 0 { refile(512 + Int(tick >> 16 & 255), of: shard) }
            if tick & 0xff == 0 { refile(256 + Int(tick >> 8 & 255), of: shard) }
        }
        return empty(Int(shard.pointee.tick & 255), of: shard, now, &budget, expire)
    }

    /// - Returns: whether nothing is left in the slot.
    private func empty(
        _ slot: Int, of shard: Shard, _ now: UInt64, _ budget: inout Int,
        _ expire: (UInt32) -> Void
    ) -> Bool {
        while shard.pointee.wheel[slot] != Self.none {
            guard budget > 0 else { return false }
            budget -= 1
            let index = shard.pointee.wheel[slot]
            unschedule(index, shard)
            if self[index].pointee.expires <= now {
                expire(index)
            } else {
                schedule(index, shard)
            }
        }
        return true
    }

    private func refile(_ slot: Int, of shard: Shard) {
        var index = shard.pointee.wheel[slot]
        shard.pointee.wheel[slot] = Self.none
        while index != Self.none {
            let next = self[index].pointee.wheelNext
            shard.pointee.scheduledCount -= 1
            schedule(index, shard)
            index = next
        }
    }
}
