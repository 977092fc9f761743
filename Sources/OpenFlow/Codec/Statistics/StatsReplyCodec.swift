import Bytes
import FlowModel

extension StatsReply {
    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        let type = try reader.uint16()
        hasMore = try reader.uint16() & 1 != 0
        if dialect.version >= .v11 { try reader.skip(4) }
        guard type == StatsType.experimenter else {
            body = try Self.body(type, &reader, dialect)
            return
        }
        let experimenter = try reader.uint32()
        let subtype = try reader.uint32()
        if experimenter == ExperimenterID.onf, dialect.version == .v13 {
            guard subtype == StatsType.onfFlowMonitor else { throw .requestBadSubtype }
            body = .flowMonitor(try FlowUpdate.decodeAll(&reader, dialect))
            return
        }
        guard experimenter == ExperimenterID.nicira else { throw .requestBadVendor }
        if dialect.version == .v10 { try reader.skip(4) }
        var nicira = dialect
        nicira.flowFormat = .nxm
        switch subtype {
        case StatsType.niciraFlow:
            body = .flow(try FlowStatsEntry.decodeAll(&reader, nicira))
        case StatsType.niciraAggregate: body = try Self.body(StatsType.aggregate, &reader, nicira)
        case StatsType.niciraFlowMonitor where dialect.version < .v13:
            body = .flowMonitor(try FlowUpdate.decodeAll(&reader, dialect))
        case StatsType.niciraGroup: body = try Self.later(StatsType.group, &reader, dialect)
        case StatsType.niciraGroupDescription:
            body = try Self.later(StatsType.groupDescription, &reader, dialect)
        case StatsType.niciraGroupFeatures:
            body = try Self.later(StatsType.groupFeatures, &reader, dialect)
        default: throw .requestBadSubtype
        }
    }

    private static func body(
        _ type: UInt16, _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) -> Body {
        switch type {
        case StatsType.description: return .description(try SwitchDescription(&reader))
        case StatsType.flow:
            var plain = dialect
            plain.flowFormat = .openFlow10
            return .flow(try FlowStatsEntry.decodeAll(&reader, plain))
        case StatsType.aggregate:
            if dialect.version >= .v15 {
                let counters = try FlowCounters(&reader)
                return .aggregate(
                    AggregateStats(
                        packetCount: counters.packetCount ?? .max,
                        byteCount: counters.byteCount ?? .max,
                        flowCount: counters.flowCount ?? 0))
            }
            let stats = AggregateStats(
                packetCount: try reader.uint64(), byteCount: try reader.uint64(),
                flowCount: try reader.uint32())
            try reader.skip(4)
            return .aggregate(stats)
        case StatsType.table:
            var tables: [TableStats] = []
            while !reader.isAtEnd { tables.append(try TableStats(&reader, dialect)) }
            return .table(tables)
        case StatsType.port:
            var ports: [PortStats] = []
            while !reader.isAtEnd { ports.append(try PortStats(&reader, dialect)) }
            return .port(ports)
        case StatsType.queue:
            var queues: [QueueStats] = []
            while !reader.isAtEnd { queues.append(try QueueStats(&reader, dialect)) }
            return .queue(queues)
        case StatsType.portDescription:
            var ports: [PortDescription] = []
            while !reader.isAtEnd { ports.append(try PortDescription(&reader, dialect)) }
            return .portDescription(ports)
        default:
            guard dialect.version >= .v11 else { throw .requestBadStatistics }
            return try later(type, &reader, dialect)
        }
    }

    /// What came with OpenFlow 1.1 and later.
    private static func later(
        _ type: UInt16, _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) -> Body {
        switch type {
        case StatsType.group:
            var groups: [GroupStats] = []
            while !reader.isAtEnd { groups.append(try GroupStats(&reader, dialect)) }
            return .group(groups)
        case StatsType.groupDescription:
            var groups: [GroupDescription] = []
            while !reader.isAtEnd { groups.append(try GroupDescription(&reader, dialect)) }
            return .groupDescription(groups)
        case StatsType.groupFeatures: return .groupFeatures(try GroupFeatures(&reader))
        case StatsType.meter:
            var meters: [MeterStats] = []
            while !reader.isAtEnd { meters.append(try MeterStats(&reader)) }
            return .meter(meters)
        case StatsType.meterConfig:
            var meters: [MeterConfig] = []
            while !reader.isAtEnd { meters.append(try MeterConfig(&reader)) }
            return .meterConfig(meters)
        case StatsType.meterFeatures: return .meterFeatures(try MeterFeatures(&reader))
        default: return try tables(type, &reader, dialect)
        }
    }

    /// What tells of tables and queues.
    private static func tables(
        _ type: UInt16, _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) -> Body {
        switch type {
        case StatsType.tableFeatures:
            var tables: [TableFeatures] = []
            while !reader.isAtEnd { tables.append(try TableFeatures(&reader)) }
            return .tableFeatures(tables)
        case StatsType.tableDescription where dialect.version >= .v14:
            var tables: [TableMod] = []
            while !reader.isAtEnd { tables.append(try TableMod(description: &reader)) }
            return .tableDescription(tables)
        case StatsType.queueDescription where dialect.version >= .v14:
            var queues: [QueueDescription] = []
            while !reader.isAtEnd { queues.append(try QueueDescription(&reader)) }
            return .queueDescription(queues)
        case StatsType.flowMonitor where dialect.version >= .v14:
            return .flowMonitor(try FlowUpdate.decodeAll(&reader, dialect))
        default: throw .requestBadStatistics
        }
    }

    private var kind: StatsReplyWriter.Kind {
        switch body {
        case .description: .description
        case .flow: .flow
        case .aggregate: .aggregate
        case .table: .table
        case .port: .port
        case .queue: .queue
        case .portDescription: .portDescription
        case .group: .group
        case .groupDescription: .groupDescription
        case .meter: .meter
        case .meterConfig: .meterConfig
        case .tableDescription: .tableDescription
        case .queueDescription: .queueDescription
        case .flowMonitor: .flowMonitor
        case .groupFeatures: .groupFeatures
        case .meterFeatures: .meterFeatures
        case .tableFeatures: .tableFeatures
        }
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        let reusable = writer
        writer = OctetWriter()
        var reply = StatsReplyWriter(kind, dialect, xid: xid, writer: consume reusable)
        switch body {
        case .description(let description): reply.append(description)
        case .flow(let entries): for entry in entries { reply.append(entry) }
        case .aggregate(let stats): reply.append(stats)
        case .table(let tables): for table in tables { reply.append(table) }
        case .port(let ports): for port in ports { reply.append(port) }
        case .queue(let queues): for queue in queues { reply.append(queue) }
        case .portDescription(let ports): for port in ports { reply.append(port) }
        case .groupFeatures(let features): reply.append(features)
        case .meterFeatures(let features): reply.append(features)
        case .tableFeatures(let tables): for table in tables { reply.append(table) }
        case .group(let groups): for group in groups { reply.append(group) }
        case .groupDescription(let groups): for group in groups { reply.append(group) }
        case .meter(let meters): for meter in meters { reply.append(meter) }
        case .meterConfig(let meters): for meter in meters { reply.append(meter) }
        case .tableDescription(let tables): for table in tables { reply.append(table) }
        case .queueDescription(let queues): for queue in queues { reply.append(queue) }
        case .flowMonitor(let updates): for update in updates { reply.append(update) }
        }
        writer = reply.finish(hasMore: hasMore)
    }
}
