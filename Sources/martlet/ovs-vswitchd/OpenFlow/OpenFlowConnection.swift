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
    /// Called when another connection must give up being primary.
    var onBecamePrimary: ((OpenFlowConnection) -> Void)?
    var session: OpenFlowSession
    var bundles = BundleTable()

    let runtime: SwitchRuntime
    unowned let server: BridgeChannels
    private let log = LogModule("rconn")
    private var timer: ControlTimer?
    private var isClosed = false
    private let limit: PacketInLimit?

    /// Output that may wait for a slow controller; packet-ins beyond it are dropped.
    static let maximumQueuedPacketInOctets = 1 << 20

    init(
        _ stream: StreamConnection, server: BridgeChannels, runtime: SwitchRuntime,
        _ configuration: OpenFlowSession.Configuration, limit: PacketInLimit? = nil
    ) {
        self.stream = stream
        self.server = server
        self.runtime = runtime
        self.limit = limit
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
        handleEvents()
        runtime.settle()
        flush()
        schedule()
    }

    private func handleEvents() {
        while !isClosed, let event = session.next() {
            switch event {
            case .established: break
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
        do throws(OpenFlowError) {
            switch message {
            case .statsRequest(let request): return try answer(request)
            case .bundleControl(let control): return try handle(control, at: now)
            case .bundleAdd(let add):
                return try bundles.add(add, xid: envelope.xid, dialect: session.dialect, at: now)
            default: break
            }
            let version = session.dialect.version
            let replies = try locked { (virtualSwitch, managed) throws(OpenFlowError) in
                try virtualSwitch.handle(
                    message, version: version, for: managed, now: runtime.clock.now)
            }
            for reply in replies { session.reply(reply) }
            server.forward(message, from: self)
        } catch {
            session.refuse(error)
        }
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
        let result = runtime.lock.withLock { () -> Result<[OpenFlowMessage], OpenFlowError> in
            guard let managed = runtime.virtualSwitch.bridges[server.name] else {
                return .failure(.requestNotPermitted)
            }
            do throws(OpenFlowError) {
                return .success(try body(runtime.virtualSwitch, managed))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Makes a primary controller a secondary one, since another has become primary.
    func demote() {
        if session.role == .primary { session.role = .secondary }
    }

    // MARK: Out

    func flush() {
        let octets = session.takeOutput()
        if !octets.isEmpty && !stream.isClosed { stream.send(octets) }
    }

    func tell(_ event: SwitchEvent) {
        switch event {
        case .packetIn(_, let packet): tell(packet)
        case .flowRemoved(_, let rule, let reason):
            let removed = FlowRemoved(rule, reason, now: runtime.clock.now)
            guard session.wantsFlowRemoved(removed.reason) else { return }
            session.send(.flowRemoved(removed))
        case .portStatus(_, let port, let change):
            let reason: PortStatus.Reason =
                switch change {
                case .added: .add
                case .removed: .delete
                case .modified: .modify
                }
            guard session.wantsPortStatus(reason) else { return }
            session.send(
                .portStatus(
                    PortStatus(reason: reason, port: VirtualSwitch.description(of: port))))
        }
        flush()
    }

    private func tell(_ packet: PacketInEvent) {
        let reason = self.reason(of: packet)
        guard session.wantsPacketIn(reason),
            packet.action.controllerID == session.controllerID,
            stream.queuedByteCount < Self.maximumQueuedPacketInOctets,
            limit?.admits(at: runtime.clock.now) ?? true
        else { return }
        session.send(.packetIn(PacketIn(packet, reason)))
    }

    /// The reason as this connection's version tells it.
    private func reason(of packet: PacketInEvent) -> PacketInReason {
        guard packet.action.reason == .explicitMiss else { return packet.action.reason }
        return session.dialect.version < .v13 ? .action : .noMatch
    }

    /// Tells of another controller's change to groups or meters, where that is wanted.
    func tellRequest(_ message: OpenFlowMessage, isMeter: Bool) {
        guard session.dialect.version >= .v14, session.wantsRequestForward(isMeter: isMeter) else {
            return
        }
        let octets = message.encoded(session.dialect)
        session.send(.requestForward(RequestForward(request: octets)))
        flush()
    }

    // MARK: Time

    private func schedule() {
        timer?.cancel()
        let bundleDeadline = bundles.oldestUse.map { $0 + Self.bundleIdleTimeout }
        let deadlines = [session.deadline, bundleDeadline].compactMap { $0 }
        guard !isClosed, let deadline = deadlines.min() else { return }
        let delay = max(1, deadline - runtime.loop.nowMilliseconds)
        timer = runtime.loop.after(.milliseconds(delay)) { [unowned self] in
            session.advance(to: runtime.loop.nowMilliseconds)
            expireBundles(at: runtime.loop.nowMilliseconds)
            handleEvents()
            flush()
            schedule()
        }
    }
}

extension FlowRemoved {
    fileprivate init(_ rule: Rule, _ reason: SwitchEvent.RemovalReason, now: Milliseconds) {
        self.init(match: rule.match, priority: rule.priority)
        self.reason =
            switch reason {
            case .idleTimeout: .idleTimeout
            case .hardTimeout: .hardTimeout
            case .delete: .delete
            case .groupDelete: .groupDelete
            case .meterDelete: .meterDelete
            }
        tableID = rule.table
        cookie = rule.cookie
        duration = .milliseconds(now - rule.created)
        idleTimeout = rule.idleTimeout
        hardTimeout = rule.hardTimeout
        packetCount = rule.counters.packets
        byteCount = rule.counters.octets
    }
}

extension PacketIn {
    /// What a packet's metadata is besides the port it came in on; told where it is not zero.
    private static let metadataFields: [Field] =
        [.metadata, .tunnelID, .tunnelSource, .tunnelDestination, .packetMark]
        + [.ctState, .ctZone, .ctMark, .ctLabel]
        + Field.allCases.filter {
            Field.reg0.rawValue <= $0.rawValue && $0.rawValue <= Field.reg15.rawValue
        }

    /// The packet goes whole whatever length was asked for, as nothing is kept in a buffer.
    fileprivate init(_ packet: PacketInEvent, _ reason: PacketInReason) {
        var metadata = Match()
        metadata.set(.inPort, to: UInt128(packet.key.inPort & 0xffff))
        for field in Self.metadataFields {
            let value = packet.key[field]
            if value != 0 { metadata.set(field, to: value) }
        }
        self.init(
            reason: reason, tableID: packet.table, cookie: packet.cookie,
            metadata: metadata, data: packet.octets, userdata: packet.action.userdata)
    }
}
