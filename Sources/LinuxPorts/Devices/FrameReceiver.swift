import CLinux
import Datapath

/// Receives frames from a packet socket in batches, straight into a pool's buffers.
///
/// A TPACKET_V2 ring would save the copy of small frames but cannot lend its slots beyond the
/// call, so that frames that leave by a queue would have to be copied after all. The arrays that
/// the kernel reads are made once; a call changes only the addresses of buffers that were handed
/// on. Buffers are held only while traffic flows, so that thousands of idle ports cost nothing.
struct FrameReceiver: ~Copyable {
    /// What one call did.
    enum Outcome {
        /// Nothing waits any more.
        case drained
        /// There may be more.
        case more
        case failed(Int32)
    }

    private static let limit = PacketBatch.capacity
    /// One control message of `tpacket_auxdata`: 16 octets of header, 20 of content, padded.
    private static let controlStride = 48

    private let messages: UnsafeMutablePointer<clinux_mmsghdr>
    private let vectors: UnsafeMutablePointer<iovec>
    private let headers: UnsafeMutableRawPointer
    private let control: UnsafeMutableRawPointer
    private let slots: UnsafeMutablePointer<PacketBuffer>
    private var slotCount = 0

    init() {
        messages = .allocate(capacity: Self.limit)
        vectors = .allocate(capacity: Self.limit * 2)
        headers = .allocate(byteCount: Self.limit * 16, alignment: 16)
        control = .allocate(byteCount: Self.limit * Self.controlStride, alignment: 16)
        slots = .allocate(capacity: Self.limit)
        for index in 0..<Self.limit {
            messages[index] = clinux_mmsghdr()
            vectors[index * 2] = iovec(
                iov_base: headers + index * 16,
                iov_len: VirtioHeader.byteCount
            )
            vectors[index * 2 + 1] = iovec()
            messages[index].msg_hdr.msg_iov = vectors + index * 2
            messages[index].msg_hdr.msg_iovlen = 2
            messages[index].msg_hdr.msg_control = control + index * Self.controlStride
        }
    }

    deinit {
        messages.deallocate()
        vectors.deallocate()
        headers.deallocate()
        control.deallocate()
        slots.deallocate()
    }

    /// Receives at most as many frames as `batch` has room for.
    mutating func receive(
        from descriptor: Int32,
        into batch: PacketBatch,
        pool: PacketPool,
        counters: inout PortCounters
    ) -> Outcome {
        let wanted = min(batch.room, Self.limit)
        guard wanted > 0 else { return .more }
        fill(upTo: wanted, from: pool)
        let received = Int(
            clinux_recvmmsg(descriptor, messages, UInt32(wanted), Int32(MSG_DONTWAIT))
        )
        guard received > 0 else {
            let code = clinux_errno()
            giveBack(to: pool)
            if received == 0 || code == EAGAIN { return .drained }
            return code == EINTR ? .more : .failed(code)
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
        return received == wanted ? .more : .drained
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
        vectors[index * 2 + 1] = iovec(iov_base: packet.start, iov_len: packet.tailroom)
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
        guard isWhole, byteCount >= 14, var offload = VirtioHeader.read(headers + index * 16)
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

/// The VLAN tag that the kernel took out of a frame, as `PACKET_AUXDATA` tells it.
enum VLANAuxiliary {
    /// Puts the tag that the control message `place` names back into the frame.
    @inline(__always)
    static func restore(_ place: UnsafeRawPointer, _ packet: PacketBuffer) {
        guard place.load(fromByteOffset: 8, as: Int32.self) == SOL_PACKET,
            place.load(fromByteOffset: 12, as: Int32.self) == PACKET_AUXDATA
        else { return }
        let auxiliary = place + 16
        let status = auxiliary.load(as: UInt32.self)
        guard status & UInt32(TP_STATUS_VLAN_VALID) != 0 else { return }
        let control = auxiliary.load(fromByteOffset: 16, as: UInt16.self)
        let hasProtocol = status & UInt32(TP_STATUS_VLAN_TPID_VALID) != 0
        let ethernetType =
            hasProtocol ? auxiliary.load(fromByteOffset: 18, as: UInt16.self) : 0x8100
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
        start.storeBytes(of: ethernetType.bigEndian, toByteOffset: 12, as: UInt16.self)
        start.storeBytes(of: control.bigEndian, toByteOffset: 14, as: UInt16.self)
        packet.offload.shift(by: 4)
    }
}
