/// Actions as genuine `ovs-ofctl add-flow` sends them, with the flow that it was given and the
/// text that it prints of them.
enum GenuineActions {
    /// What is the same in OpenFlow 1.0 and, within an instruction, in 1.3 and 1.5.
    static let everyVersion: [(flow: String, hex: String, text: String)] = [
        ("ip,actions=ct", "ffff00180000232000230000000000000000ff0000000000", "ct()"),
        (
            "ip,actions=ct(commit)",
            "ffff00180000232000230001000000000000ff0000000000",
            "ct(commit)"
        ),
        (
            "ip,actions=ct(commit,force)",
            "ffff00180000232000230003000000000000ff0000000000",
            "ct(commit,force)"
        ),
        (
            "ip,actions=ct(zone=5)",
            "ffff00180000232000230000000000000005ff0000000000",
            "ct(zone=5)"
        ),
        (
            "ip,actions=ct(zone=65535,table=3)",
            "ffff0018000023200023000000000000ffff030000000000",
            "ct(table=3,zone=65535)"
        ),
        (
            "ip,actions=ct(zone=reg0[0..15])",
            "ffff0018000023200023000000010004000fff0000000000",
            "ct(zone=NXM_NX_REG0[0..15])"
        ),
        (
            "ip,actions=ct(zone=NXM_NX_CT_ZONE[])",
            "ffff001800002320002300000001d402000fff0000000000",
            "ct(zone=NXM_NX_CT_ZONE[])"
        ),
        (
            "ip,actions=ct(table=3)",
            "ffff00180000232000230000000000000000030000000000",
            "ct(table=3)"
        ),
        (
            "tcp,actions=ct(commit,alg=ftp)",
            "ffff00180000232000230001000000000000ff0000000015",
            "ct(commit,alg=ftp)"
        ),
        (
            "udp,actions=ct(commit,alg=tftp)",
            "ffff00180000232000230001000000000000ff0000000045",
            "ct(commit,alg=tftp)"
        ),
        (
            "ip,actions=ct(nat)",
            "ffff00280000232000230000000000000000ff0000000000ffff00100000232000240000000000"
                + "00",
            "ct(nat)"
        ),
        (
            "ip,actions=ct(commit,nat(src))",
            "ffff00280000232000230001000000000000ff0000000000ffff00100000232000240000000100"
                + "00",
            "ct(commit,nat(src))"
        ),
        (
            "ip,actions=ct(commit,nat(src,random))",
            "ffff00280000232000230001000000000000ff0000000000ffff00100000232000240000001100"
                + "00",
            "ct(commit,nat(src))"
        ),
        (
            "ip,actions=ct(commit,nat(dst,persistent,hash))",
            "ffff00280000232000230001000000000000ff0000000000ffff00100000232000240000000e00"
                + "00",
            "ct(commit,nat(dst))"
        ),
        (
            "ip,actions=ct(commit,nat(src=10.0.0.1))",
            "ffff00300000232000230001000000000000ff0000000000ffff00180000232000240000000100"
                + "010a00000100000000",
            "ct(commit,nat(src=10.0.0.1))"
        ),
        (
            "ip,actions=ct(commit,nat(src=10.0.0.1,random))",
            "ffff00300000232000230001000000000000ff0000000000ffff00180000232000240000001100"
                + "010a00000100000000",
            "ct(commit,nat(src=10.0.0.1,random))"
        ),
        (
            "ip,actions=ct(commit,nat(src=10.0.0.1-10.0.0.9:80-90,hash,persistent))",
            "ffff00380000232000230001000000000000ff0000000000ffff00200000232000240000000d00"
                + "330a0000010a0000090050005a00000000",
            "ct(commit,nat(src=10.0.0.1-10.0.0.9:80-90,persistent,hash))"
        ),
        (
            "ip,actions=ct(commit,nat(src=10.0.0.1:80))",
            "ffff00300000232000230001000000000000ff0000000000ffff00180000232000240000000100"
                + "110a00000100500000",
            "ct(commit,nat(src=10.0.0.1:80))"
        ),
        (
            "ip,actions=ct(commit,nat(src=:80))",
            "ffff00280000232000230001000000000000ff0000000000ffff00100000232000240000000100"
                + "00",
            "ct(commit,nat(src))"
        ),
        (
            "ip,actions=ct(commit,nat(src=10.0.0.1-10.0.0.1:80-80))",
            "ffff00380000232000230001000000000000ff0000000000ffff00200000232000240000000100"
                + "330a0000010a0000010050005000000000",
            "ct(commit,nat(src=10.0.0.1:80))"
        ),
        (
            "ipv6,actions=ct(commit,nat(dst=fe80::1))",
            "ffff00380000232000230001000000000000ff0000000000ffff00200000232000240000000200"
                + "04fe800000000000000000000000000001",
            "ct(commit,nat(dst=fe80::1))"
        ),
        (
            "ipv6,actions=ct(commit,nat(dst=fe80::1-fe80::9))",
            "ffff00480000232000230001000000000000ff0000000000ffff00300000232000240000000200"
                + "0cfe800000000000000000000000000001fe800000000000000000000000000009",
            "ct(commit,nat(dst=fe80::1-fe80::9))"
        ),
        (
            "ipv6,actions=ct(commit,nat(dst=[fe80::1]-[fe80::9]:80-90))",
            "ffff00500000232000230001000000000000ff0000000000ffff00380000232000240000000200"
                + "3cfe800000000000000000000000000001fe8000000000000000000000000000090050005a0000"
                + "0000",
            "ct(commit,nat(dst=[fe80::1]-[fe80::9]:80-90))"
        ),
        (
            "ipv6,actions=ct(commit,nat(dst=[fe80::1]:80))",
            "ffff00400000232000230001000000000000ff0000000000ffff00280000232000240000000200"
                + "14fe8000000000000000000000000000010050000000000000",
            "ct(commit,nat(dst=[fe80::1]:80))"
        ),
        (
            "ipv6,actions=ct(commit,nat(dst=[fe80::1]))",
            "ffff00380000232000230001000000000000ff0000000000ffff00200000232000240000000200"
                + "04fe800000000000000000000000000001",
            "ct(commit,nat(dst=fe80::1))"
        ),
        (
            "ipv6,actions=ct(commit,nat(dst=[fe80::1]-[fe80::9]))",
            "ffff00480000232000230001000000000000ff0000000000ffff00300000232000240000000200"
                + "0cfe800000000000000000000000000001fe800000000000000000000000000009",
            "ct(commit,nat(dst=fe80::1-fe80::9))"
        ),
        (
            "ip,actions=ct(zone=5,zone=6)",
            "ffff00180000232000230000000000000006ff0000000000",
            "ct(zone=6)"
        ),
        (
            "ip,actions=ct(commit,nat,nat)",
            "ffff00380000232000230001000000000000ff0000000000ffff00100000232000240000000000"
                + "00ffff0010000023200024000000000000",
            "ct(commit,nat,exec(nat))"
        ),
        (
            "ip,actions=ct(table=1),ct(commit)",
            "ffff00180000232000230000000000000000010000000000ffff00180000232000230001000000"
                + "000000ff0000000000",
            "ct(table=1),ct(commit)"
        ),
        (
            "ip,actions=ct_clear,ct_clear",
            "ffff001000002320002b000000000000ffff001000002320002b000000000000",
            "ct_clear,ct_clear"
        ),
        (
            "actions=bundle(eth_src,50,active_backup,ofport,members:1,2,3)",
            "ffff002800002320000c0000000000320000000200030000000000000000000000010002000300"
                + "00",
            "bundle(eth_src,50,active_backup,ofport,members:1,2,3)"
        ),
        (
            "actions=bundle(symmetric_l3l4+udp,60,hrw,ofport,members:)",
            "ffff002000002320000c00010003003c00000002000000000000000000000000",
            "bundle(symmetric_l3l4+udp,60,hrw,ofport,members:)"
        ),
        (
            "actions=bundle(nw_dst,60,hrw,ofport,members:LOCAL,in_port)",
            "ffff002800002320000c00010005003c00000002000200000000000000000000fffefff8000000"
                + "00",
            "bundle(nw_dst,60,hrw,ofport,members:LOCAL,IN_PORT)"
        ),
        (
            "actions=bundle(symmetric_l3,60,hrw,ofport,members:1 2 3)",
            "ffff002800002320000c00010006003c0000000200030000000000000000000000010002000300"
                + "00",
            "bundle(symmetric_l3,60,hrw,ofport,members:1,2,3)"
        ),
        (
            "actions=bundle_load(eth_src,50,hrw,ofport,NXM_NX_REG0[],members:1,2,3,4,5)",
            "ffff003000002320000d000100000032000000020005001f000100040000000000010002000300"
                + "040005000000000000",
            "bundle_load(eth_src,50,hrw,ofport,NXM_NX_REG0[],members:1,2,3,4,5)"
        ),
        (
            "actions=bundle_load(nw_src,50,hrw,ofport,reg0[0..15],members:1)",
            "ffff002800002320000d000100040032000000020001000f000100040000000000010000000000"
                + "00",
            "bundle_load(nw_src,50,hrw,ofport,NXM_NX_REG0[0..15],members:1)"
        ),
        (
            "actions=bundle_load(nw_src,50,hrw,ofport,xxreg0,members:1)",
            "ffff002800002320000d000100040032000000020001007f0001de100000000000010000000000"
                + "00",
            "bundle_load(nw_src,50,hrw,ofport,NXM_NX_XXREG0[1..64],members:1)"
        ),
        (
            "actions=bundle_load(nw_src,50,hrw,ofport,xxreg0[100..120],members:1)",
            "ffff002800002320000d00010004003200000002000119140001de100000000000010000000000"
                + "00",
            "bundle_load(nw_src,50,hrw,ofport,NXM_NX_XXREG0[100..120],members:1)"
        ),
        (
            "actions=multipath(eth_src,50,modulo_n,1,0,NXM_NX_REG0[])",
            "ffff002000002320000a00000032000000000000000000000000001f00010004",
            "multipath(eth_src,50,modulo_n,1,0,NXM_NX_REG0[])"
        ),
        (
            "actions=multipath(symmetric_l4,1024,hash_threshold,5,0,reg0[0..7])",
            "ffff002000002320000a00010400000000010004000000000000000700010004",
            "multipath(symmetric_l4,1024,hash_threshold,5,0,NXM_NX_REG0[0..7])"
        ),
        (
            "actions=multipath(symmetric_l3l4+udp,50,iter_hash,5,7,NXM_NX_REG0[0..2])",
            "ffff002000002320000a00030032000000030004000000070000000200010004",
            "multipath(symmetric_l3l4+udp,50,iter_hash,5,7,NXM_NX_REG0[0..2])"
        ),
        (
            "actions=multipath(symmetric_l3,50,hrw,65536,0,NXM_NX_REG0[])",
            "ffff002000002320000a0006003200000002ffff000000000000001f00010004",
            "multipath(symmetric_l3,50,hrw,65536,0,NXM_NX_REG0[])"
        ),
        (
            "actions=check_pkt_larger(1500)->reg0[0]",
            "ffff001800002320003105dc000000010004000000000000",
            "check_pkt_larger(1500)->NXM_NX_REG0[0]"
        ),
        (
            "dl_type=0x894f,actions=check_pkt_larger(1500)->nsh_c1[3]",
            "ffff001800002320003105dc0003ffff0c08005ad6500000",
            "check_pkt_larger(1500)->NXOXM_NSH_C1[3]"
        ),
        (
            "actions=check_pkt_larger(1500)->xxreg0[100]",
            "ffff001800002320003105dc00640001de10000000000000",
            "check_pkt_larger(1500)->NXM_NX_XXREG0[100]"
        ),
        (
            "actions=delete_field:tun_metadata0",
            "ffff00180000232000320001507c00000000000000000000",
            "delete_field:tun_metadata0"
        ),
        (
            "actions=delete_field:tun_metadata63",
            "ffff00180000232000320001ce7c00000000000000000000",
            "delete_field:tun_metadata63"
        ),
        (
            "actions=sample(probability=12345)",
            "ffff001800002320001d3039000000000000000000000000",
            "sample(probability=12345,collector_set_id=0,obs_domain_id=0,obs_point_id=0)"
        ),
        (
            "actions=sample(probability=12345,collector_set_id=1,obs_domain_id=2,obs_point_"
                + "id=3)",
            "ffff001800002320001d3039000000010000000200000003",
            "sample(probability=12345,collector_set_id=1,obs_domain_id=2,obs_point_id=3)"
        ),
        (
            "actions=sample(probability=12345,collector_set_id=1,obs_domain_id=2,obs_point_"
                + "id=3,sampling_port=7)",
            "ffff002000002320002630390000000100000002000000030007000000000000",
            "sample(probability=12345,collector_set_id=1,obs_domain_id=2,obs_point_id=3,sam"
                + "pling_port=7)"
        ),
        (
            "actions=sample(probability=12345,sampling_port=LOCAL,egress)",
            "ffff00200000232000293039000000000000000000000000fffe020000000000",
            "sample(probability=12345,collector_set_id=0,obs_domain_id=0,obs_point_id=0,sam"
                + "pling_port=LOCAL,egress)"
        ),
        (
            "actions=sample(probability=12345,ingress)",
            "ffff00200000232000293039000000000000000000000000ffff010000000000",
            "sample(probability=12345,collector_set_id=0,obs_domain_id=0,obs_point_id=0,ing"
                + "ress)"
        ),
        (
            "tcp,actions=fin_timeout(idle_timeout=5,hard_timeout=9)",
            "ffff0010000023200013000500090000",
            "fin_timeout(idle_timeout=5,hard_timeout=9)"
        ),
        ("actions=resubmit(5,1)", "ffff001000002320000e000501000000", "resubmit(5,1)"),
        ("actions=resubmit:5", "ffff001000002320000e0005ff000000", "resubmit:5"),
        (
            "actions=controller(max_len=100,id=5)",
            "ffff0010000023200014006400050100",
            "controller(max_len=100,id=5)"
        ),
        (
            "actions=controller(id=1,reason=no_match,max_len=5,userdata=ff,pause,meter_id=7"
                + ")",
            "ffff00400000232000250000000000000000000800050000000100080001000000020005000000"
                + "0000030005ff00000000040004000000000005000800000007",
            "controller(reason=no_match,max_len=5,id=1,userdata=ff,pause,meter_id=7)"
        ),
        (
            "actions=controller(userdata=01.02.03.04.05.06.07.08.09)",
            "ffff00200000232000250000000000000003000d010203040506070809000000",
            "controller(userdata=01.02.03.04.05.06.07.08.09)"
        ),
        (
            "actions=controller(reason=group)",
            "ffff0010000023200014ffff00000400",
            "controller(reason=group)"
        ),
        (
            "actions=learn(table=1,limit=5,result_dst=reg0[0],NXM_OF_ETH_DST[]=NXM_OF_ETH_S"
                + "RC[],output:in_port)",
            "ffff004800002320002d0000000080000000000000000000000401000000000000000005000000"
                + "000001000400300000040600000000020600001010000000020000000000000000",
            "learn(table=1,limit=5,result_dst=NXM_NX_REG0[0],NXM_OF_ETH_DST[]=NXM_OF_ETH_SR"
                + "C[],output:NXM_OF_IN_PORT[])"
        ),
        (
            "actions=learn(table=1,limit=5)",
            "ffff002800002320002d0000000080000000000000000000000001000000000000000005000000"
                + "00",
            "learn(table=1,limit=5)"
        ),
        (
            "actions=learn(table=1,result_dst=reg0[3])",
            "ffff003000002320002d0000000080000000000000000000000401000000000000000000000300"
                + "000001000400000000",
            "learn(table=1,result_dst=NXM_NX_REG0[3])"
        ),
        (
            "actions=learn(table=1,xxreg0=0x123456789abcdef0123,in_port=LOCAL,reg0[0..7]=5)",
            "ffff00500000232000100000000080000000000000000000000001000000000020800000000000"
                + "000123456789abcdef01230001de1000002010fffe000000020000200800050001000400000000"
                + "0000",
            "learn(table=1,xxreg0=0x123456789abcdef0123,in_port=LOCAL,NXM_NX_REG0[0..7]=0x5"
                + ")"
        ),
        ("actions=clone()", "ffff001000002320002a000000000000", "clone(drop)"),
        (
            "actions=conjunction(1,1/2),conjunction(2,2/3),note:11",
            "ffff0010000023200022000200000001ffff0010000023200022010300000002ffff0010000023"
                + "200008110000000000",
            "conjunction(1,1/2),conjunction(2,2/3),note:11.00.00.00.00.00"
        ),
        (
            "actions=output(port=1,max_len=100)",
            "ffff0010000023200027000100000064",
            "output(port=1,max_len=100)"
        ),
        (
            "actions=output(port=LOCAL,max_len=100),output(port=in_port,max_len=14)",
            "ffff0010000023200027fffe00000064ffff0010000023200027fff80000000e",
            "output(port=LOCAL,max_len=100),output(port=IN_PORT,max_len=14)"
        ),
        (
            "actions=output:reg0[0..15]",
            "ffff001800002320000f000f00010004ffff000000000000",
            "output:NXM_NX_REG0[0..15]"
        ),
        (
            "actions=output:xxreg0",
            "ffff001800002320000f007f0001de10ffff000000000000",
            "output:NXM_NX_XXREG0[1..64]"
        ),
        (
            "actions=push:reg0[0..15],pop:reg1",
            "ffff001800002320001b0000000100040010000000000000ffff001800002320001c0000000102"
                + "040020000000000000",
            "push:NXM_NX_REG0[0..15],pop:NXM_NX_REG1[]"
        ),
        (
            "actions=push:xxreg0,pop:xxreg0[1..120]",
            "ffff001800002320001b00000001de100080000000000000ffff001800002320001c00010001de"
                + "100078000000000000",
            "push:NXM_NX_XXREG0[],pop:NXM_NX_XXREG0[1..120]"
        ),
        (
            "dl_type=0x894f,actions=push:nsh_c1,pop:nsh_c2",
            "ffff001800002320001b0000ffff0c08005ad65000200000ffff001800002320001c0000ffff0e"
                + "08005ad65000200000",
            "push:NXOXM_NSH_C1[],pop:NXOXM_NSH_C2[]"
        ),
        (
            "dl_type=0x894f,actions=output:nsh_c1[0..15]",
            "ffff0018000023200020000fffffffff0c08005ad6500000",
            "output:NXOXM_NSH_C1[0..15]"
        ),
        ("actions=note:", "ffff0010000023200008000000000000", "note:00.00.00.00.00.00"),
        ("actions=note:11.22.33", "ffff0010000023200008112233000000", "note:11.22.33.00.00.00"),
        ("actions=exit", "ffff0010000023200011000000000000", "exit"),
        (
            "ip,ct_state=+trk-inv,actions=resubmit(5,,ct)",
            "ffff001000002320002c0005ff000000",
            "resubmit:5"
        ),
        (
            "ip,actions=ct(commit,exec(nat(src=1.1.1.1)))",
            "ffff00300000232000230001000000000000ff0000000000ffff00180000232000240000000100"
                + "010101010100000000",
            "ct(commit,nat(src=1.1.1.1))"
        ),
    ]
}
