import Bytes
import FlowModel

extension OpenFlowMessage {
    /// Reads one whole message, header and all.
    ///
    /// The version is the header's own; `dialect` says the rest. Nothing is copied but what the
    /// message keeps.
    ///
    /// - Throws: the reason to tell the peer, with the header's transaction ID and at most
    ///   ``ErrorMessage/maxDataByteCount`` octets of the message.
    public static func parse(
        _ octets: [UInt8], dialect: Dialect? = nil
    ) throws(OpenFlowError) -> OpenFlowMessage {
        guard let header = MessageHeader(octets), header.length == octets.count else {
            throw .requestBadLength
        }
        var own = dialect ?? Dialect(version: header.version)
        own.version = header.version
        var reader = MessageReader(octets.span.octets)
        try reader.skip(MessageHeader.byteCount)
        if header.isHello { return .hello(try Hello(&reader)) }
        guard OpenFlowVersion.allKnown.contains(header.version) else { throw .requestBadVersion }
        _ = try MessageForm.of(octets)
        let message = try parse(header.type, &reader, own)
        guard reader.isAtEnd || message.toleratesRest else { throw .requestBadLength }
        return message
    }

    /// Whether octets behind the message are ignored, as the standard asks of some.
    private var toleratesRest: Bool {
        switch self {
        case .hello, .setFlowFormat, .setControllerID, .setTableInFlowMod, .flowRemoved,
            .statsRequest(.flow), .statsRequest(.aggregate):
            true
        case .statsReply(let reply):
            if case .aggregate = reply.body { true } else { false }
        default: false
        }
    }

    private static func parse(
        _ type: UInt8, _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) -> OpenFlowMessage {
        switch type {
        case MessageType.error: return .error(try ErrorMessage(&reader))
        case MessageType.echoRequest: return .echoRequest(try reader.rest())
        case MessageType.echoReply: return .echoReply(try reader.rest())
        case MessageType.experimenter: return try parseExperimenter(&reader, dialect)
        case MessageType.featuresRequest: return .featuresRequest
        case MessageType.featuresReply:
            return .featuresReply(try SwitchFeatures(&reader, dialect))
        case MessageType.getConfigRequest: return .getConfigRequest
        case MessageType.getConfigReply:
            return .getConfigReply(try SwitchConfig(reply: &reader, dialect))
        case MessageType.setConfig: return .setConfig(try SwitchConfig(&reader, dialect))
        case MessageType.packetIn: return .packetIn(try PacketIn(&reader, dialect))
        case MessageType.flowRemoved: return .flowRemoved(try FlowRemoved(&reader, dialect))
        case MessageType.portStatus: return .portStatus(try PortStatus(&reader, dialect))
        case MessageType.packetOut: return .packetOut(try PacketOut(&reader, dialect))
        case MessageType.flowMod: return .flowMod(try FlowMod(&reader, dialect))
        default: return try parseLater(type, &reader, dialect)
        }
    }

    /// Types whose numbers differ between versions.
    private static func parseLater(
        _ type: UInt8, _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) -> OpenFlowMessage {
        let version = dialect.version
        switch type {
        case MessageType.portMod(version): return .portMod(try PortMod(&reader, dialect))
        case MessageType.statsRequest(version):
            return .statsRequest(try StatsRequest(&reader, dialect))
        case MessageType.statsReply(version): return .statsReply(try StatsReply(&reader, dialect))
        case MessageType.queueConfigRequest(version) where version < .v14:
            return .queueConfigRequest(try QueueConfig.decodePort(&reader, dialect))
        case MessageType.queueConfigReply(version) where version < .v14:
            return .queueConfigReply(try QueueConfig(&reader, dialect))
        case MessageType.barrierRequest(version): return .barrierRequest
        case MessageType.barrierReply(version): return .barrierReply
        case MessageType.groupMod where version >= .v11:
            return .groupMod(try GroupMod(&reader, dialect))
        case MessageType.tableMod where version >= .v11:
            return .tableMod(try TableMod(&reader, dialect))
        case MessageType.roleRequest where version >= .v12:
            return .roleRequest(try Role(&reader, isReply: false))
        case MessageType.roleReply where version >= .v12:
            return .roleReply(try Role(&reader, isReply: true))
        case MessageType.getAsyncRequest where version >= .v13: return .getAsyncRequest
        case MessageType.getAsyncReply where version >= .v13:
            return .getAsyncReply(try AsyncConfig(&reader, dialect, isReply: true))
        case MessageType.setAsync where version >= .v13:
            return .setAsync(try AsyncConfig(&reader, dialect, isReply: false))
        case MessageType.meterMod where version >= .v13:
            return .meterMod(try MeterMod(&reader, dialect))
        default: return try parse14(type, &reader, dialect)
        }
    }

    /// What OpenFlow 1.4 added.
    private static func parse14(
        _ type: UInt8, _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) -> OpenFlowMessage {
        guard dialect.version >= .v14 else { throw .requestBadType }
        switch type {
        case MessageType.roleStatus: return .roleStatus(try RoleStatus(&reader))
        case MessageType.tableStatus: return .tableStatus(try TableStatus(&reader))
        case MessageType.requestForward: return .requestForward(try RequestForward(&reader))
        case MessageType.bundleControl:
            return .bundleControl(try BundleControl(&reader, dialect))
        case MessageType.bundleAdd: return .bundleAdd(try BundleAdd(&reader, dialect))
        default: throw .requestBadType
        }
    }

    private static func parseExperimenter(
        _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) -> OpenFlowMessage {
        let experimenter = try reader.uint32()
        let subtype = try reader.uint32()
        if experimenter == ExperimenterID.onf { return try parseONF(subtype, &reader, dialect) }
        guard experimenter == ExperimenterID.nicira else { throw .requestBadVendor }
        switch subtype {
        case NiciraMessageType.roleRequest: return .roleRequest(try Role(nicira: &reader, dialect))
        case NiciraMessageType.roleReply: return .roleReply(try Role(nicira: &reader, dialect))
        case NiciraMessageType.setFlowFormat:
            let number = try reader.uint32()
            if let format = FlowFormat(rawValue: number) { return .setFlowFormat(format) }
            guard dialect.isForgiving else { throw .requestNotPermitted }
            return .experimenter(Experimenter(experimenter: experimenter, subtype: subtype))
        case NiciraMessageType.flowMod: return .flowMod(try FlowMod(nicira: &reader, dialect))
        case NiciraMessageType.flowRemoved:
            return .flowRemoved(try FlowRemoved(nicira: &reader))
        case NiciraMessageType.setTableInFlowMod:
            let isOn = try reader.uint8() != 0
            try reader.skip(7)
            return .setTableInFlowMod(isOn)
        case NiciraMessageType.setPacketInFormat:
            guard let format = PacketInFormat(rawValue: try reader.uint32()) else {
                throw .requestNotPermitted
            }
            return .setPacketInFormat(format)
        case NiciraMessageType.packetIn: return .packetIn(try PacketIn(nicira: &reader, dialect))
        case NiciraMessageType.packetIn2:
            return .packetIn(try PacketIn(nicira2: &reader, dialect))
        case NiciraMessageType.flowAge: return .flowAge
        case NiciraMessageType.resume: return .resume(try PacketIn(nicira2: &reader, dialect))
        case NiciraMessageType.setAsync:
            return .setAsync(try AsyncConfig(nicira: &reader, dialect))
        case NiciraMessageType.setAsync2:
            return .setAsync(try AsyncConfig(nicira2: &reader))
        case NiciraMessageType.groupMod: return .groupMod(try GroupMod(&reader, dialect))
        case NiciraMessageType.flowMonitorCancel where dialect.version < .v13:
            return .flowMonitorCancel(try reader.uint32())
        case NiciraMessageType.flowMonitorPaused where dialect.version < .v13:
            return .flowMonitorPaused
        case NiciraMessageType.flowMonitorResumed where dialect.version < .v13:
            return .flowMonitorResumed
        case NiciraMessageType.setControllerID:
            if dialect.isForgiving {
                try reader.skip(6)
            } else {
                try reader.zeros(6, else: .nxRequestMustBeZero)
            }
            return .setControllerID(try reader.uint16())
        default: return try parseTables(subtype, &reader)
        }
    }

    /// What Nicira has for tunnel options and connections.
    private static func parseTables(
        _ subtype: UInt32, _ reader: inout MessageReader
    ) throws(OpenFlowError) -> OpenFlowMessage {
        switch subtype {
        case NiciraMessageType.tlvTableMod: return .tlvTableMod(try TLVTableMod(&reader))
        case NiciraMessageType.tlvTableRequest: return .tlvTableRequest
        case NiciraMessageType.tlvTableReply: return .tlvTableReply(try TLVTable(&reader))
        case NiciraMessageType.ctFlushZone:
            try reader.skip(6)
            return .ctFlushZone(try reader.uint16())
        case NiciraMessageType.ctFlush: return .ctFlush(try ConnectionFlush(&reader))
        default: throw .requestBadSubtype
        }
    }
}
