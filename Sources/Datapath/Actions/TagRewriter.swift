import FlowModel

/// Puts VLAN tags and MPLS labels into frames, and takes them out.
///
/// The packet may be held by nobody else. Positions that the packet's offload state names are
/// moved along.
enum TagRewriter {
    /// Octets of a VLAN tag, and of an MPLS label stack entry.
    static var byteCount: Int { 4 }

    /// Puts a tag behind the Ethernet addresses.
    ///
    /// - Returns: false if the buffer has no room.
    static func pushVLAN(_ packet: PacketBuffer, tpid: UInt16, tci: UInt16) -> Bool {
        guard packet.byteCount >= 14 else { return true }
        guard openGap(packet, at: 12) else { return false }
        packet.store(tpid, at: 12)
        packet.store(tci & ~VLANBits.present, at: 14)
        return true
    }

    /// Takes the outer tag away.
    static func popVLAN(_ packet: PacketBuffer) {
        guard packet.byteCount >= 18, EtherType.isVLAN(packet.load(UInt16.self, at: 12)) else {
            return
        }
        closeGap(packet, at: 12)
    }

    /// Puts a label stack entry behind the Ethernet type, or before the entries that are there.
    ///
    /// - Returns: false if the buffer has no room.
    static func pushMPLS(_ packet: PacketBuffer, entry: UInt32, type: UInt16) -> Bool {
        let network = FrameLayers(packet).network
        guard network > 0 || packet.packetType != 0 else { return true }
        guard openGap(packet, at: network) else { return false }
        setType(type, of: packet, network)
        packet.store(entry, at: network)
        return true
    }

    /// Takes the outer label stack entry away; `type` is that of what is behind it.
    static func popMPLS(_ packet: PacketBuffer, type: UInt16) {
        let layers = FrameLayers(packet)
        guard EtherType.isMPLS(layers.etherType),
            packet.byteCount >= layers.network &+ byteCount
        else { return }
        setType(type, of: packet, layers.network)
        closeGap(packet, at: layers.network)
    }

    /// Says what begins at `network`.
    private static func setType(_ type: UInt16, of packet: PacketBuffer, _ network: Int) {
        if packet.packetType == PacketType.ethernet {
            packet.store(type, at: network &- 2)
        } else if type == EtherType.bridging {
            packet.packetType = PacketType.ethernet
        } else {
            packet.packetType = 1 &<< 16 | UInt32(type)
        }
    }

    private static func openGap(_ packet: PacketBuffer, at place: Int) -> Bool {
        guard packet.header.pointee.offset >= byteCount else { return false }
        packet.push(byteCount)
        packet.start.copyMemory(from: packet.start + byteCount, byteCount: place)
        packet.header.pointee.offload.shift(by: byteCount)
        return true
    }

    private static func closeGap(_ packet: PacketBuffer, at place: Int) {
        // Copies upwards within the same memory, which `copyMemory` allows.
        (packet.start + byteCount).copyMemory(from: packet.start, byteCount: place)
        packet.pull(byteCount)
        packet.header.pointee.offload.shift(by: -byteCount)
    }
}
