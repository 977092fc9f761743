import Bytes
import FlowModel

/// Executes datapath actions the plain way: on arrays, with every checksum computed anew.
struct ActionModel {
    /// What went out, in order.
    var sent: [Sent] = []

    struct Sent: Equatable {
        let port: UInt32
        let frame: [UInt8]
    }

    struct Packet {
        var frame: [UInt8]
        var inPort: UInt32
        var mark: UInt32 = 0
        var recirculationID: UInt32 = 0
        var cut = Int.max

        var key: FlowKey {
            var metadata = PacketParser.Metadata(inPort: inPort)
            metadata.recirculationID = recirculationID
            metadata.mark = mark
            var key = PackedKey()
            PacketParser.parse(frame.span.octets, metadata, into: &key)
            return key.expanded
        }
    }

    /// Searches linearly.
    struct Flow {
        let key: FlowKey
        let mask: FlowKey
        let actions: [DatapathAction]
    }

    var flows: [Flow] = []
    var missed = 0

    mutating func receive(_ packet: Packet) {
        let key = packet.key
        guard let flow = flows.first(where: { key & $0.mask == $0.key & $0.mask }) else {
            missed += 1
            return
        }
        var packet = packet
        run(flow.actions, &packet)
    }

    mutating func run(_ actions: [DatapathAction], _ packet: inout Packet) {
        for action in actions {
            switch action {
            case .output(let port):
                sent.append(Sent(port: port, frame: Array(packet.frame.prefix(packet.cut))))
                packet.cut = .max
            case .set(.mark, let value, let mask):
                let word = UInt32(truncatingIfNeeded: value.expanded[word: KeyWord.priority])
                let bits = UInt32(truncatingIfNeeded: mask.expanded[word: KeyWord.priority])
                packet.mark = packet.mark & ~bits | word & bits
            case .set(let group, let value, let mask):
                guard has(group, packet.frame) else { continue }
                set(&packet.frame, packet.key, value.expanded, mask.expanded)
            case .pushVLAN(let tpid, let tci):
                packet.frame.insert(
                    contentsOf: Frames.big(tpid) + Frames.big(tci & 0xefff), at: 12)
            case .popVLAN:
                let type = Frames.read(packet.frame, 12)
                if type == 0x8100 || type == 0x88a8 { packet.frame.removeSubrange(12..<16) }
            case .recirculate(let id):
                var again = packet
                again.recirculationID = id
                again.cut = .max
                receive(again)
            case .truncate(let count): packet.cut = max(14, Int(count))
            case .clone(let inner):
                var copy = packet
                run(inner, &copy)
            default: preconditionFailure("the model does not know \(action)")
            }
        }
    }

    /// Whether the frame has the header; a set of another one does nothing.
    private func has(_ group: HeaderGroup, _ frame: [UInt8]) -> Bool {
        let places = Frames.places(frame)
        let proto = places.transport > 0 ? places.proto : 0
        return switch group {
        case .ethernet: true
        case .arp: places.type == 0x0806
        case .ipv4: places.type == 0x0800
        case .ipv6: places.type == 0x86dd
        case .tcp: proto == 6
        case .udp: proto == 17
        case .sctp: proto == 132
        case .icmp: proto == 1
        case .icmpv6: proto == 58
        case .nd: proto == 58 && [135, 136].contains(frame[places.transport])
        default: false
        }
    }

    /// Writes the key's fields under the mask to where they stand in the frame.
    private func set(
        _ frame: inout [UInt8], _ old: FlowKey, _ value: FlowKey, _ mask: FlowKey
    ) {
        var key = old
        for word in 0..<KeyWord.count {
            key.words[word] =
                old.words[word] & ~mask.words[word] | value.words[word] & mask.words[word]
        }
        let places = Frames.places(frame)
        write(&frame, 0, key.ethernetDestination, 6)
        write(&frame, 6, key.ethernetSource, 6)
        let start = places.network
        switch places.type {
        case 0x0800:
            frame[start + 1] = key.ipTOS
            frame[start + 8] = key.ipTTL
            write(&frame, start + 12, key[word: KeyWord.ipv4], 8)
        case 0x86dd:
            let label = key[word: KeyWord.ip] >> 32 & 0xf_ffff
            write(&frame, start, 0x6000_0000 | UInt64(key.ipTOS) << 20 | label, 4)
            frame[start + 7] = key.ipTTL
            for half in 0..<4 {
                write(&frame, start + 8 + 8 * half, key[word: KeyWord.ipv6Source + half], 8)
            }
        case 0x0806:
            write(&frame, start + 6, UInt64(key.ipProtocol), 2)
            write(&frame, start + 8, key[word: KeyWord.arpSender] >> 16, 6)
            write(&frame, start + 14, key[word: KeyWord.ipv4] >> 32, 4)
            write(&frame, start + 18, key[word: KeyWord.arpTarget] >> 16, 6)
            write(&frame, start + 24, key[word: KeyWord.ipv4] & 0xffff_ffff, 4)
        default: return
        }
        if places.transport > 0 { setTransport(&frame, key, places) }
        Frames.fixChecksums(&frame)
    }

    private func setTransport(_ frame: inout [UInt8], _ key: FlowKey, _ places: Frames.Places) {
        let start = places.transport
        switch places.proto {
        case 6, 17, 132: write(&frame, start, key[word: KeyWord.transport] >> 32, 4)
        case 1, 58:
            frame[start] = UInt8(truncatingIfNeeded: key.transportSource)
            frame[start + 1] = UInt8(truncatingIfNeeded: key.transportDestination)
        default: return
        }
        guard places.proto == 58, frame[start] == 135 || frame[start] == 136 else { return }
        write(&frame, start + 4, key[word: KeyWord.nd] >> 32, 4)
        write(&frame, start + 8, key[word: KeyWord.ndTarget], 8)
        write(&frame, start + 16, key[word: KeyWord.ndTarget + 1], 8)
        let option = frame[start + 24] == 1 ? KeyWord.arpSender : KeyWord.arpTarget
        write(&frame, start + 26, key[word: option] >> 16, 6)
    }

    private func write(_ frame: inout [UInt8], _ offset: Int, _ value: UInt64, _ count: Int) {
        for index in 0..<count {
            frame[offset + index] = UInt8(value >> UInt64(8 * (count - 1 - index)) & 0xff)
        }
    }
}
