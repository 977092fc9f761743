import FlowModel
import FlowSyntax
import TestSupport
import Testing

/// Random matches, as Martlet and as the genuine `ovs-ofctl` read and print them.
struct GenuineMatchTests {
    /// Where Debian's package has it; a link of Martlet's own is no judge.
    static let program: String? = ["/usr/bin/ovs-ofctl", "/usr/sbin/ovs-ofctl"].first {
        let version = run([$0, "--version"])
        return version.succeeded && !version.output.contains("Martlet")
    }

    @Test(.enabled(if: program != nil, "openvswitch-common is not installed"), arguments: 1...4)
    func `random matches print as the genuine program prints them`(seed: UInt64) throws {
        let program = try #require(Self.program)
        var texts = RandomMatches(seed: seed)
        let lines = (0..<300).map { _ in texts.next() }
        let directory = TemporaryDirectory()
        directory.write(
            lines.map { $0 + ",actions=drop\n" }.joined(), to: "flows")
        let result = run([program, "-F", "nxm", "-voff", "parse-flows", directory("flows")])
        #expect(result.succeeded, "\(result.output)")
        let answers = result.output.split(separator: "\n").filter { $0.contains("FLOW_MOD") }
        try #require(answers.count == lines.count)
        for (line, answer) in zip(lines, answers) {
            guard let start = answer.firstRange(of: "ADD "),
                let end = answer.firstRange(of: "actions=")
            else { continue }
            var parser = FlowParser()
            let flow = try parser.flow(line + ",actions=drop", for: .add)
            let text = MatchPrinter.text(flow.match, priority: flow.priority)
            let expected = answer[start.upperBound..<end.lowerBound]
            #expect(text == expected.prefix { $0 != " " }, "\(line)")
        }
    }
}

/// Texts of matches that make sense, most of them.
struct RandomMatches {
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    private mutating func below(_ limit: UInt64) -> UInt64 { random.next() % limit }

    private mutating func pick(_ choices: [String]) -> String {
        choices[Int(below(UInt64(choices.count)))]
    }

    private mutating func number(_ width: UInt64) -> String {
        let value = random.next() & ((1 << width) - 1)
        return below(2) == 0 ? String(value) : "0x" + String(value, radix: 16)
    }

    private mutating func masked(_ width: UInt64) -> String {
        guard below(3) == 0 else { return number(width) }
        return number(width) + "/0x" + String(1 + below((1 << width) - 1), radix: 16)
    }

    private mutating func ethernet() -> String {
        (0..<6).map { _ in String(below(256), radix: 16) }.joined(separator: ":")
    }

    private mutating func ipv4() -> String {
        (0..<4).map { _ in String(below(256)) }.joined(separator: ".")
    }

    private mutating func ipv6() -> String {
        pick(["::", "::1", "fe80::1", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "1::2:0:0:3"])
    }

    private mutating func prefix(_ address: String, _ width: UInt64) -> String {
        below(2) == 0 ? address : "\(address)/\(1 + below(width))"
    }

    private mutating func metadata() -> String {
        switch below(12) {
        case 0: "pkt_mark=" + masked(32)
        case 1: "metadata=" + masked(63)
        case 2: "reg\(below(16))=" + masked(32)
        case 3: "xreg\(below(8))=" + masked(63)
        case 4: "tun_id=" + masked(63)
        case 5: "tun_src=" + prefix(ipv4(), 32)
        case 6: "ct_state=" + pick(["+trk", "+trk-new", "new|trk", "0x21/0x21", "-est+inv"])
        case 7: "ct_mark=" + masked(32)
        case 8: "in_port=" + pick(["1", "77", "LOCAL", "ANY", "controller"])
        case 9: "dl_src=" + ethernet() + pick(["", "/ff:ff:00:00:00:00"])
        case 10: "dl_vlan=" + pick([number(12), "0xffff"])
        default: "vlan_tci=" + masked(16)
        }
    }

    private mutating func network(_ isIPv6: Bool) -> String {
        switch below(6) {
        case 0: isIPv6 ? "ipv6_src=" + prefix(ipv6(), 128) : "nw_src=" + prefix(ipv4(), 32)
        case 1: isIPv6 ? "ipv6_dst=" + prefix(ipv6(), 128) : "nw_dst=" + prefix(ipv4(), 32)
        case 2: "nw_tos=" + String(below(64) * 4)
        case 3: "nw_ecn=" + number(2)
        case 4: "nw_ttl=" + number(8)
        default: "nw_frag=" + pick(["no", "yes", "first", "not_later"])
        }
    }

    private mutating func transport(_ proto: String) -> String {
        switch below(3) {
        case 0: "tp_src=" + masked(16)
        case 1: "tp_dst=" + masked(16)
        default:
            proto.hasPrefix("tcp") ? "tcp_flags=" + pick(["+syn-ack", "syn|ack", "0x12/0x3f"]) : ""
        }
    }

    mutating func next() -> String {
        var parts: [String] = []
        for _ in 0..<below(3) { parts.append(metadata()) }
        let proto = pick(["", "ip", "tcp", "udp", "sctp", "ipv6", "tcp6", "udp6", "arp"])
        if !proto.isEmpty { parts.append(proto) }
        let isIP = !proto.isEmpty && proto != "arp"
        if isIP { for _ in 0..<below(4) { parts.append(network(proto.hasSuffix("6"))) } }
        if isIP && !proto.hasPrefix("ip") { parts.append(transport(proto)) }
        if proto == "arp" { parts.append("arp_spa=" + prefix(ipv4(), 32)) }
        if below(2) == 0 { parts.append("priority=\(below(65536))") }
        return parts.filter { !$0.isEmpty }.joined(separator: ",")
    }
}
