import Classifier
import FlowModel
import FlowSyntax
public import Pipeline

/// `ofproto/list`, `bridge/dump-flows`, `upcall/show` and their like.
extension VirtualSwitch {
    public func ofprotoList() -> String {
        bridges.keys.sorted().map { $0 + "\n" }.joined()
    }

    /// `bridge/dump-flows [--offload-stats] BRIDGE`: all rules, hidden ones among them.
    public func bridgeDumpFlows(
        _ arguments: [String], now: Milliseconds
    ) throws(CommandError) -> String {
        guard let managed = bridges[arguments[arguments.count - 1]] else {
            throw CommandError("Unknown bridge")
        }
        let showsOffload = arguments.count > 1 && arguments[0] == "--offload-stats"
        var text = ""
        for table in managed.bridge.usedTables {
            let rules = table.rules(within: Match()).sorted { $0.rank > $1.rank }
            for rule in rules { text += Self.line(of: rule, now, showsOffload) }
        }
        for rule in managed.bridge.ownRules.all { text += Self.line(of: rule, now, showsOffload) }
        return text
    }

    private static func line(of rule: Rule, _ now: Milliseconds, _ showsOffload: Bool) -> String {
        var text = rule.table == 0 ? "" : "table_id=\(rule.table), "
        text += "duration=\((now - rule.created) / 1000)s, "
        text += "n_packets=\(rule.counters.packets), n_bytes=\(rule.counters.octets), "
        if showsOffload { text += "n_offload_packets=0, n_offload_bytes=0, " }
        var match =
            rule.isHidden
            ? MatchPrinter.text(rule.match)
            : MatchPrinter.text(rule.match, priority: rule.priority)
        if rule.isHidden { match = "priority=\(rule.rank)" + (match.isEmpty ? "" : ",") + match }
        return text + match + ",actions=" + ActionPrinter.text(rule.actions) + "\n"
    }

    /// What `memory/show` counts.
    ///
    /// One thread takes upcalls, and one revalidates.
    public var memoryUsage: [(name: String, count: Int)] {
        guard !bridges.isEmpty else { return [] }
        var (ports, rules) = (0, 0)
        for managed in bridges.values {
            ports += managed.bridge.ports.count
            rules += managed.bridge.ruleCount + managed.bridge.ownRules.all.count
        }
        var usage = [("handlers", 1), ("ports", ports), ("revalidators", 1), ("rules", rules)]
        if megaflowCount > 0 { usage.append(("udpif keys", megaflowCount)) }
        return usage
    }

    public func showDatapathFeatures(_ arguments: [String]) throws(CommandError) -> String {
        _ = try bridge(arguments[0])
        return """
            Masked set action: Yes
            Tunnel push pop: No
            Ufid: Yes
            Truncate action: Yes
            Clone action: Yes
            Sample nesting: 0
            Conntrack eventmask: No
            Conntrack clear: No
            Max dp_hash algorithm: 0
            Check pkt length action: No
            Conntrack timeout policy: No
            Explicit Drop action: No
            Optimized Balance TCP mode: No
            Conntrack all-zero IP SNAT: No
            MPLS Label add: No
            Max VLAN headers: \(Self.defaultMaximumTags)
            Max MPLS depth: 0
            Recirc: Yes
            CT state: No
            CT zone: No
            CT mark: No
            CT label: No
            CT state NAT: No
            CT orig tuple: No
            CT orig tuple for IPv6: No
            IPv6 ND Extension: No

            """
    }

    /// The datapath port of a device.
    public func datapathNumber(ofDevice name: String) -> UInt32? {
        for managed in bridges.values {
            if let interface = managed.interfaces[name] { return interface.datapathNumber }
        }
        return nil
    }
}
