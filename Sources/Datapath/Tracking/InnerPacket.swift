import ConnectionTracking
import FlowModel

/// An IP packet, or the start of one that an ICMP error quotes.
struct InnerPacket {
    let packet: PacketBuffer
    let network: Int
    let transport: Int
    /// The octet after what is there of it.
    let end: Int
    let ipProtocol: UInt8
    let isIPv6: Bool

    init(
        _ packet: PacketBuffer, network: Int, transport: Int, end: Int, ipProtocol: UInt8,
        isIPv6: Bool
    ) {
        self.packet = packet
        self.network = network
        self.transport = transport
        self.end = end
        self.ipProtocol = ipProtocol
        self.isIPv6 = isIPv6
    }

    /// What an ICMP error quotes, or `nil` if it is cut off before the ports.
    init?(within reader: TrackedPacketReader) {
        let start = reader.layers.transport &+ 8
        let end = reader.layers.end
        let packet = reader.packet
        if reader.layers.etherType == EtherType.ipv4 {
            guard end &- start >= 20, packet.octet(at: start) &>> 4 == 4,
                packet.load(UInt16.self, at: start &+ 6) & 0x1fff == 0
            else { return nil }
            let headerByteCount = Int(packet.octet(at: start) & 0xf) &* 4
            guard headerByteCount >= 20, end &- start >= headerByteCount &+ 8 else { return nil }
            self.init(
                packet, network: start, transport: start &+ headerByteCount, end: end,
                ipProtocol: packet.octet(at: start &+ 9), isIPv6: false)
            return
        }
        guard end &- start >= 48, packet.octet(at: start) &>> 4 == 6 else { return nil }
        var next = packet.octet(at: start &+ 6)
        var offset = start &+ 40
        // Options that may stand between, as far as they are quoted.
        while [0, 43, 60].contains(next) {
            guard end &- offset >= 16 else { return nil }
            next = packet.octet(at: offset)
            offset &+= (Int(packet.octet(at: offset &+ 1)) &+ 1) &* 8
            guard end &- offset >= 8 else { return nil }
        }
        // ICMPv6 quotes as much as fits (RFC 4443 §2.4 c), a TCP header at least.
        guard next != IPProtocol.tcp || end &- offset >= 20 else { return nil }
        self.init(
            packet, network: start, transport: offset, end: end, ipProtocol: next, isIPv6: true)
    }

    /// Protocol and addresses.
    var addresses: ConnectionKey {
        var key = ConnectionKey()
        key.setKind(ipProtocol, isIPv6: isIPv6)
        if isIPv6 {
            key.sourceHigh = packet.load(UInt64.self, at: network &+ 8)
            key.sourceLow = packet.load(UInt64.self, at: network &+ 16)
            key.destinationHigh = packet.load(UInt64.self, at: network &+ 24)
            key.destinationLow = packet.load(UInt64.self, at: network &+ 32)
        } else {
            key.sourceLow = UInt64(packet.load(UInt32.self, at: network &+ 12))
            key.destinationLow = UInt64(packet.load(UInt32.self, at: network &+ 16))
        }
        return key
    }

    /// All that connections are found by; `nil` for ICMP messages that are no queries.
    var key: ConnectionKey? {
        var key = addresses
        switch ipProtocol {
        case IPProtocol.icmp, IPProtocol.icmpv6:
            let type = packet.octet(at: transport)
            let isQuery =
                isIPv6 ? type == 128 || type == 129 : [0, 8, 13, 14, 15, 16].contains(type)
            guard isQuery, packet.octet(at: transport &+ 1) == 0 else { return nil }
            let identifier = packet.load(UInt16.self, at: transport &+ 4)
            key.setPorts(UInt32(identifier) &<< 16 | UInt32(type) &<< 8)
        case IPProtocol.tcp, IPProtocol.udp, IPProtocol.sctp:
            key.setPorts(packet.load(UInt32.self, at: transport))
        default: break
        }
        return key
    }
}
