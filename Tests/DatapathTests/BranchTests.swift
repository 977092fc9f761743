import Datapath
import FlowModel
import Testing

/// Actions that run on some packets only, and the one that tracks connections.
@Suite struct `Datapath branches` {
    private let frame = Frames.ethernet(0x0800, Frames.ipv4(17, Frames.udp()))

    /// Says what it is told to of each packet.
    private final class Tracker: ConnectionTracker {
        var answer: ConnectionState?
        var orders: [DatapathTracking] = []
        var keys: [FlowKey] = []

        func track(
            _ packet: PacketBuffer, _ key: PackedKey, _ order: DatapathTracking, now: UInt64
        ) -> ConnectionState? {
            orders.append(order)
            keys.append(key.expanded)
            return answer
        }
    }

    @Test(arguments: [(0, false), (41, false), (42, true)])
    func `a packet is larger only if it has more octets`(less: Int, isOther: Bool) throws {
        let network = try Network()
        let limit = UInt16(frame.count - 42 + less)
        try network.addFlow([
            .checkPacketLength(limit, larger: [.output(2), .output(3)], others: [.output(4)]),
            .output(3),
        ])
        network.inject([frame])
        #expect(network.ports[1].sent.count == (isOther ? 0 : 1))
        #expect(network.ports[2].sent.count == (isOther ? 1 : 2))
        #expect(network.ports[3].sent.count == (isOther ? 1 : 0))
        #expect(network.pool.usedCount == 0)
    }

    @Test func `a branch may be empty and may be last`() throws {
        let network = try Network()
        try network.addFlow([.output(2), .checkPacketLength(9, larger: [], others: [.output(3)])])
        network.inject([frame])
        #expect(network.ports[1].sent == [frame])
        #expect(network.ports[2].sent.isEmpty)
        #expect(network.pool.usedCount == 0)
    }

    @Test func `a quarter of the packets is sampled, and all go on`() throws {
        let network = try Network()
        try network.addFlow([.sample(probability: .max / 4, [.output(3)]), .output(2)])
        network.inject(Array(repeating: frame, count: 1000))
        #expect(network.ports[1].sent.count == 1000)
        #expect((150..<350).contains(network.ports[2].sent.count))
        #expect(network.pool.usedCount == 0)
    }

    @Test(arguments: [UInt32(0), .max])
    func `none or all are sampled`(probability: UInt32) throws {
        let network = try Network()
        try network.addFlow([.sample(probability: probability, [.output(3)])])
        network.inject([frame, frame])
        #expect(network.ports[2].sent.count == (probability == 0 ? 0 : 2))
        #expect(network.pool.usedCount == 0)
    }

    // MARK: Connections

    @Test func `without a tracker packets to be tracked are counted and dropped`() throws {
        let network = try Network()
        try network.addFlow([.output(2), .track(DatapathTracking()), .output(3)])
        network.inject([frame, frame])
        #expect(network.ports[1].sent.count == 2)
        #expect(network.ports[2].sent.isEmpty)
        #expect(network.datapath.statistics.trackerDrops == 2)
        #expect(network.pool.usedCount == 0)
    }

    @Test func `what the tracker says is known when the packet comes again`() throws {
        let network = try Network()
        let tracker = Tracker()
        var known = ConnectionState()
        known.state = 0x22
        known.zone = 7
        known.mark = 0x1234_5678
        known.label = 5 << 64 | 6
        known.originalProtocol = 17
        known.originalIPv4 = 0x0a00_0001_0a00_0002
        known.originalPorts = 0x0001_0002 << 32
        tracker.answer = known
        network.datapath.tracker = tracker
        var order = DatapathTracking()
        order.zone = 7
        order.isCommitted = true
        try network.addFlow([.track(order), .recirculate(9), .ctClear, .recirculate(8)])
        network.inject([frame])
        #expect(tracker.orders == [order])
        var keys: [FlowKey] = []
        network.datapath.takeMisses { packet, key in
            keys.append(key.expanded)
            network.pool.release(packet)
        }
        try #require(keys.map(\.recirculationID) == [9, 8])
        #expect(keys[0][.ctState] == 0x22)
        #expect(keys[0][.ctZone] == 7)
        #expect(keys[0][.ctMark] == 0x1234_5678)
        #expect(keys[0][.ctLabel] == known.label)
        #expect(keys[0][.ctProtocol] == 17)
        #expect(keys[0][.ctIPv4Source] == 0x0a00_0001)
        #expect(keys[0][.ctTransportDestination] == 2)
        #expect(keys[1][.ctState] == 0)
        #expect(keys[1][.ctMark] == 0)
    }

    @Test func `a packet that missed behind the tracker is still known`() throws {
        let network = try Network()
        let tracker = Tracker()
        var known = ConnectionState()
        known.state = 0x21
        tracker.answer = known
        network.datapath.tracker = tracker
        try network.addFlow([.track(DatapathTracking()), .recirculate(9)])
        network.inject([frame])
        network.datapath.takeMisses { packet, key in
            network.datapath.execute(packet, key, [.track(DatapathTracking()), .output(2)])
        }
        network.datapath.flush()
        #expect(tracker.keys.map { $0[.ctState] } == [0, 0x21])
        #expect(network.ports[1].sent == [frame])
    }

    @Test func `what the tracker refuses is dropped`() throws {
        let network = try Network()
        network.datapath.tracker = Tracker()
        try network.addFlow([.track(DatapathTracking()), .output(2)])
        network.inject([frame])
        #expect(network.ports[1].sent.isEmpty)
        #expect(network.datapath.statistics.trackerDrops == 0)
        #expect(network.pool.usedCount == 0)
    }
}
