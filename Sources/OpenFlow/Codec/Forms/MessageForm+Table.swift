extension MessageForm {
    /// A row: the name, the versions from the first to the last that have it, what it is told by,
    /// and the sizes of its body.
    private struct Row {
        let name: String
        let versions: ClosedRange<UInt8>
        let kind: Kind
        let byteCount: Int
        let step: Int

        init(
            _ name: String, _ versions: ClosedRange<UInt8>, _ kind: Kind, _ byteCount: Int,
            _ step: Int = 0
        ) {
            self.name = name
            self.versions = versions
            self.kind = kind
            self.byteCount = byteCount
            self.step = step
        }

        func form(_ version: UInt8) -> MessageForm {
            let (fullName, start) =
                switch kind {
                case .plain: (name, MessageHeader.byteCount)
                case .experimenter: (name, 16)
                case .request: (name + " request", version == 1 ? 12 : 16)
                case .reply: (name + " reply", version == 1 ? 12 : 16)
                case .experimenterRequest: (name + " request", 24)
                case .experimenterReply: (name + " reply", 24)
                }
            return MessageForm(
                name: fullName, headerByteCount: start, byteCount: byteCount, step: step)
        }
    }

    /// Every form, by what a message is told by.
    static let all: [Key: MessageForm] = {
        var forms: [Key: MessageForm] = [:]
        let rows = [
            commonRows, flowRows, portRows, laterRows, niciraRows, statisticsRows,
            niciraStatisticsRows,
        ]
        for row in rows.joined() {
            for version in row.versions {
                forms[Key(version: version, kind: row.kind)] = row.form(version)
            }
        }
        return forms
    }()

    private static var commonRows: [Row] {
        [
            Row("OFPT_HELLO", 1...1, .plain(0), 0, 1),
            Row("OFPT_ERROR", 1...6, .plain(1), 4, 1),
            Row("OFPT_ECHO_REQUEST", 1...6, .plain(2), 0, 1),
            Row("OFPT_ECHO_REPLY", 1...6, .plain(3), 0, 1),
            Row("OFPT_FEATURES_REQUEST", 1...6, .plain(5), 0),
            Row("OFPT_FEATURES_REPLY", 1...1, .plain(6), 24, 48),
            Row("OFPT_FEATURES_REPLY", 2...3, .plain(6), 24, 64),
            Row("OFPT_FEATURES_REPLY", 4...6, .plain(6), 24),
            Row("OFPT_GET_CONFIG_REQUEST", 1...6, .plain(7), 0),
            Row("OFPT_GET_CONFIG_REPLY", 1...6, .plain(8), 4),
            Row("OFPT_SET_CONFIG", 1...6, .plain(9), 4),
            Row("OFPT_BARRIER_REQUEST", 1...1, .plain(18), 0),
            Row("OFPT_BARRIER_REPLY", 1...1, .plain(19), 0),
            Row("OFPT_BARRIER_REQUEST", 2...6, .plain(20), 0),
            Row("OFPT_BARRIER_REPLY", 2...6, .plain(21), 0),
            Row("OFPT_ROLE_REQUEST", 3...6, .plain(24), 16),
            Row("OFPT_ROLE_REPLY", 3...6, .plain(25), 16),
            Row("OFPT_GET_ASYNC_REQUEST", 4...6, .plain(26), 0),
            Row("OFPT_GET_ASYNC_REPLY", 4...4, .plain(27), 24),
            Row("OFPT_GET_ASYNC_REPLY", 5...6, .plain(27), 0, 8),
            Row("OFPT_SET_ASYNC", 4...4, .plain(28), 24),
            Row("OFPT_SET_ASYNC", 5...6, .plain(28), 0, 8),
        ]
    }

    private static var flowRows: [Row] {
        [
            Row("OFPT_PACKET_IN", 1...1, .plain(10), 10, 1),
            Row("OFPT_PACKET_IN", 2...2, .plain(10), 16, 1),
            Row("OFPT_PACKET_IN", 3...3, .plain(10), 8, 1),
            Row("OFPT_PACKET_IN", 4...6, .plain(10), 16, 1),
            Row("OFPT_FLOW_REMOVED", 1...1, .plain(11), 80),
            Row("OFPT_FLOW_REMOVED", 2...5, .plain(11), 40, 8),
            Row("OFPT_FLOW_REMOVED", 6...6, .plain(11), 16, 8),
            Row("OFPT_PACKET_OUT", 1...1, .plain(13), 8, 1),
            Row("OFPT_PACKET_OUT", 2...5, .plain(13), 16, 1),
            Row("OFPT_PACKET_OUT", 6...6, .plain(13), 8, 1),
            Row("OFPT_FLOW_MOD", 1...1, .plain(14), 64, 8),
            Row("OFPT_FLOW_MOD", 2...6, .plain(14), 40, 8),
            Row("OFPT_GROUP_MOD", 2...5, .plain(15), 8, 8),
            Row("OFPT_GROUP_MOD", 6...6, .plain(15), 16, 8),
            Row("OFPT_METER_MOD", 4...6, .plain(29), 8, 8),
        ]
    }

    private static var portRows: [Row] {
        [
            Row("OFPT_PORT_STATUS", 1...1, .plain(12), 56),
            Row("OFPT_PORT_STATUS", 2...4, .plain(12), 72),
            Row("OFPT_PORT_STATUS", 5...6, .plain(12), 48, 8),
            Row("OFPT_PORT_MOD", 1...1, .plain(15), 24),
            Row("OFPT_PORT_MOD", 2...4, .plain(16), 32),
            Row("OFPT_PORT_MOD", 5...6, .plain(16), 24, 8),
            Row("OFPT_TABLE_MOD", 2...4, .plain(17), 8),
            Row("OFPT_TABLE_MOD", 5...6, .plain(17), 8, 8),
            Row("OFPT_QUEUE_GET_CONFIG_REQUEST", 1...1, .plain(20), 4),
            Row("OFPT_QUEUE_GET_CONFIG_REPLY", 1...1, .plain(21), 8, 8),
            Row("OFPT_QUEUE_GET_CONFIG_REQUEST", 2...4, .plain(22), 8),
            Row("OFPT_QUEUE_GET_CONFIG_REPLY", 2...4, .plain(23), 8, 8),
        ]
    }

    private static var laterRows: [Row] {
        let onf = ExperimenterID.onf
        return [
            Row("OFPT_ROLE_STATUS", 5...6, .plain(30), 16, 8),
            Row("OFPT_TABLE_STATUS", 5...6, .plain(31), 8, 8),
            Row("OFPT_REQUESTFORWARD", 5...6, .plain(32), 8, 8),
            Row("OFPT_BUNDLE_CONTROL", 5...6, .plain(33), 8, 8),
            Row("OFPT_BUNDLE_ADD_MESSAGE", 5...6, .plain(34), 8, 1),
            Row("ONFT_FLOW_MONITOR_CANCEL", 4...4, .experimenter(onf, 1870), 4),
            Row("ONFT_FLOW_MONITOR_PAUSED", 4...4, .experimenter(onf, 1871), 0),
            Row("ONFT_FLOW_MONITOR_RESUMED", 4...4, .experimenter(onf, 1872), 0),
            Row("ONFT_ROLE_STATUS", 4...4, .experimenter(onf, 1911), 16, 8),
            Row("ONFT_BUNDLE_CONTROL", 4...4, .experimenter(onf, 2300), 8, 8),
            Row("ONFT_BUNDLE_ADD_MESSAGE", 4...4, .experimenter(onf, 2301), 8, 1),
        ]
    }

    private static func nicira(
        _ name: String, _ subtype: UInt32, _ byteCount: Int, _ step: Int = 0,
        versions: ClosedRange<UInt8> = 1...6
    ) -> Row {
        Row(name, versions, .experimenter(ExperimenterID.nicira, subtype), byteCount, step)
    }

    private static var niciraRows: [Row] {
        [
            nicira("NXT_ROLE_REQUEST", 10, 4),
            nicira("NXT_ROLE_REPLY", 11, 4),
            nicira("NXT_SET_FLOW_FORMAT", 12, 4, versions: 1...1),
            nicira("NXT_FLOW_MOD", 13, 32, 8),
            nicira("NXT_FLOW_REMOVED", 14, 40, 8),
            nicira("NXT_FLOW_MOD_TABLE_ID", 15, 8),
            nicira("NXT_SET_PACKET_IN_FORMAT", 16, 4),
            nicira("NXT_PACKET_IN", 17, 24, 1),
            nicira("NXT_FLOW_AGE", 18, 0),
            nicira("NXT_SET_ASYNC_CONFIG", 19, 24),
            nicira("NXT_SET_CONTROLLER_ID", 20, 8),
            nicira("NXT_FLOW_MONITOR_CANCEL", 21, 4, versions: 1...3),
            nicira("NXT_FLOW_MONITOR_PAUSED", 22, 0, versions: 1...3),
            nicira("NXT_FLOW_MONITOR_RESUMED", 23, 0, versions: 1...3),
            nicira("NXT_TLV_TABLE_MOD", 24, 8, 8),
            nicira("NXT_TLV_TABLE_REQUEST", 25, 0),
            nicira("NXT_TLV_TABLE_REPLY", 26, 16, 8),
            nicira("NXT_SET_ASYNC_CONFIG2", 27, 0, 8, versions: 1...4),
            nicira("NXT_RESUME", 28, 0, 8),
            nicira("NXT_CT_FLUSH_ZONE", 29, 8),
            nicira("NXT_PACKET_IN2", 30, 0, 8),
            nicira("NXT_GROUP_MOD", 31, 16, 8, versions: 1...1),
            nicira("NXT_CT_FLUSH", 32, 8, 8),
        ]
    }

    private static var statisticsRows: [Row] {
        [
            Row("OFPST_DESC", 1...6, .request(0), 0),
            Row("OFPST_DESC", 1...6, .reply(0), 1056),
            Row("OFPST_FLOW", 1...1, .request(1), 44),
            Row("OFPST_FLOW", 2...6, .request(1), 32, 8),
            Row("OFPST_FLOW", 1...6, .reply(1), 0, 1),
            Row("OFPST_AGGREGATE", 1...1, .request(2), 44),
            Row("OFPST_AGGREGATE", 2...6, .request(2), 32, 8),
            Row("OFPST_AGGREGATE", 1...5, .reply(2), 24),
            Row("OFPST_AGGREGATE", 6...6, .reply(2), 0, 1),
            Row("OFPST_TABLE", 1...6, .request(3), 0),
            Row("OFPST_TABLE", 1...1, .reply(3), 0, 64),
            Row("OFPST_TABLE", 2...2, .reply(3), 0, 88),
            Row("OFPST_TABLE", 3...3, .reply(3), 0, 128),
            Row("OFPST_TABLE", 4...6, .reply(3), 0, 24),
            Row("OFPST_PORT", 1...6, .request(4), 8),
            Row("OFPST_PORT", 1...3, .reply(4), 0, 104),
            Row("OFPST_PORT", 4...4, .reply(4), 0, 112),
            Row("OFPST_PORT", 5...6, .reply(4), 0, 8),
            Row("OFPST_QUEUE", 1...6, .request(5), 8),
            Row("OFPST_QUEUE", 1...3, .reply(5), 0, 32),
            Row("OFPST_QUEUE", 4...4, .reply(5), 0, 40),
            Row("OFPST_QUEUE", 5...6, .reply(5), 0, 8),
            Row("OFPST_GROUP", 2...6, .request(6), 8),
            Row("OFPST_GROUP", 2...6, .reply(6), 0, 8),
            Row("OFPST_GROUP_DESC", 2...5, .request(7), 0),
            Row("OFPST_GROUP_DESC", 6...6, .request(7), 8),
            Row("OFPST_GROUP_DESC", 2...6, .reply(7), 0, 8),
            Row("OFPST_GROUP_FEATURES", 3...6, .request(8), 0),
            Row("OFPST_GROUP_FEATURES", 3...6, .reply(8), 40),
            Row("OFPST_METER", 4...6, .request(9), 8),
            Row("OFPST_METER", 4...6, .reply(9), 0, 8),
            Row("OFPST_METER_CONFIG", 4...6, .request(10), 8),
            Row("OFPST_METER_CONFIG", 4...6, .reply(10), 0, 8),
            Row("OFPST_METER_FEATURES", 4...6, .request(11), 0),
            Row("OFPST_METER_FEATURES", 4...6, .reply(11), 16),
            Row("OFPST_TABLE_FEATURES", 4...6, .request(12), 0, 8),
            Row("OFPST_TABLE_FEATURES", 4...6, .reply(12), 64, 8),
            Row("OFPST_PORT_DESC", 1...5, .request(13), 0),
            Row("OFPST_PORT_DESC", 6...6, .request(13), 8),
            Row("OFPST_PORT_DESC", 1...1, .reply(13), 0, 48),
            Row("OFPST_PORT_DESC", 2...4, .reply(13), 0, 64),
            Row("OFPST_PORT_DESC", 5...6, .reply(13), 0, 8),
            Row("OFPST_TABLE_DESC", 5...6, .request(14), 0),
            Row("OFPST_TABLE_DESC", 5...6, .reply(14), 8, 8),
            Row("OFPST_QUEUE_DESC", 5...6, .request(15), 8),
            Row("OFPST_QUEUE_DESC", 5...6, .reply(15), 0, 8),
            Row("OFPST_FLOW_MONITOR", 5...6, .request(16), 0, 8),
            Row("OFPST_FLOW_MONITOR", 5...6, .reply(16), 0, 8),
        ]
    }

    private static var niciraStatisticsRows: [Row] {
        let (nicira, onf) = (ExperimenterID.nicira, ExperimenterID.onf)
        return [
            Row("NXST_FLOW", 1...1, .experimenterRequest(nicira, 0), 8, 8),
            Row("NXST_FLOW", 1...1, .experimenterReply(nicira, 0), 0, 1),
            Row("NXST_AGGREGATE", 1...1, .experimenterRequest(nicira, 1), 8, 8),
            Row("NXST_AGGREGATE", 1...1, .experimenterReply(nicira, 1), 24),
            Row("NXST_FLOW_MONITOR", 1...3, .experimenterRequest(nicira, 2), 0, 8),
            Row("NXST_FLOW_MONITOR", 1...3, .experimenterReply(nicira, 2), 0, 8),
            Row("NXST_IPFIX_BRIDGE", 1...6, .experimenterRequest(nicira, 3), 0),
            Row("NXST_IPFIX_BRIDGE", 1...6, .experimenterReply(nicira, 3), 88),
            Row("NXST_IPFIX_FLOW", 1...6, .experimenterRequest(nicira, 4), 0),
            Row("NXST_IPFIX_FLOW", 1...6, .experimenterReply(nicira, 4), 0, 88),
            Row("NXST_GROUP", 1...1, .experimenterRequest(nicira, 7), 8),
            Row("NXST_GROUP", 1...1, .experimenterReply(nicira, 7), 0, 8),
            Row("NXST_GROUP_DESC", 1...1, .experimenterRequest(nicira, 8), 8),
            Row("NXST_GROUP_DESC", 1...1, .experimenterReply(nicira, 8), 0, 8),
            Row("NXST_GROUP_FEATURES", 1...2, .experimenterRequest(nicira, 9), 0),
            Row("NXST_GROUP_FEATURES", 1...2, .experimenterReply(nicira, 9), 40),
            Row("ONFST_FLOW_MONITOR", 4...4, .experimenterRequest(onf, 1870), 0, 8),
            Row("ONFST_FLOW_MONITOR", 4...4, .experimenterReply(onf, 1870), 0, 8),
        ]
    }
}
