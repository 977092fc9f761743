import Bytes
import Daemon
import FlowModel
import FlowSyntax
import OpenFlow

/// Messages that a switch is to carry out all or none (ovs-ofctl(8), `--bundle`).
struct BundleTransaction {
    private static let flags: BundleControl.Flags = [.atomic, .ordered]
    private static let bundleID: UInt32 = 0
    /// Messages go out in pieces of about so many octets.
    private static let chunkByteCount = 1 << 18

    private let connection: SwitchConnection
    private var messages: [(xid: UInt32, octets: [UInt8])] = []

    init(_ connection: SwitchConnection) { self.connection = connection }

    mutating func append(_ message: OpenFlowMessage) {
        let xid = connection.takeXID()
        messages.append((xid, message.encoded(connection.dialect, xid: xid)))
    }

    /// Sends all and has it done; prints what the switch refuses, which ends the program.
    func commit() throws {
        guard !messages.isEmpty else { return }
        var errors: [[UInt8]] = []
        let isOpen = try control(.openRequest, &errors)
        if isOpen { try sendMessages() }
        if isOpen, errors.isEmpty, try control(.closeRequest, &errors), errors.isEmpty {
            _ = try control(.commitRequest, &errors)
        }
        guard !errors.isEmpty else { return }
        throw ProgramError("talking to \(connection.streamName) (Protocol error)")
    }

    private func sendMessages() throws {
        var writer = OctetWriter()
        for message in messages {
            let add = BundleAdd(
                bundleID: Self.bundleID, flags: Self.flags, message: message.octets)
            OpenFlowMessage.bundleAdd(add).encode(
                connection.dialect, xid: message.xid, into: &writer)
            if writer.count >= Self.chunkByteCount { try connection.send(writer.takeOctets()) }
        }
        try connection.send(writer.takeOctets())
    }

    /// Sends a request of the bundle and waits for the answer; errors of earlier messages that
    /// come before it are printed too.
    ///
    /// - Returns: whether the request was granted.
    private func control(
        _ kind: BundleControl.Kind, _ errors: inout [[UInt8]]
    ) throws -> Bool {
        let request = OpenFlowMessage.bundleControl(
            BundleControl(bundleID: Self.bundleID, kind: kind, flags: Self.flags))
        let xid = try connection.send(request)
        let own = request.encoded(connection.dialect, xid: xid)
        while true {
            let octets = try connection.receiveOctets()
            guard let header = MessageHeader(octets) else { continue }
            if header.isError {
                errors.append(octets)
                let refused = messages.first { $0.xid == header.xid }?.octets ?? own
                explain(octets, refused)
            }
            if header.xid == xid { return !header.isError }
        }
    }

    private func explain(_ error: [UInt8], _ request: [UInt8]) {
        let printer = MessagePrinter(dialect: connection.dialect)
        guard case .error(let message)? = MessageCodec.decode(error, connection.dialect)?.message
        else { return }
        let name = OpenFlowError.name(of: message.code, in: connection.dialect.version)
        let text = MessageCodec.text(request, printer)
        Program.printError("Error \(name) for: \(text.dropLast())")
    }
}

/// `bundle SWITCH FILE`: carries out a file of flows, groups and packets, all or none.
enum BundleCommand {
    static func run(_ context: OfctlContext) throws {
        let path = context.arguments[1]
        let octets = try TextFile.read(path, failure: "open failed")
        let connection = try context.connect()
        let names =
            context.acceptsNames ? try connection.names(tablesFirst: true) : FlowNames()
        var parser = FlowParser(names: names)
        defer { NoteLog.write(parser.takeNotes()) }
        var bundle = BundleTransaction(connection)
        try TextFile.forEachLine(of: octets) { line, number in
            do {
                bundle.append(try message(line, &parser, connection.dialect.version))
            } catch {
                throw ProgramError("\(path):\(number): \(error)")
            }
        }
        try bundle.commit()
    }

    private static func message(
        _ line: ArraySlice<UInt8>, _ parser: inout FlowParser, _ version: OpenFlowVersion
    ) throws -> OpenFlowMessage {
        let text = String(decoding: line, as: UTF8.self)
        let start = text.drop { $0 == " " || $0 == "\t" }
        let word = start.prefix { $0 != " " && $0 != "\t" }
        let rest = Array(start.dropFirst(word.count).utf8)[...]
        switch word {
        case "flow":
            let (command, flow) = try parser.flowLine(rest, default: .add)
            return .flowMod(FlowMod(flow, command, version))
        case "group": return .groupMod(try parser.groupLine(rest, default: .add).message)
        case "packet-out":
            var formats = FlowFormats.all
            return .packetOut(
                try PacketOutCommand.message(
                    String(decoding: rest, as: UTF8.self), &parser, formats: &formats))
        default: throw SyntaxError("Unsupported bundle message type: \(word)")
        }
    }
}
