import Addresses
import FlowModel
import FlowSyntax
import OpenFlow

/// Tables, tunnel options and connections.
extension MessagePrinter {
    func text(_ mod: TableMod) -> String {
        var text = Self.title(mod, names)
        if dialect.version < .v14 {
            // OpenFlow 1.3 has nothing to configure.
            guard dialect.version < .v13 else { return text }
            return text + ", flow_miss_config=" + TableCapabilitiesText.name(of: mod.config)
        }
        text += Self.eviction(mod)
        text += ", vacancy=" + (mod.config.contains(.vacancyEvents) ? "on" : "off")
        if mod.config.contains(.vacancyEvents) {
            text += " vacancy:\(mod.vacancy?.down ?? 0),\(mod.vacancy?.up ?? 0)"
        }
        return text
    }

    private static func title(_ mod: TableMod, _ names: FlowNames) -> String {
        mod.tableID == FlowMod.allTables
            ? " table_id: ALL_TABLES" : " table_id=\(names.text(ofTable: mod.tableID))"
    }

    private static func eviction(_ mod: TableMod) -> String {
        guard let flags = mod.evictionFlags else {
            return ", eviction=" + (mod.config.contains(.eviction) ? "on" : "off")
        }
        if flags == 0 { return "" }
        if flags & ~7 != 0 { return ", eviction=***error***" }
        return ", eviction=on eviction_flags=" + eviction(flags)
    }

    private static func eviction(_ flags: UInt32) -> String {
        bits(flags, [(1, "OTHER"), (2, "IMPORTANCE"), (4, "LIFETIME")], separator: "|")
    }

    /// One table of OFPST_TABLE_DESC.
    func text(ofDescription table: TableMod) -> String {
        let flags = table.evictionFlags.map(Self.eviction) ?? "(default)"
        var text = "\n  table \(names.text(ofTable: table.tableID)):\n   eviction="
        text += (table.config.contains(.eviction) ? "on" : "off") + " eviction_flags=\(flags)\n"
        guard table.config.contains(.vacancyEvents) else { return text + "   vacancy=off\n" }
        let vacancy = table.vacancy ?? Vacancy(down: 0, up: 0)
        return text + "   vacancy=on vacancy_down=\(vacancy.down)% vacancy_up=\(vacancy.up)% "
            + "vacancy=\(vacancy.current)%\n"
    }

    func text(_ status: TableStatus) throws(OpenFlowError) -> String {
        let reason: String
        switch status.reason {
        case .vacancyDown: reason = "VACANCY_DOWN"
        case .vacancyUp: reason = "VACANCY_UP"
        default: throw .propertyBadValue
        }
        return " reason=\(reason)\ntable_desc:-" + text(ofDescription: status.table)
    }

    // MARK: Tunnel options

    func text(_ mod: TLVTableMod) -> String {
        switch mod.command {
        case .add: "\n ADD mapping table:\n" + Self.table(mod.mappings)
        case .delete: "\n DEL mapping table:\n" + Self.table(mod.mappings)
        case .clear: "\n CLEAR"
        }
    }

    func text(_ table: TLVTable) -> String {
        let allocated = table.mappings.reduce(0) { $0 + Int($1.byteCount) }
        return "\n max option space=\(table.maxSpace) max fields=\(table.maxFields)\n"
            + " allocated option space=\(allocated)\n\n mapping table:\n"
            + Self.table(table.mappings)
    }

    private static func table(_ mappings: [TLVMapping]) -> String {
        let hexadecimal = { (value: Int) in value == 0 ? "0" : "0x" + String(value, radix: 16) }
        let padded = { (text: String, width: Int) in
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        let lines = mappings.map {
            " \(padded(hexadecimal(Int($0.optionClass)), 6))  "
                + "\(padded(hexadecimal(Int($0.type)), 4))  \(padded(String($0.byteCount), 6))  "
                + "tun_metadata\($0.index)\n"
        }
        return "  class  type  length  match field\n ------  ----  ------  --------------\n"
            + lines.joined()
    }

    // MARK: Connections

    func text(_ flush: ConnectionFlush) -> String {
        let original = Self.text(flush.original, flush)
        let reply = Self.text(flush.reply, flush)
        return " zone=\(flush.zone ?? 0) '\(original),ct_nw_proto=\(flush.ipProtocol)' '\(reply)'"
    }

    private static func text(_ tuple: ConnectionTuple, _ flush: ConnectionFlush) -> String {
        let prefix = flush.isIPv4 ? "ct_nw" : "ct_ipv6"
        let isICMP = flush.ipProtocol == 1 || flush.ipProtocol == 58
        let ports =
            isICMP
            ? "icmp_id=\(tuple.icmpID),icmp_type=\(tuple.icmpType),icmp_code=\(tuple.icmpCode)"
            : "ct_tp_src=\(tuple.sourcePort),ct_tp_dst=\(tuple.destinationPort)"
        return "\(prefix)_src=\(text(ofAddress: tuple.source)),"
            + "\(prefix)_dst=\(text(ofAddress: tuple.destination)),\(ports)"
    }

    private static func text(ofAddress address: UInt128) -> String {
        if let ipv4 = ConnectionTuple.ipv4(address) { return "\(IPv4Address(ipv4))" }
        return "\(IPv6Address(address))"
    }
}
