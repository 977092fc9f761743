import FlowModel

/// Puts headers before whole packets, and takes them away.
///
/// The packet may be held by nobody else, and its sender left nothing undone where a header is put
/// before it. A packet that does not begin with what is to be taken away stays as it is.
enum EncapsulationRewriter {
    /// Octets that the tag of a provider backbone bridge puts in: a type, the tag, two addresses.
    static var pbbByteCount: Int { 18 }
    static var ethernetByteCount: Int { 14 }

    /// - Returns: false if the buffer has no room.
    static func rewrite(_ packet: PacketBuffer, _ operation: UnsafePointer<Operation>) -> Bool {
        let first = operation.pointee.first
        let second = operation.pointee.second
        switch operation.pointee.code {
        case .addMPLS:
            guard openFront(packet, TagRewriter.byteCount) else { return false }
            packet.store(second, at: 0)
            packet.packetType = 1 &<< 16 | first
        case .pushEthernet:
            guard let data = operation.pointee.data else { return true }
            return pushEthernet(packet, destination: data[0], source: data[1])
        case .popEthernet: popEthernet(packet)
        case .pushNSH:
            guard let data = operation.pointee.data else { return true }
            return pushNSH(packet, data, byteCount: Int(first))
        case .popNSH: popNSH(packet)
        case .pushPBB: return pushPBB(packet, tag: second)
        case .popPBB: popPBB(packet)
        case .copyTTL: TTLRewriter.copy(packet, isOutwards: first != 0)
        default: break
        }
        return true
    }

    private static func openFront(_ packet: PacketBuffer, _ byteCount: Int) -> Bool {
        guard packet.headroom >= byteCount else { return false }
        packet.push(byteCount)
        packet.header.pointee.offload.shift(by: byteCount)
        return true
    }

    private static func closeFront(_ packet: PacketBuffer, _ byteCount: Int) {
        packet.pull(byteCount)
        packet.header.pointee.offload.shift(by: -byteCount)
    }

    // MARK: Ethernet

    private static func pushEthernet(
        _ packet: PacketBuffer, destination: UInt64, source: UInt64
    ) -> Bool {
        guard packet.packetType != 0 else { return true }
        guard openFront(packet, ethernetByteCount) else { return false }
        packet.store(UInt16(truncatingIfNeeded: destination &>> 32), at: 0)
        packet.store(UInt32(truncatingIfNeeded: destination), at: 2)
        packet.store(UInt16(truncatingIfNeeded: source &>> 32), at: 6)
        packet.store(UInt32(truncatingIfNeeded: source), at: 8)
        packet.store(UInt16(truncatingIfNeeded: packet.packetType), at: 12)
        packet.packetType = PacketType.ethernet
        return true
    }

    private static func popEthernet(_ packet: PacketBuffer) {
        guard packet.packetType == PacketType.ethernet, packet.byteCount >= ethernetByteCount
        else { return }
        packet.packetType = 1 &<< 16 | UInt32(packet.load(UInt16.self, at: 12))
        closeFront(packet, ethernetByteCount)
    }

    // MARK: NSH (RFC 8300)

    private static func pushNSH(
        _ packet: PacketBuffer, _ words: UnsafePointer<UInt64>, byteCount: Int
    ) -> Bool {
        guard openFront(packet, byteCount) else { return false }
        // Headers are whole words of 32 bits.
        for place in stride(from: 0, to: byteCount, by: 4) {
            let word = words[place / 8]
            let half = place % 8 == 0 ? word &>> 32 : word
            packet.store(UInt32(truncatingIfNeeded: half), at: place)
        }
        packet.packetType = PacketType.nsh
        return true
    }

    private static func popNSH(_ packet: PacketBuffer) {
        guard packet.packetType == PacketType.nsh, packet.byteCount >= NSHHeader.baseByteCount
        else { return }
        let first = packet.load(UInt32.self, at: 0)
        let byteCount = Int(first &>> 16 & 0x3f) &* 4
        let next = UInt8(truncatingIfNeeded: first)
        guard byteCount >= NSHHeader.baseByteCount, byteCount <= packet.byteCount,
            let type = NSHHeader.packetType(behind: next)
        else { return }
        closeFront(packet, byteCount)
        packet.packetType = type
    }

    // MARK: Provider backbone bridges (IEEE 802.1Q §9.7)

    /// The Ethernet header's addresses become the customer's, and stay the frame's.
    private static func pushPBB(_ packet: PacketBuffer, tag: UInt32) -> Bool {
        guard packet.packetType == PacketType.ethernet, packet.byteCount >= ethernetByteCount
        else { return true }
        guard openFront(packet, pbbByteCount) else { return false }
        packet.start.copyMemory(from: packet.start + pbbByteCount, byteCount: 12)
        packet.store(EtherType.pbb, at: 12)
        packet.store(tag, at: 14)
        return true
    }

    /// The customer's frame remains; a tag of the backbone goes with the rest.
    private static func popPBB(_ packet: PacketBuffer) {
        let layers = FrameLayers(packet)
        guard packet.packetType == PacketType.ethernet, layers.etherType == EtherType.pbb,
            packet.byteCount >= layers.network &+ 4 &+ ethernetByteCount
        else { return }
        closeFront(packet, layers.network &+ 4)
    }
}

extension HeaderRewriter {
    /// Flags, TTL, service path and context.
    static func setNSH(_ packet: PacketBuffer, _ data: Data) {
        let layers = FrameLayers(packet)
        let start = layers.network
        guard layers.etherType == EtherType.nsh,
            packet.byteCount >= start &+ NSHHeader.baseByteCount
        else { return }
        var unused = ChecksumDelta()
        let first = packet.load(UInt32.self, at: start)
        let flags = merge(UInt8(truncatingIfNeeded: first &>> 28 & 3), data, 0, shift: 56) & 3
        let lifetime =
            merge(UInt8(truncatingIfNeeded: first &>> 22 & 0x3f), data, 0, shift: 48) & 0x3f
        packet.store(
            first & 0xc03f_ffff | UInt32(flags) &<< 28 | UInt32(lifetime) &<< 22, at: start)
        set32(packet, at: start &+ 4, .low(data, 0), &unused)
        guard first &>> 8 & 0xf == UInt32(NSHHeader.fixedMetadata),
            packet.byteCount >= start &+ NSHHeader.fixedByteCount
        else { return }
        for word in 1...2 {
            let place = start &+ 8 &* word
            set32(packet, at: place, .high(data, word), &unused)
            set32(packet, at: place &+ 4, .low(data, word), &unused)
        }
    }

    /// The tag of a provider backbone bridge.
    static func setPBB(_ packet: PacketBuffer, _ data: Data) {
        let layers = FrameLayers(packet)
        guard layers.etherType == EtherType.pbb, packet.byteCount >= layers.network &+ 4 else {
            return
        }
        var unused = ChecksumDelta()
        set32(packet, at: layers.network, .low(data, 0), &unused)
    }
}
