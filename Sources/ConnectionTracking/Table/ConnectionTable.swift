import Glibc
import Synchronization

/// Connections, found by the tuple of either direction.
///
/// The obvious table is a dictionary from tuples to objects: three allocations a connection, a
/// count of references a packet, and a pause of seconds when a million entries are moved. Here
/// entries lie in chunks that never move, and are named by numbers. Their tuples hash into shards,
/// each with its own chains, entries, timer wheel and lock, so that what grows at once is one shard
/// of ``shardCount``, and threads meet only where their connections have the same shard.
///
/// Both directions of a connection hash alike, so that one link in one chain finds both; but a
/// translated connection has answers of another hash value, and a second link, perhaps in another
/// shard. An entry belongs to the shard of its first direction, whose lock guards it. Tuples,
/// hash values and generation change only under the locks of both shards, so that either lock is
/// enough to read them.
///
/// Thread safety: locks are taken by the caller, as each function says; two at once by
/// ``lock(_:_:)`` alone, which knows their order. Before ``share()`` there is one thread, and they
/// cost nothing.
struct ConnectionTable: ~Copyable {
    static var shardCount: Int { 64 }
    private static var shardShift: UInt32 { 26 }
    static var chunkShift: UInt32 { 9 }
    static var chunkCount: Int { 1 << Int(chunkShift) }
    /// As many as links can name.
    private static var maximumChunks: Int { 1 << Int(31 - chunkShift) }
    /// The end of a chain or list.
    static var none: UInt32 { .max }
    private static var lineByteCount: Int { 64 }

    typealias Shard = UnsafeMutablePointer<ConnectionShard>
    typealias Entry = UnsafeMutablePointer<Connection>

    /// Chunks, and the number of the shard that each belongs to; memory that is not used is only
    /// reserved.
    private let chunks: UnsafeMutablePointer<Entry?>
    private let owners: UnsafeMutablePointer<UInt8>
    private let chunksInUse = Atomic<UInt32>(0)
    private let chunkLock: UnsafeMutablePointer<pthread_mutex_t>
    private let shards: Shard
    private let isSharedFlag: UnsafeMutablePointer<Bool>
    let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
        chunks = Self.reserve(Self.maximumChunks)
        owners = Self.reserve(Self.maximumChunks)
        chunkLock = .allocate(capacity: 1)
        chunkLock.initialize(to: pthread_mutex_t())
        isSharedFlag = .allocate(capacity: 1)
        isSharedFlag.initialize(to: false)
        shards = .allocate(capacity: Self.shardCount)
        for index in 0..<Self.shardCount { (shards + index).initialize(to: ConnectionShard()) }
    }

    deinit {
        for index in 0..<chunkTotal { free(chunks[index]) }
        free(chunks)
        free(owners)
        for index in 0..<Self.shardCount {
            shards[index].heads.deallocate()
            shards[index].wheel.deallocate()
        }
        shards.deallocate()
        chunkLock.deallocate()
        isSharedFlag.deallocate()
    }

    /// Zeros that take memory only where they are written.
    static func reserve<Element: ~Copyable>(_ count: Int) -> UnsafeMutablePointer<Element> {
        guard let memory = calloc(count, MemoryLayout<Element>.stride) else {
            preconditionFailure("there is no memory for the table of connections")
        }
        return memory.assumingMemoryBound(to: Element.self)
    }

    static func release<Element: ~Copyable>(_ memory: UnsafeMutablePointer<Element>) {
        free(memory)
    }

    private var chunkTotal: Int { Int(chunksInUse.load(ordering: .acquiring)) }

    // MARK: Locks

    /// Has locks be taken from now on; by the one thread that has used the table.
    func share() { isSharedFlag.pointee = true }

    var isShared: Bool { isSharedFlag.pointee }

    @inline(__always)
    func shard(_ hash: UInt32) -> Shard { shards + Int(hash &>> Self.shardShift) }

    func shard(numbered number: Int) -> Shard { shards + number }

    @inline(__always)
    func lock(_ shard: Shard) {
        if isShared { pthread_mutex_lock(&shard.pointee.lock) }
    }

    @inline(__always)
    func unlock(_ shard: Shard) {
        if isShared { pthread_mutex_unlock(&shard.pointee.lock) }
    }

    /// Locks two shards, or the one that both are.
    func lock(_ first: Shard, _ second: Shard) {
        lock(min(first, second))
        if first != second { lock(max(first, second)) }
    }

    func unlock(_ first: Shard, _ second: Shard) {
        unlock(first)
        if first != second { unlock(second) }
    }

    // MARK: Entries

    /// Octets of all memory that the table holds; under no lock, when nobody changes it.
    var byteCount: Int {
        var total = chunkTotal * Self.chunkCount * Connection.byteCount
        total += Self.shardCount * (Self.wheelSlotCount * 4 + MemoryLayout<ConnectionShard>.stride)
        for index in 0..<Self.shardCount { total += (Int(shards[index].mask) + 1) * 4 }
        return total
    }

    @inline(__always)
    subscript(index: UInt32) -> Entry {
        let chunk = chunks[Int(index &>> Self.chunkShift)].unsafelyUnwrapped
        return chunk + Int(index & (1 &<< Self.chunkShift &- 1))
    }

    @inline(__always)
    func hash(_ key: ConnectionKey) -> UInt32 {
        let hash = key.hash(seed)
        return UInt32(truncatingIfNeeded: hash ^ hash &>> 32)
    }

    /// The entry with that tuple in one of its directions; under the lock of the hash value's
    /// shard.
    @inline(__always)
    func find(_ key: ConnectionKey, _ hash: UInt32) -> (index: UInt32, isReply: Bool)? {
        let shard = shard(hash)
        var link = shard.pointee.heads[Int(hash & shard.pointee.mask)]
        while link != Self.none {
            let entry = self[link &>> 1]
            if link & 1 == 0 {
                if entry.pointee.forwardHash == hash {
                    if entry.pointee.forward == key { return (link &>> 1, false) }
                    // The hash value alone does not say that the answers have it too.
                    if entry.pointee.reverse == key { return (link &>> 1, true) }
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

    /// The first link of the chain of a hash value; under the lock of its shard.
    @inline(__always)
    func firstLink(_ hash: UInt32) -> UInt32 {
        let shard = shard(hash)
        return shard.pointee.heads[Int(hash & shard.pointee.mask)]
    }

    /// Reads of the first entry of a chain what stays while the lock of the chain's shard is held,
    /// in its first and its last line, and so brings both near; under that lock.
    @inline(__always)
    func warmEntry(_ hash: UInt32) -> UInt64 {
        let link = firstLink(hash)
        guard link != Self.none else { return 0 }
        let entry = self[link &>> 1]
        return UInt64(entry.pointee.forwardHash ^ entry.pointee.reverseHash)
    }

    @inline(__always)
    func ticket(_ index: UInt32) -> ConnectionTicket {
        let entry = self[index]
        return ConnectionTicket(
            index: index, generation: entry.pointee.generation,
            forwardHash: entry.pointee.forwardHash, reverseHash: entry.pointee.reverseHash)
    }

    /// Whether the entry holds what it held; under the lock of one of its shards.
    @inline(__always)
    func isValid(_ ticket: ConnectionTicket) -> Bool {
        let entry = self[ticket.index]
        return entry.pointee.isUsed && entry.pointee.generation == ticket.generation
    }

    /// Adds an entry whose tuples and hash values are set, under a number that it keeps; under the
    /// locks of both shards.
    func insert(_ connection: Connection, now: UInt64) -> UInt32 {
        let shard = shard(connection.forwardHash)
        if shard.pointee.scheduledCount == 0 {
            shard.pointee.tick = max(shard.pointee.tick, now &>> Self.tickShift)
        }
        let index = takeSlot(of: shard)
        let entry = self[index]
        let generation = entry.pointee.generation
        entry.initialize(to: connection)
        entry.pointee.flags = .isUsed
        entry.pointee.generation = generation
        link(index &<< 1, connection.forwardHash)
        if connection.forwardHash != connection.reverseHash {
            link(index &<< 1 | 1, connection.reverseHash)
        }
        shard.pointee.entryCount += 1
        schedule(index, shard)
        return index
    }

    /// Takes an entry away; under the locks of both shards.
    func remove(_ index: UInt32) {
        let entry = self[index]
        let shard = shard(entry.pointee.forwardHash)
        unlink(index &<< 1, entry.pointee.forwardHash)
        if entry.pointee.forwardHash != entry.pointee.reverseHash {
            unlink(index &<< 1 | 1, entry.pointee.reverseHash)
        }
        unschedule(index, shard)
        entry.pointee.flags = []
        entry.pointee.generation &+= 1
        entry.pointee.forwardNext = shard.pointee.firstFree
        shard.pointee.firstFree = index
        shard.pointee.entryCount -= 1
    }

    private func takeSlot(of shard: Shard) -> UInt32 {
        let index = shard.pointee.firstFree
        if index != Self.none {
            shard.pointee.firstFree = self[index].pointee.forwardNext
            return index
        }
        if shard.pointee.fresh == shard.pointee.freshEnd { addChunk(to: shard) }
        shard.pointee.fresh += 1
        self[shard.pointee.fresh - 1].pointee.generation = 0
        return shard.pointee.fresh - 1
    }

    private func addChunk(to shard: Shard) {
        var memory: UnsafeMutableRawPointer?
        let byteCount = Self.chunkCount * Connection.byteCount
        guard posix_memalign(&memory, Self.lineByteCount, byteCount) == 0, let memory else {
            preconditionFailure("there is no memory for more connections")
        }
        pthread_mutex_lock(chunkLock)
        let number = chunksInUse.load(ordering: .relaxed)
        precondition(Int(number) < Self.maximumChunks, "there are as many as links can name")
        chunks[Int(number)] = memory.bindMemory(to: Connection.self, capacity: Self.chunkCount)
        owners[Int(number)] = UInt8(truncatingIfNeeded: shard - shards)
        chunksInUse.store(number + 1, ordering: .releasing)
        pthread_mutex_unlock(chunkLock)
        shard.pointee.fresh = number &<< Self.chunkShift
        shard.pointee.freshEnd = shard.pointee.fresh + UInt32(Self.chunkCount)
    }

    /// Calls `body` with each entry in use, under the lock of its shard, a chunk at a time;
    /// `between` after each chunk, under none.
    func forEach(_ body: (UInt32, Entry) -> Void, between: () -> Void = {}) {
        for chunk in 0..<chunkTotal {
            let shard = shards + Int(owners[chunk])
            let first = UInt32(chunk) &<< Self.chunkShift
            lock(shard)
            let isNewest = shard.pointee.freshEnd == first + UInt32(Self.chunkCount)
            let end = isNewest ? shard.pointee.fresh : first + UInt32(Self.chunkCount)
            for index in first..<end where self[index].pointee.isUsed { body(index, self[index]) }
            unlock(shard)
            between()
        }
    }

    /// How many connections each shard has.
    func countsOfShards() -> [Int] {
        (0..<Self.shardCount).map { number in
            lock(shards + number)
            defer { unlock(shards + number) }
            return Int(shards[number].entryCount)
        }
    }

    // MARK: Chains

    /// The hash value of a link.
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

    private func link(_ link: UInt32, _ hash: UInt32) {
        let shard = shard(hash)
        // At most half as many links as chains: few packets pass by the entry of another.
        if shard.pointee.linkCount &* 2 > shard.pointee.mask { grow(shard) }
        let head = shard.pointee.heads + Int(hash & shard.pointee.mask)
        setNext(of: link, head.pointee)
        head.pointee = link
        shard.pointee.linkCount += 1
    }

    private func unlink(_ link: UInt32, _ hash: UInt32) {
        let shard = shard(hash)
        let head = shard.pointee.heads + Int(hash & shard.pointee.mask)
        shard.pointee.linkCount -= 1
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

    private func grow(_ shard: Shard) {
        let old = shard.pointee.heads
        let oldCount = Int(shard.pointee.mask) + 1
        let heads = ConnectionShard.makeHeads(oldCount * 2)
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
}
