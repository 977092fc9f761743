import ConnectionTracking
import Datapath
import FlowModel
import TestSupport
import Testing

/// Fragments that are tracked when their packets are complete.
@Suite struct `Datapath fragments` {
    private static let payload = (0..<1200).map { UInt8($0 & 0xff) }

    /// A network whose port 1 sends what is tracked out of port 2, with small fragments allowed.
    private func network() throws -> Network {
        let network = try Network()
        network.datapath.fragmentSettings.ipv4.minimumByteCount = 400
        var order = DatapathTracking()
        order.isCommitted = true
        try network.addFlow([.track(order), .output(2)])
        return network
    }

    /// A UDP packet's parts, cut at `offsets`.
    private func fragments(_ offsets: [Int], identification: UInt16 = 7) -> [[UInt8]] {
        let whole = Frames.ethernet(0x0800, Frames.ipv4(17, Frames.udp(data: Self.payload)))
        let datagram = Array(whole[34...])
        return zip(offsets, offsets.dropFirst() + [datagram.count]).map { start, end in
            let more: UInt16 = end < datagram.count ? 0x2000 : 0
            var packet = Frames.ipv4(
                17, Array(datagram[start..<end]), fragment: UInt16(start / 8) | more)
            packet[4] = UInt8(identification >> 8)
            packet[5] = UInt8(identification & 0xff)
            // The transport header's checksum is that of the whole packet.
            var frame = Frames.destination + Frames.source + [8, 0] + packet
            let sum = ~Frames.sum(Array(frame[14..<34]))
            Frames.write(&frame, 24, sum)
            return frame
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `all come out when the last has come, in any order`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let network = try network()
        let parts = fragments([0, 400, 800])
        let order = parts.shuffled(using: &random)
        network.inject(Array(order.dropLast()))
        #expect(network.ports[1].sent.isEmpty)
        #expect(network.datapath.heldFragmentCount == 2)
        network.inject([order[2]])
        #expect(network.ports[1].sent == parts)
        #expect(network.datapath.tracker.count == 1)
        #expect(network.datapath.fragmentStatistics.ipv4.completed == 3)
        #expect(network.pool.usedCount == 0)
    }

    @Test func `one that overlaps is invalid, and the others are not`() throws {
        let network = try network()
        let parts = fragments([0, 400, 800])
        let other = fragments([392, 792])[0]
        network.inject([parts[1], other, parts[1]])
        #expect(network.datapath.fragmentStatistics.ipv4.overlapped == 2)
        network.inject([parts[0], parts[2]])
        #expect(network.ports[1].sent == [other, parts[1]] + parts)
        #expect(network.datapath.tracker.statistics.invalid == 2)
    }

    @Test func `those whose others do not come are dropped`() throws {
        let network = try network()
        network.inject([fragments([0, 400])[0]])
        #expect(network.pool.usedCount == 1)
        network.now += 15_001
        network.inject([fragments([0, 400], identification: 8)[0]])
        #expect(network.datapath.heldFragmentCount == 1)
        #expect(network.datapath.fragmentStatistics.ipv4.expired == 1)
        #expect(network.pool.usedCount == 1)
    }

    @Test func `no more are held than the limit says, and tiny ones never`() throws {
        let network = try network()
        network.datapath.fragmentSettings.maximumCount = 10
        for identification in UInt16(0)..<100 {
            network.inject([fragments([0, 400], identification: identification)[0]])
        }
        #expect(network.datapath.heldFragmentCount == 10)
        #expect(network.pool.usedCount == 10)
        network.inject([fragments([0, 8], identification: 200)[0]])
        #expect(network.datapath.fragmentStatistics.ipv4.tooSmall == 1)
        #expect(network.pool.usedCount == 10)
    }
}
