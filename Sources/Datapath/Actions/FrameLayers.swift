import FlowModel

/// Where a frame's headers lie, as far as an action needs to know.
///
/// Found anew by each action that writes a header: a few loads from a line that is in the cache,
/// and no offsets to keep in step with tags that come and go.
struct FrameLayers {
    /// The type of the network header; 0 without one.
    private(set) var etherType: UInt16 = 0
    /// Where the network header starts, which is right behind the Ethernet type, or at the front of
    /// a packet without one.
    private(set) var network = 0
    /// Where the transport header starts, or 0: in later fragments there is none.
    private(set) var transport = 0
    /// The octet after the IP packet.
    private(set) var end = 0
    private(set) var ipProtocol: UInt8 = 0
    /// Whether a routing header of IPv6 holds the final destination, which the checksum covers
    /// instead of the one in the IP header (RFC 8200 §8.1).
    private(set) var isSourceRouted = false

    init(_ packet: PacketBuffer) {
        guard packet.packetType == 0 else {
            etherType = UInt16(truncatingIfNeeded: packet.packetType)
            findTransport(packet)
            return
        }
        let byteCount = packet.byteCount
        guard byteCount >= 14 else { return }
        var offset = 12
        var type = packet.load(UInt16.self, at: offset)
        // As many tags as the parser takes for tags.
        var tags = 0
        while EtherType.isVLAN(type), tags < 2, byteCount >= offset &+ 6 {
            offset &+= 4
            tags &+= 1
            type = packet.load(UInt16.self, at: offset)
        }
        offset &+= 2
        if type < 0x600 {
            guard byteCount >= offset &+ 8,
                packet.load(UInt32.self, at: offset) == 0xaaaa_0300,
                packet.load(UInt16.self, at: offset &+ 4) == 0
            else { return }
            offset &+= 8
            type = packet.load(UInt16.self, at: offset &- 2)
            guard type >= 0x600 else { return }
        }
        network = offset
        etherType = type
        findTransport(packet)
    }

    private mutating func findTransport(_ packet: PacketBuffer) {
        switch etherType {
        case EtherType.ipv4: findIPv4Transport(packet)
        case EtherType.ipv6: findIPv6Transport(packet)
        default: return
        }
    }

    private mutating func findIPv4Transport(_ packet: PacketBuffer) {
        let available = packet.byteCount &- network
        guard available >= 20 else { return refuse() }
        let first = packet.octet(at: network)
        let headerByteCount = Int(first & 0xf) &* 4
        let total = Int(packet.load(UInt16.self, at: network &+ 2))
        guard first &>> 4 == 4, headerByteCount >= 20, headerByteCount <= total,
            total <= available
        else { return refuse() }
        ipProtocol = packet.octet(at: network &+ 9)
        end = network &+ total
        guard packet.load(UInt16.self, at: network &+ 6) & 0x1fff == 0 else { return }
        transport = network &+ headerByteCount
    }

    private mutating func findIPv6Transport(_ packet: PacketBuffer) {
        let available = packet.byteCount &- network
        guard available >= 40, packet.octet(at: network) &>> 4 == 6 else { return refuse() }
        let payload = Int(packet.load(UInt16.self, at: network &+ 4))
        guard payload <= available &- 40 else { return refuse() }
        end = network &+ 40 &+ payload
        ipProtocol = packet.octet(at: network &+ 6)
        var offset = network &+ 40
        // As many extension headers as the parser follows.
        for _ in 0..<16 {
            guard isExtension(ipProtocol) else { break }
            guard end &- offset >= 8 else { return refuse() }
            let units = Int(packet.octet(at: offset &+ 1))
            var byteCount = (units &+ 1) &* 8
            switch ipProtocol {
            case 44:
                byteCount = 8
                if packet.load(UInt16.self, at: offset &+ 2) & 0xfff8 != 0 {
                    ipProtocol = packet.octet(at: offset)
                    return
                }
            case 51: byteCount = (units &+ 2) &* 4
            case 43: isSourceRouted = isSourceRouted || packet.octet(at: offset &+ 3) > 0
            default: break
            }
            guard byteCount <= end &- offset else { return refuse() }
            ipProtocol = packet.octet(at: offset)
            offset &+= byteCount
        }
        transport = offset
    }

    private func isExtension(_ proto: UInt8) -> Bool {
        switch proto {
        case 0, 43, 44, 51, 60, 135: true
        default: false
        }
    }

    /// Takes a header that is cut off or impossible for none, as the parser does.
    private mutating func refuse() {
        etherType = 0
        transport = 0
    }

    /// Where the transport checksum lies that covers the addresses, or 0.
    var checksumPlace: Int {
        guard transport > 0 else { return 0 }
        let available = end &- transport
        switch ipProtocol {
        case IPProtocol.tcp where available >= 20: return transport &+ 16
        case IPProtocol.udp where available >= 8: return transport &+ 6
        case IPProtocol.icmpv6 where available >= 4 && etherType == EtherType.ipv6:
            return transport &+ 2
        default: return 0
        }
    }
}
