import Addresses
import Daemon
import FlowModel
import FlowSyntax
import OpenFlow

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
        var parser = TupleParser(ipProtocol: ipProtocol)
        let tuple = try parser.parse(text)
        ipProtocol = parser.ipProtocol
        return tuple
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

/// Reads one direction of a connection: `ct_nw_src=10.0.0.1,ct_nw_proto=6,ct_tp_src=80`.
private struct TupleParser {
    var ipProtocol: UInt8
    private var tuple = ConnectionTuple()
    private var isIPv4: Bool?
    private var hasICMP = false

    init(ipProtocol: UInt8) { self.ipProtocol = ipProtocol }

    mutating func parse(_ text: String) throws -> ConnectionTuple {
        for part in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            try set(pair[0], pair.count > 1 ? pair[1] : "")
        }
        if hasICMP && ipProtocol != 1 && ipProtocol != 58 { throw failure("invalid L4 fields") }
        return tuple
    }

    private func failure(_ text: String) -> ProgramError {
        ProgramError("Failed to parse ct-tuple: \(text)")
    }

    private mutating func set(_ name: Substring, _ value: Substring) throws {
        switch name {
        case "ct_nw_src": tuple.source = try ipv4(name, value)
        case "ct_nw_dst": tuple.destination = try ipv4(name, value)
        case "ct_ipv6_src": tuple.source = try ipv6(name, value)
        case "ct_ipv6_dst": tuple.destination = try ipv6(name, value)
        case "ct_nw_proto": ipProtocol = try number(name, value)
        case "ct_tp_src", "tp_src": tuple.sourcePort = try number(name, value)
        case "ct_tp_dst", "tp_dst": tuple.destinationPort = try number(name, value)
        case "icmp_id":
            tuple.icmpID = try number(name, value)
            hasICMP = true
        case "icmp_type":
            tuple.icmpType = try number(name, value)
            hasICMP = true
        case "icmp_code":
            tuple.icmpCode = try number(name, value)
            hasICMP = true
        default: throw failure("invalid conntrack tuple field: \(name)")
        }
    }

    private func number<Number: FixedWidthInteger>(
        _ name: Substring, _ value: Substring
    ) throws -> Number {
        guard let number = Number(value) else { throw failure("failed to parse field \(name)") }
        return number
    }

    private mutating func ipv4(_ name: Substring, _ value: Substring) throws -> UInt128 {
        if isIPv4 == false { throw failure("the L3 protocol does not match \(value)") }
        guard let address = IPv4Address(value) else {
            throw failure("failed to parse field \(name)")
        }
        isIPv4 = true
        return ConnectionTuple.mapped(address.value)
    }

    private mutating func ipv6(_ name: Substring, _ value: Substring) throws -> UInt128 {
        if isIPv4 == true { throw failure("the L3 protocol does not match \(value)") }
        guard let address = IPv6Address(value) else {
            throw failure("failed to parse field \(name)")
        }
        isIPv4 = false
        return address.value
    }
}
