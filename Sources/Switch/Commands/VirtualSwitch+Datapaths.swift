public import Datapath
import FlowModel
import FlowSyntax
public import Pipeline
import Tunnels

/// What commands need to know of the datapath besides the switch.
public struct DatapathSnapshot {
    public var statistics = DatapathStatistics()
    public var flows: [DatapathFlow] = []
    /// Masks in use.
    public var maskCount = 0
    /// Each thread by itself: the main thread first, then those that poll, by their cores.
    public var threads = [ThreadSnapshot(number: 0, core: nil)]

    public init() {}
}

/// What commands need to know of one forwarding thread.
public struct ThreadSnapshot {
    /// The number of its datapath, as in ``FlowID``.
    public var number: UInt16
    /// `nil` for the main thread.
    public var core: ForwardingCore?
    public var statistics = DatapathStatistics()
    public var load = ThreadLoad()
    /// Whether its core serves pinned queues alone.
    public var isIsolated = false

    public init(number: UInt16, core: ForwardingCore?) {
        self.number = number
        self.core = core
    }

    /// What commands call the thread.
    public var title: String {
        core.map { "pmd thread numa_id \($0.numa) core_id \($0.core)" } ?? "main thread"
    }
}

/// `dpif/...` and `dpctl/...`: the datapath and its flows.
extension VirtualSwitch {
    // MARK: Ports

    public func dpifShow(_ snapshot: DatapathSnapshot) -> String {
        var text = ""
        for kind in DatapathKind.all(of: self) {
            let count = lookups(of: kind, snapshot)
            text += "\(kind.fullName): hit:\(count.hits) missed:\(count.misses)\n"
            for managed in bridges(of: kind) {
                text += "  \(managed.name):\n"
                for interface in managed.interfaces.values.sorted(by: Self.precedes) {
                    text += line(of: interface)
                }
            }
        }
        return text
    }

    private static func precedes(_ left: ManagedInterface, _ right: ManagedInterface) -> Bool {
        left.configuration.name < right.configuration.name
    }

    /// The type of the device, or the one in whose place a dummy stands.
    private static func shownType(of interface: ManagedInterface) -> String {
        let type = interface.report.type
        let isStandIn = type == "dummy" && !interface.configuration.type.hasPrefix("dummy")
        return isStandIn ? "system" : type
    }

    /// `    p1 1/2: (system)`, or nothing for an interface without a port.
    private func line(of interface: ManagedInterface) -> String {
        guard let port = interface.port else { return "" }
        let number = shownNumber(of: interface).map { String($0) } ?? "none"
        let type = Self.shownType(of: interface)
        let details = Self.details(type, interface)
        return "    \(port.name) \(port.number.value)/\(number): (\(details))\n"
    }

    /// The type, and the options if there are any.
    private static func details(_ type: String, _ interface: ManagedInterface) -> String {
        if TunnelType(rawValue: type) != nil {
            let options = interface.report.shownOptions.sorted { $0.key < $1.key }
            return type + ": " + options.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
        }
        let captures: Set = ["pcap", "tx_pcap", "rxq_pcap"]
        // A port of memory tells what it has, not what it was asked for.
        let options = interface.configuration.options
            .filter { type != "dummy-pmd" && !captures.contains($0.key) }
            .merging(interface.report.shownOptions) { $1 }
            .sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return options.isEmpty ? type : "\(type): \(options.joined(separator: ", "))"
    }

    /// Packets that found a flow and those that did not.
    ///
    /// With several kinds of bridges, the hits are those that megaflows were credited with.
    private func lookups(
        of kind: DatapathKind, _ snapshot: DatapathSnapshot
    ) -> (hits: UInt64, misses: UInt64) {
        if DatapathKind.all(of: self).count == 1 {
            return (snapshot.statistics.hits, snapshot.statistics.misses)
        }
        return bridges(of: kind).reduce((0, 0)) {
            ($0.0 + $1.bridge.hitCount, $0.1 + $1.bridge.missCount)
        }
    }

    public func dpifDumpDatapaths() -> String {
        bridges.values.map { "\(DatapathKind($0.configuration).type)@\($0.name)\n" }
            .sorted().joined()
    }

    public func dpctlDumpDatapaths() -> String {
        DatapathKind.all(of: self).map { $0.fullName + "\n" }.joined()
    }

    /// `dpctl/show [-s] [DP...]`.
    public func dpctlShow(
        _ arguments: [String], _ snapshot: DatapathSnapshot
    ) throws(CommandError) -> String {
        var (options, names) = try Self.options(arguments, allowed: ["-s", "--statistics"])
        options.formUnion(options.contains("--statistics") ? ["-s"] : [])
        var kinds: [DatapathKind] = []
        for name in names {
            let known = DatapathKind.all(of: self)
            guard let kind = known.first(where: { $0.isMeant(by: name) }) else {
                let isOfOtherType = known.contains { $0.name == name }
                let reason = isOfOtherType ? "Invalid argument" : "No such device"
                throw CommandError("ovs-vswitchd: opening datapath \(name) failed (\(reason))")
            }
            kinds.append(kind)
        }
        if names.isEmpty { kinds = DatapathKind.all(of: self) }
        return kinds.map { show($0, snapshot, showsStatistics: options.contains("-s")) }.joined()
    }

    private func show(
        _ kind: DatapathKind, _ snapshot: DatapathSnapshot, showsStatistics: Bool
    ) -> String {
        let counts = lookups(of: kind, snapshot)
        let flows = snapshot.flows.count { owns($0, kind) }
        var text = "\(kind.fullName):\n  lookups: hit:\(counts.hits) missed:\(counts.misses)"
        text += " lost:\(snapshot.statistics.lost)\n  flows: \(flows)\n"
        // The datapath's own port, which exists for the sake of such lists only.
        text += "  port 0: \(kind.name) (\(numbersPortsByName ? "dummy-internal" : "tap"))\n"
        if showsStatistics { text += Self.statistics(of: PortCounters(), isDummy: true) }
        let interfaces = bridges(of: kind).flatMap(\.interfaces.values)
            .filter { $0.datapathNumber != nil }
            .sorted { ($0.datapathNumber ?? 0) < ($1.datapathNumber ?? 0) }
        var lines = tunnelLines(of: kind)
        for interface in interfaces {
            let number = interface.datapathNumber ?? 0
            while let line = lines.first, line.number < number {
                text += line.text
                lines.removeFirst()
            }
            let type = interface.report.type
            let isPlain = Self.shownType(of: interface) == "system"
            text += "  port \(interface.datapathNumber ?? 0): \(interface.configuration.name)"
            let hasMore = !interface.report.shownOptions.isEmpty
            let details = hasMore ? Self.details(type, interface) : type
            text += isPlain ? "\n" : " (\(details))\n"
            if showsStatistics {
                let counters = devices.counters(interface.configuration.name) ?? PortCounters()
                text += Self.statistics(of: counters, isDummy: type.hasPrefix("dummy"))
            }
        }
        return text + lines.map(\.text).joined()
    }

    /// The ports that tunnels share.
    private func tunnelLines(of kind: DatapathKind) -> [(number: UInt32, text: String)] {
        tunnels.devices.filter { self.kind(ofPort: $0.value.number) == kind }
            .sorted { $0.value.number < $1.value.number }
            .map { name, device in
                let isERSPAN = device.type == .erspan || device.type == .ip6erspan
                let isStandard = device.port == device.type.standardPort
                let details =
                    (isERSPAN ? "erspan_ver=0, " : "")
                    + (isStandard ? "" : "dst_port=\(device.port), ") + "packet_type=ptap"
                return (
                    device.number,
                    "  port \(device.number): \(name) (\(device.type.rawValue): \(details))\n"
                )
            }
    }

    private static func statistics(of counters: PortCounters, isDummy: Bool) -> String {
        func number(_ value: UInt64) -> String { isDummy ? "?" : String(value) }
        let errors = (number(counters.receiveErrors), number(counters.sendErrors))
        let drops = (number(counters.receiveDrops), number(counters.sendDrops))
        let zero = number(0)
        return """
                RX packets:\(counters.receivedPackets) errors:\(errors.0) dropped:\(drops.0) \
            overruns:\(zero) frame:\(zero)
                TX packets:\(counters.sentPackets) errors:\(errors.1) dropped:\(drops.1) \
            aborted:\(zero) carrier:\(zero)
                collisions:\(zero)
                RX bytes:\(scaled(counters.receivedOctets))  TX bytes:\(scaled(counters.sentOctets))

            """
    }

    /// The number, with a rounded one in larger units behind it.
    static func scaled(_ count: UInt64) -> String {
        let units: [(Double, String)] = [
            (0x1p40, "TiB"), (0x1p30, "GiB"), (0x1p20, "MiB"), (0x1p10, "KiB"),
        ]
        guard let (size, unit) = units.first(where: { Double(count) >= $0.0 }) else {
            return String(count)
        }
        let tenths = Int((Double(count) / size * 10).rounded())
        return "\(count) (\(tenths / 10).\(tenths % 10) \(unit))"
    }

    // MARK: Flows

    func owns(_ flow: DatapathFlow, _ kind: DatapathKind) -> Bool {
        self.kind(ofPort: flow.key.expanded.inPort) == kind
    }

    /// `dpif/dump-flows [-m] [--names | --no-names] BRIDGE`.
    public func dpifDumpFlows(
        _ arguments: [String], _ snapshot: DatapathSnapshot, now: Milliseconds
    ) throws(CommandError) -> String {
        let options = arguments.dropLast()
        let managed = try bridge(arguments[arguments.count - 1])
        var format = DatapathFlowFormat()
        format.isVerbose = options.contains("-m")
        // With details the flows show names, unless they are not wanted.
        let showsNames =
            !options.contains("--no-names") && (options.contains("--names") || format.isVerbose)
        if showsNames { format.names = datapathPortNames }
        format.showsDatapath = false
        format.now = now
        return snapshot.flows
            .filter {
                network.portsByDatapathNumber[$0.key.expanded.inPort]?.bridge === managed.bridge
            }
            .map { format.line(of: $0, fullKey(of: $0)) }.joined()
    }

    /// `dpctl/dump-flows [-m] [--names] [DP] [filter=...] [type=...] [pmd=...]`.
    public func dpctlDumpFlows(
        _ arguments: [String], _ snapshot: DatapathSnapshot, now: Milliseconds
    ) throws(CommandError) -> String {
        let (options, operands) = try Self.options(
            arguments, allowed: ["-m", "--more", "--names", "--no-names"])
        var datapathName: String?
        var filter: Match?
        var showsAny = true
        var thread: Int?
        for operand in operands {
            if operand.hasPrefix("filter=") {
                filter = try Self.filter(String(operand.dropFirst(7)), datapathFilterNames)
            } else if operand.hasPrefix("type=") {
                showsAny = try Self.showsFlows(ofType: String(operand.dropFirst(5)))
            } else if operand.hasPrefix("pmd=") {
                thread = Int(operand.dropFirst(4))
            } else {
                datapathName = operand
            }
        }
        let kind = try datapath(named: datapathName)
        var format = DatapathFlowFormat()
        format.isVerbose = options.contains("-m") || options.contains("--more")
        let showsNames =
            !options.contains("--no-names") && (options.contains("--names") || format.isVerbose)
        if showsNames { format.names = datapathPortNames }
        format.now = now
        guard showsAny else { return "" }
        let flows = snapshot.flows.filter { owns($0, kind) && isMatched($0, by: filter) }
        var text = ""
        for member in snapshot.threads
        where thread == nil || thread == member.core?.core ?? -1 {
            let lines = flows.filter { $0.id.thread == member.number }
                .map { format.line(of: $0, fullKey(of: $0)) }
            guard !lines.isEmpty else { continue }
            let name = member.core.map { "pmd on cpu core: \($0.core)" } ?? "the main thread:"
            // Who asks for one thread knows which it is.
            if thread == nil { text += "flow-dump from \(name)\n" }
            text += lines.joined()
        }
        return text
    }

    private static func showsFlows(ofType text: String) throws(CommandError) -> Bool {
        var shows = false
        for type in text.split(separator: ",") {
            switch type {
            case "ovs", "non-offloaded", "all", "any": shows = true
            case "tc", "dpdk", "offloaded", "partially-offloaded": break
            default:
                throw CommandError(
                    "ovs-vswitchd: Failed to parse type (\(text)) (Invalid argument)")
            }
        }
        return shows
    }

    private static func filter(
        _ text: String, _ names: FlowNames
    ) throws(CommandError) -> Match {
        var parser = FlowParser(names: names)
        let match = try? parser.flow(text, for: .query).match
        if let match { return match }
        do {
            return Match(key: try FlowKeyText.parse(text, names: names), mask: FlowKey())
        } catch {
            throw CommandError(
                "ovs-vswitchd: Failed to parse filter (\(error.message))")
        }
    }

    /// The ports by the numbers that OpenFlow has for them, where no two bridges disagree.
    private var datapathFilterNames: FlowNames {
        FlowNames(
            ports: network.portsByDatapathNumber.values.map { ($0.port.name, $0.port.number) })
    }

    /// Whether some packet of the flow can match, by the bits that it looks at.
    private func isMatched(_ flow: DatapathFlow, by filter: Match?) -> Bool {
        guard let filter else { return true }
        var key = fullKey(of: flow)
        if let port = network.portsByDatapathNumber[key.inPort]?.port {
            key.inPort = UInt32(port.number.value)
        }
        let mask = flow.mask.expanded
        for index in 0..<KeyWord.count {
            let bits = filter.mask.words[index] & mask.words[index]
            if (key.words[index] ^ filter.key.words[index]) & bits != 0 { return false }
        }
        return true
    }

    /// The key of the packet that a flow was made for; flows of others have their own only.
    private func fullKey(of flow: DatapathFlow) -> FlowKey {
        (megaflows[flow.id]?.datapathKey ?? flow.key).expanded
    }

    /// `dpctl/del-flows [DP]`.
    public func dpctlDeleteFlows(_ arguments: [String]) throws(CommandError) -> String {
        let kind = try datapath(named: arguments.first)
        for (id, megaflow) in megaflows
        where bridges[megaflow.bridge.name].map({ DatapathKind($0.configuration) }) == kind {
            removeMegaflow(id)
        }
        return ""
    }

    /// The flow of that name.
    public func dpctlGetFlow(
        _ arguments: [String], _ snapshot: DatapathSnapshot, now: Milliseconds
    ) throws(CommandError) -> String {
        let kind = try datapath(named: arguments.count > 1 ? arguments[0] : nil)
        let name = arguments[arguments.count - 1]
        guard name.hasPrefix("ufid:") else {
            // Open vSwitch takes this for no error.
            return "ovs-vswitchd: parsing flow ufid\n"
        }
        var format = DatapathFlowFormat()
        format.now = now
        let flow = snapshot.flows.first {
            owns($0, kind) && DatapathFlowFormat.name(of: $0) == name
        }
        guard let flow else {
            throw CommandError("ovs-vswitchd: getting flow (No such file or directory)")
        }
        return format.line(of: flow, fullKey(of: flow))
    }

    /// Sorts the arguments of a `dpctl` command.
    static func options(
        _ arguments: [String], allowed: Set<String>
    ) throws(CommandError) -> (options: Set<String>, operands: [String]) {
        var options: Set<String> = []
        var operands: [String] = []
        for argument in arguments {
            if !argument.hasPrefix("-") {
                operands.append(argument)
            } else if allowed.contains(argument) {
                options.insert(argument)
            } else {
                throw CommandError("Unrecognized option \(argument)")
            }
        }
        return (options, operands)
    }
}
