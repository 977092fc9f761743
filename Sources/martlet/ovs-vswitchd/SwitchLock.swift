import CLinux
import Synchronization

/// The lock around the switch's state.
///
/// A mutex that lets the forwarding thread go first: packets wait for it, and a control thread that
/// adds a hundred thousand flows one by one would otherwise take a plain mutex again each time
/// before the forwarding thread has woken up.
final class SwitchLock: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let urgentCount = Atomic<Int>(0)

    init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// For the control thread.
    func withLock<Result>(_ body: () throws -> Result) rethrows -> Result {
        while urgentCount.load(ordering: .relaxed) > 0 { sched_yield() }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// For the forwarding thread.
    func withUrgentLock<Result>(_ body: () throws -> Result) rethrows -> Result {
        urgentCount.add(1, ordering: .relaxed)
        pthread_mutex_lock(mutex)
        urgentCount.subtract(1, ordering: .relaxed)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }
}
