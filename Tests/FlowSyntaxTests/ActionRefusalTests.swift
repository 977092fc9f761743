import FlowModel
import FlowSyntax
import Testing

/// Flows with wrong actions, and what genuine `ovs-ofctl parse-flow` says of them.
struct ActionRefusalTests {
    private static let refusals: [(flow: String, reason: String)] = [
        ("actions=ct", "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"),
        ("actions=ct()", "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"),
        (
            "actions=ct(commit)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=ct(commit,force)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        ("actions=ct(force)", "\"force\" flag requires \"commit\" flag."),
        (
            "actions=ct(zone=5)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=ct(zone=0)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        ("actions=ct(zone=65536)", "65536: unknown field `65536'"),
        (
            "actions=ct(zone=reg0[0..15])",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=ct(zone=NXM_NX_REG0[])",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=ct(zone=reg0[0..7])",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=ct(zone=NXM_NX_CT_ZONE[])",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=ct(table=3)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        ("actions=ct(table=255)", "invalid table 0xff"),
        ("actions=ct(table=256)", "unknown table 256"),
        ("actions=ct(table=foo)", "unknown table foo"),
        (
            "actions=ct(commit,table=3,zone=5)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        ("tcp,actions=ct(commit,alg=sip)", "invalid conntrack helper \"sip\""),
        (
            "actions=ct(alg=ftp)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=ct(commit,alg=ftp)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=ct(nat)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "ip,actions=ct(commit,nat(dst=10.0.0.1,hash,random))",
            "Both \"hash\" and \"random\" are not allowed."
        ),
        (
            "ip,actions=ct(commit,nat(src=10.0.0.1,dst=10.0.0.2))",
            "May only specify one of \"src\" or \"dst\"."
        ),
        ("ip,actions=ct(commit,nat(random))", "Flags allowed only with \"src\" or \"dst\"."),
        (
            "ip,actions=ct(commit,nat(src=10.0.0.9-10.0.0.1))",
            "invalid nat range \"10.0.0.9-10.0.0.1\""
        ),
        ("ip,actions=ct(commit,nat(src=10.0.0.1:90-80))", "invalid nat range \"10.0.0.1:90-80\""),
        ("ip,actions=ct(commit,nat(foo))", "invalid key \"foo\" in \"nat\" argument"),
        ("ip,actions=ct(commit,nat(src=foo))", "garbage (oo) after nat range \"foo\" (pos: 1)"),
        (
            "ipv6,actions=ct(commit,nat(src=[fe80::1-fe80::9]:80-90,hash))",
            "garbage ([fe80::1-fe80::9]:80-90) after nat range \"[fe80::1-fe80::9]:80-90\" (p"
                + "os: 0)"
        ),
        (
            "ipv6,actions=ct(commit,nat(src=[fe80::1-fe80::9],hash))",
            "garbage ([fe80::1-fe80::9]) after nat range \"[fe80::1-fe80::9]\" (pos: 0)"
        ),
        ("actions=nat", "Cannot have NAT action outside of \"ct\" action"),
        ("actions=nat(src=10.0.0.1)", "Cannot have NAT action outside of \"ct\" action"),
        (
            "actions=ct(commit,exec(load:1->NXM_NX_CT_MARK[]))",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=ct(commit,exec(set_field:1->ct_mark))",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=ct(commit,exec(set_field:1/0xff->ct_mark))",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=ct(commit,exec(set_field:0x123456789abcdef0123456789->ct_label))",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=ct(commit,exec(set_field:0x1/0xf->ct_label,set_field:5->ct_mark))",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=ct(commit,exec(load:1->NXM_NX_CT_LABEL[64..127]))",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=ct(commit,exec(move:NXM_NX_REG0[]->NXM_NX_CT_MARK[]))",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=ct(commit,exec(set_field:1->reg0))",
            "ct action doesn't support nested modification of reg0"
        ),
        ("actions=ct(commit,exec(output:1))", "ct action doesn't support nested action output"),
        (
            "actions=ct(commit,exec(move:NXM_NX_REG0[]->NXM_NX_REG1[]))",
            "ct action doesn't support nested modification of reg1"
        ),
        (
            "actions=ct(exec(set_field:1->ct_mark))",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=ct(commit,exec())",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=ct(commit,exec)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        ("actions=ct(commit,foo)", "invalid argument to \"ct\" action: `foo'"),
        ("actions=ct(commit,foo=bar)", "invalid argument to \"ct\" action: `foo'"),
        ("actions=ct(commit,zone=foo)", "foo: unknown field `foo'"),
        ("actions=ct(commit,timeout=foo)", "invalid argument to \"ct\" action: `timeout'"),
        ("ip,actions=ct(commit,exec(ct(commit)))", "ct action doesn't support nested action ct"),
        (
            "actions=ct(commit),ct(table=1)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=write_actions(ct(commit))",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        ("actions=set_field:1->ct_mark", "cannot set CT fields outside of ct action"),
        ("actions=load:1->ct_label[0..3]", "cannot set CT fields outside of ct action"),
        ("actions=move:reg0->ct_mark", "cannot set CT fields outside of ct action"),
        (
            "actions=bundle(symmetric_l4,60,hrw,ofport)",
            "symmetric_l4,60,hrw,ofport: not enough arguments to bundle action"
        ),
        ("actions=bundle(symmetric_l4,60,hrw,ofport,members:1,foo)", "foo: bad port number"),
        (
            "actions=bundle(symmetric_l4,60,hrw,ofport,members:LOCAL,in_port,controller)",
            "actions are invalid with specified match (OFPBAC_BAD_OUT_PORT)"
        ),
        (
            "actions=bundle(symmetric_l4,60,hrw,foo,members:1)",
            "symmetric_l4,60,hrw,foo,members:1: unknown member_type `foo'"
        ),
        (
            "actions=bundle(symmetric_l4,60,foo,ofport,members:1)",
            "symmetric_l4,60,foo,ofport,members:1: unknown algorithm `foo'"
        ),
        (
            "actions=bundle(foo,60,hrw,ofport,members:1)",
            "foo,60,hrw,ofport,members:1: unknown fields `foo'"
        ),
        (
            "actions=bundle(symmetric_l4,60,hrw,ofport,foo:1)",
            "symmetric_l4,60,hrw,ofport,foo:1: missing member delimiter, expected `members'"
                + ", got `foo'"
        ),
        ("actions=bundle()", ": not enough arguments to bundle action"),
        ("actions=bundle", ": not enough arguments to bundle action"),
        ("actions=bundle(eth_src)", "eth_src: not enough arguments to bundle action"),
        (
            "actions=bundle_load(eth_src,50,hrw,ofport,foo,members:1,2,3)",
            "foo: unknown field `foo'"
        ),
        (
            "actions=bundle_load(eth_src,50,hrw,ofport,ip_src,members:1,2,3)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=bundle_load(eth_src,50,hrw,ofport,eth_type,members:1,2,3)",
            "actions are invalid with specified match (OFPBAC_BAD_SET_ARGUMENT)"
        ),
        (
            "actions=bundle(eth_src,50,hrw,ofport,reg0,members:1,2,3)",
            "eth_src,50,hrw,ofport,reg0,members:1,2,3: missing member delimiter, expected `"
                + "members', got `reg0,members'"
        ),
        (
            "actions=bundle_load(eth_src,50,hrw,ofport,members:1,2,3)",
            "eth_src,50,hrw,ofport,members:1,2,3: missing member delimiter, expected `membe"
                + "rs', got `2,3'"
        ),
        ("actions=bundle_load", ": not enough arguments to bundle action"),
        (
            "actions=multipath(eth_src,50,modulo_n,0,0,NXM_NX_REG0[])",
            "eth_src,50,modulo_n,0,0,NXM_NX_REG0[]: n_links 0 is not in valid range 1 to 65"
                + "536"
        ),
        (
            "actions=multipath(eth_src,50,modulo_n,65537,0,NXM_NX_REG0[])",
            "eth_src,50,modulo_n,65537,0,NXM_NX_REG0[]: n_links 65537 is not in valid range"
                + " 1 to 65536"
        ),
        (
            "actions=multipath(eth_src,50,modulo_n,5,0,NXM_NX_REG0[0..1])",
            "eth_src,50,modulo_n,5,0,NXM_NX_REG0[0..1]: 2-bit destination field has 4 possi"
                + "ble values, less than specified n_links 5"
        ),
        (
            "actions=multipath(eth_src,50,modulo_n,5,0,NXM_NX_REG0[0])",
            "eth_src,50,modulo_n,5,0,NXM_NX_REG0[0]: 1-bit destination field has 2 possible"
                + " values, less than specified n_links 5"
        ),
        (
            "actions=multipath(eth_src,50,foo,5,0,NXM_NX_REG0[])",
            "eth_src,50,foo,5,0,NXM_NX_REG0[]: unknown algorithm `foo'"
        ),
        (
            "actions=multipath(foo,50,modulo_n,5,0,NXM_NX_REG0[])",
            "foo,50,modulo_n,5,0,NXM_NX_REG0[]: unknown fields `foo'"
        ),
        (
            "actions=multipath(eth_src,50,modulo_n,5,0)",
            "eth_src,50,modulo_n,5,0: not enough arguments to multipath action"
        ),
        ("actions=multipath(eth_src,50,modulo_n,5,0,foo)", "foo: unknown field `foo'"),
        (
            "actions=multipath(eth_src,50,modulo_n,5,0,eth_type)",
            "actions are invalid with specified match (OFPBAC_BAD_SET_ARGUMENT)"
        ),
        (
            "actions=multipath(eth_src,50,modulo_n,5,0,ip_src)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        ("actions=multipath", ": not enough arguments to multipath action"),
        ("actions=multipath()", ": not enough arguments to multipath action"),
        (
            "actions=multipath(eth_src,50,modulo_n,a,b,reg0)",
            "eth_src,50,modulo_n,a,b,reg0: n_links 0 is not in valid range 1 to 65536"
        ),
        (
            "actions=multipath(1,50,modulo_n,5,0,reg0)",
            "1,50,modulo_n,5,0,reg0: unknown fields `1'"
        ),
        ("actions=check_pkt_larger(1500)->reg0", "Only 1-bit destination field is allowed"),
        ("actions=check_pkt_larger(1500)->reg0[0..1]", "Only 1-bit destination field is allowed"),
        ("actions=check_pkt_larger(1500)", "1500: missing `->'"),
        ("actions=check_pkt_larger", ": missing `->'"),
        ("actions=check_pkt_larger(foo)->reg0[0]", "invalid (null) \"foo\""),
        ("actions=check_pkt_larger(99999)->reg0[0]", "invalid (null) \"99999\""),
        ("actions=check_pkt_larger(1500)->foo", "foo: unknown field `foo'"),
        ("actions=check_pkt_larger(1500)reg0[0]", "1500: missing `->'"),
        ("actions=delete_field:tun_metadata64", "unknown field `tun_metadata64'"),
        (
            "actions=delete_field:reg0",
            "actions are invalid with specified match (OFPBAC_BAD_ARGUMENT)"
        ),
        ("actions=delete_field:foo", "unknown field `foo'"),
        ("actions=delete_field", "unknown field `'"),
        ("actions=delete_field:tun_metadata0[]", "unknown field `tun_metadata0[]'"),
        ("nsh,actions=dec_nsh_ttl", "field nsh missing value"),
        (
            "actions=encap(nsh(md_type=2,tlv(1000,10,0x12345678)))",
            "Invalid NSH TLV header: 1000,10,0x12345678"
        ),
        ("actions=encap(nsh(md_type=2,tlv(0x1000,10)))", "Invalid NSH TLV header: 0x1000,10"),
        ("actions=encap(nsh(md_type=3))", "invalid md_type"),
        ("actions=encap(nsh(foo))", "Invalid property: foo"),
        ("actions=encap(mpls(0))", "Invalid property: 0"),
        ("actions=encap(foo)", "Encap hdr not supported: "),
        ("actions=encap(foo())", "Encap hdr not supported: "),
        ("actions=encap()", "Missing encap hdr: "),
        ("actions=encap", "Missing encap hdr: "),
        ("actions=decap(packet_type(type=0x800,ns=1))", "Missing packet_type attribute ns"),
        ("actions=decap(packet_type(ns=1))", "Missing packet_type attribute type"),
        ("actions=decap(packet_type(ns=99999,type=1))", "invalid ns \"99999\""),
        ("actions=decap(packet_type(ns=65535,type=1))", "Unsupported ns value: 65535"),
        ("actions=decap(packet_type(ns=1,type=0xfffff))", "invalid type \"0xfffff\""),
        ("actions=decap(packet_type(foo=1))", "Missing packet_type attribute ns"),
        ("actions=decap(packet_type())", "Missing packet_type attribute ns"),
        ("actions=decap(foo)", "Invalid decap argument: foo"),
        ("actions=decap:foo", "Invalid decap argument: foo"),
        ("actions=sample(probability=0)", "invalid probability value \"0\""),
        ("actions=sample(probability=65536)", "invalid probability \"65536\""),
        ("actions=sample()", "non-zero \"probability\" must be specified on sample"),
        ("actions=sample", "non-zero \"probability\" must be specified on sample"),
        ("actions=sample(foo)", "invalid key \"foo\" in \"sample\" argument"),
        ("actions=sample(foo=1)", "invalid key \"foo\" in \"sample\" argument"),
        ("actions=sample(probability=1,sampling_port=foo)", "foo: unknown port"),
        ("actions=sample(probability=1,collector_set_id=foo)", "invalid numeric format foo"),
        ("actions=sample(probability=1,obs_domain_id=foo)", "invalid numeric format foo"),
        ("tcp,actions=fin_timeout(foo=5)", "invalid key 'foo' in 'fin_timeout' argument"),
        ("tcp,actions=fin_timeout(idle_timeout=99999)", "invalid idle_timeout \"99999\""),
        (
            "actions=resubmit(,1,ct)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=resubmit(5,1,ct)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=resubmit(5,,ct)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=resubmit(,,ct)",
            "at least one \"in_port\" or \"table\" must be specified on resubmit"
        ),
        ("actions=resubmit(5,1,foo)", "foo: unknown parameter"),
        (
            "actions=resubmit(,1,ct,foo)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=resubmit(,255)",
            "at least one \"in_port\" or \"table\" must be specified on resubmit"
        ),
        ("actions=controller(reason=foo)", "unknown reason \"foo\""),
        ("actions=controller(foo)", "unknown key \"foo\" parsing controller action"),
        ("actions=controller(foo=1)", "unknown key \"foo\" parsing controller action"),
        ("actions=controller(userdata=0)", "bad hex digit in `controller' action `userdata'"),
        ("actions=controller(userdata=zz)", "bad hex digit in `controller' action `userdata'"),
        ("actions=controller(id=99999)", "invalid id \"99999\""),
        ("actions=controller(max_len=99999)", "invalid max_len \"99999\""),
        (
            "actions=learn(table=1,result_dst=reg0)",
            "result_dst in 'learn' action must be a single bit"
        ),
        ("actions=learn(table=1,result_dst=foo)", "foo: unknown field `foo'"),
        (
            "actions=learn(table=1,result_dst=reg0[0..1])",
            "result_dst in 'learn' action must be a single bit"
        ),
        (
            "actions=learn(table=1,eth_type=0x800,load:0xffff->reg0[0..7])",
            "0xffff->reg0[0..7]: value does not fit into 8 bits"
        ),
        ("actions=learn(foo=1)", "foo=1: unknown keyword foo"),
        ("actions=learn(table=255)", "table=255: table id 255 not valid for `learn' action"),
        ("actions=learn(table=1,load:foo->reg0)", "foo->reg0: unknown field `foo'"),
        (
            "actions=learn(table=1,load:reg0->eth_type)",
            "reg0->eth_type: source field is 32 bits wide but destination is 16 bits wide"
        ),
        (
            "actions=learn(table=1,load:1->eth_type)",
            "actions are invalid with specified match (OFPBAC_BAD_SET_ARGUMENT)"
        ),
        ("actions=learn(table=1,output:foo)", "foo: unknown field `foo'"),
        ("actions=learn(table=1,output:1)", "1: unknown field `1'"),
        (
            "actions=learn(table=1,eth_src=reg0)",
            "table=1,eth_src=reg0: bit widths of eth_src (32) and reg0 (48) differ"
        ),
        (
            "actions=learn(table=1,nw_src=reg0)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=learn(table=1,tcp_src=80)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=learn(table=1,dl_vlan=5)",
            "table=1,dl_vlan=5: experimenter OXM field 'dl_vlan' not supported"
        ),
        (
            "actions=learn(table=1,reg0[0..7]=500)",
            "table=1,reg0[0..7]=500: reg0[0..7] value 500 cannot be parsed as a subfield (5"
                + "00: unknown field `500') or an immediate value (table=1,reg0[0..7]=500: value "
                + "0x1f4 does not fit into 8 bits)"
        ),
        (
            "actions=learn(table=1,ipv6_src=fe80::1)",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        ("actions=learn(table=1,learn(table=2))", "table=1,learn(table=2): unknown keyword learn"),
        ("actions=clone(goto_table:5)", "goto_table instruction not allowed here"),
        ("actions=clone(write_metadata:5)", "write_metadata instruction not allowed here"),
        ("actions=write_actions(write_actions(1))", "write_actions instruction not allowed here"),
        (
            "actions=write_actions(meter:1)",
            "write_actions action doesn't support nested action meter"
        ),
        ("actions=write_actions(clear_actions)", "clear_actions instruction not allowed here"),
        (
            "actions=conjunction(1,1/2),output:1",
            "\"conjunction\" actions may be used along with \"note\" but not any other kind of "
                + "action (such as the \"output\" action used here)"
        ),
        (
            "actions=output(port=controller,max_len=100)",
            "output to unsupported truncate port: controller"
        ),
        ("actions=output(port=normal,max_len=100)", "output to unsupported truncate port: normal"),
        ("actions=output(port=1)", "port=1: output to unknown port"),
        ("actions=output:foo", "foo: output to unknown port"),
        (
            "actions=push:reg0[0..15",
            "reg0[0..15: syntax error expecting [] or [<bit>] or [<start>..<end>]"
        ),
        ("actions=push:foo", "foo: unknown field `foo'"),
        (
            "actions=pop:eth_type",
            "actions are invalid with specified match (OFPBAC_BAD_SET_ARGUMENT)"
        ),
        (
            "actions=push:ip_src",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        (
            "actions=pop:ip_dst",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        ("actions=push", ": unknown field `'"),
        (
            "actions=output:1,meter:1",
            "invalid instruction ordering: meter must appear before apply_actions, for Open"
                + "Flow 1.1+ compatibility"
        ),
        ("actions=write_metadata:foo", "invalid numeric format foo"),
        ("actions=set_queue:foo", "invalid numeric format foo"),
        (
            "actions=move:reg0->xreg1",
            "reg0->xreg1: source field is 32 bits wide but destination is 64 bits wide"
        ),
        (
            "actions=move:eth_src->eth_type",
            "eth_src->eth_type: source field is 48 bits wide but destination is 16 bits wid"
                + "e"
        ),
        (
            "actions=move:reg0[0..47]->eth_src",
            "reg0[0..47]->eth_src: ending bit 47 is not valid because field is only 32 bits"
                + " wide"
        ),
        ("actions=move:foo->reg0", "foo->reg0: unknown field `foo'"),
        ("actions=move:reg0", "reg0: missing `->' following source"),
        (
            "actions=unroll_xlate",
            "UNROLL is an internal action that shouldn't be used via OpenFlow"
        ),
        ("actions=apply_actions(1)", "apply_actions is the default instruction"),
        ("actions=note:1", "bad hex digit in `note' argument"),
    ]

    @Test(arguments: refusals.indices)
    func `are refused in OVS's words`(index: Int) {
        let (flow, reason) = Self.refusals[index]
        var parser = FlowParser()
        #expect(throws: SyntaxError(reason), "\(flow)") { try parser.flow(flow, for: .add) }
    }

    private static let formats: [(flow: String, formats: String)] = [
        ("actions=dec_nsh_ttl", "OpenFlow10,NXM"),
        ("actions=encap(nsh)", "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"),
        ("actions=encap(nsh())", "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"),
        ("actions=encap(nsh(md_type=1))", "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"),
        ("actions=encap(nsh(md_type=2))", "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"),
        (
            "actions=encap(nsh(md_type=2,tlv(0x1000,10,0x12345678)))",
            "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"
        ),
        (
            "actions=encap(nsh(md_type=2,tlv(0x1000,10,0x12345678),tlv(0x2000,20,0xfedcba98"
                + "76543210)))",
            "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"
        ),
        (
            "actions=encap(nsh(md_type=2,tlv(0x1000,10,0x123456)))",
            "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"
        ),
        (
            "actions=encap(nsh(md_type=2,tlv(0x1000,10,0x123)))",
            "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"
        ),
        (
            "actions=encap(nsh(md_type=2,tlv(0x1000,300,0x12)))",
            "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"
        ),
        (
            "actions=encap(nsh(md_type=1,tlv(0x1000,10,0x12345678)))",
            "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"
        ),
        ("actions=encap(ethernet)", "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"),
        ("actions=encap(mpls)", "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"),
        ("actions=encap(mpls_mc)", "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"),
        ("actions=encap(ethernet())", "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"),
        ("packet_type=(1,0x800),actions=decap", "NXM,OXM"),
        ("packet_type=(0,0),actions=decap", "NXM,OXM"),
        ("actions=encap(nsh),dec_nsh_ttl", "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"),
        (
            "actions=encap(nsh),set_field:5->nsh_spi,encap(ethernet)",
            "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"
        ),
        ("actions=encap(mpls),set_mpls_label:5", "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"),
        ("actions=fin_timeout(idle_timeout=5)", "OpenFlow10,NXM"),
        ("actions=write_actions(output:1,set_field:1->reg0,group:5)", "NXM,OXM"),
        ("actions=write_actions(encap(ethernet))", "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"),
        ("actions=meter:1,output:1", "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"),
        ("actions=write_metadata:1/0xf", "NXM,OXM,OpenFlow11"),
        ("actions=set_mpls_ttl:5", "OpenFlow10,NXM"),
        ("actions=dec_ttl(1,foo)", "OpenFlow10,NXM"),
    ]

    @Test(arguments: formats.indices)
    func `travel in the formats in which OVS lets them`(index: Int) throws {
        let (flow, formats) = Self.formats[index]
        var parser = FlowParser()
        #expect(try parser.flow(flow, for: .add).formats.text == formats, "\(flow)")
    }
}
