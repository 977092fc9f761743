import CLinux
import Datapath
import Synchronization
import TestSupport
import Testing

@testable import LinuxPorts

/// Threads that poll, and ports with several queues.
struct PollingThreadTests {
    static func dummy(_ name: String, queues: Int = 1) throws -> DummyPort {
        var options = DummyPort.Options()
        options.queueCount = queues
        options.isPolled = true
        return try DummyPort(name: name, options: options)
    }

    /// A thread that notes the ports of its batches and how large they are.
    static func makeThread(
        _ log: Log, isMeasured: Bool = false,
        endsTurn: @escaping @Sendable (UInt32) -> Bool = { _ in false }
    ) throws -> ForwardingThread {
        try ForwardingThread(interval: 1_000_000, isMeasured: isMeasured) { pool in
            .init(process: { batch, _, number in
                log.batches.withLock { $0.append((number, batch.count)) }
                for packet in batch.contents { pool.release(packet) }
                log.used.store(pool.usedCount, ordering: .relaxed)
                return endsTurn(number)
            })
        }
    }

    final class Log: Sendable {
        let batches = Mutex<[(port: UInt32, count: Int)]>([])
        let used = Atomic<Int>(0)

        func count(_ port: UInt32) -> Int {
            batches.withLock { $0.reduce(0) { $0 + ($1.port == port ? $1.count : 0) } }
        }
    }

    static let frame = [UInt8](repeating: 1, count: 60)

    @Test func `a polling thread finds what nobody tells it of`() throws {
        let log = Log()
        let thread = try Self.makeThread(log, isMeasured: true)
        var settings = PollingSettings()
        settings.isPolling = true
        thread.setPolling(settings)
        let port = try Self.dummy("p1", queues: 3)
        for queue in 0..<3 { thread.add(port, number: 1, queue: queue) }
        for queue in 0..<3 { for _ in 0..<40 { port.inject(Self.frame, queue: queue) } }
        while log.count(1) < 120 { sched_yield() }
        let load = thread.load()
        #expect(load.queues.map(\.index) == [0, 1, 2])
        #expect(load.busyIterations > 0 && load.busyCycles > 0 && load.frequency > 0)
        thread.remove(1, queue: 1)
        thread.executeAndWait {}
        port.inject(Self.frame, queue: 1)
        port.inject(Self.frame, queue: 2)
        while log.count(1) < 121 { sched_yield() }
        thread.stop()
        #expect(log.count(1) == 121)
        #expect(!port.inject(Self.frame, queue: 3))
    }

    @Test func `a polling thread with leave to sleep does`() throws {
        let log = Log()
        let thread = try Self.makeThread(log, isMeasured: true)
        var settings = PollingSettings()
        settings.isPolling = true
        settings.maximumSleep = 500_000
        thread.setPolling(settings)
        while thread.load().sleepIterations < 20 { sched_yield() }
        let load = thread.load()
        thread.stop()
        #expect(load.sleepNanoseconds > 0)
    }

    /// A port whose packets all take long may not keep another from its turn: after each batch of
    /// the one there is a batch of the other, while it has any.
    @Test func `ports whose batches take long take turns`() throws {
        let log = Log()
        let thread = try Self.makeThread(log) { _ in true }
        let flood = try Self.dummy("p1")
        let other = try Self.dummy("p2")
        thread.add(flood, number: 1)
        thread.add(other, number: 2)
        thread.execute {
            for _ in 0..<4096 { flood.inject(Self.frame) }
            for _ in 0..<96 { other.inject(Self.frame) }
        }
        thread.executeAndWait {}
        thread.stop()
        let order = log.batches.withLock { $0.map(\.port) }
        #expect(order.count == 4096 / 32 + 96 / 32)
        #expect(order.prefix(6) == [1, 2, 1, 2, 1, 2])
        #expect(log.used.load(ordering: .relaxed) == 0)
    }

    @Test func `a batch that does not take long is followed by more of its port`() throws {
        let log = Log()
        let thread = try Self.makeThread(log)
        let first = try Self.dummy("p1")
        let other = try Self.dummy("p2")
        thread.add(first, number: 1)
        thread.add(other, number: 2)
        thread.execute {
            for _ in 0..<160 { first.inject(Self.frame) }
            for _ in 0..<32 { other.inject(Self.frame) }
        }
        thread.executeAndWait {}
        thread.stop()
        #expect(log.batches.withLock { $0.map(\.port) } == [1, 1, 1, 1, 2, 1])
    }

    /// Datagrams of many flows come by more than one queue, each flow's by one and in order.
    @Test(.enabled(if: NetworkNamespace.isAvailable, "namespaces cannot be made"))
    func `a device's flows are divided among its queues`() throws {
        let namespace = try NetworkNamespace()
        try namespace("ip link add p1 type veth peer name p2")
        try namespace("ip link set p1 up")
        try namespace("ip link set p2 up")
        let queued = try namespace.enter { try AFPacketPort.open(name: "p1", queueCount: 4) }
        let peer = try namespace.enter { try AFPacketPort(name: "p2") }
        #expect(queued.queues.count == 4)
        let pool = PacketPool(capacity: 4096)
        var places: [UInt8: Set<Int>] = [:]
        let batch = PacketBatch()
        for number in 0..<10 {
            for flow in 0..<32 {
                let packet = pool.make(Self.datagram(flow: flow, number: number))
                withUnsafePointer(to: packet) {
                    peer.transmit(UnsafeBufferPointer(start: $0, count: 1))
                }
                pool.release(packet)
            }
            var left = 32
            while left > 0 {
                for (place, queue) in queued.queues.enumerated() {
                    _ = queue.receive(into: batch, from: pool)
                    for octets in Self.takeDatagrams(batch, pool) {
                        left -= 1
                        places[octets[29], default: []].insert(place)
                        #expect(octets[42] == UInt8(number))
                    }
                }
            }
        }
        for queue in queued.queues { queue.giveBack(to: pool) }
        #expect(places.count == 32)
        #expect(places.values.allSatisfy { $0.count == 1 })
        #expect(Set(places.values.joined()).count > 1)
        #expect(pool.usedCount == 0)
        #expect(queued.counters.receivedPackets >= 320)
    }

    /// The test's own frames of a batch; the namespace's stack sends others.
    private static func takeDatagrams(_ batch: PacketBatch, _ pool: PacketPool) -> [[UInt8]] {
        let frames = batch.contents.map(\.octets)
        for packet in batch.contents { pool.release(packet) }
        batch.removeAll()
        return frames.filter { $0.count == 60 && $0[12] == 8 && $0[23] == 17 }
    }

    static func datagram(flow: Int, number: Int) -> [UInt8] {
        var frame: [UInt8] =
            [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]
            + [0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, UInt8(flow), 11, 0, 0, 1]
            + [0, 1, 0, 2, 0, 26, 0, 0] + [UInt8](repeating: 0, count: 18)
        frame[42] = UInt8(number)
        return frame
    }

    @Test(.enabled(if: NetworkNamespace.isAvailable, "namespaces cannot be made"))
    func `a TAP device has as many queues as it is asked for`() throws {
        let namespace = try NetworkNamespace()
        let port = try namespace.enter { try TAPPort.open(name: "tap0", queueCount: 3) }
        try namespace("ip link set tap0 up")
        #expect(port.queues.count == 3)
        #expect(port.sender(forThread: 4) as AnyObject === port.queues[1] as AnyObject)
        let pool = PacketPool(capacity: 4096)
        for number in 0..<3 {
            let packet = pool.make(Self.frame)
            withUnsafePointer(to: packet) {
                port.sender(forThread: number).transmit(
                    UnsafeBufferPointer(start: $0, count: 1))
            }
            pool.release(packet)
        }
        #expect(port.counters.sentPackets == 3)
    }
}
