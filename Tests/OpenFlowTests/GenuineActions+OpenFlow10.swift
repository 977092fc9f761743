extension GenuineActions {
    /// What OpenFlow 1.0 has in a form of its own.
    static let openFlow10: [(flow: String, versions: String, hex: String, text: String)] = [
        (
            "ip,actions=ct(commit,exec(load:1->NXM_NX_CT_MARK[]))",
            "10",
            "ffff00300000232000230001000000000000ff0000000000ffff0018000023200007001f0001d6"
                + "040000000000000001",
            "ct(commit,exec(load:0x1->NXM_NX_CT_MARK[]))"
        ),
        (
            "ip,actions=ct(commit,exec(set_field:1->ct_mark))",
            "10",
            "ffff00300000232000230001000000000000ff0000000000ffff0018000023200007001f0001d6"
                + "040000000000000001",
            "ct(commit,exec(load:0x1->NXM_NX_CT_MARK[]))"
        ),
        (
            "ip,actions=ct(commit,exec(set_field:1/0xff->ct_mark))",
            "10",
            "ffff00300000232000230001000000000000ff0000000000ffff001800002320000700070001d6"
                + "040000000000000001",
            "ct(commit,exec(load:0x1->NXM_NX_CT_MARK[0..7]))"
        ),
        (
            "ip,actions=ct(commit,exec(set_field:0x123456789abcdef0123456789->ct_label))",
            "10",
            "ffff00480000232000230001000000000000ff0000000000ffff0018000023200007003f0001d8"
                + "10abcdef0123456789ffff0018000023200007103f0001d8100000000123456789",
            "ct(commit,exec(load:0xabcdef0123456789->NXM_NX_CT_LABEL[0..63],load:0x12345678"
                + "9->NXM_NX_CT_LABEL[64..127]))"
        ),
        (
            "ip,actions=ct(commit,exec(set_field:0x1/0xf->ct_label,set_field:5->ct_mark))",
            "10",
            "ffff00480000232000230001000000000000ff0000000000ffff001800002320000700030001d8"
                + "100000000000000001ffff0018000023200007001f0001d6040000000000000005",
            "ct(commit,exec(load:0x1->NXM_NX_CT_LABEL[0..3],load:0x5->NXM_NX_CT_MARK[]))"
        ),
        (
            "ip,actions=ct(commit,exec(load:1->NXM_NX_CT_LABEL[64..127]))",
            "10",
            "ffff00300000232000230001000000000000ff0000000000ffff0018000023200007103f0001d8"
                + "100000000000000001",
            "ct(commit,exec(load:0x1->NXM_NX_CT_LABEL[64..127]))"
        ),
        (
            "ip,actions=ct(commit,exec(move:NXM_NX_REG0[]->NXM_NX_CT_MARK[]))",
            "10",
            "ffff00300000232000230001000000000000ff0000000000ffff00180000232000060020000000"
                + "00000100040001d604",
            "ct(commit,exec(move:NXM_NX_REG0[]->NXM_NX_CT_MARK[]))"
        ),
        (
            "ip,actions=ct(commit,zone=5,table=3,nat(src=1.1.1.1),exec(load:1->ct_mark))",
            "10",
            "ffff00480000232000230001000000000005030000000000ffff00180000232000240000000100"
                + "010101010100000000ffff0018000023200007001f0001d6040000000000000001",
            "ct(commit,table=3,zone=5,nat(src=1.1.1.1),exec(load:0x1->NXM_NX_CT_MARK[]))"
        ),
        (
            "ip,actions=ct(commit,exec(load:1->ct_mark),nat)",
            "10",
            "ffff00400000232000230001000000000000ff0000000000ffff0018000023200007001f0001d6"
                + "040000000000000001ffff0010000023200024000000000000",
            "ct(commit,exec(load:0x1->NXM_NX_CT_MARK[],nat))"
        ),
        (
            "actions=clone(output:1,clone(2)),3",
            "10",
            "ffff003000002320002a0000000000000000000800010000ffff001800002320002a0000000000"
                + "0000000008000200000000000800030000",
            "clone(output:1,clone(output:2)),output:3"
        ),
        (
            "actions=clear_actions,write_actions(drop),goto_table:5",
            "10",
            "ffff001000002320000efff805000000",
            "resubmit(,5)"
        ),
        (
            "dl_type=0x894f,actions=move:nsh_c1->nsh_c2",
            "10",
            "ffff0020000023200006002000000000ffff0c08005ad650ffff0e08005ad650",
            "move:NXOXM_NSH_C1[]->NXOXM_NSH_C2[]"
        ),
        (
            "dl_type=0x894f,actions=load:1->nsh_c2",
            "10",
            "ffff0018000023200021ffff0e08005ad650000000010000",
            "set_field:0x1->nsh_c2"
        ),
        (
            "dl_type=0x894f,actions=load:1->nsh_c2[3..5]",
            "10",
            "ffff0020000023200021ffff0f0c005ad6500000000800000038000000000000",
            "set_field:0x8/0x38->nsh_c2"
        ),
        (
            "dl_type=0x894f,actions=set_field:1->nsh_ttl,set_field:2->nsh_spi,set_field:1/3"
                + "->nsh_c1",
            "10",
            "ffff0018000023200021ffff1405005ad650010000000000ffff0018000023200021ffff080800"
                + "5ad650000000020000ffff0020000023200021ffff0d0c005ad650000000010000000300000000"
                + "0000",
            "set_field:1->nsh_ttl,set_field:0x2->nsh_spi,set_field:0x1/0x3->nsh_c1"
        ),
        (
            "actions=write_metadata:1/0xf",
            "10",
            "ffff00200000232000160000000000000000000000000001000000000000000f",
            "write_metadata:0x1/0xf"
        ),
        (
            "actions=set_queue:5,output:1,pop_queue",
            "10",
            "ffff00100000232000040000000000050000000800010000ffff00100000232000050000000000"
                + "00",
            "set_queue:5,output:1,pop_queue"
        ),
        (
            "mpls,actions=dec_mpls_ttl,set_mpls_ttl:4,set_mpls_label:3,set_mpls_tc:2",
            "10",
            "ffff001000002320001a000000000000ffff0010000023200019040000000000ffff0010000023"
                + "20001e000000000003ffff001000002320001f020000000000",
            "dec_mpls_ttl,set_mpls_ttl(4),set_mpls_label(3),set_mpls_tc(2)"
        ),
        (
            "ip,actions=push_mpls:0x8847,set_field:5->mpls_label,pop_mpls:0x800",
            "10",
            "ffff0010000023200017884700000000ffff001800002320000700138000440400000000000000"
                + "05ffff0010000023200018080000000000",
            "push_mpls:0x8847,load:0x5->OXM_OF_MPLS_LABEL[],pop_mpls:0x0800"
        ),
        (
            "arp,actions=set_field:2->arp_op,move:arp_sha->arp_tha",
            "10",
            "ffff0018000023200007000f00001e020000000000000002ffff00180000232000060030000000"
                + "000001220600012406",
            "load:0x2->NXM_OF_ARP_OP[],move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[]"
        ),
        (
            "icmp6,icmp_type=135,actions=set_field:fe80::1->nd_target,set_field:1->nd_optio"
                + "ns_type,set_field:2->nd_reserved",
            "10",
            "ffff0018000023200007003f00012e100000000000000001ffff0018000023200007103f00012e"
                + "10fe80000000000000ffff00180000232000070007100004010000000000000001ffff00180000"
                + "23200007001f100002040000000000000002",
            "load:0x1->NXM_NX_ND_TARGET[0..63],load:0xfe80000000000000->NXM_NX_ND_TARGET[64"
                + "..127],load:0x1->ERICOXM_OF_ICMPV6_ND_OPTIONS_TYPE[],load:0x2->ERICOXM_OF_ICMP"
                + "V6_ND_RESERVED[]"
        ),
        (
            "actions=set_field:1->in_port",
            "10",
            "ffff0018000023200007000f000000020000000000000001",
            "load:0x1->NXM_OF_IN_PORT[]"
        ),
        (
            "actions=load:1->in_port_oxm",
            "10",
            "ffff0018000023200007001f800000040000000000000001",
            "load:0x1->OXM_OF_IN_PORT[]"
        ),
        (
            "actions=move:reg0->reg1",
            "10",
            "ffff00180000232000060020000000000001000400010204",
            "move:NXM_NX_REG0[]->NXM_NX_REG1[]"
        ),
        (
            "actions=set_tunnel:5,set_tunnel64:0x1234567890",
            "10",
            "ffff0010000023200002000000000005ffff001800002320000900000000000000000012345678"
                + "90",
            "set_tunnel:0x5,set_tunnel64:0x1234567890"
        ),
        (
            "ip,actions=ct(nat,commit,exec(set_field:1->ct_mark))",
            "10",
            "ffff00400000232000230001000000000000ff0000000000ffff00100000232000240000000000"
                + "00ffff0018000023200007001f0001d6040000000000000001",
            "ct(commit,nat,exec(load:0x1->NXM_NX_CT_MARK[]))"
        ),
    ]
}
