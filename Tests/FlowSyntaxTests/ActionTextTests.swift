import FlowModel
import FlowSyntax
import Testing

/// Texts of actions, as genuine Open vSwitch 3.1 answers.
struct ActionTextTests {
    private func printed(_ text: String) throws -> String {
        var parser = FlowParser()
        return ActionPrinter.text(try parser.flow("ip,actions=" + text, for: .add).actions)
    }

    @Test(arguments: [
        "output:1", "output:NXM_NX_REG0[0..15]", "output(port=1,max_len=100)", "LOCAL", "IN_PORT",
        "ALL", "FLOOD", "NORMAL", "TABLE", "CONTROLLER:65535", "CONTROLLER:100",
        "controller(reason=no_match,id=5)", "controller(userdata=01.02.ff)", "controller(pause)",
        "controller(max_len=64,id=3,userdata=00.11,pause,meter_id=3)", "enqueue:1:5",
        "mod_vlan_vid:5,mod_vlan_pcp:3", "strip_vlan", "push_vlan:0x8100,set_field:4196->vlan_vid",
        "mod_dl_src:00:11:22:33:44:55", "mod_nw_src:1.2.3.4", "mod_nw_tos:4", "mod_tp_src:80",
        "push_mpls:0x8847,set_mpls_label(5),set_mpls_tc(1),set_mpls_ttl(5),dec_mpls_ttl,"
            + "pop_mpls:0x0800", "dec_ttl", "dec_ttl(1,2)",
        "set_field:0x5->reg0", "set_field:0x5/0xff->reg0", "set_field:0x5->metadata",
        "set_field:1.2.3.4->ip_dst", "set_field:00:11:22:33:44:55->eth_dst",
        "set_field:1->in_port", "load:0x5->NXM_NX_REG0[]", "load:0x5->NXM_NX_REG0[0..3]",
        "load:0x1->OXM_OF_METADATA[]", "move:NXM_OF_ETH_SRC[0..15]->NXM_NX_REG0[0..15]",
        "push:NXM_NX_REG0[0..3],pop:NXM_NX_REG1[0..3]", "set_tunnel:0x5",
        "set_tunnel64:0x100000000", "set_queue:5", "pop_queue", "resubmit:1", "resubmit(,5)",
        "resubmit(1,5)", "resubmit:LOCAL", "goto_table:5", "write_metadata:0x5/0xff",
        "clear_actions", "write_actions(output:1,set_field:0x5->reg0)", "meter:5", "group:5",
        "note:01.02.03.00.00.00", "note:00.00.00.00.00.00", "exit", "drop",
        "learn(table=5,idle_timeout=10,NXM_OF_ETH_SRC[],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],"
            + "load:0x5->NXM_NX_REG0[],output:NXM_OF_IN_PORT[])", "learn(table=1)",
        "learn(table=1,eth_type=0x800,nw_proto=6,NXM_NX_REG0[])",
        "learn(table=1,eth_dst=01:01:01:01:01:01)", "learn(table=1,limit=5)",
        "learn(table=1,load:0x123456789012345678->NXM_NX_XXREG0[])",
        "conjunction(5,1/2)", "clone(output:1,dec_ttl)", "clone(drop)", "ct_clear",
        "fin_timeout(idle_timeout=5,hard_timeout=6)", "fin_timeout()", "set_field:20->nw_tos",
        "set_field:LOCAL->in_port", "set_field:oam->tun_flags",
        "load:0x5->NXM_NX_XXREG0[64..70]",
    ])
    func `actions print as they are written`(text: String) throws {
        #expect(try printed(text) == text)
    }

    @Test(arguments: [
        ("1", "output:1"), ("output:reg0[0..15]", "output:NXM_NX_REG0[0..15]"), ("", "drop"),
        ("output:LOCAL", "LOCAL"), ("in_port", "IN_PORT"), ("controller", "CONTROLLER:65535"),
        ("controller(max_len=100)", "CONTROLLER:100"), ("controller()", "CONTROLLER:65535"),
        ("enqueue(1,5)", "enqueue:1:5"), ("set_mpls_label:5", "set_mpls_label(5)"),
        ("load:5->reg0", "load:0x5->NXM_NX_REG0[]"), ("resubmit(1,)", "resubmit:1"),
        ("resubmit(LOCAL,255)", "resubmit:LOCAL"), ("learn()", "learn(table=1)"),
        ("clone()", "clone(drop)"), ("output:1,,output:2", "output:1,output:2"),
        ("output:1 output:2", "output:1,output:2"), ("dec_ttl()", "dec_ttl"),
        ("controller(reason=action)", "CONTROLLER:65535"), ("local:3", "LOCAL"),
        ("set_vlan_vid:5", "mod_vlan_vid:5"),
    ])
    func `other spellings print in OVS's form`(text: String, expected: String) throws {
        #expect(try printed(text) == expected)
    }

    @Test(arguments: [
        ("foo", "unknown action foo"), ("output", ": output to unknown port"),
        ("output:foo", "foo: output to unknown port"),
        ("output(port=foo,max_len=5)", "output to unknown truncate port: foo"),
        ("output(max_len=5)", "max_len=5: output to unknown port"),
        ("output(port=1,max_len=5)", "max_len 5 is less than the minimum value 14"),
        ("output:reg0[0..40]", "reg0[0..40]: output to unknown port"),
        ("enqueue:1", "\"enqueue\" syntax is \"enqueue:PORT:QUEUE\" or \"enqueue(PORT,QUEUE)\""),
        ("enqueue:x:1", "x: enqueue to unknown port"),
        ("mod_vlan_vid:4096", "4096: not a valid VLAN VID"),
        ("mod_vlan_vid:x", "invalid VLAN VID \"x\""),
        ("mod_vlan_pcp:8", "8: not a valid VLAN PCP"),
        ("mod_dl_src:foo", "invalid mac address foo"),
        ("mod_nw_src:foo", "foo: could not convert to IP address"),
        ("mod_nw_tos:5", "5: not a valid TOS"), ("mod_nw_ecn:4", "4: not a valid ECN"),
        ("mod_tp_src:70000", "invalid source port \"70000\""),
        ("push_vlan:0x1234", "0x1234: not a valid VLAN ethertype"),
        ("set_field:5", "5: missing `->'"),
        ("set_field:5->foo", "foo is not a valid OXM field name"),
        ("set_field:5->nw_proto", "nw_proto is read-only"),
        (
            "set_field:5->tcp_dst",
            "actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)"
        ),
        ("set_field:5->ct_mark", "cannot set CT fields outside of ct action"),
        ("set_field:3->nw_tos", "3 is not a valid value for field nw_tos"),
        ("load:5", "5: missing `->'"), ("load:5->foo[]", "foo[]: unknown field `foo'"),
        ("load:x->reg0[]", "x->reg0[]: cannot parse integer value"),
        ("load:0x10->reg0[0..3]", "0x10->reg0[0..3]: value 0x10 does not fit into 4 bits"),
        ("load:5->reg0[4..1]", "reg0[4..1]: starting bit 4 is after ending bit 1"),
        ("move:reg0[]", "reg0[]: missing `->' following source"),
        (
            "move:reg0[]->reg1[0..3]",
            "reg0[]->reg1[0..3]: source field is 32 bits wide but destination is 4 bits wide"
        ),
        ("push", ": unknown field `'"), ("set_tunnel:x", "invalid numeric format x"),
        ("set_tunnel", "missing required numeric argument"),
        (
            "resubmit()", "at least one \"in_port\" or \"table\" must be specified on resubmit"
        ),
        ("resubmit(foo,1)", "foo: resubmit to unknown port"),
        ("resubmit(1,300)", "300: resubmit to unknown table"),
        ("goto_table:foo", "unknown table \"foo\""),
        ("write_actions(goto_table:5)", "goto_table instruction not allowed here"),
        ("note:0", "bad hex digit in `note' argument"),
        (
            "drop,output:1",
            "\"drop\" must not be accompanied by any other action or instruction"
        ),
        ("learn(foo)", "foo: unknown keyword foo"),
        ("learn(table=255)", "table=255: table id 255 not valid for `learn' action"),
        ("learn(load:5)", "load: missing `->' in `5'"),
        (
            "learn(reg0=x)",
            "reg0=x: reg0 value x cannot be parsed as a subfield (x: unknown field `x') or an "
                + "immediate value (x: bad syntax for reg0 value)"
        ),
        ("conjunction(1)", "\"conjunction\" syntax is \"conjunction(id,i/n)\""),
        ("conjunction(1,1/1)", "conjunction must have at least 2 clauses"),
        (
            "conjunction(5,3/2)", "clause index must be less than or equal to number of clauses"
        ),
        ("fin_timeout(foo=1)", "invalid key 'foo' in 'fin_timeout' argument"),
        ("controller(foo=1)", "unknown key \"foo\" parsing controller action"),
        ("controller(reason=foo)", "unknown reason \"foo\""),
        (
            "goto_table:1,output:2",
            "invalid instruction ordering: apply_actions must appear before goto_table, for "
                + "OpenFlow 1.1+ compatibility"
        ),
        (
            "clear_actions,clear_actions",
            "duplicate clear_actions instruction not allowed, for OpenFlow 1.1+ compatibility"
        ),
        ("apply_actions(output:1)", "apply_actions is the default instruction"),
        ("none", "actions are invalid with specified match (OFPBAC_BAD_OUT_PORT)"),
    ])
    func `a wrong action gets a sentence`(text: String, expected: String) {
        #expect(throws: SyntaxError(expected)) { try printed(text) }
    }

    @Test(arguments: [
        ("strip_vlan", "OpenFlow10,NXM"), ("push_vlan:0x8100", "OXM,OpenFlow11"),
        ("set_field:5->reg0", "NXM,OXM"), ("write_metadata:5", "NXM,OXM,OpenFlow11"),
        ("meter:5", "OXM-OpenFlow13,OXM-OpenFlow14,OXM-OpenFlow15"), ("dec_ttl", "any"),
        ("mod_vlan_vid:5", "any"), ("pop_mpls:0x800", "OpenFlow10,NXM"),
    ])
    func `the usable formats are OVS's`(text: String, expected: String) throws {
        var parser = FlowParser()
        #expect(try parser.flow("ip,actions=" + text, for: .add).formats.text == expected)
    }

    @Test func `lists that are nested too deeply are refused`() {
        let text = String(repeating: "clone(", count: 40) + String(repeating: ")", count: 40)
        #expect(throws: SyntaxError("Action nested too deeply")) { try printed(text) }
    }
}
