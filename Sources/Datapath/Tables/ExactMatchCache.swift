import FlowModel

/// The flows of the packets seen last, by their whole key.
///
/// Each key may lie in two places, which its hash names; a new one displaces a stale entry if it
/// can. Entries are not removed when their flow goes: they name the flow's slot and generation,
/// and a slot's generation changes when its flow goes, so that such an entry is found stale.
/// Keys with more words than a plain packet has (neighbour discovery with tags) are not kept;
/// they cost a search of the megaflows each time.
struct ExactMatchCache: ~Copyable {
    static var entryCount: Int { 8192 }
    /// As many as make an entry two cache lines.
    static var maximumWords: Int { 13 }

    struct Entry {
        var map: UInt64 = 0
        var hash: UInt32 = 0
        var slot: UInt32 = 0
        /// 0 in an entry that was never written; no flow has that generation.
        var generation: UInt32 = 0
        var words = InlineArray<13, UInt64>(repeating: 0)
    }

    private let entries: UnsafeMutablePointer<Entry>

    init() {
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: Self.entryCount * MemoryLayout<Entry>.stride, alignment: 128)
        entries = memory.bindMemory(to: Entry.self, capacity: Self.entryCount)
        entries.initialize(repeating: Entry(), count: Self.entryCount)
    }

    deinit {
        entries.deallocate()
    }

    @inline(__always)
    private func first(_ hash: UInt64) -> UnsafeMutablePointer<Entry> {
        entries + Int(truncatingIfNeeded: hash & UInt64(Self.entryCount &- 1))
    }

    @inline(__always)
    private func second(_ hash: UInt64) -> UnsafeMutablePointer<Entry> {
        entries + Int(truncatingIfNeeded: hash &>> 13 & UInt64(Self.entryCount &- 1))
    }

    @inline(__always)
    private static func matches(
        _ entry: UnsafeMutablePointer<Entry>, _ key: UnsafePointer<PackedKey>, _ hash: UInt64
    ) -> Bool {
        guard entry.pointee.hash == UInt32(truncatingIfNeeded: hash &>> 32),
            entry.pointee.map == key.pointee.map
        else { return false }
        var difference: UInt64 = 0
        for index in 0..<min(key.pointee.count, maximumWords) {
            difference |=
                entry.pointee.words[unchecked: index] ^ key.pointee.words[unchecked: index]
        }
        return difference == 0
    }

    /// The slot of the key's flow, or -1.
    @inline(__always)
    func find(
        _ key: UnsafePointer<PackedKey>, _ hash: UInt64, _ flows: UnsafePointer<FlowRecord>
    ) -> Int {
        guard key.pointee.count <= Self.maximumWords else { return -1 }
        let first = first(hash)
        if Self.matches(first, key, hash) {
            let slot = Int(first.pointee.slot)
            if flows[slot].generation == first.pointee.generation { return slot }
        }
        let second = second(hash)
        if Self.matches(second, key, hash) {
            let slot = Int(second.pointee.slot)
            if flows[slot].generation == second.pointee.generation { return slot }
        }
        return -1
    }

    /// Remembers that `key` belongs to the flow in `slot`.
    ///
    /// - Parameter mayDisplace: whether the key may take the place of one whose flow is still in.
    func insert(
        _ key: UnsafePointer<PackedKey>, _ hash: UInt64, slot: Int,
        _ flows: UnsafePointer<FlowRecord>, mayDisplace: Bool
    ) {
        guard key.pointee.count <= Self.maximumWords else { return }
        var place = first(hash)
        if !Self.matches(place, key, hash), Self.isLive(place, flows) {
            place = second(hash)
            guard
                mayDisplace || Self.matches(place, key, hash) || !Self.isLive(place, flows)
            else { return }
        }
        place.pointee.map = key.pointee.map
        place.pointee.hash = UInt32(truncatingIfNeeded: hash &>> 32)
        place.pointee.slot = UInt32(truncatingIfNeeded: slot)
        place.pointee.generation = flows[slot].generation
        for index in 0..<key.pointee.count {
            place.pointee.words[unchecked: index] = key.pointee.words[unchecked: index]
        }
    }

    @inline(__always)
    private static func isLive(
        _ entry: UnsafeMutablePointer<Entry>, _ flows: UnsafePointer<FlowRecord>
    ) -> Bool {
        entry.pointee.generation != 0
            && flows[Int(entry.pointee.slot)].generation == entry.pointee.generation
    }
}
