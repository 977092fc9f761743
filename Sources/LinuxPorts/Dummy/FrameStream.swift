import CLinux
import Datapath

/// One connection that carries frames, each behind its length as two octets, the high one first.
///
///     +--------+--------+----------------+--------+--------+---
///     |     length      | frame          |     length      | …
///     +--------+--------+----------------+--------+--------+---
final class FrameStream {
    /// Octets that may wait for the peer; further frames are dropped, as by a full queue.
    static let maxPendingByteCount = 256 * 1024

    let descriptor: Int32
    private(set) var isClosed = false
    private var received: [UInt8] = []
    private var consumed = 0
    private var pending: [UInt8] = []

    /// Takes over the connected socket `descriptor`.
    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Whether octets wait until the peer has room.
    var hasPending: Bool { !pending.isEmpty }

    /// Reads what has arrived, without waiting.
    func fill() {
        if consumed > 0 {
            received.removeFirst(consumed)
            consumed = 0
        }
        while received.count < 2 + 0xffff {
            let old = received.count
            received.append(contentsOf: repeatElement(0, count: 0x4000))
            let count = received.withUnsafeMutableBytes {
                recv(descriptor, $0.baseAddress! + old, 0x4000, 0)
            }
            received.removeLast(0x4000 - max(0, count))
            if count > 0 { continue }
            if count == 0 || (clinux_errno() != EAGAIN && clinux_errno() != EINTR) {
                isClosed = true
            }
            return
        }
    }

    /// The next whole frame that has arrived.
    func next() -> ArraySlice<UInt8>? {
        guard received.count - consumed >= 2 else { return nil }
        let byteCount = Int(received[consumed]) << 8 | Int(received[consumed + 1])
        let end = consumed + 2 + byteCount
        guard received.count >= end else { return nil }
        defer { consumed = end }
        return received[(consumed + 2)..<end]
    }

    /// Sends a frame, or keeps what the peer has no room for.
    ///
    /// - Returns: whether the frame was taken.
    func send(_ frame: UnsafeRawBufferPointer) -> Bool {
        guard !isClosed, frame.count <= 0xffff,
            pending.count + 2 + frame.count <= Self.maxPendingByteCount
        else { return false }
        pending.append(UInt8(frame.count >> 8))
        pending.append(UInt8(frame.count & 0xff))
        pending.append(contentsOf: frame)
        flush()
        return !isClosed
    }

    /// Sends what waits, as far as the peer has room.
    func flush() {
        while !pending.isEmpty && !isClosed {
            let count = pending.withUnsafeBytes {
                CLinux.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                pending.removeFirst(count)
            } else if clinux_errno() == EAGAIN {
                return
            } else if clinux_errno() != EINTR {
                isClosed = true
            }
        }
    }
}
