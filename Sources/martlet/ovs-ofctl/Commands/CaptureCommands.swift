import Addresses
import Bytes
import Daemon
import FlowModel
import FlowSyntax
import OpenFlow
import Switch

/// Commands about packets by themselves, and captures of them.
enum CaptureCommands {
    /// `compose-packet FLOW [PAYLOAD]`: a packet of the flow, in hexadecimal or as a capture.
    static func compose(_ context: OfctlContext) throws {
        var payload: [UInt8]?
        if context.arguments.count > 1 {
            payload = Hexadecimal.octets(context.arguments[1].utf8.filter { $0 > 0x20 })
            guard payload != nil else {
                throw ProgramError("\(context.arguments[1]): trailing garbage in packet data")
            }
        }
        let key: FlowKey
        do {
            key = try FlowKeyText.parse(context.arguments[0])
        } catch {
            throw ProgramError("\(error)")
        }
        let frame = FrameComposer.frame(for: key, payload: payload)
        if context.options.writesCapture {
            Program.printOutput(octets: CaptureReader.header + CaptureReader.record(frame))
        } else {
            Program.printOutput(HexDump.text(frame, hasText: false))
        }
    }

    /// `parse-packet`: the flow of the packet that standard input is.
    static func parsePacket(_ context: OfctlContext) throws {
        let packet = try TextFile.read("-", failure: "open failed")
        var packed = PackedKey()
        PacketParser.parse(packet.span.octets, .init(inPort: 0), into: &packed)
        Program.printOutput(FlowKeyText.packetText(packed.expanded) + "\n")
    }

    /// `parse-pcap FILE...`: the flow of each packet.
    static func parseFile(_ context: OfctlContext) throws {
        for path in context.arguments {
            for packet in try CaptureReader(path).packets {
                var packed = PackedKey()
                PacketParser.parse(
                    packet.octets.span.octets, .init(inPort: UInt32(PortNumber.none.value)),
                    into: &packed)
                Program.printOutput(FlowKeyText.text(packed.expanded) + "\n")
            }
        }
    }

    /// `ofp-parse-pcap FILE [PORT...]`: the messages of OpenFlow that a capture holds.
    static func parseMessages(_ context: OfctlContext) throws {
        let path = context.arguments[0]
        var ports: Set<UInt16> = []
        for text in context.arguments.dropFirst() {
            // What is no number asks for a port that nothing uses, as in OVS.
            ports.insert(UInt16(text) ?? 0)
        }
        if ports.isEmpty { ports = [6633, 6653] }
        let printer = MessagePrinter(
            dialect: Dialect(version: .v10), verbosity: 1 + context.options.verbosity,
            colors: context.options.colors)
        var isFirst = true
        var streams: [TCPSegment.Direction: TCPStream] = [:]
        for packet in try CaptureReader(path).packets {
            guard let segment = TCPSegment(packet.octets),
                ports.contains(segment.direction.sourcePort)
                    || ports.contains(segment.direction.destinationPort)
            else { continue }
            let direction = segment.direction
            var stream = streams[direction] ?? TCPStream()
            stream.insert(segment)
            while let message = stream.nextMessage() {
                let time = context.options.printsTimestamps ? packet.timeOfDay + " " : ""
                let gap = isFirst ? "" : "\n"
                isFirst = false
                Program.printOutput("\(gap)\(time)\(direction):\n\(printer.text(message))")
            }
            streams[direction] = stream
        }
    }
}

/// The packets of a capture file, whichever order its numbers are in.
struct CaptureReader {
    struct Packet {
        let octets: [UInt8]
        let seconds: UInt32
        let microseconds: UInt32

        /// `00:16:41.123`, in the zone of UTC.
        var timeOfDay: String {
            let two = { (value: UInt32) in value < 10 ? "0\(value)" : String(value) }
            let milliseconds = String(microseconds / 1000 + 1000).dropFirst()
            let day = seconds % 86400
            return "\(two(day / 3600)):\(two(day / 60 % 60)):\(two(day % 60)).\(milliseconds)"
        }
    }

    private static let headerByteCount = 24
    private static let recordHeaderByteCount = 16

    let packets: [Packet]

    init(_ path: String) throws {
        let octets = try TextFile.read(path, failure: "open failed")
        guard octets.count >= Self.headerByteCount else {
            LogModule("pcap").warning("failed to read pcap header: End of file")
            throw ProgramError("\(path): open failed (End of file)")
        }
        let magic = octets[..<4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard magic == 0xa1b2_c3d4 || magic == 0xd4c3_b2a1 else {
            LogModule("pcap").warning("bad magic 0x\(HexDump.padded(magic, 8)) reading pcap file")
            throw ProgramError("\(path): open failed (Protocol error)")
        }
        let isSwapped = magic == 0xd4c3_b2a1
        let number = { (offset: Int) -> UInt32 in
            let bytes = octets[offset..<(offset + 4)]
            return isSwapped
                ? bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
                : bytes.reduce(0) { $0 << 8 | UInt32($1) }
        }
        var packets: [Packet] = []
        var start = Self.headerByteCount
        while start + Self.recordHeaderByteCount <= octets.count {
            let length = Int(number(start + 8))
            let body = start + Self.recordHeaderByteCount
            guard body + length <= octets.count else { break }
            packets.append(
                Packet(
                    octets: Array(octets[body..<(body + length)]), seconds: number(start),
                    microseconds: number(start + 4)))
            start = body + length
        }
        self.packets = packets
    }

    private static func littleEndian(_ number: UInt32) -> [UInt8] {
        [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    /// The header of a capture of Ethernet frames.
    static var header: [UInt8] {
        [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0] + littleEndian(0) + littleEndian(0)
            + littleEndian(1518) + littleEndian(1)
    }

    /// One frame, at the beginning of time.
    static func record(_ frame: [UInt8]) -> [UInt8] {
        let count = UInt32(frame.count)
        return littleEndian(0) + littleEndian(0) + littleEndian(count) + littleEndian(count)
            + frame
    }
}
