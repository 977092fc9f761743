import FlowModel
import FlowSyntax
import OpenFlow

extension MessagePrinter {
    /// Seconds with as many groups of three decimals as it takes, as OVS prints durations.
    static func text(_ duration: Duration) -> String {
        var text = TextBuffer()
        append(duration, to: &text)
        return text.string
    }

    private static func append(_ duration: Duration, to text: inout TextBuffer) {
        let (seconds, attoseconds) = duration.components
        text.append(decimal: UInt64(seconds))
        let nanoseconds = Int(attoseconds / 1_000_000_000)
        if nanoseconds != 0 {
            let (value, width) =
                nanoseconds % 1_000_000 == 0
                ? (nanoseconds / 1_000_000, 3)
                : nanoseconds % 1000 == 0 ? (nanoseconds / 1000, 6) : (nanoseconds, 9)
            text += "."
            text.append(decimal: UInt64(value), width: width)
        }
        text += "s"
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

    func text(_ flowMod: FlowMod, _ octets: [UInt8]) -> String {
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
        let raw = verbosity > 2 ? RawMatchText.text(octets, dialect.version) : nil
        let match =
            raw ?? matchText(flowMod.match, priority: flowMod.priority)
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
        if raw != nil, flowMod.priority != 0x8000 { text += "pri:\(flowMod.priority) " }
        if flowMod.importance != 0 { text += "importance:\(flowMod.importance) " }
        if let buffer = flowMod.bufferID { text += "buf:0x\(String(buffer, radix: 16)) " }
        if flowMod.outPort != .none { text += "out_port:\(names.text(of: flowMod.outPort)) " }
        // OpenFlow 1.0 and 1.1 reset counts without saying so.
        let implied: FlowFlags = dialect.version < .v12 ? .resetCounts : []
        text += Self.words(flowMod.flags.subtracting(implied))
        return text + "actions=" + actionsText(flowMod.actions)
    }

    /// The line of one rule in `dump-flows`.
    func text(_ flow: FlowStatsEntry, hasStats: Bool) -> String {
        var text = TextBuffer()
        append(flow, hasStats: hasStats, to: &text)
        return text.string
    }

    /// Appends the line of one rule in `dump-flows`, without a line end.
    ///
    /// - Parameter hasStats: whether to print what changes by itself.
    func append(_ flow: FlowStatsEntry, hasStats: Bool, to text: inout TextBuffer) {
        if let colors { return append(flow, hasStats: hasStats, in: colors, to: &text) }
        appendHeader(of: flow, hasStats: hasStats, to: &text)
        let start = text.octets.count
        MatchPrinter.append(flow.match, priority: flow.priority, names: names, to: &text)
        if text.octets.count > start { text += " " }
        text += "actions="
        text += ActionPrinter.text(flow.actions, names: names)
    }

    /// Appends the line of one rule in colours.
    private func append(
        _ flow: FlowStatsEntry, hasStats: Bool, in colors: FlowColors, to text: inout TextBuffer
    ) {
        var header = TextBuffer()
        appendHeader(of: flow, hasStats: hasStats, to: &header)
        text += colors.header(header.string)
        let match = matchText(flow.match, priority: flow.priority)
        if !match.isEmpty { text += match + " " }
        text += colors.actionsKeyword + actionsText(flow.actions)
    }

    /// Appends what stands before the match.
    private func appendHeader(
        of flow: FlowStatsEntry, hasStats: Bool, to text: inout TextBuffer
    ) {
        text += " "
        if hasStats || flow.cookie != 0 {
            text += "cookie=0x"
            text.append(hexadecimal: flow.cookie)
            text += ", "
        }
        if hasStats {
            text += "duration="
            Self.append(flow.duration, to: &text)
            text += ", "
        }
        if hasStats || flow.tableID != 0 {
            text += "table="
            text += names.text(ofTable: flow.tableID)
            text += ", "
        }
        if hasStats {
            Self.append(counter: "n_packets=", flow.packetCount, to: &text)
            Self.append(counter: "n_bytes=", flow.byteCount, to: &text)
        }
        appendTimes(of: flow, hasStats: hasStats, to: &text)
    }

    /// A number that may be unknown.
    private static func append(
        counter name: String, _ number: UInt64, to text: inout TextBuffer
    ) {
        guard number == .max else { return append(name, number, to: &text) }
        text += name
        text += "?, "
    }

    private static func append(_ name: String, _ number: UInt64, to text: inout TextBuffer) {
        text += name
        text.append(decimal: number)
        text += ", "
    }

    private func appendTimes(
        of flow: FlowStatsEntry, hasStats: Bool, to text: inout TextBuffer
    ) {
        if flow.idleTimeout != 0 {
            Self.append("idle_timeout=", UInt64(flow.idleTimeout), to: &text)
        }
        if flow.hardTimeout != 0 {
            Self.append("hard_timeout=", UInt64(flow.hardTimeout), to: &text)
        }
        text += Self.words(flow.flags)
        if flow.importance != 0 {
            Self.append("importance=", UInt64(flow.importance), to: &text)
        }
        guard hasStats else { return }
        if let age = flow.idleAge { Self.append("idle_age=", UInt64(age), to: &text) }
        if let age = flow.hardAge, .seconds(age) != wholeSeconds(flow.duration) {
            Self.append("hard_age=", UInt64(age), to: &text)
        }
    }

    private func wholeSeconds(_ duration: Duration) -> Duration {
        .seconds(duration.components.seconds)
    }

    func text(_ removed: FlowRemoved) -> String {
        var text = " " + matchText(removed.match, priority: removed.priority)
        text += " reason=" + Self.name(of: removed.reason)
        if dialect.version > .v10 || isNXM, removed.tableID != FlowMod.allTables {
            text += " table_id=" + names.text(ofTable: removed.tableID)
        }
        if removed.cookie != 0 { text += " cookie:" + Self.hexadecimal(removed.cookie) }
        text += " duration" + Self.text(removed.duration)
        text += " idle\(removed.idleTimeout)"
        if removed.hardTimeout != 0 { text += " hard\(removed.hardTimeout)" }
        return text + " pkts\(removed.packetCount) bytes\(removed.byteCount)"
    }
}
