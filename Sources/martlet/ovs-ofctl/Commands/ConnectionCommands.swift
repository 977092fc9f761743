import Daemon
import OpenFlow
import Switch

/// Commands that make a switch forget connections, and those about what it exports.
enum ConnectionCommands {
    static func flushZone(_ context: OfctlContext) throws {
        let text = context.arguments[1]
        guard let zone = UInt16(text) else { throw ProgramError("invalid zone_id \"\(text)\"") }
        try context.connect().transactQuietly(.ctFlushZone(zone))
    }

    /// `ct-flush SWITCH [zone=N] [TUPLE [TUPLE]]`.
    static func flush(_ context: OfctlContext) throws {
        var flush = ConnectionFlush()
        var rest = context.arguments.dropFirst()
        if let text = rest.first, text.hasPrefix("zone=") {
            guard let zone = UInt16(text.dropFirst("zone=".count)) else {
                throw ProgramError("Failed to parse zone")
            }
            flush.zone = zone
            rest.removeFirst()
        }
        if let text = rest.popFirst() {
            flush.original = try tuple(text, &flush.ipProtocol)
        }
        if let text = rest.popFirst() {
            flush.reply = try tuple(text, &flush.ipProtocol)
        }
        guard rest.isEmpty else { throw ProgramError("too many arguments") }
        try context.connect().transactQuietly(.ctFlush(flush))
    }

    private static func tuple(
        _ text: String, _ ipProtocol: inout UInt8
    ) throws -> ConnectionTuple {
        var parser = ConnectionTupleParser(ipProtocol: ipProtocol)
        do {
            let tuple = try parser.parse(text)
            ipProtocol = parser.ipProtocol
            return tuple
        } catch {
            throw ProgramError("Failed to parse ct-tuple: \(error.sentence)")
        }
    }

    static func dumpBridgeExport(_ context: OfctlContext) throws { try dumpExport(context, 3) }
    static func dumpFlowExport(_ context: OfctlContext) throws { try dumpExport(context, 4) }

    /// Prints the counters of IPFIX, whose messages nothing else knows.
    private static func dumpExport(_ context: OfctlContext, _ subtype: UInt8) throws {
        let connection = try context.connect()
        let isOld = connection.dialect.version == .v10
        let body: [UInt8] =
            [0xff, 0xff, 0, 0] + (isOld ? [] : [0, 0, 0, 0]) + [0, 0, 0x23, 0x20, 0, 0, 0, subtype]
            + (isOld ? [0, 0, 0, 0] : [])
        let printer = context.printer(connection)
        try connection.transact(type: isOld ? 16 : 18, body: body) { octets in
            Program.printOutput(printer.text(octets))
        }
    }
}
