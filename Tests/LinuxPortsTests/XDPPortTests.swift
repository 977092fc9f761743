import Addresses
import CLinux
import Datapath
import Glibc
import TestSupport
import Testing

@testable import LinuxPorts

/// Ports by AF_XDP between namespaces.
@Suite(.serialized, .enabled(if: NetworkNamespace.isAvailable))
struct XDPPortTests {
    /// Frames of `byteCount` octets that differ in their last ones.
    private func frames(_ count: Int, byteCount: Int = 60) -> [[UInt8]] {
        (0..<count).map { number in
            octets("02 00 00 00 00 02 02 00 00 00 00 01 88 b5")
                + [UInt8](repeating: 7, count: byteCount - 16)
                + [UInt8(number >> 8), UInt8(number & 0xff)]
        }
    }

    private func send(_ frames: [[UInt8]], by port: any PacketPort, _ pool: PacketPool) {
        var list = PacketList()
        for frame in frames { list.append(pool.make(frame)) }
        port.transmit(list.contents)
        list.removeAll(releasingTo: pool)
    }

    /// What arrives at a port until `count` frames of the test are there or nothing more comes.
    private func receive(_ count: Int, at port: any PacketPort, _ pool: PacketPool) -> [[UInt8]] {
        var received: [[UInt8]] = []
        let batch = PacketBatch()
        while received.count < count {
            var waiting = pollfd(fd: port.readinessDescriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 5000) > 0 else { break }
            _ = port.receive(into: batch, from: pool)
            for packet in batch.contents {
                let frame = packet.octets
                if frame[12] == 0x88 && frame[13] == 0xb5 { received.append(frame) }
                pool.release(packet)
            }
            batch.removeAll()
        }
        return received
    }

    @Test(arguments: [XDPModeRequest.bestEffort, .exactly(.native), .exactly(.generic)])
    func `frames cross both ways in order`(mode: XDPModeRequest) throws {
        let space = try NetworkNamespace()
        try space("ip link add p1 type veth peer name q1")
        for name in ["p1", "q1"] { try space("ip link set \(name) up") }
        let pool = PacketPool(capacity: 8192)
        try space.enter {
            let port = try XDPPort(name: "p1", mode: mode)
            let peer = try AFPacketPort(name: "q1")
            // Ten times the rings' room, in parts.
            for _ in 0..<20 {
                let sent = frames(1000)
                for start in stride(from: 0, to: 1000, by: 50) {
                    send(Array(sent[start..<start + 50]), by: peer, pool)
                }
                #expect(receive(1000, at: port, pool) == sent)
                for start in stride(from: 0, to: 1000, by: 50) {
                    send(Array(sent[start..<start + 50]), by: port, pool)
                }
                #expect(receive(1000, at: peer, pool) == sent)
            }
            let long = frames(3, byteCount: 1514)
            send(long, by: port, pool)
            #expect(receive(3, at: peer, pool) == long)
            #expect(port.counters.sentPackets == 20_003)
            #expect(port.counters.receivedPackets >= 20_000)
            peer.giveBack(to: pool)
        }
        #expect(pool.usedCount == 0)
    }

    @Test func `a device that has no such mode, or is not there, is refused`() throws {
        let space = try NetworkNamespace()
        try space("ip link add p1 type veth peer name q1")
        try space("ip link set p1 up")
        try space.enter {
            #expect(throws: SystemError.self) {
                _ = try XDPPort(name: "p1", mode: .exactly(.zeroCopy))
            }
            do throws(SystemError) {
                _ = try XDPPort(name: "nosuch", mode: .bestEffort)
                Issue.record("a device that is not there was opened")
            } catch {
                #expect(error.code == ENODEV)
            }
            // Nothing stays behind that would be in the way.
            let port = try XDPPort(name: "p1", mode: .bestEffort)
            #expect(port.mode == .native)
        }
    }

    @Test func `a device that goes is noticed`() throws {
        let space = try NetworkNamespace()
        try space("ip link add p1 type veth peer name q1")
        try space("ip link set p1 up")
        try space.enter {
            let pool = PacketPool(capacity: 8192)
            let batch = PacketBatch()
            let port = try XDPPort(name: "p1", mode: .bestEffort)
            #expect(!port.receive(into: batch, from: pool))
            #expect(!port.hasVanished)
            try space("ip link delete p1")
            port.age()
            #expect(port.hasVanished)
            #expect(!port.receive(into: batch, from: pool))
            send(frames(3), by: port, pool)
            #expect(port.counters.sendDrops == 3)
        }
    }

    @Test func `what OVS calls the modes`() {
        for text in ["native-with-zerocopy", "native", "generic", "best-effort"] {
            #expect(XDPModeRequest(text) != nil)
        }
        #expect(XDPModeRequest("drv") == nil)
    }
}
