import FlowModel

/// Copies the TTL between the two outermost headers that have one: labels, IP in labels, IP in IP
/// (OpenFlow 1.3.5 §5.12).
enum TTLRewriter {
    /// Where a TTL stands.
    private struct Place {
        let offset: Int
        /// Where the checksum of the header stands, or 0 if it has none.
        var checksum = 0
    }

    /// - Parameter isOutwards: whether the inner TTL is written to the outer header; otherwise the
    ///   outer one is written to the inner header. A packet without two such headers stays.
    static func copy(_ packet: PacketBuffer, isOutwards: Bool) {
        guard let (outer, inner) = places(in: packet) else { return }
        let (source, destination) = isOutwards ? (inner, outer) : (outer, inner)
        let value = packet.octet(at: source.offset)
        guard destination.checksum > 0 else {
            packet.store(value, at: destination.offset)
            return
        }
        // The TTL and the protocol behind it are one word of the checksum.
        let old = packet.load(UInt16.self, at: destination.offset)
        let new = UInt16(value) &<< 8 | old & 0xff
        packet.store(new, at: destination.offset)
        var delta = ChecksumDelta()
        delta.replace(old, by: new)
        delta.apply(toChecksumAt: destination.checksum, of: packet)
    }

    private static func places(in packet: PacketBuffer) -> (Place, Place)? {
        let layers = FrameLayers(packet)
        if EtherType.isMPLS(layers.etherType) {
            guard packet.byteCount >= layers.network &+ 4 else { return nil }
            let entry = packet.load(UInt32.self, at: layers.network)
            let next = layers.network &+ 4
            let isBottom = entry & 0x100 != 0
            let inner = isBottom ? ip(packet, at: next) : label(packet, at: next)
            return inner.map { (Place(offset: layers.network &+ 3), $0) }
        }
        guard EtherType.isIP(layers.etherType), layers.transport > 0,
            layers.ipProtocol == 4 || layers.ipProtocol == 41,
            let outer = ip(packet, at: layers.network), let inner = ip(packet, at: layers.transport)
        else { return nil }
        return (outer, inner)
    }

    private static func label(_ packet: PacketBuffer, at offset: Int) -> Place? {
        packet.byteCount >= offset &+ 4 ? Place(offset: offset &+ 3) : nil
    }

    /// What follows the last label is IP if it begins as IP does.
    private static func ip(_ packet: PacketBuffer, at offset: Int) -> Place? {
        guard packet.byteCount > offset else { return nil }
        switch packet.octet(at: offset) &>> 4 {
        case 4:
            guard packet.byteCount >= offset &+ 20 else { return nil }
            return Place(offset: offset &+ 8, checksum: offset &+ 10)
        case 6: return packet.byteCount >= offset &+ 40 ? Place(offset: offset &+ 7) : nil
        default: return nil
        }
    }
}
