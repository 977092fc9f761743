public import Bytes

extension OpenFlowMessage {
    /// Appends the message; statistics that are too long for one message as several.
    ///
    /// A message that has no encoding in the dialect, or is too long for one, adds nothing.
    public func encode(_ dialect: Dialect, xid: UInt32, into writer: inout OctetWriter) {
        let version = dialect.version
        switch self {
        case .hello(let hello): hello.encode(dialect, xid, into: &writer)
        case .error(let error): error.encode(dialect, xid, into: &writer)
        case .echoRequest(let data):
            writer.message(MessageType.echoRequest, dialect, xid) { $0.append(contentsOf: data) }
        case .echoReply(let data):
            writer.message(MessageType.echoReply, dialect, xid) { $0.append(contentsOf: data) }
        case .featuresRequest: writer.message(MessageType.featuresRequest, dialect, xid) { _ in }
        case .featuresReply(let features): features.encode(dialect, xid, into: &writer)
        case .getConfigRequest: writer.message(MessageType.getConfigRequest, dialect, xid) { _ in }
        case .getConfigReply(let config):
            config.encode(MessageType.getConfigReply, dialect, xid, into: &writer)
        case .setConfig(let config):
            config.encode(MessageType.setConfig, dialect, xid, into: &writer)
        case .packetIn(let packet): packet.encode(dialect, xid, into: &writer)
        case .flowRemoved(let removed): removed.encode(dialect, xid, into: &writer)
        case .portStatus(let status): status.encode(dialect, xid, into: &writer)
        case .packetOut(let packet): packet.encode(dialect, xid, into: &writer)
        case .flowMod(let mod): mod.encode(dialect, xid, into: &writer)
        case .portMod(let mod): mod.encode(dialect, xid, into: &writer)
        case .tableMod(let mod): mod.encode(dialect, xid, into: &writer)
        case .statsRequest(let request): request.encode(dialect, xid, into: &writer)
        case .statsReply(let reply): reply.encode(dialect, xid, into: &writer)
        case .queueConfigRequest(let port):
            writer.message(MessageType.queueConfigRequest(version), dialect, xid) {
                QueueConfig.encode(port: port, dialect, into: &$0)
            }
        case .queueConfigReply(let config): config.encode(dialect, xid, into: &writer)
        case .barrierRequest:
            writer.message(MessageType.barrierRequest(version), dialect, xid) { _ in }
        case .barrierReply:
            writer.message(MessageType.barrierReply(version), dialect, xid) { _ in }
        case .roleRequest(let role): role.encode(isReply: false, dialect, xid, into: &writer)
        case .roleReply(let role): role.encode(isReply: true, dialect, xid, into: &writer)
        case .groupMod(let mod): mod.encode(dialect, xid, into: &writer)
        case .meterMod(let mod): mod.encode(dialect, xid, into: &writer)
        case .bundleControl(let control): control.encode(dialect, xid, into: &writer)
        case .bundleAdd(let add): add.encode(dialect, xid, into: &writer)
        case .roleStatus(let status): status.encode(dialect, xid, into: &writer)
        case .tableStatus(let status): status.encode(dialect, xid, into: &writer)
        case .requestForward(let request): request.encode(dialect, xid, into: &writer)
        case .experimenter, .resume, .getAsyncRequest, .getAsyncReply, .setAsync, .setFlowFormat,
            .setTableInFlowMod, .setPacketInFormat, .setControllerID, .flowAge,
            .flowMonitorCancel, .flowMonitorPaused, .flowMonitorResumed:
            encodeExtension(dialect, xid, into: &writer)
        case .tlvTableMod, .tlvTableRequest, .tlvTableReply, .ctFlushZone, .ctFlush:
            encodeTable(dialect, xid, into: &writer)
        }
    }

    private func encodeExtension(
        _ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter
    ) {
        switch self {
        case .experimenter(let message):
            writer.message(MessageType.experimenter, dialect, xid) {
                $0.append(message.experimenter)
                $0.append(message.subtype)
                $0.append(contentsOf: message.data)
            }
        case .getAsyncRequest: writer.message(MessageType.getAsyncRequest, dialect, xid) { _ in }
        case .getAsyncReply(let config):
            writer.message(MessageType.getAsyncReply, dialect, xid) {
                config.encode(dialect, into: &$0)
            }
        case .setAsync(let config) where dialect.version >= .v13:
            writer.message(MessageType.setAsync, dialect, xid) {
                config.encode(dialect, into: &$0)
            }
        case .setAsync(let config):
            writer.nicira(NiciraMessageType.setAsync, dialect, xid) {
                config.encode(dialect, into: &$0)
            }
        case .setFlowFormat(let format):
            writer.nicira(NiciraMessageType.setFlowFormat, dialect, xid) {
                $0.append(format.rawValue)
            }
        case .setTableInFlowMod(let isOn):
            writer.nicira(NiciraMessageType.setTableInFlowMod, dialect, xid) {
                $0.append(isOn ? UInt8(1) : 0)
                $0.appendZeros(7)
            }
        case .setPacketInFormat(let format):
            writer.nicira(NiciraMessageType.setPacketInFormat, dialect, xid) {
                $0.append(format.rawValue)
            }
        case .setControllerID(let id):
            writer.nicira(NiciraMessageType.setControllerID, dialect, xid) {
                $0.appendZeros(6)
                $0.append(id)
            }
        case .resume(let packet): packet.encodeResume(dialect, xid, into: &writer)
        case .flowAge: writer.nicira(NiciraMessageType.flowAge, dialect, xid) { _ in }
        case .flowMonitorCancel, .flowMonitorPaused, .flowMonitorResumed:
            encodeMonitoring(dialect, xid, into: &writer)
        default: break
        }
    }

    /// What Nicira has for tunnel options and connections.
    private func encodeTable(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        typealias Kind = NiciraMessageType
        switch self {
        case .tlvTableMod(let mod):
            writer.nicira(Kind.tlvTableMod, dialect, xid) { mod.encode(into: &$0) }
        case .tlvTableRequest: writer.nicira(Kind.tlvTableRequest, dialect, xid) { _ in }
        case .tlvTableReply(let table):
            writer.nicira(Kind.tlvTableReply, dialect, xid) { table.encode(into: &$0) }
        case .ctFlushZone(let zone):
            writer.nicira(Kind.ctFlushZone, dialect, xid) {
                $0.appendZeros(6)
                $0.append(zone)
            }
        case .ctFlush(let flush):
            writer.nicira(Kind.ctFlush, dialect, xid) { flush.encode(into: &$0) }
        default: break
        }
    }

    /// What is said of flow monitors; OpenFlow 1.4 has other messages for it.
    private func encodeMonitoring(
        _ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter
    ) {
        let isONF = dialect.version == .v13
        guard dialect.version < .v14 else { return }
        let subtype: UInt32
        switch self {
        case .flowMonitorCancel:
            subtype = isONF ? ONFMonitorMessageType.cancel : NiciraMessageType.flowMonitorCancel
        case .flowMonitorPaused:
            subtype = isONF ? ONFMonitorMessageType.paused : NiciraMessageType.flowMonitorPaused
        case .flowMonitorResumed:
            subtype = isONF ? ONFMonitorMessageType.resumed : NiciraMessageType.flowMonitorResumed
        default: return
        }
        writer.message(MessageType.experimenter, dialect, xid) {
            $0.append(isONF ? ExperimenterID.onf : ExperimenterID.nicira)
            $0.append(subtype)
            if case .flowMonitorCancel(let id) = self { $0.append(id) }
        }
    }

    /// The message alone.
    public func encoded(_ dialect: Dialect, xid: UInt32 = 0) -> [UInt8] {
        var writer = OctetWriter()
        encode(dialect, xid: xid, into: &writer)
        return writer.takeOctets()
    }
}
