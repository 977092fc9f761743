import Glibc

/// Waits for one peer to connect, for command-line tools whose peer is told to come to them.
public final class BlockingListener {
    private let target: StreamTarget
    private let descriptor: CInt

    public init(_ target: StreamTarget) throws(TransportError) {
        self.target = target
        do {
            descriptor = try SocketCalls.listen(on: target.address)
        } catch {
            throw TransportError(error.reason, errno: error.errno, subject: target.name)
        }
    }

    /// Removes the socket's file too, since nobody listens to it any more.
    deinit {
        _ = Glibc.close(descriptor)
        if case .unix(let path) = target.address { SocketCalls.removeStaleSocket(path) }
    }

    /// The TCP port that is listened on, or nil for a socket in the file system.
    public var port: UInt16? { SocketCalls.boundPort(descriptor) }

    /// The first peer that comes, or throws after `timeout`.
    public func accept(timeout: Duration? = nil) throws(TransportError) -> BlockingStream {
        let deadline = timeout.map { ContinuousClock.now + $0 }
        while true {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let status = poll(&entry, 1, BlockingStream.milliseconds(until: deadline))
            if status == 0 { throw TransportError(errno: ETIMEDOUT, subject: target.name) }
            let peer = status > 0 ? Glibc.accept(descriptor, nil, nil) : -1
            if peer >= 0 {
                _ = fcntl(peer, F_SETFD, FD_CLOEXEC)
                return try BlockingStream(
                    accepted: peer, name: target.name, deadline: deadline,
                    tls: target.usesTLS ? BlockingTLS(acceptingAs: .shared) : nil)
            }
            guard [EINTR, EAGAIN, ECONNABORTED].contains(errno) else {
                throw TransportError(errno: errno, subject: target.name)
            }
        }
    }
}
