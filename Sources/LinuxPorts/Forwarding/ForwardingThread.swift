import CLinux
public import Datapath
import Synchronization

/// A thread that receives from its ports and hands the packets on in batches.
///
/// The thread sleeps in `epoll` while nothing arrives. Sleeping and waking cost more than a packet,
/// so that it looks again for some microseconds before it sleeps, but only while that pays: a wait
/// that ended soon turns the looking on, and a look in vain turns it off. An idle switch therefore
/// costs nothing but its timer.
///
/// *Thread safety*: every method may be called from any thread. What ``Work`` holds is called on
/// the forwarding thread alone, as are the closures given to ``execute(_:)``; ports and the packet
/// pool belong to it.
public final class ForwardingThread: Sendable {
    /// What the thread calls.
    public struct Work {
        /// Takes a batch that arrived on a port, with the number that the port was added under.
        ///
        /// The holds on the packets go over to the callee; the batch is emptied after the call. The
        /// answer says whether the batch took so long that it is other ports' turn.
        public var process: (PacketBatch, any PacketPort, UInt32) -> Bool
        /// Called each time that the interval has passed, with the monotonic time in nanoseconds.
        public var tick: (Int64) -> Void
        /// Called once when a port's device has gone; the port is no longer polled.
        public var portDidVanish: (any PacketPort, UInt32) -> Void

        public init(
            process: @escaping (PacketBatch, any PacketPort, UInt32) -> Bool,
            tick: @escaping (Int64) -> Void = { _ in },
            portDidVanish: @escaping (any PacketPort, UInt32) -> Void = { _, _ in }
        ) {
            self.process = process
            self.tick = tick
            self.portDidVanish = portDidVanish
        }
    }

    /// Closures on their way to the thread.
    private struct Mailbox {
        var closures: [() -> Void] = []
        var isStopped = false
    }

    private let mailbox = Mutex(Mailbox())
    private let wakeDescriptor: Int32
    private let handle: Mutex<pthread_t?>
    private let loop: ForwardingLoop

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - name: what `ps -T` shows, at most 15 octets.
    ///   - interval: nanoseconds between two calls of `tick`.
    ///   - core: the CPU that it is to run on alone; it runs anyhow where that is not allowed.
    ///   - isMeasured: whether ``load()`` tells where its time goes.
    ///   - makeWork: called once on the new thread with the pool that packets come from.
    public init(
        name: String = "forwarding",
        interval: Int64 = 100_000_000,
        core: Int? = nil,
        isMeasured: Bool = false,
        makeWork: @escaping @Sendable (PacketPool) -> Work
    ) throws(SystemError) {
        let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw .last("epoll_create1", name) }
        wakeDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard wakeDescriptor >= 0 else {
            let error = SystemError.last("eventfd", name)
            close(epoll)
            throw error
        }
        handle = Mutex(nil)
        loop = ForwardingLoop(
            epoll: epoll, wakeDescriptor: wakeDescriptor, interval: interval,
            isMeasured: isMeasured)
        let start = Unmanaged.passRetained(
            Start(thread: self, name: name, core: core, makeWork: makeWork))
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { context in
                let start = Unmanaged<Start>.fromOpaque(context!).takeRetainedValue()
                clinux_begin_thread(start.name)
                if let core = start.core { _ = clinux_pin_thread(UInt32(clamping: core)) }
                let loop = start.thread.loop
                loop.work = start.makeWork(loop.pool)
                loop.run { start.thread.takeClosures() }
                return nil
            },
            start.toOpaque()
        )
        guard code == 0 else {
            start.release()
            throw SystemError(code: code, call: "pthread_create", subject: name)
        }
        handle.withLock { [thread] in $0 = thread }
    }

    /// What the new thread is given.
    private final class Start {
        let thread: ForwardingThread
        let name: String
        let core: Int?
        let makeWork: @Sendable (PacketPool) -> Work

        init(
            thread: ForwardingThread,
            name: String,
            core: Int?,
            makeWork: @escaping @Sendable (PacketPool) -> Work
        ) {
            self.thread = thread
            self.name = name
            self.core = core
            self.makeWork = makeWork
        }
    }

    deinit {
        close(loop.epoll)
        close(wakeDescriptor)
    }

    /// Polls one queue of `port` from now on, and hands its packets on under `number`.
    ///
    /// The queue belongs to the forwarding thread until ``remove(_:queue:)``.
    public func add(_ port: any PacketPort, number: UInt32, queue: Int = 0) {
        nonisolated(unsafe) let port = port
        execute { [loop] in loop.add(port, QueuePlace(port: number, index: queue)) }
    }

    /// Polls a queue of the port that was added under `number` no more.
    public func remove(_ number: UInt32, queue: Int = 0) {
        execute { [loop] in loop.remove(QueuePlace(port: number, index: queue)) }
    }

    /// Says how the thread waits.
    public func setPolling(_ settings: PollingSettings) {
        execute { [loop] in loop.polling = settings }
    }

    /// Where the thread's time has gone; waits for the thread.
    public func load() -> ThreadLoad { executeAndWait { [loop] in loop.load() } }

    /// Counts its time from zero again.
    public func clearLoad() { execute { [loop] in loop.clearLoad() } }

    /// Has queues count what was dropped before it reached them.
    public func countDrops() { execute { [loop] in loop.countDrops() } }

    /// Calls `closure` on the forwarding thread, between two batches; the order is kept.
    public func execute(_ closure: @escaping @Sendable () -> Void) {
        let isFirst = mailbox.withLock { mailbox in
            guard !mailbox.isStopped else { return false }
            mailbox.closures.append(closure)
            return mailbox.closures.count == 1
        }
        if isFirst { wake() }
    }

    /// Calls `closure` on the forwarding thread and waits for its end.
    ///
    /// - Precondition: the caller is not the forwarding thread, and the thread was not stopped.
    public func executeAndWait<Result: Sendable>(
        _ closure: @escaping @Sendable () -> Result
    ) -> Result {
        let answer = Answer<Result>()
        execute { answer.set(closure()) }
        return answer.wait()
    }

    /// Ends the thread after the closures that wait, and waits for its end.
    public func stop() {
        mailbox.withLock { $0.isStopped = true }
        wake()
        let thread = handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
        if let thread { pthread_join(thread, nil) }
    }

    private func wake() {
        var one: UInt64 = 1
        _ = write(wakeDescriptor, &one, 8)
    }

    /// - Returns: the closures that wait, and whether the thread shall end after them.
    private func takeClosures() -> (closures: [() -> Void], isLast: Bool) {
        mailbox.withLock { mailbox in
            let closures = mailbox.closures
            mailbox.closures = []
            return (closures, mailbox.isStopped)
        }
    }
}

/// A queue of a port, by numbers.
struct QueuePlace: Hashable, Sendable {
    let port: UInt32
    let index: Int

    /// What the kernel's answers are marked with.
    var mark: UInt64 { UInt64(index) << 32 | UInt64(port) }
}

/// A value that one thread waits for and another one sets.
private final class Answer<Value: Sendable>: @unchecked Sendable {
    private var value: Value?
    private var mutex = pthread_mutex_t()
    private var condition = pthread_cond_t()

    init() {
        pthread_mutex_init(&mutex, nil)
        pthread_cond_init(&condition, nil)
    }

    deinit {
        pthread_cond_destroy(&condition)
        pthread_mutex_destroy(&mutex)
    }

    func set(_ value: Value) {
        pthread_mutex_lock(&mutex)
        self.value = value
        pthread_cond_signal(&condition)
        pthread_mutex_unlock(&mutex)
    }

    func wait() -> Value {
        pthread_mutex_lock(&mutex)
        defer { pthread_mutex_unlock(&mutex) }
        while true {
            if let value { return value }
            pthread_cond_wait(&condition, &mutex)
        }
    }
}
