import Bytes
import Classifier
import ConnectionTracking
import Datapath
public import FlowModel
public import OpenFlow
public import Pipeline

/// Answers to OpenFlow requests, whatever the version; the session does the rest.
extension VirtualSwitch {
    /// Carries out a controller's message.
    ///
    /// - Returns: the replies, in order.
    public func handle(
        _ message: OpenFlowMessage, version: OpenFlowVersion, for managed: ManagedBridge,
        now: Milliseconds
    ) throws(OpenFlowError) -> [OpenFlowMessage] {
        switch message {
        case .featuresRequest:
            return [.featuresReply(features(of: managed, version))]
        case .flowMod(let flowMod):
            if flowMod.command != .delete, flowMod.command != .deleteStrict {
                try ActionConsistency.check(
                    flowMod.actions, match: flowMod.match, version: version)
            }
            try modifyFlows(flowMod, of: managed, now: now)
            // As in OVS the rules are changed all the same.
            if flowMod.bufferID != nil, journal == nil, !flowMod.command.isDeletion {
                throw .requestBufferUnknown
            }
            return []
        case .setConfig(let config):
            // A mode that is not there changes nothing, as in OVS; who asks finds the old one.
            if let mode = Bridge.FragmentMode(rawValue: config.fragments.rawValue),
                mode != managed.bridge.fragmentMode
            {
                managed.bridge.fragmentMode = mode
                network.bumpVersion()
            }
            return []
        case .barrierRequest: return [.barrierReply]
        case .packetOut(let packetOut):
            try sendPacket(packetOut, version, on: managed, now: now)
            return []
        case .resume(let packet):
            try resume(packet, on: managed, now: now)
            return []
        case .groupMod(let groupMod):
            try modifyGroups(groupMod, of: managed, now: now)
            return []
        case .meterMod(let meterMod):
            try modifyMeters(meterMod, of: managed, now: now)
            return []
        case .portMod(let portMod):
            try modifyPort(portMod, of: managed)
            return []
        case .tableMod(let tableMod):
            try modifyTables(tableMod, version, of: managed)
            return []
        case .tlvTableMod(let change):
            try changeTunnelOptions(change, of: managed)
            return []
        case .tlvTableRequest: return [.tlvTableReply(managed.tunnelOptions.table)]
        case .ctFlushZone(let zone):
            link.flushConnections(ConnectionSelection(zone: zone))
            return []
        case .ctFlush(let flush):
            link.flushConnections(ConnectionSelection(flush))
            return []
        case .queueConfigRequest(let port):
            guard port == .none || managed.bridge.ports[port] != nil else {
                throw .queueOpBadPort
            }
            return [.queueConfigReply(QueueConfig(port: port, queues: queues(of: managed, port)))]
        case .statsRequest(let request):
            return [.statsReply(try statistics(request, of: managed, version, now))]
        default:
            throw .requestBadType
        }
    }

    // MARK: Features and ports

    private func features(
        of managed: ManagedBridge, _ version: OpenFlowVersion
    ) -> SwitchFeatures {
        var features = SwitchFeatures(datapathID: managed.datapathID)
        features.tableCount = UInt8(Bridge.tableCount)
        features.capabilities = [.flowStats, .tableStats, .portStats, .queueStats]
        if version == .v10 {
            features.capabilities.insert(.arpMatchIP)
            // All but OFPAT_VENDOR, which has no bit of its own.
            features.actions = 0xfff
        } else {
            features.capabilities.insert(.groupStats)
            if version == .v11 { features.capabilities.insert(.arpMatchIP) }
            if version >= .v14 { features.capabilities.insert(.bundles) }
        }
        if version < .v13 { features.ports = portDescriptions(of: managed, .none) }
        return features
    }

    private func portDescriptions(
        of managed: ManagedBridge, _ number: PortNumber
    ) -> [PortDescription] {
        sortedPorts(of: managed)
            .filter { number == .none || $0.number == number }
            .map { Self.description(of: $0) }
    }

    private func sortedPorts(of managed: ManagedBridge) -> [BridgePort] {
        managed.bridge.ports.values.sorted { $0.number < $1.number }
    }

    public static func description(of port: BridgePort) -> PortDescription {
        var description = PortDescription(
            number: port.number, hardwareAddress: port.hardwareAddress, name: port.name)
        description.config = port.configuration
        let isDown = port.isLinkDown || port.configuration.contains(.down)
        description.state = isDown ? .linkDown : .live
        let modes = port.linkModes
        description.current = modes.current
        description.advertised = modes.advertised
        description.supported = modes.supported
        description.peer = modes.peer
        description.currentSpeed = modes.current.speed
        description.maxSpeed = modes.supported.speed
        return description
    }

    private func modifyPort(
        _ message: PortMod, of managed: ManagedBridge
    ) throws(OpenFlowError) {
        guard let port = managed.bridge.ports[message.port] else { throw .portModBadPort }
        guard port.hardwareAddress == message.hardwareAddress else {
            throw .portModBadHardwareAddress
        }
        let mask = message.mask.rawValue
        let before = port.configuration
        let bits = before.rawValue & ~mask | message.config.rawValue & mask
        journal?.note(.port(port, before: before))
        port.configuration = PortConfig(rawValue: bits)
        guard port.configuration != before else { return }
        if before.contains(.down) != port.configuration.contains(.down) {
            devices.setUp(port.name, !port.configuration.contains(.down))
        }
        network.bumpVersion()
        events.append(.portStatus(bridge: managed.name, port, .modified))
    }

    /// Notes that a device went up or down, that its carrier came or went, or what its link does.
    public func noteLink(
        _ name: String, isUp: Bool, isRunning: Bool, modes: LinkModes = LinkModes()
    ) {
        for managed in bridges.values {
            guard let port = managed.interfaces[name]?.port else { continue }
            let before = (port.isLinkDown, port.configuration, port.linkModes)
            port.isLinkDown = !isRunning
            port.setDown(!isUp)
            port.linkModes = modes
            guard before != (port.isLinkDown, port.configuration, modes) else { continue }
            network.bumpVersion()
            events.append(.portStatus(bridge: managed.name, port, .modified))
        }
    }

    // MARK: Packet-out

    private func sendPacket(
        _ message: PacketOut, _ version: OpenFlowVersion, on managed: ManagedBridge,
        now: Milliseconds
    ) throws(OpenFlowError) {
        guard message.bufferID == nil else { throw .requestBufferUnknown }
        let inPort = message.inPort
        guard inPort < .maximum || inPort == .local || inPort == .none || inPort == .controller
        else { throw .requestBadPort }
        var key = key(of: message.data, inPort: 0)
        key.inPort = UInt32(inPort.value)
        try ActionConsistency.check(
            message.actions, match: Match(key: key, mask: .allOnes), version: version)
        try Self.check(message.actions, table: nil)
        try checkReferences(of: message.actions, on: managed)
        inject(message, on: managed, now: now)
    }

    /// Runs a packet-out's actions on its packet.
    public func inject(_ message: PacketOut, on managed: ManagedBridge, now: Milliseconds) {
        let datapathPort = managed.bridge.ports[message.inPort].flatMap { port -> UInt32? in
            if case .datapath(let number) = port.kind { number } else { nil }
        }
        let datapathKey = key(of: message.data, inPort: datapathPort ?? 0)
        var key = datapathKey
        key.inPort = UInt32(message.inPort.value)
        let metadata = message.metadata
        for index in 0..<KeyWord.metadataEnd where index != KeyWord.inPort {
            key.words[index] |= metadata.key.words[index]
        }
        key.takeRareWords(of: metadata.key)
        let result = network.translate(
            message.actions, for: key, on: managed.bridge, registry: contexts,
            options: TranslationOptions(now: now, mayLearn: true))
        if result.hasChangedState { network.bumpVersion() }
        credit(
            result.effects, packets: 1, octets: UInt64(message.data.count), used: now,
            tcpFlags: Self.tcpFlags(of: key))
        if journal != nil {
            journal?.packets.append((message.data, datapathKey, result.actions))
        } else {
            link.execute(message.data, datapathKey, result.actions)
        }
        retiredContexts += result.packetIns
        takeSpecials(result.specials, message.data, now: now)
    }

    /// The key of a frame that came in on a datapath port.
    func key(of octets: [UInt8], inPort: UInt32) -> FlowKey {
        var packed = PackedKey()
        var metadata = PacketParser.Metadata(inPort: inPort)
        metadata.maximumTags = maximumTags
        PacketParser.parse(octets.span.octets, metadata, into: &packed)
        return packed.expanded
    }

    // MARK: Statistics

    private func statistics(
        _ request: StatsRequest, of managed: ManagedBridge, _ version: OpenFlowVersion,
        _ now: Milliseconds
    ) throws(OpenFlowError) -> StatsReply {
        switch request {
        case .description:
            return StatsReply(
                .description(
                    SwitchDescription(
                        manufacturer: "Nicira, Inc.", hardware: "Open vSwitch",
                        software: "3.1.0", serialNumber: "None",
                        datapath: managed.configuration.description ?? "None")))
        case .flow(let flows):
            return StatsReply(.flow(select(flows, of: managed).map { Self.entry($0, now) }))
        case .aggregate(let flows):
            var sum = AggregateStats()
            for rule in select(flows, of: managed) {
                sum.flowCount += 1
                sum.packetCount &+= rule.counters.packets
                sum.byteCount &+= rule.counters.octets
            }
            return StatsReply(.aggregate(sum))
        case .table:
            return StatsReply(.table(tableStatistics(of: managed)))
        case .port(let number):
            return StatsReply(.port(portStatistics(of: managed, number, now)))
        case .portDescription(let number):
            return StatsReply(.portDescription(portDescriptions(of: managed, number)))
        case .queue(let port, let queue):
            guard port == .none || managed.bridge.ports[port] != nil else {
                throw .queueOpBadPort
            }
            guard queue == nil || queue == Self.onlyQueue else { throw .queueOpBadQueue }
            return StatsReply(.queue(queueStatistics(of: managed, port)))
        case .group(let id): return StatsReply(.group(groupStatistics(id, of: managed, now)))
        case .groupDescription(let id):
            // Before OpenFlow 1.5 the request names no group.
            let all = version < .v15 && version != .v10
            return StatsReply(
                .groupDescription(groupDescriptions(all ? GroupMod.all : id, of: managed)))
        case .meter(let id): return StatsReply(.meter(try meterStatistics(id, of: managed, now)))
        case .meterConfig(let id):
            return StatsReply(.meterConfig(try meterConfigs(id, of: managed)))
        case .groupFeatures:
            return StatsReply(.groupFeatures(Self.groupFeatures(version)))
        case .meterFeatures: return StatsReply(.meterFeatures(Self.meterFeatures))
        case .tableFeatures:
            return StatsReply(.tableFeatures(tableFeatures(of: managed)))
        case .tableDescription:
            return StatsReply(.tableDescription(tableDescriptions(of: managed)))
        case .flowMonitor(let requests):
            return StatsReply(.flowMonitor(initialUpdates(for: requests, of: managed)))
        case .queueDescription(let port, let queue):
            guard port == .none || managed.bridge.ports[port] != nil else {
                throw .queueOpBadPort
            }
            guard queue == nil || queue == Self.onlyQueue else { throw .queueOpBadQueue }
            return StatsReply(.queueDescription(queues(of: managed, port)))
        }
    }

    /// Calls `body` with each rule that a request for flow statistics means.
    public func forEachFlow(
        _ request: FlowStatsRequest, of managed: ManagedBridge, now: Milliseconds,
        _ body: (FlowStatsEntry) -> Void
    ) {
        for rule in select(request, of: managed) { body(Self.entry(rule, now)) }
    }

    private func select(_ request: FlowStatsRequest, of managed: ManagedBridge) -> [Rule] {
        if request.tableID == Bridge.hiddenTable {
            return managed.bridge.ownRules.all.filter {
                $0.match.isNarrower(orEqualTo: request.match)
                    && request.cookie & request.cookieMask == 0
                    && Self.sends($0.actions, to: request.outPort)
                    && Self.sends($0.actions, toGroup: request.outGroup)
            }
        }
        let tables =
            request.tableID == FlowMod.allTables
            ? managed.bridge.usedTables
            : request.tableID < UInt8(Bridge.tableCount)
                ? [managed.bridge.table(request.tableID)] : []
        return tables.flatMap { $0.rules(within: request.match) }.filter { rule in
            !rule.isHidden
                && rule.cookie & request.cookieMask == request.cookie & request.cookieMask
                && Self.sends(rule.actions, to: request.outPort)
                && Self.sends(rule.actions, toGroup: request.outGroup)
        }
    }

    private static func entry(_ rule: Rule, _ now: Milliseconds) -> FlowStatsEntry {
        var entry = FlowStatsEntry(
            tableID: rule.table, match: rule.match, priority: rule.priority, cookie: rule.cookie)
        entry.duration = .milliseconds(now - rule.created)
        entry.idleTimeout = rule.idleTimeout
        entry.hardTimeout = rule.hardTimeout
        entry.idleAge = Int(max(0, now - rule.counters.used) / 1000)
        entry.hardAge = Int(max(0, now - rule.modified) / 1000)
        // Counted and told even of rules whose controller does not need it, as in OVS.
        entry.packetCount = rule.counters.packets
        entry.byteCount = rule.counters.octets
        entry.flags = FlowFlags(rawValue: rule.flags.rawValue)
        entry.importance = rule.importance
        entry.actions = rule.actions
        return entry
    }

    /// Without a queueing discipline, a port has one queue, which does not count.
    private static var onlyQueue: UInt32 { 0 }

    private func queues(
        of managed: ManagedBridge, _ number: PortNumber
    ) -> [QueueDescription] {
        sortedPorts(of: managed)
            .filter { number == .none || $0.number == number }
            .map { QueueDescription(port: $0.number, queueID: Self.onlyQueue) }
    }

    private func queueStatistics(
        of managed: ManagedBridge, _ number: PortNumber
    ) -> [QueueStats] {
        sortedPorts(of: managed)
            .filter { number == .none || $0.number == number }
            .map { port in
                QueueStats(
                    port: port.number, queueID: Self.onlyQueue, transmittedBytes: .max,
                    transmittedPackets: .max, transmitErrors: .max)
            }
    }

    private func portStatistics(
        of managed: ManagedBridge, _ number: PortNumber, _ now: Milliseconds
    ) -> [PortStats] {
        managed.bridge.floodOrder
            .filter { number == .none || $0.number == number }
            .map { port in
                var statistics = PortStats(port: port.number)
                guard let interface = managed.interfaces[port.name] else { return statistics }
                statistics.duration = .milliseconds(now - interface.created)
                if interface.datapathNumber == nil {
                    statistics.set(interface.patchCounters, isDummy: true)
                } else if let counters = devices.counters(port.name) {
                    statistics.set(counters, isDummy: interface.report.type.hasPrefix("dummy"))
                }
                return statistics
            }
    }
}

extension PortStats {
    /// - Parameter isDummy: whether the port counts packets and octets alone, as patch ports do
    ///   too.
    fileprivate mutating func set(_ counters: PortCounters, isDummy: Bool) {
        receivedPackets = counters.receivedPackets
        receivedBytes = counters.receivedOctets
        transmittedPackets = counters.sentPackets
        transmittedBytes = counters.sentOctets
        guard !isDummy else { return }
        receiveErrors = counters.receiveErrors
        receiveDropped = counters.receiveDrops
        transmitErrors = counters.sendErrors
        transmitDropped = counters.sendDrops
        receiveFrameErrors = 0
        receiveOverrunErrors = 0
        receiveCRCErrors = 0
        collisions = 0
    }
}
