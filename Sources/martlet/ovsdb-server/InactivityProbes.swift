import Daemon
import JSONRPC
import OVSDBEngine
import Transport

/// Asks clients on TCP that say nothing whether they are still there, as nothing else tells of a
/// machine that vanished.
final class InactivityProbes {
    /// As genuine servers ask (`inactivity_probe` in ovs-vswitchd.conf.db(5)).
    static let idleMilliseconds: Int64 = 5000
    /// A peer that answers none of so many probes is gone; more than one, for a long message on a
    /// slow line counts only when it is whole.
    static let maximumUnansweredCount = 3

    private struct Peer {
        let connection: JSONRPCConnection
        var heardAt: Int64
        var unansweredCount = 0
    }

    private let loop: ControlLoop
    private var peers: [SessionID: Peer] = [:]
    private var timer: ControlTimer?
    private let log = LogModule("reconnect")

    init(loop: ControlLoop) { self.loop = loop }

    func add(_ session: SessionID, _ connection: JSONRPCConnection) {
        peers[session] = Peer(connection: connection, heardAt: loop.nowMilliseconds)
        guard timer == nil else { return }
        timer = loop.every(.milliseconds(Self.idleMilliseconds)) { [weak self] in self?.probe() }
    }

    func remove(_ session: SessionID) {
        peers[session] = nil
        guard peers.isEmpty else { return }
        timer?.cancel()
        timer = nil
    }

    func heard(from session: SessionID) {
        peers[session]?.heardAt = loop.nowMilliseconds
        peers[session]?.unansweredCount = 0
    }

    private func probe() {
        let now = loop.nowMilliseconds
        for (session, peer) in peers where now - peer.heardAt >= Self.idleMilliseconds {
            guard peer.unansweredCount < Self.maximumUnansweredCount else {
                let seconds = (now - peer.heardAt) / 1000
                log.error(
                    "\(peer.connection.name): no response to inactivity probe after \(seconds) "
                        + "seconds, disconnecting")
                peer.connection.stream.abort()
                continue
            }
            peers[session]?.unansweredCount += 1
            peer.connection.send(.request(method: "echo", params: [], id: "echo"))
        }
    }
}
