import CLinux
import Datapath
import TestSupport
import Testing

@testable import LinuxPorts

/// A directory of a test's own, which goes with it.
final class TemporaryDirectory {
    let path: String

    init() throws {
        let result = run(["mktemp", "-d"])
        guard result.succeeded else { throw CommandFailure(command: "mktemp", result: result) }
        path = String(result.output.dropLast())
    }

    deinit {
        run(["rm", "-rf", path])
    }

    func octets(of name: String) -> [UInt8] {
        let file = clinux_open("\(path)/\(name)", O_RDONLY, 0)
        defer { close(file) }
        var content = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(file, &content, content.count)
        return Array(content[..<max(0, count)])
    }
}

extension PacketPort {
    /// Receives one batch and gives back its frames' octets.
    func receiveFrames(_ pool: PacketPool) -> [[UInt8]] {
        let batch = PacketBatch()
        _ = receive(into: batch, from: pool)
        defer { for packet in batch.contents { pool.release(packet) } }
        return batch.contents.map(\.octets)
    }

    func send(_ frames: [[UInt8]], _ pool: PacketPool) {
        let packets = frames.map { pool.make($0) }
        packets.withUnsafeBufferPointer { transmit($0) }
        for packet in packets { pool.release(packet) }
    }

    /// Waits for the descriptor and receives, until a frame comes.
    func waitForFrames(_ pool: PacketPool) -> [[UInt8]] {
        for _ in 0..<100 {
            var entry = pollfd(fd: readinessDescriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, 5000) > 0 else { return [] }
            let frames = receiveFrames(pool)
            if !frames.isEmpty { return frames }
        }
        return []
    }
}

struct DummyPortTests {
    let pool = PacketPool()
    let first = [UInt8](repeating: 0x11, count: 60)
    let second = [UInt8](0..<100)

    @Test func `injected frames arrive in order`() throws {
        let port = try DummyPort(name: "p1")
        port.inject(first)
        port.inject(second)
        #expect(port.receiveFrames(pool) == [first, second])
        #expect(port.receiveFrames(pool).isEmpty)
        #expect(port.counters.receivedPackets == 2)
        #expect(port.counters.receivedOctets == 160)
        #expect(pool.usedCount == 0)
    }

    @Test func `more frames than a batch holds are told of`() throws {
        let port = try DummyPort(name: "p1")
        for _ in 0..<40 { port.inject(first) }
        let batch = PacketBatch()
        #expect(port.receive(into: batch, from: pool))
        #expect(batch.count == 32)
        batch.removeAll()
        #expect(!port.receive(into: batch, from: pool))
        #expect(batch.count == 8)
    }

    @Test func `a full queue and a frame without an Ethernet header are dropped and counted`()
        throws
    {
        let port = try DummyPort(name: "p1")
        #expect(!port.inject([1, 2, 3]))
        for _ in 0..<DummyPort.maxQueuedFrames { #expect(port.inject(first)) }
        #expect(!port.inject(first))
        #expect(port.counters.receiveDrops == 2)
    }

    @Test func `captures hold the golden octets of pcap`() throws {
        let directory = try TemporaryDirectory()
        var options = DummyPort.Options()
        options.receivedPcap = "\(directory.path)/in"
        options.sentPcap = "\(directory.path)/out"
        let port = try DummyPort(name: "p1", options: options)
        port.clock = { 3_000_005 }
        port.inject(Array(second[..<14]))
        _ = port.receiveFrames(pool)
        port.send([first], pool)
        let header = "d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000"
        let record = "03000000 05000000 0e000000 0e000000 000102030405060708090a0b0c0d"
        #expect(directory.octets(of: "in") == octets(header + record))
        #expect(CaptureFile.frames(of: directory.octets(of: "out")) == [first])
    }

    @Test func `one file may hold both directions`() throws {
        let directory = try TemporaryDirectory()
        var options = DummyPort.Options()
        options.pcap = "\(directory.path)/both"
        let port = try DummyPort(name: "p1", options: options)
        port.inject(first)
        _ = port.receiveFrames(pool)
        port.send([second], pool)
        #expect(CaptureFile.frames(of: directory.octets(of: "both")) == [first, second])
    }

    @Test func `every prefix of a capture is read without a trap`() {
        let header = octets("d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000")
        let capture = header + octets("03000000 05000000 02000000 02000000 0001")
        for count in 0..<capture.count {
            #expect(CaptureFile.frames(of: Array(capture[..<count])).isEmpty)
        }
        #expect(CaptureFile.frames(of: capture) == [[0, 1]])
    }

    private func pair(_ directory: TemporaryDirectory) throws -> (DummyPort, DummyPort) {
        var passive = DummyPort.Options()
        passive.passiveStream = "punix:\(directory.path)/socket"
        var active = DummyPort.Options()
        active.activeStream = "unix:\(directory.path)/socket"
        return (
            try DummyPort(name: "p1", options: passive), try DummyPort(name: "p2", options: active)
        )
    }

    @Test func `frames cross a socket behind their length`() throws {
        let directory = try TemporaryDirectory()
        let (listening, connecting) = try pair(directory)
        #expect(connecting.connectionState == .connected)
        #expect(listening.connectionState == .unknown)
        #expect(listening.receiveFrames(pool).isEmpty)
        connecting.send([first, second], pool)
        #expect(listening.waitForFrames(pool) == [first, second])
        listening.send([second], pool)
        #expect(connecting.waitForFrames(pool) == [second])
    }

    @Test func `frames that come octet by octet are put together`() throws {
        let directory = try TemporaryDirectory()
        let (listening, _) = try pair(directory)
        let peer = clinux_unix_stream("\(directory.path)/socket", 1)
        defer { close(peer) }
        var frames: [[UInt8]] = []
        for octet in [0, 60] + first + [0, 100] + second {
            var octet = octet
            #expect(write(peer, &octet, 1) == 1)
            frames += listening.receiveFrames(pool)
        }
        while frames.count < 2 { frames += listening.waitForFrames(pool) }
        #expect(frames == [first, second])
    }

    @Test func `a peer that goes is connected to again`() throws {
        let directory = try TemporaryDirectory()
        var (listening, connecting): (DummyPort?, DummyPort)
        (listening, connecting) = try pair(directory)
        listening = nil
        _ = connecting.receiveFrames(pool)
        #expect(connecting.connectionState == .disconnected)
        var options = DummyPort.Options()
        options.passiveStream = "punix:\(directory.path)/socket"
        let again = try DummyPort(name: "p3", options: options)
        while connecting.connectionState == .disconnected {
            var entry = pollfd(
                fd: connecting.readinessDescriptor,
                events: Int16(POLLIN),
                revents: 0
            )
            try #require(poll(&entry, 1, 5000) > 0)
            _ = connecting.receiveFrames(pool)
        }
        connecting.send([first], pool)
        #expect(again.waitForFrames(pool) == [first])
        #expect(listening == nil)
    }

    @Test func `a peer that never reads loses frames, not the switch`() throws {
        let directory = try TemporaryDirectory()
        let (listening, connecting) = try pair(directory)
        _ = listening.receiveFrames(pool)
        let large = [UInt8](repeating: 7, count: 60000)
        for _ in 0..<40 { connecting.send([large], pool) }
        #expect(connecting.counters.sendDrops > 0)
        #expect(connecting.connectionState == .connected)
        var received = 0
        let expected = 40 - Int(connecting.counters.sendDrops)
        while received < expected {
            received += listening.receiveFrames(pool).count
            _ = connecting.receiveFrames(pool)
        }
        #expect(received == expected)
    }

    @Test(arguments: ["tcp:1.2.3.4:5", "unix:/x", "punix:"])
    func `a stream of another kind is refused by its name`(text: String) {
        var options = DummyPort.Options()
        options.passiveStream = text
        let error = #expect(throws: SystemError.self) {
            try DummyPort(name: "p1", options: options)
        }
        #expect(error?.subject == text)
    }
}
