import Synchronization

/// Leave to have one of the rings that this process may have.
///
/// A ring's memory is the kernel's and cannot be swapped, so that there are only so many: ports
/// beyond them receive by calls.
///
/// *Thread safety*: may be held and given up on any thread.
final class RingPermit: Sendable {
    /// 64 MiB of memory.
    static let limit = 32

    private static let used = Atomic<Int>(0)

    /// How many permits are held.
    static var count: Int { used.load(ordering: .relaxed) }

    private init() {}

    /// A permit, or `nil` if all are held.
    static func take() -> RingPermit? {
        guard used.add(1, ordering: .relaxed).newValue <= limit else {
            used.subtract(1, ordering: .relaxed)
            return nil
        }
        return RingPermit()
    }

    deinit {
        Self.used.subtract(1, ordering: .relaxed)
    }
}
