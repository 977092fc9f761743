import Datapath
import FlowModel
import TestSupport
import Testing

/// Flows and ports as tables.
struct DatapathFlowTests {
    private func frame(source: UInt32) -> [UInt8] {
        Frames.ethernet(0x0800, Frames.ipv4(17, Frames.udp(), source: source))
    }

    private func key(source: UInt32) -> (FlowKey, FlowKey) {
        var key = FlowKey()
        var mask = FlowKey()
        key.inPort = 1
        mask.inPort = .max
        key.ipv4Source = source
        mask.ipv4Source = .max
        return (key, mask)
    }

    @Test func `thousands of flows of one mask come and go`() throws {
        let network = try Network()
        var ids: [UInt32: FlowID] = [:]
        for source in 0..<5000 as Range<UInt32> {
            let (key, mask) = key(source: source)
            ids[source] = try network.datapath.insert(
                key: key, mask: mask, actions: [.output(2 + source % 3)])
        }
        #expect(network.datapath.flowCount == 5000)
        #expect(network.datapath.maskCount == 1)
        // Every other flow goes, in an order of its own.
        var random = SplitMix64(seed: 1)
        for source in (0..<2500).map({ UInt32($0 * 2) }).shuffled(using: &random) {
            let id = try #require(ids[source])
            #expect(network.datapath.remove(id) != nil)
            #expect(network.datapath.remove(id) == nil)
        }
        for source in 0..<5000 as Range<UInt32> {
            network.inject([frame(source: source)])
            let number = Int(2 + source % 3)
            let isThere = source % 2 == 1
            #expect(network.ports[number - 1].takeSent().count == (isThere ? 1 : 0))
            #expect(network.takeMissedFrames().isEmpty == isThere)
        }
        var count = 0
        network.datapath.forEachFlow { flow in
            count += 1
            #expect(flow.statistics.packets == 1)
            #expect(flow.key.expanded.ipv4Source % 2 == 1)
        }
        #expect(count == 2500)
    }

    @Test func `the limit of flows refuses and keeps what is there`() throws {
        let network = try Network()
        network.datapath.flowLimit = 2
        for source in 0..<2 as Range<UInt32> {
            let (key, mask) = key(source: source)
            try network.datapath.insert(key: key, mask: mask, actions: [.output(2)])
        }
        let (third, mask) = key(source: 2)
        #expect(throws: DatapathError.tooManyFlows(limit: 2)) {
            try network.datapath.insert(key: third, mask: mask, actions: [])
        }
        let (first, _) = key(source: 0)
        let existing = try network.datapath.insert(key: first, mask: mask, actions: [])
        #expect(network.datapath.flow(existing)?.actions == [.output(2)])
        #expect(network.datapath.flowCount == 2)
    }

    @Test func `counters tell packets, octets, time and TCP flags`() throws {
        let network = try Network()
        let id = try network.addFlow([.output(2)])
        #expect(network.datapath.statistics(of: id) == FlowStatistics())
        let syn = Frames.ethernet(0x0800, Frames.ipv4(6, Frames.tcp(flags: 0x02)))
        let fin = Frames.ethernet(0x0800, Frames.ipv4(6, Frames.tcp(flags: 0x11)))
        network.now = 500
        network.inject([syn])
        network.now = 700
        network.inject([fin, frame(source: 1)])
        let statistics = try #require(network.datapath.statistics(of: id))
        #expect(statistics.packets == 3)
        #expect(statistics.octets == UInt64(2 * syn.count + frame(source: 1).count))
        #expect(statistics.lastUsed == 700)
        #expect(statistics.tcpFlags == 0x13)
        let received = try #require(network.datapath.counters(ofPort: 1))
        #expect(received.receivedPackets == 3)
        #expect(received.receivedOctets == statistics.octets)
        let sent = try #require(network.datapath.counters(ofPort: 2))
        #expect(sent.sentPackets == 3)
        #expect(sent.sentOctets == statistics.octets)
    }

    @Test func `an update serves packets in the cache at once`() throws {
        let network = try Network()
        let id = try network.addFlow([.output(2)])
        network.inject([frame(source: 1), frame(source: 1)])
        try network.datapath.update(id, [.output(3)])
        network.inject([frame(source: 1)])
        #expect(network.ports[1].sent.count == 2)
        #expect(network.ports[2].sent.count == 1)
        #expect(network.datapath.statistics(of: id)?.packets == 3)
        network.datapath.removeAllFlows()
        #expect(throws: DatapathError.noSuchFlow) { try network.datapath.update(id, []) }
    }

    @Test func `a flow without mask matches everything and one without actions drops`() throws {
        let network = try Network()
        let id = try network.datapath.insert(key: FlowKey(), mask: FlowKey(), actions: [])
        network.inject([frame(source: 1), [], [1, 2, 3]])
        #expect(network.datapath.statistics(of: id)?.packets == 3)
        #expect(network.pool.usedCount == 0)
        network.datapath.remove(id)
        #expect(network.datapath.maskCount == 0)
    }

    @Test func `the mask with the most hits is looked at first`() throws {
        let network = try Network()
        for width in 1...20 as ClosedRange<UInt32> {
            let (key, _) = key(source: 0x8000_0000 >> (width - 1))
            var (_, mask) = self.key(source: 0)
            mask.ipv4Source = IPv4Bits.prefix(width)
            try network.datapath.insert(key: key, mask: mask, actions: [.output(2)])
        }
        // Sources differ in low bits, so that the cache never answers.
        network.inject((1...64).map { frame(source: 0x0000_1000 | UInt32($0)) })
        let before = network.datapath.statistics.maskLookups
        #expect(before == 64 * 20)
        network.now += 5000
        network.inject((65...128).map { frame(source: 0x0000_1000 | UInt32($0)) })
        #expect(network.datapath.statistics.maskLookups - before == 64)
    }

    private enum IPv4Bits {
        static func prefix(_ width: UInt32) -> UInt32 { ~(UInt32.max >> width) }
    }

    @Test func `a port is called once for a flush and at most 64 packets`() throws {
        let network = try Network()
        try network.addFlow([.output(2), .output(3), .output(2)])
        network.inject((0..<32).map { frame(source: $0) })
        #expect(network.ports[1].transmitCalls == 1)
        #expect(network.ports[2].transmitCalls == 1)
        #expect(network.ports[1].sent.count == 64)
        network.inject((0..<96).map { frame(source: $0) })
        #expect(network.ports[1].transmitCalls == 4)
        #expect(network.pool.usedCount == 0)
    }

    @Test func `ports come and go with packets in their queues`() throws {
        let network = try Network()
        try network.addFlow([.output(2), .output(60000), .output(65536)])
        let batch = PacketBatch()
        batch.append(network.pool.make(frame(source: 1)))
        network.datapath.receive(batch, from: 1, now: 1)
        network.datapath.removePort(2)
        network.datapath.flush()
        #expect(network.ports[1].sent.isEmpty)
        #expect(network.datapath.statistics.missingPortDrops == 2)
        #expect(network.pool.usedCount == 0)

        let far = MemoryPort("far")
        try network.datapath.addPort(60000, far)
        try network.datapath.addPort(2, network.ports[1])
        #expect(network.datapath.portNumbers == [1, 2, 3, 4, 60000])
        network.inject([frame(source: 1)])
        #expect(far.sent.count == 1)
        #expect(network.ports[1].sent.count == 1)
        #expect(throws: DatapathError.portNumberInUse(2)) {
            try network.datapath.addPort(2, far)
        }
        #expect(throws: DatapathError.portNumberOutOfRange(65536)) {
            try network.datapath.addPort(65536, far)
        }
    }

    @Test func `more misses than may wait are lost and counted`() throws {
        let network = try Network()
        let limit = UserspaceDatapath.maximumPendingPackets
        network.inject(Array(repeating: frame(source: 1), count: limit + 10))
        #expect(network.datapath.statistics.lost == 10)
        #expect(network.takeMissedFrames().count == limit)
        #expect(!network.datapath.hasPending)
        #expect(network.pool.usedCount == 0)
    }

    @Test func `misses that recirculate into misses are taken in the same call`() throws {
        let network = try Network()
        network.inject([frame(source: 1)])
        var identifiers: [UInt32] = []
        network.datapath.takeMisses { packet, key in
            let id = key.expanded.recirculationID
            identifiers.append(id)
            network.datapath.execute(packet, key, id < 3 ? [.recirculate(id + 1)] : [.output(2)])
        }
        network.datapath.flush()
        #expect(identifiers == [0, 1, 2, 3])
        #expect(network.ports[1].sent.count == 1)
        #expect(network.pool.usedCount == 0)
    }

    @Test func `a datapath gives back what waits when it goes`() throws {
        let pool = PacketPool(capacity: 4096)
        do {
            let datapath = UserspaceDatapath(pool: pool)
            let batch = PacketBatch()
            batch.append(pool.make(frame(source: 1)))
            datapath.receive(batch, from: 1, now: 1)
            #expect(pool.usedCount == 1)
        }
        #expect(pool.usedCount == 0)
    }
}
