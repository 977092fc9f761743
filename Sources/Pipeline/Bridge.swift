internal import Addresses
public import FlowModel
public import Tunnels

/// A bridge: its ports, its tables, and the addresses that it has learned.
public final class Bridge {
    /// Tables that OpenFlow sees; table 254 is hidden, 255 means all.
    public static let tableCount = 254
    /// The table of rules that the switch itself needs.
    public static let hiddenTable: UInt8 = 254

    /// `fail_mode` of ovs-vswitchd.conf.db(5).
    public enum FailMode: String, Sendable {
        case standalone, secure
    }

    /// How fragments of IP packets are looked up; the raw value is `OFPC_FRAG_*`.
    public enum FragmentMode: UInt16, Sendable {
        case normal = 0
        case drop = 1
        /// Their ports can be matched on as far as they are there.
        case nxMatch = 3
    }

    public let name: String
    public private(set) var ports: [PortNumber: BridgePort] = [:]
    /// 16 octets by which a packet that waits at a controller names the bridge.
    public private(set) var identity: [UInt8]
    private var portsByName: [String: BridgePort] = [:]
    /// In the order in which `FLOOD` takes them.
    public var floodOrder: [BridgePort] { floodTable.ports }
    private var floodTable = FloodOrder()
    public private(set) var bundles: [String: Bundle] = [:]
    /// In the order in which `NORMAL` floods: as they came.
    private(set) var bundleOrder: [Bundle] = []
    private var tables: [FlowTable?] = Array(repeating: nil, count: 255)
    /// What table 254 shows.
    public let ownRules: OwnRules
    /// Where packets come in that controllers make up: it carries all VLANs, and learns nothing.
    let controllers = Bundle(name: "")
    public var macTable = MACTable()
    public var groups: [UInt32: Group] = [:]
    public var meters: [UInt32: Meter] = [:]
    /// Which options of tunnels have fields.
    public var tunnelOptions = TunnelOptionLengths()
    /// How those options are written, by their fields.
    public var geneveOptions: [Int: GeneveOptionKind] = [:]
    public var floodVLANs: Set<UInt16> = []
    public var forwardsBPDUs = false
    /// What becomes of fragments of IP packets (ovs-ofctl(8), `set-frags`).
    public var fragmentMode = FragmentMode.normal
    /// Whether flows that `sample` names are reported to collectors.
    public var hasFlowCollectors = false
    /// Whether a packet that no rule of table 0 matches goes to a controller.
    public var sendsMisses = false
    /// Called when a packet has added a rule, or has changed one.
    public var onLearn: ((_ rule: Rule, _ isNew: Bool) -> Void)?
    /// Called when a rule is to be learned into a full table.
    ///
    /// - Returns: whether there is room now.
    public var onFull: ((FlowTable) -> Bool)?

    /// Packets that came in here and found a megaflow, and those that did not.
    public var hitCount: UInt64 = 0
    public var missCount: UInt64 = 0

    public init(name: String, now: Milliseconds = 0) {
        self.name = name
        ownRules = OwnRules(now: now)
        // Two 64-bit FNV-1a hashes of the name, marked as a version 8 UUID (RFC 9562 §5.8).
        identity = [UInt64(0xcbf2_9ce4_8422_2325), 0x8422_2325_cbf2_9ce4].flatMap { start in
            let hash = name.utf8.reduce(start) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            return (0..<8).map { UInt8(truncatingIfNeeded: hash >> (8 * $0)) }
        }
        identity[6] = identity[6] & 0xf | 0x80
        identity[8] = identity[8] & 0x3f | 0x80
    }

    public func table(_ number: UInt8) -> FlowTable {
        if let table = tables[Int(number)] { return table }
        let table = FlowTable(number: number)
        tables[Int(number)] = table
        return table
    }

    /// The table, if it has been used.
    public func existingTable(_ number: UInt8) -> FlowTable? { tables[Int(number)] }

    /// Tables that have been used.
    public var usedTables: [FlowTable] { tables.compactMap { $0 } }

    public var ruleCount: Int { usedTables.reduce(0) { $0 + $1.ruleCount } }

    public func port(named name: String) -> BridgePort? { portsByName[name] }

    public func bundle(named name: String) -> Bundle {
        if let bundle = bundles[name] { return bundle }
        let bundle = Bundle(name: name)
        bundles[name] = bundle
        return bundle
    }

    /// Forgets a bundle of which no port could be opened.
    public func discardIfEmpty(_ bundle: Bundle) {
        if bundle.ports.isEmpty { bundles[bundle.name] = nil }
    }

    public func insert(_ port: BridgePort) {
        precondition(ports[port.number] == nil, "the port number is taken")
        ports[port.number] = port
        portsByName[port.name] = port
        if port.bundle.ports.isEmpty { bundleOrder.append(port.bundle) }
        port.bundle.ports.append(port)
        floodTable.insert(port)
    }

    public func remove(_ port: BridgePort) {
        ports[port.number] = nil
        portsByName[port.name] = nil
        floodTable.remove(port)
        port.bundle.ports.removeAll { $0 === port }
        if port.bundle.ports.isEmpty {
            macTable.removeAll(on: port.bundle)
            bundles[port.bundle.name] = nil
            bundleOrder.removeAll { $0 === port.bundle }
        }
    }
}

/// All bridges of a switch, which patch ports join.
public final class Network {
    public private(set) var bridges: [String: Bridge] = [:]
    /// Where a datapath port belongs.
    public private(set) var portsByDatapathNumber: [UInt32: (bridge: Bridge, port: BridgePort)] =
        [:]
    private var patches: [String: (bridge: Bridge, port: BridgePort)] = [:]
    /// Which tunnel a packet came through.
    public private(set) var tunnels = TunnelTable<PortOwner>()
    /// What outer packets need to know.
    public let underlay = Underlay()
    /// Counts every change that a translation may depend on.
    public private(set) var version: UInt64 = 1

    public init() {}

    /// Says that translations made before may be wrong now.
    public func bumpVersion() { version += 1 }

    public func insert(_ bridge: Bridge) {
        bridges[bridge.name] = bridge
        bumpVersion()
    }

    public func remove(_ bridge: Bridge) {
        bridge.macTable.removeAll()
        for port in bridge.ports.values { remove(port, from: bridge) }
        bridges[bridge.name] = nil
        bumpVersion()
    }

    public func insert(_ port: BridgePort, into bridge: Bridge) {
        bridge.insert(port)
        switch port.kind {
        case .datapath(let number): portsByDatapathNumber[number] = (bridge, port)
        case .patch: patches[port.name] = (bridge, port)
        case .tunnel(let number, let settings):
            tunnels.insert(
                PortOwner(bridge: bridge, port: port), settings, datapathPort: number)
        case .unavailable: break
        }
        bumpVersion()
    }

    public func remove(_ port: BridgePort, from bridge: Bridge) {
        bridge.remove(port)
        switch port.kind {
        case .datapath(let number): portsByDatapathNumber[number] = nil
        case .patch: patches[port.name] = nil
        case .tunnel(let number, let settings):
            tunnels.remove(settings, datapathPort: number)
        case .unavailable: break
        }
        bumpVersion()
    }

    /// Gives a port another end, such as when its device goes or comes back.
    public func setKind(of port: BridgePort, on bridge: Bridge, to kind: BridgePort.Kind) {
        if case .datapath(let number) = port.kind { portsByDatapathNumber[number] = nil }
        if case .patch = port.kind { patches[port.name] = nil }
        port.kind = kind
        if case .datapath(let number) = kind { portsByDatapathNumber[number] = (bridge, port) }
        if case .patch = kind { patches[port.name] = (bridge, port) }
        bumpVersion()
    }

    /// The other end of a patch port: a patch port that names this one as its peer.
    public func peer(of port: BridgePort) -> (bridge: Bridge, port: BridgePort)? {
        guard case .patch(let name) = port.kind, let peer = patches[name],
            case .patch(port.name) = peer.port.kind
        else { return nil }
        return peer
    }
}
