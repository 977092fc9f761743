import Daemon
import OpenFlow
import OpenFlowSession
import Pipeline
import Switch
import Transport

/// All OpenFlow channels of one bridge: its management socket, its controllers, and whoever has
/// connected to them.
final class BridgeChannels {
    let name: String
    /// Shared by the bridge's sessions.
    var election = RoleElection()
    /// How long a bundle that nothing is heard of is kept (`other_config:bundle-idle-timeout`).
    var bundleIdleTimeout: SessionTime =
        SessionTime(
            DatabaseConfiguration.defaultBundleIdleTimeout) * 1000
    /// Called when what the bridge does without a rule may have to change.
    var onPolicyChange: (() -> Void)?

    private let runtime: SwitchRuntime
    private var settings = ChannelSettings()
    private var management: StreamListener?
    private var snoop: StreamListener?
    private var controllers: [String: ControllerChannel] = [:]
    private var connections: [ObjectIdentifier: OpenFlowConnection] = [:]
    private var snoopers: [Snooper] = []
    private var isFailOpen = false
    private var controllersWantMisses = false
    private let log = LogModule("connmgr")

    init(bridge name: String, runtime: SwitchRuntime) {
        self.name = name
        self.runtime = runtime
        management = listen("mgmt") { [unowned self] stream in
            accept(
                stream,
                OpenFlowSession.Configuration(
                    end: .service, versions: settings.versions, probeInterval: nil), nil)
        }
        snoop = listen("snoop") { [unowned self] stream in add(Snooper(stream)) }
    }

    private func listen(
        _ kind: String, onAccept: @escaping (StreamConnection) -> Void
    ) -> StreamListener? {
        let path = "\(InstallDirectories.current.run)/\(name).\(kind)"
        do throws(TransportError) {
            let target = StreamTarget(
                name: "punix:\(path)", address: .unix(path: path), isPassive: true)
            return try StreamListener(target, loop: runtime.loop, onAccept: onAccept)
        } catch {
            log.error("failed to listen on \(path): \(error)")
            return nil
        }
    }

    func close() {
        management?.close()
        snoop?.close()
        for target in controllers.keys { removeController(target) }
        for connection in connections.values { connection.close() }
        connections.removeAll()
        for snooper in snoopers { snooper.close() }
        snoopers = []
    }

    // MARK: Controllers

    func configure(_ wanted: [ControllerConfiguration], _ settings: ChannelSettings) {
        self.settings = settings
        let targets = Dictionary(wanted.map { ($0.target, $0) }, uniquingKeysWith: { $1 })
        for target in Array(controllers.keys) where targets[target] == nil {
            removeController(target)
        }
        for (target, configuration) in targets {
            if let existing = controllers[target] {
                if existing.configuration == configuration { continue }
                if existing.configuration.needsNoConnection(for: configuration) {
                    existing.apply(configuration, now: runtime.clock.now)
                    continue
                }
                removeController(target)
            }
            addController(configuration)
        }
    }

    private func removeController(_ target: String) {
        controllers.removeValue(forKey: target)?.close()
    }

    private func addController(_ configuration: ControllerConfiguration) {
        let now = runtime.clock.now
        do throws(TransportError) {
            let target = try StreamTarget(
                configuration.target, defaultPort: StreamTarget.openFlowPort)
            if target.isPassive {
                let session = session(configuration, end: .service)
                let name = configuration.target
                let listener = try StreamListener(
                    target, loop: runtime.loop, dscp: configuration.dscp
                ) { [unowned self] stream in
                    let controller = controllers[name]
                    let connection = accept(
                        stream, session, controller?.configuration ?? configuration)
                    controller?.connections.removeAll { $0.stream.isClosed }
                    controller?.connections.append(connection)
                }
                controllers[configuration.target] = ControllerChannel(
                    configuration, client: nil, listener: listener, now: now)
                return
            }
            let client = ReconnectingClient(target, loop: runtime.loop)
            client.maximumBackoffSeconds = configuration.maximumBackoff
            client.dscp = configuration.dscp
            let controller = ControllerChannel(
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

    private func connect(_ client: ReconnectingClient, _ controller: ControllerChannel) {
        let target = controller.configuration.target
        client.onConnect = { [unowned self, unowned controller] stream in
            log.info("\(name)<->\(target): connected")
            let connection = accept(
                stream, session(controller.configuration, end: .controller),
                controller.configuration)
            controller.noteConnection(connection, at: runtime.clock.now)
        }
        client.onDisconnect = { [unowned self, unowned controller] error in
            controller.noteLoss(error, at: runtime.clock.now)
        }
        client.onEvent = { [unowned self, unowned controller] event in
            controller.note(event)
            LogModule("rconn").info("\(name)<->\(target): \(event.text)")
        }
        client.start()
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
        let connection = OpenFlowConnection(
            stream, server: self, runtime: runtime, configuration)
        if let controller { connection.apply(controller) }
        connection.packets.size = controller?.queueSize ?? settings.queueSize
        let id = ObjectIdentifier(connection)
        connections[id] = connection
        connection.onClose = { [weak self, unowned connection] in
            guard let self else { return }
            connections[id] = nil
            updateMonitored()
            onPolicyChange?()
            guard connection.hasCompletedChanges else { return }
            runtime.withSwitch { $0.network.bumpVersion() }
        }
        connection.onEstablished = { [unowned self] _ in onPolicyChange?() }
        connection.onBecamePrimary = { [unowned self] primary in demoteOthers(than: primary) }
        return connection
    }

    private func demoteOthers(than primary: OpenFlowConnection) {
        for connection in connections.values where connection !== primary {
            connection.demote()
        }
    }

    /// Shows the messages of the controller that matters most, the primary one if there is one.
    private func add(_ snooper: Snooper) {
        let candidates = controllers.values.compactMap(\.connection)
        guard
            let best = candidates.max(by: {
                $0.session.role.snoopPreference < $1.session.role.snoopPreference
            })
        else { return snooper.close() }
        snoopers.removeAll { $0.isClosed }
        snoopers.append(snooper)
        best.add(snooper)
    }

    // MARK: Events

    func tell(_ events: [SwitchEvent]) {
        for connection in connections.values {
            for event in events { connection.tell(event) }
            connection.flushMonitors()
            connection.flush()
        }
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

    /// Has the switch note changes to rules while somebody wants to hear of them.
    func updateMonitored() {
        let isMonitored = connections.values.contains { !$0.monitors.isEmpty }
        runtime.lock.withLock {
            runtime.virtualSwitch.bridges[name]?.isMonitored = isMonitored
        }
    }

    // MARK: State

    /// Whether a standalone bridge forwards by itself: no controller has been there for three
    /// times the longest interval in which one would have been probed.
    func mayFailOpen(at now: Milliseconds) -> Bool {
        let primaries = controllers.values.filter {
            $0.client != nil && $0.configuration.isPrimary
        }
        let probe = primaries.map(\.configuration.inactivityProbe).max() ?? 0
        let failure = primaries.map { $0.failureDuration(at: now) }.min() ?? 0
        let mayFail = !primaries.isEmpty && failure / 1000 > Milliseconds(probe) * 3
        if mayFail != isFailOpen {
            isFailOpen = mayFail
            let log = LogModule("fail_open")
            if mayFail {
                log.warning(
                    "Could not connect to controller (or switch failed controller's "
                        + "post-connection admission control policy) for \(failure / 1000) "
                        + "seconds, failing open")
            } else {
                log.warning("No longer in fail-open mode")
            }
        }
        return mayFail
    }

    /// Whether a packet that no rule matches is wanted by somebody who speaks a version in which
    /// that is the default, and whether configured controllers want otherwise than before.
    ///
    /// A tool that comes and goes is no reason to translate all megaflows again.
    func missPolicy() -> (isWanted: Bool, hasChanged: Bool) {
        let wanted = connections.values.filter(\.wantsMisses)
        let before = controllersWantMisses
        controllersWantMisses = wanted.contains { $0.session.configuration.end == .controller }
        return (!wanted.isEmpty, controllersWantMisses != before)
    }

    var reports: [(configuration: ControllerConfiguration, report: ControllerReport)] {
        let now = runtime.clock.now
        return controllers.values.map { ($0.configuration, $0.report(at: now)) }
    }
}

extension Role.Kind {
    /// Which controller's messages are worth most.
    fileprivate var snoopPreference: Int {
        switch self {
        case .primary: 3
        case .equal: 2
        case .secondary: 1
        case .noChange: 0
        }
    }
}
