import FlowModel
import FlowSyntax
import Testing

/// Texts of matches, as genuine Open vSwitch 3.1 answers.
struct MatchTextTests {
    private func printed(_ text: String) throws -> String {
        var parser = FlowParser()
        let flow = try parser.flow(text + ",actions=drop", for: .add)
        return MatchPrinter.text(flow.match, priority: flow.priority)
    }

    @Test(arguments: [
        ("tcp,tp_dst=80", "tcp,tp_dst=80"),
        ("ip,nw_src=10.1.2.3/8", "ip,nw_src=10.0.0.0/8"),
        ("dl_vlan=0xffff", "vlan_tci=0x0000"),
        ("vlan_tci=0x1005/0x1fff", "dl_vlan=5"),
        ("dl_vlan=5,dl_vlan_pcp=3", "dl_vlan=5,dl_vlan_pcp=3"),
        ("dl_vlan_pcp=3", "dl_vlan_pcp=3"),
        ("vlan_tci=0x0000/0x1fff", "vlan_tci=0x0000/0x1fff"),
        ("vlan_vid=0x1000/0x1000", "vlan_tci=0x1000/0x1000"),
        ("vlan_tci=0x1005/0x1ff0", "vlan_tci=0x1000/0x1ff0"),
        ("vlan_tci=0x3005/0xffff", "dl_vlan=5,dl_vlan_pcp=1"),
        ("vlan_tci=0x2005/0xefff", "vlan_tci=0x2005/0xefff"),
        ("vlan_vid=0x1005/0x1007", "vlan_tci=0x1005/0x1007"),
        ("ip,nw_tos=31", "ip,nw_tos=28"),
        ("ip,ip_frag=not_later", "ip,nw_frag=not_later"),
        ("tcp,tcp_flags=+syn-ack", "tcp,tcp_flags=+syn-ack"),
        ("tcp,tcp_flags=0x12", "tcp,tcp_flags=syn|ack"),
        ("tcp,tcp_flags=2/2", "tcp,tcp_flags=+syn"),
        ("tcp,tcp_flags=0", "tcp,tcp_flags=0"),
        (
            "tcp,tcp_flags=0xfff",
            "tcp,tcp_flags=fin|syn|rst|psh|ack|urg|ece|cwr|ns|[200]|[400]|[800]"
        ),
        ("ct_state=+trk+est-new", "ct_state=-new+est+trk"),
        ("ct_state=0x21/0x23", "ct_state=+new-est+trk"),
        (
            "ct_state=+new+est+rel+rpl+inv+trk+snat+dnat",
            "ct_state=new|est|rel|rpl|inv|trk|snat|dnat"
        ),
        ("arp,arp_spa=1.2.3.4,arp_op=1", "arp,arp_spa=1.2.3.4,arp_op=1"),
        ("ipv6,ipv6_src=::1/64", "ipv6,ipv6_src=::/64"),
        (
            "icmp6,icmpv6_type=135,nd_target=::1,nd_sll=0:1:2:3:4:5",
            "icmp6,icmp_type=135,nd_target=::1,nd_sll=00:01:02:03:04:05"
        ),
        ("dl_src=1:2:3:4:5:6/ff:ff:ff:0:0:0", "dl_src=01:02:03:00:00:00/ff:ff:ff:00:00:00"),
        ("dl_type=0x1234", "dl_type=0x1234"),
        ("dl_type=0x86dd,nw_proto=6,tcp_dst=5", "tcp6,tp_dst=5"),
        (
            "metadata=5,reg0=6,reg1=7/7,xreg1=8",
            "reg0=0x6,reg1=0x7/0x7,reg2=0,reg3=0x8,metadata=0x5"
        ),
        ("tun_id=5,tun_src=1.1.1.1", "tun_id=0x5,tun_src=1.1.1.1"),
        (
            "mpls,mpls_label=5,mpls_tc=1,mpls_bos=0,mpls_ttl=4",
            "mpls,mpls_label=5,mpls_tc=1,mpls_ttl=4,mpls_bos=0"
        ),
        (
            "pkt_mark=3,ct_mark=4,ct_zone=5,ct_label=6",
            "pkt_mark=0x3,ct_zone=5,ct_mark=0x4,ct_label=0x6"
        ),
        ("packet_type=(1,0x800)", "packet_type=(1,0x800)"),
        ("packet_type=(0,0)", ""),
        ("packet_type=(0,0),recirc_id=1", "recirc_id=0x1,eth"),
        ("ip,nw_src=1.2.3.4/255.0.255.0", "ip,nw_src=1.0.3.0/255.0.255.0"),
        ("xxreg0=0x5/0xff", "reg3=0x5/0xff"),
        ("ip,nw_ttl=5,nw_ecn=1", "ip,nw_ecn=1,nw_ttl=5"),
        ("ip,ip_dscp=8", "ip,nw_tos=32"),
        ("tcp,tp_src=0x10/0xf0", "tcp,tp_src=0x10/0xf0"),
        ("recirc_id=3,dp_hash=5", "recirc_id=0x3,dp_hash=0x5"),
        ("in_port=65534", "in_port=LOCAL"), ("in_port=ANY", "in_port=ANY"),
        ("in_port=normal", "in_port=NORMAL"), ("in_port_oxm=5", "in_port=5"),
        ("actset_output=unset", "actset_output=UNSET"),
        ("tun_flags=1", "tun_flags=+oam"), ("tun_flags=-oam", "tun_flags=-oam"),
        ("priority=5,ip nw_src:1.2.3.4", "priority=5,ip,nw_src=1.2.3.4"),
        ("ip,,nw_src=1.2.3.4/0", "ip"), ("arp,nw_proto=2", "arp,arp_op=2"),
        ("tp_dst=5,icmp", "icmp,icmp_code=5"), ("dl_type=010", "dl_type=0x0008"),
        ("ipv6,ipv6_label=0x10/0xf0", "ipv6,ipv6_label=0x00010/0x000f0"),
        ("reg0=0x10/0", ""), ("in_port=0", "in_port=0"),
        (
            "dl_type=0x894f,nsh_flags=1,nsh_ttl=2,nsh_mdtype=1,nsh_np=3,nsh_spi=0x123,nsh_si=4,"
                + "nsh_c1=1,nsh_c2=2,nsh_c3=3,nsh_c4=4/7,dl_src=1:1:1:1:1:1",
            "dl_src=01:01:01:01:01:01,dl_type=0x894f,nsh_flags=1,nsh_ttl=2,nsh_mdtype=1,nsh_np=3,"
                + "nsh_spi=0x123,nsh_si=4,nsh_c1=0x1,nsh_c2=0x2,nsh_c3=0x3,nsh_c4=0x4/0x7"
        ),
    ])
    func `a match prints in OVS's form`(text: String, expected: String) throws {
        #expect(try printed(text) == expected)
    }

    @Test func `all fields print in OVS's order`() throws {
        let text =
            "priority=5,pkt_mark=1,recirc_id=2,dp_hash=3/7,conj_id=4,actset_output=5,"
            + "ct_state=+trk,ct_zone=6,ct_mark=7/7,ct_label=8/0xff,ip,reg0=1,xreg7=5,tun_id=1/1,"
            + "tun_src=1.1.1.1,tun_dst=2.2.2.0/24,tun_gbp_id=5,tun_gbp_flags=1,tun_flags=oam,"
            + "metadata=1/3,in_port=1,vlan_tci=0x1005,dl_src=1:1:1:1:1:1,dl_dst=2:2:2:2:2:2,"
            + "nw_src=10.0.0.0/8,nw_dst=11.0.0.0/8,nw_tos=4,nw_ecn=2,nw_ttl=5,nw_frag=no,"
            + "nw_proto=6,tp_src=1,tp_dst=2/3,tcp_flags=+syn,packet_type=(0,0)"
        #expect(
            try printed(text)
                == "priority=5,pkt_mark=0x1,recirc_id=0x2,dp_hash=0x3/0x7,conj_id=4,"
                + "actset_output=5,ct_state=+trk,ct_zone=6,ct_mark=0x7/0x7,ct_label=0x8/0xff,eth,"
                + "tcp,reg0=0x1,reg14=0,reg15=0x5,tun_id=0x1/0x1,tun_src=1.1.1.1,"
                + "tun_dst=2.2.2.0/24,tun_gbp_id=5,tun_gbp_flags=0x1,tun_flags=+oam,"
                + "metadata=0x1/0x3,in_port=1,dl_vlan=5,dl_vlan_pcp=0,dl_src=01:01:01:01:01:01,"
                + "dl_dst=02:02:02:02:02:02,nw_src=10.0.0.0/8,nw_dst=11.0.0.0/8,nw_tos=4,"
                + "nw_ecn=2,nw_ttl=5,nw_frag=no,tp_src=1,tp_dst=0x2/0x3,tcp_flags=+syn")
    }

    @Test(arguments: [
        ("foo=1", "unknown keyword foo"), ("in_port=p1", "p1: invalid or unknown port for in_port"),
        ("priority=70000", "invalid priority \"70000\""),
        ("priority", "field priority missing value"),
        ("table=300", "unknown table \"300\""),
        (
            "ip,ip_frag=foo",
            "foo: unknown fragment type (valid types are \"no\", \"yes\", \"first\", \"later\", "
                + "\"not_later\""
        ),
        ("cookie=1/-1", "flow additions cannot use a cookie mask"),
        ("NXM_NX_REG0=5", "unknown keyword NXM_NX_REG0"),
        ("out_port=5", "unknown keyword out_port"),
        ("tun_flags=+oam-oam", "oam: Each tunnel flag can be specified only once"),
        ("reg0=0xffffffffff", "0xffffffffff: value too large for 4-byte field reg0"),
        ("reg0=x", "x: bad syntax for reg0 value"), ("reg0=5/x", "5/x: bad syntax for reg0 mask"),
        ("reg0=-1", "-1: value too large for 4-byte field reg0"),
        (
            "metadata=18446744073709551616",
            "18446744073709551616: value too large for 8-byte field metadata"
        ),
        ("ip,nw_src=1.2.3", "1.2.3: invalid IP address"),
        (
            "ip,nw_src=1.2.3.4/33",
            "1.2.3.4/33: IPv4 network prefix bits not between 0 and 32, inclusive"
        ),
        ("ipv6,ipv6_src=zz", "zz: invalid IPv6 address"),
        ("dl_src=1:2:3:4:5", "1:2:3:4:5: invalid Ethernet address"),
        ("tcp,tcp_flags=foo", "foo: unknown TCP flag(s)"),
        ("tcp,tcp_flags=+syn+", ": unknown TCP flag(s)"),
        ("ct_state=+trk-trk", "trk: Each ct_state flag can be specified only once"),
        ("nw_proto=6/7,ip", "6/7: invalid mask for field nw_proto"),
        ("dl_type=0x800/0xff", "0x800/0xff: invalid mask for field eth_type"),
        ("packet_type=5", "5: bad syntax for packet type missing '('"),
        ("cookie=x", "invalid numeric format x"),
        ("tcp,tp_dst=http", "http: bad syntax for tcp_dst value"),
    ])
    func `a wrong match gets OVS's sentence`(text: String, expected: String) {
        #expect(throws: SyntaxError(expected)) { try printed(text) }
    }

    @Test func `a match out of normal form is changed and noted`() throws {
        var parser = FlowParser()
        let flow = try parser.flow("tp_dst=80,actions=drop", for: .add)
        #expect(flow.match == Match())
        #expect(
            parser.takeNotes().map(\.text) == [
                "normalization changed ofp_match, details:", " pre: tp_dst=80", "post: ",
            ])
        #expect(parser.notes.isEmpty)
    }

    @Test(arguments: [
        ("ip,nw_src=1.1.1.1/24", "any"), ("ip,nw_src=1.1.1.1/1.0.1.0", "NXM,OXM,OpenFlow11"),
        ("reg0=1", "NXM,OXM"), ("reset_counts", "OXM"),
        ("no_packet_counts", "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"),
        ("table=5", "OXM,OpenFlow10+table_id,NXM+table_id,OpenFlow11"),
        ("sctp,sctp_src=1", "NXM,OXM,OpenFlow11"), ("tcp6", "NXM,OXM"),
    ])
    func `the usable formats are OVS's`(text: String, expected: String) throws {
        var parser = FlowParser()
        #expect(try parser.flow(text + ",actions=drop", for: .add).formats.text == expected)
    }

    @Test func `port names are quoted where they could be mistaken`() throws {
        var names = FlowNames()
        names.insert(port: "p1", PortNumber(1))
        names.insert(port: "a-b", PortNumber(2))
        var parser = FlowParser(names: names)
        let flow = try parser.flow("in_port=\"a-b\",actions=p1,output:\"a-b\"", for: .add)
        #expect(MatchPrinter.text(flow.match, names: names) == "in_port=\"a-b\"")
        #expect(MatchPrinter.text(flow.match) == "in_port=2")
        #expect(ActionPrinter.text(flow.actions, names: names) == "output:p1,output:\"a-b\"")
    }
}
