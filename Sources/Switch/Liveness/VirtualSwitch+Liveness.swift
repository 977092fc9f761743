import Datapath
import FlowModel
import Liveness
import OpenFlow
public import Pipeline

/// Sessions that watch the paths behind interfaces.
extension VirtualSwitch {
    /// Makes an interface have the session that its configuration asks for.
    func updateLiveness(of interface: ManagedInterface, now: Milliseconds) {
        let settings = BFDSettings(interface.configuration.bfd)
        guard let port = interface.port, let settings else {
            if interface.bfd != nil { changedLiveness.insert(interface.configuration.name) }
            interface.bfd = nil
            if interface.port?.watch != nil { network.bumpVersion() }
            interface.port?.watch = nil
            interface.port?.isPathDown = false
            return
        }
        if interface.bfd == nil {
            interface.bfd = BFDSession(
                settings, discriminator: .random(in: 1 ... .max), now: now)
            port.isPathDown = true
        } else if interface.bfd?.settings != settings {
            interface.bfd?.reconfigure(settings, now: now)
        }
        var watch = PathWatch()
        watch.hardware = settings.expectedHardware
        watch.checksKey = settings.checksKey
        if port.watch != watch {
            port.watch = watch
            network.bumpVersion()
        }
        hasLivenessWork = true
    }

    private var watched: [(managed: ManagedBridge, interface: ManagedInterface)] {
        bridges.values.flatMap { managed in
            managed.interfaces.values.filter { $0.bfd != nil }.map { (managed, $0) }
        }
    }

    /// Whether some session needs to know how many packets its interface has received.
    public var livenessNeedsCounters: Bool {
        watched.contains {
            let settings = $0.interface.bfd?.settings
            return settings?.forwardsIfReceiving == true || settings?.decayedReceive ?? 0 > 0
        }
    }

    /// Sends what is due and notes what is overdue.
    ///
    /// - Returns: when there is something to do again, or `nil` if there are no sessions.
    public func runLiveness(now: Milliseconds) -> Milliseconds? {
        hasLivenessWork = false
        var wake: Milliseconds?
        for (managed, interface) in watched {
            guard let port = interface.port else { continue }
            let received =
                devices.counters(port.name)?.receivedPackets
                ?? interface.patchCounters.receivedPackets
            interface.bfd?.run(now: now, received: received)
            let isOnly = interface.bfd?.settings.multiplier == 1
            let jitter = Int64.random(in: (isOnly ? 10 : 0)...25)
            if let packet = interface.bfd?.transmit(now: now, jitter: jitter) {
                send(packet, by: interface, port, of: managed, now: now)
            }
            settleLiveness(of: interface)
            if let next = interface.bfd?.wake { wake = min(wake ?? next, next) }
        }
        return wake
    }

    private func send(
        _ packet: BFDPacket, by interface: ManagedInterface, _ port: BridgePort,
        of managed: ManagedBridge, now: Milliseconds
    ) {
        guard let settings = interface.bfd?.settings else { return }
        let frame = BFDFrame.octets(
            packet, settings, from: port.hardwareAddress,
            sourcePort: BFDFrame.firstSourcePort + port.number.value % 0x3fff)
        let message = PacketOut(
            inPort: .none, actions: [.output(port.number, maxByteCount: 0)], data: frame)
        inject(message, on: managed, now: now)
    }

    /// Has groups and the database know what has come of a session.
    private func settleLiveness(of interface: ManagedInterface) {
        guard let session = interface.bfd, let port = interface.port else { return }
        if port.isPathDown == session.forwards {
            port.isPathDown = !session.forwards
            network.bumpVersion()
        }
        if interface.bfd?.takeChange() == true {
            changedLiveness.insert(interface.configuration.name)
        }
    }

    /// The interfaces whose `bfd_status` is to be shown anew.
    public func takeChangedLiveness() -> [(name: String, status: [String: String])] {
        defer { changedLiveness.removeAll() }
        return changedLiveness.sorted().map { name in
            let interface = bridges.values.lazy.compactMap { $0.interfaces[name] }.first
            return (name, interface?.bfd?.status ?? [:])
        }
    }

    // MARK: Packets

    /// Gives packets to the protocols that take them for themselves.
    func takeSpecials(_ specials: [SpecialPacket], _ octets: [UInt8], now: Milliseconds) {
        for special in specials {
            guard let interface = bridges[special.bridge.name]?.interfaces[special.port.name],
                let packet = Self.bfdPacket(in: octets)
            else { continue }
            interface.bfd?.receive(packet, now: now)
            settleLiveness(of: interface)
            hasLivenessWork = true
        }
    }

    /// The control packet in a frame that no router has seen (RFC 5881 §5).
    private static func bfdPacket(in frame: [UInt8]) -> BFDPacket? {
        var place = 12
        while place + 4 < frame.count, frame[place] == 0x81, frame[place + 1] == 0 { place += 4 }
        let network = place + 2
        guard frame.count > network + 20, frame[network + 8] == 255 else { return nil }
        let transport = network + Int(frame[network] & 0xf) * 4
        guard frame.count > transport + 8 else { return nil }
        return BFDPacket(Array(frame[(transport + 8)...]))
    }

    /// Translates a packet that came up for a protocol's sake, for it and for what else is to be
    /// done with it.
    func takeSlowPacket(
        _ packet: PacketBuffer, _ packedKey: PackedKey, _ datapath: UserspaceDatapath,
        now: Milliseconds
    ) {
        var key = packedKey.expanded
        guard let (bridge, port) = network.origin(of: key) else { return }
        key.inPort = UInt32(port.number.value)
        key.words[KeyWord.metadata] = 0
        let result = network.translate(
            key, on: bridge, registry: contexts,
            options: TranslationOptions(now: now, mayLearn: true))
        if result.hasChangedState { network.bumpVersion() }
        retiredContexts += result.packetIns
        takeSpecials(result.specials, packet.octets, now: now)
        guard !result.actions.isEmpty else { return }
        packet.retain()
        datapath.execute(packet, packedKey, result.actions)
    }

    // MARK: Commands

    /// `bfd/show [INTERFACE]`.
    public func bfdShow(_ arguments: [String], now: Milliseconds) throws(CommandError) -> String {
        let sessions = watched.map(\.interface)
            .sorted { $0.configuration.name < $1.configuration.name }
        if let name = arguments.first {
            guard let session = sessions.first(where: { $0.configuration.name == name })?.bfd
            else { throw CommandError("no such bfd object") }
            return session.text(now: now)
        }
        return sessions.map {
            "---- \($0.configuration.name) ----\n" + ($0.bfd?.text(now: now) ?? "")
        }.joined()
    }

    /// `bfd/set-forwarding [INTERFACE] normal|false|true`.
    public func bfdSetForwarding(_ arguments: [String]) throws(CommandError) -> String {
        let override: Bool?
        switch arguments[arguments.count - 1] {
        case "true": override = true
        case "false": override = false
        case "normal": override = nil
        default: throw CommandError("unknown fault string")
        }
        let name = arguments.count > 1 ? arguments[0] : nil
        let chosen = watched.filter { name == nil || $0.interface.configuration.name == name }
        guard name == nil || !chosen.isEmpty else { throw CommandError("no such BFD object") }
        for (_, interface) in chosen {
            interface.bfd?.forwardingOverride = override
            changedLiveness.insert(interface.configuration.name)
            settleLiveness(of: interface)
        }
        return "OK"
    }
}
