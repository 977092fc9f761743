import Daemon
import JSONRPC
import OVSDBEngine
import OVSDBModel
import Transport

/// The connection by which a server follows another one, as a relay or as a backup.
final class FollowingClient {
    /// What becomes of the connection and of the databases.
    enum Event {
        case isSelf
        case refused(database: String)
    }

    /// As genuine servers probe the server that they follow.
    static let defaultProbeMilliseconds: Int64 = 60_000
    /// Below a second, a server under load would lose its followers.
    static let minimumProbeMilliseconds: Int64 = 1000

    let remote: String
    private(set) var follower: DatabaseFollower
    var onEvent: ((Event) -> Void)?
    /// How long the other server may be silent; zero asks it nothing.
    var probeMilliseconds = FollowingClient.defaultProbeMilliseconds {
        didSet { probe?.milliseconds = effectiveProbeMilliseconds }
    }

    private unowned let host: DatabaseHost
    private var client: ReconnectingClient?
    private var connection: JSONRPCConnection?
    /// What clients asked for while there was no connection.
    private var waiting: [ForwardedRequest] = []
    private var probe: InactivityProbe?
    private let log: LogModule
    private let reconnectLog = LogModule("reconnect")

    init(_ follower: DatabaseFollower, remote: String, host: DatabaseHost) {
        self.follower = follower
        self.remote = remote
        self.host = host
        if case .relay = follower.role {
            log = LogModule("relay")
        } else {
            log = LogModule("replication")
        }
    }

    /// The other server is asked for as long as it takes; a name that says nothing stays so.
    func start() {
        do throws(TransportError) {
            let target = try StreamTarget(remote, defaultPort: StreamTarget.ovsdbPort)
            guard !target.isPassive else {
                throw TransportError("a server to follow cannot be listened for")
            }
            connect(to: target)
        } catch {
            reconnectLog.info("\(remote): connecting...")
            reconnectLog.info("\(remote): connection attempt failed (\(error.reason))")
        }
    }

    private func connect(to target: StreamTarget) {
        let client = ReconnectingClient(target, loop: host.loop)
        client.onEvent = { [remote, reconnectLog] in reconnectLog.info("\(remote): \($0.text)") }
        client.onConnect = { [weak self] in self?.connected($0) }
        client.onDisconnect = { [weak self] _ in self?.disconnected() }
        self.client = client
        client.start()
    }

    func stop() {
        client?.stop()
        client = nil
        guard connection != nil else { return }
        disconnected()
    }

    /// Passes a request on, now or once there is a connection.
    func forward(_ request: ForwardedRequest) {
        guard follower.liveDatabases.contains(request.database) else {
            waiting.append(request)
            return
        }
        perform([follower.forward(request)])
    }

    private func connected(_ stream: StreamConnection) {
        let connection = JSONRPCConnection(stream)
        self.connection = connection
        connection.onMessage = { [weak self] message in
            guard let self else { return }
            probe?.heard()
            perform(follower.handle(message))
        }
        probe = InactivityProbe(
            connection, loop: host.loop, milliseconds: effectiveProbeMilliseconds
        ) { [weak self] silence in
            guard let self else { return }
            reconnectLog.logSilence(of: remote, milliseconds: silence)
            client?.reconnect()
        }
        perform(follower.connected())
    }

    private func disconnected() {
        connection = nil
        probe?.stop()
        probe = nil
        perform(follower.disconnected())
        if case .relay(let name) = follower.role {
            host.deliver(host.server.setRelay(name, isConnected: false, at: host.now))
        }
    }

    // MARK: Actions

    private func perform(_ actions: [DatabaseFollower.Action]) {
        for action in actions { perform(action) }
    }

    private func perform(_ action: DatabaseFollower.Action) {
        switch action {
        case .send(let message):
            connection?.send(message)
        case .schema(let name, let schema):
            host.deliver(host.server.setRelay(name, schema: schema, at: host.now))
        case .update(let name, let update):
            take(update, in: name)
        case .answered(let number, let answer):
            host.deliver(host.server.forwardedRequest(number, answered: answer, at: host.now))
        case .note(let sentence):
            log.info(sentence)
        case .refused(let name, let reason):
            log.warning(reason)
            onEvent?(.refused(database: name))
        case .isSelf:
            log.warning("\(remote): this is the server itself, which cannot follow itself")
            onEvent?(.isSelf)
        }
    }

    private func take(_ update: ReplicatedUpdate, in name: String) {
        if update.isComplete, case .backup = follower.role {
            log.info("Monitor request received. Resetting the database")
        }
        do throws(OVSDBError) {
            host.deliver(try host.server.replicate(update, in: name, at: host.now))
        } catch {
            LogModule("ovsdb_error").error("unexpected ovsdb error: \(error)")
            follower.give(up: name)
            onEvent?(.refused(database: name))
            return
        }
        host.committed()
        guard update.isComplete, case .relay = follower.role else { return }
        host.deliver(host.server.setRelay(name, isConnected: true, at: host.now))
        let requests = waiting
        waiting = []
        for request in requests { forward(request) }
    }

    private var effectiveProbeMilliseconds: Int64 {
        probeMilliseconds > 0 ? max(probeMilliseconds, Self.minimumProbeMilliseconds) : 0
    }
}
