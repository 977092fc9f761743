import ConnectionTracking
import Datapath
import FlowModel
import TestSupport
import Testing

/// ICMP errors that nobody had reason to send.
@Suite struct `Datapath and spoofed errors` {
    private static let client: UInt32 = 0x0a00_0001
    private static let server: UInt32 = 0x0a00_0002
    private static let outside: UInt32 = 0x0a01_0101

    private static func packet(_ proto: UInt8, _ payload: [UInt8], _ ends: (UInt32, UInt32))
        -> [UInt8]
    {
        Frames.ethernet(
            0x0800, Frames.ipv4(proto, payload, source: ends.0, destination: ends.1))
    }

    /// An error about a packet that was perhaps sent, with octets changed, cut off, or made up.
    private static func error(_ random: inout SplitMix64, about sent: [[UInt8]]) -> [UInt8] {
        var quoted = Array(sent[Int(random.next() % UInt64(sent.count))].dropFirst(14))
        switch random.next() % 4 {
        case 0: quoted = (0..<random.next() % 80).map { _ in UInt8(random.next() & 0xff) }
        case 1:
            for _ in 0...random.next() % 3 {
                quoted[Int(random.next() % UInt64(quoted.count))] = UInt8(random.next() & 0xff)
            }
        default: break
        }
        quoted = Array(quoted.prefix(Int(random.next() % 80)))
        // Errors, and types that nobody knows; a query would begin a connection of its own.
        let types: [UInt8] = [3, 4, 5, 11, 12, 200 + UInt8(random.next() % 50)]
        let type = types[Int(random.next() % 6)]
        let message = [type, UInt8(random.next() % 16), 0, 0, 0, 0, 0, 0] + quoted
        let targets = [outside, client, server, UInt32(truncatingIfNeeded: random.next())]
        let target = targets[Int(random.next() % 4)]
        var frame = packet(1, message, (UInt32(truncatingIfNeeded: random.next()), target))
        if random.next() % 8 == 0 { frame[Int(36 + random.next() % 2)] ^= 1 }
        return frame
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `none begins, ends or changes a connection, or keeps memory`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let network = try Network()
        var order = DatapathTracking()
        order.isCommitted = true
        order.translation = AddressTranslation(
            .source, addresses: .ipv4(Self.outside, last: nil), ports: .init(5000))
        var back = DatapathTracking()
        back.translation = AddressTranslation()
        try network.addFlow([.track(order), .output(2)])
        try network.addFlow([.track(back), .output(1)], inPort: 2)
        let there = Self.packet(
            6, Frames.tcp(1000, 80, flags: 2), (Self.client, Self.server))
        network.inject([there, Self.packet(17, Frames.udp(1, 2), (Self.client, Self.server))])
        let sent = network.ports[1].takeSent()
        #expect(sent.count == 2)
        let before = network.datapath.tracker.records(.init(), now: network.now)
        #expect(before.count == 2)
        let byteCount = network.datapath.tracker.byteCount
        for _ in 0..<1000 {
            let error = Self.error(&random, about: sent)
            network.inject([error], into: random.next() % 2 == 0 ? 1 : 2)
            // It came through or was dropped; what went out is no longer than what came.
            for port in network.ports {
                for frame in port.takeSent() { #expect(frame.count == error.count) }
            }
        }
        #expect(Set(network.datapath.tracker.records(.init(), now: network.now)) == Set(before))
        #expect(network.datapath.tracker.byteCount == byteCount)
        #expect(network.datapath.tracker.statistics.invalid > 100)
        #expect(network.pool.usedCount == 0)
    }
}
