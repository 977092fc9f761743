extension GenuineActions {
    /// Instructions and actions of OpenFlow 1.3 and 1.5, with the versions that have them so.
    static let later: [(flow: String, versions: String, hex: String, text: String)] = [
        (
            "ip,actions=ct(commit,exec(load:1->NXM_NX_CT_MARK[]))",
            "13",
            "0004003800000000ffff00300000232000230001000000000000ff0000000000ffff0018000023"
                + "200007001f0001d6040000000000000001",
            "ct(commit,exec(load:0x1->NXM_NX_CT_MARK[]))"
        ),
        (
            "ip,actions=ct(commit,exec(load:1->NXM_NX_CT_MARK[]))",
            "15",
            "0004003000000000ffff00280000232000230001000000000000ff0000000000001900100001d6"
                + "040000000100000000",
            "ct(commit,exec(set_field:0x1->ct_mark))"
        ),
        (
            "ip,actions=ct(commit,exec(set_field:1->ct_mark))",
            "13 15",
            "0004003000000000ffff00280000232000230001000000000000ff0000000000001900100001d6"
                + "040000000100000000",
            "ct(commit,exec(set_field:0x1->ct_mark))"
        ),
        (
            "ip,actions=ct(commit,exec(set_field:1/0xff->ct_mark))",
            "13",
            "0004003800000000ffff00300000232000230001000000000000ff0000000000ffff0018000023"
                + "20000700070001d6040000000000000001",
            "ct(commit,exec(load:0x1->NXM_NX_CT_MARK[0..7]))"
        ),
        (
            "ip,actions=ct(commit,exec(set_field:1/0xff->ct_mark))",
            "15",
            "0004003000000000ffff00280000232000230001000000000000ff0000000000001900100001d7"
                + "0800000001000000ff",
            "ct(commit,exec(set_field:0x1/0xff->ct_mark))"
        ),
        (
            "ip,actions=ct(commit,exec(set_field:0x123456789abcdef0123456789->ct_label))",
            "13 15",
            "0004003800000000ffff00300000232000230001000000000000ff0000000000001900180001d8"
                + "100000000123456789abcdef0123456789",
            "ct(commit,exec(set_field:0x123456789abcdef0123456789->ct_label))"
        ),
        (
            "ip,actions=ct(commit,exec(set_field:0x1/0xf->ct_label,set_field:5->ct_mark))",
            "13",
            "0004004800000000ffff00400000232000230001000000000000ff0000000000ffff0018000023"
                + "20000700030001d8100000000000000001001900100001d6040000000500000000",
            "ct(commit,exec(load:0x1->NXM_NX_CT_LABEL[0..3],set_field:0x5->ct_mark))"
        ),
        (
            "ip,actions=ct(commit,exec(set_field:0x1/0xf->ct_label,set_field:5->ct_mark))",
            "15",
            "0004005800000000ffff00500000232000230001000000000000ff0000000000001900280001d9"
                + "20000000000000000000000000000000010000000000000000000000000000000f001900100001"
                + "d6040000000500000000",
            "ct(commit,exec(set_field:0x1/0xf->ct_label,set_field:0x5->ct_mark))"
        ),
        (
            "ip,actions=ct(commit,exec(load:1->NXM_NX_CT_LABEL[64..127]))",
            "13",
            "0004003800000000ffff00300000232000230001000000000000ff0000000000ffff0018000023"
                + "200007103f0001d8100000000000000001",
            "ct(commit,exec(load:0x1->NXM_NX_CT_LABEL[64..127]))"
        ),
        (
            "ip,actions=ct(commit,exec(load:1->NXM_NX_CT_LABEL[64..127]))",
            "15",
            "0004004800000000ffff00400000232000230001000000000000ff0000000000001900280001d9"
                + "2000000000000000010000000000000000ffffffffffffffff0000000000000000",
            "ct(commit,exec(set_field:0x10000000000000000/0xffffffffffffffff000000000000000"
                + "0->ct_label))"
        ),
        (
            "ip,actions=ct(commit,exec(move:NXM_NX_REG0[]->NXM_NX_CT_MARK[]))",
            "13",
            "0004003800000000ffff00300000232000230001000000000000ff0000000000ffff0018000023"
                + "200006002000000000000100040001d604",
            "ct(commit,exec(move:NXM_NX_REG0[]->NXM_NX_CT_MARK[]))"
        ),
        (
            "ip,actions=ct(commit,exec(move:NXM_NX_REG0[]->NXM_NX_CT_MARK[]))",
            "15",
            "0004003800000000ffff00300000232000230001000000000000ff0000000000001c0018002000"
                + "0000000000000100040001d60400000000",
            "ct(commit,exec(move:NXM_NX_REG0[]->NXM_NX_CT_MARK[]))"
        ),
        (
            "ip,actions=ct(commit,zone=5,table=3,nat(src=1.1.1.1),exec(load:1->ct_mark))",
            "13",
            "0004005000000000ffff00480000232000230001000000000005030000000000ffff0018000023"
                + "2000240000000100010101010100000000ffff0018000023200007001f0001d604000000000000"
                + "0001",
            "ct(commit,table=3,zone=5,nat(src=1.1.1.1),exec(load:0x1->NXM_NX_CT_MARK[]))"
        ),
        (
            "ip,actions=ct(commit,zone=5,table=3,nat(src=1.1.1.1),exec(load:1->ct_mark))",
            "15",
            "0004004800000000ffff00400000232000230001000000000005030000000000ffff0018000023"
                + "2000240000000100010101010100000000001900100001d6040000000100000000",
            "ct(commit,table=3,zone=5,nat(src=1.1.1.1),exec(set_field:0x1->ct_mark))"
        ),
        (
            "ip,actions=ct(commit,exec(load:1->ct_mark),nat)",
            "13",
            "0004004800000000ffff00400000232000230001000000000000ff0000000000ffff0018000023"
                + "200007001f0001d6040000000000000001ffff0010000023200024000000000000",
            "ct(commit,exec(load:0x1->NXM_NX_CT_MARK[],nat))"
        ),
        (
            "ip,actions=ct(commit,exec(load:1->ct_mark),nat)",
            "15",
            "0004004000000000ffff00380000232000230001000000000000ff0000000000001900100001d6"
                + "040000000100000000ffff0010000023200024000000000000",
            "ct(commit,exec(set_field:0x1->ct_mark,nat))"
        ),
        (
            "ip,actions=write_actions(ct(commit))",
            "13 15",
            "0003002000000000ffff00180000232000230001000000000000ff0000000000",
            "write_actions(ct(commit))"
        ),
        (
            "dl_type=0x894f,actions=dec_nsh_ttl",
            "13 15",
            "0004001800000000ffff0010000023200030000000000000",
            "dec_nsh_ttl"
        ),
        (
            "actions=encap(nsh)",
            "13 15",
            "0004001800000000ffff001000002320002e00000001894f",
            "encap(nsh)"
        ),
        (
            "actions=encap(nsh(md_type=1))",
            "13 15",
            "0004002000000000ffff001800002320002e00000001894f0004010501000000",
            "encap(nsh(md_type=1))"
        ),
        (
            "actions=encap(nsh(md_type=2))",
            "13 15",
            "0004002000000000ffff001800002320002e00000001894f0004010502000000",
            "encap(nsh(md_type=2))"
        ),
        (
            "actions=encap(nsh(md_type=2,tlv(0x1000,10,0x12345678)))",
            "13 15",
            "0004003000000000ffff002800002320002e00000001894f00040105020000000004021010000a"
                + "041234567800000000",
            "encap(nsh(md_type=2,tlv(0x1000,10,0x12345678)))"
        ),
        (
            "actions=encap(nsh(md_type=2,tlv(0x1000,10,0x12345678),tlv(0x2000,20,0xfedcba98"
                + "76543210)))",
            "13 15",
            "0004004000000000ffff003800002320002e00000001894f00040105020000000004021010000a"
                + "0412345678000000000004021020001408fedcba9876543210",
            "encap(nsh(md_type=2,tlv(0x1000,10,0x12345678),tlv(0x2000,20,0xfedcba9876543210"
                + ")))"
        ),
        (
            "actions=encap(nsh(md_type=2,tlv(0x1000,10,0x123456)))",
            "13 15",
            "0004003000000000ffff002800002320002e00000001894f00040105020000000004021010000a"
                + "031234560000000000",
            "encap(nsh(md_type=2,tlv(0x1000,10,0x123456)))"
        ),
        (
            "actions=encap(nsh(md_type=2,tlv(0x1000,10,0x123)))",
            "13 15",
            "0004003000000000ffff002800002320002e00000001894f00040105020000000004021010000a"
                + "011200000000000000",
            "encap(nsh(md_type=2,tlv(0x1000,10,0x12)))"
        ),
        (
            "actions=encap(nsh(md_type=2,tlv(0x1000,300,0x12)))",
            "13 15",
            "0004003000000000ffff002800002320002e00000001894f00040105020000000004021010002c"
                + "011200000000000000",
            "encap(nsh(md_type=2,tlv(0x1000,44,0x12)))"
        ),
        (
            "actions=encap(nsh(tlv(0x1000,10,0x12345678)))",
            "13 15",
            "0004002800000000ffff002000002320002e00000001894f0004021010000a0412345678000000"
                + "00",
            "encap(nsh(tlv(0x1000,10,0x12345678)))"
        ),
        (
            "actions=encap(ethernet)",
            "13 15",
            "0004001800000000ffff001000002320002e000000000000",
            "encap(ethernet)"
        ),
        (
            "actions=encap(mpls)",
            "13 15",
            "0004001800000000ffff001000002320002e000000018847",
            "encap(mpls)"
        ),
        (
            "actions=encap(mpls_mc)",
            "13 15",
            "0004001800000000ffff001000002320002e000000018848",
            "encap(mpls_mc)"
        ),
        (
            "actions=encap(ethernet())",
            "13 15",
            "0004001800000000ffff001000002320002e000000000000",
            "encap(ethernet)"
        ),
        ("actions=decap", "13 15", "0004001800000000ffff001000002320002f00000000fffe", "decap()"),
        (
            "actions=decap(packet_type(ns=0,type=0))",
            "13 15",
            "0004001800000000ffff001000002320002f000000000000",
            "decap(packet_type(ns=0,type=0))"
        ),
        (
            "actions=decap(packet_type(ns=1,type=0x800))",
            "13 15",
            "0004001800000000ffff001000002320002f000000010800",
            "decap(packet_type(ns=1,type=0x800))"
        ),
        (
            "actions=clone(output:1,clone(2)),3",
            "13 15",
            "0004005800000000ffff004000002320002a000000000000000000100000000100000000000000"
                + "00ffff002000002320002a00000000000000000010000000020000000000000000000000100000"
                + "00030000000000000000",
            "clone(output:1,clone(output:2)),output:3"
        ),
        (
            "actions=write_actions(resubmit(,1))",
            "13 15",
            "0003001800000000ffff001000002320000efff801000000",
            "write_actions(resubmit(,1))"
        ),
        (
            "actions=write_actions(output:1,set_field:1->reg0,group:5,set_queue:1)",
            "13 15",
            "000300380000000000000010000000010000000000000000001900100001000400000001000000"
                + "0000160008000000050015000800000001",
            "write_actions(output:1,set_field:0x1->reg0,group:5,set_queue:1)"
        ),
        (
            "actions=write_actions(move:reg0->reg1)",
            "13",
            "0003002000000000ffff00180000232000060020000000000001000400010204",
            "write_actions(move:NXM_NX_REG0[]->NXM_NX_REG1[])"
        ),
        (
            "actions=write_actions(move:reg0->reg1)",
            "15",
            "0003002000000000001c00180020000000000000000100040001020400000000",
            "write_actions(move:NXM_NX_REG0[]->NXM_NX_REG1[])"
        ),
        (
            "actions=write_actions(load:1->reg1)",
            "13",
            "0003002000000000ffff0018000023200007001f000102040000000000000001",
            "write_actions(load:0x1->NXM_NX_REG1[])"
        ),
        (
            "actions=write_actions(load:1->reg1)",
            "15",
            "000300180000000000190010000102040000000100000000",
            "write_actions(set_field:0x1->reg1)"
        ),
        (
            "actions=write_actions(encap(ethernet))",
            "13 15",
            "0003001800000000ffff001000002320002e000000000000",
            "write_actions(encap(ethernet))"
        ),
        (
            "actions=clear_actions,write_actions(drop),goto_table:5",
            "13 15",
            "00050008000000000001000805000000",
            "clear_actions,goto_table:5"
        ),
        (
            "dl_type=0x894f,actions=move:nsh_c1->nsh_c2",
            "13",
            "0004002800000000ffff0020000023200006002000000000ffff0c08005ad650ffff0e08005ad6"
                + "50",
            "move:NXOXM_NSH_C1[]->NXOXM_NSH_C2[]"
        ),
        (
            "dl_type=0x894f,actions=move:nsh_c1->nsh_c2",
            "15",
            "0004002800000000001c00200020000000000000ffff0c08005ad650ffff0e08005ad650000000"
                + "00",
            "move:NXOXM_NSH_C1[]->NXOXM_NSH_C2[]"
        ),
        (
            "dl_type=0x894f,actions=load:1->nsh_c2",
            "13",
            "0004002000000000ffff0018000023200021ffff0e08005ad650000000010000",
            "set_field:0x1->nsh_c2"
        ),
        (
            "dl_type=0x894f,actions=load:1->nsh_c2",
            "15",
            "000400180000000000190010ffff0e08005ad65000000001",
            "set_field:0x1->nsh_c2"
        ),
        (
            "dl_type=0x894f,actions=load:1->nsh_c2[3..5]",
            "13",
            "0004002800000000ffff0020000023200021ffff0f0c005ad65000000008000000380000000000"
                + "00",
            "set_field:0x8/0x38->nsh_c2"
        ),
        (
            "dl_type=0x894f,actions=load:1->nsh_c2[3..5]",
            "15",
            "000400200000000000190018ffff0f0c005ad650000000080000003800000000",
            "set_field:0x8/0x38->nsh_c2"
        ),
        (
            "dl_type=0x894f,actions=set_field:1->nsh_ttl,set_field:2->nsh_spi,set_field:1/3"
                + "->nsh_c1",
            "13",
            "000400480000000000190010ffff1405005ad6500100000000190010ffff0808005ad650000000"
                + "02ffff0020000023200021ffff0d0c005ad6500000000100000003000000000000",
            "set_field:1->nsh_ttl,set_field:0x2->nsh_spi,set_field:0x1/0x3->nsh_c1"
        ),
        (
            "dl_type=0x894f,actions=set_field:1->nsh_ttl,set_field:2->nsh_spi,set_field:1/3"
                + "->nsh_c1",
            "15",
            "000400400000000000190010ffff1405005ad6500100000000190010ffff0808005ad650000000"
                + "0200190018ffff0d0c005ad650000000010000000300000000",
            "set_field:1->nsh_ttl,set_field:0x2->nsh_spi,set_field:0x1/0x3->nsh_c1"
        ),
        (
            "actions=meter:1,output:1",
            "13",
            "0006000800000001000400180000000000000010000000010000000000000000",
            "meter:1,output:1"
        ),
        (
            "actions=meter:1,output:1",
            "15",
            "0004002000000000001d00080000000100000010000000010000000000000000",
            "meter:1,output:1"
        ),
        (
            "actions=write_metadata:1/0xf",
            "13 15",
            "00020018000000000000000000000001000000000000000f",
            "write_metadata:0x1/0xf"
        ),
        (
            "actions=set_queue:5,output:1,pop_queue",
            "13 15",
            "0004003000000000001500080000000500000010000000010000000000000000ffff0010000023"
                + "200005000000000000",
            "set_queue:5,output:1,pop_queue"
        ),
        (
            "mpls,actions=dec_mpls_ttl,set_mpls_ttl:4,set_mpls_label:3,set_mpls_tc:2",
            "13 15",
            "00040038000000000010000800000000000f000804000000001900108000440400000003000000"
                + "0000190010800046010200000000000000",
            "dec_mpls_ttl,set_mpls_ttl(4),set_field:3->mpls_label,set_field:2->mpls_tc"
        ),
        (
            "ip,actions=push_mpls:0x8847,set_field:5->mpls_label,pop_mpls:0x800",
            "13 15",
            "000400280000000000130008884700000019001080004404000000050000000000140008080000"
                + "00",
            "push_mpls:0x8847,set_field:5->mpls_label,pop_mpls:0x0800"
        ),
        (
            "arp,actions=set_field:2->arp_op,move:arp_sha->arp_tha",
            "13",
            "00040030000000000019001080002a020002000000000000ffff00180000232000060030000000"
                + "000001220600012406",
            "set_field:2->arp_op,move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[]"
        ),
        (
            "arp,actions=set_field:2->arp_op,move:arp_sha->arp_tha",
            "15",
            "00040030000000000019001080002a020002000000000000001c00180030000000000000800030"
                + "068000320600000000",
            "set_field:2->arp_op,move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[]"
        ),
        (
            "icmp6,icmp_type=135,actions=set_field:fe80::1->nd_target,set_field:1->nd_optio"
                + "ns_type,set_field:2->nd_reserved",
            "13 15",
            "00040040000000000019001880003e10fe80000000000000000000000000000100190010100004"
                + "01010000000000000000190010100002040000000200000000",
            "set_field:fe80::1->nd_target,set_field:1->nd_options_type,set_field:2->nd_rese"
                + "rved"
        ),
        (
            "actions=set_field:1->in_port",
            "13 15",
            "000400180000000000190010000000020001000000000000",
            "set_field:1->in_port"
        ),
        (
            "actions=load:1->in_port_oxm",
            "13",
            "0004002000000000ffff0018000023200007001f800000040000000000000001",
            "load:0x1->OXM_OF_IN_PORT[]"
        ),
        (
            "actions=move:reg0->reg1",
            "13",
            "0004002000000000ffff00180000232000060020000000000001000400010204",
            "move:NXM_NX_REG0[]->NXM_NX_REG1[]"
        ),
        (
            "actions=move:reg0->reg1",
            "15",
            "0004002000000000001c00180020000000000000000100040001020400000000",
            "move:NXM_NX_REG0[]->NXM_NX_REG1[]"
        ),
        (
            "actions=set_tunnel:5,set_tunnel64:0x1234567890",
            "13 15",
            "00040028000000000019001080004c0800000000000000050019001080004c0800000012345678"
                + "90",
            "set_field:0x5->tun_id,set_field:0x1234567890->tun_id"
        ),
        (
            "actions=write_actions(decap)",
            "13 15",
            "0003001800000000ffff001000002320002f00000000fffe",
            "write_actions(decap())"
        ),
        (
            "actions=write_actions(ct_clear)",
            "13 15",
            "0003001800000000ffff001000002320002b000000000000",
            "write_actions(ct_clear)"
        ),
        (
            "actions=write_actions(controller)",
            "13 15",
            "000300180000000000000010fffffffdffff000000000000",
            "write_actions(CONTROLLER:65535)"
        ),
        (
            "actions=write_actions(dec_nsh_ttl)",
            "13 15",
            "0003001800000000ffff0010000023200030000000000000",
            "write_actions(dec_nsh_ttl)"
        ),
        (
            "actions=write_actions(set_tunnel:5)",
            "13 15",
            "00030018000000000019001080004c080000000000000005",
            "write_actions(set_field:0x5->tun_id)"
        ),
        (
            "ip,actions=write_actions(dec_ttl(1,2))",
            "13 15",
            "0003002000000000ffff00180000232000150002000000000001000200000000",
            "write_actions(dec_ttl(1,2))"
        ),
        (
            "ip,actions=ct(nat,commit,exec(set_field:1->ct_mark))",
            "13 15",
            "0004004000000000ffff00380000232000230001000000000000ff0000000000ffff0010000023"
                + "200024000000000000001900100001d6040000000100000000",
            "ct(commit,nat,exec(set_field:0x1->ct_mark))"
        ),
    ]
}
