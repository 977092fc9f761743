public import FlowModel

/// A message of an OpenFlow channel, whatever the version.
///
/// One case stands for all encodings of a message: `flowMod` for OFPT_FLOW_MOD of every version
/// and for NXT_FLOW_MOD. The transaction ID is not part of it.
public enum OpenFlowMessage: Hashable, Sendable {
    case hello(Hello)
    case error(ErrorMessage)
    case echoRequest([UInt8])
    case echoReply([UInt8])
    case experimenter(Experimenter)
    case featuresRequest
    case featuresReply(SwitchFeatures)
    case getConfigRequest
    case getConfigReply(SwitchConfig)
    case setConfig(SwitchConfig)
    case packetIn(PacketIn)
    case flowRemoved(FlowRemoved)
    case portStatus(PortStatus)
    case packetOut(PacketOut)
    case flowMod(FlowMod)
    case portMod(PortMod)
    case tableMod(TableMod)
    case statsRequest(StatsRequest)
    case statsReply(StatsReply)
    /// ``PortNumber/none`` for every port; not in 1.4 and later.
    case queueConfigRequest(PortNumber)
    case queueConfigReply(QueueConfig)
    case barrierRequest
    case barrierReply
    case roleRequest(Role)
    case roleReply(Role)
    case getAsyncRequest
    case getAsyncReply(AsyncConfig)
    case setAsync(AsyncConfig)
    case groupMod(GroupMod)
    case meterMod(MeterMod)
    case bundleControl(BundleControl)
    case bundleAdd(BundleAdd)
    case roleStatus(RoleStatus)
    case tableStatus(TableStatus)
    case requestForward(RequestForward)
    /// NXT_SET_FLOW_FORMAT.
    case setFlowFormat(FlowFormat)
    /// NXT_FLOW_MOD_TABLE_ID.
    case setTableInFlowMod(Bool)
    /// NXT_SET_PACKET_IN_FORMAT.
    case setPacketInFormat(PacketInFormat)
    /// NXT_SET_CONTROLLER_ID.
    case setControllerID(UInt16)
    /// NXT_FLOW_AGE: flow statistics are to tell ages. Obsolete, and without effect in OVS.
    case flowAge
    /// NXT_TLV_TABLE_MOD.
    case tlvTableMod(TLVTableMod)
    /// NXT_TLV_TABLE_REQUEST.
    case tlvTableRequest
    /// NXT_TLV_TABLE_REPLY.
    case tlvTableReply(TLVTable)
    /// NXT_CT_FLUSH_ZONE: the connections of a zone are forgotten.
    case ctFlushZone(UInt16)
    /// NXT_CT_FLUSH.
    case ctFlush(ConnectionFlush)
    /// Ends a flow monitor, before OpenFlow 1.4.
    case flowMonitorCancel(UInt32)
    /// Updates stop, since the controller does not read them; before OpenFlow 1.4.
    case flowMonitorPaused
    case flowMonitorResumed
    /// NXT_RESUME: a packet that waited at a controller goes on.
    case resume(PacketIn)
}

/// A message with the transaction that it belongs to.
public struct Envelope: Hashable, Sendable {
    public var xid: UInt32
    public var message: OpenFlowMessage

    public init(xid: UInt32 = 0, _ message: OpenFlowMessage) {
        self.xid = xid
        self.message = message
    }
}
