import Glibc
import NIOCore
import NIOPosix

/// Opens connections.
public enum StreamClient {
    /// How long the other end may take to accept.
    public static let connectTimeout: Duration = .seconds(10)

    /// Connects once; exactly one of the callbacks is called, later, on the loop.
    ///
    /// - Parameter onConnect: gets the connection before its first octet is read.
    public static func connect(
        to target: StreamTarget, loop: ControlLoop,
        onConnect: @escaping (StreamConnection) -> Void,
        onFailure: @escaping (TransportError) -> Void
    ) {
        let callback = NIOLoopBound(onConnect, eventLoop: loop.eventLoop)
        let bootstrap = ClientBootstrap(group: loop.eventLoop)
            .connectTimeout(TimeAmount(connectTimeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = StreamHandler(
                        make: { StreamConnection(channel: $0, name: target.name, loop: loop) },
                        opened: { callback.value($0) })
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        connect(bootstrap, target.address).assumeIsolated().whenFailure { error in
            onFailure(TransportError(describing: error, subject: target.name))
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
            if let error = error as? NIOConnectionError,
                let first = error.connectionErrors.first
            {
                TransportError(first.error)
            } else {
                TransportError(error)
            }
        self.init(plain.reason, errno: plain.errno, subject: subject)
    }
}
