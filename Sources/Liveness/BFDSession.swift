/// One end of a session that watches a path in both directions (RFC 5880, asynchronous mode).
///
/// A deterministic machine: packets and the time come in, in milliseconds; packets go out when
/// ``wake`` says. Chance, which keeps many sessions from sending at once, comes with the caller's
/// generator.
///
/// A session is not yet up sends at most one packet a second (§6.8.3). A change of an interval
/// while it is up is first agreed on by a *poll* that the other end answers with a *final*.
public struct BFDSession: Sendable {
    /// How often a session sends that is not up, milliseconds.
    static let slowInterval: Int64 = 1000

    public private(set) var settings: BFDSettings
    public private(set) var state = BFDState.down
    public private(set) var diagnostic = BFDDiagnostic.none
    private let discriminator: UInt32
    /// What is told to the other end, milliseconds.
    private var minimumTransmit = slowInterval
    private var minimumReceive: Int64
    private var flags: BFDPacket.Flags = []
    private var isPolling = false

    private var remoteState = BFDState.down
    private var remoteDiagnostic = BFDDiagnostic.none
    private var remoteDiscriminator: UInt32 = 0
    private var remoteMinimumTransmit: Int64 = 0
    private var remoteMinimumReceive: Int64 = 1
    private var remoteMultiplier: UInt8 = 0
    private var remoteFlags: BFDPacket.Flags = []

    private var detectionTime: Int64 = 0
    private var lastTransmit: Int64
    private var nextTransmit: Int64

    /// What the operator says instead of the session.
    public var forwardingOverride: Bool?
    public private(set) var isForwarding = false
    public private(set) var flapCount = 0
    /// Whether something has changed that the database shows, since it was asked last.
    private var hasChanged = true

    /// Packets that the interface had received when it was looked at last, and until when they
    /// count.
    private var received: UInt64 = 0
    private var receivingUntil: Int64 = 0
    private var decayCheck: Int64 = 0
    private var decayReceived: UInt64 = 0
    private var isDecayed = false

    public init(_ settings: BFDSettings, discriminator: UInt32, now: Int64) {
        self.settings = settings
        self.discriminator = discriminator == 0 ? 1 : discriminator
        minimumReceive = settings.minimumReceive
        lastTransmit = now
        nextTransmit = now
        if settings.isPathDown { diagnostic = .concatenatedPathDown }
    }

    // MARK: Configuration

    public mutating func reconfigure(_ settings: BFDSettings, now: Int64) {
        let wasDown = self.settings.isPathDown
        self.settings = settings
        if wasDown != settings.isPathDown {
            diagnostic = settings.isPathDown ? .concatenatedPathDown : .none
            hasChanged = true
        }
        isDecayed = false
        settleIntervals(now: now)
    }

    private mutating func settleIntervals(now: Int64) {
        let transmit =
            state == .up
            ? settings.minimumTransmit : max(Self.slowInterval, settings.minimumTransmit)
        let receive = isDecayed ? settings.decayedReceive : settings.minimumReceive
        guard transmit != minimumTransmit || receive != minimumReceive else { return }
        minimumTransmit = transmit
        minimumReceive = receive
        if state == .up { isPolling = true }
        nextTransmit = min(nextTransmit, now + transmitInterval)
    }

    // MARK: Time

    private var transmitInterval: Int64 { max(minimumTransmit, remoteMinimumReceive) }
    private var receiveInterval: Int64 { max(minimumReceive, remoteMinimumTransmit) }

    /// When ``run(now:received:)`` or ``transmit(now:jitter:)`` has something to do.
    public var wake: Int64 {
        state == .down || state == .administrativelyDown
            ? nextTransmit : min(nextTransmit, detectionTime)
    }

    /// Does what the time asks for.
    ///
    /// - Parameter received: how many packets the interface has received so far.
    public mutating func run(now: Int64, received: UInt64) {
        if received != self.received {
            self.received = received
            receivingUntil = now + Int64(max(1, settings.multiplier)) * max(receiveInterval, 1)
        }
        if state == .initializing || state == .up, now >= detectionTime {
            goDown(.detectionTimeExpired, now: now)
        }
        if settings.decayedReceive > 0, state == .up { checkDecay(now: now, received: received) }
        updateForwarding(now: now)
    }

    private mutating func checkDecay(now: Int64, received: UInt64) {
        guard now >= decayCheck else { return }
        // As in OVS, over at least two seconds.
        let period = max(2000, settings.decayedReceive)
        let expected = UInt64(period / max(1, receiveInterval)) + 5
        let wasDecayed = isDecayed
        isDecayed = decayCheck > 0 && received &- decayReceived <= expected
        decayReceived = received
        decayCheck = now + period
        if wasDecayed != isDecayed { settleIntervals(now: now) }
    }

    private mutating func updateForwarding(now: Int64) {
        let isRemotePathDown =
            remoteDiagnostic == .concatenatedPathDown
            || remoteDiagnostic == .reverseConcatenatedPathDown
        let isReceiving = settings.forwardsIfReceiving && now < receivingUntil
        let forwards = (state == .up || isReceiving) && !isRemotePathDown
        guard forwards != isForwarding else { return }
        isForwarding = forwards
        flapCount += 1
        hasChanged = true
    }

    /// Whether packets may take the path.
    public var forwards: Bool { forwardingOverride ?? isForwarding }

    // MARK: Packets

    /// The packet that is due, if one is.
    ///
    /// - Parameter jitter: a share of the interval, of 100, by which the next packet comes earlier:
    ///   0 to 25, and at least 10 if the multiplier is 1 (§6.8.7).
    public mutating func transmit(now: Int64, jitter: Int64) -> BFDPacket? {
        guard now >= nextTransmit else { return nil }
        if isPolling && !flags.contains(.final) { flags.insert(.poll) }
        let packet = BFDPacket(
            diagnostic: diagnostic, state: state, flags: flags, multiplier: settings.multiplier,
            mine: discriminator, yours: remoteDiscriminator,
            minimumTransmit: UInt32(clamping: minimumTransmit * 1000),
            minimumReceive: UInt32(clamping: minimumReceive * 1000))
        flags = []
        lastTransmit = now
        let interval = transmitInterval
        nextTransmit = now + max(1, interval - interval * jitter / 100)
        return packet
    }

    /// Takes a packet of the other end (§6.8.6).
    public mutating func receive(_ packet: BFDPacket, now: Int64) {
        guard packet.yours != 0 || packet.state == .down || packet.state == .administrativelyDown
        else { return }
        guard packet.yours == 0 || packet.yours == discriminator else { return }
        note(packet, now: now)
        guard state != .administrativelyDown else { return }
        switch (state, packet.state) {
        case (.down, .down): enter(.initializing, now: now)
        case (.down, .initializing), (.initializing, .initializing), (.initializing, .up):
            enter(.up, now: now)
        case (.initializing, .administrativelyDown), (.up, .administrativelyDown), (.up, .down):
            goDown(.neighbourDown, now: now)
        case (.down, .up), (.down, .administrativelyDown), (.initializing, .down),
            (.up, .initializing), (.up, .up), (.administrativelyDown, _):
            break
        }
        if packet.flags.contains(.poll) {
            flags.insert(.final)
            nextTransmit = now
        }
        if packet.flags.contains(.final) { isPolling = false }
        updateForwarding(now: now)
    }

    private mutating func note(_ packet: BFDPacket, now: Int64) {
        if remoteState != packet.state || remoteDiagnostic != packet.diagnostic {
            hasChanged = true
        }
        remoteDiscriminator = packet.mine
        remoteState = packet.state
        remoteDiagnostic = packet.diagnostic
        remoteFlags = packet.flags
        let interval = transmitInterval
        remoteMinimumReceive = max(1, Int64(packet.minimumReceive) / 1000)
        remoteMinimumTransmit = Int64(packet.minimumTransmit) / 1000
        remoteMultiplier = packet.multiplier
        if transmitInterval < interval {
            nextTransmit = min(nextTransmit, lastTransmit + transmitInterval)
        }
        detectionTime = now + Int64(packet.multiplier) * receiveInterval
    }

    private mutating func enter(_ state: BFDState, now: Int64) {
        guard self.state != state else { return }
        self.state = state
        hasChanged = true
        let transmit =
            state == .up
            ? settings.minimumTransmit : max(Self.slowInterval, settings.minimumTransmit)
        if transmit != minimumTransmit {
            minimumTransmit = transmit
            if state == .up { isPolling = true }
        }
        nextTransmit = min(nextTransmit, max(now, lastTransmit + transmitInterval))
    }

    private mutating func goDown(_ reason: BFDDiagnostic, now: Int64) {
        diagnostic = settings.isPathDown ? .concatenatedPathDown : reason
        if reason == .detectionTimeExpired {
            // What the other end has said is forgotten (§6.8.1).
            remoteDiscriminator = 0
            remoteState = .down
            remoteDiagnostic = .none
            remoteMinimumTransmit = 0
            remoteMinimumReceive = 1
            remoteFlags = []
        }
        isPolling = false
        isDecayed = false
        decayCheck = 0
        minimumReceive = settings.minimumReceive
        enter(.down, now: now)
    }

    // MARK: What is shown

    /// Whether something has changed for the database since this was asked last.
    public mutating func takeChange() -> Bool {
        defer { hasChanged = false }
        return hasChanged
    }

    /// The `bfd_status` column.
    public var status: [String: String] {
        [
            "state": state.name, "forwarding": forwards ? "true" : "false",
            "diagnostic": diagnostic.name, "remote_state": remoteState.name,
            "remote_diagnostic": remoteDiagnostic.name, "flap_count": "\(flapCount)",
        ]
    }

    /// What `bfd/show` tells.
    public func text(now: Int64) -> String {
        func relative(_ time: Int64) -> String {
            "now \(time >= now ? "+" : "-")\(abs(time - now))ms"
        }
        func hexadecimal(_ value: UInt32) -> String { "0x" + String(value, radix: 16) }
        return """
              Forwarding: \(forwards)
              Detect Multiplier: \(settings.multiplier)
              Concatenated Path Down: \(settings.isPathDown)
              TX Interval: Approx \(transmitInterval)ms
              RX Interval: Approx \(receiveInterval)ms
              Detect Time: \(relative(detectionTime))
              Next TX Time: \(relative(nextTransmit))
              Last TX Time: \(relative(lastTransmit))

              Local Flags: \(flags.text)
              Local Session State: \(state.name)
              Local Diagnostic: \(diagnostic.name)
              Local Discriminator: \(hexadecimal(discriminator))
              Local Minimum TX Interval: \(minimumTransmit)ms
              Local Minimum RX Interval: \(minimumReceive)ms

              Remote Flags: \(remoteFlags.text)
              Remote Session State: \(remoteState.name)
              Remote Diagnostic: \(remoteDiagnostic.name)
              Remote Discriminator: \(hexadecimal(remoteDiscriminator))
              Remote Minimum TX Interval: \(remoteMinimumTransmit)ms
              Remote Minimum RX Interval: \(remoteMinimumReceive)ms
              Remote Detect Multiplier: \(remoteMultiplier)

            """
    }
}
