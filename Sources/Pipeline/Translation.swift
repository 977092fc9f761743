public import Addresses
public import FlowModel
import FlowSyntax
public import Tunnels

/// Something that each packet of a megaflow does besides being forwarded.
///
/// Collected by a translation, and credited whenever the megaflow's counters grow.
public enum FlowEffect {
    case rule(Rule)
    /// A table was searched; the rule, if any, comes as an effect of its own.
    case tableLookup(FlowTable, matched: Bool)
    case learned(Bridge, MACTable.Key, Bundle)
    /// A group was gone through, or one of its buckets.
    case group(Group, bucket: Int?)
    case rulesLearned(Bridge, LearnedRule)
    /// A rule's timeouts are shortened when a connection's last packets come.
    case finTimeout(Rule, idle: UInt16, hard: UInt16)
    /// A packet went into a patch port and came out of another.
    case patch(from: BridgePort, to: BridgePort)
    /// A packet went into a tunnel, or came out of it.
    case tunnel(BridgePort, isReceived: Bool)
    /// A neighbour of the outer network told its address.
    case neighbour(NeighbourTable.Key, EthernetAddress)
}

/// What the switch needs to make a packet-in, when the packet comes up with the action.
public struct PacketInState {
    public let bridge: Bridge
    public let table: UInt8
    public let cookie: UInt64
    /// Metadata and registers at the action.
    public let key: FlowKey
    public let action: ControllerAction
    /// What is still to be done when the controller sends the packet back, if it waits for that.
    public var continuation: FrozenState?
}

/// Why a translation gave up; its packet is dropped.
public enum TranslationError: Error, Equatable, Sendable {
    case recursionTooDeep
    case tooManyResubmits
    case noInputBridge
    case noRecirculationContext
    case tooManyLabels
    case unsupportedPacketType

    /// OVS's words.
    public var sentence: String {
        switch self {
        case .recursionTooDeep: "Recursion too deep"
        case .tooManyResubmits: "Too many resubmits"
        case .noInputBridge: "No bridge for the input port"
        case .noRecirculationContext: "No recirculation context"
        case .tooManyLabels: "Too many MPLS labels"
        case .unsupportedPacketType: "Unsupported packet type"
        }
    }
}

/// What a packet is to suffer, and why.
public struct TranslationResult {
    /// What the datapath does.
    public var actions: [DatapathAction] = []
    /// The bits of the packet that decided.
    public var mask = FlowKey()
    /// The packet's key after the pipeline.
    public var finalKey = FlowKey()
    public var effects: [FlowEffect] = []
    public var error: TranslationError?
    /// Why the datapath cannot handle such packets alone, if it cannot.
    public var slowPath: [SlowPathReason] = []
    public var trace: [TraceNode] = []
    /// Whether the translation changed what other translations depend on.
    public var hasChangedState = false
    /// Where the packet goes on after `ct`; for explanations only.
    public var recirculations: [TracedRecirculation] = []
    /// The contexts of packet-ins and of packets that come again, in the order in which their
    /// numbers were given out.
    public var packetIns: [UInt32] = []
    /// For which ports' own protocols the packet is.
    public var specials: [SpecialPacket] = []
    /// Outer addresses that are not known yet.
    public var solicitations: [Solicitation] = []
}

extension TranslationResult {
    /// What the datapath is to do with such packets by itself: to send up those of which a port's
    /// own protocol wants each.
    public var installedActions: [DatapathAction] {
        slowPath.first.map { [.userspace(.slowPath($0))] } ?? actions
    }
}

/// How a translation is to be made.
public struct TranslationOptions {
    public var now: Milliseconds
    /// Whether the packet is real, so that MAC addresses may be learned from it.
    public var mayLearn: Bool
    public var isTraced: Bool
    /// Whether packet-ins are only shown.
    public var suppressesPacketIns: Bool
    /// Whether an explanation shows ports by their names.
    public var showsNames: Bool

    public init(
        now: Milliseconds, mayLearn: Bool, isTraced: Bool = false,
        suppressesPacketIns: Bool = false, showsNames: Bool = false
    ) {
        self.now = now
        self.mayLearn = mayLearn
        self.isTraced = isTraced
        self.suppressesPacketIns = suppressesPacketIns
        self.showsNames = showsNames
    }
}

/// Keeps the contexts of packets that come up again, by number.
public protocol ContextRegistry: AnyObject {
    /// - Returns: the number, from 1.
    func register(_ state: PacketInState) -> UInt32
    /// - Returns: the number, which is that of an equal state if there is one.
    func freeze(_ state: FrozenState) -> UInt32
    /// What is to be done with packets that come again with the number.
    func frozenState(of id: UInt32) -> FrozenState?
}

/// What a search of the tables is for.
struct SearchKind: OptionSet {
    let rawValue: UInt8
    /// The walk begins here, so that the action set is executed at the end.
    static var isFirst: Self { .init(rawValue: 1) }
    /// A packet that nothing matches meets what the table has for it.
    static var honorsMiss: Self { .init(rawValue: 2) }
    /// The first addresses and ports of the packet's connection are looked up, not its own.
    static var isOriginal: Self { .init(rawValue: 4) }
    /// The walk has just come into a bridge, to go back to another one.
    static var isBridge: Self { .init(rawValue: 8) }
}

/// Walks one flow through the bridges' tables ("translation"; OVS: xlate).
///
/// A flow key and the tables go in; datapath actions, the mask of bits that decided, an explanation
/// and a list of effects come out. The pipeline works on its own copy of the key and remembers what
/// the datapath's packet looks like (`base`); the difference is turned into `set`, `push` and `pop`
/// only when a packet leaves, so that what an action undoes again costs nothing. The state of one
/// walk is in this object; extensions hold one family of actions each.
final class Translation {
    /// As OVS, so that traces agree.
    static let maximumDepth = 64
    static let maximumResubmits = 64 * 64

    let network: Network
    let options: TranslationOptions
    let registry: any ContextRegistry

    /// What the packet is now.
    var key: FlowKey
    /// What the datapath's packet looks like after the actions so far.
    var base: FlowKey
    var wildcards = FlowKey()
    var actions: [DatapathAction] = []
    var effects: [FlowEffect] = []
    var trace: TraceRecorder
    var packetIns: [UInt32] = []
    /// Changes to rules, to be made at the end.
    var learnedRules: [(Bridge, LearnedRule)] = []
    /// Rules that this walk has added.
    var newRules: [Rule] = []
    var hasChangedState = false

    var bridge: Bridge
    /// Where the packet came in.
    private let firstBridge: Bridge
    /// The type of the packet as it came in.
    private let firstEtherType: UInt16
    var table: UInt8 = 0
    var rule: Rule?
    var depth = 0
    var resubmits = 0
    var isExiting = false
    /// Why a packet that an output sends to controllers goes there.
    var controllerReason = PacketInReason.action
    /// Whether the rest of the current list is left out.
    var isLeaving = false
    /// Whether labels were taken off, so that the headers behind them are not known yet.
    var hasPoppedLabels = false
    /// The header that the datapath's packet lacks yet.
    var pendingHeader: PendingHeader?
    /// Whether the datapath's packet has its outer header still.
    var isHeaderToBeTakenOff = false
    /// Whether nothing follows the action at hand, neither in its list nor behind that.
    var isLastAction = true
    /// Whether the packet's connection is known.
    var isTracked = false
    /// Whether the walk began with a packet that came again.
    var isThawed = false
    /// The cookie of the rule that the walk goes on for, which may have gone.
    var thawedCookie: UInt64?
    /// The cookie of the rule that the walk began with.
    var firstCookie: UInt64?
    /// What `ct` at hand is to do to addresses.
    var translation: AddressTranslation?
    var recirculations: [TracedRecirculation] = []
    var error: TranslationError?
    var actionSet: [Action] = []
    var stack: [UInt128] = []
    /// Whether the walk is being broken off, to go on when the datapath has the packet again.
    var isFreezing = false
    var frozenSteps: [FrozenState.Step] = []
    var frozenHash: DatapathHash?
    /// The action that waits for a controller, which is why the walk is broken off.
    var pause: ControllerAction?
    /// For which ports' own protocols the packet is.
    var specials: [SpecialPacket] = []
    /// Outer addresses that are to be asked for.
    var solicitations: [Solicitation] = []
    /// The queue that the packet came with.
    let originalPriority: UInt64

    init(
        _ key: FlowKey, bridge: Bridge, network: Network, registry: any ContextRegistry,
        options: TranslationOptions
    ) {
        self.key = key
        base = key
        self.bridge = bridge
        firstBridge = bridge
        firstEtherType = key.networkType
        self.network = network
        self.registry = registry
        self.options = options
        trace = TraceRecorder(isOn: options.isTraced)
        originalPriority = key.words[KeyWord.priority] >> 32
        // What every megaflow depends on.
        wildcards.inPort = .max
        wildcards.words[KeyWord.packetType] |= 0xffff_ffff_0000_0000
        wildcards.recirculationID = .max
        wildcards.etherType = .max
        if EtherType.isIP(key.networkType) {
            wildcards.ipFragment = FragmentBits.any | FragmentBits.later
        }
        if hasTunnel { consultTunnel() }
    }

    /// Whether the packet has come through a tunnel, whatever was written since.
    var hasTunnel: Bool {
        base[.tunnelDestination] != 0 || base[.tunnelIPv6Destination] != 0
    }

    /// Says that the walk depends on the outer header, as in OVS where a packet has one.
    private func consultTunnel() {
        let addresses: [Field] =
            key[.tunnelDestination] != 0
            ? [.tunnelSource, .tunnelDestination] : [.tunnelIPv6Source, .tunnelIPv6Destination]
        for field in [.tunnelID] + addresses { wildcards[field] = .max }
        wildcards[.tunnelTOS] = .max
        wildcards[.outerFlags] |= FieldLocation.outerFlags.ones & ~1
    }

    func run() {
        trace.open(.bridge, "bridge(\"\(bridge.name)\")")
        if let port = inputPort, case .tunnel = port.kind {
            effects.append(.tunnel(port, isReceived: true))
        }
        let isStopped = isTaken(by: inputPort) || !takeOuterCongestion()
        if isStopped || inputPort?.configuration.contains(.noReceive) == true {
            _ = lookup(in: 0)
            trace.close()
        } else {
            walk(from: 0)
        }
        finishFreezing()
        trace.close()
        addLearnedRules()
    }

    /// Gives up on a packet that comes again after what was to be done with it is forgotten.
    func refuseRecirculated() {
        trace.open(.bridge, "bridge(\"\(bridge.name)\")")
        let id = String(key.recirculationID, radix: 16)
        fail(.noRecirculationContext, "Recirculation context not found for ID \(id)")
        trace.close()
    }

    /// Runs a list of actions instead of the tables, as a packet-out does.
    func run(_ list: [Action]) {
        // OVS explains a packet-out as if a rule had the actions.
        if !options.isTraced { controllerReason = .packetOut }
        trace.open(.bridge, "bridge(\"\(bridge.name)\")")
        execute(list)
        if error == nil && !isFreezing { executeActionSet() }
        finishFreezing()
        trace.close()
        addLearnedRules()
    }

    var inputPort: BridgePort? {
        bridge.ports[PortNumber(UInt16(truncatingIfNeeded: key.inPort))]
    }

    /// Searches the tables from `table` on, and runs the action set at the end.
    func walk(from table: UInt8, as kind: SearchKind = []) {
        search(table, as: kind.union(.isFirst))
    }

    /// Searches one table and runs its rule's actions.
    ///
    /// - Parameters:
    ///   - port: what the search, and it alone, takes for the in-port.
    func search(
        _ number: UInt8, pretending port: PortNumber? = nil, as kind: SearchKind = []
    ) {
        let before = (table, rule)
        defer { (table, rule) = before }
        table = number
        let inPort = key.inPort
        if let port, port != .inPort { key.inPort = UInt32(port.value) }
        let honorsMiss = !kind.isDisjoint(with: [.isFirst, .honorsMiss])
        var isMiss = false
        let (isKnown, found) = asOriginal(kind.contains(.isOriginal)) {
            let (found, calls) = lookup(from: number, honorsMiss: honorsMiss)
            isMiss = calls
            return found
        }
        key.inPort = inPort
        guard isKnown else { return }
        rule = found
        if let found {
            effects.append(.rule(found))
            if kind.contains(.isFirst) && firstCookie == nil { firstCookie = found.cookie }
            if kind.contains(.isBridge) && !isLastAction && !Self.isReversible(found.actions) {
                cloneInDatapath { runBranch(found.actions, isLast: true) }
            } else {
                execute(found.actions)
            }
        } else {
            if honorsMiss { creditOwnRule(isMiss: isMiss) }
            if isMiss { sendMiss() } else { trace.add(.action, "drop") }
        }
        if kind.contains(.isFirst) && error == nil && !isFreezing { executeActionSet() }
        trace.close()
    }

    /// Counts a packet that no rule of a controller has matched.
    private func creditOwnRule(isMiss: Bool) {
        let rules = bridge.ownRules
        let quiet = isDroppedFragment ? rules.fragments : rules.quietMiss
        effects.append(.rule(isMiss ? rules.miss : quiet))
    }

    /// Whether a controller gets packets of the input port that nothing in the table matches.
    private func sendsMisses(of table: FlowTable) -> Bool {
        switch table.missBehavior {
        case .unspecified where !bridge.sendsMisses: false
        case .unspecified, .controller:
            inputPort?.configuration.contains(.noPacketIn) != true
        case .nextTable, .drop: false
        }
    }

    /// Searches a table, and those behind it as long as packets without a rule go on to them.
    ///
    /// Leaves a node of the last table open in the trace.
    private func lookup(from number: UInt8, honorsMiss: Bool) -> (rule: Rule?, isMiss: Bool) {
        guard honorsMiss else { return (lookup(in: number), false) }
        var flowTable = bridge.table(number)
        while flowTable.missBehavior == .nextTable, Int(table) + 1 < Bridge.tableCount,
            find(in: flowTable) == nil
        {
            effects.append(.tableLookup(flowTable, matched: false))
            table += 1
            flowTable = bridge.table(table)
        }
        let sends = sendsMisses(of: flowTable) && !isDroppedFragment
        let found = lookup(in: table, callsForPacketIn: sends)
        return (found, found == nil && sends)
    }

    private func find(in flowTable: FlowTable) -> Rule? {
        newRules.isEmpty
            ? flowTable.lookup(key, wildcards: &wildcards) : lookupOld(in: flowTable)
    }

    private var isFragment: Bool { isIP && key.ipFragment & FragmentBits.any != 0 }
    private var isDroppedFragment: Bool { isFragment && bridge.fragmentMode == .drop }

    /// Leaves a node of the table open in the trace.
    private func lookup(in number: UInt8, callsForPacketIn: Bool = false) -> Rule? {
        let flowTable = bridge.table(number)
        if isDroppedFragment {
            effects.append(.tableLookup(flowTable, matched: true))
            trace.open(.table, TraceText.droppedFragment(number))
            return nil
        }
        let transport = key.words[KeyWord.transport]
        // Fragments have no ports, not even the first, unless a controller asks for them.
        if isFragment && bridge.fragmentMode == .normal {
            key.words[KeyWord.transport] &= 0xffff_ffff
        }
        let found = find(in: flowTable)
        key.words[KeyWord.transport] = transport
        effects.append(.tableLookup(flowTable, matched: found != nil))
        if let found {
            trace.open(.table, TraceText.table(number, found, names))
        } else {
            trace.open(
                .table,
                TraceText.miss(
                    number, callsForPacketIn: callsForPacketIn, isFirst: bridge === firstBridge))
        }
        return found
    }

    /// The names that an explanation shows.
    var names: FlowNames {
        guard options.showsNames else { return FlowNames() }
        return FlowNames(ports: bridge.ports.values.map { ($0.name, $0.number) })
    }

    func fail(_ error: TranslationError, _ text: String) {
        self.error = self.error ?? error
        trace.add(.error, text)
    }

    /// What came of the walk.
    var result: TranslationResult {
        var result = TranslationResult()
        result.actions = error == nil ? actions : []
        // Behind a copy that ends all, nothing needs the packet any more.
        if case .clone(let last)? = result.actions.last {
            result.actions.removeLast()
            result.actions += last
        }
        result.mask = finishedMask
        result.finalKey = key
        result.effects = effects
        result.error = error
        result.trace = trace.nodes
        result.hasChangedState = hasChangedState
        result.packetIns = packetIns
        result.recirculations = recirculations
        result.solicitations = solicitations
        result.specials = specials
        for special in specials where !result.slowPath.contains(special.reason) {
            result.slowPath.append(special.reason)
        }
        return result
    }

    /// The mask without what the datapath cannot see or the packet does not have.
    private var finishedMask: FlowKey {
        var mask = wildcards
        mask.words[KeyWord.metadata] = 0
        for index in 0..<16 { mask.words[KeyWord.registers + index] = 0 }
        mask.words[KeyWord.conjunction] = 0
        if error == nil { clearMissingHeaders(in: &mask) }
        // Fragments but the first have no ports, whatever a rule's match looked at.
        if key.ipFragment & FragmentBits.later != 0 { mask.words[KeyWord.transport] = 0 }
        if !hasTunnel {
            for index in KeyWord.tunnelID...KeyWord.erspan { mask.words[index] = 0 }
            mask.removeRareWords()
        } else if !mask.rare.isEmpty {
            bridge.tunnelOptions.finish(&mask, for: base)
        }
        if mask.vlanTCI != 0 { mask.vlanTCI |= VLANBits.present }
        if mask.innerVLANTCI != 0 { mask.innerVLANTCI |= VLANBits.present }
        if mask.vlanTPID != 0 || mask.vlanTCI & VLANBits.present != 0 { mask.vlanTPID = 0 }
        return mask
    }

    /// Forgets what was asked of headers that the walk itself put before the packet.
    private func clearMissingHeaders(in mask: inout FlowKey) {
        if !EtherType.isMPLS(firstEtherType) {
            mask.words[KeyWord.mpls] = 0
            mask.words[KeyWord.mplsRest] &= 0xffff_ffff
        }
        if firstEtherType != EtherType.pbb { mask.words[KeyWord.mplsRest] &= 0xffff_ffff << 32 }
        guard firstEtherType != EtherType.nsh else { return }
        for index in KeyWord.nsh...KeyWord.nshContextRest { mask.words[index] = 0 }
    }
}

extension Network {
    /// Translates the packet with `key`, whose in-port is an OpenFlow port of `bridge`.
    public func translate(
        _ key: FlowKey, on bridge: Bridge, registry: any ContextRegistry,
        options: TranslationOptions
    ) -> TranslationResult {
        guard key.recirculationID != 0 else {
            let translation = Translation(
                key, bridge: bridge, network: self, registry: registry, options: options)
            translation.run()
            return translation.result
        }
        let state = registry.frozenState(of: key.recirculationID)
        let translation = Translation(
            key, bridge: state?.bridge ?? bridge, network: self, registry: registry,
            options: options)
        if let state {
            translation.thaw(state)
        } else {
            translation.refuseRecirculated()
        }
        return translation.result
    }

    /// Translates a list of actions for the packet with `key`, as a packet-out asks.
    public func translate(
        _ actions: [Action], for key: FlowKey, on bridge: Bridge,
        registry: any ContextRegistry, options: TranslationOptions
    ) -> TranslationResult {
        let translation = Translation(
            key, bridge: bridge, network: self, registry: registry, options: options)
        translation.run(actions)
        return translation.result
    }
}
