import FlowModel
import FlowSyntax
import OpenFlow

extension MessagePrinter {
    func text(_ request: StatsRequest) -> String {
        switch request {
        case .flowMonitor(let requests): return text(requests)
        case .description, .table, .groupFeatures, .meterFeatures, .tableFeatures,
            .tableDescription:
            return ""
        case .queueDescription(let port, let queue):
            return " port=\(name(of: port))" + (queue.map { " queue=\($0)" } ?? "")
        case .flow(let flow), .aggregate(let flow): return text(flow)
        case .port(let port): return " port_no=\(name(of: port))"
        case .portDescription(let port): return " port=\(name(of: port))"
        case .queue(let port, let queue):
            return " port=\(name(of: port)) queue=" + (queue.map { String($0) } ?? "ALL")
        case .group(let group), .groupDescription(let group):
            return " group_id=" + Self.text(ofGroup: group)
        case .meter(let meter), .meterConfig(let meter):
            return " meter=" + MeterText.text(ofNumber: meter)
        }
    }

    private func name(of port: PortNumber) -> String { names.text(of: port) }

    private func text(_ request: FlowStatsRequest) -> String {
        var text = ""
        if request.tableID != FlowMod.allTables {
            text += " table=" + names.text(ofTable: request.tableID)
        }
        if request.outPort != .none { text += " out_port=\(name(of: request.outPort))" }
        let match = matchText(request.match)
        return match.isEmpty ? text : text + " " + match
    }

    private static func text(ofGroup group: UInt32) -> String {
        switch group {
        case GroupMod.all: "ALL"
        case FlowMod.anyGroup: "ANY"
        default: String(group)
        }
    }

    func text(_ reply: StatsReply) -> String { text(reply.body) }

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
        case .table, .tableFeatures: return ""
        case .port(let ports):
            return " \(ports.count) ports\n" + ports.map { text($0) }.joined()
        case .queue(let queues):
            return " \(queues.count) queues\n" + queues.map { text($0) }.joined()
        case .portDescription(let ports): return "\n" + text(ports)
        case .group(let groups): return text(groups)
        case .groupDescription(let groups): return text(groups)
        case .meter(let meters): return text(meters)
        case .meterConfig(let meters): return text(meters)
        case .tableDescription(let tables):
            return tables.map { self.text(ofDescription: $0) }.joined()
        case .queueDescription(let queues): return text(ofQueues: queues)
        case .flowMonitor(let updates): return text(updates)
        case .groupFeatures(let features): return text(features)
        case .meterFeatures(let features): return text(features)
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
            let actions = ActionNames.text(features.actions[index], dialect.version)
            text +=
                "    \(kind) group:\n       max_groups=0x\(limit)\n"
                + "       actions:\(actions.isEmpty ? " <none>" : actions)\n"
        }
        return text
    }

    private func text(_ features: MeterFeatures) -> String {
        let bands = Self.bits(features.bandTypes, [(2, "drop"), (4, "dscp_remark")])
        let capabilities = Self.bits(
            features.capabilities, [(1, "kbps"), (2, "pktps"), (4, "burst"), (8, "stats")])
        return "\nmax_meter:\(features.maxMeters) max_bands:\(features.maxBands) "
            + "max_color:\(features.maxColor)\nband_types: \(bands)\n"
            + "capabilities: \(capabilities)\n"
    }

    // MARK: Tables

    /// The counters of tables, and before OpenFlow 1.3 what they can do.
    func tableStatistics(_ octets: [UInt8]) -> String {
        guard case .statsReply(let reply)? = try? OpenFlowMessage.parse(octets, dialect: dialect),
            case .table(let counts) = reply.body
        else { return "" }
        let abilities: [TableCapabilities] =
            dialect.version < .v13
            ? TableCapabilities.tables(of: octets, dialect.version).tables
            : counts.map { TableCapabilities(tableID: $0.tableID) }
        let printer = TableCapabilitiesText(version: dialect.version)
        var text = ""
        var index = 0
        while index < counts.count {
            let previous = index > 0 ? abilities[index - 1] : nil
            let table = abilities[index]
            let hasSame = previous.map { printer.isSame($0, table) } ?? false
            if hasSame, counts[index].hasSameCounts(as: counts[index - 1]) {
                let isNamed = { (index: Int) in printer.title(abilities[index]).contains(" ") }
                var last = index
                while !isNamed(index), last + 1 < counts.count, !isNamed(last + 1),
                    printer.isSame(abilities[last + 1], table),
                    counts[last + 1].hasSameCounts(as: counts[index])
                {
                    last += 1
                }
                text += "\n" + printer.ditto(table, abilities[last])
                index = last + 1
                continue
            }
            text += "\n  table \(printer.title(table)):\n    \(Self.counts(counts[index]))\n"
            if hasSame {
                if dialect.version < .v13 { text += "    (same features)\n" }
            } else {
                text += printer.features(table, previous: previous)
            }
            index += 1
        }
        return text
    }

    private static func counts(_ table: TableStats) -> String {
        "active=\(table.activeCount), lookup=\(table.lookupCount), "
            + "matched=\(table.matchedCount)"
    }

    // MARK: Queues

    /// The queues of ports in their order, with what they may send.
    func text(ofQueues queues: [QueueDescription]) -> String {
        let sorted = queues.sorted { ($0.port, $0.queueID) < ($1.port, $1.queueID) }
        var text = ""
        var port: PortNumber?
        for queue in sorted {
            if queue.port != port {
                text += (port == nil ? " " : "") + "port=\(name(of: queue.port))\n"
                port = queue.port
            }
            text += "queue \(queue.queueID):" + Self.rate("min_rate", queue.minRate)
            text += Self.rate("max_rate", queue.maxRate) + "\n"
        }
        return text
    }

    /// A rate in percent; none where nothing is guaranteed.
    private static func rate(_ name: String, _ tenths: UInt16?) -> String {
        guard let tenths, tenths != .max else { return "" }
        if tenths > 1000 { return " \(name):(disabled)" }
        return " \(name):\(tenths / 10).\(tenths % 10)%"
    }
}

extension TableStats {
    fileprivate func hasSameCounts(as other: TableStats) -> Bool {
        activeCount == other.activeCount && lookupCount == other.lookupCount
            && matchedCount == other.matchedCount
    }
}
