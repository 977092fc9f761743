import Datapath
import FlowModel
import TestSupport
import Testing

struct UserspaceDatapathTests {
    let frame = octets(
        """
        02000000000a 020000000001 0800
        4500001c00000000401100000a0000010a000002 0001000200080000
        """
    )

    @Test
    func `a packet without a flow goes up and is executed`() throws {
        let network = try Network()
        network.inject([frame])
        #expect(network.datapath.hasPending)
        var keys: [FlowKey] = []
        network.datapath.takeMisses { packet, key in
            keys.append(key.expanded)
            network.datapath.execute(packet, key, [.output(3)])
        }
        network.datapath.flush()
        #expect(keys.count == 1)
        #expect(keys.first?.inPort == 1)
        #expect(network.ports[2].sent == [frame])
        #expect(network.datapath.statistics.misses == 1)
        #expect(network.pool.usedCount == 0)
    }

    @Test
    func `a flow put in for a miss forwards those that wait behind it`() throws {
        let network = try Network()
        network.inject([frame, frame, frame])
        var calls = 0
        network.datapath.takeMisses { packet, key in
            calls += 1
            _ = try? network.addFlow([.output(2)])
            network.datapath.execute(packet, key, [.output(2)])
        }
        network.datapath.flush()
        #expect(calls == 1)
        #expect(network.ports[1].sent.count == 3)
        #expect(network.datapath.statistics.misses == 1)
        #expect(network.datapath.statistics.hits == 2)
        #expect(network.pool.usedCount == 0)
    }

    @Test
    func `the cache answers from the second packet on and forgets removed flows`() throws {
        let network = try Network()
        let id = try network.addFlow([.output(2)])
        network.inject([frame])
        network.inject([frame, frame])
        #expect(network.datapath.statistics.megaflowHits == 1)
        #expect(network.datapath.statistics.exactMatchHits == 2)
        let last = network.datapath.remove(id)
        #expect(last?.packets == 3)
        #expect(last?.octets == UInt64(3 * frame.count))
        network.inject([frame])
        #expect(network.ports[1].sent.count == 3)
        #expect(network.takeMissedFrames() == [frame])

        let other = try network.addFlow([.output(3)])
        #expect(other.slot == id.slot)
        #expect(other != id)
        network.inject([frame])
        #expect(network.ports[2].sent == [frame])
        #expect(network.datapath.statistics(of: id) == nil)
    }
}
