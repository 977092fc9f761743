import FlowModel
import FlowSyntax
import OpenFlow

extension MessagePrinter {
    func text(_ request: StatsRequest) -> String {
        switch request {
        case .description, .table, .groupFeatures, .meterFeatures, .tableFeatures,
            .tableDescription:
            return ""
        case .queueDescription(let port, let queue):
            return " port=\(name(of: port)) queue=" + (queue.map { String($0) } ?? "ALL")
        case .flow(let flow), .aggregate(let flow): return text(flow)
        case .port(let port): return " port_no=\(name(of: port))"
        case .portDescription(let port): return " port=\(name(of: port))"
        case .queue(let port, let queue):
            return " port=\(name(of: port)) queue=" + (queue.map { String($0) } ?? "ALL")
        case .group(let group), .groupDescription(let group):
            return " group_id=" + (group == 0xffff_fffc ? "ALL" : String(group))
        case .meter(let meter), .meterConfig(let meter):
            return " meter=" + (meter == .max ? "all" : String(meter))
        }
    }

    private func name(of port: PortNumber) -> String { names.text(of: port) }

    private func text(_ request: FlowStatsRequest) -> String {
        var text = ""
        if request.tableID != FlowMod.allTables {
            text += " table=" + names.text(ofTable: request.tableID)
        }
        if request.cookieMask != 0 {
            text += " cookie=" + Self.hexadecimal(request.cookie)
            text += "/" + Self.hexadecimal(request.cookieMask)
        }
        if request.outPort != .none { text += " out_port=\(name(of: request.outPort))" }
        return text + " " + MatchPrinter.text(request.match, names: names)
    }

    func text(_ reply: StatsReply) -> String {
        let more = reply.hasMore ? " flags=[more]" : ""
        return more + text(reply.body)
    }

    private func text(_ body: StatsReply.Body) -> String {
        switch body {
        case .description(let description): return text(description)
        case .flow(let flows):
            var lines = TextBuffer()
            for flow in flows {
                lines += "\n"
                append(flow, hasStats: true, to: &lines)
            }
            return lines.string
        case .aggregate(let stats):
            return " packet_count=\(stats.packetCount) byte_count=\(stats.byteCount)"
                + " flow_count=\(stats.flowCount)"
        case .table(let tables): return text(tables)
        case .port(let ports):
            return " \(ports.count) ports\n" + ports.map { text($0) }.joined()
        case .queue(let queues):
            return " \(queues.count) queues\n" + queues.map { text($0) }.joined()
        case .portDescription(let ports): return "\n" + text(ports)
        case .group(let groups): return text(groups)
        case .groupDescription(let groups): return text(groups)
        case .meter(let meters): return text(meters)
        case .meterConfig(let meters): return text(meters)
        case .tableDescription, .queueDescription: return ""
        case .groupFeatures(let features): return text(features)
        case .meterFeatures(let features): return text(features)
        case .tableFeatures(let tables): return tables.map { text($0) }.joined()
        }
    }

    private func text(_ description: SwitchDescription) -> String {
        "\nManufacturer: \(description.manufacturer)\nHardware: \(description.hardware)\n"
            + "Software: \(description.software)\nSerial Num: \(description.serialNumber)\n"
            + "DP Description: \(description.datapath)\n"
    }

    private static func counter(_ value: UInt64) -> String { value == .max ? "?" : String(value) }

    private func text(_ port: PortStats) -> String {
        let counter = Self.counter
        let number = name(of: port.port)
        let padded = number.utf8.count < 2 ? " " + number : number
        var text =
            "  port \(padded): rx pkts=\(counter(port.receivedPackets)), "
            + "bytes=\(counter(port.receivedBytes)), drop=\(counter(port.receiveDropped)), "
            + "errs=\(counter(port.receiveErrors)), frame=\(counter(port.receiveFrameErrors)), "
            + "over=\(counter(port.receiveOverrunErrors)), "
            + "crc=\(counter(port.receiveCRCErrors))\n"
        text +=
            "           tx pkts=\(counter(port.transmittedPackets)), "
            + "bytes=\(counter(port.transmittedBytes)), drop=\(counter(port.transmitDropped)), "
            + "errs=\(counter(port.transmitErrors)), coll=\(counter(port.collisions))\n"
        if let duration = port.duration, dialect.version > .v10 {
            text += "           duration=\(Self.text(duration))\n"
        }
        return text
    }

    private func text(_ queue: QueueStats) -> String {
        "  port \(name(of: queue.port)) queue \(queue.queueID): "
            + "bytes=\(Self.counter(queue.transmittedBytes)), "
            + "pkts=\(Self.counter(queue.transmittedPackets)), "
            + "errors=\(Self.counter(queue.transmitErrors)), "
            + "duration=\(queue.duration.map { Self.text($0) } ?? "?")\n"
    }

    private func text(_ features: GroupFeatures) -> String {
        let kinds = ["all", "select", "indirect", "fast failover"]
        var text =
            "\n Group table:\n    Types:  0x\(String(features.types, radix: 16))\n"
            + "    Capabilities:  0x\(String(features.capabilities, radix: 16))\n"
        for (index, kind) in kinds.enumerated() where features.types >> UInt32(index) & 1 == 1 {
            let limit = String(features.maxGroups[index], radix: 16)
            let actions =
                dialect.version == .v10
                ? Self.actionNames(features.actions[index])
                : Self.actionNames13(features.actions[index])
            text += "    \(kind) group:\n       max_groups=0x\(limit)\n       actions:\(actions)\n"
        }
        return text
    }

    /// The actions of OpenFlow 1.3 by their bits, in the order in which OVS names them.
    private static func actionNames13(_ bits: UInt32) -> String {
        let names: [(Int, String)] = [
            (0, "output"), (22, "group"), (25, "set_field"), (18, "strip_vlan"),
            (17, "push_vlan"), (23, "mod_nw_ttl"), (24, "dec_ttl"), (15, "set_mpls_ttl"),
            (16, "dec_mpls_ttl"), (19, "push_mpls"), (20, "pop_mpls"), (21, "set_queue"),
        ]
        return Self.words(names, bits)
    }

    private static func words(_ names: [(Int, String)], _ bits: UInt32) -> String {
        names.filter { bits >> UInt32($0.0) & 1 == 1 }.map { " " + $0.1 }.joined()
    }

    private func text(_ table: TableFeatures) -> String {
        let name = table.name.isEmpty ? "" : " (\"\(table.name)\")"
        return "\n  table \(table.tableID)\(name):\n    max_entries=\(table.maxEntries)\n"
    }

    private func text(_ features: MeterFeatures) -> String {
        let bands = Self.words([(1, "drop"), (2, "dscp_remark")], features.bandTypes)
        let capabilities = Self.words(
            [(0, "kbps"), (1, "pktps"), (2, "burst"), (3, "stats")], features.capabilities)
        return "\nmax_meter:\(features.maxMeters) max_bands:\(features.maxBands) "
            + "max_color:\(features.maxColor)\nband_types:\(bands.isEmpty ? " 0" : bands)\n"
            + "capabilities:\(capabilities.isEmpty ? " 0" : capabilities)\n"
    }

    private func text(_ tables: [TableStats]) -> String {
        var parts: [String] = []
        var index = 0
        while index < tables.count {
            let table = tables[index]
            if index > 0 && isSame(tables[index - 1], table) {
                var last = index
                while last + 1 < tables.count && isSame(tables[last], tables[last + 1]) {
                    last += 1
                }
                parts.append(
                    last == index
                        ? "  table \(title(table)): ditto\n"
                        : "  tables \(table.tableID)...\(tables[last].tableID): ditto\n")
                index = last + 1
                continue
            }
            parts.append(text(table, previous: index > 0 ? tables[index - 1] : nil))
            index += 1
        }
        return "\n" + parts.joined(separator: "\n")
    }

    private func title(_ table: TableStats) -> String {
        let isNamed = !table.name.isEmpty && table.name != "table\(table.tableID)"
        return isNamed ? "\(table.tableID) (\"\(table.name)\")" : String(table.tableID)
    }

    private func isSame(_ left: TableStats, _ right: TableStats) -> Bool {
        left.activeCount == right.activeCount && left.lookupCount == right.lookupCount
            && left.matchedCount == right.matchedCount && left.maxEntries == right.maxEntries
    }

    private func text(_ table: TableStats, previous: TableStats?) -> String {
        var text =
            "  table \(title(table)):\n    active=\(table.activeCount), "
            + "lookup=\(table.lookupCount), matched=\(table.matchedCount)\n"
        guard dialect.version == .v10 else { return text }
        if let previous, previous.maxEntries == table.maxEntries {
            return text + "    (same features)\n"
        }
        text += "    max_entries=\(table.maxEntries)\n    matching:\n"
        return text
            + "      exact match or wildcard: in_port eth_{src,dst,type} vlan_{vid,pcp} "
            + "ip_{src,dst} nw_{proto,tos} tcp_{src,dst}\n"
    }
}
