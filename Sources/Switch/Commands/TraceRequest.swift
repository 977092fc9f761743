import Bytes
import FlowModel
import FlowSyntax

/// The words behind `ofproto/trace`, sorted.
struct TraceRequest {
    /// What stands for the packet besides its flow.
    enum Packet: Equatable {
        /// The flow is only imagined.
        case none
        /// A packet is made of the flow, and the trace has effects.
        case generated
        case octets([UInt8])
    }

    /// One to three words: a bridge or datapath, the flow, and perhaps more.
    var operands: [String] = []
    var packet = Packet.none
    var showsNames = false

    init(_ arguments: [String]) throws(CommandError) {
        var arguments = arguments[...]
        while let argument = arguments.popFirst() {
            switch argument {
            case "-generate", "--generate": packet = .generated
            case "--names": showsNames = true
            case "--l7", "--l7-len", "--ct-next":
                guard let value = arguments.popFirst() else {
                    throw CommandError("Missing argument for option \(argument)")
                }
                try check(value, of: argument)
            case _ where argument.hasPrefix("-"):
                throw CommandError("\(argument): unknown option")
            default: operands.append(argument)
            }
        }
        try takePacket()
    }

    private func check(_ value: String, of option: String) throws(CommandError) {
        guard option == "--ct-next" else {
            throw CommandError("\(option): not supported")
        }
        // Nothing here makes connections; the states would be those of `ct`'s recirculations.
        for flag in value.split(whereSeparator: { ",|".contains($0) }) {
            guard Self.connectionStates.contains(String(flag)) else {
                throw CommandError("\(flag): unknown connection tracking state flag")
            }
        }
    }

    private static let connectionStates: Set<String> = [
        "trk", "new", "est", "rel", "rpl", "inv", "snat", "dnat",
    ]

    /// Takes a packet in hex from the end of the operands, if one is there.
    private mutating func takePacket() throws(CommandError) {
        guard operands.count <= 3 else { throw CommandError("too many arguments") }
        if packet == .generated {
            if operands.count > 2 { throw CommandError("Syntax error") }
            return
        }
        guard operands.count > 1, let last = operands.last else { return }
        guard let octets = Self.octets(hexadecimal: last) else {
            if operands.count > 2 { throw CommandError("Trailing garbage in packet data") }
            return
        }
        guard octets.count >= 14 else {
            throw CommandError("Packet data too short for Ethernet")
        }
        packet = .octets(octets)
        operands.removeLast()
    }

    /// The octets of digits in pairs, with spaces between pairs allowed.
    static func octets(hexadecimal text: String) -> [UInt8]? {
        var octets: [UInt8] = []
        var high: UInt8?
        for character in text {
            if character == " " && high == nil { continue }
            guard let digit = character.hexDigitValue, character.isASCII else { return nil }
            if let first = high {
                octets.append(first << 4 | UInt8(digit))
                high = nil
            } else {
                high = UInt8(digit)
            }
        }
        return high == nil ? octets : nil
    }
}
