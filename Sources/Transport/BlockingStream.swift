import Glibc

/// A stream for command-line tools, which have one peer and nothing else to do: plain system calls,
/// no event loop to start.
public final class BlockingStream {
    /// As much as one call reads.
    public static let receiveByteCount = 1 << 16

    public let name: String
    private let descriptor: CInt
    private let deadline: ContinuousClock.Instant?

    /// Connects, or throws after `timeout`; the time counts for everything that follows too.
    public init(
        connectingTo target: StreamTarget, timeout: Duration? = nil
    ) throws(TransportError) {
        name = target.name
        deadline = timeout.map { ContinuousClock.now + $0 }
        let address: SystemSocketAddress
        switch target.address {
        case .unix(let path): address = try SystemSocketAddress(path: path)
        case .tcp(let host, let port):
            address = try SystemSocketAddress(resolving: host, port: port)
        }
        descriptor = try SocketCalls.open(address.family)
        if address.family != AF_UNIX {
            var one: CInt = 1
            let size = socklen_t(MemoryLayout<CInt>.size)
            _ = setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &one, size)
        }
        do {
            if address.family != AF_UNIX { setNonblocking() }
            try connect(address)
            setNonblocking()
        } catch {
            throw TransportError(error.reason, errno: error.errno, subject: target.name)
        }
    }

    /// Takes over a connection that a listener has accepted.
    init(accepted descriptor: CInt, name: String, deadline: ContinuousClock.Instant?) {
        self.name = name
        self.descriptor = descriptor
        self.deadline = deadline
        setNonblocking()
    }

    deinit { _ = Glibc.close(descriptor) }

    /// Unix sockets come to this only after they are connected: where a listener's backlog is full,
    /// a blocking one waits and this kind fails.
    private func setNonblocking() { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }

    private func connect(_ address: SystemSocketAddress) throws(TransportError) {
        guard address.withPointer({ Glibc.connect(descriptor, $0, $1) }) != 0 else { return }
        guard errno == EINPROGRESS else { throw TransportError(errno: errno) }
        try wait(for: Int16(POLLOUT))
        var status: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        _ = getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &status, &size)
        guard status == 0 else { throw TransportError(errno: status) }
    }

    /// Sends all of it, or throws.
    public func send(_ octets: [UInt8]) throws(TransportError) {
        var sent = 0
        while sent < octets.count {
            let count = octets.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress! + sent, $0.count - sent, CInt(MSG_NOSIGNAL)
                )
            }
            if count >= 0 {
                sent += count
            } else {
                try waitOrThrow(Int16(POLLOUT))
            }
        }
    }

    /// Waits for octets, and returns what there is; none means that the peer closed.
    public func receive() throws(TransportError) -> [UInt8] {
        while true {
            var count = 0
            let octets = [UInt8](unsafeUninitializedCapacity: Self.receiveByteCount) { room, used in
                count = recv(descriptor, room.baseAddress!, room.count, 0)
                used = max(count, 0)
            }
            if count >= 0 { return octets }
            try waitOrThrow(Int16(POLLIN))
        }
    }

    /// After a call that failed: waits if it would only have had to wait.
    private func waitOrThrow(_ events: Int16) throws(TransportError) {
        switch errno {
        case EAGAIN: try wait(for: events)
        case EINTR: return
        default: throw TransportError(errno: errno, subject: name)
        }
    }

    private func wait(for events: Int16) throws(TransportError) {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        while true {
            let status = poll(&entry, 1, Self.milliseconds(until: deadline))
            if status > 0 { return }
            if status == 0 { throw TransportError(errno: ETIMEDOUT, subject: name) }
            guard errno == EINTR else { throw TransportError(errno: errno, subject: name) }
        }
    }

    /// What poll(2) waits for at most.
    static func milliseconds(until deadline: ContinuousClock.Instant?) -> CInt {
        guard let deadline else { return -1 }
        let left = (deadline - ContinuousClock.now) / .milliseconds(1)
        return CInt(max(0, min(left.rounded(.up), Double(CInt.max))))
    }
}
