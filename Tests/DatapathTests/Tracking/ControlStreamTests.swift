import Datapath
import FlowModel
import Testing

/// The control stream of FTP behind a translation.
@Suite struct `Datapath control streams` {
    private static let client: UInt32 = 0x0a6f_6f6f
    private static let server: UInt32 = 0x0a00_0002
    private static let outside: UInt32 = 0x0101_0101

    private func segment(
        _ ends: (UInt32, UInt16), _ others: (UInt32, UInt16), _ flags: UInt8,
        _ numbers: (UInt32, UInt32), _ text: String = ""
    ) -> [UInt8] {
        var tcp = Frames.tcp(ends.1, others.1, flags: flags, data: Array(text.utf8))
        tcp.replaceSubrange(4..<12, with: Frames.big32(numbers.0) + Frames.big32(numbers.1))
        return Frames.ethernet(
            0x0800, Frames.ipv4(6, tcp, source: ends.0, destination: others.0))
    }

    @Test func `what the client says is rewritten with right lengths and checksums`() throws {
        let network = try Network()
        var order = DatapathTracking()
        order.isCommitted = true
        order.helper = "ftp"
        order.translation = AddressTranslation(
            .source, addresses: .ipv4(Self.outside, last: nil))
        try network.addFlow([.track(order), .output(2)])
        var back = DatapathTracking()
        back.translation = AddressTranslation()
        try network.addFlow([.track(back), .output(1)], inPort: 2)
        let (inner, outer, far) = (
            (Self.client, UInt16(1000)), (Self.outside, UInt16(1000)), (Self.server, UInt16(21))
        )
        network.inject([segment(inner, far, 0x02, (100, 0))])
        network.inject([segment(far, outer, 0x12, (200, 101))], into: 2)
        for port in network.ports { _ = port.takeSent() }
        let said = "PORT 10,111,111,111,4,1\r\n"
        let told = "PORT 1,1,1,1,4,1\r\n"
        network.inject([segment(inner, far, 0x18, (101, 201), said) + [0, 0, 0]])
        #expect(network.ports[1].takeSent() == [segment(outer, far, 0x18, (101, 201), told)])
        network.inject([segment(far, outer, 0x10, (201, 119))], into: 2)
        #expect(network.ports[0].takeSent() == [segment(far, inner, 0x10, (201, 126))])
        network.inject([segment(inner, far, 0x18, (126, 201), "LIST\r\n")])
        #expect(network.ports[1].takeSent() == [segment(outer, far, 0x18, (119, 201), "LIST\r\n")])
        // Blocks that are acknowledged by selection move with the acknowledgement, at an even
        // place and, without the second filler, at an odd one; what lies before the change stays.
        let blocks = [(UInt32(119), UInt32(130)), (UInt32(90), UInt32(95))]
        for fillers in [2, 1] {
            let moved = [(UInt32(126), UInt32(137)), (UInt32(90), UInt32(95))]
            let sent = segment(far, outer, (201, 119), Self.options(fillers, blocks))
            network.inject([sent], into: 2)
            #expect(
                network.ports[0].takeSent()
                    == [segment(far, inner, (201, 126), Self.options(fillers, moved))])
        }
        #expect(network.pool.usedCount == 0)
    }

    /// Options with blocks that are acknowledged by selection, behind fillers.
    private static func options(_ fillers: Int, _ blocks: [(UInt32, UInt32)]) -> [UInt8] {
        let edges = blocks.flatMap { Frames.big32($0.0) + Frames.big32($0.1) }
        let option = [UInt8](repeating: 1, count: fillers) + [5, UInt8(2 + edges.count)] + edges
        return option + [UInt8](repeating: 0, count: (4 - option.count % 4) % 4)
    }

    /// An acknowledgement with options.
    private func segment(
        _ ends: (UInt32, UInt16), _ others: (UInt32, UInt16), _ numbers: (UInt32, UInt32),
        _ options: [UInt8]
    ) -> [UInt8] {
        var tcp = Frames.tcp(ends.1, others.1, flags: 0x10, data: options)
        tcp.replaceSubrange(4..<12, with: Frames.big32(numbers.0) + Frames.big32(numbers.1))
        tcp[12] = UInt8(5 + options.count / 4) << 4
        return Frames.ethernet(
            0x0800, Frames.ipv4(6, tcp, source: ends.0, destination: others.0))
    }
}
