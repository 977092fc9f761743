import Daemon
import OVSDBEngine
import OVSDBModel
import Transport

/// A socket that is listened on, or a peer that is connected to, with the clients it brought.
final class RemoteEndpoint {
    var options: RemoteOptions
    var listener: StreamListener?
    var client: ReconnectingClient?
    private(set) var streams: [SessionID: StreamConnection] = [:]
    /// When the peer was last connected to and lost, by the loop's clock.
    private var connectedAt: Int64?
    private var disconnectedAt: Int64?
    private var lastError: String?
    private var state = "VOID"
    /// Whether failures are no longer told of, as nothing new would be said.
    private var isQuiet = false

    private static let log = LogModule("reconnect")

    init(_ options: RemoteOptions) { self.options = options }

    var isOpen: Bool { listener != nil || client != nil }
    var isConnected: Bool { !streams.isEmpty }

    func add(_ session: SessionID, _ stream: StreamConnection) { streams[session] = stream }
    func remove(_ session: SessionID) { streams[session] = nil }

    /// Closes the connections; peers that we connect to are connected to again.
    func dropClients() {
        if let client { return client.reconnect() }
        for stream in streams.values { stream.close() }
    }

    func close() {
        listener?.close()
        if case .unix(let path)? = listener?.target.address { ExitCleanup.remove(path) }
        client?.stop()
        for stream in streams.values { stream.close() }
    }

    /// Follows what happens to the connection that we open.
    func note(_ event: ReconnectEvent, at now: Int64, maximumBackoff: Int) {
        switch event {
        case .connecting: state = "CONNECTING"
        case .connected:
            state = "ACTIVE"
            connectedAt = now
            isQuiet = false
        case .failed(let reason):
            state = "BACKOFF"
            lastError = reason
        case .closed(let reason):
            state = "BACKOFF"
            disconnectedAt = now
            if let reason { lastError = reason }
        case .silent: break
        case .waiting(let seconds):
            state = "BACKOFF"
            guard seconds >= maximumBackoff, !isQuiet else { break }
            isQuiet = true
            Self.log.info(
                "\(options.target): continuing to reconnect in the background but suppressing "
                    + "further logging")
        }
        if !isQuiet { Self.log.info("\(options.target): \(event.text)") }
    }

    /// As the column `status` of Manager has it (ovs-vswitchd.conf.db(5)).
    ///
    /// - Parameter isIdle: whether a client has been asked if it is still there.
    func status(
        at now: Int64, isIdle: (SessionID) -> Bool, locks: (SessionID) -> LockNames
    ) -> Datum {
        var pairs: [String: String] = [:]
        guard client != nil else {
            // What a listener's clients do is not told one by one.
            if let port = listener?.boundPort { pairs["bound_port"] = String(port) }
            if streams.count > 1 { pairs["n_connections"] = String(streams.count) }
            pairs["sec_since_connect"] = "0"
            pairs["sec_since_disconnect"] = "0"
            return Datum(pairs)
        }
        pairs["state"] = state
        if let session = streams.keys.first {
            if isIdle(session) { pairs["state"] = "IDLE" }
            let names = locks(session)
            let texts = [
                "locks_held": names.held, "locks_waiting": names.awaited, "locks_lost": names.lost,
            ]
            for (key, names) in texts where !names.isEmpty {
                pairs[key] = names.joined(separator: " ")
            }
        }
        if let connectedAt { pairs["sec_since_connect"] = String((now - connectedAt) / 1000) }
        if let disconnectedAt {
            pairs["sec_since_disconnect"] = String((now - disconnectedAt) / 1000)
        }
        if let lastError { pairs["last_error"] = lastError }
        return Datum(pairs)
    }
}
