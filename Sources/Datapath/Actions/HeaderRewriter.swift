import FlowModel

/// Writes fields of headers, and keeps checksums right.
///
/// `data` holds, for each word of ``HeaderGroup``'s list, the value under its mask and the mask.
/// A packet without the header stays as it is. The packet may be held by nobody else.
enum HeaderRewriter {
    typealias Data = UnsafePointer<UInt64>

    /// `old` with the bits of the pair at `index` replaced, of a word shifted down by `shift`.
    @inline(__always)
    static func merge<Word: FixedWidthInteger & UnsignedInteger>(
        _ old: Word, _ data: Data, _ index: Int, shift: UInt64
    ) -> Word {
        let value = Word(truncatingIfNeeded: data[2 &* index] &>> shift)
        let mask = Word(truncatingIfNeeded: data[2 &* index &+ 1] &>> shift)
        return old & ~mask | value
    }

    /// Replaces an address of 48 bits.
    @inline(__always)
    static func setAddress(
        _ packet: PacketBuffer, at place: Int, _ data: Data, _ index: Int,
        _ delta: inout ChecksumDelta
    ) {
        guard data[2 &* index &+ 1] &>> 16 != 0 else { return }
        let high = packet.load(UInt16.self, at: place)
        let newHigh = merge(high, data, index, shift: 48)
        let low = packet.load(UInt32.self, at: place &+ 2)
        let newLow = merge(low, data, index, shift: 16)
        packet.store(newHigh, at: place)
        packet.store(newLow, at: place &+ 2)
        delta.replace(high, by: newHigh)
        delta.replace(low, by: newLow)
    }

    /// 32 bits to write, and which of them.
    struct Bits {
        let value: UInt32
        let mask: UInt32

        /// The high half of a word.
        @inline(__always)
        static func high(_ data: Data, _ index: Int) -> Bits {
            Bits(
                value: UInt32(truncatingIfNeeded: data[2 &* index] &>> 32),
                mask: UInt32(truncatingIfNeeded: data[2 &* index &+ 1] &>> 32))
        }

        /// The low half of a word.
        @inline(__always)
        static func low(_ data: Data, _ index: Int) -> Bits {
            Bits(
                value: UInt32(truncatingIfNeeded: data[2 &* index]),
                mask: UInt32(truncatingIfNeeded: data[2 &* index &+ 1]))
        }
    }

    @inline(__always)
    static func set32(
        _ packet: PacketBuffer, at place: Int, _ bits: Bits, _ delta: inout ChecksumDelta
    ) {
        guard bits.mask != 0 else { return }
        let old = packet.load(UInt32.self, at: place)
        let new = old & ~bits.mask | bits.value
        packet.store(new, at: place)
        delta.replace(old, by: new)
    }

    static func setEthernet(_ packet: PacketBuffer, _ data: Data) {
        guard packet.byteCount >= 14 else { return }
        var unused = ChecksumDelta()
        setAddress(packet, at: 0, data, 0, &unused)
        setAddress(packet, at: 6, data, 1, &unused)
    }

    static func setMPLS(_ packet: PacketBuffer, _ data: Data) {
        let layers = FrameLayers(packet)
        guard EtherType.isMPLS(layers.etherType), packet.byteCount >= layers.network &+ 4 else {
            return
        }
        var unused = ChecksumDelta()
        set32(packet, at: layers.network, .high(data, 0), &unused)
    }

    static func setARP(_ packet: PacketBuffer, _ data: Data) {
        let layers = FrameLayers(packet)
        let start = layers.network
        guard EtherType.isARP(layers.etherType), packet.byteCount >= start &+ 28,
            packet.load(UInt32.self, at: start) == 0x0001_0800,
            packet.load(UInt16.self, at: start &+ 4) == 0x0604
        else { return }
        var unused = ChecksumDelta()
        set32(packet, at: start &+ 14, .high(data, 0), &unused)
        set32(packet, at: start &+ 24, .low(data, 0), &unused)
        if data[3] &>> 24 & 0xff != 0 {
            let operation = UInt8(truncatingIfNeeded: packet.load(UInt16.self, at: start &+ 6))
            packet.store(UInt16(merge(operation, data, 1, shift: 24)), at: start &+ 6)
        }
        setAddress(packet, at: start &+ 8, data, 2, &unused)
        setAddress(packet, at: start &+ 18, data, 3, &unused)
    }

    static func setIPv4(_ packet: PacketBuffer, _ data: Data) {
        let layers = FrameLayers(packet)
        let start = layers.network
        guard layers.etherType == EtherType.ipv4 else { return }
        var addresses = ChecksumDelta()
        set32(packet, at: start &+ 12, .high(data, 0), &addresses)
        set32(packet, at: start &+ 16, .low(data, 0), &addresses)
        if !addresses.isZero {
            addresses.apply(toChecksumAt: start &+ 10, of: packet)
            addresses.apply(toTransportOf: layers, of: packet)
        }
        guard data[3] & 0xff_ff00 != 0 else { return }
        var others = ChecksumDelta()
        let service = packet.load(UInt16.self, at: start)
        let newService =
            service & 0xff00
            | UInt16(merge(UInt8(truncatingIfNeeded: service), data, 1, shift: 16))
        packet.store(newService, at: start)
        others.replace(service, by: newService)
        let lifetime = packet.load(UInt16.self, at: start &+ 8)
        let newLifetime =
            lifetime & 0xff
            | UInt16(merge(UInt8(truncatingIfNeeded: lifetime &>> 8), data, 1, shift: 8)) &<< 8
        packet.store(newLifetime, at: start &+ 8)
        others.replace(lifetime, by: newLifetime)
        others.apply(toChecksumAt: start &+ 10, of: packet)
    }

    static func setIPv6(_ packet: PacketBuffer, _ data: Data) {
        let layers = FrameLayers(packet)
        let start = layers.network
        guard layers.etherType == EtherType.ipv6 else { return }
        var addresses = ChecksumDelta()
        for half in 0..<4 {
            let place = start &+ 8 &+ 8 &* half
            var delta = ChecksumDelta()
            set32(packet, at: place, .high(data, half), &delta)
            set32(packet, at: place &+ 4, .low(data, half), &delta)
            if half < 2 || !layers.isSourceRouted { addresses.add(delta) }
        }
        if !addresses.isZero { addresses.apply(toTransportOf: layers, of: packet) }
        guard data[9] != 0 else { return }
        let first = packet.load(UInt32.self, at: start)
        let label = merge(first, data, 4, shift: 32) & 0xf_ffff
        let service = merge(UInt8(truncatingIfNeeded: first &>> 20), data, 4, shift: 16)
        packet.store(first & 0xf000_0000 | UInt32(service) &<< 20 | label, at: start)
        packet.store(merge(packet.octet(at: start &+ 7), data, 4, shift: 8), at: start &+ 7)
    }

    /// Source and destination port of TCP, UDP or SCTP.
    static func setPorts(_ packet: PacketBuffer, _ ipProtocol: UInt8, _ data: Data) {
        let layers = FrameLayers(packet)
        let start = layers.transport
        guard start > 0, layers.ipProtocol == ipProtocol, layers.hasTransportHeader else { return }
        let old = packet.load(UInt32.self, at: start)
        let new = merge(old, data, 0, shift: 32)
        guard new != old else { return }
        if ipProtocol == IPProtocol.sctp {
            SCTPChecksum.keepValid(packet, start..<layers.end) {
                packet.store(new, at: start)
            }
            return
        }
        packet.store(new, at: start)
        var delta = ChecksumDelta()
        delta.replace(old, by: new)
        delta.apply(toPayloadOf: layers, of: packet)
    }

    /// Type and code of ICMP.
    static func setICMP(_ packet: PacketBuffer, _ ipProtocol: UInt8, _ data: Data) {
        let layers = FrameLayers(packet)
        let start = layers.transport
        guard start > 0, layers.ipProtocol == ipProtocol, layers.hasTransportHeader else { return }
        let old = packet.load(UInt16.self, at: start)
        let type = merge(UInt8(truncatingIfNeeded: old &>> 8), data, 0, shift: 48)
        let code = merge(UInt8(truncatingIfNeeded: old), data, 0, shift: 32)
        let new = UInt16(type) &<< 8 | UInt16(code)
        packet.store(new, at: start)
        var delta = ChecksumDelta()
        delta.replace(old, by: new)
        guard !packet.hasPartialChecksum(at: start &+ 2) else { return }
        delta.apply(toChecksumAt: start &+ 2, of: packet)
    }
}

extension FrameLayers {
    /// Whether the transport header is all there, as the parser asks for it.
    var hasTransportHeader: Bool {
        let available = end &- transport
        switch ipProtocol {
        case IPProtocol.tcp: return available >= 20
        case IPProtocol.sctp: return available >= 12
        default: return available >= 8
        }
    }
}
