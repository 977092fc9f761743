import FlowModel

extension HeaderRewriter {
    /// Raises the drop precedence of a packet in an Assured Forwarding class (RFC 2597 §6), at most
    /// to the highest; other packets stay as they are.
    static func raiseDropPrecedence(of packet: PacketBuffer, by levels: UInt8) {
        let layers = FrameLayers(packet)
        let start = layers.network
        switch layers.etherType {
        case EtherType.ipv4:
            let old = packet.load(UInt16.self, at: start)
            let service = remarked(UInt8(truncatingIfNeeded: old), by: levels)
            let new = old & 0xff00 | UInt16(service)
            packet.store(new, at: start)
            var delta = ChecksumDelta()
            delta.replace(old, by: new)
            delta.apply(toChecksumAt: start &+ 10, of: packet)
        case EtherType.ipv6:
            let old = packet.load(UInt32.self, at: start)
            let service = remarked(UInt8(truncatingIfNeeded: old &>> 20), by: levels)
            packet.store(old & 0xf00f_ffff | UInt32(service) &<< 20, at: start)
        default: return
        }
    }

    /// The octet of DSCP and ECN with a higher drop precedence.
    static func remarked(_ service: UInt8, by levels: UInt8) -> UInt8 {
        let dscp = service &>> 2
        let (kind, precedence) = (dscp &>> 3, dscp &>> 1 & 3)
        guard (1...4).contains(kind), precedence > 0, dscp & 1 == 0 else { return service }
        let raised = min(3, precedence &+ min(levels, 3))
        return service & 0b1110_0111 | raised &<< 3
    }
}
