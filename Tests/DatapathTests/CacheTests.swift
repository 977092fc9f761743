import CAllocations
import Datapath
import FlowModel
import TestSupport
import Testing

/// What answers before the masks are searched.
struct CacheTests {
    private func frame(source: UInt32) -> [UInt8] {
        Frames.ethernet(0x0800, Frames.ipv4(17, Frames.udp(), source: source))
    }

    private func network(_ settings: (inout CacheSettings) -> Void) throws -> Network {
        let network = try Network()
        settings(&network.datapath.cacheSettings)
        try network.addFlow([.output(2)])
        return network
    }

    @Test func `without an exact-match cache the masks answer for each packet`() throws {
        let network = try network { $0.insertion = 0 }
        for _ in 0..<3 { network.inject([frame(source: 1)]) }
        #expect(network.datapath.statistics.megaflowHits == 3)
        #expect(network.datapath.statistics.exactMatchHits == 0)
    }

    @Test func `a port can be kept out of the exact-match cache`() throws {
        let network = try network { $0.insertion = 1 }
        var settings = PortSettings()
        settings.usesExactMatches = false
        network.datapath.setPort(1, settings)
        for _ in 0..<3 { network.inject([frame(source: 1)]) }
        #expect(network.datapath.statistics.megaflowHits == 3)
        network.datapath.setPort(1, PortSettings())
        for _ in 0..<3 { network.inject([frame(source: 1)]) }
        #expect(network.datapath.statistics.megaflowHits == 4)
        #expect(network.datapath.statistics.exactMatchHits == 2)
    }

    @Test func `a key takes a free place at once and another's place seldom`() throws {
        let often = try network { $0.insertion = 1 }
        let seldom = try network { $0.insertion = 100 }
        for network in [often, seldom] {
            network.inject((0..<100).map { frame(source: $0) })
            network.inject((0..<100).map { frame(source: $0) })
            #expect(network.datapath.statistics.exactMatchHits > 90)
            // Five times as many as the cache holds, one after the other, twice.
            for _ in 0..<2 { network.inject((1000..<41_000).map { frame(source: $0) }) }
        }
        // Who displaces each time finds nothing again; who does so seldom keeps what is there.
        #expect(often.datapath.statistics.exactMatchHits < 4000)
        #expect(seldom.datapath.statistics.exactMatchHits > 5000)
    }

    @Test func `the signature-match cache answers for what the exact one does not hold`() throws {
        let network = try Network()
        network.datapath.cacheSettings.insertion = 0
        network.datapath.cacheSettings.usesSignatures = true
        let masks = (1...20 as ClosedRange<UInt32>).map { ~(UInt32.max >> $0) }
        for mask in masks {
            var key = FlowKey()
            var bits = FlowKey()
            key.inPort = 1
            bits.inPort = .max
            key.ipv4Source = mask ^ (mask << 1)
            bits.ipv4Source = mask
            try network.datapath.insert(key: key, mask: bits, actions: [.output(2)])
        }
        let frames = masks.map { frame(source: $0 ^ ($0 << 1) | 1) }
        network.inject(frames)
        #expect(network.datapath.statistics.megaflowHits == 20)
        let probes = network.datapath.statistics.maskLookups
        network.inject(frames)
        #expect(network.datapath.statistics.signatureHits == 20)
        #expect(network.datapath.statistics.maskLookups == probes)
        #expect(network.ports[1].sent.count == 40)

        network.datapath.removeAllFlows()
        network.inject(frames)
        #expect(network.takeMissedFrames().count == 20)
        network.datapath.cacheSettings.usesSignatures = false
        network.inject(frames)
        #expect(network.takeMissedFrames().count == 20)
    }

    @Test func `the packet behind one that went up finds its flow in the cache`() throws {
        let network = try Network()
        network.inject([frame(source: 1)])
        network.datapath.takeMisses { packet, key in
            _ = try? network.addFlow([.output(2)])
            network.datapath.execute(packet, key, [.output(2)])
        }
        network.inject([frame(source: 1)])
        #expect(network.datapath.statistics.exactMatchHits == 1)
        #expect(network.datapath.statistics.megaflowHits == 0)
    }

    @Test func `a subtable of one port is not looked into for packets of another`() throws {
        let network = try Network()
        network.datapath.cacheSettings.insertion = 0
        for (port, field) in [(2, KeyWord.transport), (3, KeyWord.ip), (1, KeyWord.ipv4)] {
            var mask = FlowKey()
            mask.inPort = .max
            mask.recirculationID = .max
            mask.words[field] = .max
            var key = PackedKey(FlowKey()).expanded
            var packed = PackedKey()
            PacketParser.parse(
                frame(source: 1).span.bytes, .init(inPort: UInt32(port)), into: &packed)
            key = packed.expanded
            try network.datapath.insert(key: key, mask: mask, actions: [.output(4)])
        }
        for port in 1...3 { network.inject([frame(source: 1)], into: port) }
        #expect(network.datapath.statistics.maskLookups == 3)
        #expect(network.ports[3].sent.count == 3)
    }

    @Test(.enabled(if: allocations_are_counted() == 1, "a sanitizer has its own allocator"))
    func `forwarding allocates nothing`() throws {
        let network = try Network(offloads: [.checksum, .tcpSegmentation, .udpSegmentation])
        let sink = SilentPort()
        try network.datapath.addPort(9, sink)
        network.datapath.cacheSettings.insertion = 0
        try network.addFlow([.output(9)])
        let packets = (0..<32).map { network.pool.make(frame(source: $0)) }
        let batch = PacketBatch()
        func run(_ port: UInt32) {
            var index = 0
            while index < packets.count {
                packets[index].retain()
                batch.append(packets[index])
                index += 1
            }
            network.datapath.receive(batch, from: port, now: 1)
            network.datapath.flush()
        }
        run(1)
        let before = allocation_count()
        // Few here; `Benchmarks/run processing` counts those of a million.
        for _ in 0..<300 { run(1) }
        #expect(allocation_count() == before)
        #expect(sink.count == 301 * 32)
    }
}

/// A port that only counts.
private final class SilentPort: PacketPort {
    let name = "silent"
    let offloads: PortOffloads = [.checksum]
    let counters = PortCounters()
    var count = 0
    var readinessDescriptor: Int32 { -1 }

    func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool { false }

    func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) { count += packets.count }
}
