import Datapath
import FlowModel
import TestSupport
import Testing

/// Ports whose flows look at no more than the first headers.
struct SimpleMatchTests {
    private func flow(
        _ type: UInt16, tag: UInt16 = 0, fragment: UInt8? = nil, inPort: UInt32 = 1
    ) -> (key: FlowKey, mask: FlowKey) {
        var (key, mask) = (FlowKey(), FlowKey())
        key.inPort = inPort
        mask.inPort = .max
        mask.recirculationID = .max
        key.etherType = type
        mask.etherType = .max
        key.vlanTCI = tag
        mask.vlanTCI = 0x1fff
        if let fragment {
            key.ipFragment = fragment
            mask.ipFragment = 3
        }
        return (key, mask)
    }

    @Test func `a simple flow is found without the caches`() throws {
        let network = try Network()
        let (key, mask) = flow(0x0800, fragment: 0)
        let id = try network.datapath.insert(key: key, mask: mask, actions: [.output(2)])
        let frame = Frames.ethernet(0x0800, Frames.ipv4(6, Frames.tcp(flags: 0x12)))
        network.inject([frame, frame, Frames.ethernet(0x0806, Frames.arp())])
        #expect(network.datapath.statistics.simpleHits == 2)
        #expect(network.datapath.statistics.hits == 2)
        #expect(network.takeMissedFrames() == [Frames.ethernet(0x0806, Frames.arp())])
        #expect(network.datapath.statistics(of: id)?.tcpFlags == 0x012)
        #expect(network.datapath.statistics(of: id)?.packets == 2)

        // One flow that looks at more, and the port's packets are parsed again.
        var (other, bits) = flow(0x0800, fragment: 0)
        other.ipProtocol = 17
        bits.ipProtocol = .max
        let complex = try network.datapath.insert(key: other, mask: bits, actions: [.output(3)])
        network.inject([frame])
        #expect(network.datapath.statistics.simpleHits == 2)
        network.datapath.remove(complex)
        network.inject([frame])
        #expect(network.datapath.statistics.simpleHits == 3)
        network.datapath.remove(id)
        network.inject([frame])
        #expect(network.takeMissedFrames() == [frame])
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `frames take the same flows by few bits as by all`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let simple = try Network()
        let full = try Network()
        // A flow that nothing matches, but that looks at more.
        var (other, bits) = flow(0x88b5)
        other.ethernetSource = 1
        bits.ethernetSource = .max
        try full.datapath.insert(key: other, mask: bits, actions: [])
        var frames = Self.samples
        for _ in 0..<200 {
            frames.append(Self.damaged(Self.samples.randomElement(using: &random)!, &random))
        }
        var ids: [FlowID] = []
        for frame in frames where Bool.random(using: &random) {
            var packed = PackedKey()
            PacketParser.parse(frame.span.bytes, .init(inPort: 1), into: &packed)
            let key = packed.expanded
            let fragment = EtherType.isIP(key.etherType) ? key.ipFragment : nil
            let (_, mask) = flow(key.etherType, fragment: fragment)
            let port = UInt32.random(in: 2...4, using: &random)
            for network in [simple, full] {
                let id = try network.datapath.insert(key: key, mask: mask, actions: [.output(port)])
                if network === simple && !ids.contains(id) { ids.append(id) }
            }
        }
        for network in [simple, full] { network.inject(frames) }
        #expect(full.datapath.statistics.simpleHits == 0)
        #expect(ids.isEmpty || simple.datapath.statistics.simpleHits > 0)
        for port in 1...3 { #expect(simple.ports[port].sent == full.ports[port].sent) }
        #expect(simple.takeMissedFrames() == full.takeMissedFrames())
        for id in ids.shuffled(using: &random) { #expect(simple.datapath.remove(id) != nil) }
        simple.inject(Array(frames.prefix(5)))
        #expect(simple.takeMissedFrames().count == 5)
    }

    private static let samples: [[UInt8]] = [
        Frames.ethernet(0x0800, Frames.ipv4(6, Frames.tcp())),
        Frames.ethernet(0x0800, Frames.ipv4(17, Frames.udp()), tags: [5]),
        Frames.ethernet(0x0800, Frames.ipv4(17, Frames.udp()), tags: [5, 6]),
        Frames.ethernet(0x0800, Frames.ipv4(17, Frames.udp(), fragment: 0x2000)),
        Frames.ethernet(0x0800, Frames.ipv4(17, Frames.udp(), fragment: 7)),
        Frames.ethernet(0x86dd, Frames.ipv6(17, Frames.udp())),
        Frames.ethernet(0x0806, Frames.arp()),
        Frames.ethernet(0x1234, [1, 2, 3]),
        Frames.ethernet(8, [0xaa, 0xaa, 3, 0, 0, 0, 8, 0]),
    ]

    private static func damaged(_ frame: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var frame = frame
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let index = Int.random(in: 12..<frame.count, using: &random)
            frame[index] = UInt8.random(in: 0...255, using: &random)
        }
        return Bool.random(using: &random)
            ? frame : Array(frame.prefix(Int.random(in: 14...frame.count, using: &random)))
    }

    @Test func `a port lets in what its policing allows`() throws {
        let network = try Network()
        try network.addFlow([.output(2)])
        var settings = PortSettings()
        settings.policing.kilopacketRate = 1
        settings.policing.kilopacketBurst = 1
        network.datapath.setPort(1, settings)
        let frame = Frames.ethernet(0x1234, [UInt8](repeating: 0, count: 986))
        network.inject((0..<1500).map { _ in frame })
        #expect(network.ports[1].takeSent().count == 1000)
        #expect(network.datapath.counters(ofPort: 1)?.receiveDrops == 500)
        network.now += 10
        network.inject((0..<100).map { _ in frame })
        #expect(network.ports[1].takeSent().count == 10)

        // 1000 octets are 8 kbit: a burst of 80 kbit, and 8 Mbit/s after that.
        settings.policing = Policing()
        settings.policing.kilobitRate = 8000
        settings.policing.kilobitBurst = 80
        network.datapath.setPort(1, settings)
        network.inject((0..<100).map { _ in frame })
        #expect(network.ports[1].takeSent().count == 10)
        network.now += 5
        network.inject((0..<100).map { _ in frame })
        #expect(network.ports[1].takeSent().count == 5)

        network.datapath.setPort(1, PortSettings())
        network.inject((0..<100).map { _ in frame })
        #expect(network.ports[1].takeSent().count == 100)
        #expect(network.pool.usedCount == 0)
    }
}
