import FlowModel
import FlowSyntax
import OpenFlow

/// Prints OpenFlow messages as `ovs-ofctl` does.
///
/// Scripts read these texts, so that their every space is OVS's.
struct MessagePrinter {
    var dialect: Dialect
    var names = FlowNames()
    /// How often `--more` was given: 1 dumps packets too.
    var verbosity = 0

    /// The message with its name and transaction, and a line end.
    func text(_ envelope: Envelope) -> String {
        let body = body(of: envelope.message)
        let xid = String(envelope.xid, radix: 16)
        let text = "\(name(of: envelope.message))\(version) (xid=0x\(xid)):\(body)"
        return text.hasSuffix("\n") ? text : text + "\n"
    }

    var version: String { dialect.version > .v10 ? " (\(dialect.version.shortName))" : "" }

    private var isNXM: Bool { dialect.version == .v10 && dialect.flowFormat == .nxm }

    func name(of message: OpenFlowMessage) -> String {
        switch message {
        case .hello: "OFPT_HELLO"
        case .error: "OFPT_ERROR"
        case .echoRequest: "OFPT_ECHO_REQUEST"
        case .echoReply: "OFPT_ECHO_REPLY"
        case .experimenter: "OFPT_EXPERIMENTER"
        case .featuresRequest: "OFPT_FEATURES_REQUEST"
        case .featuresReply: "OFPT_FEATURES_REPLY"
        case .getConfigRequest: "OFPT_GET_CONFIG_REQUEST"
        case .getConfigReply: "OFPT_GET_CONFIG_REPLY"
        case .setConfig: "OFPT_SET_CONFIG"
        case .packetIn: packetInName
        case .flowRemoved: isNXM ? "NXT_FLOW_REMOVED" : "OFPT_FLOW_REMOVED"
        case .portStatus: "OFPT_PORT_STATUS"
        case .packetOut: "OFPT_PACKET_OUT"
        case .flowMod: isNXM ? "NXT_FLOW_MOD" : "OFPT_FLOW_MOD"
        case .portMod: "OFPT_PORT_MOD"
        case .tableMod: "OFPT_TABLE_MOD"
        case .statsRequest(let request): statsName(of: request) + " request"
        case .statsReply(let reply): statsName(of: reply.body) + " reply"
        case .queueConfigRequest: "OFPT_QUEUE_GET_CONFIG_REQUEST"
        case .queueConfigReply: "OFPT_QUEUE_GET_CONFIG_REPLY"
        case .barrierRequest: "OFPT_BARRIER_REQUEST"
        case .barrierReply: "OFPT_BARRIER_REPLY"
        case .roleRequest: dialect.version < .v12 ? "NXT_ROLE_REQUEST" : "OFPT_ROLE_REQUEST"
        case .roleReply: dialect.version < .v12 ? "NXT_ROLE_REPLY" : "OFPT_ROLE_REPLY"
        case .getAsyncRequest: "OFPT_GET_ASYNC_REQUEST"
        case .getAsyncReply: "OFPT_GET_ASYNC_REPLY"
        case .setAsync: dialect.version < .v13 ? "NXT_SET_ASYNC_CONFIG" : "OFPT_SET_ASYNC"
        case .setFlowFormat: "NXT_SET_FLOW_FORMAT"
        case .setTableInFlowMod: "NXT_FLOW_MOD_TABLE_ID"
        case .setPacketInFormat: "NXT_SET_PACKET_IN_FORMAT"
        case .setControllerID: "NXT_SET_CONTROLLER_ID"
        case .flowAge: "NXT_FLOW_AGE"
        case .groupMod: dialect.version == .v10 ? "NXT_GROUP_MOD" : "OFPT_GROUP_MOD"
        case .meterMod: "OFPT_METER_MOD"
        case .bundleControl: isONF ? "ONFT_BUNDLE_CONTROL" : "OFPT_BUNDLE_CONTROL"
        case .bundleAdd: isONF ? "ONFT_BUNDLE_ADD_MESSAGE" : "OFPT_BUNDLE_ADD_MESSAGE"
        case .roleStatus: "OFPT_ROLE_STATUS"
        case .tableStatus: "OFPT_TABLE_STATUS"
        case .requestForward: "OFPT_REQUESTFORWARD"
        }
    }

    private var isONF: Bool { dialect.version < .v14 }

    private var packetInName: String {
        switch dialect.packetInFormat {
        case .standard: "OFPT_PACKET_IN"
        case .nxm: "NXT_PACKET_IN"
        case .nxm2: "NXT_PACKET_IN2"
        }
    }

    private func statsName(of request: StatsRequest) -> String {
        switch request {
        case .description: "OFPST_DESC"
        case .flow: isNXM ? "NXST_FLOW" : "OFPST_FLOW"
        case .aggregate: isNXM ? "NXST_AGGREGATE" : "OFPST_AGGREGATE"
        case .table: "OFPST_TABLE"
        case .port: "OFPST_PORT"
        case .queue: "OFPST_QUEUE"
        case .portDescription: "OFPST_PORT_DESC"
        case .group: "\(groupPrefix)_GROUP"
        case .groupDescription: "\(groupPrefix)_GROUP_DESC"
        case .groupFeatures: "\(groupPrefix)_GROUP_FEATURES"
        case .meter: "OFPST_METER"
        case .meterConfig: "OFPST_METER_CONFIG"
        case .meterFeatures: "OFPST_METER_FEATURES"
        case .tableFeatures: "OFPST_TABLE_FEATURES"
        case .tableDescription: "OFPST_TABLE_DESC"
        case .queueDescription: "OFPST_QUEUE_DESC"
        }
    }

    private var groupPrefix: String { dialect.version == .v10 ? "NXST" : "OFPST" }

    private func statsName(of body: StatsReply.Body) -> String {
        switch body {
        case .description: "OFPST_DESC"
        case .flow: isNXM ? "NXST_FLOW" : "OFPST_FLOW"
        case .aggregate: isNXM ? "NXST_AGGREGATE" : "OFPST_AGGREGATE"
        case .table: "OFPST_TABLE"
        case .port: "OFPST_PORT"
        case .queue: "OFPST_QUEUE"
        case .portDescription: "OFPST_PORT_DESC"
        case .group: "\(groupPrefix)_GROUP"
        case .groupDescription: "\(groupPrefix)_GROUP_DESC"
        case .groupFeatures: "\(groupPrefix)_GROUP_FEATURES"
        case .meter: "OFPST_METER"
        case .meterConfig: "OFPST_METER_CONFIG"
        case .meterFeatures: "OFPST_METER_FEATURES"
        case .tableFeatures: "OFPST_TABLE_FEATURES"
        case .tableDescription: "OFPST_TABLE_DESC"
        case .queueDescription: "OFPST_QUEUE_DESC"
        }
    }

    /// What follows the colon, with the space or line end that it begins with.
    private func body(of message: OpenFlowMessage) -> String {
        switch message {
        case .hello(let hello):
            "\n version bitmap: " + Self.list(hello.versions ?? .upTo(dialect.version))
        case .error(let error): text(error)
        case .echoRequest(let data), .echoReply(let data): " \(data.count) bytes of payload"
        case .featuresReply(let features): text(features)
        case .getConfigReply(let config), .setConfig(let config): text(config)
        case .packetIn(let packet): text(packet)
        case .flowRemoved(let removed): text(removed)
        case .portStatus(let status): text(status)
        case .packetOut(let packet): text(packet)
        case .flowMod(let flowMod): text(flowMod)
        case .portMod(let portMod): text(portMod)
        case .queueConfigRequest(let port): " port=\(names.text(of: port))"
        case .queueConfigReply(let config):
            " port=\(names.text(of: config.port))\n"
                + config.queues.map { "queue \($0.queueID):\n" }.joined()
        case .statsRequest(let request): text(request)
        case .statsReply(let reply): text(reply)
        case .roleRequest(let role), .roleReply(let role): text(role)
        case .groupMod(let message): text(message)
        case .meterMod(let message): text(message)
        case .bundleControl(let control): text(control)
        case .bundleAdd(let add): text(add)
        case .requestForward(let forward): text(forward)
        case .setFlowFormat(let format): " format=\(format == .nxm ? "nxm" : "openflow10")"
        case .setTableInFlowMod(let isEnabled): isEnabled ? " enable" : " disable"
        case .setPacketInFormat(let format): " format=\(Self.name(of: format))"
        case .setControllerID(let id): " id=\(id)"
        default: ""
        }
    }

    /// The numbers of versions as OVS lists them.
    static func list(_ versions: OpenFlowVersions) -> String {
        versions.all.map { "0x" + HexDump.padded($0.rawValue, 2) }.joined(separator: ", ")
    }

    static func name(of format: PacketInFormat) -> String {
        switch format {
        case .standard: "openflow10"
        case .nxm: "nxt_packet_in"
        case .nxm2: "nxt_packet_in2"
        }
    }

    private func text(_ config: SwitchConfig) -> String {
        let ttl = config.sendsInvalidTTL ? " invalid_ttl_to_controller" : ""
        return " frags=\(Self.name(of: config.fragments))\(ttl)"
            + " miss_send_len=\(config.missSendLength)"
    }

    static func name(of handling: SwitchConfig.FragmentHandling) -> String {
        switch handling {
        case .normal: "normal"
        case .drop: "drop"
        case .reassemble: "reassemble"
        case .nxMatch: "nx-match"
        }
    }

    private func text(_ role: Role) -> String {
        let name =
            switch role.kind {
            case .noChange: "nochange"
            case .equal: "equal"
            case .primary: "primary"
            case .secondary: "secondary"
            }
        return " role=\(name)" + (role.generationID.map { " generation_id=\($0)" } ?? "")
    }
}
