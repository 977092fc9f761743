public import NIOCore
import NIOPosix

/// The one event loop that owns configuration, sessions and protocol machines.
///
/// Everything that the control thread owns is plain, not `Sendable`, and reached only from here;
/// so the closures below need not be either. They trap when called from another thread, except for
/// ``post(_:)``, which is how other threads hand something over.
public struct ControlLoop: Sendable {
    public let eventLoop: any EventLoop
    /// The streams of this loop that have something to send.
    let output: OutputTurns
    let alertness: Alertness

    public init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        alertness = Alertness()
        output = OutputTurns(eventLoop, alertness)
    }

    /// Turns the calling thread into the loop, and returns after ``stop()``.
    ///
    /// What `body` returns lives as long as the loop, and is returned for its last word.
    @discardableResult
    public static func run<Root>(_ body: @escaping (ControlLoop) -> Root) -> Root? {
        var root: Root?
        MultiThreadedEventLoopGroup.withCurrentThreadAsEventLoop { eventLoop in
            root = body(ControlLoop(eventLoop))
        }
        return root
    }

    /// Ends ``run(_:)`` once the work at hand is done.
    public func stop() {
        eventLoop.shutdownGracefully { _ in }
    }

    public var isCurrent: Bool { eventLoop.inEventLoop }

    /// Nanoseconds of the monotonic clock.
    public var nowNanoseconds: UInt64 { NIODeadline.now().uptimeNanoseconds }

    /// Milliseconds of the monotonic clock.
    public var nowMilliseconds: Int64 { Int64(nowNanoseconds / 1_000_000) }

    /// Runs `body` on the loop, from whichever thread.
    public func post(_ body: @escaping @Sendable () -> Void) {
        eventLoop.execute(body)
    }

    /// Runs `body` after what the loop does now.
    public func soon(_ body: @escaping () -> Void) {
        eventLoop.assumeIsolated().execute(body)
    }

    /// Runs `body` once.
    @discardableResult
    public func after(_ delay: Duration, _ body: @escaping () -> Void) -> ControlTimer {
        let timer = ControlTimer()
        timer.cancelScheduled = Self.cancellation(
            of: eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [weak timer] in
                timer?.cancelScheduled = nil
                body()
            })
        return timer
    }

    /// Runs `body` again and again, first after `period`, until the timer is cancelled.
    @discardableResult
    public func every(_ period: Duration, _ body: @escaping () -> Void) -> ControlTimer {
        let timer = ControlTimer()
        repeatTimer(timer, period, body)
        return timer
    }

    private func repeatTimer(
        _ timer: ControlTimer, _ period: Duration, _ body: @escaping () -> Void
    ) {
        let loop = self
        timer.cancelScheduled = Self.cancellation(
            of: eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(period)) {
                loop.repeatTimer(timer, period, body)
                body()
            })
    }

    private static func cancellation(of task: Scheduled<Void>) -> () -> Void {
        { task.cancel() }
    }
}

/// A call that is due later, and can be called off.
public final class ControlTimer {
    fileprivate var cancelScheduled: (() -> Void)?

    fileprivate init() {}

    /// Calls it off; a repeating one too, from within its own body as well.
    public func cancel() {
        cancelScheduled?()
        cancelScheduled = nil
    }
}
