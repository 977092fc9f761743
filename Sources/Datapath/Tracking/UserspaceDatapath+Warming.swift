import ConnectionTracking
import FlowModel

/// Looking at the memory of connections before their packets do.
extension UserspaceDatapath {
    /// Brings near what the tracker knows of packets that it is asked for next.
    func warm(
        _ packets: UnsafeMutablePointer<PacketBuffer>, _ range: Range<Int>, zone: UInt16
    ) {
        var warmth: UInt64 = 0
        for index in range {
            guard let key = PlainTuple.key(packets[index]) else {
                tupleHashes[index] = 0
                continue
            }
            tupleHashes[index] = tracker.warmingHash(key, zone: zone)
            warmth &+= tracker.warmChain(tupleHashes[index])
        }
        for index in range { warmth &+= tracker.warmEntry(tupleHashes[index]) }
        state.pointee.warmth = warmth
    }
}

/// The tuple of a packet as most are: without tags and options.
enum PlainTuple {
    /// `nil` for other packets; what it says is a guess that nobody has verified.
    @inline(__always)
    static func key(_ packet: PacketBuffer) -> ConnectionKey? {
        guard packet.byteCount >= 42 else { return nil }
        var key = ConnectionKey()
        let etherType = packet.load(UInt16.self, at: 12)
        if etherType == EtherType.ipv4, packet.octet(at: 14) == 0x45 {
            let ipProtocol = packet.octet(at: 23)
            guard hasPorts(ipProtocol) else { return nil }
            key.sourceLow = UInt64(packet.load(UInt32.self, at: 26))
            key.destinationLow = UInt64(packet.load(UInt32.self, at: 30))
            key.setKind(ipProtocol, isIPv6: false)
            key.setPorts(packet.load(UInt32.self, at: 34))
            return key
        }
        guard etherType == EtherType.ipv6, packet.byteCount >= 62 else { return nil }
        let ipProtocol = packet.octet(at: 20)
        guard hasPorts(ipProtocol) else { return nil }
        key.sourceHigh = packet.load(UInt64.self, at: 22)
        key.sourceLow = packet.load(UInt64.self, at: 30)
        key.destinationHigh = packet.load(UInt64.self, at: 38)
        key.destinationLow = packet.load(UInt64.self, at: 46)
        key.setKind(ipProtocol, isIPv6: true)
        key.setPorts(packet.load(UInt32.self, at: 54))
        return key
    }

    @inline(__always)
    private static func hasPorts(_ ipProtocol: UInt8) -> Bool {
        ipProtocol == IPProtocol.tcp || ipProtocol == IPProtocol.udp
    }
}
