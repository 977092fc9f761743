import ConnectionTracking
import Datapath
import FlowModel
import Testing

/// The action `ct`: what is known of a packet behind it, and how it is translated.
@Suite struct `Datapath tracking` {
    private static let client: UInt32 = 0x0a00_0001
    private static let server: UInt32 = 0x0a00_0002
    private static let outside: UInt32 = 0x0a01_0101

    private func order(_ translation: AddressTranslation? = nil) -> DatapathTracking {
        var order = DatapathTracking()
        order.isCommitted = true
        order.translation = translation
        return order
    }

    private func udp(
        from source: UInt32, _ sourcePort: UInt16, to destination: UInt32,
        _ destinationPort: UInt16
    ) -> [UInt8] {
        Frames.ethernet(
            0x0800,
            Frames.ipv4(
                17, Frames.udp(sourcePort, destinationPort), source: source,
                destination: destination))
    }

    /// Connections from port 1 get another source address and port at port 2, and back.
    private func translatingNetwork() throws -> Network {
        let network = try Network()
        let outside = AddressTranslation(
            .source, addresses: .ipv4(Self.outside, last: nil), ports: .init(5000))
        try network.addFlow([.track(order(outside)), .output(2)])
        var back = DatapathTracking()
        back.translation = AddressTranslation()
        try network.addFlow([.track(back), .output(1)], inPort: 2)
        return network
    }

    /// The keys with which packets miss.
    private func missedKeys(_ network: Network) -> [FlowKey] {
        var keys: [FlowKey] = []
        network.datapath.takeMisses { packet, key in
            keys.append(key.expanded)
            network.pool.release(packet)
        }
        return keys
    }

    @Test func `what the tracker says is known when the packet comes again`() throws {
        let network = try Network()
        var order = order()
        order.zone = 7
        (order.mark, order.markMask) = (0x1234_5678, .max)
        (order.label, order.labelMask) = (5 << 64 | 6, .max)
        try network.addFlow([.track(order), .recirculate(9), .ctClear, .recirculate(8)])
        network.inject([udp(from: Self.client, 1, to: Self.server, 2)])
        let keys = missedKeys(network)
        try #require(keys.map(\.recirculationID) == [9, 8])
        #expect(keys[0][.ctState] == 0x21)
        #expect(keys[0][.ctZone] == 7)
        #expect(keys[0][.ctMark] == 0x1234_5678)
        #expect(keys[0][.ctLabel] == order.label)
        #expect(keys[0][.ctProtocol] == 17)
        #expect(keys[0][.ctIPv4Source] == UInt128(Self.client))
        #expect(keys[0][.ctTransportDestination] == 2)
        for field in FlowKey.connectionFields { #expect(keys[1][field] == 0) }
        #expect(network.pool.usedCount == 0)
    }

    @Test func `a packet that missed behind the tracker is still known`() throws {
        let network = try Network()
        try network.addFlow([.track(order()), .recirculate(9)])
        try network.addFlow([.track(DatapathTracking()), .recirculate(9)], inPort: 2)
        network.inject([udp(from: Self.client, 1, to: Self.server, 2)])
        #expect(missedKeys(network).map { $0[.ctState] } == [0x21])
        network.inject([udp(from: Self.server, 2, to: Self.client, 1)], into: 2)
        network.datapath.takeMisses { packet, key in
            #expect(key.expanded[.ctState] == 0x2a)
            network.datapath.execute(packet, key, [.output(2)])
        }
        network.datapath.flush()
        #expect(network.ports[1].sent.count == 1)
    }

    @Test func `addresses and ports are translated there and back with right checksums`() throws {
        let network = try translatingNetwork()
        network.inject([udp(from: Self.client, 1, to: Self.server, 2)])
        #expect(network.ports[1].sent == [udp(from: Self.outside, 5000, to: Self.server, 2)])
        network.inject([udp(from: Self.server, 2, to: Self.outside, 5000)], into: 2)
        #expect(network.ports[0].sent == [udp(from: Self.server, 2, to: Self.client, 1)])
        #expect(network.pool.usedCount == 0)
    }

    @Test func `another that shares the packet keeps it as it was`() throws {
        let network = try Network()
        let outside = AddressTranslation(.source, addresses: .ipv4(Self.outside, last: nil))
        try network.addFlow([.output(3), .track(order(outside)), .output(2)])
        let frame = udp(from: Self.client, 2000, to: Self.server, 2)
        network.inject([frame])
        #expect(network.ports[2].sent == [frame])
        #expect(network.ports[1].sent == [udp(from: Self.outside, 2000, to: Self.server, 2)])
    }

    @Test func `the packet within an ICMP error is translated the other way`() throws {
        let network = try translatingNetwork()
        network.inject([udp(from: Self.client, 1, to: Self.server, 2)])
        let error = { (destination: UInt32, inner: [UInt8]) in
            Frames.ethernet(
                0x0800,
                Frames.ipv4(
                    1, [3, 1, 0, 0, 0, 0, 0, 0] + inner.dropFirst(14), source: 0x0a00_0009,
                    destination: destination))
        }
        let quoted = udp(from: Self.outside, 5000, to: Self.server, 2)
        network.inject([error(Self.outside, quoted)], into: 2)
        let original = udp(from: Self.client, 1, to: Self.server, 2)
        #expect(network.ports[0].sent == [error(Self.client, original)])
    }

    @Test(arguments: [14, 20, 34, 40, 41])
    func `a packet that is cut off is invalid and passes`(byteCount: Int) throws {
        let network = try Network()
        try network.addFlow([.track(order()), .recirculate(9)])
        let frame = udp(from: Self.client, 1, to: Self.server, 2)
        network.inject([Array(frame.prefix(byteCount))])
        #expect(missedKeys(network).map { $0[.ctState] } == [0x30])
        #expect(network.datapath.tracker.count == 0)
    }

    @Test(arguments: [24, 40])
    func `a wrong checksum makes a packet invalid`(offset: Int) throws {
        let network = try Network()
        try network.addFlow([.track(order()), .recirculate(9)])
        var frame = udp(from: Self.client, 1, to: Self.server, 2)
        frame[offset] ^= 0x55
        network.inject([frame])
        #expect(missedKeys(network).map { $0[.ctState] } == [0x30])
    }

    @Test func `a checksum that the sender left to its device is not missed`() throws {
        let network = try Network()
        try network.addFlow([.track(order()), .recirculate(9)])
        let frame = udp(from: Self.client, 1, to: Self.server, 2)
        var offload = PacketOffload()
        offload.flags = .needsChecksum
        (offload.checksumStart, offload.checksumOffset) = (34, 6)
        network.inject([Frames.withPartialChecksum(frame)], offload: offload)
        #expect(missedKeys(network).map { $0[.ctState] } == [0x21])
    }
}
