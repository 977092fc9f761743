import Glibc

/// A part of a table: chains of the hash values that begin alike, entries, and their timer wheel.
///
/// All is guarded by the shard's lock; its own entries too.
struct ConnectionShard {
    var heads: UnsafeMutablePointer<UInt32>
    var mask: UInt32 = ConnectionShard.firstHeadCount - 1
    /// Links in the chains.
    var linkCount: UInt32 = 0
    /// Entries in use, whose first tuple's hash value is of this shard.
    var entryCount: UInt32 = 0
    /// Entries that wait on the wheel.
    var scheduledCount: UInt32 = 0
    /// Entries that were in use.
    var firstFree = ConnectionTable.none
    /// Entries of the newest chunk that never were.
    var fresh: UInt32 = 0
    var freshEnd: UInt32 = 0
    /// Where entries wait to expire.
    let wheel: UnsafeMutablePointer<UInt32>
    /// The second that was looked at last.
    var tick: UInt64 = 0
    var lock = pthread_mutex_t()

    static var firstHeadCount: UInt32 { 16 }

    init() {
        heads = Self.makeHeads(Int(Self.firstHeadCount))
        wheel = Self.makeHeads(ConnectionTable.wheelSlotCount)
    }

    static func makeHeads(_ count: Int) -> UnsafeMutablePointer<UInt32> {
        let heads = UnsafeMutablePointer<UInt32>.allocate(capacity: count)
        heads.initialize(repeating: ConnectionTable.none, count: count)
        return heads
    }
}
