import FlowModel
import FlowSyntax
import Testing

/// Texts of datapath flows and actions, as genuine Open vSwitch 3.1 prints them.
struct DatapathTextTests {
    @Test(arguments: [
        "recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth(src=50:54:00:00:00:05,"
            + "dst=50:54:00:00:00:07),eth_type(0x0800),ipv4(frag=no)",
        "recirc_id(0),in_port(2),packet_type(ns=0,id=0),eth(src=50:54:00:00:00:09,"
            + "dst=ff:ff:ff:ff:ff:ff),eth_type(0x8100),vlan(vid=5),"
            + "encap(eth_type(0x0806),arp(sip=1.1.1.1,tip=2.2.2.2,op=1))",
        "recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth_type(0x0800),"
            + "ipv4(src=192.0.0.0/255.0.0.0,proto=6,tos=0x4/0xfc,frag=no),tcp(dst=0/0xf0),"
            + "tcp_flags(-syn)",
        "recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth(dst=50:54:00:00:00:00/"
            + "ff:ff:00:00:00:00),eth_type(0x0800),ipv4(src=0.0.0.0/128.0.0.0,proto=1,ttl=64,"
            + "frag=no),icmp(type=8)",
        "recirc_id(0x5),in_port(1),eth_type(0x86dd),ipv6(dst=1::/ffff::,label=0x5/0xf,"
            + "tclass=0x4/0xfc,frag=no)",
        "recirc_id(0),in_port(1),eth_type(0x8847),mpls(label=5/0xfffff,tc=0/0,ttl=3/0xff,bos=0/0)",
        "recirc_id(0),in_port(1),eth_type(0x0800),ipv4(frag=later)",
        "ct_state(+trk),ct_zone(0x3),ct_mark(0x5/0xf),recirc_id(0),in_port(1),eth_type(0x1234)",
        "recirc_id(0),in_port(1),eth_type(0x88a8),vlan(vid=7,pcp=1),encap(eth_type(0x8100),"
            + "vlan(vid=8,pcp=0),encap(eth_type(0x0800),ipv4(frag=no)))",
        "recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth_type(0/0xffff)",
    ])
    func `a megaflow prints as it is parsed`(text: String) throws {
        let match = try DatapathFlowParser.parse(text)
        #expect(DatapathFlowPrinter.text(match.key, mask: match.mask) == text)
    }

    @Test func `the verbose form prints what is wildcarded`() throws {
        let text =
            "skb_priority(0/0),skb_mark(0/0),ct_state(0/0),ct_zone(0/0),ct_mark(0/0),"
            + "ct_label(0/0),recirc_id(0),dp_hash(0/0),in_port(p1),packet_type(ns=0,id=0),"
            + "eth(src=50:54:00:00:00:05,dst=50:54:00:00:00:07),eth_type(0x0800),"
            + "ipv4(src=192.168.0.1/0.0.0.0,dst=192.168.0.2/0.0.0.0,proto=6/0,tos=0/0,ttl=64/0,"
            + "frag=no),tcp(src=8/0,dst=10/0)"
        var names = DatapathPortNames()
        names.insert("p1", 1)
        let exact =
            "recirc_id(0),in_port(p1),packet_type(ns=0,id=0),eth(src=50:54:00:00:00:05,"
            + "dst=50:54:00:00:00:07),eth_type(0x0800),ipv4(src=192.168.0.1,dst=192.168.0.2,"
            + "proto=6,tos=0,ttl=64,frag=no),tcp(src=8,dst=10)"
        let key = try DatapathFlowParser.parse(exact, names: names).key
        let mask = try DatapathFlowParser.parse(
            "recirc_id(0),in_port(1),packet_type(ns=0,id=0),eth(src=00:00:00:00:00:00,"
                + "dst=00:00:00:00:00:00),eth_type(0x0800),ipv4(frag=no)"
        ).mask
        #expect(DatapathFlowPrinter.text(key, mask: mask, isVerbose: true, names: names) == text)
    }

    @Test func `a key from a datapath flow prints as in a trace`() throws {
        let match = try DatapathFlowParser.parse(
            "in_port(1),eth(src=50:54:00:00:00:05,dst=50:54:00:00:00:07),eth_type(0x8100),"
                + "vlan(vid=99,pcp=0),encap(eth_type(0x0800))")
        #expect(
            FlowKeyText.text(match.key)
                == "ip,in_port=1,dl_vlan=99,dl_vlan_pcp=0,vlan_tci1=0x0000,"
                + "dl_src=50:54:00:00:00:05,dl_dst=50:54:00:00:00:07,nw_src=0.0.0.0,"
                + "nw_dst=0.0.0.0,nw_proto=0,nw_tos=0,nw_ecn=0,nw_ttl=0,nw_frag=no")
    }

    @Test(arguments: [
        ("in_port(1),foo", "syntax error at foo"), ("foo", "syntax error at foo"),
        ("in_port(1),foo(2)", "syntax error at foo(2)"), ("0102", "syntax error at 0102"),
        ("in_port(1", "syntax error at in_port(1"), ("in_port(x)", "syntax error at in_port(x)"),
        ("ipv4(srx=1)", "syntax error at ipv4(srx=1)"),
    ])
    func `a wrong flow gets a sentence`(text: String, expected: String) {
        #expect(throws: SyntaxError(expected)) { try DatapathFlowParser.parse(text) }
    }

    private func set(_ group: HeaderGroup, _ change: (inout Match) -> Void) -> DatapathAction {
        var match = Match()
        change(&match)
        let map = SparseKey(match.mask).map
        return .set(group, value: SparseKey(match.key, map: map), mask: SparseKey(match.mask))
    }

    @Test func `actions print as in a trace`() {
        let actions: [DatapathAction] = [
            .pushVLAN(tpid: 0x8100, tci: 0x1064), .pushVLAN(tpid: 0x88a8, tci: 0x3064), .popVLAN,
            set(.ipv4) {
                $0.set(.ipv4Destination, to: 0x0909_0909)
                $0.set(.ipTOS, to: 0x14, mask: 0xfc)
                $0.set(.ipTTL, to: 63)
            },
            set(.ethernet) { $0.set(.ethernetDestination, to: 0x0202_0202_0202) },
            set(.tcp) { $0.set(.tcpDestination, to: 81) },
            set(.priority) { $0.set(.packetPriority, to: 5) },
            set(.mark) { $0.set(.packetMark, to: 5) },
            .truncate(100), .output(2), .recirculate(0x4e), .popMPLS(etherType: 0x800),
            .userspace(.slowPath(.action)),
            .userspace(
                .controller(
                    ControllerUpcall(
                        reason: .action, isSuppressed: true, recirculationID: 16, ruleCookie: 0,
                        controllerID: 0, maxByteCount: 65535))),
        ]
        #expect(
            DatapathActionPrinter.text(actions)
                == "push_vlan(vid=100,pcp=0),push_vlan(tpid=0x88a8,vid=100,pcp=1),pop_vlan,"
                + "set(ipv4(dst=9.9.9.9,tos=0x14/0xfc,ttl=63)),set(eth(dst=02:02:02:02:02:02)),"
                + "set(tcp(dst=81)),set(skb_priority(0x5)),set(skb_mark(0x5)),trunc(100),2,"
                + "recirc(0x4e),pop_mpls(eth_type=0x800),userspace(pid=0,slow_path(action)),"
                + "userspace(pid=0,controller(reason=1,dont_send=1,continuation=0,recirc_id=16,"
                + "rule_cookie=0,controller_id=0,max_len=65535))")
        #expect(DatapathActionPrinter.text([]) == "drop")
    }
}
