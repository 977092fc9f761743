import FlowModel
import FlowSyntax
import Testing

/// The `Flow:` lines of `ofproto/trace`, as genuine Open vSwitch 3.1 prints them.
struct FlowKeyTextTests {
    @Test(arguments: [
        (
            "in_port=1,tcp,nw_src=1.2.3.4,tp_dst=80,dl_src=1:1:1:1:1:1",
            "tcp,in_port=1,vlan_tci=0x0000,dl_src=01:01:01:01:01:01,dl_dst=00:00:00:00:00:00,"
                + "nw_src=1.2.3.4,nw_dst=0.0.0.0,nw_tos=0,nw_ecn=0,nw_ttl=0,nw_frag=no,tp_src=0,"
                + "tp_dst=80,tcp_flags=0"
        ),
        (
            "in_port=1",
            "in_port=1,vlan_tci=0x0000,dl_src=00:00:00:00:00:00,dl_dst=00:00:00:00:00:00,"
                + "dl_type=0x0000"
        ),
        (
            "in_port=1,arp,arp_op=1,dl_vlan=5",
            "arp,in_port=1,dl_vlan=5,dl_vlan_pcp=0,vlan_tci1=0x0000,dl_src=00:00:00:00:00:00,"
                + "dl_dst=00:00:00:00:00:00,arp_spa=0.0.0.0,arp_tpa=0.0.0.0,arp_op=1,"
                + "arp_sha=00:00:00:00:00:00,arp_tha=00:00:00:00:00:00"
        ),
        (
            "in_port=1,icmp6,icmpv6_type=135,nd_target=::1,reg0=5,metadata=4,tun_id=3,"
                + "ct_state=trk,dl_vlan=5,dl_vlan_pcp=3",
            "ct_state=trk,icmp6,reg0=0x5,tun_id=0x3,metadata=0x4,in_port=1,dl_vlan=5,"
                + "dl_vlan_pcp=3,vlan_tci1=0x0000,dl_src=00:00:00:00:00:00,"
                + "dl_dst=00:00:00:00:00:00,ipv6_src=::,ipv6_dst=::,ipv6_label=0x00000,nw_tos=0,"
                + "nw_ecn=0,nw_ttl=0,nw_frag=no,icmp_type=135,icmp_code=0,nd_target=::1,"
                + "nd_sll=00:00:00:00:00:00,nd_tll=00:00:00:00:00:00"
        ),
        (
            "in_port=1,mpls",
            "mpls,in_port=1,vlan_tci=0x0000,dl_src=00:00:00:00:00:00,dl_dst=00:00:00:00:00:00,"
                + "mpls_label=0,mpls_tc=0,mpls_ttl=0,mpls_bos=0,mpls_lse1=0,mpls_lse2=0"
        ),
        (
            "in_port=1,sctp,vlan_tci=0x0000,skb_priority=5,nw_frag=first",
            "skb_priority=0x5,sctp,in_port=1,vlan_tci=0x0000,dl_src=00:00:00:00:00:00,"
                + "dl_dst=00:00:00:00:00:00,nw_src=0.0.0.0,nw_dst=0.0.0.0,nw_tos=0,nw_ecn=0,"
                + "nw_ttl=0,nw_frag=first,tp_src=0,tp_dst=0"
        ),
        (
            "ip,nw_frag=later,nw_proto=6",
            "tcp,in_port=ANY,vlan_tci=0x0000,dl_src=00:00:00:00:00:00,dl_dst=00:00:00:00:00:00,"
                + "nw_src=0.0.0.0,nw_dst=0.0.0.0,nw_tos=0,nw_ecn=0,nw_ttl=0,nw_frag=later"
        ),
        (
            "vlan_vid=5",
            "in_port=ANY,vlan_tci=0x0005,vlan_tci1=0x0000,dl_src=00:00:00:00:00:00,"
                + "dl_dst=00:00:00:00:00:00,dl_type=0x0000"
        ),
        (
            "recirc_id=5",
            "recirc_id=0x5,eth,in_port=ANY,vlan_tci=0x0000,dl_src=00:00:00:00:00:00,"
                + "dl_dst=00:00:00:00:00:00,dl_type=0x0000"
        ),
    ])
    func `a packet's key prints as in a trace`(text: String, expected: String) throws {
        #expect(FlowKeyText.text(try FlowKeyText.parse(text)) == expected)
    }

    @Test(arguments: [
        ("nw_proto=6", "nw_proto=6: prerequisites not met for setting nw_proto"),
        ("foo=1", "foo=1: unknown field foo"),
        ("tcp,tp_dst=x", "tcp,tp_dst=x: bad value for tp_dst (x: bad syntax for tcp_dst value)"),
        ("reg0=5/5", "reg0=5/5: bad value for reg0 (5/5: wildcards not allowed here)"),
        (
            "tcp,tcp_flags=+syn",
            "tcp,tcp_flags=+syn: bad value for tcp_flags (+syn: wildcards not allowed here)"
        ),
        ("tp_dst=80", "tp_dst=80: prerequisites not met for setting tp_dst"),
    ])
    func `a wrong flow gets OVS's sentence`(text: String, expected: String) {
        #expect(throws: SyntaxError(expected)) { try FlowKeyText.parse(text) }
    }
}
