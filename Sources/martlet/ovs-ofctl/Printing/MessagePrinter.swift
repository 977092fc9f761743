import FlowModel
import FlowSyntax
import OpenFlow

/// Prints OpenFlow messages as `ovs-ofctl` does.
///
/// Scripts read these texts, so that their every space is OVS's.
struct MessagePrinter {
    var dialect: Dialect
    var names = FlowNames()
    /// How much to print: from 1 on the headers of packets, from 2 on what echoes carry, from 3 on
    /// packets whole and matches as they travel, from 5 on each message whole too.
    var verbosity = 1
    /// In what colours flows, actions and buckets are shown, if in any.
    var colors: FlowColors?

    /// - Parameter priority: printed first, unless it is the default.
    func matchText(_ match: Match, priority: UInt16 = 32768) -> String {
        let text = MatchPrinter.text(match, priority: priority, names: names)
        return colors?.match(text) ?? text
    }

    func actionsText(_ actions: [Action]) -> String {
        let text = ActionPrinter.text(actions, names: names)
        return colors?.actions(text) ?? text
    }

    func actionsText(_ action: Action) -> String { actionsText([action]) }

    /// The text of whatever these octets are, with a line end.
    func text(_ octets: [UInt8]) -> String {
        adopting(octets).ownText(octets)
    }

    /// A printer for the dialect of these octets.
    func adopting(_ octets: [UInt8]) -> MessagePrinter {
        var printer = self
        printer.dialect = MessageCodec.dialect(of: octets, dialect)
        return printer
    }

    /// The text of octets in the printer's own dialect.
    private func ownText(_ octets: [UInt8]) -> String {
        guard !octets.isEmpty else { return "OpenFlow message is empty\n" }
        guard let header = MessageHeader(octets) else {
            return "OpenFlow packet too short (only \(octets.count) bytes):\n" + dump(octets)
        }
        if header.length > octets.count {
            let form = try? MessageForm.named(by: octets)
            let title = form.map { self.title($0, header) + "\n" } ?? ""
            return title + "(***truncated to \(octets.count) bytes from \(header.length)***)\n"
                + dump(octets)
        }
        if header.length < octets.count {
            return "(***only uses \(header.length) bytes out of \(octets.count)***)\n"
                + dump(octets)
        }
        let form: MessageForm
        do {
            form = try MessageForm.of(octets)
        } catch {
            return Self.text(ofError: error) + "\n" + dump(octets)
        }
        var text = head(octets, form)
        guard let error = append(octets, form, to: &text) else {
            if !text.hasSuffix("\n") { text += "\n" }
            return verbosity < 5 ? text : text + dump(octets)
        }
        text += Self.separator(form.name, text) + Self.text(ofError: error) + "\n"
        return text + dump(octets)
    }

    /// What stands between the good part of a message and what is wrong with it.
    private static func separator(_ name: String, _ text: String) -> String {
        if text.hasSuffix("\n") { return "" }
        if name.hasPrefix("OFPST_METER") { return "\n" }
        if name.hasSuffix("ST_GROUP reply") { return " ***parse error***\n" }
        return text.contains("\n") ? "\n" : " "
    }

    /// What a message begins with: its name, its transaction, and the flags of statistics.
    func head(_ octets: [UInt8], _ form: MessageForm) -> String {
        guard let header = MessageHeader(octets) else { return "" }
        return title(form, header) + StatsFlags.text(octets, dialect.version)
    }

    func dump(_ octets: [UInt8]) -> String { HexDump.text(octets, hasText: true) }

    static func text(ofError error: OpenFlowError) -> String {
        "***decode error: \(error.name)***"
    }

    /// The message is one of Nicira's for OpenFlow 1.0.
    var isNXM: Bool { dialect.version == .v10 && dialect.flowFormat == .nxm }

    private func title(_ form: MessageForm, _ header: MessageHeader) -> String {
        "\(form.name)\(version) (xid=0x\(String(header.xid, radix: 16))):"
    }

    var version: String {
        guard dialect.version > .v10 else { return "" }
        let isKnown = OpenFlowVersion.allKnown.contains(dialect.version)
        let number = "OF 0x" + HexDump.padded(dialect.version.rawValue, 2)
        return " (\(isKnown ? dialect.version.shortName : number))"
    }

    /// Appends what follows the title.
    ///
    /// - Returns: what is wrong with the message.
    private func append(
        _ octets: [UInt8], _ form: MessageForm, to text: inout String
    ) -> OpenFlowError? {
        let kind = form.name
        if kind == "OFPST_TABLE reply" {
            text += tableStatistics(octets)
            return nil
        }
        if kind.hasPrefix("OFPST_TABLE_FEATURES") {
            let (tables, error) = TableCapabilities.tables(of: octets, dialect.version)
            text += TableCapabilitiesText(version: dialect.version).text(ofFeatures: tables)
            return error
        }
        if let statistics = ExportStatistics.text(octets, form) {
            text += statistics
            return nil
        }
        do throws(OpenFlowError) {
            let message = try OpenFlowMessage.parse(octets, dialect: dialect)
            text += try body(of: message, octets)
            return nil
        } catch {
            if error == .bundleBadType, kind.hasSuffix("T_BUNDLE_CONTROL") {
                text += self.text(ofUnknownControl: octets[form.headerByteCount...])
                return nil
            }
            if case .statsReply(let reply)? = StatsPrefix.message(octets, dialect) {
                text += self.text(reply)
            }
            return error
        }
    }

    /// What follows the colon, with the space or line end that it begins with.
    private func body(
        of message: OpenFlowMessage, _ octets: [UInt8]
    ) throws(OpenFlowError) -> String {
        switch message {
        case .hello(let hello): return text(hello, octets)
        case .error(let error): return try text(error)
        case .echoRequest(let data), .echoReply(let data):
            let title = " \(data.count) bytes of payload\n"
            return verbosity > 1 ? title + dump(data) : title
        case .featuresReply(let features): return text(features)
        case .getConfigReply(let config), .setConfig(let config): return text(config)
        case .packetIn(let packet), .resume(let packet): return text(packet)
        case .flowRemoved(let removed): return text(removed)
        case .portStatus(let status): return text(status)
        case .packetOut(let packet): return text(packet)
        case .flowMod(let flowMod): return text(flowMod, octets)
        case .portMod(let portMod): return text(portMod)
        case .tableMod(let tableMod): return text(tableMod)
        case .queueConfigRequest(let port): return " port=\(names.text(of: port))"
        case .queueConfigReply(let config): return text(ofQueues: config.queues)
        case .statsRequest(let request): return text(request)
        case .statsReply(let reply): return text(reply)
        case .groupMod(let message): return text(message)
        case .meterMod(let message): return text(message)
        default:
            return try later(message, MessageHeader(octets)?.xid ?? 0)
        }
    }

    private func later(
        _ message: OpenFlowMessage, _ xid: UInt32
    ) throws(OpenFlowError) -> String {
        switch message {
        case .roleRequest(let role), .roleReply(let role): text(role)
        case .roleStatus(let status): text(status)
        case .tableStatus(let status): try text(status)
        case .getAsyncReply(let config), .setAsync(let config): text(config)
        case .bundleControl(let control): text(control)
        case .bundleAdd(let add): try text(add, xid)
        case .requestForward(let forward): try text(forward)
        case .setFlowFormat(let format): " format=\(format == .nxm ? "nxm" : "openflow10")"
        case .setTableInFlowMod(let isEnabled): isEnabled ? " enable" : " disable"
        case .setPacketInFormat(let format): " format=\(Self.name(of: format))"
        case .setControllerID(let id): " id=\(id)"
        case .tlvTableMod(let mod): text(mod)
        case .tlvTableReply(let table): text(table)
        case .ctFlushZone(let zone): " zone_id=\(zone)"
        case .ctFlush(let flush): text(flush)
        // The one message whose content may be unknown without its being wrong.
        case .experimenter: " format=(unknown)"
        case .flowMonitorCancel(let id): " id=\(id)"
        default: ""
        }
    }

    /// The numbers of versions as OVS lists them.
    static func list(_ versions: OpenFlowVersions) -> String {
        versions.all.map { "0x" + HexDump.padded($0.rawValue, 2) }.joined(separator: ", ")
    }

    static func name(of format: PacketInFormat) -> String {
        switch format {
        case .standard: "standard"
        case .nxm: "nxt_packet_in"
        case .nxm2: "nxt_packet_in2"
        }
    }

    static func name(of handling: SwitchConfig.FragmentHandling) -> String {
        switch handling {
        case .normal: "normal"
        case .drop: "drop"
        case .reassemble: "reassemble"
        case .nxMatch: "nx-match"
        }
    }
}

/// The flags that all statistics have.
enum StatsFlags {
    /// ` flags=[more]`, or nothing where no flag is set.
    static func text(_ octets: [UInt8], _ version: OpenFlowVersion) -> String {
        let isRequest = octets[1] == (version == .v10 ? 16 : 18)
        guard isRequest || octets[1] == (version == .v10 ? 17 : 19), octets.count >= 12 else {
            return ""
        }
        var flags = UInt16(octets[10]) << 8 | UInt16(octets[11])
        guard flags != 0 else { return "" }
        var text = " flags="
        // More of a request can follow from OpenFlow 1.3 on.
        if flags & 1 != 0, !isRequest || version >= .v13 {
            text += "[more]"
            flags &= ~1
        }
        if flags != 0 { text += "[***unknown flags 0x\(HexDump.padded(flags, 4))***]" }
        return text
    }
}
