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
        own.isForgiving = true
        own.hasTableInFlowMod = true
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

    /// The text of whatever these octets are.
    static func text(_ octets: [UInt8], _ printer: MessagePrinter) -> String {
        printer.text(octets)
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
