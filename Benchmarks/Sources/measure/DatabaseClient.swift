import Glibc

/// A connection to a database server that costs next to nothing: requests are octets that were made
/// before, and of what arrives only the ends of messages are looked for.
final class DatabaseClient {
    let descriptor: Int32
    private var queue: [UInt8] = []
    private var sent = 0
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    /// Messages that arrived whole.
    private(set) var messageCount = 0
    private(set) var byteCount = 0
    /// Occurrences of `needle` in what arrived.
    private(set) var needleCount = 0
    private var needle: [UInt8] = []
    private var matched = 0

    private static let bufferByteCount = 1 << 18
    nonisolated(unsafe) private static let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: bufferByteCount, alignment: 64)

    init(path: String) {
        descriptor = connectUnix(path)
    }

    deinit { close(descriptor) }

    /// From now on counts a word in what arrives, whose first octet does not recur in it.
    func count(_ word: String) { needle = Array(word.utf8) }

    var hasQueued: Bool { sent < queue.count }

    func queue(_ octets: [UInt8]) {
        if !hasQueued {
            queue.removeAll(keepingCapacity: true)
            sent = 0
        }
        queue += octets
        flush()
    }

    func flush() {
        while hasQueued {
            let count = queue.withUnsafeBytes {
                write(descriptor, $0.baseAddress! + sent, $0.count - sent)
            }
            guard count > 0 else {
                if count < 0 && errno == EAGAIN { return }
                fail("the server has closed the connection")
            }
            sent += count
        }
    }

    func receive() {
        while true {
            let count = read(descriptor, Self.buffer.baseAddress!, Self.bufferByteCount)
            if count < 0 && errno == EAGAIN { return }
            guard count > 0 else { fail("the server has closed the connection") }
            byteCount += count
            if needle.isEmpty { scanMessages(count) } else { scanNeedle(count) }
            if count < Self.bufferByteCount { return }
        }
    }

    private func scanMessages(_ count: Int) {
        let octets = Self.buffer.baseAddress!
        var (depth, isInString, isEscaped) = (depth, isInString, isEscaped)
        for index in 0..<count {
            let octet = octets.load(fromByteOffset: index, as: UInt8.self)
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if octet == 0x5c {
                    isEscaped = true
                } else if octet == 0x22 {
                    isInString = false
                }
            } else if octet == 0x22 {
                isInString = true
            } else if octet | 0x20 == 0x7b {
                depth += 1
            } else if octet | 0x20 == 0x7d {
                depth -= 1
                if depth == 0 { messageCount += 1 }
            }
        }
        (self.depth, self.isInString, self.isEscaped) = (depth, isInString, isEscaped)
    }

    private func scanNeedle(_ count: Int) {
        let octets = Self.buffer.baseAddress!
        needle.withUnsafeBufferPointer { needle in
            var matched = matched
            for index in 0..<count {
                let octet = octets.load(fromByteOffset: index, as: UInt8.self)
                if octet == needle[matched] {
                    matched += 1
                    guard matched == needle.count else { continue }
                    needleCount += 1
                    matched = 0
                } else {
                    matched = octet == needle[0] ? 1 : 0
                }
            }
            self.matched = matched
        }
    }

    /// Sends and waits for so many messages more.
    func exchange(_ octets: [UInt8], replies: Int = 1) {
        let goal = messageCount + replies
        queue(octets)
        while messageCount < goal { wait() }
    }

    /// Waits until something can be read or what is queued can be sent, and does that.
    func wait() {
        let events = Int16(POLLIN) | (hasQueued ? Int16(POLLOUT) : 0)
        var request = pollfd(fd: descriptor, events: events, revents: 0)
        guard poll(&request, 1, -1) > 0 else { return }
        if request.revents & Int16(POLLOUT) != 0 { flush() }
        if request.revents & ~Int16(POLLOUT) != 0 { receive() }
    }
}

/// Several connections that are waited for together.
final class DatabaseClientSet {
    let clients: [DatabaseClient]
    private var requests: [pollfd]

    init(_ clients: [DatabaseClient]) {
        self.clients = clients
        requests = clients.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
    }

    /// Waits for input, and calls `body` for each connection that had some.
    func wait(_ body: (Int) -> Void) {
        guard poll(&requests, nfds_t(requests.count), -1) > 0 else { return }
        for index in requests.indices where requests[index].revents != 0 {
            clients[index].receive()
            body(index)
        }
        for client in clients where client.hasQueued { client.flush() }
    }
}
