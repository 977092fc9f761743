import Glibc

/// A stream for command-line tools, which have one peer and nothing else to do: plain system calls,
/// no event loop to start.
public final class BlockingStream {
    /// As much as one call reads.
    public static let receiveByteCount = 1 << 16

    public let name: String
    private let descriptor: CInt
    /// What the peer said right behind its handshake.
    private var early: [UInt8] = []
    private let deadline: ContinuousClock.Instant?
    private let tls: BlockingTLS?
    /// When this can be read, a wait for the peer's octets ends with `EINTR`; -1 for nothing.
    public var interruption: CInt = -1

    /// Connects, or throws after `timeout`; the time counts for everything that follows too.
    ///
    /// - Parameter identity: who we are to the peer where the target asks for TLS.
    public init(
        connectingTo target: StreamTarget, timeout: Duration? = nil,
        identity: TLSIdentity = .shared
    ) throws(TransportError) {
        tls = try target.usesTLS ? BlockingTLS(identity, host: target.host) : nil
        name = target.name
        deadline = timeout.map { ContinuousClock.now + $0 }
        let address: SystemSocketAddress
        switch target.address {
        case .unix(let path): address = try SystemSocketAddress(path: path)
        case .tcp(let host, let port):
            do throws(TransportError) {
                address = try SystemSocketAddress(resolving: host, port: port)
            } catch {
                throw TransportError(errno: error.errno, subject: target.name)
            }
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
            try handshake()
        } catch {
            throw TransportError(error.reason, errno: error.errno, subject: target.name)
        }
    }

    /// Takes over a connection that a listener has accepted.
    ///
    /// - Parameter tls: encrypts it; nil leaves it plain.
    init(
        accepted descriptor: CInt, name: String, deadline: ContinuousClock.Instant?,
        tls: BlockingTLS?
    ) throws(TransportError) {
        self.name = name
        self.descriptor = descriptor
        self.deadline = deadline
        self.tls = tls
        setNonblocking()
        do {
            try handshake()
        } catch {
            throw TransportError(error.reason, errno: error.errno, subject: name)
        }
    }

    deinit {
        if let farewell = tls?.end() { _ = Glibc.send(descriptor, farewell, farewell.count, quiet) }
        _ = Glibc.close(descriptor)
    }

    private var quiet: CInt { CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT) }

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

    private func handshake() throws(TransportError) {
        guard let tls else { return }
        while !tls.isHandshakeComplete {
            try sendPlain(tls.takeOutgoing())
            let octets = try receivePlain()
            // A peer that does not like our certificate may hang up without a word.
            guard !octets.isEmpty else { throw TransportError(errno: EPROTO) }
            do {
                early += try tls.receive(octets)
            } catch {
                // What the peer should know of it goes out first.
                try? sendPlain(tls.takeOutgoing())
                throw error
            }
        }
        try sendPlain(tls.takeOutgoing())
    }

    /// Sends all of it, or throws.
    public func send(_ octets: [UInt8]) throws(TransportError) {
        guard let tls else { return try sendPlain(octets) }
        try tls.send(octets)
        try sendPlain(tls.takeOutgoing())
    }

    /// Waits for octets, and returns what there is; none means that the peer closed.
    public func receive() throws(TransportError) -> [UInt8] {
        guard let tls else { return try receivePlain() }
        if !early.isEmpty {
            defer { early = [] }
            return early
        }
        while true {
            let octets = try receivePlain()
            guard !octets.isEmpty else { return [] }
            let text = try tls.receive(octets)
            try sendPlain(tls.takeOutgoing())
            if !text.isEmpty { return text }
            if tls.isEnded { return [] }
        }
    }

    private func sendPlain(_ octets: [UInt8]) throws(TransportError) {
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

    private func receivePlain() throws(TransportError) -> [UInt8] {
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
        let isReading = events == Int16(POLLIN)
        var entries = [
            pollfd(fd: descriptor, events: events, revents: 0),
            // One that is negative is passed over.
            pollfd(fd: isReading ? interruption : -1, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let status = poll(&entries, 2, Self.milliseconds(until: deadline))
            if status > 0 && entries[1].revents != 0 {
                throw TransportError(errno: EINTR, subject: name)
            }
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
