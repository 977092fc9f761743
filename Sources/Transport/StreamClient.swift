import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// Opens connections.
public enum StreamClient {
    /// How long the other end may take to accept.
    public static let connectTimeout: Duration = .seconds(10)

    /// Connects once; exactly one of the callbacks is called, later, on the loop.
    ///
    /// - Parameters:
    ///   - tls: who we are to the peer where the target asks for TLS.
    ///   - onConnect: gets the connection before its first octet is read.
    public static func connect(
        to target: StreamTarget, loop: ControlLoop, tls: TLSIdentity = .shared,
        onConnect: @escaping (StreamConnection) -> Void,
        onFailure: @escaping (TransportError) -> Void
    ) {
        let ssl: NIOSSLClientHandler?
        do throws(TransportError) {
            ssl = try target.usesTLS ? tls.makeClientHandler(host: target.host) : nil
        } catch {
            loop.soon { onFailure(error) }
            return
        }
        let handler = StreamHandler(
            awaitsHandshake: ssl != nil,
            make: { StreamConnection(channel: $0, name: target.name, loop: loop) },
            opened: onConnect)
        // Whichever fails first, the connection or the handshake, is told of.
        var isOver = false
        let fail = { (error: TransportError) in
            guard !isOver else { return }
            isOver = true
            onFailure(error)
        }
        handler.onFailure = ssl == nil ? nil : fail
        handler.onHandshakeError = { tls.report($0, during: "SSL_connect") }
        let handlers: [any ChannelHandler] = ssl.map { [$0, handler] } ?? [handler]
        let bound = NIOLoopBound(handlers, eventLoop: loop.eventLoop)
        let bootstrap = ClientBootstrap(group: loop.eventLoop)
            .connectTimeout(TimeAmount(connectTimeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(bound.value)
                }
            }
        connect(bootstrap, target.address).assumeIsolated().whenFailure { error in
            fail(TransportError(describing: error, subject: target.name))
        }
    }

    private static func connect(
        _ bootstrap: ClientBootstrap, _ address: StreamAddress
    ) -> EventLoopFuture<any Channel> {
        switch address {
        case .unix(let path):
            bootstrap.connect(unixDomainSocketPath: path)
        case .tcp(let host, let port):
            if let numeric = try? SocketAddress(ipAddress: host, port: Int(port)) {
                bootstrap.connect(to: numeric)
            } else {
                bootstrap.connect(host: host, port: Int(port))
            }
        }
    }
}

extension TransportError {
    /// The error of an attempt to connect.
    init(describing error: any Error, subject: String) {
        let plain =
            switch error {
            case let error as NIOConnectionError:
                // Without an attempt there was no address: the name is not known.
                error.connectionErrors.first.map { TransportError($0.error) }
                    ?? TransportError(errno: EAFNOSUPPORT)
            default: TransportError(error)
            }
        self.init(plain.reason, errno: plain.errno, subject: subject)
    }
}
