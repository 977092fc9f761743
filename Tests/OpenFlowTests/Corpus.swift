import Addresses
import FlowModel
import OpenFlow

/// A message of each kind, with the dialects in which it can be said.
enum Corpus {
    static let messages: [(message: OpenFlowMessage, dialect: Dialect)] = {
        var all: [(OpenFlowMessage, Dialect)] = []
        for version in OpenFlowVersion.allKnown {
            let dialect = Dialect(version: version)
            all += common(version).map { ($0, dialect) }
            all += (version == .v10 ? only10 : later(version)).map { ($0, dialect) }
            if version == .v13 { all += only13.map { ($0, dialect) } }
            if version >= .v14 { all += since14(version).map { ($0, dialect) } }
        }
        let nxm = Dialect(version: .v10, flowFormat: .nxm, packetInFormat: .nxm)
        all += nicira.map { ($0, nxm) }
        let nxm2 = Dialect(version: .v13, packetInFormat: .nxm2)
        var cut = packetIn
        cut.fullLength = 1500
        cut.userdata = [1, 2, 3]
        all += [packetIn, cut].map { (.packetIn($0), nxm2) }
        return all
    }()

    static var match: Match {
        var match = Match()
        match.set(.inPort, to: 1)
        match.set(.ethernetSource, to: 0x0200_0000_0001)
        match.set(.etherType, to: 0x0800)
        match.set(.ipv4Source, to: 0x0a00_0000, mask: 0xff00_0000)
        match.set(.ipProtocol, to: 6)
        match.set(.tcpDestination, to: 80)
        return match
    }

    static var rich: Match {
        var match = match
        match.set(.reg0, to: 5, mask: 0xff)
        match.set(.metadata, to: 7)
        match.set(.tunnelID, to: 9)
        return match
    }

    /// An Ethernet frame of a type for experiments.
    static var frame: [UInt8] {
        [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5, 1, 2, 3, 4]
    }

    static var packetIn: PacketIn {
        var packet = PacketIn(reason: .action, tableID: 3, cookie: 5, data: frame)
        packet.inPort = PortNumber(7)
        return packet
    }

    static var entry: FlowStatsEntry {
        FlowStatsEntry(
            tableID: 3, match: match, priority: 100, cookie: 0x1234,
            duration: .milliseconds(1500), idleTimeout: 10, hardTimeout: 20, packetCount: 7,
            byteCount: 700, actions: [.output(PortNumber(2), maxByteCount: 0)])
    }

    static func port(_ version: OpenFlowVersion) -> PortDescription {
        PortDescription(
            number: PortNumber(3), hardwareAddress: EthernetAddress(0x0200_0000_0003),
            name: "eth3", config: [.down, .noReceive], state: .linkDown,
            current: [.full10G, .copper], advertised: [.half10M, .autonegotiation],
            currentSpeed: version == .v10 ? 0 : 10_000_000,
            maxSpeed: version == .v10 ? 0 : 40_000_000)
    }

    private static func common(_ version: OpenFlowVersion) -> [OpenFlowMessage] {
        var packet10 = PacketIn(reason: .noMatch, data: frame, bufferID: 5)
        packet10.inPort = .local
        var packet = version == .v10 ? packet10 : packetIn
        if version < .v13 { packet.cookie = .max }
        var stats = PortStats(port: PortNumber(3))
        stats.receivedPackets = 5
        if version >= .v13 { stats.duration = .milliseconds(2500) }
        let removed = FlowRemoved(
            match: match, priority: 7, reason: .hardTimeout, cookie: 3,
            duration: .seconds(5), idleTimeout: 1, packetCount: 9, byteCount: 10)
        return [
            .hello(Hello()),
            .error(
                ErrorMessage(
                    code: OpenFlowError.matchBadPrerequisite.code(in: version),
                    data: OpenFlowMessage.barrierRequest.encoded(Dialect(version: version)))),
            .echoRequest([1, 2, 3]), .echoReply([]), .featuresRequest, .getConfigRequest,
            .getConfigReply(SwitchConfig(fragments: .drop, missSendLength: 128)),
            .setConfig(SwitchConfig(fragments: .nxMatch, missSendLength: 65535)),
            .packetIn(packet), .flowRemoved(removed),
            .portStatus(PortStatus(reason: .modify, port: port(version))),
            .packetOut(
                PacketOut(
                    inPort: PortNumber(1), actions: [.output(.flood, maxByteCount: 0)],
                    data: frame)),
            .flowMod(
                FlowMod(
                    command: .delete, tableID: version == .v11 ? 0 : FlowMod.allTables,
                    match: match,
                    outPort: PortNumber(4))),
            .portMod(
                PortMod(
                    port: PortNumber(3), hardwareAddress: EthernetAddress(0x0200_0000_0003),
                    config: .down, mask: .down)),
            .barrierRequest, .barrierReply,
            .statsRequest(.description), .statsRequest(.table), .statsRequest(.port(.none)),
            .statsRequest(.port(PortNumber(3))), .statsRequest(.queue(.none, queueID: nil)),
            .statsRequest(.flow(FlowStatsRequest(tableID: 3, match: match))),
            .statsRequest(.aggregate(FlowStatsRequest(outPort: PortNumber(3)))),
            .statsRequest(.portDescription(.none)),
            .statsReply(StatsReply(.description(SwitchDescription(manufacturer: "Martlet")))),
            .statsReply(StatsReply(.flow([entry, entry]), hasMore: true)),
            .statsReply(StatsReply(.flow([]))),
            .statsReply(
                StatsReply(
                    .aggregate(AggregateStats(packetCount: 1, byteCount: 2, flowCount: 3)))),
            .statsReply(StatsReply(.port([stats]))),
            .statsReply(StatsReply(.portDescription([port(version)]))),
            .statsReply(StatsReply(.queue([QueueStats(port: PortNumber(3), queueID: 1)]))),
        ] + queuesAndPorts(version) + groups(version)
    }

    private static func queuesAndPorts(_ version: OpenFlowVersion) -> [OpenFlowMessage] {
        var messages: [OpenFlowMessage] = []
        if version < .v14 {
            var queue = QueueDescription(port: PortNumber(3), queueID: 5)
            queue.minRate = 100
            messages += [
                .queueConfigRequest(PortNumber(3)),
                .queueConfigReply(QueueConfig(port: PortNumber(3), queues: [queue])),
            ]
        }
        if version < .v13 {
            messages.append(
                .featuresReply(
                    SwitchFeatures(
                        datapathID: 0x1234, actions: version == .v10 ? 0xfff : 0,
                        ports: [port(version)])))
        }
        return messages
    }

    private static func groups(_ version: OpenFlowVersion) -> [OpenFlowMessage] {
        let hasIDs = Dialect(version: version).hasBucketIDs
        let buckets = (1...2).map { number in
            Bucket(
                id: UInt32(number - 1), weight: 7, watchPort: PortNumber(3),
                actions: [.output(PortNumber(UInt16(number)), maxByteCount: 0)])
        }
        var selection = GroupSelection()
        if hasIDs {
            selection = GroupSelection(
                method: "hash", parameter: 5,
                fields: [.init(field: .ipv4Source, mask: 0xffff_ff00)])
        }
        let hasDuration = version >= .v13 || version == .v10
        let stats = GroupStats(
            id: 3, referenceCount: 1, count: .init(packets: 5, bytes: 500),
            duration: hasDuration ? .milliseconds(1500) : nil,
            buckets: [.init(packets: 2, bytes: 200), .init(packets: 3, bytes: 300)])
        let description = GroupDescription(
            type: .select, id: 3, buckets: buckets, selection: selection)
        return [
            .groupMod(
                GroupMod(type: .select, id: 3, buckets: buckets, selection: selection)),
            .groupMod(GroupMod(command: .delete, id: GroupMod.all)),
            .statsRequest(.group(3)),
            .statsRequest(.groupDescription(hasIDs ? 3 : GroupMod.all)),
            .statsReply(StatsReply(.group([stats, stats]))),
            .statsReply(StatsReply(.groupDescription([description, description]))),
            .statsReply(StatsReply(.group([]))),
        ]
            + (version == .v11
                ? []
                : [
                    .statsRequest(.groupFeatures),
                    .statsReply(StatsReply(.groupFeatures(GroupFeatures()))),
                ])
    }

    private static func meters(_ version: OpenFlowVersion) -> [OpenFlowMessage] {
        let config = MeterConfig(
            id: 3, flags: [.kbps, .burst, .stats],
            bands: [
                MeterBand(kind: .drop, rate: 100, burst: 20),
                MeterBand(kind: .dscpRemark, rate: 50, burst: 10, precedenceLevel: 1),
            ])
        let stats = MeterStats(
            id: 3, flowCount: 1, input: .init(packets: 5, bytes: 500),
            duration: .milliseconds(1500), bands: [.init(packets: 1, bytes: 100), .init()])
        return [
            .meterMod(MeterMod(command: .add, config: config)),
            .meterMod(
                MeterMod(command: .delete, config: MeterConfig(id: MeterConfig.all))),
            .statsRequest(.meter(4)), .statsRequest(.meterConfig(4)),
            .statsRequest(.meterFeatures), .statsReply(StatsReply(.meter([stats, stats]))),
            .statsReply(StatsReply(.meterConfig([config, config]))),
            .statsReply(StatsReply(.meter([]))),
            .statsReply(StatsReply(.meterFeatures(MeterFeatures()))),
        ] + bundles(version)
    }

    private static func bundles(_ version: OpenFlowVersion) -> [OpenFlowMessage] {
        let inner = OpenFlowMessage.flowMod(FlowMod(tableID: 0, match: match, newCookie: 0))
        return [
            .bundleControl(
                BundleControl(bundleID: 5, kind: .openRequest, flags: [.atomic, .ordered])),
            .bundleControl(BundleControl(bundleID: 5, kind: .commitReply, flags: .ordered)),
            .bundleAdd(
                BundleAdd(
                    bundleID: 5, flags: .atomic,
                    message: inner.encoded(Dialect(version: version), xid: 1))),
        ]
    }

    /// What every version from 1.1 on has.
    private static func later(_ version: OpenFlowVersion) -> [OpenFlowMessage] {
        var table = TableStats(tableID: 1, activeCount: 5, lookupCount: 6, matchedCount: 7)
        if version < .v13 { table.name = "x" }
        var messages: [OpenFlowMessage] = [
            .statsReply(StatsReply(.table([table]))),
            .tableMod(TableMod(tableID: 1, config: version < .v13 ? .missMask : [])),
            .flowMod(
                FlowMod(
                    tableID: 4, match: version == .v11 ? match : rich, priority: 3, newCookie: 5,
                    idleTimeout: 6, flags: [.sendFlowRemoved, .resetCounts],
                    actions: [.clearActions, .gotoTable(7)])),
        ]
        if version >= .v12 {
            messages += [
                .roleRequest(Role(kind: .primary, generationID: 7)),
                .roleReply(Role(kind: .secondary, generationID: 7)),
            ]
        }
        guard version >= .v13 else { return messages }
        let async = version >= .v14 ? AsyncConfig.standard14 : .standard
        messages += [
            .featuresReply(
                SwitchFeatures(datapathID: 0x1234, capabilities: [.groupStats], actions: 0)),
            .getAsyncRequest, .getAsyncReply(async), .setAsync(async),
            .statsRequest(.tableFeatures),
            .statsReply(StatsReply(.tableFeatures([TableFeatures(tableID: 0, name: "x")]))),
        ]
        return messages + meters(version)
    }

    private static func since14(_ version: OpenFlowVersion) -> [OpenFlowMessage] {
        var table = TableMod(tableID: 3, config: [.eviction, .vacancyEvents])
        table.evictionFlags = 1
        table.vacancy = Vacancy(down: 10, up: 20)
        var queue = QueueDescription(port: PortNumber(3), queueID: 5)
        queue.minRate = 100
        queue.maxRate = 500
        let groupMod = OpenFlowMessage.groupMod(GroupMod(command: .delete, id: GroupMod.all))
        return [
            .tableMod(table), .statsRequest(.tableDescription),
            .statsReply(StatsReply(.tableDescription([table, TableMod(tableID: 4)]))),
            .statsRequest(.queueDescription(.none, queueID: nil)),
            .statsRequest(.queueDescription(PortNumber(3), queueID: 5)),
            .statsReply(StatsReply(.queueDescription([queue, queue]))),
            .roleStatus(RoleStatus(role: .secondary, reason: .primaryRequest, generationID: 5)),
            .tableStatus(TableStatus(reason: .vacancyDown, table: table)),
            .requestForward(
                RequestForward(request: groupMod.encoded(Dialect(version: version), xid: 1))),
        ]
    }

    private static var only10: [OpenFlowMessage] {
        [
            .statsReply(StatsReply(.table([TableStats(tableID: 1, name: "x", activeCount: 5)]))),
            .roleRequest(Role(kind: .primary)), .roleReply(Role(kind: .equal)),
            .setFlowFormat(.nxm), .setTableInFlowMod(true), .setPacketInFormat(.nxm),
            .setControllerID(5), .flowAge, .setAsync(.standard),
        ]
    }

    private static var only13: [OpenFlowMessage] {
        [.hello(Hello(versions: [.v10, .v13])), .setPacketInFormat(.nxm2)]
    }

    private static var nicira: [OpenFlowMessage] {
        var aged = entry
        aged.match = rich
        aged.idleAge = 3
        aged.hardAge = 0
        let request = FlowStatsRequest(
            tableID: 3, cookie: 4, cookieMask: 0xff, match: rich, isNicira: true)
        return [
            .packetIn(packetIn),
            .flowMod(
                FlowMod(command: .modify, match: rich, cookie: 5, cookieMask: .max, newCookie: 6)),
            .flowRemoved(FlowRemoved(match: rich, priority: 3, tableID: 7)),
            .statsRequest(.flow(request)), .statsRequest(.aggregate(request)),
            .statsReply(StatsReply(.flow([aged]))),
            .statsReply(StatsReply(.aggregate(AggregateStats(flowCount: 3)))),
            .statsRequest(.groupDescription(3)),
        ]
    }
}
