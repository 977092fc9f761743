import Glibc
import NIOCore
import NIOEmbedded
import NIOSSL
import NIOTLS

/// TLS for a tool's one stream: octets of the socket go in and out by hand, so no event loop has
/// to be started.
final class BlockingTLS {
    /// Keeps an error that the TLS library reports, for whoever asks next.
    private final class Outcome: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        var isHandshakeComplete = false
        var isEnded = false
        var error: (any Error)?

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .handshakeCompleted = event as? TLSUserEvent { isHandshakeComplete = true }
            context.fireUserInboundEventTriggered(event)
        }

        func channelInactive(context: ChannelHandlerContext) {
            isEnded = true
            context.fireChannelInactive()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            if self.error == nil { self.error = error }
        }
    }

    private let channel = EmbeddedChannel()
    private let identity: TLSIdentity
    private let outcome = Outcome()

    /// The end that connects.
    convenience init(_ identity: TLSIdentity, host: String) throws(TransportError) {
        try self.init(identity, try identity.makeClientHandler(host: host))
    }

    /// The end that is connected to.
    convenience init(acceptingAs identity: TLSIdentity) throws(TransportError) {
        try self.init(identity, try identity.makeServerHandler())
    }

    private init(
        _ identity: TLSIdentity, _ handler: any ChannelHandler
    ) throws(TransportError) {
        self.identity = identity
        do {
            try channel.pipeline.syncOperations.addHandlers(handler, outcome)
            // The channel has no socket; the address only makes it active.
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 0), promise: nil)
        } catch {
            throw TransportError(errno: EPROTO)
        }
    }

    /// Octets that tell the peer of the end, for which nobody waits: the library's patience with
    /// the peer is spent by moving the clock of its channel.
    func end() -> [UInt8] {
        channel.close(promise: nil)
        let farewell = takeOutgoing()
        channel.embeddedEventLoop.advanceTime(by: TLSIdentity.shutdownTimeout + .seconds(1))
        return farewell
    }

    deinit { _ = end() }

    var isHandshakeComplete: Bool { outcome.isHandshakeComplete }

    /// Whether the peer has said that it will send no more.
    var isEnded: Bool { outcome.isEnded }

    /// Octets for the socket.
    func takeOutgoing() -> [UInt8] {
        var octets: [UInt8] = []
        while let buffer = try? channel.readOutbound(as: ByteBuffer.self) {
            octets += buffer.readableBytesView
        }
        return octets
    }

    /// Takes octets of the socket.
    ///
    /// - Returns: what they say.
    func receive(_ octets: [UInt8]) throws(TransportError) -> [UInt8] {
        _ = try? channel.writeInbound(ByteBuffer(bytes: octets))
        // A verdict on certificates that is given by a callback comes in a later turn.
        channel.embeddedEventLoop.run()
        var text: [UInt8] = []
        while let buffer = try? channel.readInbound(as: ByteBuffer.self) {
            text += buffer.readableBytesView
        }
        if text.isEmpty, let error = outcome.error {
            identity.report(error, during: isHandshakeComplete ? "SSL_read" : "SSL_connect")
            throw TransportError(error)
        }
        return text
    }

    func send(_ octets: [UInt8]) throws(TransportError) {
        do {
            try channel.writeOutbound(ByteBuffer(bytes: octets))
        } catch {
            throw TransportError(error)
        }
    }
}
