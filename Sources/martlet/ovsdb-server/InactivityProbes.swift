import Daemon
import JSONRPC
import OVSDBEngine
import Transport

/// Asks clients on the network that say nothing whether they are still there, as nothing else tells
/// of a machine that vanished.
final class InactivityProbes {
    /// A peer that answers none of so many probes is gone; more than one, for a long message on a
    /// slow line counts only when it is whole.
    static let maximumUnansweredCount = 3

    private final class Peer {
        let connection: JSONRPCConnection
        var interval: Int64
        var heardAt: Int64
        var unansweredCount = 0
        var timer: ControlTimer?

        init(_ connection: JSONRPCConnection, interval: Int64, now: Int64) {
            self.connection = connection
            self.interval = interval
            heardAt = now
        }
    }

    private let loop: ControlLoop
    private var peers: [SessionID: Peer] = [:]
    private let log = LogModule("reconnect")

    init(loop: ControlLoop) { self.loop = loop }

    /// - Parameter interval: milliseconds of silence before a client is asked; 0 never asks.
    func add(_ session: SessionID, _ connection: JSONRPCConnection, interval: Int64) {
        let peer = Peer(connection, interval: interval, now: loop.nowMilliseconds)
        peers[session] = peer
        schedule(peer)
    }

    func setInterval(_ interval: Int64, of session: SessionID) {
        guard let peer = peers[session] else { return }
        peer.interval = interval
        schedule(peer)
    }

    func remove(_ session: SessionID) {
        peers.removeValue(forKey: session)?.timer?.cancel()
    }

    func heard(from session: SessionID) {
        guard let peer = peers[session] else { return }
        peer.heardAt = loop.nowMilliseconds
        peer.unansweredCount = 0
    }

    /// Whether a client has been asked and has not answered yet.
    func isIdle(_ session: SessionID) -> Bool {
        peers[session].map { $0.unansweredCount > 0 } ?? false
    }

    /// Looks again when the silence, as far as it has lasted, may be long enough.
    private func schedule(_ peer: Peer) {
        peer.timer?.cancel()
        peer.timer = nil
        guard peer.interval > 0 else { return }
        let patience = peer.interval * Int64(peer.unansweredCount + 1)
        let due = max(1, peer.heardAt + patience - loop.nowMilliseconds)
        peer.timer = loop.after(.milliseconds(due)) { [weak self, weak peer] in
            if let self, let peer { probe(peer) }
        }
    }

    private func probe(_ peer: Peer) {
        let silence = loop.nowMilliseconds - peer.heardAt
        guard silence >= peer.interval * Int64(peer.unansweredCount + 1) else {
            return schedule(peer)
        }
        guard peer.unansweredCount < Self.maximumUnansweredCount else {
            log.error(
                "\(peer.connection.name): no response to inactivity probe after "
                    + "\(silence / 1000) seconds, disconnecting")
            return peer.connection.stream.abort()
        }
        peer.unansweredCount += 1
        peer.connection.send(.request(method: "echo", params: [], id: "echo"))
        schedule(peer)
    }
}
