import Bytes
import Daemon
import FlowModel
import FlowSyntax
import Glibc
import OpenFlow
import Transport

/// Commands that change flows.
enum FlowCommands {
    static func add(_ context: OfctlContext) throws { try change(context, .add) }

    static func modify(_ context: OfctlContext) throws {
        try change(context, context.options.isStrict ? .modifyStrict : .modify)
    }

    static func delete(_ context: OfctlContext) throws {
        try change(context, context.options.isStrict ? .deleteStrict : .delete)
    }

    /// The flow of an argument, or those of standard input where it is `-`.
    private static func change(_ context: OfctlContext, _ command: FlowCommand) throws {
        let text = context.arguments.count > 1 ? context.arguments[1] : ""
        if text == "-" {
            try changeAll(context, "-", command)
            return
        }
        let connection = try context.connect()
        let names =
            context.acceptsNames ? try connection.names(tablesFirst: true) : FlowNames()
        var parser = FlowParser(names: names)
        defer { NoteLog.write(parser.takeNotes()) }
        let flow = try parser.flow(text, for: command)
        try connection.adopt(try context.options.chosen(from: flow.formats))
        let message = FlowMod(flow, command, connection.dialect.version)
        guard context.options.usesBundle else {
            return try connection.transactQuietly(.flowMod(message))
        }
        var bundle = BundleTransaction(connection)
        bundle.append(.flowMod(message))
        try bundle.commit()
    }

    static func addFile(_ context: OfctlContext) throws {
        try changeAll(context, context.arguments[1], .add)
    }

    private static func changeAll(
        _ context: OfctlContext, _ path: String, _ command: FlowCommand
    ) throws {
        let octets = try TextFile.read(path, failure: "open failed")
        let connection = try context.connect()
        let names =
            context.acceptsNames ? try connection.names(tablesFirst: true) : FlowNames()
        if context.options.usesBundle {
            return try bundleAll(octets, path, command, (connection, names), context)
        }
        var batch = FlowModBatch(names: names, command: command, fileName: path)
        defer { NoteLog.write(batch.parser.takeNotes()) }
        let (encoded, formats) = try batch.encode(octets, connection, context.options)
        try connection.send(encoded, adopting: formats)
    }
}

extension FlowCommands {
    /// A file of flows with what its commands are to be.
    private static func bundleAll(
        _ octets: [UInt8], _ path: String, _ command: FlowCommand,
        _ place: (
            connection: SwitchConnection, names: FlowNames
        ), _ context: OfctlContext
    ) throws {
        var parser = FlowParser(names: place.names)
        defer { NoteLog.write(parser.takeNotes()) }
        var bundle = BundleTransaction(place.connection)
        var formats = FlowFormats.all
        try TextFile.forEachLine(of: octets) { line, number in
            do {
                let (command, flow) = try parser.flowLine(line, default: command)
                formats.formIntersection(flow.formats)
                bundle.append(
                    .flowMod(FlowMod(flow, command, place.connection.dialect.version)))
            } catch {
                throw ProgramError("\(path):\(number): \(error)")
            }
        }
        _ = try context.options.chosen(from: formats)
        try bundle.commit()
    }
}

extension SwitchConnection {
    /// Sends many encoded flow modifications, and waits until all have been done.
    func send(_ encoded: EncodedFlows, adopting formats: FlowFormats) throws {
        try adopt(formats)
        guard let first = encoded.firstXID else { return }
        let chunkByteCount = 1 << 18
        var start = 0
        while start < encoded.octets.count {
            let end = min(start + chunkByteCount, encoded.octets.count)
            try send(Array(encoded.octets[start..<end]))
            start = end
        }
        while takeXID() < encoded.lastXID {}
        try barrier(after: first...encoded.lastXID)
    }
}

/// Flow modifications as they go to the switch.
struct EncodedFlows {
    var octets: [UInt8] = []
    var firstXID: UInt32?
    var lastXID: UInt32 = 0
}

/// Parses a file of flows and encodes them in one pass.
///
/// The format that they all can take is known only at the end; where the guess was wrong, the file
/// is parsed again with what has been learned, which happens at most a few times. So the flows
/// need no memory but that of their messages.
struct FlowModBatch {
    let names: FlowNames
    let command: FlowCommand
    let fileName: String
    var parser: FlowParser

    init(names: FlowNames, command: FlowCommand, fileName: String) {
        self.names = names
        self.command = command
        self.fileName = fileName
        parser = FlowParser(names: names)
    }

    mutating func encode(
        _ text: [UInt8], _ connection: SwitchConnection, _ options: OfctlOptions
    ) throws -> (encoded: EncodedFlows, formats: FlowFormats) {
        var formats = FlowFormats.all
        while true {
            let chosen = try options.chosen(from: formats)
            let (dialect, requests) = connection.plan(for: chosen)
            let guess = formats
            _ = parser.takeNotes()
            let first = connection.upcomingXID + UInt32(2 * requests.count)
            let encoded = try pass(text, dialect, firstXID: first, formats: &formats)
            let right = try options.chosen(from: formats)
            if formats == guess || connection.plan(for: right).dialect == dialect {
                return (encoded, right)
            }
        }
    }

    private mutating func pass(
        _ text: [UInt8], _ dialect: Dialect, firstXID: UInt32, formats: inout FlowFormats
    ) throws -> EncodedFlows {
        var encoded = EncodedFlows()
        var writer = OctetWriter(capacity: text.count)
        var xid = firstXID
        try TextFile.forEachLine(of: text) { line, number in
            let parsed: (command: FlowCommand, flow: FlowDescription)
            do {
                parsed = try parser.flowLine(line, default: command)
            } catch {
                throw ProgramError("\(fileName):\(number): \(error)")
            }
            formats.formIntersection(parsed.flow.formats)
            let flowMod = FlowMod(parsed.flow, parsed.command, dialect.version)
            OpenFlowMessage.flowMod(flowMod).encode(dialect, xid: xid, into: &writer)
            if encoded.firstXID == nil { encoded.firstXID = xid }
            encoded.lastXID = xid
            // As the genuine program counts, which sends a barrier after each.
            xid += 2
        }
        encoded.octets = writer.takeOctets()
        return encoded
    }
}

/// Files of lines.
enum TextFile {
    /// The octets of a file, or of standard input for `-`.
    static func read(_ path: String, failure: String) throws -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY)
        guard descriptor >= 0 else {
            throw ProgramError("\(path): \(failure) (\(TransportError.text(of: errno)))")
        }
        defer { if path != "-" { close(descriptor) } }
        var octets: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                throw ProgramError("\(path): read failed (\(TransportError.text(of: errno)))")
            }
            if count == 0 { return octets }
            octets += buffer[..<count]
        }
    }

    /// Each line that holds more than a comment, with its number.
    static func forEachLine(
        of text: [UInt8], _ body: (ArraySlice<UInt8>, Int) throws -> Void
    ) throws {
        var start = 0
        var number = 0
        while start < text.count {
            var end = start
            var comment: Int?
            while end < text.count, text[end] != 0x0a {
                if text[end] == 0x23, comment == nil { comment = end }
                end += 1
            }
            number += 1
            let line = text[start..<(comment ?? end)]
            start = end + 1
            if line.contains(where: { $0 > 0x20 }) { try body(line, number) }
        }
    }
}

extension FlowMod {
    /// The message that does what the text says.
    init(_ flow: FlowDescription, _ command: FlowCommand, _ version: OpenFlowVersion) {
        self.init()
        self.command =
            switch command {
            case .add, .query: .add
            case .modify: .modify
            case .modifyStrict: .modifyStrict
            case .delete: .delete
            case .deleteStrict: .deleteStrict
            }
        let isDelete = command == .delete || command == .deleteStrict
        // OpenFlow 1.1 and later want a table, and only deletions may name all of them.
        let anyTable = version == .v10 || isDelete ? FlowMod.allTables : 0
        tableID = flow.table ?? anyTable
        match = flow.match
        priority = flow.priority
        cookie = flow.cookie
        cookieMask = flow.cookieMask
        newCookie = command == .add ? flow.newCookie ?? 0 : flow.newCookie
        idleTimeout = flow.idleTimeout
        hardTimeout = flow.hardTimeout
        outPort = flow.outPort ?? .none
        outGroup = flow.outGroup ?? FlowMod.anyGroup
        flags = FlowFlags(rawValue: flow.flags.rawValue & 0x1f)
        importance = flow.importance
        actions = flow.actions
    }
}
