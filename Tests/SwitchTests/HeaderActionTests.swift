import Datapath
import FlowModel
import FlowSyntax
import OpenFlow
import Switch
import TestSupport
import Testing

/// Labels, service headers and backbone tags, from the flow-mod to the frame that leaves.
@Suite struct HeaderActionTests {
    private let machine = MemorySwitch()

    init() {
        machine.addBridge("br0")
        for name in ["p1", "p2", "p3"] { machine.addPort(name, to: "br0") }
    }

    /// What leaves port 2 when `frame` comes in on port 1.
    private func output(
        of frame: [UInt8], _ flows: [String], _ version: OpenFlowVersion = .v13
    ) throws -> [[UInt8]] {
        try machine.change(.delete, "", on: "br0", version)
        machine.virtualSwitch.removeAllMegaflows()
        for flow in flows { try machine.change(.add, flow, on: "br0", version) }
        let before = machine.devices.ports["p2"]?.sent.count ?? 0
        machine.receive(frame, on: "p1")
        return Array((machine.devices.ports["p2"]?.sent ?? []).dropFirst(before))
    }

    @Test(arguments: GenuineFrame.all)
    func `what leaves is what leaves genuine Open vSwitch`(genuine: GenuineFrame) throws {
        let out = try output(of: octets(genuine.frame), genuine.flows)
        #expect(out == genuine.leaves.map { [octets($0)] } ?? [])
    }

    // MARK: What genuine Open vSwitch does not do

    private let link = octets("02 00 00 00 00 02 02 00 00 00 00 01")
    private let udp = octets(
        """
        45 28 00 22 00 01 00 00 21 11 85 a0 0a 00 00 01 0a 00 00 02
        00 35 00 63 00 0e a7 44 68 65 6c 6c 6f 21
        """)

    @Test func `a backbone tag comes before a frame, and its service is written`() throws {
        let frame = link + [0x81, 0x00, 0x60, 0x05, 0x08, 0x00] + udp
        let out = try output(
            of: frame,
            [
                "ip,actions=push_pbb:0x88e7,set_field:0x123456->pbb_isid,"
                    + "set_field:00:00:00:00:00:09->eth_dst,2"
            ])
        // The tag has the priority that the frame's VLAN tag has.
        let header = octets("00 00 00 00 00 09 02 00 00 00 00 01 88 e7 60 12 34 56")
        #expect(out == [header + frame])
    }

    @Test func `a backbone tag is matched, and what it held is looked at again`() throws {
        let frame = link + octets("88 e7 60 12 34 56") + link + [0x08, 0x00] + udp
        let flows = [
            "table=0,dl_type=0x88e7,pbb_isid=0x123456,actions=pop_pbb,goto_table:1",
            "table=1,udp,udp_dst=99,actions=set_field:7->udp_dst,2",
        ]
        let out = try output(of: frame, flows)
        #expect(out.count == 1)
        #expect(out.first?.count == 14 + udp.count)
        #expect(out.first.map { Array($0[36..<38]) } == [0, 7])
        var other = frame
        other[17] = 0x57
        #expect(try output(of: other, flows).isEmpty)
    }

    @Test(arguments: [("copy_ttl_out", 33), ("copy_ttl_in", 9)] as [(String, UInt8)])
    func `a TTL is copied between a label and IP`(action: String, ttl: UInt8) throws {
        let frame = link + octets("88 47 00 00 51 09") + udp
        let out = try output(of: frame, ["mpls,actions=\(action),2"])
        let sent = try #require(out.first)
        #expect(sent[17] == ttl)
        #expect(sent[26] == ttl || action == "copy_ttl_out")
        // Then the label comes off, and IP is right.
        let bare = try output(of: frame, ["mpls,actions=\(action),pop_mpls:0x0800,dec_ttl,2"])
        let first = try #require(bare.first)
        #expect(first[22] == (action == "copy_ttl_out" ? 32 : 8))
        #expect(checksum(first[14..<34]) == 0)
    }

    private func checksum(_ header: ArraySlice<UInt8>) -> UInt16 {
        var sum: UInt32 = 0
        for (index, octet) in header.enumerated() {
            sum += UInt32(octet) << (index % 2 == 0 ? 8 : 0)
        }
        while sum >> 16 != 0 { sum = sum & 0xffff + sum >> 16 }
        return ~UInt16(sum)
    }

    @Test func `a TTL is copied between labels without a look at the packet`() throws {
        let frame = link + octets("88 47 00 00 50 09 00 00 61 05") + udp
        let out = try output(of: frame, ["mpls,actions=copy_ttl_out,2"])
        #expect(out.first.map { Array($0[14..<22]) } == octets("00 00 50 05 00 00 61 05"))
        let inwards = try output(of: frame, ["mpls,actions=copy_ttl_in,2"])
        #expect(inwards.first.map { Array($0[14..<22]) } == octets("00 00 50 09 00 00 61 09"))
    }

    @Test func `the bottom of a label stack is written`() throws {
        let frame = link + octets("88 47 00 00 51 09 00 00 61 05") + udp
        let out = try output(
            of: frame, ["mpls,mpls_bos=1,actions=set_field:0->mpls_bos,pop_mpls:0x8847,2"])
        #expect(out == [link + octets("88 47 00 00 61 05") + udp])
    }

    @Test func `extension headers of IPv6 are matched`() throws {
        let header = octets("60 00 00 00 00 10 00 40") + [UInt8](repeating: 1, count: 32)
        let frame = link + [0x86, 0xdd] + header + [17, 0, 0, 0, 0, 0, 0, 0] + udp[20..<28]
        #expect(try output(of: frame, ["ipv6,ipv6_exthdr=0x40,actions=2"]).count == 1)
        #expect(try output(of: frame, ["ipv6,ipv6_exthdr=0x40/0x60,actions=2"]).count == 1)
        #expect(try output(of: frame, ["ipv6,ipv6_exthdr=0/0x40,actions=2"]).isEmpty)
    }

    @Test func `a label that does not say what is behind it is not taken off`() throws {
        let frame = link + [0x08, 0x00] + udp
        let flow = "ip,actions=encap(mpls),decap(),encap(ethernet),2"
        #expect(try output(of: frame, [flow]).isEmpty)
    }

    @Test(arguments: [
        "push_pbb:0x88e7", "encap(nsh),encap(ethernet)", "encap(mpls),encap(ethernet)",
    ])
    func `what a copy gets leaves the packet itself alone`(actions: String) throws {
        let frame = link + [0x08, 0x00] + udp
        let out = try output(of: frame, ["ip,actions=clone(\(actions),3),2"])
        #expect(out == [frame])
        #expect(machine.devices.ports["p3"]?.sent.last?.count ?? 0 > frame.count)
    }

    @Test func `a bucket's header is the bucket's alone`() throws {
        let frame = link + [0x08, 0x00] + udp
        try machine.changeGroup(
            .add, "group_id=1,type=all,bucket=push_pbb:0x88e7,output:3,bucket=output:2", on: "br0")
        #expect(try output(of: frame, ["ip,actions=group:1"]) == [frame])
        #expect(machine.devices.ports["p3"]?.sent.last?.count == frame.count + 18)
    }

    /// Frames of all shapes meet rules with all such actions.
    @Test(arguments: 0..<10)
    func `no frame does harm on its way through the tables`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let actions = [
            "pop_mpls:0x0800,dec_ttl", "pop_mpls:0x8847", "push_mpls:0x8847", "dec_mpls_ttl",
            "set_mpls_label:9", "decap(),encap(ethernet)", "encap(nsh),encap(ethernet)",
            "decap(),decap(),encap(nsh),encap(ethernet)", "dec_nsh_ttl", "copy_ttl_out",
            "copy_ttl_in", "push_pbb:0x88e7", "pop_pbb", "set_field:0->mpls_bos", "pop_vlan",
            "encap(mpls),encap(ethernet)",
        ]
        let types: [(String, [UInt8])] = [
            ("mpls", [0x88, 0x47]), ("dl_type=0x894f", [0x89, 0x4f]), ("ip", [0x08, 0x00]),
            ("dl_type=0x88e7", [0x88, 0xe7]), ("ipv6", [0x86, 0xdd]),
        ]
        for _ in 0..<60 {
            let (match, type) = types[Int(random.next() % UInt64(types.count))]
            let list = (0...Int(random.next() % 3)).map { _ in
                actions[Int(random.next() % UInt64(actions.count))]
            }
            let flow = "\(match),actions=\(list.joined(separator: ",")),2"
            // What makes no sense for the match is refused, and that is fine.
            try? machine.change(.add, flow, on: "br0", .v13)
            for _ in 0..<4 {
                let count = Int(random.next() % 90)
                let rest = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                machine.receive(link + type + rest, on: "p1")
            }
        }
        #expect(machine.link.datapath.pool.usedCount == 0)
    }
}
