import Glibc
import NIOCore

/// Octets that wait to be sent, in pieces.
///
/// What one peer alone is told gathers in one array. What hundreds are told stays where it is, and
/// each queue refers to it: a peer that does not read at once costs a reference for each piece, not
/// a copy. Pieces leave the queue together, by one system call.
struct OutputQueue {
    private var pieces: [[UInt8]] = []
    /// The pieces at the start that have gone.
    private var goneCount = 0
    /// Octets of the first piece that have gone too.
    private var goneByteCount = 0
    /// Whether the last piece belongs to this queue alone and may grow.
    private var isLastOpen = false
    private(set) var byteCount = 0

    /// Pieces that one call sends.
    private static let maximumVectorCount = 64
    /// Pieces that have gone are forgotten once there are so many.
    private static let compactionCount = 64

    var isEmpty: Bool { byteCount == 0 }

    /// Adds octets that nobody else is told.
    mutating func append(_ octets: [UInt8]) {
        byteCount += octets.count
        if isLastOpen {
            pieces[pieces.count - 1] += octets
        } else {
            pieces.append(octets)
            isLastOpen = true
        }
    }

    /// Adds octets that others are told too.
    mutating func append(shared octets: [UInt8]) {
        byteCount += octets.count
        pieces.append(octets)
        isLastOpen = false
    }

    /// Sends as much as a socket takes; what it does not take stays.
    mutating func send(to socket: CInt) {
        while !isEmpty {
            let asked = min(pieces.count - goneCount, Self.maximumVectorCount)
            let (sent, wanted) = write(asked, to: socket)
            // A closed or broken socket is met by whoever watches it.
            guard sent > 0 else { return }
            drop(sent)
            if sent < wanted { return }
        }
    }

    /// Octets that were sent, and those that were to be.
    private func write(_ count: Int, to socket: CInt) -> (sent: Int, wanted: Int) {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: count) { vectors in
            var wanted = 0
            for index in 0..<count {
                // The queue holds each piece until the call is over.
                let vector = pieces[goneCount + index].withUnsafeBytes { octets in
                    let start = index == 0 ? goneByteCount : 0
                    return iovec(
                        iov_base: UnsafeMutableRawPointer(
                            mutating: octets.baseAddress.map { $0 + start }),
                        iov_len: octets.count - start)
                }
                wanted += vector.iov_len
                vectors.initializeElement(at: index, to: vector)
            }
            var message = msghdr()
            message.msg_iov = vectors.baseAddress
            message.msg_iovlen = count
            return (sendmsg(socket, &message, CInt(MSG_NOSIGNAL)), wanted)
        }
    }

    /// Moves octets to a buffer, whole pieces, until it has `limit` or the queue is empty.
    mutating func take(atLeast limit: Int, into buffer: inout ByteBuffer) {
        while !isEmpty, buffer.readableBytes < limit {
            let count = pieces[goneCount].count - goneByteCount
            buffer.writeBytes(pieces[goneCount][goneByteCount...])
            drop(count)
        }
    }

    mutating func removeAll() { self = OutputQueue() }

    private mutating func drop(_ count: Int) {
        byteCount -= count
        guard byteCount > 0 else { return removeAll() }
        goneByteCount += count
        while goneByteCount >= pieces[goneCount].count {
            goneByteCount -= pieces[goneCount].count
            pieces[goneCount] = []
            goneCount += 1
        }
        guard goneCount >= Self.compactionCount else { return }
        pieces.removeFirst(goneCount)
        goneCount = 0
    }
}
