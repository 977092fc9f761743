public import Addresses
import Datapath
public import FlowModel
public import OpenFlow
public import Pipeline
import Tunnels

/// Something that the switch has to tell controllers.
public enum SwitchEvent {
    case packetIn(bridge: String, PacketInEvent)
    case flowRemoved(bridge: String, Rule, RemovalReason)
    case portStatus(bridge: String, BridgePort, PortChange)
    case tableStatus(bridge: String, TableStatus)
    /// For flow monitors.
    case flowChanged(bridge: String, FlowChange)

    public enum RemovalReason: Sendable {
        case idleTimeout, hardTimeout, delete, groupDelete, meterDelete, eviction
    }
    public enum PortChange: Sendable {
        case added, removed, modified
    }

    /// The bridge whose controllers are meant.
    public var bridge: String {
        switch self {
        case .packetIn(let bridge, _), .flowRemoved(let bridge, _, _),
            .portStatus(let bridge, _, _), .tableStatus(let bridge, _),
            .flowChanged(let bridge, _):
            bridge
        }
    }
}

/// A packet that goes to controllers.
public struct PacketInEvent {
    public let action: ControllerAction
    public let table: UInt8
    public let cookie: UInt64
    /// Metadata and registers, with the OpenFlow in-port.
    public let key: FlowKey
    public let octets: [UInt8]
    /// What is left to be done, if the controller is to send the packet back.
    public var continuation: Continuation?
}

/// The switch: bridges over one datapath, kept as the configuration asks.
///
/// A deterministic machine. Configuration, OpenFlow messages, upcalls, counters and the time come
/// in; orders to the datapath (``DatapathLink``) and ``SwitchEvent``s go out. It neither reads a
/// clock nor waits.
///
/// *Thread safety*: one lock, held by the caller around each call. The control thread calls
/// everything; the forwarding thread calls ``handleMisses(of:now:)`` only, with the datapath that
/// it owns, so that a packet that missed is forwarded before the next one of its flow is looked at.
public final class VirtualSwitch {
    /// `max-idle` of ovs-vswitchd.conf.db(5), milliseconds.
    public static let defaultMaximumIdle: Milliseconds = 10_000
    /// `max-revalidator` of ovs-vswitchd.conf.db(5), milliseconds.
    public static let defaultMaximumRevalidator: Milliseconds = 500
    /// The least that `max-revalidator` may be.
    public static let leastRevalidator: Milliseconds = 100
    /// `flow-limit` of ovs-vswitchd.conf.db(5).
    public static let defaultFlowLimit = 200_000

    public let network = Network()
    public private(set) var bridges: [String: ManagedBridge] = [:]
    public internal(set) var configuration = SwitchConfiguration()
    /// How many tags of a packet the datapath looks at.
    var maximumTags = 2
    /// What controllers are to be told; the caller takes it after each call.
    public var events: [SwitchEvent] = []
    /// Whose message is being carried out, which the caller says.
    public var origin: MessageOrigin?
    /// Whether a change since the last revalidation wants one soon.
    public var needsRevalidation: Bool { revalidatedVersion != network.version }
    public var megaflowCount: Int { megaflows.count }

    public let link: any DatapathLink
    public let devices: any DeviceProvider
    public let contexts = ContextTable()
    var megaflows: [FlowID: Megaflow] = [:]
    var upcallSettings = UpcallSettings()
    /// Contexts that no megaflow holds, whose packets may still be on their way up.
    var retiredContexts: [UInt32] = []
    var revalidatedVersion: UInt64 = 0
    var round = RevalidationRound()
    /// How long the last round took.
    var lastRevalidation: Milliseconds = 1
    /// The limit of flows that the length of rounds has led to.
    var adaptedFlowLimit: Int?
    /// What a bundle has done so far, while one is carried out.
    var journal: Journal?
    var usedMeterNumbers: Set<UInt32> = []
    /// What meters had counted when the datapath was last asked, by its numbers.
    var meterCounters: [UInt32: MeterCounters] = [:]
    var usedDatapathNumbers: Set<UInt32> = [0]
    /// The datapath's ports of tunnels, and what is known of the networks below.
    var tunnels = TunnelDevices()
    /// Whether a session that watches a path has something to do.
    public internal(set) var hasLivenessWork = false
    var changedLiveness: Set<String> = []
    /// Packets that came out of no tunnel, or with options that may not be overlooked.
    public internal(set) var refusedTunnelPackets: UInt64 = 0
    /// No number below it is free.
    private var lowestFreeNumber: UInt32 = 1
    /// Whether datapath ports are numbered by the digits in their names, as OVS's dummy does.
    public let numbersPortsByName: Bool

    public init(
        link: any DatapathLink, devices: any DeviceProvider, numbersPortsByName: Bool = false
    ) {
        self.link = link
        self.devices = devices
        self.numbersPortsByName = numbersPortsByName
    }

    // MARK: Configuration

    /// Removes the bridges and ports that `configuration` does not want.
    ///
    /// The first half of ``apply(_:now:)``, for a caller that has to wait between the halves until
    /// the datapath has let go of the devices.
    public func removeUnwanted(by configuration: SwitchConfiguration, now: Milliseconds) {
        let wanted = Set(configuration.bridges.map(\.name))
        for name in bridges.keys.filter({ !wanted.contains($0) }).sorted() {
            removeBridge(name, now: now)
        }
        // An interface that moves to another bridge is closed there before it is opened here.
        for bridge in configuration.bridges {
            if let managed = bridges[bridge.name], managed.needsUpdate(to: bridge) {
                removeStalePorts(managed, bridge)
            }
        }
    }

    /// As many tags as other datapaths of Open vSwitch look at.
    public static var defaultMaximumTags: Int { 1 }

    /// Makes the bridges and ports be as `configuration` says.
    ///
    /// What could not be opened before is tried again.
    ///
    /// - Complexity: a comparison for each bridge; one pass over the ports of those that changed.
    public func apply(_ configuration: SwitchConfiguration, now: Milliseconds) {
        let (zones, old) = (configuration.zoneTimeouts, self.configuration.zoneTimeouts)
        for zone in Set(zones.keys).union(old.keys) where zones[zone] != old[zone] {
            link.setTimeouts(ofZone: zone, zones[zone])
        }
        if configuration.caches != self.configuration.caches {
            link.setCaches(configuration.caches)
        }
        if configuration.maximumTags != maximumTags {
            maximumTags = configuration.maximumTags
            link.setMaximumTags(maximumTags)
            network.bumpVersion()
        }
        self.configuration = configuration
        removeUnwanted(by: configuration, now: now)
        for bridge in configuration.bridges {
            let managed = bridges[bridge.name] ?? addBridge(bridge, now: now)
            if managed.needsUpdate(to: bridge) { update(managed, bridge, now: now) }
        }
    }

    private func addBridge(
        _ configuration: BridgeConfiguration, now: Milliseconds
    ) -> ManagedBridge {
        let managed = ManagedBridge(configuration, now: now)
        managed.bridge.onLearn = { [unowned self, unowned managed] rule, isNew in
            noteChange(rule, isNew ? .added : .modified, of: managed)
        }
        managed.bridge.onFull = { [unowned self, unowned managed] table in
            evict(from: table, of: managed)
        }
        bridges[configuration.name] = managed
        network.insert(managed.bridge)
        return managed
    }

    private func removeBridge(_ name: String, now: Milliseconds) {
        guard let managed = bridges.removeValue(forKey: name) else { return }
        // Else each port would look for its own addresses.
        managed.bridge.macTable.removeAll()
        for interface in managed.interfaces.values { close(interface, of: managed, tells: false) }
        for id in managed.bridge.meters.keys { removeMeter(id, of: managed) }
        network.remove(managed.bridge)
    }

    private func removeStalePorts(_ managed: ManagedBridge, _ wanted: BridgeConfiguration) {
        var interfaces: [String: (InterfaceConfiguration, String)] = [:]
        for port in wanted.ports {
            for interface in port.interfaces { interfaces[interface.name] = (interface, port.name) }
        }
        for (name, interface) in managed.interfaces {
            if let (configuration, portName) = interfaces[name],
                configuration.type == interface.configuration.type,
                interface.port.map({ $0.bundle.name == portName }) ?? true,
                Self.isSameDevice(configuration, interface.configuration),
                interface.report.error == nil
            {
                continue
            }
            close(interface, of: managed, tells: true)
            managed.interfaces[name] = nil
        }
    }

    private static func isSameDevice(
        _ left: InterfaceConfiguration, _ right: InterfaceConfiguration
    ) -> Bool {
        left.options == right.options
            && (left.requestedNumber == nil || left.requestedNumber == right.requestedNumber)
    }

    private func update(
        _ managed: ManagedBridge, _ wanted: BridgeConfiguration, now: Milliseconds
    ) {
        let before = managed.configuration
        let isNew = !managed.isApplied
        managed.configuration = wanted
        let bridge = managed.bridge
        bridge.floodVLANs = wanted.floodVLANs
        bridge.forwardsBPDUs = wanted.forwardsBPDUs
        bridge.hasFlowCollectors = wanted.hasFlowCollectors
        bridge.macTable.agingTime = wanted.macAgingTime
        bridge.macTable.capacity = wanted.macTableSize
        managed.requestedNumbers = Set(
            wanted.ports.flatMap(\.interfaces).compactMap(\.requestedNumber))
        let changed = changedPorts(of: managed, before: isNew ? [] : before.ports, wanted.ports)
        for port in inOrderOfOpening(changed, on: wanted.name) {
            update(port, of: managed, now: now)
        }
        managed.isApplied = true
        managed.hasFailures = managed.interfaces.values.contains {
            $0.report.error != nil || $0.isDetached
        }
        updateIdentity(of: managed)
        if isNew || before.tables != wanted.tables { configureTables(of: managed, now: now) }
        let hasChangedPolicy =
            before.failMode != wanted.failMode || before.hasControllers != wanted.hasControllers
        if isNew || hasChangedPolicy { resetFlows(of: managed, now: now) }
        updateHiddenRules(of: managed, now: now)
        if before != wanted || isNew { network.bumpVersion() }
    }

    /// The ports that are not yet as they are wanted.
    private func changedPorts(
        of managed: ManagedBridge, before: [PortConfiguration], _ wanted: [PortConfiguration]
    ) -> [PortConfiguration] {
        var known: [String: PortConfiguration] = [:]
        known.reserveCapacity(before.count)
        for port in before { known[port.name] = port }
        return wanted.filter { port in
            known[port.name] != port
                || port.interfaces.contains {
                    managed.interfaces[$0.name]?.isDetached ?? true
                }
        }
    }

    /// The local port first, so that it gets the first datapath port; then those that ask for an
    /// OpenFlow port or had one before, so that no other takes it; then the rest by name.
    private func inOrderOfOpening(
        _ ports: [PortConfiguration], on bridge: String
    ) -> [PortConfiguration] {
        let ranked = ports.map { port -> (rank: Int, number: UInt16, port: PortConfiguration) in
            if port.name == bridge { return (0, 0, port) }
            guard let interface = port.interfaces.first else { return (3, 0, port) }
            if let number = interface.requestedNumber { return (1, number.value, port) }
            if let number = devices.formerNumber(interface.name) { return (2, number.value, port) }
            return (3, 0, port)
        }
        return ranked.sorted {
            ($0.rank, $0.number, $0.port.name) < ($1.rank, $1.number, $1.port.name)
        }.map(\.port)
    }

    private func update(_ port: PortConfiguration, of managed: ManagedBridge, now: Milliseconds) {
        let bundle = managed.bridge.bundle(named: port.name)
        bundle.vlanMode = port.vlanMode
        bundle.tag = port.tag
        bundle.trunks = port.trunks
        bundle.customerVLANs = port.customerVLANs
        bundle.serviceTPID = port.usesCustomerTPID ? EtherType.vlan : EtherType.serviceVLAN
        bundle.priorityTags = port.priorityTags
        for interface in port.interfaces {
            if let existing = managed.interfaces[interface.name] {
                let before = existing.configuration
                existing.configuration = interface
                if existing.isDetached {
                    reattach(existing, of: managed)
                } else if before != interface, let number = existing.datapathNumber {
                    devices.reconfigure(interface, from: before)
                    if before.settings != interface.settings {
                        link.setPort(number, interface.settings)
                    }
                }
            } else {
                managed.interfaces[interface.name] = open(
                    interface, in: bundle, of: managed, now: now)
            }
            if let opened = managed.interfaces[interface.name] {
                updateLiveness(of: opened, now: now)
            }
        }
        managed.bridge.discardIfEmpty(bundle)
    }

    // MARK: Interfaces

    private func open(
        _ interface: InterfaceConfiguration, in bundle: Bundle, of managed: ManagedBridge,
        now: Milliseconds
    ) -> ManagedInterface {
        let nextNumber = managed.nextNumber
        guard
            let number = managed.allocateNumber(
                for: interface, formerly: devices.formerNumber(interface.name))
        else {
            return failed(interface, "no OpenFlow port number is left", now)
        }
        if interface.type == "patch" {
            guard let peer = interface.options["peer"] else {
                managed.nextNumber = nextNumber
                return failed(
                    interface, "\(interface.name): patch type requires valid 'peer' argument", now)
            }
            guard peer != interface.name else {
                managed.nextNumber = nextNumber
                return failed(interface, "\(interface.name): patch peer must not be self", now)
            }
            let place = PortPlace(number: number, bundle: bundle, managed: managed)
            return insert(interface, .patch(peer: peer), nil, at: place, now: now)
        }
        if let type = TunnelType(rawValue: interface.type), !devices.standsIn(for: interface.type) {
            let place = PortPlace(number: number, bundle: bundle, managed: managed)
            let opened = openTunnel(interface, type, at: place, now: now)
            if opened.report.error != nil { managed.nextNumber = nextNumber }
            return opened
        }
        do throws(DeviceError) {
            let device = try devices.open(interface, for: managed.configuration)
            let datapathNumber = allocateDatapathNumber(for: interface.name, of: managed)
            let place = PortPlace(number: number, bundle: bundle, managed: managed)
            let managedInterface = insert(
                interface, .datapath(datapathNumber), device, at: place, now: now)
            addPort(datapathNumber, device, interface)
            return managedInterface
        } catch {
            managed.nextNumber = nextNumber
            return failed(interface, error.sentence, now)
        }
    }

    private func addPort(
        _ number: UInt32, _ device: OpenedDevice, _ interface: InterfaceConfiguration
    ) {
        link.addPort(number, device.port)
        if interface.settings != PortSettings() { link.setPort(number, interface.settings) }
    }

    func failed(
        _ interface: InterfaceConfiguration, _ sentence: String, _ now: Milliseconds
    ) -> ManagedInterface {
        ManagedInterface(
            interface,
            InterfaceReport(
                number: -1, error: sentence, hardwareAddress: nil, type: interface.type),
            now: now)
    }

    /// Where a port goes.
    struct PortPlace {
        let number: PortNumber
        let bundle: Bundle
        let managed: ManagedBridge
    }

    func insert(
        _ interface: InterfaceConfiguration, _ kind: BridgePort.Kind, _ device: OpenedDevice?,
        at place: PortPlace, now: Milliseconds
    ) -> ManagedInterface {
        let address = device?.hardwareAddress ?? interface.hardwareAddress ?? .patch(interface.name)
        let port = BridgePort(
            number: place.number, name: interface.name, kind: kind, hardwareAddress: address,
            bundle: place.bundle)
        port.isLinkDown = device?.isLinkDown ?? false
        port.linkModes = device?.linkModes ?? LinkModes()
        if device?.isDown == true { port.configuration.insert(.down) }
        network.insert(port, into: place.managed.bridge)
        let report = InterfaceReport(
            number: Int(place.number.value), error: nil, hardwareAddress: address,
            type: device?.type ?? interface.type, shownOptions: device?.shownOptions ?? [:])
        let managedInterface = ManagedInterface(interface, report, now: now)
        managedInterface.port = port
        if case .datapath(let number) = kind { managedInterface.datapathNumber = number }
        events.append(.portStatus(bridge: place.managed.name, port, .added))
        return managedInterface
    }

    private func close(
        _ interface: ManagedInterface, of managed: ManagedBridge, tells: Bool
    ) {
        guard let port = interface.port else { return }
        detach(interface)
        network.remove(port, from: managed.bridge)
        closeTunnel(port)
        if tells { events.append(.portStatus(bridge: managed.name, port, .removed)) }
    }

    private func detach(_ interface: ManagedInterface) {
        guard let number = interface.datapathNumber else { return }
        link.removePort(number)
        release(datapathNumber: number)
        devices.close(interface.configuration.name)
        interface.datapathNumber = nil
    }

    /// Lets go of a device that has gone; the port keeps its number, and waits for another device.
    public func noteVanished(_ name: String) {
        for managed in bridges.values {
            guard let interface = managed.interfaces[name], interface.datapathNumber != nil,
                let port = interface.port
            else { continue }
            detach(interface)
            network.setKind(of: port, on: managed.bridge, to: .unavailable)
            port.isLinkDown = true
            port.setDown(true)
            interface.isDetached = true
            managed.hasFailures = true
            events.append(.portStatus(bridge: managed.name, port, .modified))
        }
    }

    /// Opens the device anew that stands where one has gone; stays as it is where there is none.
    private func reattach(_ interface: ManagedInterface, of managed: ManagedBridge) {
        guard let port = interface.port,
            let device = try? devices.open(
                interface.configuration, for: managed.configuration)
        else { return }
        let number = allocateDatapathNumber(for: port.name, of: managed)
        interface.datapathNumber = number
        interface.isDetached = false
        interface.report.hardwareAddress = device.hardwareAddress
        port.hardwareAddress = device.hardwareAddress
        port.isLinkDown = device.isLinkDown
        port.linkModes = device.linkModes
        port.setDown(device.isDown)
        network.setKind(of: port, on: managed.bridge, to: .datapath(number))
        addPort(number, device, interface.configuration)
        events.append(.portStatus(bridge: managed.name, port, .modified))
    }

    /// Notes that a device has another address than before.
    public func noteAddress(_ name: String, _ address: EthernetAddress) {
        for managed in bridges.values {
            guard let interface = managed.interfaces[name], let port = interface.port,
                port.hardwareAddress != address
            else { continue }
            port.hardwareAddress = address
            interface.report.hardwareAddress = address
            updateIdentity(of: managed)
            network.bumpVersion()
            events.append(.portStatus(bridge: managed.name, port, .modified))
        }
    }

    func allocateDatapathNumber(for name: String, of managed: ManagedBridge) -> UInt32 {
        if numbersPortsByName || managed.configuration.datapathType == "dummy" {
            let digits = name.drop { !$0.isNumber }.prefix { $0.isNumber }
            let start: UInt32 = name.hasPrefix("br") ? 100 : 0
            if let number = UInt32(digits), number + start > 0, number + start < 65535,
                usedDatapathNumbers.insert(number + start).inserted
            {
                return number + start
            }
        }
        var number = lowestFreeNumber
        while usedDatapathNumbers.contains(number) { number += 1 }
        usedDatapathNumbers.insert(number)
        lowestFreeNumber = number + 1
        return number
    }

    func release(datapathNumber number: UInt32) {
        usedDatapathNumbers.remove(number)
        lowestFreeNumber = min(lowestFreeNumber, number)
    }

    /// The datapath ID and the address of the local port (ovs-vswitchd.conf.db(5), `Bridge`).
    ///
    /// Addresses that their owners made up do not count: genuine Open vSwitch takes the lowest
    /// address that IEEE assigned, and else one made of the row's UUID.
    private func updateIdentity(of managed: ManagedBridge) {
        let configuration = managed.configuration
        var lowest: EthernetAddress?
        for interface in managed.interfaces.values where interface.datapathNumber != nil {
            guard let port = interface.port, port.number != .local else { continue }
            let address = port.hardwareAddress
            if address.isUniversal && address < lowest ?? .broadcast { lowest = address }
        }
        let local = managed.bridge.ports[.local]
        let address =
            configuration.hardwareAddress ?? lowest ?? configuration.fallbackAddress
            ?? local?.hardwareAddress ?? .zero
        managed.hardwareAddress = address
        managed.datapathID = configuration.datapathID ?? address.value
        guard let local, local.hardwareAddress != address, !address.isZero else { return }
        devices.setAddress(local.name, address)
        local.hardwareAddress = address
        managed.interfaces[local.name]?.report.hardwareAddress = address
    }
}

extension EthernetAddress {
    /// Whether it is one device's own, as IEEE assigned it.
    fileprivate var isUniversal: Bool {
        !isMulticast && !isZero && value & 0x0200_0000_0000 == 0
    }

    /// A locally administered address made of a name, for ports without a device.
    fileprivate static func patch(_ name: String) -> Self {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for octet in name.utf8 { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01b3 }
        return Self((hash & 0xfeff_ffff_ffff) | 0x0200_0000_0000)
    }
}

/// The contexts of packets that come up again.
public final class ContextTable: ContextRegistry {
    private var states: [UInt32: PacketInState] = [:]
    /// States of packets that come again, and how many hold them.
    private var frozen: [UInt32: (state: FrozenState, holds: Int)] = [:]
    private var frozenNumbers: [FrozenState: UInt32] = [:]
    private var next: UInt32 = 1

    private func takeNumber() -> UInt32 {
        while true {
            let id = next
            next = next == .max ? 1 : next + 1
            if states[id] == nil && frozen[id] == nil { return id }
        }
    }

    public func register(_ state: PacketInState) -> UInt32 {
        let id = takeNumber()
        states[id] = state
        return id
    }

    public func freeze(_ state: FrozenState) -> UInt32 {
        if let id = frozenNumbers[state] {
            frozen[id]?.holds += 1
            return id
        }
        let id = takeNumber()
        frozen[id] = (state, 1)
        frozenNumbers[state] = id
        return id
    }

    public func frozenState(of id: UInt32) -> FrozenState? { frozen[id]?.state }

    public func state(of id: UInt32) -> PacketInState? { states[id] }

    public func release(_ ids: [UInt32]) {
        for id in ids {
            guard let (state, holds) = frozen[id] else {
                states[id] = nil
                continue
            }
            if holds > 1 {
                frozen[id]?.holds = holds - 1
            } else {
                frozen[id] = nil
                frozenNumbers[state] = nil
            }
        }
    }

    public var count: Int { states.count + frozen.count }
}

/// Contexts on their way out (``VirtualSwitch/takeRetiredContexts()``).
public struct RetiredContexts: Sendable {
    fileprivate(set) var ids: [UInt32]

    init(ids: [UInt32]) { self.ids = ids }
}

extension BridgePort {
    /// Shows whether the device is up, as OpenFlow's port configuration does.
    func setDown(_ isDown: Bool) {
        if isDown { configuration.insert(.down) } else { configuration.remove(.down) }
    }
}
