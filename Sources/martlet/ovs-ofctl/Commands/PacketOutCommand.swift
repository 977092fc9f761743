import Daemon
import FlowModel
import FlowSyntax
import OpenFlow

/// `packet-out`: makes the switch act on a packet.
enum PacketOutCommand {
    private static var minPacketByteCount: Int { 14 }

    static func run(_ context: OfctlContext) throws {
        if context.arguments.count == 2 {
            try runDescribed(context)
        } else {
            try runPositional(context)
        }
    }

    private static func packet(_ text: String, prefix: String) throws -> [UInt8] {
        let digits = text.utf8.filter { $0 > 0x20 }
        guard let octets = Hexadecimal.octets(digits) else {
            throw ProgramError("\(prefix)Trailing garbage in packet data")
        }
        guard octets.count >= minPacketByteCount else {
            throw ProgramError("\(prefix)Packet data too short for Ethernet")
        }
        return octets
    }

    /// `packet-out SWITCH in_port=PORT,packet=HEX,actions=ACTIONS`.
    private static func runDescribed(_ context: OfctlContext) throws {
        let connection = try context.connect()
        let names =
            context.acceptsNames ? try connection.names(tablesFirst: true) : FlowNames()
        var parser = FlowParser(names: names)
        defer { NoteLog.write(parser.takeNotes()) }
        var formats = FlowFormats.all
        let message = try message(context.arguments[1], &parser, formats: &formats)
        _ = try context.options.chosen(from: formats)
        try connection.transactQuietly(.packetOut(message))
    }

    /// What a text says.
    ///
    /// - Parameter formats: becomes those in which its actions can be said.
    static func message(
        _ text: String, _ parser: inout FlowParser, formats: inout FlowFormats
    ) throws -> PacketOut {
        let description = try parser.packetOut(text)
        formats = description.formats
        guard let digits = description.packet else { throw ProgramError("must specify packet") }
        let octets = try packet(digits, prefix: "packet: ")
        var message = PacketOut(
            inPort: description.inPort, actions: description.actions, data: octets)
        message.metadata = description.metadata
        message.inPort = description.inPort
        return message
    }

    /// `packet-out SWITCH IN_PORT ACTIONS PACKET...`.
    private static func runPositional(_ context: OfctlContext) throws {
        let connection = try context.connect()
        let names =
            context.acceptsNames ? try connection.names(tablesFirst: false) : FlowNames()
        var parser = FlowParser(names: names)
        defer { NoteLog.write(parser.takeNotes()) }
        let portText = context.arguments[1]
        let port =
            UInt16(portText).map { PortNumber($0) } ?? PortNumber(reservedName: portText)
            ?? names.port(named: portText)
        guard let port else {
            throw ProgramError("\(context.target): unknown port `\(portText)'")
        }
        var formats = FlowFormats.all
        let actions = try parser.plainActions(context.arguments[2], formats: &formats)
        _ = try context.options.chosen(from: formats)
        for text in context.arguments[3...] {
            let octets = try packet(text, prefix: "")
            try connection.transactQuietly(
                .packetOut(PacketOut(inPort: port, actions: actions, data: octets)))
        }
    }
}
