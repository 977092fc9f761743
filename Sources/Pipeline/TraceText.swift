import Classifier
import FlowModel
import FlowSyntax

/// Lines of an explanation.
enum TraceText {
    /// ` 0. in_port=1, priority 9000, cookie 0x5adc15c0`.
    static func table(_ number: UInt8, _ rule: Rule, _ names: FlowNames) -> String {
        var text = label(number)
        let match = MatchPrinter.text(rule.match, names: names)
        if !match.isEmpty { text += match + ", " }
        text += "priority \(rule.priority)"
        if rule.cookie != 0 { text += ", cookie \(hexadecimal(rule.cookie))" }
        return text
    }

    static func action(_ action: Action, _ names: FlowNames) -> String {
        ActionPrinter.text(action, names: names)
    }

    private static func label(_ number: UInt8) -> String {
        (number < 10 ? " " : "") + "\(number). "
    }

    static func droppedFragment(_ number: UInt8) -> String {
        label(number) + "Packets are IP fragments and the fragment handling mode is \"drop\"."
    }

    /// What is said of a table without a rule for the packet.
    ///
    /// OVS has rules of its own for misses, and shows them in all bridges but the first.
    static func miss(_ number: UInt8, callsForPacketIn: Bool, isFirst: Bool) -> String {
        switch (isFirst, callsForPacketIn) {
        case (true, false): label(number) + "No match."
        case (true, true): label(number) + "No match, and a \"packet-in\" is called for."
        case (false, false): label(number) + "reg0=0x2, priority 0"
        case (false, true): label(number) + "reg0=0x1, priority 0"
        }
    }

    /// `table=1 dl_dst=50:54:00:00:00:01 priority=32768 actions=output:1`.
    static func learned(_ entry: RuleEntry, _ names: FlowNames) -> String {
        var parts = ["table=\(entry.table)"]
        let match = MatchPrinter.text(entry.match, names: names)
        if !match.isEmpty { parts.append(match) }
        parts.append("priority=\(entry.priority)")
        if entry.cookie != 0 { parts.append("cookie=\(hexadecimal(entry.cookie))") }
        if entry.idleTimeout != 0 { parts.append("idle=\(entry.idleTimeout)") }
        if entry.hardTimeout != 0 { parts.append("hard=\(entry.hardTimeout)") }
        if entry.flags.contains(.sendFlowRemoved) { parts.append("send_flow_rem") }
        parts.append("actions=" + ActionPrinter.text(entry.actions, names: names))
        return parts.joined(separator: " ")
    }

    static func nowIs(_ subfield: Subfield, _ value: UInt128) -> String {
        "\(SubfieldText.text(subfield)) is now \(SubfieldText.valueText(subfield, value))"
    }

    /// As `%#x` of C prints: zero has no prefix.
    static func hexadecimal(_ value: some BinaryInteger) -> String {
        value == 0 ? "0" : "0x" + String(value, radix: 16)
    }
}
