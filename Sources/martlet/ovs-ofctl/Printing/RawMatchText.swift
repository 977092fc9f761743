import Addresses
import FlowModel
import OpenFlow

/// The match of a flow-mod of OpenFlow 1.0 as it travels, for who wants to see all of it.
enum RawMatchText {
    /// - Returns: `nil` for messages of later versions.
    static func text(_ octets: [UInt8], _ version: OpenFlowVersion) -> String? {
        if octets[1] == 14 { return version == .v10 ? fixed(octets[8...]) : nil }
        // Behind the subtype: cookie to flags, the length of the match, and six octets.
        let length = Int(octets[40]) << 8 | Int(octets[41])
        guard octets[1] == 4, 48 + length <= octets.count else { return nil }
        return ExtendedMatchText.text(Array(octets[48..<(48 + length)]))
    }

    private struct Fields {
        let octets: ArraySlice<UInt8>

        func number(_ offset: Int, _ count: Int) -> UInt64 {
            octets.dropFirst(offset).prefix(count).reduce(0) { $0 << 8 | UInt64($1) }
        }

        func has(_ bit: UInt64) -> Bool { number(0, 4) & bit == 0 }

        func text(_ name: String, _ bit: UInt64, _ value: String) -> String {
            "\(name)=\(has(bit) ? value : "*")"
        }

        func address(_ name: String, shift: UInt64, at offset: Int) -> String {
            let ignored = min(number(0, 4) >> shift & 0x3f, 32)
            if ignored == 32 { return "\(name)=*" }
            let address = IPv4Address(UInt32(truncatingIfNeeded: number(offset, 4)))
            return "\(name)=\(address)" + (ignored == 0 ? "" : "/\(32 - ignored)")
        }
    }

    /// The 40 octets of OpenFlow 1.0 §5.2.3.
    private static func fixed(_ octets: ArraySlice<UInt8>) -> String {
        let fields = Fields(octets: octets)
        let type = fields.has(1 << 4) ? fields.number(22, 2) : nil
        let proto = fields.has(1 << 5) ? fields.number(25, 1) : nil
        let isIP = type == 0x800
        let transports: [UInt64: String] = [6: "tcp", 17: "udp", 132: "sctp", 1: "icmp"]
        let transport = isIP ? proto.flatMap { transports[$0] } : nil
        var parts: [String] = []
        let keyword =
            transport ?? (isIP ? "ip" : type == 0x806 ? "arp" : type == 0x8035 ? "rarp" : nil)
        if let keyword { parts.append(keyword) }
        parts.append(
            fields.text("in_port", 1, "\(PortNumber(UInt16(fields.number(4, 2))))"))
        parts.append(fields.text("dl_vlan", 1 << 1, String(fields.number(18, 2))))
        parts.append(fields.text("dl_vlan_pcp", 1 << 20, String(fields.number(20, 1))))
        parts.append(fields.text("dl_src", 1 << 2, "\(EthernetAddress(fields.number(6, 6)))"))
        parts.append(fields.text("dl_dst", 1 << 3, "\(EthernetAddress(fields.number(12, 6)))"))
        if keyword == nil {
            parts.append(
                fields.text("dl_type", 1 << 4, "0x" + HexDump.padded(fields.number(22, 2), 4)))
        }
        parts.append(fields.address("nw_src", shift: 8, at: 28))
        parts.append(fields.address("nw_dst", shift: 14, at: 32))
        if transport == nil {
            parts.append(fields.text("nw_proto", 1 << 5, String(fields.number(25, 1))))
        }
        parts.append(fields.text("nw_tos", 1 << 21, String(fields.number(24, 1))))
        let isICMP = transport == "icmp"
        parts.append(
            fields.text(isICMP ? "icmp_type" : "tp_src", 1 << 6, String(fields.number(36, 2))))
        parts.append(
            fields.text(isICMP ? "icmp_code" : "tp_dst", 1 << 7, String(fields.number(38, 2))))
        return parts.joined(separator: ",")
    }
}
