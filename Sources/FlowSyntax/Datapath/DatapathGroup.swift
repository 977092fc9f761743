internal import FlowModel

/// Prints the fields of one header, as they stand in a flow or in `set(...)`.
struct DatapathGroup {
    let key: FlowKey
    let mask: FlowKey
    let isVerbose: Bool

    /// What stands between the parentheses; empty if nothing matters.
    func text(_ group: HeaderGroup) -> String {
        switch group {
        case .priority: return FieldText.hexadecimal(key[.packetPriority])
        case .mark: return masked(.packetMark, hexadecimal: true) ?? ""
        case .tunnel: return tunnel
        case .ethernet: return fields([("src", .ethernetSource), ("dst", .ethernetDestination)])
        case .mpls: return mpls
        case .arp:
            return fields([
                ("sip", .arpSenderIP), ("tip", .arpTargetIP), ("op", .arpOperation),
                ("sha", .arpSenderMAC), ("tha", .arpTargetMAC),
            ])
        case .ipv4:
            return fields([
                ("src", .ipv4Source), ("dst", .ipv4Destination), ("proto", .ipProtocol),
                ("tos", .ipTOS), ("ttl", .ipTTL), ("frag", .ipFragment),
            ])
        case .ipv6:
            return fields([
                ("src", .ipv6Source), ("dst", .ipv6Destination), ("label", .ipv6Label),
                ("proto", .ipProtocol), ("tclass", .ipTOS), ("hlimit", .ipTTL),
                ("frag", .ipFragment),
            ])
        case .tcp: return fields([("src", .tcpSource), ("dst", .tcpDestination)])
        case .udp: return fields([("src", .udpSource), ("dst", .udpDestination)])
        case .sctp: return fields([("src", .sctpSource), ("dst", .sctpDestination)])
        case .icmp: return fields([("type", .icmpType), ("code", .icmpCode)])
        case .icmpv6: return fields([("type", .icmpv6Type), ("code", .icmpv6Code)])
        case .nd:
            return fields([("target", .ndTarget), ("sll", .ndSourceMAC), ("tll", .ndTargetMAC)])
        case .nsh:
            return fields([
                ("flags", .nshFlags), ("ttl", .nshTTL), ("mdtype", .nshMDType),
                ("np", .nshNextProtocol), ("spi", .nshSPI), ("si", .nshSI),
                ("c1", .nshContext1), ("c2", .nshContext2), ("c3", .nshContext3),
                ("c4", .nshContext4),
            ])
        case .pbb: return fields([("isid", .pbbISID), ("uca", .pbbUCA)])
        }
    }

    func fields(_ fields: [(String, Field)]) -> String {
        var parts: [String] = []
        for (name, field) in fields {
            let isHexadecimal =
                field == .ipTOS || field == .ipv6Label || field == .nshSPI
                || field.descriptor.format == .hexadecimal
            guard let text = masked(field, hexadecimal: isHexadecimal) else { continue }
            parts.append(name + "=" + text)
        }
        return parts.joined(separator: ",")
    }

    /// The value and what of it matters, or `nil` if nothing does.
    private func masked(_ field: Field, hexadecimal: Bool) -> String? {
        let row = field.descriptor
        let bits = mask[row.location]
        guard bits != 0 || isVerbose else { return nil }
        let value = key[row.location]
        let isExact = bits == row.location.ones
        switch row.format {
        case .ethernet: return FieldText.ethernet(value, mask: bits)
        case .ipv4:
            return isExact
                ? FieldText.ipv4(value) : FieldText.ipv4(value) + "/" + FieldText.ipv4(bits)
        case .ipv6:
            let text = FieldText.ipv6(value, mask: .max)
            return isExact ? text : text + "/" + FieldText.ipv6(bits, mask: .max)
        case .fragment: return FragmentText.text(UInt8(truncatingIfNeeded: value), mask: 3)
        default:
            let text = hexadecimal ? FieldText.hexadecimal(value) : String(value)
            return isExact ? text : text + "/" + FieldText.hexadecimal(bits)
        }
    }

    /// The entries of the packet's label stack; whole, or each with its mask.
    private var mpls: String {
        let locations = labels
        let isWhole = locations.allSatisfy { mask[$0] == $0.ones }
        guard isWhole || isVerbose || locations.contains(where: { mask[$0] != 0 }) else {
            return ""
        }
        return locations.map { location in
            let entry = UInt32(truncatingIfNeeded: key[location])
            let bits = UInt32(truncatingIfNeeded: mask[location])
            return isWhole ? Self.label(entry) : Self.label(entry, mask: bits)
        }.joined(separator: ",")
    }

    /// Where the entries are that the packet has; a `set` speaks of the outermost alone.
    private var labels: [FieldLocation] {
        let places = [
            FieldLocation(word: KeyWord.mpls, shift: 32, width: 32),
            FieldLocation(word: KeyWord.mpls, shift: 0, width: 32),
            FieldLocation(word: KeyWord.mplsRest, shift: 32, width: 32),
        ]
        guard EtherType.isMPLS(key.networkType) else { return [places[0]] }
        let bottom = places.firstIndex { key[$0] & 0x100 != 0 }
        return Array(places.prefix((bottom ?? places.count) + 1).filter { key[$0] != 0 })
    }

    private static func label(_ entry: UInt32) -> String {
        "label=\(entry >> 12),tc=\(entry >> 9 & 7),ttl=\(entry & 0xff),bos=\(entry >> 8 & 1)"
    }

    private static func label(_ entry: UInt32, mask: UInt32) -> String {
        let label = FieldText.hexadecimal(mask >> 12, width: 1)
        let ttl = FieldText.hexadecimal(mask & 0xff, width: 1)
        return "label=\(entry >> 12)/\(label),"
            + "tc=\(entry >> 9 & 7)/" + String(mask >> 9 & 7, radix: 16)
            + ",ttl=\(entry & 0xff)/\(ttl),"
            + "bos=\(entry >> 8 & 1)/" + String(mask >> 8 & 1, radix: 16)
    }

    private var tunnel: String {
        var parts: [String] = []
        let hasID = mask[.tunnelID] != 0 || key[.tunnelHasKey] != 0
        if hasID, let id = masked(.tunnelID, hexadecimal: true) { parts.append("tun_id=" + id) }
        let fields: [(String, Field)] = [
            ("src", .tunnelSource), ("dst", .tunnelDestination), ("ipv6_src", .tunnelIPv6Source),
            ("ipv6_dst", .tunnelIPv6Destination),
        ]
        for (name, field) in fields where key[field] != 0 {
            if let text = masked(field, hexadecimal: false) { parts.append(name + "=" + text) }
        }
        let numbers: [(String, FieldLocation)] = [
            ("tos", .tunnelTOS), ("ttl", .tunnelTTL), ("tp_src", .tunnelSourcePort),
            ("tp_dst", .tunnelDestinationPort),
        ]
        for (name, location) in numbers where name != "tos" || key[location] != 0 {
            if let text = outer(location, hexadecimal: name == "tos") {
                parts.append(name + "=" + text)
            }
        }
        if mask[.tunnelGBPID] != 0 || mask[.tunnelGBPFlags] != 0 {
            let flags = FieldText.hexadecimal(key[.tunnelGBPFlags])
            parts.append("vxlan(gbp(id=\(key[.tunnelGBPID]),flags=\(flags)))")
        }
        parts.append("flags(" + outerFlags(hasID: hasID) + ")")
        return parts.joined(separator: ",")
    }

    /// By their names, or with signs where only some matter.
    private func outerFlags(hasID: Bool) -> String {
        let bits = mask[.outerFlags]
        let names: [(name: String, bit: UInt128)] = [
            ("df", 2), ("csum", 4), ("key", 8), ("oam", 1),
        ]
        guard bits == 0 || bits == FieldLocation.outerFlags.ones || hasID && bits == 8 else {
            return names.filter { bits & $0.bit != 0 }
                .map { (key[.outerFlags] & $0.bit == 0 ? "-" : "+") + $0.name }.joined()
        }
        var flags = key[.outerFlags]
        if hasID { flags |= FieldLocation.tunnelHasKey.ones << 3 }
        return names.filter { flags & $0.bit != 0 }.map(\.name).joined(separator: "|")
    }

    private func outer(_ location: FieldLocation, hexadecimal: Bool) -> String? {
        let bits = mask[location]
        guard bits != 0 || isVerbose && key[location] != 0 else { return nil }
        let value = key[location]
        let text = hexadecimal ? FieldText.hexadecimal(value) : String(value)
        return bits == location.ones ? text : text + "/" + FieldText.hexadecimal(bits)
    }
}
