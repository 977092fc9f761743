import CLinux
import Datapath
import Synchronization
import TestSupport
import Testing

@testable import LinuxPorts

/// Ports of virtual machines, against a hypervisor and a guest written for the test.
struct VhostTests {
    static func frame(_ byteCount: Int, _ mark: UInt8 = 7) -> [UInt8] {
        (0..<byteCount).map { UInt8(truncatingIfNeeded: $0) ^ mark }
    }

    /// What the port receives until it has `count` packets.
    static func receive(
        _ count: Int, _ port: VhostPort, _ pool: PacketPool, pair: Int = 0
    ) -> [(octets: [UInt8], offload: PacketOffload)] {
        var all: [(octets: [UInt8], offload: PacketOffload)] = []
        let batch = PacketBatch()
        while all.count < count {
            _ = port.queues[pair].receive(into: batch, from: pool)
            for packet in batch.contents {
                all.append((packet.octets, packet.offload))
                pool.release(packet)
            }
            batch.removeAll()
        }
        return all
    }

    static func send(
        _ frame: [UInt8], _ port: any PacketPort, _ pool: PacketPool,
        _ offload: PacketOffload = .init()
    ) {
        let packet = pool.make(frame)
        packet.offload = offload
        withUnsafePointer(to: packet) { port.transmit(UnsafeBufferPointer(start: $0, count: 1)) }
        pool.release(packet)
    }

    /// A port and a guest that are ready to exchange packets.
    final class Pair {
        let directory: TemporaryDirectory
        let port: VhostPort
        let guest: VhostGuest
        let pool = PacketPool()

        init(_ role: VhostPort.Role, features: UInt64 = VhostGuest.allFeatures, pairs: Int = 1)
            throws
        {
            directory = try TemporaryDirectory()
            let path = "\(directory.path)/socket"
            guest = try VhostGuest(features: features, pairs: pairs)
            if role == .client { try guest.listen(path) }
            port = try VhostPort(name: "vhost0", path: path, role: role)
            if role == .client { try guest.accept() } else { try guest.connect(path) }
            try guest.setUp()
        }
    }

    @Test(arguments: [true, false])
    func `frames of all lengths pass in both directions`(isServer: Bool) throws {
        let pair = try Pair(isServer ? .server : .client)
        for byteCount in [14, 60, 1514, 9018, 65_549] {
            let frame = Self.frame(byteCount)
            pair.guest.send(frame)
            let received = Self.receive(1, pair.port, pair.pool)
            #expect(received[0].octets == frame && received[0].offload == PacketOffload())
            Self.send(frame, pair.port, pair.pool)
            #expect(pair.guest.receive() == frame)
        }
        #expect(pair.guest.wasCalled)
        #expect(pair.port.counters.receivedPackets == 5 && pair.port.counters.sentPackets == 5)
        #expect(pair.pool.usedCount == 0)
    }

    @Test func `thousands of frames go round the rings in order`() throws {
        let pair = try Pair(.server)
        for round in 0..<40 {
            let frames = (0..<50).map { Self.frame(64 + $0, UInt8(truncatingIfNeeded: round)) }
            for frame in frames { pair.guest.send(frame) }
            #expect(Self.receive(50, pair.port, pair.pool).map(\.octets) == frames)
            for frame in frames { Self.send(frame, pair.port, pair.pool) }
            for frame in frames { #expect(pair.guest.receive() == frame) }
        }
    }

    @Test func `a guest without merged buffers gets what fits into one chain`() throws {
        let pair = try Pair(.server, features: VhostDevice.Feature.version1)
        #expect(pair.port.offloads == [])
        let frame = Self.frame(VhostGuest.bufferByteCount - 12)
        Self.send(frame, pair.port, pair.pool)
        #expect(pair.guest.receive() == frame)
        Self.send(Self.frame(VhostGuest.bufferByteCount - 11), pair.port, pair.pool)
        #expect(pair.port.counters.sendDrops == 1)
        Self.send(Self.frame(60), pair.port, pair.pool)
        // The chain that was too short has come back empty.
        #expect(pair.guest.receive() == [])
        #expect(pair.guest.receive() == Self.frame(60))
    }

    @Test func `what a sender left undone is told in both directions`() throws {
        let pair = try Pair(.server)
        #expect(pair.port.offloads == [.checksum, .tcpSegmentation])
        var frame = Self.frame(4000)
        frame[34 + 12] = 0x50
        var offload = PacketOffload()
        offload.flags = .needsChecksum
        (offload.checksumStart, offload.checksumOffset) = (34, 16)
        offload.segmentation = .tcp4
        (offload.headerByteCount, offload.segmentByteCount) = (54, 1448)
        Self.send(frame, pair.port, pair.pool, offload)
        #expect(pair.guest.receive() == frame)
        #expect(Array(pair.guest.lastHeader.prefix(10)) == [1, 1, 54, 0, 0xa8, 5, 34, 0, 16, 0])
        pair.guest.send(frame, header: [1, 1, 54, 0, 0xa8, 5, 34, 0, 16, 0, 0, 0])
        #expect(Self.receive(1, pair.port, pair.pool)[0].offload == offload)
        // A super-packet without a partial checksum is none (VIRTIO 1.2 §5.1.6.2).
        pair.guest.send(frame, header: [0, 1, 54, 0, 0xa8, 5, 34, 0, 16, 0, 0, 0])
        // A guest that says that a checksum is right is not believed.
        pair.guest.send(frame, header: [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(Self.receive(1, pair.port, pair.pool)[0].offload == PacketOffload())
        #expect(pair.port.counters.receiveErrors == 1)
    }

    @Test func `each pair of queues has packets of its own`() throws {
        let pair = try Pair(.server, pairs: 3)
        #expect(pair.guest.offeredPairs == VhostDevice.pairCount)
        for index in 0..<3 {
            pair.guest.send(Self.frame(60 + index), pair: index)
            let received = Self.receive(1, pair.port, pair.pool, pair: index)
            #expect(received[0].octets.count == 60 + index)
            Self.send(Self.frame(70 + index), pair.port.sender(forThread: index), pair.pool)
            #expect(pair.guest.receive(pair: index)?.count == 70 + index)
        }
        // A fourth thread shares the first pair.
        Self.send(Self.frame(90), pair.port.sender(forThread: 3), pair.pool)
        #expect(pair.guest.receive(pair: 0)?.count == 90)
    }

    @Test func `a kick wakes the thread that forwards`() throws {
        let pair = try Pair(.server)
        let log = PollingThreadTests.Log()
        let thread = try PollingThreadTests.makeThread(log)
        thread.add(pair.port, number: 1)
        for _ in 0..<100 { pair.guest.send(Self.frame(60)) }
        while log.count(1) < 100 { sched_yield() }
        thread.stop()
    }

    @Test(arguments: [true, false])
    func `a guest comes again after it has gone`(isServer: Bool) throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/socket"
        let pool = PacketPool()
        var port: VhostPort?
        for round in 0..<3 {
            let guest = try VhostGuest(features: VhostGuest.allFeatures, pairs: 1)
            if !isServer { try guest.listen(path) }
            let own =
                try port
                ?? VhostPort(
                    name: "vhost0", path: path, role: isServer ? .server : .client)
            port = own
            if isServer { try guest.connect(path) } else { try guest.accept() }
            try guest.setUp()
            #expect(own.isConnected)
            guest.send(Self.frame(60 + round))
            #expect(Self.receive(1, own, pool)[0].octets.count == 60 + round)
            guest.disconnect()
            while own.isConnected { sched_yield() }
            Self.send(Self.frame(60), own, pool)
        }
        #expect(port?.counters.sendDrops == 3)
        port = nil
        #expect(!isServer || access(path, F_OK) != 0)
        #expect(pool.usedCount == 0)
    }

    @Test func `rings outside the guest's memory are refused`() throws {
        for place in [
            UInt64.max - 15, VhostGuest.userAddress - 16,
            VhostGuest.userAddress + UInt64(VhostGuest.memoryByteCount) - 32,
        ] {
            let directory = try TemporaryDirectory()
            let port = try VhostPort(
                name: "vhost0", path: "\(directory.path)/socket", role: .server)
            let guest = try VhostGuest(features: VhostGuest.allFeatures, pairs: 1)
            try guest.connect(port.path)
            guest.descriptorAddress = place
            #expect(throws: VhostGuest.Failure.self) { try guest.setUp() }
            #expect(port.lastFailure == "ring 0 is not in the guest's memory")
        }
    }

    /// Whatever a guest writes into its rings, the port touches nothing but its memory, gives
    /// every buffer back, and serves the next guest.
    @Test(arguments: 0..<UInt64(RunSize.count("MARTLET_VHOST_SEEDS", usually: 16)))
    func `rings full of nonsense do no harm`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let pair = try Pair(
            .server, features: seed & 1 == 0 ? VhostGuest.allFeatures : VhostDevice.Feature.version1
        )
        let batch = PacketBatch()
        for _ in 0..<60 {
            pair.guest.scribble(&random)
            _ = pair.port.receive(into: batch, from: pair.pool)
            for packet in batch.contents {
                #expect(packet.byteCount >= 14)
                pair.pool.release(packet)
            }
            batch.removeAll()
            Self.send(Self.frame(Int.random(in: 14...9000, using: &random)), pair.port, pair.pool)
        }
        #expect(pair.pool.usedCount == 0)
    }

    /// Messages with any content are answered, refused, or end the session.
    @Test(arguments: 0..<40)
    func `messages full of nonsense do no harm`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let device = VhostDevice()
        let file = clinux_memory_file(1 << 16)
        defer { close(file) }
        for _ in 0..<300 {
            var message = VhostMessage(.init(rawValue: UInt32.random(in: 0...40, using: &random)))
            let count = [0, 8, 12, 40, 72, 264].randomElement(using: &random) ?? 0
            message.payload = (0..<count).map { _ in
                Bool.random(using: &random) ? 0 : UInt8.random(in: 0...8, using: &random)
            }
            message.needsReply = Bool.random(using: &random)
            let descriptors = (0..<Int.random(in: 0...2, using: &random)).map { _ in dup(file) }
            _ = device.handle(message, descriptors)
            for descriptor in descriptors {
                // Either it is closed, or a queue has taken it over.
                #expect(descriptor >= 0)
            }
        }
        device.reset()
        #expect(device.pairs == 0)
    }
}
