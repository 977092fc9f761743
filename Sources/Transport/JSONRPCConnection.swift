import Glibc
public import JSONRPC

/// A stream that carries JSON-RPC messages both ways.
///
/// It belongs to the control loop, as the stream does. What is no message ends the connection, as
/// nothing says where the next one would begin.
public final class JSONRPCConnection {
    /// Above any transaction that tools send, below what would exhaust a daemon.
    public static let maximumMessageByteCount = 1 << 28

    public let stream: StreamConnection
    /// Called for each message, in order; not while reading is paused.
    public var onMessage: ((JSONRPCMessage) -> Void)? {
        didSet { if onMessage != nil { deliver() } }
    }
    /// Called once; nil means that either end closed in good order.
    public var onClose: ((TransportError?) -> Void)?

    private var incoming: JSONStream
    private var isDelivering = false

    /// Takes over the callbacks of `stream`.
    ///
    /// - Parameter maximumByteCount: the longest message that the peer may send.
    public init(
        _ stream: StreamConnection,
        maximumByteCount: Int = JSONRPCConnection.maximumMessageByteCount
    ) {
        self.stream = stream
        incoming = JSONStream(maximumByteCount: maximumByteCount)
        stream.onClose = { [self] error in
            let onClose = onClose
            self.onClose = nil
            onMessage = nil
            onClose?(error)
        }
        stream.onReceive = { [self] octets in
            incoming.append(octets)
            deliver()
        }
    }

    public var name: String { stream.name }
    public var isClosed: Bool { stream.isClosed }

    public func send(_ message: JSONRPCMessage) { stream.send(message.encode()) }

    /// As ``StreamConnection/sendSoon(_:)``.
    public func sendSoon(_ message: JSONRPCMessage) { stream.sendSoon(message.encode()) }

    /// As ``StreamConnection/sendSoon(shared:)``, of a message that was encoded before.
    public func sendSoon(shared message: [UInt8]) { stream.sendSoon(shared: message) }

    /// Closes once what is queued is out.
    public func close() {
        onMessage = nil
        stream.close()
    }

    /// Stops reading and delivering, so that the peer has to wait.
    public var isPaused = false {
        didSet {
            stream.isReadingPaused = isPaused
            if !isPaused { deliver() }
        }
    }

    private func deliver() {
        guard !isDelivering else { return }
        isDelivering = true
        defer { isDelivering = false }
        do {
            while !isPaused, let onMessage, let value = try incoming.next() {
                onMessage(try JSONRPCMessage(value))
            }
        } catch let error as JSONError {
            abort("error parsing stream: \(error)")
        } catch let error as JSONRPCError {
            abort("received bad JSON-RPC message: \(error)")
        } catch {
            stream.abort(TransportError("\(error)"))
        }
    }

    /// Gives up a peer that does not speak the protocol.
    private func abort(_ detail: String) {
        stream.abort(TransportError(errno: EPROTO, detail: detail))
    }
}
