import CLinux
public import Transport

/// Gives memory back that a daemon had for work which is done.
///
/// A daemon that serves a burst of clients keeps the heap of that burst in pieces, and most of the
/// pages of a large program have served its start alone. Once it has had nothing to do for
/// ``delay``, both go back: the heap's free pages to the system, the program's pages to the
/// system's cache, out of which they come again in some microseconds each. A daemon that always has
/// some work keeps them. It belongs to the control loop.
public final class RestingMemory {
    /// How long a daemon has to have nothing to do.
    public static let delay: Duration = .seconds(5)
    /// A larger heap stays: to look through it would keep clients waiting.
    static let maximumHeapByteCount = 256 << 20

    private let loop: ControlLoop
    private let delay: Duration
    private let release: () -> Void
    private var timer: ControlTimer?
    private var workedAt: UInt64 = 0

    /// - Parameter release: What is done; tests count it.
    public init(
        loop: ControlLoop, delay: Duration = RestingMemory.delay,
        release: @escaping () -> Void = RestingMemory.release
    ) {
        self.loop = loop
        self.delay = delay
        self.release = release
    }

    /// Says that there is something to do.
    public func noteWork() {
        workedAt = loop.nowNanoseconds
        if timer == nil { wait(delay) }
    }

    private func wait(_ time: Duration) {
        timer = loop.after(time) { [weak self] in self?.look() }
    }

    private func look() {
        let rested = Duration.nanoseconds(Int64(loop.nowNanoseconds - workedAt))
        if rested < delay {
            wait(delay - rested)
        } else {
            timer = nil
            release()
        }
    }

    /// Gives back what the process does not need while it rests.
    public static func release() {
        if clinux_heap_byte_count() <= maximumHeapByteCount { clinux_trim_memory() }
        clinux_release_program_pages()
    }
}
