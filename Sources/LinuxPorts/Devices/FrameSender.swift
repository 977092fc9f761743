import CLinux
import Datapath

/// Sends frames by a packet socket in batches, straight from their buffers.
///
/// The virtio header is written into the headroom in front of the frame, so that each frame is one
/// piece of memory for the kernel, which takes a shorter way then. That is no change of a packet
/// that others hold too: they see nothing of what lies in front of the frame.
struct FrameSender: ~Copyable {
    private static let limit = PacketBatch.capacity

    private let messages: UnsafeMutablePointer<clinux_mmsghdr>
    private let vectors: UnsafeMutablePointer<iovec>
    /// Headers of the frames that have no headroom.
    private let headers: UnsafeMutableRawPointer

    init() {
        messages = .allocate(capacity: Self.limit)
        vectors = .allocate(capacity: Self.limit * 2)
        headers = .allocate(byteCount: Self.limit * 16, alignment: 16)
        for index in 0..<Self.limit {
            messages[index] = clinux_mmsghdr()
            vectors[index * 2] = iovec()
            vectors[index * 2 + 1] = iovec()
            messages[index].msg_hdr.msg_iov = vectors + index * 2
            messages[index].msg_hdr.msg_iovlen = 1
        }
    }

    deinit {
        messages.deallocate()
        vectors.deallocate()
        headers.deallocate()
    }

    /// Sends `packets`, and drops what the device has no room for.
    ///
    /// - Returns: the last error of the device, or 0.
    func send(
        _ packets: UnsafeBufferPointer<PacketBuffer>,
        to descriptor: Int32,
        counters: inout PortCounters
    ) -> Failure {
        var failure = Failure()
        var start = 0
        while start < packets.count {
            let count = min(packets.count - start, Self.limit)
            for index in 0..<count { place(packets[start + index], at: index) }
            flush(count, to: descriptor, counters: &counters, failure: &failure)
            start += count
        }
        return failure
    }

    @inline(__always)
    private func place(_ packet: PacketBuffer, at index: Int) {
        let byteCount = packet.byteCount
        let frame = packet.start
        let vector = vectors + index * 2
        if packet.headroom >= VirtioHeader.byteCount {
            let header = frame - VirtioHeader.byteCount
            VirtioHeader.write(packet.offload, frameByteCount: byteCount, to: header)
            vector[0] = iovec(iov_base: header, iov_len: VirtioHeader.byteCount + byteCount)
            messages[index].msg_hdr.msg_iovlen = 1
        } else {
            let header = headers + index * 16
            VirtioHeader.write(packet.offload, frameByteCount: byteCount, to: header)
            vector[0] = iovec(iov_base: header, iov_len: VirtioHeader.byteCount)
            vector[1] = iovec(iov_base: frame, iov_len: byteCount)
            messages[index].msg_hdr.msg_iovlen = 2
        }
    }

    /// The octets of the frame in a message.
    @inline(__always)
    private func frameByteCount(_ index: Int) -> Int {
        let vector = vectors + index * 2
        return messages[index].msg_hdr.msg_iovlen == 1
            ? vector[0].iov_len - VirtioHeader.byteCount : vector[1].iov_len
    }

    /// What a call of ``send(_:to:counters:)`` could not send.
    struct Failure {
        /// The last error number, or 0.
        var code: Int32 = 0
        /// Whether a super-packet was refused for lack of room.
        var refusedSuperPacket = false
    }

    private func flush(
        _ count: Int,
        to descriptor: Int32,
        counters: inout PortCounters,
        failure: inout Failure
    ) {
        var index = 0
        while index < count {
            let sent = Int(
                clinux_sendmmsg(
                    descriptor,
                    messages + index,
                    UInt32(count - index),
                    Int32(MSG_DONTWAIT)
                )
            )
            if sent > 0 {
                for place in index..<(index + sent) {
                    counters.sentOctets += UInt64(frameByteCount(place))
                }
                counters.sentPackets += UInt64(sent)
                index += sent
                continue
            }
            let code = clinux_errno()
            if code == EINTR { continue }
            failure.code = code
            switch code {
            case ENOBUFS:
                // This frame found the device's queue full, or needs what the device cannot do.
                counters.sendDrops += 1
                let header = vectors[index * 2].iov_base
                let kind = header?.load(fromByteOffset: 1, as: UInt8.self)
                if kind != 0 { failure.refusedSuperPacket = true }
                index += 1
            case EAGAIN, ENETDOWN, ENXIO, ENODEV:
                // The frames behind it would fare no better.
                counters.sendDrops += UInt64(count - index)
                index = count
            default:
                counters.sendErrors += 1
                index += 1
            }
        }
    }
}
