/// Connections, found by the tuple of either direction.
///
/// The obvious table is a dictionary from tuples to objects: three allocations a connection, a
/// count of references a packet, and a pause of seconds when a million entries are moved. Here
/// entries lie in chunks that never move, and are named by numbers. Their tuples hash into shards,
/// each with its own chains, so that what grows at once is one shard of ``shardCount``; entries of
/// different shards share nothing but the chunks.
///
/// Thread safety: none. One forwarding thread owns the table.
struct ConnectionTable: ~Copyable {
    static var shardCount: Int { 64 }
    static var chunkShift: UInt32 { 12 }
    static var chunkCount: Int { 1 << Int(chunkShift) }
    /// The end of a chain or list.
    static var none: UInt32 { .max }

    /// The chains of one part of the hash values.
    struct Shard {
        var heads: UnsafeMutablePointer<UInt32>
        var mask: UInt32
        var count: UInt32 = 0
    }

    private var chunks: UnsafeMutablePointer<UnsafeMutablePointer<Connection>>
    private var chunkCapacity = 16
    private(set) var chunksInUse = 0
    private var firstFree = ConnectionTable.none
    /// Entries that have been used once.
    private(set) var slotCount: UInt32 = 0
    private(set) var count = 0
    private let shards: UnsafeMutablePointer<Shard>
    let seed: UInt64
    /// Where entries wait to expire; see ``advance(to:budget:_:)``.
    let wheel: UnsafeMutablePointer<UInt32>
    /// The second that was looked at last.
    var tick: UInt64 = 0

    init(seed: UInt64) {
        self.seed = seed
        wheel = Self.makeHeads(Self.wheelSlotCount)
        chunks = .allocate(capacity: chunkCapacity)
        shards = .allocate(capacity: Self.shardCount)
        for index in 0..<Self.shardCount {
            (shards + index).initialize(to: Shard(heads: Self.makeHeads(16), mask: 15))
        }
    }

    deinit {
        for index in 0..<chunksInUse { chunks[index].deallocate() }
        chunks.deallocate()
        for index in 0..<Self.shardCount { shards[index].heads.deallocate() }
        shards.deallocate()
        wheel.deallocate()
    }

    private static func makeHeads(_ count: Int) -> UnsafeMutablePointer<UInt32> {
        let heads = UnsafeMutablePointer<UInt32>.allocate(capacity: count)
        heads.initialize(repeating: none, count: count)
        return heads
    }

    /// Octets of all memory that the table holds.
    var byteCount: Int {
        var total = chunksInUse * Self.chunkCount * Connection.byteCount + Self.wheelSlotCount * 4
        for index in 0..<Self.shardCount { total += (Int(shards[index].mask) + 1) * 4 }
        return total
    }

    @inline(__always)
    subscript(index: UInt32) -> UnsafeMutablePointer<Connection> {
        chunks[Int(index &>> Self.chunkShift)] + Int(index & (1 &<< Self.chunkShift &- 1))
    }

    @inline(__always)
    func hash(_ key: ConnectionKey) -> UInt32 {
        let hash = key.hash(seed)
        return UInt32(truncatingIfNeeded: hash ^ hash &>> 32)
    }

    @inline(__always)
    private func shard(_ hash: UInt32) -> UnsafeMutablePointer<Shard> {
        shards + Int(hash &>> 26)
    }

    /// The entry with that tuple in one of its directions.
    @inline(__always)
    func find(_ key: ConnectionKey) -> (index: UInt32, isReply: Bool)? {
        let hash = hash(key)
        let shard = shard(hash)
        var link = shard.pointee.heads[Int(hash & shard.pointee.mask)]
        while link != Self.none {
            let entry = self[link &>> 1]
            if link & 1 == 0 {
                if entry.pointee.forwardHash == hash, entry.pointee.forward == key {
                    return (link &>> 1, false)
                }
                link = entry.pointee.forwardNext
            } else {
                if entry.pointee.reverseHash == hash, entry.pointee.reverse == key {
                    return (link &>> 1, true)
                }
                link = entry.pointee.reverseNext
            }
        }
        return nil
    }

    /// Adds an entry whose tuples are set, under a number that it keeps.
    mutating func insert(_ connection: Connection) -> UInt32 {
        let index = takeSlot()
        let entry = self[index]
        entry.initialize(to: connection)
        entry.pointee.flags.insert(.isUsed)
        entry.pointee.forwardHash = hash(connection.forward)
        entry.pointee.reverseHash = hash(connection.reverse)
        link(index &<< 1)
        link(index &<< 1 | 1)
        schedule(index)
        count += 1
        return index
    }

    mutating func remove(_ index: UInt32) {
        unlink(index &<< 1)
        unlink(index &<< 1 | 1)
        unschedule(index)
        self[index].pointee.flags = []
        self[index].pointee.forwardNext = firstFree
        firstFree = index
        count -= 1
    }

    private mutating func takeSlot() -> UInt32 {
        if firstFree != Self.none {
            let index = firstFree
            firstFree = self[index].pointee.forwardNext
            return index
        }
        if Int(slotCount) == chunksInUse * Self.chunkCount { addChunk() }
        slotCount += 1
        return slotCount - 1
    }

    private mutating func addChunk() {
        if chunksInUse == chunkCapacity {
            let larger = UnsafeMutablePointer<UnsafeMutablePointer<Connection>>.allocate(
                capacity: chunkCapacity * 2)
            larger.moveInitialize(from: chunks, count: chunksInUse)
            chunks.deallocate()
            chunks = larger
            chunkCapacity *= 2
        }
        chunks[chunksInUse] = .allocate(capacity: Self.chunkCount)
        chunksInUse += 1
    }

    // MARK: Chains

    /// The place of a link's hash value, and of its successor.
    private func hash(ofLink link: UInt32) -> UInt32 {
        let entry = self[link &>> 1]
        return link & 1 == 0 ? entry.pointee.forwardHash : entry.pointee.reverseHash
    }

    private func next(of link: UInt32) -> UInt32 {
        let entry = self[link &>> 1]
        return link & 1 == 0 ? entry.pointee.forwardNext : entry.pointee.reverseNext
    }

    private func setNext(of link: UInt32, _ next: UInt32) {
        let entry = self[link &>> 1]
        if link & 1 == 0 {
            entry.pointee.forwardNext = next
        } else {
            entry.pointee.reverseNext = next
        }
    }

    private mutating func link(_ link: UInt32) {
        let hash = hash(ofLink: link)
        let shard = shard(hash)
        if shard.pointee.count > shard.pointee.mask { grow(shard) }
        let head = shard.pointee.heads + Int(hash & shard.pointee.mask)
        setNext(of: link, head.pointee)
        head.pointee = link
        shard.pointee.count += 1
    }

    private mutating func unlink(_ link: UInt32) {
        let hash = hash(ofLink: link)
        let shard = shard(hash)
        let head = shard.pointee.heads + Int(hash & shard.pointee.mask)
        shard.pointee.count -= 1
        if head.pointee == link {
            head.pointee = next(of: link)
            return
        }
        var previous = head.pointee
        while previous != Self.none {
            let following = next(of: previous)
            if following == link { return setNext(of: previous, next(of: link)) }
            previous = following
        }
    }

    private func grow(_ shard: UnsafeMutablePointer<Shard>) {
        let old = shard.pointee.heads
        let oldCount = Int(shard.pointee.mask) + 1
        let heads = Self.makeHeads(oldCount * 2)
        let mask = UInt32(oldCount * 2 - 1)
        for place in 0..<oldCount {
            var link = old[place]
            while link != Self.none {
                let following = next(of: link)
                let head = heads + Int(hash(ofLink: link) & mask)
                setNext(of: link, head.pointee)
                head.pointee = link
                link = following
            }
        }
        old.deallocate()
        shard.pointee.heads = heads
        shard.pointee.mask = mask
    }

    /// How many connections each shard has chains for, by their first packet.
    func countsOfShards() -> [Int] {
        var counts = [Int](repeating: 0, count: Self.shardCount)
        for index in 0..<slotCount where self[index].pointee.flags.contains(.isUsed) {
            counts[Int(self[index].pointee.forwardHash &>> 26)] += 1
        }
        return counts
    }
}
