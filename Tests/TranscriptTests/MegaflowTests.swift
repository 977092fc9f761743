import FlowModel
import FlowSyntax
import Glibc
import TestSupport
import Testing

/// Random tables and packets, asked of genuine Open vSwitch and of Martlet.
///
/// Both have to decide the same, and no megaflow of Martlet may look at a bit that the genuine one
/// leaves alone. `MARTLET_MEGAFLOW_SEEDS=500` asks for more tables than the usual few.
struct MegaflowTests {
    static var seeds: Range<UInt64> {
        0..<UInt64(RunSize.count("MARTLET_MEGAFLOW_SEEDS", usually: 3))
    }

    @Test(
        .enabled(
            if: Subject.genuine.isInstalled && Subject.martlet.isInstalled,
            "openvswitch-switch is not installed, or the program martlet is not built"),
        arguments: seeds)
    func `Martlet decides as Open vSwitch and looks at no further bits`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let rules = (1...24).map { RandomFlow.rule(priority: $0, using: &random) }
        let packets = (0..<16).map { _ in RandomFlow.packet(using: &random) }
        let genuine = try Self.traces(of: packets, rules: rules, by: .genuine)
        let martlet = try Self.traces(of: packets, rules: rules, by: .martlet)
        try #require(genuine.count == packets.count && martlet.count == packets.count)
        for (packet, (theirs, ours)) in zip(packets, zip(genuine, martlet)) {
            #expect(theirs.decision == ours.decision, "\(packet)")
            let isNarrow = try Self.looksNoFurther(ours.megaflow, than: theirs.megaflow)
            #expect(isNarrow, "\(packet): \(ours.megaflow) but \(theirs.megaflow)")
        }
    }

    /// What `ofproto/trace` says: the megaflow, and all the rest.
    private struct Trace {
        var megaflow = ""
        var decision: [Substring] = []
    }

    private static func traces(
        of packets: [String], rules: [String], by subject: Subject
    ) throws -> [Trace] {
        let sandbox = try Sandbox(
            subject, switchOptions: "--enable-dummy=override --disable-system")
        var script = """
            ovs-vsctl add-br br0 -- set Bridge br0 fail-mode=secure
            for i in 1 2 3; do
                ovs-vsctl add-port br0 p$i -- set Interface p$i ofport_request=$i
            done
            ovs-ofctl add-flows br0 - <<END
            \(rules.joined(separator: "\n"))
            END

            """
        for packet in packets {
            script += "ovs-appctl ofproto/trace br0 \(packet); echo ==\n"
        }
        let output = try sandbox.shell.run(script).output
        return output.split(separator: "==\n").map { text in
            var trace = Trace()
            for line in text.split(separator: "\n") {
                if line.hasPrefix("Megaflow: ") {
                    trace.megaflow = String(line.dropFirst("Megaflow: ".count))
                } else {
                    trace.decision.append(line)
                }
            }
            return trace
        }
    }

    /// Whether `ours` asks for nothing that `theirs` does not.
    static func looksNoFurther(_ ours: String, than theirs: String) throws -> Bool {
        var parser = FlowParser(names: FlowNames())
        // Some bits of small fields print as none of the texts that can be parsed; types of ICMP
        // are ports, of which the last bits are left out below.
        let masked = "nw_(tos|ecn|ttl)=[0-9a-fx]+/[0-9a-fx]+,?"
        let parts = try Regex(
            masked + "|icmp_(type|code)=[0-9a-fx/]+,?|recirc_id=<n>,"
                // Open vSwitch leaves what other versions of ERSPAN have out of its texts.
                + "|tun_erspan_(idx|dir|hwid)=[0-9a-fx/]+,"
                + "|tun_(tos|ttl)=[0-9a-fx/]+,|tun_flags=[-+a-z|]+,|=NP"
        )
        let own = try parser.match(ours.replacing(parts, with: "")).match.mask
        let genuine = try parser.match(theirs.replacing(parts, with: "")).match.mask
        for index in 0..<KeyWord.count {
            var excess = own.words[index] & ~genuine.words[index]
            // A packet to port 81 that a rule for port 80 does not match has to say so in its last
            // bit; the genuine megaflow stops six bits before, and takes in what the rule matches.
            if index == KeyWord.transport && genuine.words[index] >> 32 != 0 {
                excess &= 0xffff_ffff
            }
            if excess != 0 { return false }
        }
        // Values of options are whole where the genuine text says so, with whatever length.
        for index in KeyWord.count..<KeyWord.fullCount
        where own[word: index] & ~genuine[word: index] != 0 {
            return false
        }
        return true
    }
}

/// Rules and packets of few values, so that they meet often.
private enum RandomFlow {
    private static func pick<Value>(_ values: [Value], _ random: inout SplitMix64) -> Value {
        values[Int(random.next() % UInt64(values.count))]
    }

    private static func isOne(of count: UInt64, _ random: inout SplitMix64) -> Bool {
        random.next() % count == 0
    }

    private static func address(_ random: inout SplitMix64) -> String {
        "10.0.\(random.next() % 4 * 64).\(random.next() % 4)"
    }

    private static let ports = ["80", "81", "443", "1024", "8080"]

    /// A rule of one of three tables; half of those of two priorities are conjunctions.
    static func rule(priority: Int, using random: inout SplitMix64) -> String {
        let table = random.next() % 3
        var parts = ["table=\(table)"]
        var action = pick(["drop", "output:1", "output:2", "output:3"], &random)
        if isOne(of: 4, &random) {
            let conjunction = random.next() % 2
            parts.append("priority=\(40 + conjunction)")
            action = "conjunction(\(conjunction + 7),\(random.next() % 2 + 1)/2)"
        } else {
            parts.append("priority=\(2 * priority)")
            if table == 0 && isOne(of: 2, &random) {
                action = pick(["resubmit(,1)", "resubmit(,2)"], &random)
            }
            if isOne(of: 6, &random) { parts.append("conj_id=\(random.next() % 2 + 7)") }
        }
        parts += link(using: &random) + network(using: &random)
        return parts.joined(separator: ",") + " actions=" + action
    }

    private static func link(using random: inout SplitMix64) -> [String] {
        var parts: [String] = []
        if isOne(of: 4, &random) { parts.append("in_port=\(random.next() % 3 + 1)") }
        if isOne(of: 6, &random) { parts.append("dl_src=00:00:00:00:00:0\(random.next() % 4)") }
        if isOne(of: 6, &random) { parts.append("dl_dst=00:00:00:00:00:0\(random.next() % 4)") }
        if isOne(of: 8, &random) {
            parts.append(pick(["vlan_tci=0", "vlan_tci=0x1001/0x1fff"], &random))
        }
        return parts
    }

    private static func network(using random: inout SplitMix64) -> [String] {
        let kind = pick(["", "arp", "ip", "ip", "tcp", "tcp", "udp", "tcp6"], &random)
        var parts = kind.isEmpty ? [] : [kind]
        if kind == "arp" {
            if isOne(of: 2, &random) { parts.append("arp_op=\(random.next() % 2 + 1)") }
        } else if kind == "tcp6" {
            let length = pick(["8", "15", "16", "127", "128"], &random)
            parts.append("ipv6_dst=fd0\(random.next() % 4)::\(random.next() % 4)/\(length)")
        } else if !kind.isEmpty {
            for name in ["nw_src", "nw_dst"] where isOne(of: 2, &random) {
                let length = pick(["8", "17", "18", "24", "30", "31", "32"], &random)
                parts.append("\(name)=\(address(&random))/\(length)")
            }
            if isOne(of: 8, &random) { parts.append("nw_tos=\(random.next() % 3 * 4)") }
        }
        if kind == "tcp" || kind == "udp" || kind == "tcp6" {
            for name in ["tp_src", "tp_dst"] where isOne(of: 3, &random) {
                parts.append("\(name)=\(pick(ports, &random))")
            }
            if kind == "tcp" && isOne(of: 6, &random) { parts.append("tcp_flags=+syn") }
        }
        return parts
    }

    static func packet(using random: inout SplitMix64) -> String {
        var parts = [
            "in_port=\(random.next() % 3 + 1)", "dl_src=00:00:00:00:00:0\(random.next() % 4)",
            "dl_dst=00:00:00:00:00:0\(random.next() % 4)",
        ]
        if isOne(of: 4, &random) { parts.append("vlan_tci=0x100\(random.next() % 3)") }
        let kind = pick(["arp", "tcp", "tcp", "tcp", "udp", "tcp6"], &random)
        parts.append(kind)
        if kind == "arp" {
            parts.append("arp_op=\(random.next() % 2 + 1)")
            return parts.joined(separator: ",")
        }
        if kind == "tcp6" {
            parts.append("ipv6_src=fd01::1")
            parts.append("ipv6_dst=fd0\(random.next() % 5)::\(random.next() % 5)")
        } else {
            parts += ["nw_src=\(address(&random))", "nw_dst=\(address(&random))"]
            parts += ["nw_tos=\(random.next() % 3 * 4)", "nw_ttl=64"]
        }
        parts += ["tp_src=\(pick(ports, &random))", "tp_dst=\(pick(ports, &random))"]
        if kind != "udp" { parts.append("tcp_flags=\(random.next() % 3)") }
        return parts.joined(separator: ",")
    }
}
