import FlowModel
import FlowSyntax
import OpenFlow

extension MessagePrinter {
    func text(_ requests: [FlowMonitorRequest]) -> String {
        requests.map { text($0) }.joined()
    }

    private func text(_ request: FlowMonitorRequest) -> String {
        var text = "\n id=\(request.id)"
        if request.command == .delete { return text + " command=delete" }
        text += " flags=" + Self.names(of: request.flags)
        if request.outPort != .none { text += " out_port=" + names.text(of: request.outPort) }
        if request.outGroup != FlowMod.anyGroup { text += " out_group=\(request.outGroup)" }
        if request.tableID != FlowMod.allTables {
            text += " table=" + names.text(ofTable: request.tableID)
        }
        let match = matchText(request.match)
        return match.isEmpty ? text : text + " " + match
    }

    private static func names(of flags: FlowMonitorRequest.Flags) -> String {
        let names: [(FlowMonitorRequest.Flags, String)] = [
            (.initial, "initial"), (.add, "add"), (.delete, "delete"), (.modify, "modify"),
            (.actions, "actions"), (.own, "own"),
        ]
        let words = names.filter { flags.contains($0.0) }.map(\.1)
        return words.isEmpty ? "0" : words.joined(separator: ",")
    }

    func text(_ updates: [FlowUpdate]) -> String {
        updates.map { "\n event=" + text($0) }.joined()
    }

    private func text(_ update: FlowUpdate) -> String {
        switch update {
        case .abbreviated(let xid): "ABBREV xid=0x" + String(xid, radix: 16)
        case .paused: "PAUSED"
        case .resumed: "RESUMED"
        case .full(let flow): text(flow)
        }
    }

    private func text(_ flow: MonitoredFlow) -> String {
        var text =
            switch flow.event {
            case .initial: "INITIAL"
            case .added: "ADDED"
            case .deleted(let reason): "DELETED reason=" + Self.name(of: reason)
            case .modified: "MODIFIED"
            }
        text += " table=" + names.text(ofTable: flow.tableID)
        if flow.idleTimeout != 0 { text += " idle_timeout=\(flow.idleTimeout)" }
        if flow.hardTimeout != 0 { text += " hard_timeout=\(flow.hardTimeout)" }
        text += " cookie=" + (flow.cookie == 0 ? "0" : Self.hexadecimal(flow.cookie))
        let match = matchText(flow.match)
        if !match.isEmpty { text += " " + match }
        guard !flow.actions.isEmpty else { return text }
        return text + " actions=" + actionsText(flow.actions)
    }

    /// Why a rule went.
    static func name(of reason: FlowRemoved.Reason) -> String {
        switch reason {
        case .idleTimeout: "idle"
        case .hardTimeout: "hard"
        case .delete: "delete"
        case .groupDelete: "group_delete"
        case .meterDelete: "meter_delete"
        case .eviction: "eviction"
        default: String(reason.rawValue)
        }
    }
}
