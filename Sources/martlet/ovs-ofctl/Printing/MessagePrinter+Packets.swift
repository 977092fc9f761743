import Bytes
import FlowModel
import FlowSyntax
import OpenFlow

extension MessagePrinter {
    func text(_ packet: PacketIn) -> String {
        var text = ""
        if packet.tableID != 0 && packet.tableID != FlowMod.allTables {
            text += " table_id=" + names.text(ofTable: packet.tableID)
        }
        if packet.cookie != .max { text += " cookie=" + Self.hexadecimal(packet.cookie) }
        text += " total_len=\(packet.totalLength) "
        text += matchText(packet.metadata)
        text += " (via \(Self.reasonName(of: packet))) data_len=\(packet.data.count)"
        if let buffer = packet.bufferID {
            text += " buffer=0x" + HexDump.padded(buffer, 8)
        } else {
            text += " (unbuffered)"
        }
        if packet.bufferID == nil, packet.data.count != packet.totalLength {
            text += " (***total_len != data_len***)"
        } else if packet.data.count > packet.totalLength {
            text += " (***total_len < data_len***)"
        }
        text += "\n"
        if !packet.userdata.isEmpty {
            let octets = packet.userdata.map { HexDump.padded($0, 2) }
            text += " userdata=" + octets.joined(separator: ".") + "\n"
        }
        if let continuation = packet.continuation { text += self.text(continuation) }
        if verbosity > 0 { text += PacketText.text(packet.data) }
        if verbosity > 2 { text += HexDump.text(packet.data, hasText: false) }
        return text
    }

    private func text(_ continuation: Continuation) -> String {
        let octets = continuation.bridge.map { HexDump.padded($0, 2) }
        var digits = octets.joined()[...]
        var parts: [Substring] = []
        for count in [8, 4, 4, 4, 12] {
            parts.append(digits.prefix(count))
            digits = digits.dropFirst(count)
        }
        var text = " continuation.bridge=" + parts.joined(separator: "-") + "\n"
        if !continuation.stack.isEmpty {
            text += " continuation.stack=(top)"
            for value in continuation.stack.reversed() {
                let significant = value.drop { $0 == 0 }
                let digits = significant.map { HexDump.padded($0, 2) }.joined()
                let trimmed = digits.drop { $0 == "0" }
                text += " " + (trimmed.isEmpty ? "0" : "0x" + trimmed)
            }
            text += " (bottom)\n"
        }
        if continuation.isTracked { text += " continuation.conntracked=true\n" }
        if !continuation.groups.isEmpty {
            let actions = continuation.groups.map { group in
                let cookie = Self.hexadecimal(group.cookie)
                let unrolling = "unroll_xlate(table=\(group.table), cookie=\(cookie))"
                return ([unrolling] + group.actions.map { actionsText($0) })
                    .joined(separator: ",")
            }
            text += " continuation.actions=" + actions.joined(separator: ",") + "\n"
        }
        if !continuation.actionSet.isEmpty {
            let set = actionsText(continuation.actionSet)
            text += " continuation.action_set=" + set + "\n"
        }
        if let port = continuation.datapathPort { text += " continuation.odp_port=\(port)\n" }
        return text
    }

    func text(_ packet: PacketOut) -> String {
        var text = " " + matchText(packet.metadata)
        text += " actions=" + actionsText(packet.actions)
        if let buffer = packet.bufferID {
            return text + " buffer=0x" + HexDump.padded(buffer, 8)
        }
        text += " data_len=\(packet.data.count)"
        if packet.data.isEmpty { return text + "\n" }
        text += "\n"
        if verbosity > 0 { text += PacketText.text(packet.data) }
        if verbosity > 2 { text += HexDump.text(packet.data, hasText: false) }
        return text
    }

    /// Two numbers behind the known ones stand for what never travels.
    private static func reasonName(of packet: PacketIn) -> String {
        if let number = packet.unknownReason { return number == 7 ? "" : String(number) }
        return packet.reason.name
    }
}

/// The text of a packet, as OVS prints it in messages.
enum PacketText {
    static func text(_ packet: [UInt8]) -> String {
        var packed = PackedKey()
        PacketParser.parse(packet.span.octets, .init(inPort: 0), into: &packed)
        let key = packed.expanded
        return FlowKeyText.packetText(key) + checksum(packet, key) + "\n"
    }

    /// The checksum of the transport header, where there is one.
    private static func checksum(_ packet: [UInt8], _ key: FlowKey) -> String {
        guard EtherType.isIP(key.etherType), key.ipFragment & FragmentBits.later == 0,
            let start = transportStart(packet, key)
        else { return "" }
        let isIPv6 = key.etherType == EtherType.ipv6
        let (name, offset, width) =
            switch key.ipProtocol {
            case IPProtocol.tcp: ("tcp_csum", 16, 2)
            case IPProtocol.udp: ("udp_csum", 6, 2)
            case IPProtocol.icmp where !isIPv6: ("icmp_csum", 2, 2)
            case IPProtocol.icmpv6 where isIPv6: ("icmp_csum", 2, 2)
            case IPProtocol.sctp: ("sctp_csum", 8, 4)
            default: ("", 0, 0)
            }
        guard width > 0, packet.count >= start + offset + width else { return "" }
        let value = packet[(start + offset)..<(start + offset + width)].reduce(UInt32(0)) {
            $0 << 8 | UInt32($1)
        }
        return " \(name):\(String(value, radix: 16))"
    }

    private static func transportStart(_ packet: [UInt8], _ key: FlowKey) -> Int? {
        let tagCount = (key.vlanTCI == 0 ? 0 : 1) + (key.innerVLANTCI == 0 ? 0 : 1)
        let start = 14 + 4 * tagCount
        guard packet.count > start else { return nil }
        if key.etherType == EtherType.ipv4 { return start + 4 * Int(packet[start] & 15) }
        var next = start + 40
        guard packet.count > start + 6 else { return nil }
        var header = packet[start + 6]
        // Hop-by-hop, routing, destination options and fragments come before the transport.
        while [0, 43, 44, 60].contains(header), packet.count > next + 1 {
            let length = header == 44 ? 8 : 8 * (Int(packet[next + 1]) + 1)
            header = packet[next]
            next += length
        }
        return next
    }
}
