import Glibc
import Synchronization

/// What helpers know of control connections and of those that they have told of.
///
/// Thread safety: all is behind one lock, which is taken last, under the locks of shards. Whether
/// anything is expected can be asked without it.
final class HelperRecords: @unchecked Sendable {
    /// Connections that others have told of, by the tuple of their first packet without the port
    /// that it comes from.
    private var expectations: [ConnectionKey: Expectation] = [:]
    private let expectationCount = Atomic<Int>(0)
    /// Tuples of control connections, and how their texts were changed; entries count from 1.
    private var parents: [ConnectionKey] = []
    private var freeParents: [UInt32] = []
    private var skews: [ControlSkews] = []
    private var freeSkews: [UInt32] = []
    /// Changes that verdicts ask for, until they are taken.
    private var edits: [UInt32: PayloadEdit] = [:]
    private var lastEdit: UInt32 = 0

    /// Whether threads besides this one may come.
    var isShared = false
    private let lock: UnsafeMutablePointer<pthread_mutex_t>

    init() {
        lock = .allocate(capacity: 1)
        lock.initialize(to: pthread_mutex_t())
    }

    deinit { lock.deallocate() }

    private func withLock<Result>(_ body: () -> Result) -> Result {
        guard isShared else { return body() }
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }

    // MARK: Expectations

    /// Keeps an expectation, unless there are too many.
    func expect(_ key: ConnectionKey, _ expectation: Expectation, now: UInt64) {
        withLock {
            if expectations.count >= ConnectionTracker.maximumExpectations {
                expectations = expectations.filter { $0.value.expires > now }
            }
            if expectations.count < ConnectionTracker.maximumExpectations {
                expectations[key] = expectation
            }
            expectationCount.store(expectations.count, ordering: .relaxed)
        }
    }

    func expectation(_ key: ConnectionKey) -> Expectation? {
        guard expectationCount.load(ordering: .relaxed) > 0 else { return nil }
        return withLock { expectations[key] }
    }

    func forgetExpectation(_ key: ConnectionKey) {
        withLock {
            expectations[key] = nil
            expectationCount.store(expectations.count, ordering: .relaxed)
        }
    }

    // MARK: Control connections

    /// Remembers the tuple of a control connection; the number of the record.
    func addParent(_ key: ConnectionKey) -> UInt32 {
        withLock {
            guard let number = freeParents.popLast() else {
                parents.append(key)
                return UInt32(parents.count)
            }
            parents[Int(number) - 1] = key
            return number
        }
    }

    func parent(_ number: UInt32) -> ConnectionKey { withLock { parents[Int(number) - 1] } }

    /// The number of a record of changed lengths.
    func addSkews() -> UInt32 {
        withLock {
            guard let number = freeSkews.popLast() else {
                skews.append(ControlSkews())
                return UInt32(skews.count)
            }
            skews[Int(number) - 1] = ControlSkews()
            return number
        }
    }

    func skews(_ number: UInt32) -> ControlSkews { withLock { skews[Int(number) - 1] } }

    func setSkews(_ number: UInt32, _ value: ControlSkews) {
        withLock { skews[Int(number) - 1] = value }
    }

    /// Gives back what an entry has here.
    func release(parent: UInt32, skews: UInt32) {
        withLock {
            if parent != 0 { freeParents.append(parent) }
            if skews != 0 { freeSkews.append(skews) }
        }
    }

    // MARK: Edits

    /// Keeps a change until the packet is written; its number.
    func addEdit(_ edit: PayloadEdit) -> UInt32 {
        withLock {
            // Nobody waits with more packets than that.
            if edits.count >= ConnectionTracker.maximumExpectations { edits.removeAll() }
            lastEdit = lastEdit == .max ? 1 : lastEdit + 1
            edits[lastEdit] = edit
            return lastEdit
        }
    }

    func takeEdit(_ number: UInt32) -> PayloadEdit? {
        withLock { edits.removeValue(forKey: number) }
    }
}
