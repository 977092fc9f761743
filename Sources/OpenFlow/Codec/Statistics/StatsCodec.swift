import Bytes
import FlowModel

extension StatsRequest {
    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        let type = try reader.uint16()
        try reader.skip(2)
        if dialect.version >= .v11 { try reader.skip(4) }
        switch type {
        case StatsType.description: self = .description
        case StatsType.flow: self = .flow(try FlowStatsRequest(&reader, dialect))
        case StatsType.aggregate: self = .aggregate(try FlowStatsRequest(&reader, dialect))
        case StatsType.table: self = .table
        case StatsType.port: self = .port(try reader.port(dialect, padding: 6, widePadding: 4))
        case StatsType.queue:
            let port = try reader.port(dialect, padding: 2)
            let queue = try reader.uint32()
            self = .queue(port, queueID: queue == .max ? nil : queue)
        case StatsType.portDescription:
            // Older versions ask for all ports and say nothing more.
            let isPicky = dialect.version >= .v15 && reader.remaining >= 8
            self = .portDescription(
                isPicky ? try reader.port(dialect, padding: 0, widePadding: 4) : .none)
        case StatsType.experimenter: self = try Self.nicira(&reader, dialect)
        default: self = try Self.later(type, &reader, dialect)
        }
    }

    /// What came with OpenFlow 1.1 and later.
    private static func later(
        _ type: UInt16, _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) -> StatsRequest {
        guard dialect.version >= .v11 else { throw .requestBadStatistics }
        switch type {
        case StatsType.group: return .group(try reader.paddedID())
        case StatsType.groupDescription:
            return .groupDescription(
                dialect.version >= .v15 ? try reader.paddedID() : GroupMod.all)
        case StatsType.groupFeatures where dialect.version >= .v12: return .groupFeatures
        case StatsType.meter where dialect.version >= .v13: return .meter(try reader.paddedID())
        case StatsType.meterConfig where dialect.version >= .v13:
            return .meterConfig(try reader.paddedID())
        case StatsType.meterFeatures where dialect.version >= .v13: return .meterFeatures
        case StatsType.tableFeatures where dialect.version >= .v13:
            // With a body, it would change the tables.
            try TableCapabilities.decodeRequest(&reader, dialect.version)
            return .tableFeatures
        case StatsType.tableDescription where dialect.version >= .v14: return .tableDescription
        case StatsType.queueDescription where dialect.version >= .v14:
            let port = try reader.port(dialect, padding: 0)
            let queue = try reader.uint32()
            return .queueDescription(port, queueID: queue == .max ? nil : queue)
        case StatsType.flowMonitor where dialect.version >= .v14:
            return .flowMonitor(try FlowMonitorRequest.decodeAll(&reader, dialect))
        default: throw .requestBadStatistics
        }
    }

    private static func nicira(
        _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) -> StatsRequest {
        let experimenter = try reader.uint32()
        let subtype = try reader.uint32()
        if experimenter == ExperimenterID.onf, dialect.version == .v13 {
            guard subtype == StatsType.onfFlowMonitor else { throw .requestBadSubtype }
            return .flowMonitor(try FlowMonitorRequest.decodeAll(&reader, dialect))
        }
        guard experimenter == ExperimenterID.nicira else { throw .requestBadVendor }
        if dialect.version == .v10 { try reader.skip(4) }
        switch subtype {
        case StatsType.niciraFlow: return .flow(try FlowStatsRequest(nicira: &reader))
        case StatsType.niciraAggregate: return .aggregate(try FlowStatsRequest(nicira: &reader))
        case StatsType.niciraFlowMonitor where dialect.version < .v13:
            return .flowMonitor(try FlowMonitorRequest.decodeAll(&reader, dialect))
        case StatsType.niciraGroup: return .group(try reader.paddedID())
        case StatsType.niciraGroupDescription: return .groupDescription(try reader.paddedID())
        case StatsType.niciraGroupFeatures: return .groupFeatures
        // No bridge exports anything.
        case StatsType.niciraExportOfBridge, StatsType.niciraExportOfFlows:
            throw .nxStatsNotConfigured
        default: throw .requestBadSubtype
        }
    }

    /// The dialect in which to answer: flows in the format in which they were asked for.
    public func replyDialect(_ dialect: Dialect) -> Dialect {
        var reply = dialect
        switch self {
        case .flow(let request), .aggregate(let request):
            reply.flowFormat = request.isNicira ? .nxm : .openFlow10
        default: break
        }
        return reply
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        writer.message(MessageType.statsRequest(dialect.version), dialect, xid) { writer in
            let type = StatsHeader(self.type, dialect)
            type.encode(into: &writer)
            encodeBody(dialect, isNicira: type.subtype != nil, into: &writer)
        }
    }

    var type: UInt16 {
        switch self {
        case .description: StatsType.description
        case .flow: StatsType.flow
        case .aggregate: StatsType.aggregate
        case .table: StatsType.table
        case .port: StatsType.port
        case .queue: StatsType.queue
        case .portDescription: StatsType.portDescription
        case .group: StatsType.group
        case .groupDescription: StatsType.groupDescription
        case .groupFeatures: StatsType.groupFeatures
        case .meter: StatsType.meter
        case .meterConfig: StatsType.meterConfig
        case .meterFeatures: StatsType.meterFeatures
        case .tableFeatures: StatsType.tableFeatures
        case .tableDescription: StatsType.tableDescription
        case .queueDescription: StatsType.queueDescription
        case .flowMonitor: StatsType.flowMonitor
        }
    }

    private func encodeBody(
        _ dialect: Dialect, isNicira: Bool, into writer: inout OctetWriter
    ) {
        switch self {
        case .flow(let request), .aggregate(let request):
            if isNicira {
                request.encodeNicira(into: &writer)
            } else {
                request.encode(dialect, into: &writer)
            }
        case .port(let port): writer.append(port, dialect, padding: 6, widePadding: 4)
        case .queue(let port, let queue):
            // OpenFlow 1.0 says "all" for any port here.
            let port = port == .none && dialect.version == .v10 ? .all : port
            writer.append(port, dialect, padding: 2, widePadding: 0)
            writer.append(queue ?? .max)
        case .portDescription(let port):
            if dialect.version >= .v15 { writer.append(port, dialect, padding: 0, widePadding: 4) }
        case .group(let id), .meter(let id), .meterConfig(let id):
            writer.append(id)
            writer.appendZeros(4)
        case .groupDescription(let id):
            if isNicira || dialect.version >= .v15 {
                writer.append(id)
                writer.appendZeros(4)
            }
        case .queueDescription(let port, let queue):
            writer.append(port.wide)
            writer.append(queue ?? .max)
        case .flowMonitor(let requests):
            for request in requests { request.encode(dialect, into: &writer) }
        case .description, .table, .groupFeatures, .meterFeatures, .tableFeatures,
            .tableDescription:
            break
        }
    }
}

extension MessageReader {
    /// Reads the number of a group or a meter, and four octets that fill it up.
    fileprivate mutating func paddedID() throws(OpenFlowError) -> UInt32 {
        let id = try uint32()
        try skip(4)
        return id
    }

    /// Reads a port and what fills it up in OpenFlow 1.0 or later.
    fileprivate mutating func port(
        _ dialect: Dialect, padding: Int, widePadding: Int = 0
    ) throws(OpenFlowError) -> PortNumber {
        if dialect.version == .v10 {
            let port = PortNumber(try uint16())
            try skip(padding)
            return port == .all ? .none : port
        }
        guard let port = PortNumber(wide: try uint32()) else { throw .actionBadOutPort }
        try skip(widePadding)
        return port
    }
}

extension OctetWriter {
    /// Appends a port and zeros, whose number hangs on how wide the port is.
    fileprivate mutating func append(
        _ port: PortNumber, _ dialect: Dialect, padding: Int, widePadding: Int
    ) {
        if dialect.version == .v10 {
            append(port.value)
            appendZeros(padding)
        } else {
            append(port.wide)
            appendZeros(widePadding)
        }
    }
}

/// Type and flags of statistics; for some of them an experimenter's header.
struct StatsHeader {
    let type: UInt16
    let experimenter: UInt32
    let subtype: UInt32?
    let version: OpenFlowVersion

    init(_ type: UInt16, _ dialect: Dialect) {
        version = dialect.version
        switch version {
        case .v10:
            experimenter = ExperimenterID.nicira
            subtype = Self.niciraSubtype(type, dialect)
        case .v11 where type == StatsType.groupFeatures:
            // The standard has them from OpenFlow 1.2 on.
            experimenter = ExperimenterID.nicira
            subtype = StatsType.niciraGroupFeatures
        case .v11 where type == StatsType.flowMonitor, .v12 where type == StatsType.flowMonitor:
            experimenter = ExperimenterID.nicira
            subtype = StatsType.niciraFlowMonitor
        case .v13 where type == StatsType.flowMonitor:
            experimenter = ExperimenterID.onf
            subtype = StatsType.onfFlowMonitor
        default:
            experimenter = 0
            subtype = nil
        }
        self.type = subtype == nil ? type : StatsType.experimenter
    }

    private static func niciraSubtype(_ type: UInt16, _ dialect: Dialect) -> UInt32? {
        let isNXM = dialect.flowFormat == .nxm
        return switch type {
        case StatsType.flow where isNXM: StatsType.niciraFlow
        case StatsType.aggregate where isNXM: StatsType.niciraAggregate
        case StatsType.group: StatsType.niciraGroup
        case StatsType.groupDescription: StatsType.niciraGroupDescription
        case StatsType.groupFeatures: StatsType.niciraGroupFeatures
        case StatsType.flowMonitor: StatsType.niciraFlowMonitor
        default: nil
        }
    }

    func encode(into writer: inout OctetWriter) {
        writer.append(type)
        writer.append(UInt16(0))
        if version >= .v11 { writer.appendZeros(4) }
        guard let subtype else { return }
        writer.append(experimenter)
        writer.append(subtype)
        if version == .v10 { writer.appendZeros(4) }
    }
}
