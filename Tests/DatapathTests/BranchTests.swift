import Datapath
import FlowModel
import Testing

/// Actions that run on some packets only.
@Suite struct `Datapath branches` {
    private let frame = Frames.ethernet(0x0800, Frames.ipv4(17, Frames.udp()))

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
}
