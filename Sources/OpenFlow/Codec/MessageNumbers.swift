/// Types of messages (OpenFlow 1.0 §5.1); those from 15 on have other numbers in later versions.
enum MessageType {
    static var hello: UInt8 { 0 }
    static var error: UInt8 { 1 }
    static var echoRequest: UInt8 { 2 }
    static var echoReply: UInt8 { 3 }
    static var experimenter: UInt8 { 4 }
    static var featuresRequest: UInt8 { 5 }
    static var featuresReply: UInt8 { 6 }
    static var getConfigRequest: UInt8 { 7 }
    static var getConfigReply: UInt8 { 8 }
    static var setConfig: UInt8 { 9 }
    static var packetIn: UInt8 { 10 }
    static var flowRemoved: UInt8 { 11 }
    static var portStatus: UInt8 { 12 }
    static var packetOut: UInt8 { 13 }
    static var flowMod: UInt8 { 14 }
    // From OpenFlow 1.1 on.
    static var groupMod: UInt8 { 15 }
    static var tableMod: UInt8 { 17 }
    static var roleRequest: UInt8 { 24 }
    static var roleReply: UInt8 { 25 }
    static var getAsyncRequest: UInt8 { 26 }
    static var getAsyncReply: UInt8 { 27 }
    static var setAsync: UInt8 { 28 }
    // From OpenFlow 1.3 on.
    static var meterMod: UInt8 { 29 }
    // From OpenFlow 1.4 on.
    static var roleStatus: UInt8 { 30 }
    static var tableStatus: UInt8 { 31 }
    static var requestForward: UInt8 { 32 }
    static var bundleControl: UInt8 { 33 }
    static var bundleAdd: UInt8 { 34 }

    static func portMod(_ version: OpenFlowVersion) -> UInt8 { version == .v10 ? 15 : 16 }
    static func statsRequest(_ version: OpenFlowVersion) -> UInt8 { version == .v10 ? 16 : 18 }
    static func statsReply(_ version: OpenFlowVersion) -> UInt8 { version == .v10 ? 17 : 19 }
    static func queueConfigRequest(_ version: OpenFlowVersion) -> UInt8 {
        version == .v10 ? 20 : 22
    }
    static func queueConfigReply(_ version: OpenFlowVersion) -> UInt8 {
        version == .v10 ? 21 : 23
    }
    static func barrierRequest(_ version: OpenFlowVersion) -> UInt8 { version == .v10 ? 18 : 20 }
    static func barrierReply(_ version: OpenFlowVersion) -> UInt8 { version == .v10 ? 19 : 21 }
}

/// Subtypes of Nicira's messages.
enum NiciraMessageType {
    static var roleRequest: UInt32 { 10 }
    static var roleReply: UInt32 { 11 }
    static var setFlowFormat: UInt32 { 12 }
    static var flowMod: UInt32 { 13 }
    static var flowRemoved: UInt32 { 14 }
    static var setTableInFlowMod: UInt32 { 15 }
    static var setPacketInFormat: UInt32 { 16 }
    static var packetIn: UInt32 { 17 }
    static var flowAge: UInt32 { 18 }
    static var setAsync: UInt32 { 19 }
    static var setControllerID: UInt32 { 20 }
    static var flowMonitorCancel: UInt32 { 21 }
    static var flowMonitorPaused: UInt32 { 22 }
    static var flowMonitorResumed: UInt32 { 23 }
    static var tlvTableMod: UInt32 { 24 }
    static var tlvTableRequest: UInt32 { 25 }
    static var tlvTableReply: UInt32 { 26 }
    static var setAsync2: UInt32 { 27 }
    static var ctFlushZone: UInt32 { 29 }
    static var resume: UInt32 { 28 }
    static var packetIn2: UInt32 { 30 }
    static var groupMod: UInt32 { 31 }
    static var ctFlush: UInt32 { 32 }
}

/// Subtypes of the ONF's messages for OpenFlow 1.3 (extension 187).
enum ONFMonitorMessageType {
    static var cancel: UInt32 { 1870 }
    static var paused: UInt32 { 1871 }
    static var resumed: UInt32 { 1872 }
}

/// Types of statistics, and subtypes of Nicira's.
enum StatsType {
    static var description: UInt16 { 0 }
    static var flow: UInt16 { 1 }
    static var aggregate: UInt16 { 2 }
    static var table: UInt16 { 3 }
    static var port: UInt16 { 4 }
    static var queue: UInt16 { 5 }
    static var group: UInt16 { 6 }
    static var groupDescription: UInt16 { 7 }
    static var groupFeatures: UInt16 { 8 }
    static var meter: UInt16 { 9 }
    static var meterConfig: UInt16 { 10 }
    static var meterFeatures: UInt16 { 11 }
    static var tableFeatures: UInt16 { 12 }
    static var portDescription: UInt16 { 13 }
    static var tableDescription: UInt16 { 14 }
    static var queueDescription: UInt16 { 15 }
    static var flowMonitor: UInt16 { 16 }
    static var experimenter: UInt16 { 0xffff }

    static var niciraFlow: UInt32 { 0 }
    static var niciraAggregate: UInt32 { 1 }
    static var niciraFlowMonitor: UInt32 { 2 }
    static var niciraGroup: UInt32 { 7 }
    static var niciraGroupDescription: UInt32 { 8 }
    static var niciraGroupFeatures: UInt32 { 9 }
    /// Of IPFIX: what a bridge and what its flows have exported.
    static var niciraExportOfBridge: UInt32 { 3 }
    static var niciraExportOfFlows: UInt32 { 4 }
    /// ONF extension 187, for OpenFlow 1.3.
    static var onfFlowMonitor: UInt32 { 1870 }
}

/// OFP_NO_BUFFER.
let noBuffer: UInt32 = 0xffff_ffff
