import FlowModel

/// What changed in the octets that a checksum covers (RFC 1624).
///
/// The one's complements of the old words and the new words are summed up; the carry is folded in
/// when the sum is applied. Words of 32 bits may be added as they are, as long as they start at an
/// even octet.
struct ChecksumDelta {
    private var sum: UInt64 = 0

    var isZero: Bool { sum == 0 }

    @inline(__always)
    mutating func replace(_ old: UInt32, by new: UInt32) {
        sum &+= UInt64(~old) &+ UInt64(new)
    }

    @inline(__always)
    mutating func replace(_ old: UInt16, by new: UInt16) {
        sum &+= UInt64(~old) &+ UInt64(new)
    }

    /// Takes up what another one has noted.
    mutating func add(_ other: ChecksumDelta) { sum &+= other.sum }

    @inline(__always)
    private func added(to value: UInt16) -> UInt16 {
        var total = sum &+ UInt64(value)
        total = total & 0xffff_ffff &+ total &>> 32
        total = total & 0xffff &+ total &>> 16
        total = total & 0xffff &+ total &>> 16
        total = total & 0xffff &+ total &>> 16
        return UInt16(truncatingIfNeeded: total)
    }

    /// Updates a complete checksum.
    @inline(__always)
    func apply(toChecksumAt place: Int, of packet: PacketBuffer) {
        let old = packet.load(UInt16.self, at: place)
        packet.store(~added(to: ~old), at: place)
    }

    /// Updates the transport checksum for a change of the pseudo-header.
    ///
    /// A partial checksum is the sum of the pseudo-header itself, not its complement. A UDP
    /// checksum of zero says that there is none, and stays (RFC 768).
    func apply(toTransportOf layers: FrameLayers, of packet: PacketBuffer) {
        let place = layers.checksumPlace
        guard place > 0 else { return }
        if packet.hasPartialChecksum(at: place) {
            packet.store(added(to: packet.load(UInt16.self, at: place)), at: place)
            return
        }
        applyComplete(at: place, layers, packet)
    }

    /// Updates the transport checksum for a change behind the pseudo-header, which a partial
    /// checksum does not cover yet.
    func apply(toPayloadOf layers: FrameLayers, of packet: PacketBuffer) {
        let place = layers.checksumPlace
        guard place > 0, !packet.hasPartialChecksum(at: place) else { return }
        applyComplete(at: place, layers, packet)
    }

    private func applyComplete(at place: Int, _ layers: FrameLayers, _ packet: PacketBuffer) {
        guard layers.ipProtocol == IPProtocol.udp else {
            apply(toChecksumAt: place, of: packet)
            return
        }
        guard packet.load(UInt16.self, at: place) != 0 else { return }
        apply(toChecksumAt: place, of: packet)
        if packet.load(UInt16.self, at: place) == 0 { packet.store(0xffff as UInt16, at: place) }
    }
}

extension PacketBuffer {
    /// Whether the checksum at `place` is yet to be completed.
    @inline(__always)
    func hasPartialChecksum(at place: Int) -> Bool {
        let offload = header.pointee.offload
        return offload.flags.contains(.needsChecksum)
            && Int(offload.checksumStart) &+ Int(offload.checksumOffset) == place
    }
}
