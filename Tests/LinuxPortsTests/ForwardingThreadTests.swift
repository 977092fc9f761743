import CLinux
import Datapath
import Synchronization
import TestSupport
import Testing

@testable import LinuxPorts

struct ForwardingThreadTests {
    /// What the thread's work has seen.
    final class Log: Sendable {
        let ticks = Atomic<Int>(0)
        let frames = Mutex<[(UInt32, [UInt8])]>([])
        let vanished = Atomic<Int>(0)
    }

    static func makeThread(_ log: Log) throws -> ForwardingThread {
        try ForwardingThread(interval: 1_000_000) { pool in
            .init(
                process: { batch, _, number in
                    for packet in batch.contents {
                        let octets = packet.octets
                        log.frames.withLock { $0.append((number, octets)) }
                        pool.release(packet)
                    }
                    return false
                },
                tick: { _ in log.ticks.add(1, ordering: .relaxed) },
                portDidVanish: { _, _ in log.vanished.add(1, ordering: .relaxed) }
            )
        }
    }

    @Test func `closures run on the thread in order, and stop waits for them`() throws {
        let log = Log()
        let thread = try Self.makeThread(log)
        for number in 0..<100 {
            thread.execute { log.frames.withLock { $0.append((UInt32(number), [])) } }
        }
        thread.stop()
        #expect(log.frames.withLock { $0.map { $0.0 } } == Array(0..<100))
    }

    @Test func `a closure's result comes back`() throws {
        let thread = try Self.makeThread(Log())
        #expect(thread.executeAndWait { 6 * 7 } == 42)
        thread.stop()
    }

    @Test func `frames injected by a closure are processed`() throws {
        let log = Log()
        let thread = try Self.makeThread(log)
        let port = try DummyPort(name: "p1")
        thread.add(port, number: 7)
        let frame = [UInt8](repeating: 1, count: 60)
        thread.execute { for _ in 0..<50 { port.inject(frame) } }
        thread.executeAndWait {}
        thread.remove(7)
        thread.execute { port.inject(frame) }
        thread.stop()
        #expect(log.frames.withLock { $0.count } == 50)
        #expect(log.frames.withLock { $0.allSatisfy { $0 == (7, frame) } })
    }

    @Test func `frames from a socket wake the thread`() throws {
        let log = Log()
        let thread = try Self.makeThread(log)
        let directory = try TemporaryDirectory()
        var options = DummyPort.Options()
        options.passiveStream = "punix:\(directory.path)/socket"
        thread.add(try DummyPort(name: "p1", options: options), number: 1)
        let peer = clinux_unix_stream("\(directory.path)/socket", 1)
        defer { close(peer) }
        let frame = [UInt8](repeating: 9, count: 60)
        _ = ([0, 60] + frame).withUnsafeBytes { write(peer, $0.baseAddress, $0.count) }
        while log.frames.withLock({ $0.isEmpty }) { sched_yield() }
        thread.stop()
        #expect(log.frames.withLock { $0[0] } == (1, frame))
    }

    @Test func `the timer goes on without packets`() throws {
        let log = Log()
        let thread = try Self.makeThread(log)
        while log.ticks.load(ordering: .relaxed) < 3 { sched_yield() }
        thread.stop()
    }

    @Test(.enabled(if: NetworkNamespace.isAvailable, "namespaces cannot be made"))
    func `a vanished device is told once`() throws {
        let log = Log()
        let thread = try Self.makeThread(log)
        let namespace = try NetworkNamespace()
        try namespace("ip link add p1 type veth peer name p2")
        let port = try namespace.enter { try TAPPort(name: "tap0") }
        thread.add(port, number: 1)
        try namespace("ip link del tap0")
        while log.vanished.load(ordering: .relaxed) == 0 { sched_yield() }
        let ticks = log.ticks.load(ordering: .relaxed)
        while log.ticks.load(ordering: .relaxed) < ticks + 3 { sched_yield() }
        thread.stop()
        #expect(log.vanished.load(ordering: .relaxed) == 1)
    }

    @Test func `an idle thread sleeps`() throws {
        let log = Log()
        let thread = try ForwardingThread { _ in
            .init(
                process: { _, _, _ in false }, tick: { _ in log.ticks.add(1, ordering: .relaxed) })
        }
        let (used, passed) = thread.executeAndWait { Self.times() }
        while log.ticks.load(ordering: .relaxed) < 3 { sched_yield() }
        let (usedLater, passedLater) = thread.executeAndWait { Self.times() }
        thread.stop()
        #expect((usedLater - used) * 100 < passedLater - passed)
    }

    /// The processor time of the calling thread, and the time of day, in nanoseconds.
    private static func times() -> (Int64, Int64) {
        var now = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
        return (
            Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec),
            clinux_monotonic_nanoseconds()
        )
    }
}
