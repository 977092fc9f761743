import Glibc
import NIOCore
import NIOSSL
import NIOTLS

/// One end of a stream of octets, whatever they mean.
///
/// It belongs to the control loop: call it, and be called, on that thread alone. Writes of one turn
/// of the loop are gathered and go out together. The connection lives as long as the socket is open
/// and lets go of its callbacks when that closes, so owners need not break cycles.
///
/// A peer that does not read makes ``queuedByteCount`` grow; an owner that produces much looks at
/// it and goes on in ``onDrain``. One that does not look loses the connection at
/// ``maximumQueuedByteCount`` rather than the daemon its memory.
public final class StreamConnection {
    /// Above a full dump of 100,000 flows or of a large database (some 100 MB).
    public static let defaultMaximumQueuedByteCount = 1 << 29

    /// How long ``close()`` waits for a peer to take what is queued.
    public static let closeTimeout: Duration = .seconds(5)

    /// As log lines name it: `unix#3`, `tcp:192.0.2.1:50312`, or the target it was opened by.
    public let name: String
    /// The peer's address alone, such as `192.0.2.1`; empty on Unix sockets.
    public let peerHost: String
    /// Whom the peer's certificate names, which TLS has verified; nil where it did not.
    public let peerCommonName: String?
    public let loop: ControlLoop
    public var maximumQueuedByteCount = StreamConnection.defaultMaximumQueuedByteCount
    /// Whether the socket is gone.
    public private(set) var isClosed = false

    /// Takes octets that arrived; those that arrive before it is set wait for it.
    public var onReceive: (([UInt8]) -> Void)? {
        didSet { deliverEarly() }
    }
    /// Called once; nil means that either end closed in good order.
    public var onClose: ((TransportError?) -> Void)?
    /// Called when the queue of output has become short again after it was long.
    public var onDrain: (() -> Void)?

    /// Stops reading, so that the peer has to wait.
    public var isReadingPaused = false {
        didSet {
            guard !isClosed, isReadingPaused != oldValue else { return }
            try? channel.syncOptions?.setOption(.autoRead, value: !isReadingPaused)
        }
    }

    /// As ``onClose``, after it, for the client that keeps the connection.
    var onEnd: ((TransportError?) -> Void)?

    private let channel: any Channel
    /// The socket, where octets go into it as they are; nil with TLS.
    private let descriptor: CInt?
    private var early: [UInt8] = []
    private var failure: TransportError?
    /// What is written when this turn of the loop ends, or a little later.
    private var gathered = OutputQueue()
    private var turn = Turn.none
    /// Whether the channel may hold octets that the system has not taken.
    private var isBacklogged = false
    private var isClosing = false
    /// Whether the channel has room again that had none, and the owner was not told yet.
    private var isDrainDue = false

    /// When the gathered octets go out.
    private enum Turn { case none, patient, prompt }

    /// Octets that the channel is given at a time while the peer does not read.
    ///
    /// They are copied; the rest is shared and waits. The channel is full with less, so that it
    /// tells when it has room again.
    static let channelByteCount = 1 << 17

    /// Octets that ``receiveNow()`` takes at most.
    private static let receiveByteCount = 1 << 14

    init(channel: any Channel, name: String, loop: ControlLoop) {
        self.channel = channel
        self.name = name
        self.loop = loop
        self.peerHost = channel.remoteAddress?.ipAddress ?? ""
        let operations = channel.pipeline.syncOperations
        let usesTLS = (try? operations.handler(type: NIOSSLHandler.self)) != nil
        descriptor =
            usesTLS ? nil : try? operations.withUnsafeTransportIfAvailable { (it: CInt) in it }
        let certificate = try? operations.nioSSL_peerCertificate()
        defer { if let descriptor { loop.alertness.watch(self, descriptor) } }
        peerCommonName = (try? certificate?.toDERBytes()).flatMap {
            CertificateSubject(der: $0)?.commonName
        }
    }

    /// Marks the packets that go to the network (RFC 2474 §3); nil marks them as control traffic.
    func mark(dscp: Int?) {
        guard !peerHost.isEmpty else { return }
        let value = SocketOptionValue((dscp ?? SocketCalls.controlDSCP) << 2)
        try? channel.syncOptions?.setOption(trafficClass, value: value)
    }

    var markedDSCP: Int? {
        (try? channel.syncOptions?.getOption(trafficClass)).map { Int($0) >> 2 }
    }

    private var trafficClass: ChannelOptions.Types.SocketOption {
        channel.remoteAddress?.protocol == .inet6
            ? ChannelOptions.socket(SocketOptionLevel(IPPROTO_IPV6), SocketOptionName(IPV6_TCLASS))
            : ChannelOptions.socket(SocketOptionLevel(IPPROTO_IP), SocketOptionName(IP_TOS))
    }

    /// Octets that the system has not taken yet.
    public var queuedByteCount: Int { channelBacklog + gathered.byteCount }

    /// Octets that the system would not take when it was asked to.
    public var unsentByteCount: Int {
        let backlog = channelBacklog
        return backlog > 0 ? backlog + gathered.byteCount : 0
    }

    /// Those that the channel holds.
    private var channelBacklog: Int {
        guard isBacklogged else { return 0 }
        let count = (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        isBacklogged = count > 0
        return count
    }

    /// Queues octets; they go out at the end of this turn of the loop.
    public func send(_ octets: [UInt8]) {
        guard gather(octets.count, { $0.append(octets) }), turn != .prompt else { return }
        turn = .prompt
        loop.output.add(prompt: self)
    }

    /// Queues octets that nobody waits for; they go out at the end of this turn of the loop too,
    /// unless others did so less than ``OutputTurns/gatheringTime`` ago.
    ///
    /// What tells hundreds of peers of each of thousands of changes a second is so sent in a tenth
    /// of the calls, while a single change is told at once.
    public func sendSoon(_ octets: [UInt8]) {
        guard gather(octets.count, { $0.append(octets) }) else { return }
        sendGatheredSoon()
    }

    /// As ``sendSoon(_:)``, for octets that others are told as well: all of them hold one copy.
    public func sendSoon(shared octets: [UInt8]) {
        guard gather(octets.count, { $0.append(shared: octets) }) else { return }
        sendGatheredSoon()
    }

    private func sendGatheredSoon() {
        guard turn == .none else { return }
        turn = .patient
        loop.output.add(patient: self)
    }

    /// Whether so many octets were taken.
    private func gather(_ count: Int, _ append: (inout OutputQueue) -> Void) -> Bool {
        guard !isClosed, !isClosing, count > 0 else { return false }
        append(&gathered)
        guard queuedByteCount <= maximumQueuedByteCount else {
            abort(TransportError("too much output is queued", errno: ENOBUFS))
            return false
        }
        return true
    }

    /// Sends what was queued, as far as the system takes it; the channel gets some of the rest, and
    /// asks for more when that is gone.
    func sendGathered() {
        turn = .none
        guard !isClosed, !gathered.isEmpty else { return }
        // A closed channel's descriptor may be somebody else's by now.
        if let descriptor, channelBacklog == 0, channel.isActive { gathered.send(to: descriptor) }
        // With TLS all goes through the channel, which then has to encrypt it in any case.
        let isShared = descriptor != nil
        if channel.isWritable || !isShared {
            handOver(atLeast: isShared ? Self.channelByteCount : .max)
        }
        tellDrain()
    }

    /// Gives queued octets to the channel, until it has so many or all.
    private func handOver(atLeast count: Int) {
        guard !gathered.isEmpty else { return }
        isBacklogged = true
        var buffer = channel.allocator.buffer(capacity: min(count, gathered.byteCount))
        gathered.take(atLeast: count, into: &buffer)
        channel.pipeline.syncOperations.writeAndFlush(NIOAny(buffer), promise: nil)
    }

    /// Closes once what is queued is out, or after ``closeTimeout``.
    public func close() {
        guard !isClosed, !isClosing else { return }
        isClosing = true
        sendGathered()
        handOver(atLeast: .max)
        guard queuedByteCount > 0 else {
            channel.close(promise: nil)
            return
        }
        let empty = channel.allocator.buffer(capacity: 0)
        let promise = channel.eventLoop.makePromise(of: Void.self)
        channel.pipeline.syncOperations.writeAndFlush(NIOAny(empty), promise: promise)
        let channel = channel
        let timer = loop.after(Self.closeTimeout) { channel.close(promise: nil) }
        promise.futureResult.assumeIsolated().whenComplete { _ in
            timer.cancel()
            channel.close(promise: nil)
        }
    }

    /// Closes at once, and loses what is queued.
    public func abort(_ error: TransportError? = nil) {
        guard !isClosed else { return }
        if failure == nil { failure = error }
        channel.close(promise: nil)
    }

    private func deliverEarly() {
        guard !early.isEmpty, let onReceive else { return }
        let octets = early
        early = []
        onReceive(octets)
    }

    /// Reads what has come, before the channel does.
    func receiveNow() {
        // An end or an error is left for the channel to meet.
        guard let descriptor, channel.isActive, !isReadingPaused else { return }
        let octets = [UInt8](unsafeUninitializedCapacity: Self.receiveByteCount) { room, used in
            used = max(0, recv(descriptor, room.baseAddress!, room.count, CInt(MSG_DONTWAIT)))
        }
        if !octets.isEmpty { received(octets) }
    }

    // MARK: What the channel reports

    func received(_ buffer: ByteBuffer) {
        loop.alertness.looked()
        received([UInt8](buffer.readableBytesView))
    }

    private func received(_ octets: [UInt8]) {
        guard !isClosing, !isClosed else { return }
        guard let onReceive else {
            early += octets
            return
        }
        onReceive(octets)
    }

    func failed(_ error: any Error) {
        guard !TransportError.isMereEnd(error) else { return }
        if failure == nil { failure = TransportError(error) }
        channel.close(promise: nil)
    }

    func drained() {
        guard !isClosing else { return }
        isDrainDue = true
        if gathered.isEmpty { return tellDrain() }
        guard turn != .prompt else { return }
        turn = .prompt
        loop.output.add(prompt: self)
    }

    /// Tells the owner that the queue has become short, once all of it is with the channel.
    private func tellDrain() {
        guard isDrainDue, gathered.isEmpty, channel.isWritable else { return }
        isDrainDue = false
        onDrain?()
    }

    func ended() {
        guard !isClosed else { return }
        isClosed = true
        if let descriptor { loop.alertness.forget(self, descriptor) }
        let onClose = onClose
        self.onClose = nil
        onReceive = nil
        onDrain = nil
        let onEnd = onEnd
        self.onEnd = nil
        onClose?(failure)
        onEnd?(failure)
    }
}

extension TransportError {
    /// What an error of the socket library comes to.
    init(_ error: any Error) {
        switch error {
        case let error as TransportError: self = error
        case let error as IOError: self.init(errno: error.errnoCode)
        case ChannelError.connectTimeout: self.init(errno: ETIMEDOUT)
        case is NIOSSLError, is BoringSSLError: self.init(errno: EPROTO)
        default: self.init("\(error)")
        }
    }

    /// Whether a TLS connection merely ended without the ceremony that RFC 8446 §6.1 wants, which
    /// many peers leave out.
    static func isMereEnd(_ error: any Error) -> Bool {
        error as? NIOSSLError == .uncleanShutdown || error is NIOSSLCloseTimedOutError
    }
}

/// Joins a channel to its connection, once it is open and, with TLS, the handshake is done.
final class StreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var connection: StreamConnection?
    private let awaitsHandshake: Bool
    private let make: (any Channel) -> StreamConnection?
    private let opened: (StreamConnection) -> Void
    private var handshakeTimeout: Scheduled<Void>?
    /// Called once if the channel closes before there is a connection.
    var onFailure: ((TransportError) -> Void)?
    /// Gets what went wrong in the handshake.
    var onHandshakeError: ((any Error) -> Void)?

    /// - Parameters:
    ///   - make: makes the connection once the channel is active; nil refuses it.
    ///   - opened: hands it to its owner, who may close it at once.
    init(
        awaitsHandshake: Bool, make: @escaping (any Channel) -> StreamConnection?,
        opened: @escaping (StreamConnection) -> Void
    ) {
        self.awaitsHandshake = awaitsHandshake
        self.make = make
        self.opened = opened
    }

    func channelActive(context: ChannelHandlerContext) {
        guard awaitsHandshake else {
            start(context)
            return
        }
        // A peer that never speaks must not hold a descriptor.
        let channel = context.channel
        handshakeTimeout = context.eventLoop.scheduleTask(
            in: TimeAmount(StreamClient.connectTimeout)
        ) { channel.close(mode: .all, promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if awaitsHandshake, case .handshakeCompleted = event as? TLSUserEvent { start(context) }
        context.fireUserInboundEventTriggered(event)
    }

    private func start(_ context: ChannelHandlerContext) {
        handshakeTimeout?.cancel()
        handshakeTimeout = nil
        onFailure = nil
        guard let connection = make(context.channel) else {
            context.close(promise: nil)
            return
        }
        self.connection = connection
        opened(connection)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection?.received(unwrapInboundIn(data))
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { connection?.drained() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let connection else {
            onHandshakeError?(error)
            fail(TransportError.isMereEnd(error) ? TransportError(errno: EPROTO) : .init(error))
            context.close(promise: nil)
            return
        }
        connection.failed(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        handshakeTimeout?.cancel()
        handshakeTimeout = nil
        if connection == nil { fail(TransportError(errno: EPROTO)) }
        connection?.ended()
        connection = nil
    }

    private func fail(_ error: TransportError) {
        let onFailure = onFailure
        self.onFailure = nil
        onFailure?(error)
    }
}
