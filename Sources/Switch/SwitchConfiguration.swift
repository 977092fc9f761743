public import Addresses
public import ConnectionTracking
public import Datapath
public import FlowModel
public import Pipeline

/// What the database asks of the switch.
public struct SwitchConfiguration: Equatable, Sendable {
    public var bridges: [BridgeConfiguration] = []
    /// `other_config:max-idle`, milliseconds.
    public var maximumIdle: Milliseconds = VirtualSwitch.defaultMaximumIdle
    /// `other_config:max-revalidator`, milliseconds.
    public var maximumRevalidator: Milliseconds = VirtualSwitch.defaultMaximumRevalidator
    /// `other_config:flow-limit`.
    public var flowLimit = VirtualSwitch.defaultFlowLimit
    /// `other_config:vlan-limit`: how many tags of a packet are looked at.
    public var maximumTags = VirtualSwitch.defaultMaximumTags
    /// `other_config:emc-insert-inv-prob` and `smc-enable`.
    public var caches = CacheSettings()
    /// `other_config:pmd-cpu-mask` and its like.
    public var threads = ThreadSettings()
    /// The timeouts of connections in zones that have their own: rows of `CT_Timeout_Policy`.
    public var zoneTimeouts: [UInt16: TrackingTimeouts] = [:]

    public init() {}
}

/// A row of the `Bridge` table.
public struct BridgeConfiguration: Equatable, Sendable {
    public var name: String
    /// `datapath_type`, empty for the default.
    public var datapathType = ""
    /// `other_config:datapath-id`.
    public var datapathID: UInt64?
    /// `other_config:hwaddr`.
    public var hardwareAddress: EthernetAddress?
    /// The address where neither the configuration nor a port has one.
    public var fallbackAddress: EthernetAddress?
    public var failMode = Bridge.FailMode.standalone
    public var hasControllers = false
    public var floodVLANs: Set<UInt16> = []
    /// Seconds.
    public var macAgingTime = MACTable.defaultAgingTime
    public var macTableSize = MACTable.defaultCapacity
    public var forwardsBPDUs = false
    /// Whether an `IPFIX` row, or one of `Flow_Sample_Collector_Set`, is for the bridge.
    public var hasFlowCollectors = false
    public var description: String?
    /// Rows of the `Flow_Table` table, by the tables' numbers.
    public var tables: [UInt8: TableSettings] = [:]
    public var inBand = InBandControl()
    public var ports: [PortConfiguration] = []

    public init(name: String) { self.name = name }
}

/// A row of the `Port` table.
public struct PortConfiguration: Equatable, Sendable {
    public var name: String
    public var vlanMode = Bundle.VLANMode.trunk
    public var priorityTags = Bundle.PriorityTags.no
    public var tag: UInt16 = 0
    public var trunks: Set<UInt16>?
    /// `cvlans`, and whether `other_config:qinq-ethtype` is `802.1q`.
    public var customerVLANs: Set<UInt16>?
    public var usesCustomerTPID = false
    public var interfaces: [InterfaceConfiguration] = []

    public init(name: String) { self.name = name }
}

/// A row of the `Interface` table.
public struct InterfaceConfiguration: Equatable, Sendable {
    public var name: String
    /// Empty for `system`.
    public var type: String
    public var options: [String: String]
    public var requestedNumber: PortNumber?
    public var hardwareAddress: EthernetAddress?
    public var requestedMTU: Int?
    /// `other_config:emc-enable` and the `ingress_policing` columns.
    public var settings = PortSettings()
    /// The `bfd` column.
    public var bfd: [String: String] = [:]

    public init(name: String, type: String = "", options: [String: String] = [:]) {
        self.name = name
        self.type = type
        self.options = options
    }
}

/// What became of a row of the `Interface` table.
public struct InterfaceReport: Equatable, Sendable {
    /// The OpenFlow port, or -1 where the device could not be opened.
    public var number: Int
    /// OVS's sentence, where there is one to say.
    public var error: String?
    public var hardwareAddress: EthernetAddress?
    /// What `dpif/show` calls the type.
    public var type: String
    /// What it tells besides the options of the database.
    public var shownOptions: [String: String] = [:]
}

/// A device that was opened for an interface.
public struct OpenedDevice {
    public let port: any PacketPort
    public let hardwareAddress: EthernetAddress
    /// What `dpif/show` calls the type: `system`, `internal`, `tap`, `dummy`, `dummy-internal`.
    public let type: String
    public let isLinkDown: Bool
    /// Whether the administrator has the device down.
    public let isDown: Bool
    public var linkModes = LinkModes()
    /// What `dpif/show` tells besides the options of the database.
    public var shownOptions: [String: String] = [:]

    public init(
        port: any PacketPort, hardwareAddress: EthernetAddress, type: String,
        isLinkDown: Bool = false, isDown: Bool = false
    ) {
        self.port = port
        self.hardwareAddress = hardwareAddress
        self.type = type
        self.isLinkDown = isLinkDown
        self.isDown = isDown
    }
}

/// Why a device cannot be used, in a sentence for the operator.
public struct DeviceError: Error, Equatable, Sendable {
    public let sentence: String

    public init(_ sentence: String) { self.sentence = sentence }
}

/// Opens and closes devices: the edge that the switch stands on.
public protocol DeviceProvider: AnyObject {
    func open(_ interface: InterfaceConfiguration, for bridge: BridgeConfiguration)
        throws(DeviceError) -> OpenedDevice
    func close(_ name: String)
    /// Changes what can be changed without opening the device anew.
    func reconfigure(_ interface: InterfaceConfiguration, from before: InterfaceConfiguration)
    /// Gives the local port its bridge's address.
    func setAddress(_ name: String, _ address: EthernetAddress)
    /// The OpenFlow port that an interface had when it was last open, also by an earlier process.
    func formerNumber(_ name: String) -> PortNumber?
    /// Brings a device up or down, as OpenFlow's port-mod asks.
    func setUp(_ name: String, _ isUp: Bool)
    /// What the device has counted.
    func counters(_ name: String) -> PortCounters?
    /// Whether ports of memory take the place of that type.
    func standsIn(for type: String) -> Bool
}

extension DeviceProvider {
    public func standsIn(for type: String) -> Bool { false }
}

/// Orders to the datapath, which the thread that owns it carries out in order.
public protocol DatapathLink: AnyObject {
    func addPort(_ number: UInt32, _ port: any PacketPort)
    func removePort(_ number: UInt32)
    /// Says how packets are treated that come in by a port.
    func setPort(_ number: UInt32, _ settings: PortSettings)
    /// Says which caches answer before the masks are searched.
    func setCaches(_ settings: CacheSettings)
    func updateFlow(_ id: FlowID, _ actions: [DatapathAction])
    func removeFlow(_ id: FlowID)
    /// Runs actions on a packet that did not come in by a port.
    func execute(_ octets: [UInt8], _ key: FlowKey, _ actions: [DatapathAction])
    /// Makes a meter, or gives it other bands.
    func setMeter(_ number: UInt32, _ config: MeterConfig)
    func removeMeter(_ number: UInt32)
    /// Sets how many tags of a packet are looked at.
    func setMaximumTags(_ count: Int)
    /// Has the connection tracker forget connections.
    func flushConnections(_ selection: ConnectionSelection)
    /// Gives connections that begin in a zone timeouts of their own, or the usual ones.
    func setTimeouts(ofZone zone: UInt16, _ timeouts: TrackingTimeouts?)
    /// Says what a datapath port of tunnels takes, or that it has gone.
    func setTunnel(_ number: UInt32, _ device: TunnelDevice?)
    /// Says where source ports of tunnels over UDP come from.
    func setSourcePorts(_ ports: ClosedRange<UInt16>)
}

extension DatapathLink {
    public func setTunnel(_ number: UInt32, _ device: TunnelDevice?) {}
    public func setSourcePorts(_ ports: ClosedRange<UInt16>) {}
}
