import Daemon
import OpenFlow
import OpenFlowSession
import Pipeline
import Switch
import Transport

/// All OpenFlow channels of one bridge: its management socket, its controllers, and whoever has
/// connected to them.
final class BridgeChannels {
    /// A configured controller that the switch connects to, or listens for.
    private final class Controller {
        var configuration: ControllerConfiguration
        let client: ReconnectingClient?
        let listener: StreamListener?
        var connection: OpenFlowConnection?
        var connectedAt: Milliseconds?
        var disconnectedAt: Milliseconds?
        var lastError: String?
        /// Since when there has been no connection.
        var lostSince: Milliseconds

        init(
            _ configuration: ControllerConfiguration, client: ReconnectingClient?,
            listener: StreamListener?, now: Milliseconds
        ) {
            self.configuration = configuration
            self.client = client
            self.listener = listener
            lostSince = now
        }
    }

    let name: String
    /// Shared by the bridge's sessions.
    var election = RoleElection()

    private let runtime: SwitchRuntime
    /// What the bridge speaks, on its management socket too.
    private var versions = OpenFlowVersions.supported
    private let management: StreamListener?
    private var controllers: [String: Controller] = [:]
    private var connections: [ObjectIdentifier: OpenFlowConnection] = [:]
    private let log = LogModule("connmgr")

    init(bridge name: String, runtime: SwitchRuntime) {
        self.name = name
        self.runtime = runtime
        let path = "\(InstallDirectories.current.run)/\(name).mgmt"
        var accept: ((StreamConnection) -> Void)?
        do throws(TransportError) {
            let target = StreamTarget(
                name: "punix:\(path)", address: .unix(path: path), isPassive: true)
            management = try StreamListener(target, loop: runtime.loop) { accept?($0) }
        } catch {
            management = nil
            log.error("failed to listen on \(path): \(error)")
        }
        accept = { [unowned self] stream in
            self.accept(
                stream,
                OpenFlowSession.Configuration(
                    end: .service, versions: versions, probeInterval: nil), nil)
        }
    }

    func close() {
        management?.close()
        for target in controllers.keys { removeController(target) }
        for connection in connections.values { connection.close() }
        connections.removeAll()
    }

    // MARK: Controllers

    func configure(_ wanted: [ControllerConfiguration], versions: OpenFlowVersions) {
        self.versions = versions
        let targets = Dictionary(wanted.map { ($0.target, $0) }, uniquingKeysWith: { $1 })
        for target in Array(controllers.keys) where targets[target] == nil {
            removeController(target)
        }
        for (target, configuration) in targets {
            if let existing = controllers[target] {
                if existing.configuration == configuration { continue }
                removeController(target)
            }
            addController(configuration)
        }
    }

    private func removeController(_ target: String) {
        guard let controller = controllers.removeValue(forKey: target) else { return }
        controller.connection?.close()
        controller.client?.stop()
        controller.listener?.close()
    }

    private func addController(_ configuration: ControllerConfiguration) {
        let now = runtime.clock.now
        do throws(TransportError) {
            let target = try StreamTarget(
                configuration.target, defaultPort: StreamTarget.openFlowPort)
            if target.isPassive {
                let session = session(configuration, end: .service)
                let listener = try StreamListener(target, loop: runtime.loop) {
                    [unowned self] stream in
                    accept(stream, session, configuration)
                }
                controllers[configuration.target] = Controller(
                    configuration, client: nil, listener: listener, now: now)
                return
            }
            let client = ReconnectingClient(target, loop: runtime.loop)
            client.maximumBackoffSeconds = configuration.maximumBackoff
            let controller = Controller(
                configuration, client: client, listener: nil, now: now)
            controllers[configuration.target] = controller
            connect(client, controller)
        } catch {
            log.error("\(name): \(configuration.target): \(error)")
        }
    }

    private func session(
        _ configuration: ControllerConfiguration, end: OpenFlowSession.End
    ) -> OpenFlowSession.Configuration {
        let probe = configuration.inactivityProbe
        return OpenFlowSession.Configuration(
            end: end, versions: configuration.versions,
            probeInterval: probe == 0 ? nil : SessionTime(probe) * 1000)
    }

    private func connect(_ client: ReconnectingClient, _ controller: Controller) {
        let target = controller.configuration.target
        client.onConnect = { [unowned self, unowned controller] stream in
            controller.connectedAt = runtime.clock.now
            log.info("\(name)<->\(target): connected")
            controller.connection = accept(
                stream, session(controller.configuration, end: .controller),
                controller.configuration)
        }
        client.onDisconnect = { [unowned self, unowned controller] error in
            lost(controller, error)
        }
        client.onEvent = { [unowned self] event in
            LogModule("rconn").info("\(name)<->\(target): \(event.text)")
        }
        client.start()
    }

    private func lost(_ controller: Controller, _ error: TransportError?) {
        if controller.connection != nil { controller.lostSince = runtime.clock.now }
        controller.connection = nil
        controller.disconnectedAt = runtime.clock.now
        controller.lastError = error.map { "\($0.reason)" }
    }

    /// Drops the controllers' connections and connects again (`bridge/reconnect`).
    func reconnect() {
        for controller in controllers.values { controller.client?.reconnect() }
    }

    // MARK: Connections

    @discardableResult
    private func accept(
        _ stream: StreamConnection, _ configuration: OpenFlowSession.Configuration,
        _ controller: ControllerConfiguration?
    ) -> OpenFlowConnection {
        let limit = controller.flatMap { controller in
            controller.rateLimit.map { PacketInLimit(rate: $0, burst: controller.burstLimit) }
        }
        let connection = OpenFlowConnection(
            stream, server: self, runtime: runtime, configuration, limit: limit)
        let id = ObjectIdentifier(connection)
        connections[id] = connection
        connection.onClose = { [weak self] in self?.connections[id] = nil }
        connection.onBecamePrimary = { [unowned self] primary in demoteOthers(than: primary) }
        return connection
    }

    private func demoteOthers(than primary: OpenFlowConnection) {
        for connection in connections.values where connection !== primary {
            connection.demote()
        }
    }

    func tell(_ event: SwitchEvent) {
        for connection in connections.values { connection.tell(event) }
    }

    /// Tells the other controllers of a change to groups or meters (OpenFlow 1.4.1 §7.4.6).
    func forward(_ message: OpenFlowMessage, from origin: OpenFlowConnection) {
        let isMeter: Bool
        switch message {
        case .groupMod: isMeter = false
        case .meterMod: isMeter = true
        default: return
        }
        for connection in connections.values where connection !== origin {
            connection.tellRequest(message, isMeter: isMeter)
        }
    }

    // MARK: State

    /// Whether some controller has been connected within the time that fail-open allows.
    func hasController(at now: Milliseconds) -> Bool {
        let primaries = controllers.values.filter { $0.client != nil }
        return primaries.isEmpty
            || primaries.contains { controller in
                let patience = Milliseconds(max(controller.configuration.inactivityProbe, 1)) * 3000
                return controller.connection != nil || now - controller.lostSince < patience
            }
    }

    /// Whether a packet that no rule matches is wanted by some controller that speaks a version
    /// in which that is the default.
    var wantsMisses: Bool {
        controllers.values.contains { controller in
            guard let session = controller.connection?.session, session.isEstablished else {
                return false
            }
            return session.dialect.version < .v13
        }
    }

    var reports: [(configuration: ControllerConfiguration, report: ControllerReport)] {
        let now = runtime.clock.now
        return controllers.values.map { controller in
            (controller.configuration, report(of: controller, now))
        }
    }

    private func report(of controller: Controller, _ now: Milliseconds) -> ControllerReport {
        var report = ControllerReport()
        guard controller.client != nil else { return report }
        let session = controller.connection?.session
        report.isConnected = session?.isEstablished ?? false
        if let session, session.isEstablished {
            report.role =
                switch session.role {
                case .primary: .master
                case .secondary: .slave
                default: .other
                }
        }
        report.status["state"] =
            session == nil ? "BACKOFF" : session?.isProbing == true ? "IDLE" : "ACTIVE"
        if let time = controller.connectedAt {
            report.status["sec_since_connect"] = String((now - time) / 1000)
        }
        if let time = controller.disconnectedAt {
            report.status["sec_since_disconnect"] = String((now - time) / 1000)
        }
        if let error = controller.lastError { report.status["last_error"] = error }
        return report
    }
}
