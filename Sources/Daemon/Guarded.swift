import Glibc

/// A value behind a lock.
///
/// `Synchronization.Mutex` would be the obvious choice, but it remembers the number of the thread
/// that locks it, and `fork` changes that number: a daemon that logged before it went to the
/// background died at its next lock. A mutex of the C library does not mind.
final class Guarded<Value>: @unchecked Sendable {
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    init(_ value: sending Value) {
        lock = .allocate(capacity: 1)
        lock.initialize(to: pthread_mutex_t())
        pthread_mutex_init(lock, nil)
        self.value = value
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    /// Calls `body` with the lock held; it must not come back here.
    func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body(&value)
    }
}
