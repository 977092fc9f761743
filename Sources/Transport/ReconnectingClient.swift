/// What a ``ReconnectingClient`` goes through; its text is what daemons log under `reconnect`.
public enum ReconnectEvent: Hashable, Sendable {
    case connecting
    case connected
    case failed(String)
    case closed(String?)
    case waiting(seconds: Int)
    /// The peer is given up, since it does not even say that it is there.
    case silent(seconds: Int)

    public var text: String {
        switch self {
        case .connecting: "connecting..."
        case .connected: "connected"
        case .failed(let reason): "connection attempt failed (\(reason))"
        case .closed(nil): "connection closed by peer"
        case .closed(.some(let reason)): "connection dropped (\(reason))"
        case .waiting(let seconds): "waiting \(seconds) seconds before reconnect"
        case .silent(let seconds):
            "no response to inactivity probe after \(seconds) seconds, disconnecting"
        }
    }
}

/// The waits between attempts to connect: none before the first, then 1, 2, 4 and 8 seconds.
///
/// A connection that lasted longer than the wait before it earns an attempt at once; one that
/// broke sooner does not, so a peer that accepts and hangs up is not tried in a tight loop.
struct Backoff {
    static let minimumSeconds = 1

    var maximumSeconds: Int
    private(set) var seconds = 0

    init(maximumSeconds: Int) { self.maximumSeconds = maximumSeconds }

    /// The wait after an attempt that failed.
    mutating func attemptFailed() -> Int {
        seconds = min(max(seconds * 2, Self.minimumSeconds), maximumSeconds)
        return seconds
    }

    /// The wait after a connection that lasted `duration`.
    mutating func connectionEnded(after duration: Duration) -> Int {
        guard duration >= .seconds(max(seconds, Self.minimumSeconds)) else {
            return attemptFailed()
        }
        seconds = 0
        return 0
    }
}

/// Keeps a connection to one target, and opens it again whenever it breaks.
///
/// It belongs to the control loop.
public final class ReconnectingClient {
    /// The longest wait that genuine daemons use by default.
    public static let defaultMaximumBackoffSeconds = 8

    public let target: StreamTarget
    /// The connection, while there is one.
    public private(set) var connection: StreamConnection?
    /// Gets each new connection before its first octet is read.
    public var onConnect: ((StreamConnection) -> Void)?
    public var onDisconnect: ((TransportError?) -> Void)?
    /// Each step, for the log and for status columns.
    public var onEvent: ((ReconnectEvent) -> Void)?
    public var maximumBackoffSeconds: Int {
        get { backoff.maximumSeconds }
        set { backoff.maximumSeconds = newValue }
    }

    /// What marks packets on the network from the next connection on (RFC 2474 §3); nil for that
    /// of control traffic.
    public var dscp: Int?

    /// What a second of backoff lasts; tests make it shorter.
    var second: Duration = .seconds(1)

    private let loop: ControlLoop
    private let tls: TLSIdentity
    private var backoff = Backoff(maximumSeconds: defaultMaximumBackoffSeconds)
    private var timer: ControlTimer?
    private var connectedAt: UInt64 = 0
    /// Tells late callbacks of an attempt that was given up.
    private var attempt = 0
    private var isRunning = false

    public init(_ target: StreamTarget, loop: ControlLoop, tls: TLSIdentity = .shared) {
        self.target = target
        self.loop = loop
        self.tls = tls
    }

    public func start() {
        guard !isRunning else { return }
        isRunning = true
        connect()
    }

    /// Closes, and stays closed; ``onDisconnect`` is not called for it.
    public func stop() {
        isRunning = false
        attempt += 1
        timer?.cancel()
        timer = nil
        connection?.onEnd = nil
        connection?.close()
        connection = nil
    }

    /// Drops the connection and connects again at once.
    public func reconnect() {
        guard isRunning else { return }
        let hadConnection = connection != nil
        stop()
        if hadConnection { onDisconnect?(nil) }
        start()
    }

    private func connect() {
        attempt += 1
        let attempt = attempt
        timer = nil
        onEvent?(.connecting)
        StreamClient.connect(
            to: target, loop: loop, tls: tls,
            onConnect: { [self] connection in connected(connection, attempt) },
            onFailure: { [self] error in
                guard attempt == self.attempt else { return }
                onEvent?(.failed(error.reason))
                wait(backoff.attemptFailed())
            })
    }

    private func connected(_ connection: StreamConnection, _ attempt: Int) {
        guard attempt == self.attempt, isRunning else {
            connection.abort()
            return
        }
        connection.mark(dscp: dscp)
        self.connection = connection
        connectedAt = loop.nowNanoseconds
        connection.onEnd = { [weak self] error in self?.disconnected(error, attempt) }
        onEvent?(.connected)
        onConnect?(connection)
    }

    private func disconnected(_ error: TransportError?, _ attempt: Int) {
        guard attempt == self.attempt else { return }
        connection = nil
        onEvent?(.closed(error?.reason))
        let lasted = Duration.nanoseconds(Int64(loop.nowNanoseconds - connectedAt))
        let seconds = backoff.connectionEnded(after: lasted)
        onDisconnect?(error)
        if isRunning, attempt == self.attempt { wait(seconds) }
    }

    private func wait(_ seconds: Int) {
        guard seconds > 0 else {
            connect()
            return
        }
        onEvent?(.waiting(seconds: seconds))
        timer = loop.after(second * seconds) { [self] in connect() }
    }
}
