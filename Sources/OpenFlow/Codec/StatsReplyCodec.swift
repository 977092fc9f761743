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
        guard try reader.uint32() == ExperimenterID.nicira else { throw .requestBadVendor }
        let subtype = try reader.uint32()
        if dialect.version == .v10 { try reader.skip(4) }
        var nicira = dialect
        nicira.flowFormat = .nxm
        switch subtype {
        case StatsType.niciraFlow:
            body = .flow(try FlowStatsEntry.decodeAll(&reader, nicira))
        case StatsType.niciraAggregate: body = try Self.body(StatsType.aggregate, &reader, nicira)
        case StatsType.niciraGroup: body = try Self.later(StatsType.group, &reader)
        case StatsType.niciraGroupDescription:
            body = try Self.later(StatsType.groupDescription, &reader)
        case StatsType.niciraGroupFeatures:
            body = try Self.later(StatsType.groupFeatures, &reader)
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
            return try later(type, &reader)
        }
    }

    /// What came with OpenFlow 1.1 and later; of groups and meters only that there are none.
    private static func later(
        _ type: UInt16, _ reader: inout MessageReader
    ) throws(OpenFlowError) -> Body {
        switch type {
        case StatsType.group where reader.isAtEnd: return .noGroups
        case StatsType.groupDescription where reader.isAtEnd: return .noGroupDescriptions
        case StatsType.meter where reader.isAtEnd: return .noMeters
        case StatsType.meterConfig where reader.isAtEnd: return .noMeterConfigs
        case StatsType.groupFeatures:
            var features = GroupFeatures(
                types: try reader.uint32(), capabilities: try reader.uint32())
            for index in 0..<4 { features.maxGroups[index] = try reader.uint32() }
            for index in 0..<4 { features.actions[index] = try reader.uint32() }
            return .groupFeatures(features)
        case StatsType.meterFeatures:
            let features = MeterFeatures(
                maxMeters: try reader.uint32(), bandTypes: try reader.uint32(),
                capabilities: try reader.uint32(), maxBands: try reader.uint8(),
                maxColor: try reader.uint8())
            try reader.skip(2)
            return .meterFeatures(features)
        case StatsType.tableFeatures:
            var tables: [TableFeatures] = []
            while !reader.isAtEnd { tables.append(try TableFeatures(&reader)) }
            return .tableFeatures(tables)
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
        case .noGroups: .group
        case .noGroupDescriptions: .groupDescription
        case .noMeters: .meter
        case .noMeterConfigs: .meterConfig
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
        case .noGroups, .noGroupDescriptions, .noMeters, .noMeterConfigs: break
        }
        writer = reply.finish(hasMore: hasMore)
    }
}
