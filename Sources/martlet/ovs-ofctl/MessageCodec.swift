import Daemon
import FlowSyntax
import OpenFlow

/// Messages and octets, for whoever prints what comes.
enum MessageCodec {
    /// The message of these octets, or `nil` if they are wrong.
    static func decode(_ octets: [UInt8], _ dialect: Dialect) -> Envelope? {
        guard let header = MessageHeader(octets),
            let message = try? OpenFlowMessage.parse(
                Array(octets.prefix(header.length)), dialect: dialect)
        else { return nil }
        return Envelope(xid: header.xid, message)
    }

    /// The dialect in which the octets are: packets and flows tell their formats by their types.
    static func dialect(of octets: [UInt8], _ dialect: Dialect) -> Dialect {
        var own = dialect
        guard let header = MessageHeader(octets) else { return own }
        own.version = header.version
        let isExperimenter = header.type == 4 && octets.count >= 16
        own.packetInFormat = .standard
        if isExperimenter {
            own.packetInFormat = octets[15] == 30 ? .nxm2 : .nxm
            own.flowFormat = .nxm
        } else if header.version == .v10 {
            let isNiciraStats =
                (16...17).contains(header.type) && octets.count >= 10 && octets[8] == 0xff
            own.flowFormat = isNiciraStats ? .nxm : .openFlow10
        }
        return own
    }

    /// The name of a message that cannot be read.
    static func name(of octets: [UInt8], _ header: MessageHeader) -> String {
        let isFlowMod = header.type == 4 && octets.count >= 16 && octets[15] == 13
        return isFlowMod ? "NXT_FLOW_MOD" : name(ofType: header.type, header.version)
    }

    private static func name(ofType type: UInt8, _ version: OpenFlowVersion) -> String {
        let common = [
            "OFPT_HELLO", "OFPT_ERROR", "OFPT_ECHO_REQUEST", "OFPT_ECHO_REPLY",
            "OFPT_EXPERIMENTER", "OFPT_FEATURES_REQUEST", "OFPT_FEATURES_REPLY",
            "OFPT_GET_CONFIG_REQUEST", "OFPT_GET_CONFIG_REPLY", "OFPT_SET_CONFIG",
            "OFPT_PACKET_IN", "OFPT_FLOW_REMOVED", "OFPT_PORT_STATUS", "OFPT_PACKET_OUT",
            "OFPT_FLOW_MOD",
        ]
        if Int(type) < common.count { return common[Int(type)] }
        switch type {
        case 15 where version > .v10: return "OFPT_GROUP_MOD"
        case 16 where version > .v10: return "OFPT_PORT_MOD"
        case 17 where version > .v10: return "OFPT_TABLE_MOD"
        case 29 where version >= .v13: return "OFPT_METER_MOD"
        case 33 where version >= .v14: return "OFPT_BUNDLE_CONTROL"
        case 34 where version >= .v14: return "OFPT_BUNDLE_ADD_MESSAGE"
        default: return "***type \(type)***"
        }
    }

    /// The text of whatever these octets are.
    static func text(_ octets: [UInt8], _ printer: MessagePrinter) -> String {
        var printer = printer
        printer.dialect = dialect(of: octets, printer.dialect)
        guard let header = MessageHeader(octets) else {
            return "OpenFlow packet too short (only \(octets.count) bytes):\n"
                + HexDump.text(octets, hasText: true)
        }
        do {
            let message = try OpenFlowMessage.parse(octets, dialect: printer.dialect)
            return printer.text(Envelope(xid: header.xid, message))
        } catch {
            let name = name(of: octets, header)
            let xid = String(header.xid, radix: 16)
            return "\(name)\(printer.version) (xid=0x\(xid)): ***decode error: \(error.name)***\n"
                + HexDump.text(octets, hasText: true)
        }
    }
}

extension ErrorMessage {
    /// OFPET_HELLO_FAILED, whose data is a sentence.
    var isHelloFailure: Bool { code.experimenter == 0 && code.type == 0 }
}

extension OpenFlowError {
    /// The constant's name, or the numbers where there is none.
    static func name(of code: ErrorCode, in version: OpenFlowVersion) -> String {
        if let known = OpenFlowError(code, in: version) { return known.name }
        if code.experimenter == 0 && code.type == 0 {
            return code.code == 0 ? "OFPHFC_INCOMPATIBLE" : "OFPHFC_EPERM"
        }
        return "***type \(code.type), code \(code.code)***"
    }
}

/// Prints the notes of a parser as OVS logs them.
enum NoteLog {
    static func write(_ notes: [SyntaxNote]) {
        for note in notes {
            let log = LogModule(note.module)
            switch note.level {
            case .error: log.error(note.text)
            case .warning: log.warning(note.text)
            case .information: log.info(note.text)
            }
        }
    }
}
