import Glibc

/// Goes through all shards for expired connections; one thread at a time.
final class ExpiryRound: @unchecked Sendable {
    /// The second that the shards are looked at for.
    private(set) var tick: UInt64 = 0
    /// Shards still to be looked at, beginning with ``shard``.
    private(set) var left = 0
    private(set) var shard = 0
    private let lock: UnsafeMutablePointer<pthread_mutex_t>

    init() {
        lock = .allocate(capacity: 1)
        lock.initialize(to: pthread_mutex_t())
    }

    deinit { lock.deallocate() }

    /// Calls `body`, unless another thread is at it.
    func attempt(_ body: (ExpiryRound) -> Void) {
        guard pthread_mutex_trylock(lock) == 0 else { return }
        body(self)
        pthread_mutex_unlock(lock)
    }

    /// Begins a round for a second that was not looked at.
    ///
    /// Where the last one was not finished it goes on from there, so that no shard is forgotten.
    func begin(at tick: UInt64, isWhole: Bool) {
        guard tick > self.tick || isWhole else { return }
        self.tick = max(tick, self.tick)
        left = ConnectionTable.shardCount
    }

    func next() {
        left -= 1
        shard = (shard + 1) % ConnectionTable.shardCount
    }
}
