import Glibc
import NIOCore
import NIOPosix

/// A socket that takes in connections.
///
/// It belongs to the control loop. Binding happens at once, so that its error reaches whoever
/// configured it; a socket file is unlinked on ``close()``.
public final class StreamListener {
    public let target: StreamTarget
    /// The TCP port, which the system chose if the target said 0.
    public let boundPort: UInt16?
    /// Refuses the next connections above this many, as a peer's mistake must not use up the
    /// process's descriptors.
    public var maximumConnectionCount = 4096
    public private(set) var connectionCount = 0

    private let loop: ControlLoop
    private let tls: TLSIdentity
    private let onAccept: (StreamConnection) -> Void
    private var channel: (any Channel)?
    private var isClosed = false

    /// Numbers the peers on Unix sockets, which have no names of their own.
    nonisolated(unsafe) private static var unixPeerCount = 0

    /// Binds and listens; `onAccept` gets each connection before its first octet is read.
    ///
    /// - Parameters:
    ///   - tls: who we are to peers where the target asks for TLS.
    ///   - dscp: what marks packets on the network (RFC 2474 §3); nil for that of control traffic.
    public init(
        _ target: StreamTarget, loop: ControlLoop, tls: TLSIdentity = .shared, dscp: Int? = nil,
        onAccept: @escaping (StreamConnection) -> Void
    ) throws(TransportError) {
        self.target = target
        self.loop = loop
        self.tls = tls
        self.onAccept = onAccept
        let descriptor: CInt
        do {
            descriptor = try SocketCalls.listen(
                on: target.address, dscp: dscp ?? SocketCalls.controlDSCP)
        } catch {
            throw TransportError(error.reason, errno: error.errno, subject: target.name)
        }
        boundPort = SocketCalls.boundPort(descriptor)
        start(descriptor)
    }

    private func start(_ descriptor: CInt) {
        // Each connection has these, and all the same.
        let make: (any Channel) -> StreamConnection? = { [self] in makeConnection($0) }
        let onHandshakeError: (any Error) -> Void = { [tls] in tls.report($0, during: "SSL_accept")
        }
        let parts = NIOLoopBound(
            (self, make, onAccept, onHandshakeError), eventLoop: loop.eventLoop)
        ServerBootstrap(group: loop.eventLoop)
            .serverChannelOption(.backlog, value: SocketCalls.backlog)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let (listener, make, onAccept, onHandshakeError) = parts.value
                    let usesTLS = listener.target.usesTLS
                    let handler = StreamHandler(
                        awaitsHandshake: usesTLS, make: make, opened: onAccept)
                    let operations = channel.pipeline.syncOperations
                    if usesTLS {
                        try operations.addHandler(listener.tls.makeServerHandler())
                        handler.onHandshakeError = onHandshakeError
                    }
                    try operations.addHandler(handler)
                }
            }
            .withBoundSocket(descriptor)
            .assumeIsolated()
            .whenSuccess { [self] channel in
                if isClosed { channel.close(promise: nil) } else { self.channel = channel }
            }
    }

    private func makeConnection(_ channel: any Channel) -> StreamConnection? {
        guard !isClosed, connectionCount < maximumConnectionCount else { return nil }
        connectionCount += 1
        channel.closeFuture.assumeIsolated().whenComplete { [self] _ in connectionCount -= 1 }
        return StreamConnection(channel: channel, name: peerName(channel), loop: loop)
    }

    private func peerName(_ channel: any Channel) -> String {
        guard let address = channel.remoteAddress, let host = address.ipAddress else {
            defer { Self.unixPeerCount += 1 }
            return "unix#\(Self.unixPeerCount)"
        }
        let bracketed = host.contains(":") ? "[\(host)]" : host
        return "\(target.usesTLS ? "ssl" : "tcp"):\(bracketed):\(address.port ?? 0)"
    }

    /// Stops listening, and unlinks the socket file; connections stay.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        if case .unix(let path) = target.address { SocketCalls.removeStaleSocket(path) }
        channel?.close(promise: nil)
        channel = nil
    }
}
