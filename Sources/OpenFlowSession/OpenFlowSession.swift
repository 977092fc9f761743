import Bytes
public import FlowModel
public import OpenFlow

/// Milliseconds on the owner's clock, from any start.
public typealias SessionTime = Int64

/// One end of an OpenFlow channel, without the socket and without a clock.
///
/// The owner puts in what it received and the time, takes events out until there are no more, and
/// writes ``takeOutput()`` to the socket. Hellos, echoes, formats and wrong messages are the
/// session's own business; an event is what the owner has to act on.
///
/// Events are pulled one by one instead of returned as a list, because a read of 64 KiB can hold
/// 800 flow-mods, and because what one message changes decides how the next one is read. Until the
/// next event is pulled, ``reply(_:)`` and ``refuse(_:)`` are about the message at hand, so replies
/// come in the order of the requests and a barrier needs no bookkeeping.
public struct OpenFlowSession: Sendable {
    /// Which end of the channel this is.
    public enum End: Hashable, Sendable {
        /// The switch's end of a connection to a configured controller.
        case controller
        /// The switch's end of a connection that nobody configured, such as `ovs-ofctl`'s.
        case service
        /// The controller's end.
        case client
    }

    public struct Configuration: Hashable, Sendable {
        public var end: End
        public var versions: OpenFlowVersions
        /// The longest that the peer may say nothing before it is probed; `nil` to never probe.
        public var probeInterval: SessionTime?

        public init(
            end: End, versions: OpenFlowVersions = .supported,
            probeInterval: SessionTime? = OpenFlowSession.defaultProbeInterval
        ) {
            self.end = end
            self.versions = versions.intersection(.supported)
            self.probeInterval = probeInterval
        }
    }

    public enum Event: Hashable, Sendable {
        case established(OpenFlowVersion)
        case message(Envelope)
        /// The controller asks for a role; to be answered with ``changeRole(to:in:)``.
        case roleRequest(Role)
        /// The owner is to write what there is to write and to close the socket.
        case closed(CloseReason)
    }

    public enum CloseReason: Error, Hashable, Sendable {
        case noCommonVersion(String)
        case expectedHello
        case malformedHeader
        case peerIsSilent
    }

    private enum State: Hashable {
        case awaitingHello
        case established
        case closed
    }

    /// Five seconds, as in the `inactivity_probe` column.
    public static let defaultProbeInterval: SessionTime = 5000

    /// How much of each packet a controller gets that says nothing.
    public static let controllerMissSendLength: UInt16 = 128

    public let configuration: Configuration
    /// What the ends have agreed on; the version counts once the session is established.
    public var dialect: Dialect
    /// What the controller asked of fragments, of invalid TTLs and of lengths.
    public var config: SwitchConfig
    /// The number by which `controller(id=...)` means this connection.
    public private(set) var controllerID: UInt16 = 0
    public var role = Role.Kind.equal
    public var asyncConfig = AsyncConfig.standard
    /// Whether a controller that says nothing gets messages that it did not ask for
    /// (`enable_async_messages`).
    public var hearsByDefault = true {
        didSet { if hearsByDefault != oldValue { resetAsyncConfig() } }
    }

    private var state = State.awaitingHello
    private var framer = OpenFlowFramer()
    var parts = MultipartRequests()
    private var output = OctetWriter()
    private var nextXID: UInt32 = 1
    private var closing: CloseReason?
    private var lastReceived: SessionTime
    private var probeSent: SessionTime?

    // The message at hand.
    private var current: [UInt8] = []
    private var currentXID: UInt32 = 0
    private var replyDialect: Dialect

    /// Begins with a hello, which lies in the output.
    public init(_ configuration: Configuration, now: SessionTime) {
        self.configuration = configuration
        dialect = Dialect(version: configuration.versions.newest ?? .v10)
        replyDialect = dialect
        config = SwitchConfig(
            missSendLength: configuration.end == .controller ? Self.controllerMissSendLength : 0)
        lastReceived = now
        send(.hello(Hello(versions: configuration.versions)))
    }

    public var isEstablished: Bool { state == .established }
    public var isClosed: Bool { state == .closed }
    /// A probe is out, and the peer has not said anything since.
    public var isProbing: Bool { probeSent != nil }

    // MARK: In

    /// Puts in what came from the peer; ``next()`` takes out what it means.
    public mutating func receive(_ octets: some Sequence<UInt8>, at now: SessionTime) {
        lastReceived = now
        probeSent = nil
        framer.append(octets)
    }

    /// The next event; `nil` until there is more to read.
    public mutating func next() -> Event? {
        if let reason = closing {
            closing = nil
            return .closed(reason)
        }
        while state != .closed {
            let octets: [UInt8]
            do {
                guard let message = try framer.next() else { return nil }
                octets = message
            } catch {
                return close(.malformedHeader)
            }
            if let event = handle(octets) { return event }
        }
        return nil
    }

    private mutating func handle(_ octets: [UInt8]) -> Event? {
        guard let header = MessageHeader(octets) else { return close(.malformedHeader) }
        current = octets
        currentXID = header.xid
        replyDialect = dialect
        switch state {
        case .awaitingHello:
            guard header.isHello else { return close(.expectedHello) }
            return negotiate(octets, header)
        case .established:
            guard header.version == dialect.version || header.isHello else {
                refuse(.requestBadVersion, as: header.version)
                return nil
            }
            return handle(octets, header)
        case .closed: return nil
        }
    }

    /// Octets of a message of which not all has come.
    public var pendingOctets: [UInt8] { framer.pendingOctets }

    private mutating func resetAsyncConfig() {
        guard hearsByDefault else {
            let nothing = AsyncConfig.Masks.nothing
            asyncConfig = AsyncConfig(primary: nothing, secondary: nothing)
            return
        }
        asyncConfig = dialect.version >= .v14 ? .standard14 : .standard
    }

    private mutating func handle(_ octets: [UInt8], _ header: MessageHeader) -> Event? {
        do {
            guard let message = try read(octets, header) else { return nil }
            return handle(message, header)
        } catch {
            if !header.isError { refuse(error) }
            return nil
        }
    }

    // MARK: Versions

    private mutating func negotiate(_ octets: [UInt8], _ header: MessageHeader) -> Event {
        var offered = OpenFlowVersions.upTo(header.version)
        if case .hello(let hello)? = try? OpenFlowMessage.parse(octets),
            let versions = hello.versions
        {
            offered = versions
        }
        guard let version = configuration.versions.intersection(offered).newest else {
            return failNegotiation(offered)
        }
        dialect.version = version
        replyDialect = dialect
        state = .established
        resetAsyncConfig()
        return .established(version)
    }

    private mutating func failNegotiation(_ offered: OpenFlowVersions) -> Event {
        let text =
            "We support \(Self.text(configuration.versions)), you support "
            + "\(Self.text(offered)), no common versions."
        // The peer understands its own version, if anything.
        guard let newest = offered.newest else { return close(.noCommonVersion(text)) }
        let version = OpenFlowVersion.allKnown.contains(newest) ? newest : .v10
        let error = ErrorMessage(
            code: OpenFlowError.helloIncompatible.code(in: version), data: Array(text.utf8))
        OpenFlowMessage.error(error).encode(Dialect(version: version), xid: 0, into: &output)
        return close(.noCommonVersion(text))
    }

    /// Versions in OVS's words.
    private static func text(_ versions: OpenFlowVersions) -> String {
        let all = versions.all.map { version in
            let digits = String(version.rawValue, radix: 16)
            return digits.count == 1 ? "0x0\(digits)" : "0x\(digits)"
        }
        guard let newest = versions.newest, let last = all.last else { return "no version" }
        if all.count == 1 { return "version \(last)" }
        if versions == .upTo(newest) { return "version \(last) and earlier" }
        return "versions " + all.joined(separator: ", ")
    }

    // MARK: Out

    /// Appends a message of this end's own to the output.
    ///
    /// - Returns: the transaction, by which an answer will be known.
    @discardableResult
    public mutating func send(_ message: OpenFlowMessage) -> UInt32 {
        let xid = nextXID
        nextXID &+= 1
        message.encode(dialect, xid: xid, into: &output)
        return xid
    }

    /// Appends a message that no request asked for and nothing answers; its transaction is 0.
    public mutating func notify(_ message: OpenFlowMessage) {
        message.encode(dialect, xid: 0, into: &output)
    }

    /// Appends an answer to the message at hand.
    public mutating func reply(_ message: OpenFlowMessage) {
        message.encode(replyDialect, xid: currentXID, into: &output)
    }

    /// Tells a peer that has fallen into another version what is wrong, in that one.
    private mutating func refuse(_ error: OpenFlowError, as version: OpenFlowVersion) {
        let before = dialect
        if OpenFlowVersion.allKnown.contains(version) { dialect = Dialect(version: version) }
        refuse(error)
        dialect = before
    }

    /// Tells the peer what is wrong with the message at hand.
    public mutating func refuse(_ error: OpenFlowError) {
        let message = ErrorMessage(
            code: error.code(in: dialect.version),
            data: Array(current.prefix(ErrorMessage.maxDataByteCount)))
        OpenFlowMessage.error(message).encode(dialect, xid: currentXID, into: &output)
    }

    /// Tells the peer what is wrong with a message that came earlier.
    public mutating func refuse(_ error: OpenFlowError, with octets: [UInt8]) {
        let message = ErrorMessage(
            code: error.code(in: dialect.version),
            data: Array(octets.prefix(ErrorMessage.maxDataByteCount)))
        let xid = MessageHeader(octets)?.xid ?? currentXID
        OpenFlowMessage.error(message).encode(dialect, xid: xid, into: &output)
    }

    /// Answers the message at hand with many entries, each encoded as it comes.
    public mutating func reply(
        _ kind: StatsReplyWriter.Kind, entries: (inout StatsReplyWriter) -> Void
    ) {
        let begun = output
        output = OctetWriter()
        var writer = StatsReplyWriter(
            kind, replyDialect, xid: currentXID, writer: consume begun)
        entries(&writer)
        output = writer.finish()
    }

    /// What is to be written to the socket, which is then taken as written.
    public mutating func takeOutput() -> [UInt8] { output.takeOctets() }

    public var outputByteCount: Int { output.count }

    // MARK: Time

    /// When ``advance(to:)`` has something to do.
    public var deadline: SessionTime? {
        guard state != .closed, let interval = configuration.probeInterval else { return nil }
        return (probeSent ?? lastReceived) + interval
    }

    /// Probes a silent peer, and gives up on one that stays silent.
    public mutating func advance(to now: SessionTime) {
        guard let deadline, now >= deadline else { return }
        guard state == .established, probeSent == nil else {
            _ = close(.peerIsSilent)
            closing = .peerIsSilent
            return
        }
        send(.echoRequest([]))
        probeSent = now
    }

    private mutating func close(_ reason: CloseReason) -> Event {
        state = .closed
        return .closed(reason)
    }
}

// MARK: - Messages

extension OpenFlowSession {
    /// Handles what concerns the channel alone, and hands on the rest.
    private mutating func handle(_ message: OpenFlowMessage, _ header: MessageHeader) -> Event? {
        switch message {
        case .hello: return nil
        case .echoRequest(let data):
            reply(.echoReply(data))
            return nil
        case .echoReply where configuration.end != .client: return nil
        default: break
        }
        let envelope = Envelope(xid: header.xid, message)
        guard configuration.end != .client else { return .message(envelope) }
        return handleRequest(envelope)
    }

    /// The switch's side: what a controller asks for.
    private mutating func handleRequest(_ envelope: Envelope) -> Event? {
        switch envelope.message {
        case .error: return nil
        // How fragments are handled is the bridge's affair.
        case .getConfigRequest: return .message(envelope)
        case .setConfig(let new): return set(new) ? .message(envelope) : nil
        case .setFlowFormat(let format): dialect.flowFormat = format
        case .setTableInFlowMod(let isOn): dialect.hasTableInFlowMod = isOn
        case .setPacketInFormat(let format): dialect.packetInFormat = format
        case .setControllerID(let id): controllerID = id
        case .flowAge: break
        case .getAsyncRequest: reply(.getAsyncReply(asyncConfig))
        case .setAsync(let new): asyncConfig.merge(new)
        case .roleRequest(let role): return .roleRequest(role)
        case .flowMod, .portMod, .tableMod, .packetOut, .resume, .groupMod, .meterMod,
            .bundleControl, .bundleAdd:
            guard role != .secondary else {
                refuse(.requestIsSecondary)
                return nil
            }
            return .message(envelope)
        case .statsRequest(let request):
            replyDialect = request.replyDialect(dialect)
            return .message(envelope)
        case .featuresRequest, .barrierRequest, .queueConfigRequest, .experimenter,
            .flowMonitorCancel:
            return .message(envelope)
        case .hello, .echoRequest, .echoReply, .featuresReply, .getConfigReply, .packetIn,
            .flowRemoved, .portStatus, .statsReply, .barrierReply, .roleReply, .getAsyncReply,
            .queueConfigReply, .roleStatus, .tableStatus, .requestForward, .flowMonitorPaused,
            .flowMonitorResumed:
            refuse(.requestBadType)
        case .tlvTableMod, .tlvTableRequest, .ctFlushZone, .ctFlush: return .message(envelope)
        case .tlvTableReply: refuse(.requestBadSubtype)
        }
        return nil
    }

    /// - Returns: whether the connection may change what is everybody's.
    private mutating func set(_ new: SwitchConfig) -> Bool {
        var new = new
        let isAllowed = role != .secondary
        // Fragments are everybody's; lengths are the controller's own.
        if !isAllowed { new.fragments = config.fragments }
        config = new
        let bit: UInt32 = 1 << UInt32(PacketInReason.invalidTTL.rawValue)
        guard dialect.version < .v13 else { return isAllowed }
        let mask = asyncConfig.primary[.packetIn] ?? 0
        asyncConfig.primary[.packetIn] = new.sendsInvalidTTL ? mask | bit : mask & ~bit
        return isAllowed
    }

    /// Answers a request for a role, and takes it on.
    ///
    /// - Returns: whether this is the primary controller now, so that no other may be it any more.
    @discardableResult
    public mutating func changeRole(to wanted: Role, in election: inout RoleElection) -> Bool {
        do {
            try election.admit(wanted)
        } catch {
            refuse(error)
            return false
        }
        if wanted.kind != .noChange { role = wanted.kind }
        reply(
            .roleReply(
                Role(
                    kind: role, generationID: election.generationID, isNicira: wanted.isNicira)))
        return role == .primary && wanted.kind == .primary
    }

    // MARK: What the controller wants to hear

    private var masks: AsyncConfig.Masks {
        role == .secondary ? asyncConfig.secondary : asyncConfig.primary
    }

    /// Whether anything is sent that was not asked for: to a connection that nobody configured
    /// only once it has set a length for packets.
    private var hearsEvents: Bool {
        guard state == .established else { return false }
        return configuration.end == .controller || config.missSendLength != 0
    }

    public func wantsPacketIn(_ reason: PacketInReason) -> Bool {
        // Reasons that are younger than the version count as actions.
        let isYounger =
            reason.rawValue > PacketInReason.invalidTTL.rawValue && dialect.version < .v14
        let number = isYounger ? PacketInReason.action.rawValue : reason.rawValue
        return hearsEvents && masks.wants(.packetIn, reason: number)
    }

    public func wantsPortStatus(_ reason: PortStatus.Reason) -> Bool {
        hearsEvents && masks.wants(.portStatus, reason: reason.rawValue)
    }

    public func wantsFlowRemoved(_ reason: FlowRemoved.Reason) -> Bool {
        hearsEvents && masks.wants(.flowRemoved, reason: reason.rawValue)
    }

    public func wantsRoleStatus(_ reason: RoleStatus.Reason) -> Bool {
        hearsEvents && masks.wants(.roleStatus, reason: reason.rawValue)
    }

    public func wantsTableStatus(_ reason: TableStatus.Reason) -> Bool {
        hearsEvents && masks.wants(.tableStatus, reason: reason.rawValue)
    }

    /// - Parameter isMeter: whether the request was about a meter rather than a group.
    public func wantsRequestForward(isMeter: Bool) -> Bool {
        hearsEvents && masks.wants(.requestForward, reason: isMeter ? 1 : 0)
    }
}
