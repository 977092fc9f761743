import CLinux
import Datapath

/// What one call to receive did.
struct Reception {
    /// Frames that were taken, good or not.
    var frameCount = 0
    /// Whether there was room for no more, so that more may wait.
    var isFull = false
    /// Why none was taken, or 0; that nothing waits is no reason.
    var code: Int32 = 0
}

/// Receives frames from a packet socket in batches, straight into a pool's buffers.
///
/// One call for each batch: the way for ports that are not busy enough for a ``FrameRing``, and for
/// frames that do not fit in the ring's slots. The arrays that the kernel reads are made once; a
/// call changes only the addresses of buffers that were handed on. Buffers are held only while
/// traffic flows, so that thousands of idle ports cost nothing.
///
/// The virtio header comes to lie in the headroom in front of the frame, so that each frame is one
/// piece of memory for the kernel.
struct FrameReceiver: ~Copyable {
    private static let limit = PacketBatch.capacity
    /// One control message of `tpacket_auxdata`: 16 octets of header, 20 of content, padded.
    private static let controlStride = 48

    private let messages: UnsafeMutablePointer<clinux_mmsghdr>
    private let vectors: UnsafeMutablePointer<iovec>
    private let control: UnsafeMutableRawPointer
    private let slots: UnsafeMutablePointer<PacketBuffer>
    private var slotCount = 0

    init() {
        messages = .allocate(capacity: Self.limit)
        vectors = .allocate(capacity: Self.limit)
        control = .allocate(byteCount: Self.limit * Self.controlStride, alignment: 16)
        slots = .allocate(capacity: Self.limit)
        for index in 0..<Self.limit {
            messages[index] = clinux_mmsghdr()
            vectors[index] = iovec()
            messages[index].msg_hdr.msg_iov = vectors + index
            messages[index].msg_hdr.msg_iovlen = 1
            messages[index].msg_hdr.msg_control = control + index * Self.controlStride
        }
    }

    deinit {
        messages.deallocate()
        vectors.deallocate()
        control.deallocate()
        slots.deallocate()
    }

    /// Receives at most `limit` frames, and as many as `batch` has room for.
    mutating func receive(
        from descriptor: Int32,
        upTo limit: Int = PacketBatch.capacity,
        into batch: PacketBatch,
        pool: PacketPool,
        counters: inout PortCounters
    ) -> Reception {
        let wanted = min(batch.room, limit)
        guard wanted > 0 else { return Reception(isFull: true) }
        fill(upTo: wanted, from: pool)
        let received = Int(
            clinux_recvmmsg(descriptor, messages, UInt32(wanted), Int32(MSG_DONTWAIT))
        )
        guard received > 0 else {
            let code = received == 0 ? EAGAIN : clinux_errno()
            giveBack(to: pool)
            return Reception(isFull: code == EINTR, code: code == EINTR ? 0 : code)
        }
        for index in 0..<received {
            let packet = slots[index]
            if complete(packet, at: index, counters: &counters) {
                batch.append(packet)
            } else {
                counters.receiveErrors += 1
                pool.release(packet)
            }
        }
        // The buffers that were not used move to the front.
        let rest = slotCount - received
        for index in 0..<rest { place(slots[received + index], at: index) }
        slotCount = rest
        return Reception(frameCount: received, isFull: received == wanted)
    }

    /// Gives back the buffers that wait for frames.
    mutating func giveBack(to pool: PacketPool) {
        for index in 0..<slotCount { pool.release(slots[index]) }
        slotCount = 0
    }

    private mutating func fill(upTo wanted: Int, from pool: PacketPool) {
        while slotCount < wanted {
            place(pool.allocate(), at: slotCount)
            slotCount += 1
        }
        for index in 0..<wanted {
            messages[index].msg_hdr.msg_controllen = Self.controlStride
        }
    }

    private func place(_ packet: PacketBuffer, at index: Int) {
        slots[index] = packet
        vectors[index] = iovec(
            iov_base: packet.start - VirtioHeader.byteCount,
            iov_len: packet.tailroom + VirtioHeader.byteCount
        )
    }

    /// Makes the octets that arrived in slot `index` a packet.
    ///
    /// - Returns: whether they are one.
    private func complete(
        _ packet: PacketBuffer,
        at index: Int,
        counters: inout PortCounters
    ) -> Bool {
        let message = messages + index
        let byteCount = Int(message.pointee.msg_len) - VirtioHeader.byteCount
        let isWhole = message.pointee.msg_hdr.msg_flags & Int32(MSG_TRUNC) == 0
        guard isWhole, byteCount >= 14,
            var offload = VirtioHeader.read(packet.start - VirtioHeader.byteCount)
        else { return false }
        packet.byteCount = byteCount
        let isSane = VirtioHeader.trim(&offload, frame: packet.start, byteCount: byteCount)
        guard isSane else { return false }
        packet.offload = offload
        if message.pointee.msg_hdr.msg_controllen >= 36 {
            VLANAuxiliary.restore(control + index * Self.controlStride, packet)
        }
        counters.receivedPackets += 1
        counters.receivedOctets += UInt64(packet.byteCount)
        return true
    }
}

/// The VLAN tag that the kernel took out of a frame.
enum VLANAuxiliary {
    /// Puts the tag that the control message `place` (`PACKET_AUXDATA`) names back into the frame.
    @inline(__always)
    static func restore(_ place: UnsafeRawPointer, _ packet: PacketBuffer) {
        guard place.load(fromByteOffset: 8, as: Int32.self) == SOL_PACKET,
            place.load(fromByteOffset: 12, as: Int32.self) == PACKET_AUXDATA
        else { return }
        let auxiliary = place + 16
        restore(
            auxiliary.load(as: UInt32.self),
            control: auxiliary.load(fromByteOffset: 16, as: UInt16.self),
            ethernetType: auxiliary.load(fromByteOffset: 18, as: UInt16.self),
            packet
        )
    }

    /// Puts the tag back that is told beside a frame, if `status` says that there is one.
    @inline(__always)
    static func restore(
        _ status: UInt32, control: UInt16, ethernetType: UInt16, _ packet: PacketBuffer
    ) {
        guard status & UInt32(TP_STATUS_VLAN_VALID) != 0 else { return }
        let hasType = status & UInt32(TP_STATUS_VLAN_TPID_VALID) != 0
        packet.push(4)
        let start = packet.start
        // The addresses move to the front: 12 octets as one of 8 and one of 4.
        start.storeBytes(
            of: start.loadUnaligned(fromByteOffset: 4, as: UInt64.self), as: UInt64.self)
        start.storeBytes(
            of: start.loadUnaligned(fromByteOffset: 12, as: UInt32.self),
            toByteOffset: 8,
            as: UInt32.self
        )
        let type = hasType ? ethernetType : 0x8100
        start.storeBytes(of: type.bigEndian, toByteOffset: 12, as: UInt16.self)
        start.storeBytes(of: control.bigEndian, toByteOffset: 14, as: UInt16.self)
        packet.offload.shift(by: 4)
    }
}
