import Datapath
import FlowModel
import TestSupport
import Testing

/// Labels, service headers and backbone tags, put before packets and taken off.
struct EncapsulationTests {
    private static let addresses: [UInt8] = [2, 0, 0, 0, 0, 10, 2, 0, 0, 0, 0, 1]
    private let udp = Frames.ethernet(0x0800, Frames.ipv4(17, Frames.udp()))

    private static func key(_ fields: [Field: UInt128]) -> FlowKey {
        var key = FlowKey()
        for (field, value) in fields { key[field] = value }
        return key
    }

    private static let nsh = NSHHeader(
        key([
            .nshFlags: 1, .nshTTL: 63, .nshMDType: 1, .nshNextProtocol: 3, .nshSPI: 0x123456,
            .nshSI: 255, .nshContext1: 0x0102_0304, .nshContext4: 0x0d0e_0f10,
        ]))

    private func output(_ frame: [UInt8], _ actions: [DatapathAction]) throws -> [UInt8] {
        try Network.output(of: frame, actions).0
    }

    @Test func `golden octets of a service header before a frame`() throws {
        let out = try output(
            udp,
            [.pushNSH(Self.nsh), .pushEthernet(source: 0x1_0203_0405, destination: 0xa)])
        let expected = octets(
            """
            00 00 00 00 00 0a 00 01 02 03 04 05 89 4f
            1f c6 01 03 12 34 56 ff
            01 02 03 04 00 00 00 00 00 00 00 00 0d 0e 0f 10
            """)
        #expect(out == expected + udp)
    }

    @Test func `golden octets of metadata of variable length`() throws {
        let header = NSHHeader(
            Self.key([.nshTTL: 1, .nshMDType: 2, .nshNextProtocol: 3, .nshSI: 5]),
            metadata: octets("10 00 0a 04 12 34 56 78"))
        let out = try output(udp, [.pushNSH(header), .pushEthernet(source: 1, destination: 2)])
        let expected = octets("00 44 02 03 00 00 00 05 10 00 0a 04 12 34 56 78")
        #expect(Array(out[14..<30]) == expected)
        #expect(Array(out[30...]) == udp)
    }

    @Test func `what is put before a frame comes off again`() throws {
        #expect(try output(udp, [.pushNSH(Self.nsh), .popNSH]) == udp)
        #expect(
            try output(
                udp,
                [
                    .popEthernet,
                    .pushEthernet(source: 0x0200_0000_0001, destination: 0x0200_0000_000a),
                ]) == udp)
        #expect(try output(udp, [.pushPBB(tag: 7), .popPBB]) == udp)
        #expect(
            try output(
                udp,
                [
                    .addMPLS(label: 0x5140, etherType: 0x8847),
                    .pushEthernet(source: 1, destination: 2), .popEthernet,
                    .popMPLS(etherType: 0x6558),
                ]) == udp)
    }

    @Test func `golden octets of a label before a frame`() throws {
        let out = try output(
            udp,
            [
                .addMPLS(label: 0x7140, etherType: 0x8847),
                .pushEthernet(source: 1, destination: 2),
            ])
        #expect(
            out == octets("00 00 00 00 00 02 00 00 00 00 00 01 88 47 00 00 71 40") + udp)
    }

    @Test func `golden octets of a backbone tag`() throws {
        let out = try output(udp, [.pushPBB(tag: 0xa012_3456)])
        #expect(
            out == Self.addresses + octets("88 e7 a0 12 34 56") + Self.addresses + udp[12...])
        let set = DatapathActionTests.set(.pbb, [.pbbISID: 0x654321, .pbbUCA: 1])
        let changed = try output(out, [set])
        #expect(Array(changed[12..<18]) == octets("88 e7 a8 65 43 21"))
        #expect(try output(changed, [.popPBB]) == udp)
    }

    /// A backbone tag of VLAN kind goes with the rest.
    @Test func `a frame leaves its backbone whole`() throws {
        let out = try output(
            udp, [.pushPBB(tag: 7), .pushVLAN(tpid: 0x88a8, tci: 0x1005), .popPBB])
        #expect(out == udp)
    }

    @Test func `fields of a service header are written in place`() throws {
        let frame = Frames.ethernet(0x894f, Self.nsh.octets + udp)
        let set = DatapathActionTests.set(
            .nsh, [.nshTTL: 2, .nshSI: 9, .nshFlags: 2, .nshContext2: 0xaabb_ccdd])
        let out = try output(frame, [set])
        let expected = octets(
            """
            20 86 01 03 12 34 56 09
            01 02 03 04 aa bb cc dd 00 00 00 00 0d 0e 0f 10
            """)
        #expect(Array(out[14..<38]) == expected)
        #expect(Array(out[38...]) == udp)
    }

    // MARK: TTLs

    private func labelled(_ ttls: [UInt8], _ payload: [UInt8]) -> [UInt8] {
        var frame = Self.addresses + [0x88, 0x47]
        for (index, ttl) in ttls.enumerated() {
            frame += [0, 0, 0x50 + (index == ttls.count - 1 ? 1 : 0), ttl]
        }
        return frame + payload
    }

    @Test(arguments: [4, 6])
    func `TTLs are copied between a label and IP`(version: Int) throws {
        let whole =
            version == 4 ? udp : Frames.ethernet(0x86dd, Frames.ipv6(17, Frames.udp()))
        let payload = Array(whole[14...])
        let place = version == 4 ? 26 : 25
        let frame = labelled([9], payload)
        let outwards = try output(frame, [.copyTTL(isOutwards: true)])
        #expect(outwards[17] == frame[place])
        #expect(Array(outwards[18...]) == payload)
        let inwards = try output(frame, [.copyTTL(isOutwards: false)])
        #expect(inwards[place] == 9)
        // Header checksums stay right.
        let bare = try output(inwards, [.popMPLS(etherType: version == 4 ? 0x0800 : 0x86dd)])
        var fixed = bare
        Frames.fixChecksums(&fixed)
        #expect(fixed == bare)
    }

    @Test func `TTLs are copied between labels, and from IP to IP`() throws {
        let frame = labelled([9, 5], Frames.ipv4(17, Frames.udp()))
        #expect(try output(frame, [.copyTTL(isOutwards: true)])[17] == 5)
        #expect(try output(frame, [.copyTTL(isOutwards: false)])[21] == 9)
        let nested = Frames.ethernet(0x0800, Frames.ipv4(4, Frames.ipv6(59, [])))
        let inwards = try output(nested, [.copyTTL(isOutwards: false)])
        #expect(inwards[14 + 20 + 7] == nested[14 + 8])
    }

    // MARK: Packets that are not as they seem

    /// What a sender left undone is done before it is hidden.
    @Test func `a checksum is completed before a header hides it`() throws {
        let network = try Network(offloads: [.checksum])
        try network.addFlow([
            .pushNSH(Self.nsh), .pushEthernet(source: 1, destination: 2), .output(2),
        ])
        var offload = PacketOffload()
        offload.flags = .needsChecksum
        offload.checksumStart = 34
        offload.checksumOffset = 6
        network.inject([Frames.withPartialChecksum(udp)], offload: offload)
        let out = try #require(network.ports[1].takeSent().first)
        #expect(Array(out[38...]) == udp)
    }

    private static let actions: [DatapathAction] = [
        .pushMPLS(label: 0x1140, etherType: 0x8847), .popMPLS(etherType: 0x8847),
        .popMPLS(etherType: 0x0800), .popMPLS(etherType: 0x6558),
        .addMPLS(label: 0x2140, etherType: 0x8848),
        .pushEthernet(source: 1, destination: 2), .popEthernet, .pushNSH(nsh), .popNSH,
        .pushPBB(tag: 5), .popPBB, .copyTTL(isOutwards: true), .copyTTL(isOutwards: false),
        .pushVLAN(tpid: 0x8100, tci: 0x1001), .popVLAN,
        DatapathActionTests.set(.nsh, [.nshTTL: 5, .nshContext3: 7]),
        DatapathActionTests.set(.pbb, [.pbbISID: 5]),
        DatapathActionTests.set(.mpls, [.mplsLabel: 5]),
        DatapathActionTests.set(.ipv4, [.ipTTL: 5]),
        DatapathActionTests.set(.ipv6, [.ipTTL: 5]),
        DatapathActionTests.set(.udp, [.udpSource: 5]),
    ]

    /// Random stacks of headers, cut off at random places, meet random actions.
    @Test(arguments: 0..<20)
    func `no stack of headers, however short, does harm`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let network = try Network()
        let id = try network.addFlow([.output(2)])
        for _ in 0..<200 {
            let count = Int(random.next() % 8)
            let actions = (0..<count).map { _ in
                Self.actions[Int(random.next() % UInt64(Self.actions.count))]
            }
            try network.datapath.update(
                id, actions + [.pushEthernet(source: 1, destination: 2), .output(2)])
            network.inject((0..<8).map { _ in Self.stack(&random) })
            // Each action leaves a packet, or the buffer had no room.
            #expect(network.ports[1].takeSent().count == 8)
        }
        #expect(network.pool.usedCount == 0)
    }

    private static func stack(_ random: inout SplitMix64) -> [UInt8] {
        var frame = addresses
        for _ in 0..<Int(random.next() % 6) {
            switch random.next() % 6 {
            case 0: frame += [0x81, 0, 0, 5]
            case 1: frame += [0x88, 0x47, 0, 0, UInt8(0x50 + random.next() % 2), 3]
            case 2: frame += [0x89, 0x4f] + nsh.octets + addresses
            case 3: frame += [0x88, 0xe7, 0, 0, 0, 7] + addresses
            case 4: frame += [0x08, 0x00] + Frames.ipv4(4, [])
            default: frame += [0x86, 0xdd] + Frames.ipv6(41, [])
            }
        }
        frame += [0x08, 0x00] + Frames.ipv4(17, Frames.udp())
        let byteCount =
            random.next() % 2 == 0 ? frame.count : Int(random.next() % UInt64(frame.count))
        for _ in 0..<random.next() % 3 {
            frame[Int(random.next() % UInt64(frame.count))] = UInt8(
                truncatingIfNeeded: random.next())
        }
        return Array(frame.prefix(byteCount))
    }
}
