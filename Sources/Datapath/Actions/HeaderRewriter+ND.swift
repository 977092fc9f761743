import FlowModel

/// Neighbour discovery (RFC 4861 §4).
extension HeaderRewriter {
    /// The target, the reserved word and the link-layer address options that are there.
    static func setND(_ packet: PacketBuffer, _ data: Data) {
        let layers = FrameLayers(packet)
        let start = layers.transport
        guard start > 0, layers.etherType == EtherType.ipv6,
            layers.ipProtocol == IPProtocol.icmpv6, layers.end &- start >= 24
        else { return }
        let type = packet.octet(at: start)
        guard type == 135 || type == 136 else { return }
        var delta = ChecksumDelta()
        set32(packet, at: start &+ 4, .high(data, 2), &delta)
        set32(packet, at: start &+ 8, .high(data, 0), &delta)
        set32(packet, at: start &+ 12, .low(data, 0), &delta)
        set32(packet, at: start &+ 16, .high(data, 1), &delta)
        set32(packet, at: start &+ 20, .low(data, 1), &delta)
        setOptions(packet, start &+ 24..<layers.end, data, &delta)
        guard !delta.isZero else { return }
        delta.apply(toPayloadOf: layers, of: packet)
    }

    private static func setOptions(
        _ packet: PacketBuffer, _ range: Range<Int>, _ data: Data, _ delta: inout ChecksumDelta
    ) {
        var offset = range.lowerBound
        while range.upperBound &- offset >= 8 {
            let byteCount = Int(packet.octet(at: offset &+ 1)) &* 8
            guard byteCount > 0, byteCount <= range.upperBound &- offset else { return }
            let type = packet.octet(at: offset)
            if byteCount == 8 && (type == 1 || type == 2) {
                setAddress(packet, at: offset &+ 2, data, type == 1 ? 3 : 4, &delta)
                let old = packet.load(UInt16.self, at: offset)
                let newType = merge(type, data, 2, shift: 24)
                let new = UInt16(newType) &<< 8 | old & 0xff
                packet.store(new, at: offset)
                delta.replace(old, by: new)
            }
            offset &+= byteCount
        }
    }
}
