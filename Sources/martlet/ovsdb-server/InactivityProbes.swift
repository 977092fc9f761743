import Daemon
import OVSDBEngine
import Transport

/// The probes of clients on the network.
final class InactivityProbes {
    private let loop: ControlLoop
    private var probes: [SessionID: InactivityProbe] = [:]

    init(loop: ControlLoop) { self.loop = loop }

    /// - Parameter interval: milliseconds of silence before a client is asked; 0 never asks.
    func add(_ session: SessionID, _ connection: JSONRPCConnection, interval: Int64) {
        probes[session] = InactivityProbe(connection, loop: loop, milliseconds: interval) {
            [weak connection] silence in
            guard let connection else { return }
            LogModule("reconnect").logSilence(of: connection.name, milliseconds: silence)
            connection.stream.abort()
        }
    }

    func setInterval(_ interval: Int64, of session: SessionID) {
        probes[session]?.milliseconds = interval
    }

    func remove(_ session: SessionID) { probes.removeValue(forKey: session)?.stop() }

    func heard(from session: SessionID) { probes[session]?.heard() }

    /// Whether a client has been asked and has not answered yet.
    func isIdle(_ session: SessionID) -> Bool { probes[session]?.isWaiting ?? false }
}

extension LogModule {
    func logSilence(of peer: String, milliseconds: Int64) {
        error(
            "\(peer): no response to inactivity probe after \(milliseconds / 1000) seconds, "
                + "disconnecting")
    }
}
