import CLinux
import Datapath
import Synchronization
import TestSupport
import Testing

@testable import LinuxPorts

/// Two namespaces that a veth joins, on which nobody speaks unasked.
private struct QuietLink {
    let near: NetworkNamespace
    let far: NetworkNamespace
    let sender: AFPacketPort
    let receiver: AFPacketPort
    let pool = PacketPool()

    init() throws {
        near = try NetworkNamespace()
        far = try NetworkNamespace()
        for namespace in [near, far] {
            try namespace("sysctl -q -w net.ipv6.conf.default.disable_ipv6=1")
        }
        try near("ip link add v0 type veth peer name v1 netns \(far.name)")
        try near("ip link set v0 up")
        try far("ip link set v1 up")
        sender = try near.enter { try AFPacketPort(name: "v0") }
        receiver = try far.enter { try AFPacketPort(name: "v1") }
    }

    /// A frame that bears a number and is followed by as many more octets.
    static func frame(_ number: Int, octets: Int = 46) -> [UInt8] {
        [UInt8](repeating: 0x02, count: 12) + [0x88, 0xb5] + [UInt8(number >> 8 & 255)]
            + [UInt8(number & 255)] + [UInt8](repeating: UInt8(number % 251), count: octets)
    }

    func send(_ frames: [[UInt8]]) {
        let packets = frames.map { pool.make($0) }
        packets.withUnsafeBufferPointer { sender.transmit($0) }
        for packet in packets { pool.release(packet) }
        #expect(sender.counters.sendDrops == 0)
        #expect(sender.counters.sendErrors == 0)
    }

    /// Receives until `count` frames have come, or nothing comes any more for long.
    func receive(_ count: Int) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        let batch = PacketBatch()
        while frames.count < count {
            guard receiver.receive(into: batch, from: pool) || batch.count > 0 || waits() else {
                break
            }
            for packet in batch.contents {
                frames.append(packet.octets)
                pool.release(packet)
            }
            batch.removeAll()
        }
        return frames
    }

    private func waits() -> Bool {
        var entry = pollfd(fd: receiver.readinessDescriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 5000) > 0
    }
}

/// Has `port` receive by a ring, or by calls again.
func change(_ port: AFPacketPort, toRing hasRing: Bool) {
    while port.hasRing != hasRing {
        // Tests that run beside this one may hold all permits for a while.
        port.requestSocket(hasRing: hasRing)
        port.age()
        sched_yield()
    }
}

@Suite(.enabled(if: NetworkNamespace.isAvailable, "namespaces cannot be made"), .serialized)
struct FrameRingTests {
    @Test func `frames come in order, also beyond the ring's end`() throws {
        let link = try QuietLink()
        change(link.receiver, toRing: true)
        let total = FrameRing.slotCount * 3
        var next = 0
        while next < total {
            let frames = (next..<min(next + 50, total)).map { QuietLink.frame($0) }
            link.send(frames)
            try #require(link.receive(frames.count) == frames)
            next += 50
        }
        #expect(link.receiver.counters.receivedPackets == UInt64(total))
        #expect(link.receiver.counters.receivedOctets == UInt64(total * 62))
        link.receiver.countDrops()
        #expect(link.receiver.counters.receiveDrops == 0)
        #expect(link.pool.usedCount == 0)
    }

    @Test func `frames too large for a slot keep their place among small ones`() throws {
        let link = try QuietLink()
        try link.near("ip link set v0 mtu 9000")
        try link.far("ip link set v1 mtu 9000")
        change(link.receiver, toRing: true)
        let sizes = [46, 8000, 46, 1900, 2000, 2100, 8000, 8000, 8000, 46, 46, 8900, 1498, 46]
        for round in 0..<200 {
            let frames = sizes.indices.map {
                QuietLink.frame(round * 20 + $0, octets: sizes[($0 + round) % sizes.count])
            }
            link.send(frames)
            try #require(link.receive(frames.count) == frames)
        }
        #expect(link.receiver.counters.receiveErrors == 0)
    }

    @Test func `a ring that is full drops, and counts what it drops`() throws {
        let link = try QuietLink()
        change(link.receiver, toRing: true)
        // No more than the kernel's own queue in front of the socket holds (1,000).
        let excess = 8
        let frames = (0..<FrameRing.slotCount + excess).map { QuietLink.frame($0) }
        link.send(frames)
        while link.receiver.counters.receiveDrops < excess {
            link.receiver.countDrops()
            sched_yield()
        }
        #expect(link.receive(FrameRing.slotCount) == Array(frames.dropLast(excess)))
        // There is room again.
        link.send([QuietLink.frame(7)])
        #expect(link.receive(1) == [QuietLink.frame(7)])
        #expect(link.receiver.counters.receiveDrops == UInt64(excess))
    }

    @Test func `a frame of which only the slot's part was kept is dropped`() throws {
        let link = try QuietLink()
        try link.near("ip link set v0 mtu 60000")
        try link.far("ip link set v1 mtu 60000")
        change(link.receiver, toRing: true)
        // 48 MB, of which the socket keeps 32.
        let total = 800
        for number in 0..<total { link.send([QuietLink.frame(number, octets: 59_000)]) }
        link.send([QuietLink.frame(total)])
        var frames: [[UInt8]] = []
        while frames.last?.count != 62 {
            let more = link.receive(1)
            try #require(!more.isEmpty)
            frames += more
        }
        #expect(link.receiver.counters.receiveDrops > 0)
        #expect(frames.count + Int(link.receiver.counters.receiveDrops) == total + 1)
        for (number, frame) in frames.dropLast().enumerated() {
            #expect(frame == QuietLink.frame(number, octets: 59_000))
        }
    }

    @Test func `frames keep their order while a port goes from calls to a ring and back`() throws {
        let link = try QuietLink()
        var sent: [[UInt8]] = []
        func send(_ count: Int) {
            let frames = (sent.count..<sent.count + count).map { QuietLink.frame($0) }
            link.send(frames)
            sent += frames
        }
        var received: [[UInt8]] = []
        for hasRing in [true, false, true] {
            send(100)
            // The socket in use is not empty when it is replaced.
            change(link.receiver, toRing: hasRing)
            send(100)
            received += link.receive(150)
            send(20)
            received += link.receive(sent.count - received.count)
            // The former socket is closed.
            link.receiver.age()
        }
        #expect(received == sent)
        #expect(link.pool.usedCount <= PacketBatch.capacity)
    }

    @Test func `ports beyond the number of permits receive by calls`() throws {
        let link = try QuietLink()
        let ports = try link.far.enter {
            try (0..<RingPermit.limit + 2).map { _ in try AFPacketPort(name: "v1") }
        }
        let accepted = ports.filter { $0.requestSocket(hasRing: true) }
        // Tests that run beside this one may hold permits.
        #expect((1...RingPermit.limit).contains(accepted.count))
        #expect(RingPermit.count <= RingPermit.limit)
        for port in accepted {
            while !port.hasRing { port.age() }
        }
        link.send([QuietLink.frame(1)])
        let batch = PacketBatch()
        for port in ports {
            while batch.count == 0 { _ = port.receive(into: batch, from: link.pool) }
            #expect(batch.contents.first?.octets == QuietLink.frame(1))
            for packet in batch.contents { link.pool.release(packet) }
            batch.removeAll()
        }
        // A permit comes back with its ring's end.
        accepted[0].age()
        change(accepted[0], toRing: false)
        _ = accepted[0].receive(into: batch, from: link.pool)
        accepted[0].age()
        while RingPermit.count >= RingPermit.limit { sched_yield() }
    }

    @Test func `a forwarding thread follows a port to its ring`() throws {
        let link = try QuietLink()
        nonisolated(unsafe) let port = link.receiver
        let log = ForwardingThreadTests.Log()
        let thread = try ForwardingThreadTests.makeThread(log)
        thread.add(port, number: 1)
        thread.execute { port.requestSocket(hasRing: true) }
        var sent: [[UInt8]] = []
        // The last frames come by the ring alone.
        while sent.count < 20 || !thread.executeAndWait({ port.hasRing }) {
            sent.append(QuietLink.frame(sent.count))
            link.send([sent[sent.count - 1]])
        }
        for _ in 0..<100 {
            sent.append(QuietLink.frame(sent.count))
            link.send([sent[sent.count - 1]])
        }
        while log.frames.withLock({ $0.count }) < sent.count { sched_yield() }
        thread.stop()
        #expect(log.frames.withLock { $0.map(\.1) } == sent)
    }
}

struct ReceivePaceTests {
    private let pool = PacketPool()

    private func batch(octets: Int) -> PacketBatch {
        let batch = PacketBatch()
        while batch.room > 0 { batch.append(pool.make([UInt8](repeating: 0, count: octets))) }
        return batch
    }

    @Test func `small frames in quick succession make a port busy`() {
        let small = batch(octets: 60)
        var pace = ReceivePace()
        var count = 0
        while !pace.count(small, from: 0) { count += small.count }
        #expect(count >= ReceivePace.busyFrameCount - small.count)
    }

    @Test func `frames that no slot holds do not make a port busy`() {
        let large = batch(octets: 9000)
        var pace = ReceivePace()
        for _ in 0..<ReceivePace.busyFrameCount {
            let isBusy = pace.count(large, from: 0)
            #expect(!isBusy)
        }
    }

    @Test func `a ring is quiet after as many seconds as its port's patience lasts`() {
        var pace = ReceivePace()
        var total: UInt64 = 0
        func second(_ frames: UInt64) -> Bool {
            total += frames
            return pace.isQuiet(after: total)
        }
        #expect(!second(5000))
        for _ in 1..<ReceivePace.patience { #expect(!second(999)) }
        #expect(!second(1000))
        for _ in 1..<ReceivePace.patience { #expect(!second(0)) }
        #expect(second(0))
    }
}
