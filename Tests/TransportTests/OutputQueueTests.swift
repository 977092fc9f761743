import Glibc
import NIOCore
import TestSupport
import Testing

@testable import Transport

struct OutputQueueTests {
    /// A queue of pieces of all kinds, and the octets that are in it.
    private static func fill(_ queue: inout OutputQueue, seed: UInt64) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        var expected: [UInt8] = []
        for number in 0..<200 {
            let count = Int.random(in: 1...2000, using: &random)
            let piece = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: count)
            if Bool.random(using: &random) {
                queue.append(piece)
            } else {
                queue.append(shared: piece)
            }
            expected += piece
        }
        #expect(queue.byteCount == expected.count)
        return expected
    }

    private static func read(_ socket: CInt, into octets: inout [UInt8], atMost count: Int) {
        var room = [UInt8](repeating: 0, count: count)
        let readCount = recv(socket, &room, count, CInt(MSG_DONTWAIT))
        octets += room.prefix(max(0, readCount))
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `a slow reader gets all octets in order`(seed: UInt64) throws {
        var sockets: [CInt] = [0, 0]
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue)
        try #require(socketpair(AF_UNIX, kind, 0, &sockets) == 0)
        defer { for socket in sockets { close(socket) } }
        var small: CInt = 4096
        setsockopt(sockets[0], SOL_SOCKET, SO_SNDBUF, &small, socklen_t(MemoryLayout<CInt>.size))
        var queue = OutputQueue()
        let expected = Self.fill(&queue, seed: seed)
        var arrived: [UInt8] = []
        while !queue.isEmpty {
            queue.send(to: sockets[0])
            Self.read(sockets[1], into: &arrived, atMost: 1 + Int(seed) * 100)
        }
        var lastCount = -1
        while arrived.count > lastCount {
            lastCount = arrived.count
            Self.read(sockets[1], into: &arrived, atMost: 1 << 16)
        }
        // To show the difference of so many octets would take minutes.
        let isWhole = arrived == expected
        #expect(isWhole)
        #expect(queue.byteCount == 0)
    }

    @Test(arguments: [1, 1000, 100_000, Int.max])
    func `a buffer takes whole pieces in order`(limit: Int) {
        var queue = OutputQueue()
        let expected = Self.fill(&queue, seed: 1)
        var taken: [UInt8] = []
        while !queue.isEmpty {
            var buffer = ByteBuffer()
            let before = queue.byteCount
            queue.take(atLeast: limit, into: &buffer)
            #expect(buffer.readableBytes >= min(limit, before))
            #expect(buffer.readableBytes + queue.byteCount == before)
            taken += buffer.readableBytesView
        }
        let isWhole = taken == expected
        #expect(isWhole)
    }

    @Test func `a closed socket takes nothing`() throws {
        var sockets: [CInt] = [0, 0]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &sockets) == 0)
        defer { close(sockets[0]) }
        close(sockets[1])
        var queue = OutputQueue()
        queue.append([1, 2, 3])
        queue.send(to: sockets[0])
        #expect(queue.byteCount == 3)
    }
}
