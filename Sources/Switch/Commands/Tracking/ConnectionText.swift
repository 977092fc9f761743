import Addresses
import ConnectionTracking
import FlowModel

/// Connections as `dpctl/dump-conntrack` shows them.
struct ConnectionText {
    /// Whether to say what is of use to few (`-m`).
    var isVerbose = false
    /// Whether to say how long connections live (`-s`).
    var showsStatistics = false

    func line(of record: ConnectionRecord) -> String {
        var text = Self.name(ofProtocol: record.forward.ipProtocol)
        text += ",orig=(\(Self.text(record.forward))),reply=(\(Self.text(record.reverse)))"
        if isVerbose { text += ",id=0" }
        if record.zone != 0 { text += ",zone=\(record.zone)" }
        if isVerbose { text += ",status=0" }
        if showsStatistics { text += ",timeout=\(record.timeLeft / 1000)" }
        if record.mark != 0 { text += ",mark=\(record.mark)" }
        if record.label != 0 { text += ",labels=0x" + String(record.label, radix: 16) }
        if !record.peers.isEmpty { text += ",protoinfo=(\(states(of: record.peers)))" }
        switch record.helper {
        case .none: break
        case .ftp: text += ",helper=ftp"
        case .tftp: text += ",helper=tftp"
        }
        if isVerbose, let parent = record.parent { text += ",parent=(\(Self.text(parent)))" }
        return text + "\n"
    }

    static func name(ofProtocol number: UInt8) -> String {
        switch number {
        case IPProtocol.icmp: "icmp"
        case IPProtocol.icmpv6: "icmpv6"
        case IPProtocol.tcp: "tcp"
        case IPProtocol.udp: "udp"
        case IPProtocol.sctp: "sctp"
        case 136: "udplite"
        case 33: "dccp"
        case IPProtocol.igmp: "igmp"
        default: String(number)
        }
    }

    private static func text(_ key: ConnectionKey) -> String {
        var text = "src=\(address(key.source, key)),dst=\(address(key.destination, key))"
        if key.isICMP {
            text += ",id=\(key.icmpIdentifier),type=\(key.icmpType),code=\(key.icmpCode)"
        } else {
            text += ",sport=\(key.sourcePort),dport=\(key.destinationPort)"
        }
        return text
    }

    private static func address(_ address: UInt128, _ key: ConnectionKey) -> String {
        key.isIPv6
            ? "\(IPv6Address(address))" : "\(IPv4Address(UInt32(truncatingIfNeeded: address)))"
    }

    private func states(of peers: [ConnectionRecord.Peer]) -> String {
        guard isVerbose else { return "state=" + Self.state(of: peers) }
        let flags = peers.map { peer in
            peer.windowShift != nil ? "WINDOW_SCALE" : peer.isPickedUp ? "BE_LIBERAL" : "0"
        }
        let shifts = peers.map { $0.windowShift ?? 0 }
        let scaling =
            shifts.contains { $0 != 0 }
            ? ",wscale_orig=\(shifts[0]),wscale_reply=\(shifts[1])" : ""
        return "state_orig=\(peers[0].state),state_reply=\(peers[1].state)\(scaling),"
            + "flags_orig=\(flags[0]),flags_reply=\(flags[1])"
    }

    /// One state for both ends: that of the one that is further.
    private static func state(of peers: [ConnectionRecord.Peer]) -> String {
        let further = peers[0].order >= peers[1].order ? peers[0] : peers[1]
        return further.state == "FIN_WAIT_2" ? "TIME_WAIT" : further.state
    }

    // MARK: Numbers of connections

    /// `dpctl/ct-stats-show`.
    static func counts(of records: [ConnectionRecord], showsStates: Bool) -> String {
        var counts: [String: Int] = [:]
        var states: [UInt8: (name: String, count: Int)] = [:]
        for record in records {
            counts[kind(of: record.forward.ipProtocol), default: 0] += 1
            guard let peer = record.peers.first else { continue }
            states[peer.order, default: (peer.state, 0)].count += 1
        }
        var text = "Connections Stats:\n    Total: \(records.count)\n"
        // Genuine Open vSwitch counts ICMPv6 and does not show it.
        for kind in ["TCP", "UDP", "UDPLITE", "SCTP", "ICMP", "DCCP", "IGMP", "Other"] {
            guard let count = counts[kind] else { continue }
            text += "  \(kind): \(count)\n"
            guard showsStates, kind == "TCP" else { continue }
            text += "    Conn per TCP states:\n"
            for (_, state) in states.sorted(by: { $0.key < $1.key }) {
                text += "\t  [\(state.name)]=\(state.count)\n"
            }
        }
        return text
    }

    private static func kind(of number: UInt8) -> String {
        switch number {
        case 33, 136, IPProtocol.tcp, IPProtocol.udp, IPProtocol.sctp, IPProtocol.icmp,
            IPProtocol.icmpv6, IPProtocol.igmp:
            name(ofProtocol: number).uppercased()
        default: "Other"
        }
    }

    /// `dpctl/ct-bkts`: the connections of each shard, eight a line.
    static func buckets(_ counts: [Int], above threshold: Int) -> String {
        let rule = "+-----------+-----------------------------------------+\n"
        var text = "Total Buckets: \(counts.count)\n"
        text += "Current Connections: \(counts.reduce(0, +))\n\n" + rule
        text += "|  Buckets  |         Connections per Buckets         |\n" + rule
        for start in stride(from: 0, to: counts.count, by: 8) {
            let row = counts[start..<min(start + 8, counts.count)]
            guard threshold == 0 || row.contains(where: { $0 > threshold }) else { continue }
            text += "\(padded(start, 4))..\(padded(start + 7, 3))   |"
            for count in row {
                text += threshold == 0 || count > threshold ? padded(count, 6) : "      "
            }
            text += "\n"
        }
        return text + "\n"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: " ", count: max(0, width - digits.count)) + digits
    }
}
