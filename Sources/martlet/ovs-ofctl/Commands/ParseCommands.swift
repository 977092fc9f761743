import Daemon
import FlowModel
import FlowSyntax
import OpenFlow

/// Commands that need no switch.
enum ParseCommands {
    static func parseMessages(_ context: OfctlContext) throws {
        let path = context.arguments[0]
        let octets = try TextFile.read(path, failure: "open")
        let printer = MessagePrinter(
            dialect: Dialect(version: .v10), verbosity: 2 + context.options.verbosity,
            colors: context.options.colors)
        var start = 0
        while start < octets.count {
            guard let header = MessageHeader(octets[start...]) else {
                throw ProgramError("\(path): unexpected end of file mid-message")
            }
            guard header.length >= MessageHeader.byteCount else {
                throw ProgramError(
                    "\(path): \(header.length)-byte message is too short for OpenFlow")
            }
            guard start + header.length <= octets.count else {
                throw ProgramError("\(path): unexpected end of file mid-message")
            }
            let message = Array(octets[start..<(start + header.length)])
            Program.printOutput(MessageCodec.text(message, printer))
            start += header.length
        }
    }

    /// `ofp-print HEX`: one message in hexadecimal.
    static func printMessage(_ context: OfctlContext) throws {
        let digits = context.arguments[0].utf8.filter { $0 > 0x20 }
        guard let octets = Hexadecimal.octets(digits) else {
            throw ProgramError("trailing garbage following hex bytes")
        }
        let verbosity = context.arguments.count > 1 ? Int(context.arguments[1]) ?? 0 : 2
        let printer = MessagePrinter(
            dialect: Dialect(version: .v10), verbosity: verbosity, colors: context.options.colors)
        Program.printOutput(MessageCodec.text(octets, printer))
    }

    static func parseFlow(_ context: OfctlContext) throws {
        var parser = FlowParser()
        defer { NoteLog.write(parser.takeNotes()) }
        let flow = try parser.flow(context.arguments[0], for: .add)
        try printFlows([(.add, flow)], context)
    }

    static func parseFlows(_ context: OfctlContext) throws {
        let path = context.arguments[0]
        let octets = try TextFile.read(path, failure: "open failed")
        var parser = FlowParser()
        defer { NoteLog.write(parser.takeNotes()) }
        var flows: [(FlowCommand, FlowDescription)] = []
        try TextFile.forEachLine(of: octets) { line, number in
            do {
                flows.append((.add, try parser.flow(line, for: .add)))
            } catch {
                throw ProgramError("\(path):\(number): \(error)")
            }
        }
        try printFlows(flows, context)
    }

    private static func printFlows(
        _ flows: [(FlowCommand, FlowDescription)], _ context: OfctlContext
    ) throws {
        var formats = FlowFormats.all
        for (_, flow) in flows { formats.formIntersection(flow.formats) }
        Program.printOutput("usable protocols: \(formats.text)\n")
        let allowed = formats.intersection(context.options.allowedFormats)
        let preference: [(FlowFormats, Dialect)] = [
            (.openFlow10, Dialect(version: .v10)),
            (.openFlow10TableID, Dialect(version: .v10, hasTableInFlowMod: true)),
            (.nxm, Dialect(version: .v10, flowFormat: .nxm)),
            (.nxmTableID, Dialect(version: .v10, flowFormat: .nxm, hasTableInFlowMod: true)),
            (.openFlow11, Dialect(version: .v11)), (.openFlow12, Dialect(version: .v12)),
            (.openFlow13, Dialect(version: .v13)), (.openFlow14, Dialect(version: .v14)),
            (.openFlow15, Dialect(version: .v15)),
        ]
        guard let (format, dialect) = preference.first(where: { allowed.contains($0.0) }) else {
            throw ProgramError("no usable protocol")
        }
        Program.printOutput("chosen protocol: \(format.text)\n")
        var xid: UInt32 = 1
        for (command, flow) in flows {
            // Through the codec, so that what is printed is what a switch would get.
            let flowMod = OpenFlowMessage.flowMod(FlowMod(flow, command, dialect.version))
            let octets = flowMod.encoded(dialect, xid: xid)
            Program.printOutput(
                MessageCodec.text(
                    octets, MessagePrinter(dialect: dialect, colors: context.options.colors)))
            xid += 1
        }
    }
}

/// Octets written as pairs of hexadecimal digits.
enum Hexadecimal {
    static func octets(_ digits: some Collection<UInt8>) -> [UInt8]? {
        guard digits.count % 2 == 0 else { return nil }
        var octets: [UInt8] = []
        var high: UInt8?
        for character in digits {
            guard let digit = Character(UnicodeScalar(character)).hexDigitValue else { return nil }
            if let first = high {
                octets.append(first << 4 | UInt8(digit))
                high = nil
            } else {
                high = UInt8(digit)
            }
        }
        return octets
    }
}
