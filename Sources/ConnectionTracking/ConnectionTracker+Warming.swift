/// Having the memory of connections at hand before packets ask for it.
///
/// With many connections a packet waits for memory twice, for its chain and for its entry, and a
/// batch of packets one after the other. Asked for together beforehand, they come in the time of
/// one or two. All of it is a hint: nothing depends on it.
extension ConnectionTracker {
    /// The hash value of a tuple in a zone, for the other functions.
    @inline(__always)
    public func warmingHash(_ key: ConnectionKey, zone: UInt16) -> UInt32 {
        var key = key
        key.zone = zone
        return state.pointee.table.hash(key)
    }

    /// Looks at the beginning of a chain; the answer means nothing, but has to be used.
    @inline(__always)
    public func warmChain(_ hash: UInt32) -> UInt64 {
        let table = UnsafePointer(state)
        let shard = table.pointee.table.shard(hash)
        table.pointee.table.lock(shard)
        defer { table.pointee.table.unlock(shard) }
        return UInt64(table.pointee.table.firstLink(hash))
    }

    /// Looks at the first entry of a chain; the answer means nothing, but has to be used.
    @inline(__always)
    public func warmEntry(_ hash: UInt32) -> UInt64 {
        let table = UnsafePointer(state)
        let shard = table.pointee.table.shard(hash)
        table.pointee.table.lock(shard)
        defer { table.pointee.table.unlock(shard) }
        return table.pointee.table.warmEntry(hash)
    }
}
