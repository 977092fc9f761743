import TestSupport

/// Tables, groups, meters and packets of few values, so that they meet often.
///
/// All that it makes is text for `ovs-ofctl` and `ofproto/trace`, and depends on the seed alone.
struct RandomPipeline {
    private var random: SplitMix64
    /// Whether rules may track connections, which packets that really come in cannot.
    private let hasTracking: Bool

    init(seed: UInt64, hasTracking: Bool) {
        random = SplitMix64(seed: seed &* 2 &+ (hasTracking ? 1 : 0) &+ 0x5eed)
        self.hasTracking = hasTracking
    }

    /// What is known of the packets that a rule matches.
    enum Kind: String, CaseIterable {
        case any = ""
        case arp, ip, tcp, udp, sctp, icmp, ipv6, tcp6, udp6, icmp6, sctp6, nd, mpls, nsh

        /// The word for it in a flow.
        var keyword: String {
            switch self {
            case .nd: "icmp6,icmpv6_type=135"
            case .nsh: "dl_type=0x894f"
            default: rawValue
            }
        }

        var isIPv4: Bool { [.ip, .tcp, .udp, .sctp, .icmp].contains(self) }
        var isIPv6: Bool { [.ipv6, .tcp6, .udp6, .icmp6, .sctp6, .nd].contains(self) }
        var isIP: Bool { isIPv4 || isIPv6 }
        var isTCP: Bool { self == .tcp || self == .tcp6 }
        /// What the fields of its ports begin with.
        var ports: String? {
            switch self {
            case .tcp, .tcp6: "tcp"
            case .udp, .udp6: "udp"
            case .sctp, .sctp6: "sctp"
            default: nil
            }
        }
    }

    mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int(random.next() % UInt64(values.count))]
    }

    mutating func isOne(of count: UInt64) -> Bool { random.next() % count == 0 }
    mutating func number(below limit: UInt64) -> UInt64 { random.next() % limit }

    mutating func ipv4() -> String { "10.0.\(number(below: 4) * 64).\(number(below: 4))" }
    mutating func ipv6() -> String { "fd0\(number(below: 4))::\(number(below: 4))" }
    mutating func mac() -> String { "00:00:00:00:00:0\(number(below: 4))" }
    mutating func port() -> String { pick(["80", "81", "443", "1024", "8080"]) }
    mutating func output() -> String { pick(["1", "2", "3", "4", "LOCAL"]) }

    // MARK: Rules

    /// As many rules in four tables, of priorities of their own.
    mutating func rules(_ count: Int) -> [String] {
        (1...count).map { rule(priority: $0) }
    }

    private mutating func rule(priority: Int) -> String {
        let table = number(below: 4)
        let kind = pick(Kind.allCases + [.tcp, .tcp, .ip, .any])
        var parts = ["table=\(table)"]
        if isOne(of: 8) {
            parts.append("priority=\(400 + number(below: 2))")
            parts += match(kind)
            let id = number(below: 2)
            return parts.joined(separator: ",")
                + " actions=conjunction(\(id + 7),\(number(below: 2) + 1)/2)"
        }
        parts.append("priority=\(2 * priority)")
        if isOne(of: 8) { parts.append("conj_id=\(number(below: 2) + 7)") }
        parts += match(kind)
        return parts.joined(separator: ",") + " actions=" + actions(kind, table: table)
    }

    private mutating func match(_ kind: Kind) -> [String] {
        var parts = link()
        if !kind.keyword.isEmpty { parts.append(kind.keyword) }
        if kind == .arp, isOne(of: 2) { parts.append("arp_op=\(number(below: 2) + 1)") }
        if kind == .arp, isOne(of: 3) { parts.append("arp_sha=" + mac()) }
        if kind == .arp, isOne(of: 3) { parts.append("arp_tpa=" + ipv4()) }
        if kind.isIPv4 {
            for name in ["nw_src", "nw_dst"] where isOne(of: 3) {
                parts.append("\(name)=\(ipv4())/\(pick(["8", "17", "18", "24", "31", "32"]))")
            }
        }
        if kind.isIPv6 {
            for name in ["ipv6_src", "ipv6_dst"] where isOne(of: 3) {
                parts.append("\(name)=\(ipv6())/\(pick(["8", "15", "16", "127", "128"]))")
            }
            if isOne(of: 8) { parts.append("ipv6_label=\(number(below: 2))") }
        }
        if kind.isIP { parts += internet(kind) }
        if kind == .nd, isOne(of: 2) { parts.append("nd_target=fd01::\(number(below: 2))") }
        if kind == .nd, isOne(of: 3) { parts.append("nd_sll=" + mac()) }
        if kind == .mpls {
            if isOne(of: 2) { parts.append("mpls_label=\(number(below: 2))") }
            if isOne(of: 3) { parts.append("mpls_bos=\(number(below: 2))") }
            if isOne(of: 4) { parts.append("mpls_tc=\(number(below: 2))") }
        }
        if kind == .nsh { parts += serviceMatch() }
        return parts + rareMatch()
    }

    private mutating func internet(_ kind: Kind) -> [String] {
        var parts: [String] = []
        if isOne(of: 8) { parts.append("nw_tos=\(number(below: 3) * 4)") }
        if isOne(of: 8) { parts.append("nw_ecn=\(number(below: 3))") }
        if isOne(of: 8) { parts.append("nw_ttl=\(pick(["1", "64"]))") }
        if isOne(of: 8) { parts.append("ip_frag=\(pick(["no", "yes", "first", "not_later"]))") }
        if let ports = kind.ports {
            for name in ["src", "dst"] where isOne(of: 3) {
                let mask = pick(["", "", "/0xfffe", "/0xff"])
                parts.append("\(ports)_\(name)=\(port())\(mask)")
            }
        }
        if kind.isTCP && isOne(of: 6) { parts.append(pick(["tcp_flags=+syn", "tcp_flags=-ack"])) }
        if kind == .icmp && isOne(of: 2) { parts.append("icmp_type=\(pick(["0", "8"]))") }
        if kind == .icmp6 && isOne(of: 2) { parts.append("icmp_type=\(pick(["128", "135"]))") }
        return parts
    }

    private mutating func link() -> [String] {
        var parts: [String] = []
        if isOne(of: 4) { parts.append("in_port=\(number(below: 4) + 1)") }
        if isOne(of: 6) { parts.append("dl_src=" + mac()) }
        if isOne(of: 6) { parts.append("dl_dst=" + mac() + "/ff:ff:ff:ff:ff:fe") }
        if isOne(of: 8) {
            parts.append(
                pick(["vlan_tci=0", "vlan_tci=0x1001/0x1fff", "dl_vlan=1", "dl_vlan_pcp=3"]))
        }
        if isOne(of: 6) { parts.append("reg\(number(below: 3))=\(number(below: 2))") }
        if isOne(of: 8) { parts.append("reg0=0x10/0x10") }
        if isOne(of: 8) { parts.append("metadata=\(number(below: 2))") }
        if isOne(of: 12) { parts.append("pkt_mark=0/1") }
        if isOne(of: 12) { parts.append("ct_state=-trk") }
        return parts
    }

    // MARK: Actions

    private mutating func actions(_ kind: Kind, table: UInt64) -> String {
        if isOne(of: 12) { return "drop" }
        var list: [String] = []
        // An instruction that stands before all actions.
        if isOne(of: 8) { list.append("meter:\(number(below: 2) + 1)") }
        for _ in 0...number(below: 3) { list.append(action(kind, table: table, depth: 0)) }
        if isOne(of: 8) { list.append("write_actions(\(setAction(kind)))") }
        if isOne(of: 16) { list.append("write_metadata:\(number(below: 2))") }
        if table < 3 && isOne(of: 4) {
            list.append("goto_table:\(table + 1)")
        }
        return list.joined(separator: ",")
    }

    private mutating func setAction(_ kind: Kind) -> String {
        let header = kind.isIPv4 && isOne(of: 2) ? "dec_ttl" : "set_field:\(mac())->eth_src"
        return header + "," + pick(["output:\(output())", "group:\(number(below: 3) + 1)"])
    }

    private mutating func action(_ kind: Kind, table: UInt64, depth: Int) -> String {
        switch number(below: 34) {
        case 30...31: return encapsulation(kind)
        case 32: return sample()
        case 33: return linkToField(kind)
        case 24...26: return setField(kind)
        case 27: return move(kind)
        case 28: return stack(kind)
        case 29: return tag(kind)
        case 0...3: return "output:" + output()
        case 4...7: return change(kind)
        case 8...10 where table < 3: return "resubmit(,\(table + 1 + number(below: 3 - table)))"
        case 11 where depth < 2:
            return "clone(\(action(kind, table: table, depth: depth + 1)),output:\(output()))"
        case 12: return "group:\(number(below: 3) + 1)"
        case 14: return link(by: "multipath")
        case 15: return link(by: "bundle")
        case 16 where depth == 0: return "check_pkt_larger(100)->NXM_NX_REG0[\(number(below: 5))]"
        case 17: return learn(kind)
        case 18 where hasTracking && kind.isIP: return track(kind)
        case 19: return pick(["NORMAL", "FLOOD", "ALL", "IN_PORT"])
        case 20: return pick(["push:NXM_NX_REG0[]", "pop:NXM_NX_REG1[]", "note:01", "exit"])
        case 21: return "output(port=\(number(below: 4) + 1),max_len=\(pick(["20", "1000"])))"
        case 22: return "output:NXM_NX_REG\(number(below: 3))[]"
        default: return "controller(max_len=\(pick(["64", "65535"])))"
        }
    }

    private mutating func change(_ kind: Kind) -> String {
        var choices = [
            "set_field:\(mac())->eth_src", "set_field:\(mac())->eth_dst",
            "set_field:\(number(below: 32))->reg\(number(below: 3))",
            "load:\(number(below: 4))->NXM_NX_REG\(number(below: 3))[\(number(below: 3))..5]",
            "move:NXM_OF_IN_PORT[]->NXM_NX_REG\(number(below: 3))[0..15]",
            "move:NXM_OF_ETH_SRC[0..15]->NXM_OF_ETH_DST[16..31]",
            "set_field:\(number(below: 4))->metadata", "set_tunnel:\(number(below: 4))",
            "set_field:\(number(below: 4))->pkt_mark", "set_queue:\(number(below: 3))", "pop_queue",
            "push_vlan:0x8100,set_field:\(4096 + number(below: 3))->vlan_vid",
        ]
        if kind.isIPv4 {
            choices += [
                "set_field:\(ipv4())->ip_src", "set_field:\(ipv4())->ip_dst",
                "move:NXM_OF_IP_SRC[]->NXM_NX_REG\(number(below: 3))[]",
            ]
        }
        if kind.isIPv6 {
            choices += ["set_field:\(ipv6())->ipv6_src", "set_field:\(ipv6())->ipv6_dst"]
        }
        if kind.isIP {
            choices += [
                "dec_ttl", "mod_nw_ttl:\(number(below: 255) + 1)",
                "mod_nw_tos:\(number(below: 3) * 4)", "mod_nw_ecn:\(number(below: 3))",
            ]
        }
        if kind == .arp { choices.append("set_field:\(number(below: 2) + 1)->arp_op") }
        if let ports = kind.ports {
            choices += [
                "set_field:\(port())->\(ports)_src", "set_field:\(port())->\(ports)_dst",
            ]
        }
        if kind.isTCP { choices.append("fin_timeout(idle_timeout=5,hard_timeout=9)") }
        return pick(choices)
    }

    private mutating func link(by name: String) -> String {
        let fields = pick([
            "eth_src", "symmetric_l4", "symmetric_l3l4", "symmetric_l3l4+udp", "nw_src", "nw_dst",
            "symmetric_l3",
        ])
        let basis = number(below: 3)
        guard name == "multipath" else {
            let algorithm = pick(["hrw", "active_backup"])
            return "bundle(\(fields),\(basis),\(algorithm),ofport,members:2,3,4)"
        }
        let algorithm = pick(["modulo_n", "hash_threshold", "hrw", "iter_hash"])
        return "multipath(\(fields),\(basis),\(algorithm),4,0,NXM_NX_REG\(number(below: 3))[0..7])"
    }

    private mutating func learn(_ kind: Kind) -> String {
        var parts = ["table=3", "priority=\(500 + number(below: 3))"]
        if isOne(of: 2) { parts.append("idle_timeout=\(number(below: 2) * 60)") }
        if isOne(of: 3) { parts.append("limit=2") }
        if isOne(of: 3) { parts.append("fin_idle_timeout=5") }
        parts.append(pick(["NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[]", "NXM_OF_VLAN_TCI[0..11]"]))
        if kind.isIPv4 && isOne(of: 2) {
            parts += ["eth_type=0x800", "NXM_OF_IP_DST[]=NXM_OF_IP_SRC[]"]
        }
        if isOne(of: 2) { parts.append("load:\(number(below: 8))->NXM_NX_REG1[]") }
        parts.append("output:NXM_OF_IN_PORT[]")
        return "learn(" + parts.joined(separator: ",") + ")"
    }

    private mutating func track(_ kind: Kind) -> String {
        var parts: [String] = []
        if isOne(of: 2) {
            parts.append("commit")
            if isOne(of: 3) { parts.append("force") }
            if isOne(of: 2) {
                let mark = number(below: 8)
                parts.append("exec(set_field:\(mark)/0xf->ct_mark,load:1->NXM_NX_CT_LABEL[3])")
            }
            if isOne(of: 3) && kind.isIPv4 { parts.append("nat(src=10.9.0.1-10.9.0.5:80-90)") }
        } else if isOne(of: 3) {
            parts.append("nat")
        }
        // Never to a table that can track again, so that all ends.
        if isOne(of: 2) { parts.append("table=9") }
        if isOne(of: 2) { parts.append("zone=\(pick(["5", "NXM_NX_REG0[0..15]"]))") }
        return "ct(" + parts.joined(separator: ",") + ")" + (isOne(of: 3) ? ",ct_clear" : "")
    }

    // MARK: Groups

    /// Three groups, which any action may name.
    mutating func groups() -> [String] {
        (1...3).map { id in
            let type = pick(["all", "indirect", "ff", "select"])
            // The datapath's hash is no other's.
            let method =
                type != "select"
                ? ""
                : pick(["hash,fields(eth_src,eth_dst)", "hash", hasTracking ? "dp_hash" : "hash"])
            // Nor are the scores by which OVS chooses by its own hash: it gives the heavy too much.
            let isSingle = type == "indirect" || method.hasPrefix("hash")
            let count = isSingle ? 1 : number(below: 3) + 1
            let header =
                "group_id=\(id),type=\(type),"
                + (method.isEmpty ? "" : "selection_method=\(method),")
            let buckets = (0..<count).map { _ in
                let watch = type == "ff" ? "watch_port:\(number(below: 4) + 1)," : ""
                let change = isOne(of: 2) ? "set_field:\(mac())->eth_src," : ""
                let weight = type == "select" ? "weight:\(number(below: 3) + 1)," : ""
                return "bucket=\(weight)\(watch)\(change)output:\(output())"
            }
            return header + buckets.joined(separator: ",")
        }
    }

    // MARK: Packets

    /// A flow for `ofproto/trace`.
    mutating func packet() -> String {
        let kind = pick([
            Kind.arp, .tcp, .tcp, .udp, .sctp, .icmp, .tcp6, .udp6, .icmp6, .sctp6, .nd, .mpls,
            hasTracking ? .nsh : .tcp,
        ])
        var parts = ["in_port=\(number(below: 4) + 1)", "dl_src=" + mac(), "dl_dst=" + mac()]
        if isOne(of: 4) {
            parts.append("vlan_tci=\(pick(["0x1001", "0x1002", "0x7001"]))")
        }
        if hasTracking && isOne(of: 8) {
            parts += ["tun_id=\(number(below: 3))", "tun_src=10.1.1.1", "tun_dst=10.1.1.2"]
            if isOne(of: 2) { parts.append("tun_metadata0=0x\(number(below: 3))") }
            if isOne(of: 2) { parts.append("tun_metadata1=0x\(number(below: 3))") }
            if isOne(of: 2) { parts.append("tun_gbp_id=\(number(below: 2))") }
        }
        parts.append(kind.keyword)
        if kind == .mpls {
            return
                (parts + [
                    "mpls_label=\(number(below: 2))", "mpls_tc=\(number(below: 2))",
                    "mpls_ttl=\(pick(["1", "64"]))", "mpls_bos=1",
                ]).joined(separator: ",")
        }
        if kind == .nsh { return (parts + serviceHeader()).joined(separator: ",") }
        if kind == .arp {
            parts += ["arp_op=\(number(below: 2) + 1)", "arp_sha=" + mac(), "arp_tpa=" + ipv4()]
            parts += ["arp_spa=" + ipv4(), "arp_tha=" + mac()]
            return parts.joined(separator: ",")
        }
        if kind.isIPv6 {
            parts += ["ipv6_src=" + ipv6(), "ipv6_dst=" + ipv6()]
            parts.append("ipv6_label=\(number(below: 2))")
        } else {
            parts += ["nw_src=" + ipv4(), "nw_dst=" + ipv4()]
        }
        parts += [
            "nw_tos=\(number(below: 3) * 4)", "nw_ecn=\(number(below: 4))",
            "nw_ttl=\(pick(["1", "2", "64"]))",
        ]
        if let ports = kind.ports {
            parts += ["\(ports)_src=" + port(), "\(ports)_dst=" + port()]
        }
        if kind.isTCP { parts.append("tcp_flags=\(pick(["syn", "ack", "fin|ack"]))") }
        if kind == .icmp { parts.append("icmp_type=\(pick(["0", "8"]))") }
        if kind == .icmp6 { parts.append("icmp_type=128") }
        if kind == .nd { parts += ["nd_target=fd01::\(number(below: 2))", "nd_sll=" + mac()] }
        return parts.joined(separator: ",")
    }
}
