import Addresses
import CLinux
import Daemon
import Datapath
import FlowModel
import LinuxPorts
import Netlink
import Switch
import Transport
import Tunnels

/// Opens the devices of interfaces by their type.
final class DeviceTable: DeviceProvider {
    private struct Entry {
        let port: any PacketPort
        let type: String
        var isUp = true
        /// What a port of memory says of itself.
        var index: Int32 = 0
        var mtu: UInt32 = DeviceTable.defaultMTU
    }

    static let defaultMTU: UInt32 = 1500

    /// Whether bridges of the type `system`, which is the default, are the kernel's.
    var usesKernel = false

    private var entries: [String: Entry] = [:]
    private let dummy: VswitchdOptions.DummyLevel?
    weak var plane: ForwardingPlane?
    let log = LogModule("netdev")
    /// The last octets of the next dummy's address.
    private var nextDummyAddress: UInt64 = 0

    init(dummy: VswitchdOptions.DummyLevel?) { self.dummy = dummy }

    /// The types of datapath that bridges may ask for.
    var datapathTypes: [String] { ["netdev", "system"] + (hasDummies ? ["dummy"] : []) }

    /// The types of interface that the database lists as supported.
    var types: [String] {
        var types = [
            "afxdp", "afxdp-nonpmd", "dpdkvhostuser", "dpdkvhostuserclient", "internal", "patch",
            "system", "tap",
        ]
        types += TunnelType.allCases.map(\.rawValue)
        if dummy != nil { types += ["dummy", "dummy-internal"] }
        return types.sorted()
    }

    func open(
        _ interface: InterfaceConfiguration, for bridge: BridgeConfiguration
    ) throws(DeviceError) -> OpenedDevice {
        let type = effectiveType(interface, bridge.datapathType)
        do throws(SystemError) {
            switch type {
            case "dummy", "dummy-internal", "dummy-pmd": return try openDummy(interface)
            case "internal", "tap": return try openTAP(interface, for: bridge)
            case "", "system": return try openSystem(interface, for: bridge)
            case "afxdp", "afxdp-nonpmd": return try openXDP(interface)
            case "dpdkvhostuser", "dpdkvhostuserclient": return try openVhost(interface)
            default: break
            }
        } catch {
            let isXDP = type.hasPrefix("afxdp") && error.code != ENODEV
            throw isXDP
                ? refuseXDP(interface, error)
                : DeviceError("could not open network device \(interface.name) (\(error.reason))")
        }
        log.warning("could not create netdev \(interface.name) of unknown type \(type)")
        throw DeviceError(
            "could not open network device \(interface.name) "
                + "(\(TransportError.text(of: EAFNOSUPPORT)))")
    }

    /// The type, with dummies in the place of what `--enable-dummy` overrides.
    private func effectiveType(
        _ interface: InterfaceConfiguration, _ datapathType: String
    ) -> String {
        if dummy != nil && datapathType == "dummy" && interface.type == "internal" {
            return "dummy-internal"
        }
        return switch (dummy, interface.type) {
        case (.overrideAll, "internal"): "dummy-internal"
        case (.overrideAll, _) where TunnelType(rawValue: interface.type) != nil: "dummy"
        case (.overrideAll, ""), (.overrideAll, "system"), (.overrideAll, "tap"),
            (.overrideSystem, ""), (.overrideSystem, "system"):
            "dummy"
        case (nil, "dummy"), (nil, "dummy-internal"), (nil, "dummy-pmd"): "unknown"
        default: interface.type
        }
    }

    func standsIn(for type: String) -> Bool { dummy == .overrideAll }

    private func openDummy(
        _ interface: InterfaceConfiguration
    ) throws(SystemError) -> OpenedDevice {
        var options = DummyPort.Options()
        options.pcap = interface.options["pcap"]
        options.sentPcap = interface.options["tx_pcap"]
        options.receivedPcap = interface.options["rxq_pcap"]
        options.passiveStream = interface.options["pstream"]
        options.activeStream = interface.options["stream"]
        options.isPolled = interface.type == "dummy-pmd"
        if options.isPolled {
            options.queueCount = Self.queueCount(interface) ?? 1
            options.numa = interface.options["numa_id"].flatMap(Int.init) ?? 0
        }
        let port = try DummyPort(name: interface.name, options: options)
        let address =
            interface.hardwareAddress ?? EthernetAddress(0xaa55_aa55_0000 + nextDummyAddress)
        nextDummyAddress += 1
        let type =
            switch interface.type {
            case "internal", "dummy-internal": "dummy-internal"
            case "dummy-pmd": "dummy-pmd"
            default: "dummy"
            }
        var device = remember(port, interface.name, address, type)
        if options.isPolled { device.shownOptions = Self.queueFacts(options.queueCount) }
        entries[interface.name]?.index = interface.options["ifindex"].flatMap { Int32($0) } ?? 0
        if let mtu = interface.requestedMTU {
            entries[interface.name]?.mtu = UInt32(clamping: mtu)
        }
        return device
    }

    /// How many receive queues an interface is to have, if it says so (`options:n_rxq`).
    static func queueCount(_ interface: InterfaceConfiguration) -> Int? {
        interface.options["n_rxq"].flatMap { Int($0) }
            .map { max(1, min($0, QueuedPort.maximumQueues)) }
    }

    /// What `dpif/show` tells of the queues of a port that is polled.
    static func queueFacts(_ count: Int) -> [String: String] {
        [
            "configured_rx_queues": String(count), "configured_tx_queues": "1",
            "requested_rx_queues": String(count), "requested_tx_queues": "1",
        ]
    }

    private func openTAP(
        _ interface: InterfaceConfiguration, for bridge: BridgeConfiguration
    ) throws(SystemError) -> OpenedDevice {
        let port: any PacketPort =
            isServedByKernel(bridge)
            ? try TAPPort(name: interface.name, isServedByKernel: true)
            : try TAPPort.open(name: interface.name, queueCount: Self.queueCount(interface) ?? 1)
        let wanted =
            interface.hardwareAddress
            ?? (interface.name == bridge.name ? bridge.hardwareAddress : nil)
        let device = Device(interface.name)
        if let wanted { try device.setAddress(wanted) }
        if let mtu = interface.requestedMTU { try device.setMTU(mtu) }
        let address = try device.address()
        var opened = remember(
            port, interface.name, address, interface.type, flags: try device.flags())
        opened.linkModes = device.facts().modes
        return opened
    }

    private func isServedByKernel(_ bridge: BridgeConfiguration) -> Bool {
        usesKernel && (bridge.datapathType.isEmpty || bridge.datapathType == "system")
    }

    private func openSystem(
        _ interface: InterfaceConfiguration, for bridge: BridgeConfiguration
    ) throws(SystemError) -> OpenedDevice {
        let queueCount = Self.queueCount(interface) ?? 1
        let port: any PacketPort =
            isServedByKernel(bridge)
            ? try AFPacketPort(name: interface.name, isServedByKernel: true)
            : try AFPacketPort.open(name: interface.name, queueCount: queueCount)
        let device = Device(interface.name)
        if let wanted = interface.hardwareAddress { try device.setAddress(wanted) }
        if let mtu = interface.requestedMTU { try device.setMTU(mtu) }
        let address = try device.address()
        var opened = remember(
            port, interface.name, address, "system", flags: try device.flags())
        opened.linkModes = device.facts().modes
        return opened
    }

    func remember(
        _ port: any PacketPort, _ name: String, _ address: EthernetAddress, _ type: String,
        flags: Int32 = Int32(IFF_UP) | Int32(IFF_RUNNING)
    ) -> OpenedDevice {
        entries[name] = Entry(port: port, type: type)
        return OpenedDevice(
            port: port, hardwareAddress: address, type: type,
            isLinkDown: flags & Int32(IFF_RUNNING) == 0, isDown: flags & Int32(IFF_UP) == 0)
    }

    func reconfigure(_ interface: InterfaceConfiguration, from before: InterfaceConfiguration) {
        guard let entry = entries[interface.name] else { return }
        if Self.isMemory(entry.port) {
            entries[interface.name]?.mtu =
                interface.requestedMTU.map { UInt32(clamping: $0) } ?? Self.defaultMTU
            onDummyChange?(interface.name)
            return
        }
        let device = Device(interface.name)
        do throws(SystemError) {
            if let mtu = interface.requestedMTU, mtu != before.requestedMTU {
                try device.setMTU(mtu)
            }
            if let address = interface.hardwareAddress, address != before.hardwareAddress {
                try device.setAddress(address)
            }
        } catch {
            log.warning("\(interface.name): \(error.call) failed (\(error.reason))")
        }
    }

    func setAddress(_ name: String, _ address: EthernetAddress) {
        guard let entry = entries[name], !Self.isMemory(entry.port) else { return }
        do throws(SystemError) {
            try Device(name).setAddress(address)
        } catch {
            log.warning("\(name): cannot be given the address \(address): \(error.reason)")
        }
    }

    func close(_ name: String) { entries[name] = nil }

    func setUp(_ name: String, _ isUp: Bool) {
        guard let entry = entries[name] else { return }
        entries[name]?.isUp = isUp
        if Self.isMemory(entry.port) {
            onDummyChange?(name)
            return
        }
        do throws(SystemError) {
            try Device(name).setUp(isUp)
        } catch {
            log.warning("\(name): cannot be brought \(isUp ? "up" : "down"): \(error.reason)")
        }
    }

    /// Whether there is a device of the kernel behind some port.
    var hasDevices: Bool { entries.values.contains { !Self.isMemory($0.port) } }

    /// Asks the database for the port that an interface had.
    var formerNumberOf: ((String) -> PortNumber?)?

    func formerNumber(_ name: String) -> PortNumber? { formerNumberOf?(name) }

    /// Called when a port of memory has gone up or down or has another MTU.
    ///
    /// The switch may be locked.
    var onDummyChange: ((String) -> Void)?

    /// What a port of memory says of itself.
    func dummyFacts(_ name: String) -> (isUp: Bool, index: Int32, mtu: UInt32)? {
        guard let entry = entries[name], Self.isMemory(entry.port) else { return nil }
        return (entry.isUp, entry.index, entry.mtu)
    }

    /// Whether `--enable-dummy` asked for ports of memory.
    var hasDummies: Bool { dummy != nil }

    func isDummy(_ name: String) -> Bool { entries[name].map { Self.isMemory($0.port) } ?? false }

    /// Whether the kernel knows nothing of the port.
    private static func isMemory(_ port: any PacketPort) -> Bool {
        port is DummyPort || port is VhostPort
    }

    /// Says what MTU a port of memory has.
    func setMTU(_ mtu: UInt32, of name: String) { entries[name]?.mtu = mtu }

    /// Whether a device of the kernel is open by that name.
    func isDevice(_ name: String) -> Bool { entries[name].map { !Self.isMemory($0.port) } ?? false }

    /// Whether the device that is open by that name has gone.
    func hasVanished(_ name: String) -> Bool { entries[name]?.port.hasVanished ?? false }

    func isInternal(_ name: String) -> Bool { entries[name]?.type == "internal" }

    // MARK: Dummies

    /// Addresses that were given to dummies, which have no stack to keep them.
    private(set) var dummyAddresses: [String: Set<String>] = [:]

    func addDummyAddress(_ address: String, to name: String) {
        dummyAddresses[name, default: []].insert(address)
    }

    func dummy(_ name: String) -> DummyPort? { entries[name]?.port as? DummyPort }

    var dummyNames: [String] {
        entries.filter { $0.value.port is DummyPort }.keys.sorted()
    }

    func port(_ name: String) -> (any PacketPort)? { entries[name]?.port }

    func isUp(_ name: String) -> Bool { entries[name]?.isUp ?? false }

    /// What each port has counted, from the last ``refreshCounters()``.
    private(set) var snapshot: [String: PortCounters] = [:]

    func counters(_ name: String) -> PortCounters? { snapshot[name] }

    /// Fetches the ports' counters; must not be called with the switch locked.
    func refreshCounters() {
        let ports = entries.mapValues(\.port)
        // The threads that own queues know what was dropped before it reached them.
        for member in plane?.members ?? [] { member.thread.countDrops() }
        plane?.waitForOrders()
        snapshot = ports.mapValues(\.counters)
    }
}
