public import ConnectionTracking
import Synchronization

/// What all threads of a switch have in common: its connections and its meters.
///
/// Each forwarding thread has a ``UserspaceDatapath`` of its own, with its parser, caches and
/// megaflows, so that threads do not meet where packets are many. Connections and meters cannot be
/// divided: the two directions of a connection, and the traffic that shares a rate, may come by
/// different threads.
///
/// *Thread safety*: with one thread no lock is taken. Once ``share()`` was called each use is under
/// a lock.
public final class DatapathCommons: @unchecked Sendable {
    /// Follows connections; its shards have locks of their own.
    public let tracker: ConnectionTracker
    let meters = MeterTable()

    private let isShared: UnsafeMutablePointer<Bool>
    private let meterLock = Mutex(())

    /// - Parameter seed: what hashes of connections begin with.
    public init(seed: UInt64 = .random(in: 0 ... .max)) {
        tracker = ConnectionTracker(seed: seed)
        isShared = .allocate(capacity: 1)
        isShared.initialize(to: false)
    }

    deinit { isShared.deallocate() }

    /// Has every use be under a lock from now on.
    ///
    /// To be called by the thread that has used it alone so far, before another one may.
    public func share() {
        isShared.pointee = true
        tracker.share()
    }

    @inline(__always)
    func withMeters<Result>(_ body: (MeterTable) -> Result) -> Result {
        guard isShared.pointee else { return body(meters) }
        return meterLock.withLock { _ in body(meters) }
    }
}
