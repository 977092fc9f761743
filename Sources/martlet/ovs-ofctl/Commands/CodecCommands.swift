import Daemon
import FlowModel
import FlowSyntax
import OpenFlow

/// Commands for who makes tools: they show how things are encoded.
enum CodecCommands {
    /// `parse-group GROUP`: the message that adds a group.
    static func parseGroup(_ context: OfctlContext) throws {
        var parser = FlowParser()
        defer { NoteLog.write(parser.takeNotes()) }
        let (message, formats) = try parser.group(context.arguments[0], for: .add)
        Program.printOutput("usable protocols: \(formats.text)\n")
        let versions: [(FlowFormats, OpenFlowVersion)] = [
            (.openFlow10, .v10), (.openFlow11, .v11), (.openFlow12, .v12), (.openFlow13, .v13),
            (.openFlow14, .v14), (.openFlow15, .v15),
        ]
        let allowed = formats.intersection(context.options.allowedFormats)
        guard let version = versions.first(where: { allowed.contains($0.0) })?.1 else {
            throw ProgramError("no usable protocol")
        }
        Program.printOutput("chosen version: \(version.name)\n")
        let dialect = Dialect(version: version)
        let octets = OpenFlowMessage.groupMod(message).encoded(dialect, xid: 1)
        Program.printOutput(
            MessagePrinter(dialect: dialect, colors: context.options.colors).text(octets))
    }

    // MARK: Actions

    static func parseActions(_ context: OfctlContext) throws {
        try parse(context, "actions", MessageParts.actions)
    }

    static func parseInstructions(_ context: OfctlContext) throws {
        try parse(context, "instructions", MessageParts.instructions)
    }

    /// Prints what each line of standard input, in hexadecimal, does.
    private static func parse(
        _ context: OfctlContext, _ title: String,
        _ decode: ([UInt8], OpenFlowVersion) throws(OpenFlowError) -> [Action]
    ) throws {
        let name = context.arguments[0]
        guard let version = OpenFlowVersion(name: name) else {
            throw ProgramError("\(name): not a valid OpenFlow version")
        }
        try forEachLine { octets in
            do throws(OpenFlowError) {
                let actions = try decode(octets, version)
                let text = ActionPrinter.text(actions)
                let shown = context.options.colors?.actions(text) ?? text
                Program.printOutput("actions=\(shown)\n\n")
            } catch {
                Program.printOutput("bad \(version.name) \(title): \(error.name)\n\n")
            }
        }
    }

    private static func forEachLine(_ body: ([UInt8]) throws -> Void) throws {
        let text = try TextFile.read("-", failure: "open failed")
        try TextFile.forEachLine(of: text) { line, _ in
            let digits = line.filter { $0 > 0x20 }
            guard let octets = Hexadecimal.octets(digits) else {
                throw ProgramError("Trailing garbage in hex data")
            }
            try body(octets)
        }
    }

    // MARK: Matches

    static func parseNXM(_ context: OfctlContext) throws { try parseMatches(context, .v10) }

    static func parseOXM(_ context: OfctlContext) throws {
        let name = context.arguments[0]
        guard let version = OpenFlowVersion(name: name), version >= .v12 else {
            throw ProgramError("\(name): not a valid version for OXM")
        }
        try parseMatches(context, version)
    }

    private static func parseMatches(_ context: OfctlContext, _ version: OpenFlowVersion) throws {
        let text = try TextFile.read("-", failure: "open failed")
        try TextFile.forEachLine(of: text) { line, _ in
            let octets: [UInt8]
            do {
                octets = try ExtendedMatchText.octets(String(decoding: line, as: UTF8.self))
            } catch {
                throw ProgramError("\(error)")
            }
            do throws(OpenFlowError) {
                let match = try MessageParts.extendedMatch(
                    octets, isForgiving: !context.options.isStrict)
                let again = MessageParts.octets(match, version)
                Program.printOutput(ExtendedMatchText.text(again) + "\n")
            } catch {
                Program.printOutput("nx_pull_match() returned error \(error.name)\n")
            }
        }
    }

    static func parseMatch10(_ context: OfctlContext) throws {
        try parseFixed(.v10, MessageParts.match10ByteCount)
    }

    static func parseMatch11(_ context: OfctlContext) throws {
        try parseFixed(.v11, MessageParts.match11ByteCount)
    }

    /// Prints each match of standard input, and the octets that change when it is encoded again.
    private static func parseFixed(_ version: OpenFlowVersion, _ byteCount: Int) throws {
        try forEachLine { octets in
            guard octets.count == byteCount else {
                throw ProgramError("bad ofp_match: \(octets.count) bytes")
            }
            let match: Match
            do throws(OpenFlowError) {
                match = try MessageParts.fixedMatch(octets, version)
            } catch {
                Program.printOutput("bad ofp11_match: \(error.name)\n\n")
                return
            }
            Program.printOutput(MatchPrinter.text(match) + "\n")
            let again = MessageParts.fixedOctets(match, version)
            for (index, (old, new)) in zip(octets, again).enumerated() where old != new {
                let place = index < 10 ? " \(index)" : String(index)
                Program.printOutput(
                    "\(place): \(HexDump.padded(old, 2)) -> \(HexDump.padded(new, 2))\n")
            }
            Program.printOutput("\n")
        }
    }

    // MARK: Messages

    private static func error(named name: String) throws -> OpenFlowError {
        guard let error = OpenFlowError.allCases.first(where: { $0.name == name }) else {
            throw ProgramError("unknown error \"\(name)\"")
        }
        return error
    }

    static func printError(_ context: OfctlContext) throws {
        let error = try error(named: context.arguments[0])
        for version in OpenFlowVersion.allKnown {
            let code = error.code(in: version)
            let isOwn = OpenFlowError(code, in: version) == error
            let title = "OpenFlow 1.\(version.rawValue - 1)"
            guard isOwn else { continue }
            let vendor =
                code.experimenter == 0 ? "0" : "0x" + String(code.experimenter, radix: 16)
            // An experimenter's errors have one number from OpenFlow 1.2 on.
            let isSingle = code.experimenter != 0 && version >= .v12
            let (type, number) = isSingle ? (code.code, 0) : (code.type, code.code)
            Program.printOutput("\(title): vendor \(vendor), type \(type), code \(number)\n")
        }
    }

    static func encodeError(_ context: OfctlContext) throws {
        let error = try error(named: context.arguments[0])
        let digits = context.arguments[1].utf8.filter { $0 > 0x20 }
        guard let request = Hexadecimal.octets(digits) else {
            throw ProgramError("Trailing garbage in hex data")
        }
        guard let header = MessageHeader(request) else {
            throw ProgramError("Request too short")
        }
        let dialect = Dialect(version: header.version)
        let message = ErrorMessage(code: error.code(in: header.version), data: request)
        let octets = OpenFlowMessage.error(message).encoded(dialect, xid: header.xid)
        Program.printOutput(HexDump.text(octets, hasText: false))
    }

    static func encodeHello(_ context: OfctlContext) throws {
        let text = context.arguments[0]
        let bits =
            text.hasPrefix("0x") ? UInt32(text.dropFirst(2), radix: 16) : UInt32(text)
        let versions = OpenFlowVersions(rawValue: bits ?? 0)
        guard let newest = versions.intersection(.supported).newest else {
            throw ProgramError("\(text): no version of OpenFlow")
        }
        let dialect = Dialect(version: newest)
        let octets = OpenFlowMessage.hello(Hello(versions: versions)).encoded(dialect, xid: 1)
        Program.printOutput(HexDump.text(octets, hasText: false))
        Program.printOutput(MessagePrinter(dialect: dialect).text(octets))
    }

    static func parsePairs(_ context: OfctlContext) throws {
        for argument in context.arguments {
            let pairs = try KeyValueText.pairs(argument)
            let words = pairs.map { pair in pair.value.map { "\(pair.key)=\($0)" } ?? pair.key }
            Program.printOutput(words.joined(separator: ", ") + "\n")
        }
    }
}
