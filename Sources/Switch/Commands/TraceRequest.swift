import Bytes
import FlowModel
import FlowSyntax

/// The words behind `ofproto/trace` and `ofproto/trace-packet-out`, sorted.
struct TraceRequest {
    /// What stands for the packet besides its flow.
    enum Packet: Equatable {
        /// The flow is only imagined.
        case none
        /// A packet is made of the flow, and the trace has effects.
        case generated
        case octets([UInt8])
    }

    /// As much as OVS makes.
    static let maximumPayload = 64_000

    /// A bridge or datapath, and the flow.
    var operands: [String] = []
    var packet = Packet.none
    /// What a generated packet carries, if not the usual.
    private(set) var payload: [UInt8]?
    var showsNames = false
    /// Whether actions that make no sense for the packet are refused.
    var isConsistent = false
    /// The actions of a packet-out.
    var actions: String?
    /// What the tracker says of connections, in the order of their recirculations.
    var connectionStates: [ConnectionFlags] = []

    init(_ arguments: [String], isPacketOut: Bool = false) throws(CommandError) {
        var arguments = arguments[...]
        while let argument = arguments.popFirst() {
            switch argument {
            case "-generate", "--generate": packet = .generated
            case "--names": showsNames = true
            case "-consistent" where isPacketOut, "--consistent" where isPacketOut:
                isConsistent = true
            case "--l7", "--l7-len", "--ct-next":
                guard let value = arguments.popFirst() else {
                    throw CommandError("Missing argument for option \(argument)")
                }
                try take(value, of: argument)
            case _ where argument.hasPrefix("-"):
                throw CommandError("\(argument): unknown option")
            default: operands.append(argument)
            }
        }
        if isPacketOut { actions = operands.popLast() }
        try takePacket()
    }

    private mutating func take(_ value: String, of option: String) throws(CommandError) {
        switch option {
        case "--ct-next": connectionStates.append(try ConnectionFlags(value))
        case "--l7":
            guard let octets = Self.octets(hexadecimal: value) else {
                throw CommandError("Trailing garbage in packet data")
            }
            payload = octets
        default:
            // What is no number is 0, as in OVS.
            let count = Int(value.prefix { $0.isASCII && $0.isNumber }) ?? 0
            guard count <= Self.maximumPayload else {
                throw CommandError("\(value): too much L7 data")
            }
            payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        }
    }

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

    /// The packet, if it is not only imagined.
    func frame(for key: FlowKey) -> [UInt8]? {
        switch packet {
        case .none: nil
        case .generated: FrameComposer.frame(for: key, payload: payload)
        case .octets(let octets): octets
        }
    }
}

/// The bits of `ct_state` that `--ct-next` gives (ovs-vswitchd(8), ovs-fields(7)).
struct ConnectionFlags {
    private static let names = ["new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"]
    private static let new: UInt32 = 1
    private static let established: UInt32 = 1 << 1
    private static let reply: UInt32 = 1 << 3
    private static let invalid: UInt32 = 1 << 4
    private static let tracked: UInt32 = 1 << 5

    /// What is assumed where nothing is said.
    static let standard = new | tracked

    private(set) var bits: UInt32 = 0

    init(_ text: String) throws(CommandError) {
        for name in text.split(whereSeparator: { ", ".contains($0) }) {
            guard let index = Self.names.firstIndex(of: String(name)) else {
                throw CommandError("\(name): unknown connection tracking state flag")
            }
            bits |= 1 << UInt32(index)
        }
        guard complaints.isEmpty else {
            let lines = complaints.map { "\(self.text): invalid connection state: \($0)" }
            throw CommandError(lines.joined(separator: "\n"))
        }
    }

    /// The names with `|` between them.
    var text: String {
        Self.names.indices.filter { bits >> UInt32($0) & 1 == 1 }.map { Self.names[$0] }
            .joined(separator: "|")
    }

    private var complaints: [String] {
        var complaints: [String] = []
        if bits != 0 && bits & Self.tracked == 0 {
            complaints.append("If \"trk\" is unset, no other flags are set")
        }
        if bits & Self.invalid != 0 && bits & ~(Self.invalid | Self.tracked) != 0 {
            complaints.append("when \"inv\" is set, only \"trk\" may also be set")
        }
        if bits & Self.new != 0 {
            if bits & Self.established != 0 {
                complaints.append("\"new\" and \"est\" are mutually exclusive")
            }
            if bits & Self.reply != 0 {
                complaints.append("\"new\" and \"rpy\" are mutually exclusive")
            }
        }
        return complaints
    }
}
