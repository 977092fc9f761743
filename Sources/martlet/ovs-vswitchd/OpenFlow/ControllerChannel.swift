import OpenFlow
import OpenFlowSession
import Pipeline
import Transport

/// A configured controller that the switch connects to, or listens for.
///
/// It belongs to the control loop.
final class ControllerChannel {
    var configuration: ControllerConfiguration
    let client: ReconnectingClient?
    let listener: StreamListener?
    /// Who is connected: of a controller that is listened for, perhaps several.
    var connections: [OpenFlowConnection] = []
    var connectedAt: Milliseconds?
    var disconnectedAt: Milliseconds?
    var lastError: String?
    var isConnecting = false
    /// When the controller last was there and meant to control the switch.
    private var admittedAt: Milliseconds

    init(
        _ configuration: ControllerConfiguration, client: ReconnectingClient?,
        listener: StreamListener?, now: Milliseconds
    ) {
        self.configuration = configuration
        self.client = client
        self.listener = listener
        admittedAt = now
    }

    /// The connection that the switch has made.
    var connection: OpenFlowConnection? { client == nil ? nil : connections.first }

    func close() {
        for connection in connections { connection.close() }
        client?.stop()
        listener?.close()
    }

    /// Takes over settings that need no new connection.
    func apply(_ wanted: ControllerConfiguration, now: Milliseconds) {
        configuration = wanted
        client?.maximumBackoffSeconds = wanted.maximumBackoff
        for connection in connections { connection.apply(wanted) }
    }

    // MARK: Life

    func noteConnection(_ connection: OpenFlowConnection, at now: Milliseconds) {
        connectedAt = now
        isConnecting = false
        connections = [connection]
    }

    func noteLoss(_ error: TransportError?, at now: Milliseconds) {
        _ = failureDuration(at: now)
        connections = []
        disconnectedAt = now
        lastError = error?.reason ?? "End of file"
    }

    func note(_ event: ReconnectEvent) {
        switch event {
        case .connecting: isConnecting = true
        case .failed(let reason):
            isConnecting = false
            lastError = reason
        case .connected, .closed, .waiting, .silent: isConnecting = false
        }
    }

    /// For how long the controller has not been there.
    func failureDuration(at now: Milliseconds) -> Milliseconds {
        if connection?.isTrusted == true { admittedAt = now }
        return now - admittedAt
    }

    // MARK: Report

    func report(at now: Milliseconds) -> ControllerReport {
        var report = ControllerReport()
        guard client != nil else { return report }
        let session = connection?.session
        report.isConnected = session?.isEstablished ?? false
        if let session, session.isEstablished {
            report.role =
                switch session.role {
                case .primary: .master
                case .secondary: .slave
                default: .other
                }
        }
        report.status = connection?.packets.status ?? [:]
        report.status["state"] = state(session)
        if let time = connectedAt {
            report.status["sec_since_connect"] = String((now - time) / 1000)
        }
        if let time = disconnectedAt {
            report.status["sec_since_disconnect"] = String((now - time) / 1000)
        }
        if let lastError { report.status["last_error"] = lastError }
        return report
    }

    private func state(_ session: OpenFlowSession?) -> String {
        guard let session else { return isConnecting ? "CONNECTING" : "BACKOFF" }
        guard session.isEstablished else { return "CONNECTING" }
        return session.isProbing ? "IDLE" : "ACTIVE"
    }
}
