import FlowModel
import FlowSyntax
import OpenFlow

extension MessagePrinter {
    /// Seconds with as many groups of three decimals as it takes, as OVS prints durations.
    static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let nanoseconds = attoseconds / 1_000_000_000
        if nanoseconds == 0 { return "\(seconds)s" }
        let (value, width) =
            nanoseconds % 1_000_000 == 0
            ? (nanoseconds / 1_000_000, 3)
            : nanoseconds % 1000 == 0 ? (nanoseconds / 1000, 6) : (nanoseconds, 9)
        let digits = String(value)
        let zeros = String(repeating: "0", count: width - digits.count)
        return "\(seconds).\(zeros)\(digits)s"
    }

    static func words(_ flags: FlowFlags) -> String {
        var text = ""
        if flags.contains(.sendFlowRemoved) { text += "send_flow_rem " }
        if flags.contains(.checkOverlap) { text += "check_overlap " }
        if flags.contains(.resetCounts) { text += "reset_counts " }
        if flags.contains(.noPacketCounts) { text += "no_packet_counts " }
        if flags.contains(.noByteCounts) { text += "no_byte_counts " }
        return text
    }

    static func hexadecimal(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

    func text(_ flowMod: FlowMod) -> String {
        let command =
            switch flowMod.command {
            case .add: "ADD"
            case .modify: "MOD"
            case .modifyStrict: "MOD_STRICT"
            case .delete: "DEL"
            case .deleteStrict: "DEL_STRICT"
            }
        var text = " \(command) "
        let table = flowMod.tableID
        if table != 0 && (dialect.version > .v10 || dialect.hasTableInFlowMod) {
            text += "table:\(names.text(ofTable: table)) "
        }
        let match = MatchPrinter.text(flowMod.match, priority: flowMod.priority, names: names)
        if !match.isEmpty { text += match + " " }
        if flowMod.cookieMask != 0 {
            text += "cookie:" + Self.hexadecimal(flowMod.cookie) + "/"
            text += Self.hexadecimal(flowMod.cookieMask) + " "
        }
        if let cookie = flowMod.newCookie, cookie != 0, cookie != .max {
            text += "cookie:" + Self.hexadecimal(cookie) + " "
        }
        if flowMod.idleTimeout != 0 { text += "idle:\(flowMod.idleTimeout) " }
        if flowMod.hardTimeout != 0 { text += "hard:\(flowMod.hardTimeout) " }
        if flowMod.importance != 0 { text += "importance:\(flowMod.importance) " }
        if let buffer = flowMod.bufferID { text += "buf:0x\(String(buffer, radix: 16)) " }
        if flowMod.outPort != .none { text += "out_port:\(names.text(of: flowMod.outPort)) " }
        // OpenFlow 1.0 resets counts without saying so.
        let implied: FlowFlags = dialect.version == .v10 ? .resetCounts : []
        text += Self.words(flowMod.flags.subtracting(implied))
        return text + "actions=" + ActionPrinter.text(flowMod.actions, names: names)
    }

    /// The line of one rule in `dump-flows`.
    ///
    /// - Parameter hasStats: whether to print what changes by itself.
    func text(_ flow: FlowStatsEntry, hasStats: Bool) -> String {
        var text = " "
        if hasStats || flow.cookie != 0 {
            text += "cookie=" + Self.hexadecimal(flow.cookie) + ", "
        }
        if hasStats { text += "duration=" + Self.text(flow.duration) + ", " }
        if hasStats || flow.tableID != 0 {
            text += "table=" + names.text(ofTable: flow.tableID) + ", "
        }
        if hasStats {
            text += "n_packets=\(flow.packetCount), n_bytes=\(flow.byteCount), "
        }
        if flow.idleTimeout != 0 { text += "idle_timeout=\(flow.idleTimeout), " }
        if flow.hardTimeout != 0 { text += "hard_timeout=\(flow.hardTimeout), " }
        if flow.importance != 0 { text += "importance=\(flow.importance), " }
        if hasStats, let age = flow.idleAge { text += "idle_age=\(age), " }
        if hasStats, let age = flow.hardAge, .seconds(age) != wholeSeconds(flow.duration) {
            text += "hard_age=\(age), "
        }
        text += Self.words(flow.flags)
        let match = MatchPrinter.text(flow.match, priority: flow.priority, names: names)
        if !match.isEmpty { text += match + " " }
        return text + "actions=" + ActionPrinter.text(flow.actions, names: names)
    }

    private func wholeSeconds(_ duration: Duration) -> Duration {
        .seconds(duration.components.seconds)
    }

    func text(_ removed: FlowRemoved) -> String {
        let reason =
            switch removed.reason {
            case .idleTimeout: "idle"
            case .hardTimeout: "hard"
            case .delete: "delete"
            case .groupDelete: "group_delete"
            case .meterDelete: "meter_delete"
            case .eviction: "eviction"
            default: String(removed.reason.rawValue)
            }
        var text = " " + MatchPrinter.text(removed.match, priority: removed.priority, names: names)
        text += " reason=\(reason)"
        if dialect.version > .v10 && removed.tableID != FlowMod.allTables {
            text += " table_id=" + names.text(ofTable: removed.tableID)
        }
        if removed.cookie != 0 { text += " cookie:" + Self.hexadecimal(removed.cookie) }
        text += " duration" + Self.text(removed.duration)
        text += " idle\(removed.idleTimeout)"
        if removed.hardTimeout != 0 { text += " hard\(removed.hardTimeout)" }
        return text + " pkts\(removed.packetCount) bytes\(removed.byteCount)"
    }
}
