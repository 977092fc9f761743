import Daemon
import Classifier
import FlowModel
import OpenFlow
import OpenFlowSession
import Pipeline
import Switch
import Transport

/// One controller's or tool's channel to a bridge: a stream, and the session on it.
///
/// It belongs to the control loop.
final class OpenFlowConnection {
    let stream: StreamConnection
    /// Called once when the channel has ended.
    var onClose: (() -> Void)?
    /// Called when the ends have agreed on a version.
    var onEstablished: ((OpenFlowConnection) -> Void)?
    /// Called when another connection must give up being primary.
    var onBecamePrimary: ((OpenFlowConnection) -> Void)?
    var session: OpenFlowSession
    var bundles = BundleTable()

    let runtime: SwitchRuntime
    unowned let server: BridgeChannels
    private let log = LogModule("rconn")
    private var timer: ControlTimer?
    private var isClosed = false
    /// Packets that go to the controller.
    let packets = PacketInQueue()
    var monitors = FlowMonitorTable()
    /// Who is shown all messages of this channel.
    private var snoopers: [Snooper] = []
    private var snoopFramer = OpenFlowFramer()
    /// Whether the controller has done more than to say hello.
    private(set) var isAdmitted = false
    /// Whether megaflows were translated while this connection may have wanted what no rule
    /// matches.
    private(set) var hasCompletedChanges = false
    private var establishedAt: SessionTime?

    init(
        _ stream: StreamConnection, server: BridgeChannels, runtime: SwitchRuntime,
        _ configuration: OpenFlowSession.Configuration
    ) {
        self.stream = stream
        self.server = server
        self.runtime = runtime
        session = OpenFlowSession(configuration, now: runtime.loop.nowMilliseconds)
        stream.onReceive = { [unowned self] octets in receive(octets) }
        stream.onClose = { [unowned self] _ in finish() }
        flush()
        schedule()
    }

    func close() {
        stream.close()
        finish()
    }

    private func finish() {
        guard !isClosed else { return }
        isClosed = true
        timer?.cancel()
        onClose?()
    }

    // MARK: In

    private func receive(_ octets: [UInt8]) {
        session.receive(octets, at: runtime.loop.nowMilliseconds)
        if !snoopers.isEmpty { showReceived(octets) }
        handleEvents()
        runtime.settle()
        flush()
        schedule()
    }

    private func handleEvents() {
        while !isClosed, let event = session.next() {
            switch event {
            case .established:
                establishedAt = runtime.clock.now
                onEstablished?(self)
            case .message(let envelope): handle(envelope)
            case .roleRequest(let role):
                if session.changeRole(to: role, in: &server.election) {
                    onBecamePrimary?(self)
                }
            case .closed(let reason):
                flush()
                log.info("\(server.name)<->\(stream.name): \(Self.text(of: reason))")
                close()
            }
        }
    }

    private static func text(of reason: OpenFlowSession.CloseReason) -> String {
        switch reason {
        case .noCommonVersion(let text): "version negotiation failed (\(text))"
        case .expectedHello: "received OpenFlow message other than OFPT_HELLO first"
        case .malformedHeader: "received a malformed OpenFlow header"
        case .peerIsSilent: "no response to inactivity probe, disconnecting"
        }
    }

    private func handle(_ envelope: Envelope) {
        let message = envelope.message
        let now = runtime.loop.nowMilliseconds
        if !isAdmitted, message.showsAdmission {
            isAdmitted = true
            server.onPolicyChange?()
        }
        do throws(OpenFlowError) {
            switch message {
            case .statsRequest(.flowMonitor(let requests)): return try handle(requests)
            case .flowMonitorCancel(let id): return try cancelMonitor(id)
            case .statsRequest(let request): return try answer(request)
            case .getConfigRequest: return try answerConfig()
            case .barrierRequest:
                if runtime.completeChanges() { hasCompletedChanges = true }
            case .packetOut, .resume: runtime.hasSentPackets = true
            case .bundleControl(let control): return try handle(control, at: now)
            case .bundleAdd(let add):
                return try bundles.add(add, xid: envelope.xid, dialect: session.dialect, at: now)
            default: break
            }
            let version = session.dialect.version
            let origin = MessageOrigin(connection: ObjectIdentifier(self), xid: envelope.xid)
            let replies = try locked { (virtualSwitch, managed) throws(OpenFlowError) in
                virtualSwitch.origin = origin
                defer { virtualSwitch.origin = nil }
                return try virtualSwitch.handle(
                    message, version: version, for: managed, now: runtime.clock.now)
            }
            for reply in replies { session.reply(reply) }
            server.forward(message, from: self)
        } catch {
            session.refuse(error)
        }
    }

    /// What this connection has asked for, but how the bridge handles fragments.
    private func answerConfig() throws(OpenFlowError) {
        var config = session.config
        _ = try locked { (_, managed) throws(OpenFlowError) in
            config.fragments =
                SwitchConfig.FragmentHandling(rawValue: managed.bridge.fragmentMode.rawValue)
                ?? .normal
            return []
        }
        session.reply(.getConfigReply(config))
    }

    private func answer(_ request: StatsRequest) throws(OpenFlowError) {
        switch request {
        case .flow, .aggregate, .group: runtime.refreshCounters()
        case .meter: runtime.refreshMeters()
        case .port: runtime.devices.refreshCounters()
        default: break
        }
        if case .flow(let flows) = request {
            runtime.lock.withLock {
                guard let managed = runtime.virtualSwitch.bridges[server.name] else { return }
                session.reply(.flow) { writer in
                    runtime.virtualSwitch.forEachFlow(flows, of: managed, now: runtime.clock.now) {
                        writer.append($0)
                    }
                }
            }
            return
        }
        let version = session.dialect.version
        let replies = try locked { (virtualSwitch, managed) throws(OpenFlowError) in
            try virtualSwitch.handle(
                .statsRequest(request), version: version, for: managed, now: runtime.clock.now)
        }
        for reply in replies { session.reply(reply) }
    }

    private func locked(
        _ body: (VirtualSwitch, ManagedBridge) throws(OpenFlowError) -> [OpenFlowMessage]
    ) throws(OpenFlowError) -> [OpenFlowMessage] {
        var hasEvents = false
        let result = runtime.lock.withLock { () -> Result<[OpenFlowMessage], OpenFlowError> in
            guard let managed = runtime.virtualSwitch.bridges[server.name] else {
                return .failure(.requestNotPermitted)
            }
            defer { hasEvents = !runtime.virtualSwitch.events.isEmpty }
            do throws(OpenFlowError) {
                return .success(try body(runtime.virtualSwitch, managed))
            } catch {
                return .failure(error)
            }
        }
        // What a request leads to is told before it is answered.
        if hasEvents { runtime.deliverEvents() }
        return try result.get()
    }

    /// Whether packets that no rule matches go to it unless the rules say otherwise.
    var wantsMisses: Bool {
        session.isEstablished && session.controllerID == 0 && session.dialect.version < .v13
    }

    /// Takes over the settings of a controller that need no new connection.
    func apply(_ configuration: ControllerConfiguration) {
        packets.setLimit(
            rate: configuration.rateLimit, burst: configuration.burstLimit,
            now: runtime.clock.now)
        session.hearsByDefault = configuration.enablesAsynchronousMessages
    }

    /// Makes a primary controller a secondary one, since another has become primary.
    func demote() {
        guard session.role == .primary else { return }
        session.role = .secondary
        let generation = server.election.generationID ?? .max
        session.notify(
            .roleStatus(
                RoleStatus(role: .secondary, reason: .primaryRequest, generationID: generation)))
        flush()
    }

    // MARK: Out

    func flush() {
        let octets = session.takeOutput()
        guard !octets.isEmpty && !stream.isClosed else { return }
        stream.send(octets)
        for snooper in snoopers { snooper.show(octets) }
    }

    /// Shows all that comes and goes from now on.
    func add(_ snooper: Snooper) {
        if snoopers.isEmpty {
            snoopFramer = OpenFlowFramer()
            snoopFramer.append(session.pendingOctets)
        }
        snoopers.append(snooper)
    }

    /// Messages are shown whole, so that those of both directions do not mix.
    private func showReceived(_ octets: [UInt8]) {
        snoopers.removeAll { $0.isClosed }
        snoopFramer.append(octets)
        while let message = try? snoopFramer.next() {
            for snooper in snoopers { snooper.show(message) }
        }
    }

    /// Whether the controller has shown that it means to control the switch, or has been there
    /// for so long that it may be taken to.
    var isTrusted: Bool {
        guard let establishedAt else { return false }
        return isAdmitted
            || runtime.clock.now - establishedAt >= Self.admissionTime
    }

    /// Milliseconds after which a silent controller counts as one, as in OVS.
    private static var admissionTime: SessionTime { 30_000 }

    func tell(_ event: SwitchEvent) {
        switch event {
        case .packetIn(_, let packet): tell(packet)
        case .flowRemoved(_, let rule, let reason):
            guard session.wantsFlowRemoved(reason.number) else { return }
            session.notify(.flowRemoved(FlowRemoved(rule, reason, now: runtime.clock.now)))
        case .portStatus(_, let port, let change):
            let reason: PortStatus.Reason =
                switch change {
                case .added: .add
                case .removed: .delete
                case .modified: .modify
                }
            guard session.wantsPortStatus(reason) else { return }
            session.notify(
                .portStatus(
                    PortStatus(reason: reason, port: VirtualSwitch.description(of: port))))
        case .tableStatus(_, let status):
            guard session.dialect.version >= .v14, session.wantsTableStatus(status.reason)
            else { return }
            session.notify(.tableStatus(status))
        case .flowChanged(_, let change): note(change)
        }
    }

    /// Tells of another controller's change to groups or meters, where that is wanted.
    func tellRequest(_ message: OpenFlowMessage, isMeter: Bool) {
        guard session.dialect.version >= .v14, session.wantsRequestForward(isMeter: isMeter) else {
            return
        }
        let octets = message.encoded(session.dialect)
        session.notify(.requestForward(RequestForward(request: octets)))
        flush()
    }

    // MARK: Time

    /// The packets' deadline, which is on the switch's clock.
    private var packetDeadline: SessionTime? {
        packets.deadline.map { runtime.loop.nowMilliseconds + max(0, $0 - runtime.clock.now) }
    }

    func schedule() {
        timer?.cancel()
        let bundleDeadline = bundles.oldestUse.map { $0 + server.bundleIdleTimeout }
        let deadlines = [session.deadline, bundleDeadline, packetDeadline].compactMap { $0 }
        guard !isClosed, let deadline = deadlines.min() else { return }
        let delay = max(1, deadline - runtime.loop.nowMilliseconds)
        timer = runtime.loop.after(.milliseconds(delay)) { [unowned self] in
            session.advance(to: runtime.loop.nowMilliseconds)
            expireBundles(at: runtime.loop.nowMilliseconds)
            sendReadyPackets()
            handleEvents()
            flush()
            schedule()
        }
    }
}

extension FlowRemoved {
    fileprivate init(_ rule: Rule, _ reason: SwitchEvent.RemovalReason, now: Milliseconds) {
        self.init(match: rule.match, priority: rule.priority)
        self.reason = reason.number
        tableID = rule.table
        cookie = rule.cookie
        duration = .milliseconds(now - rule.created)
        idleTimeout = rule.idleTimeout
        hardTimeout = rule.hardTimeout
        packetCount = rule.counters.packets
        byteCount = rule.counters.octets
    }
}

extension OpenFlowMessage {
    /// Whether a controller that sends it has gone beyond finding out what the switch is.
    fileprivate var showsAdmission: Bool {
        switch self {
        case .flowMod, .groupMod, .meterMod, .portMod, .tableMod, .packetOut, .bundleControl,
            .bundleAdd, .barrierRequest:
            true
        default: false
        }
    }
}
