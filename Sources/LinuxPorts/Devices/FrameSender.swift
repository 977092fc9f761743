import CLinux
import Datapath

/// Sends frames by a packet socket in batches, straight from their buffers.
struct FrameSender: ~Copyable {
    private static let limit = PacketBatch.capacity

    private let messages: UnsafeMutablePointer<clinux_mmsghdr>
    private let vectors: UnsafeMutablePointer<iovec>
    private let headers: UnsafeMutableRawPointer

    init() {
        messages = .allocate(capacity: Self.limit)
        vectors = .allocate(capacity: Self.limit * 2)
        headers = .allocate(byteCount: Self.limit * 16, alignment: 16)
        for index in 0..<Self.limit {
            messages[index] = clinux_mmsghdr()
            vectors[index * 2] = iovec(
                iov_base: headers + index * 16,
                iov_len: VirtioHeader.byteCount
            )
            vectors[index * 2 + 1] = iovec()
            messages[index].msg_hdr.msg_iov = vectors + index * 2
            messages[index].msg_hdr.msg_iovlen = 2
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
            for index in 0..<count {
                let packet = packets[start + index]
                let byteCount = packet.byteCount
                VirtioHeader.write(
                    packet.offload,
                    frameByteCount: byteCount,
                    to: headers + index * 16
                )
                vectors[index * 2 + 1] = iovec(iov_base: packet.start, iov_len: byteCount)
            }
            flush(count, to: descriptor, counters: &counters, failure: &failure)
            start += count
        }
        return failure
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
                    counters.sentOctets += UInt64(vectors[place * 2 + 1].iov_len)
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
                let kind = (headers + index * 16).load(fromByteOffset: 1, as: UInt8.self)
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
