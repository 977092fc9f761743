import Addresses
import ConnectionTracking
import Datapath
import FlowModel
import FlowSyntax
import OpenFlow
import Pipeline
import Switch

/// A switch on ports of memory, with a clock of its own, that takes the commands of transcripts.
final class MemorySwitch {
    /// A port that keeps what is sent.
    final class Port: PacketPort {
        let name: String
        let offloads: PortOffloads = []
        var counters = PortCounters()
        var readinessDescriptor: Int32 { -1 }
        private(set) var sent: [[UInt8]] = []

        init(name: String) { self.name = name }

        func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool { false }

        func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {
            for packet in packets { sent.append(packet.octets) }
        }
    }

    final class Devices: DeviceProvider {
        var ports: [String: Port] = [:]
        private var next: UInt64 = 0

        func open(
            _ interface: InterfaceConfiguration, for bridge: BridgeConfiguration
        ) throws(DeviceError) -> OpenedDevice {
            let port = Port(name: interface.name)
            ports[interface.name] = port
            next += 1
            return OpenedDevice(
                port: port, hardwareAddress: EthernetAddress(0xaa55_aa55_0000 + next),
                type: interface.type == "internal" ? "dummy-internal" : "dummy")
        }

        func close(_ name: String) { ports[name] = nil }
        func reconfigure(
            _ interface: InterfaceConfiguration, from before: InterfaceConfiguration
        ) {}
        func setAddress(_ name: String, _ address: EthernetAddress) {}
        func formerNumber(_ name: String) -> PortNumber? { nil }
        func setUp(_ name: String, _ isUp: Bool) {}
        func counters(_ name: String) -> PortCounters? { ports[name]?.counters }
    }

    /// A datapath that carries orders out at once or, as one with a thread of its own may, late.
    final class Link: DatapathLink {
        let datapath = UserspaceDatapath(pool: PacketPool())
        /// Whether orders wait for ``carryOut()``.
        var isLate = false
        private var orders: [() -> Void] = []

        /// Carries out the orders that wait.
        func carryOut() {
            for order in orders { order() }
            orders.removeAll()
        }

        private func order(_ body: @escaping () -> Void) {
            if isLate { orders.append(body) } else { body() }
        }

        func addPort(_ number: UInt32, _ port: any PacketPort) {
            order { [datapath] in try? datapath.addPort(number, port) }
        }
        func removePort(_ number: UInt32) {
            order { [datapath] in datapath.removePort(number) }
        }
        func setPort(_ number: UInt32, _ settings: PortSettings) {
            order { [datapath] in datapath.setPort(number, settings) }
        }
        func setCaches(_ settings: CacheSettings) {
            order { [datapath] in datapath.cacheSettings = settings }
        }
        func updateFlow(_ id: FlowID, _ actions: [DatapathAction]) {
            order { [datapath] in try? datapath.update(id, actions) }
        }
        func removeFlow(_ id: FlowID) { order { [datapath] in _ = datapath.remove(id) } }
        func flushConnections(_ selection: ConnectionSelection) {
            order { [datapath] in datapath.tracker.flush(selection) }
        }
        func setTimeouts(ofZone zone: UInt16, _ timeouts: TrackingTimeouts?) {
            order { [datapath] in datapath.tracker.setTimeouts(ofZone: zone, timeouts) }
        }
        func setMeter(_ number: UInt32, _ config: MeterConfig) {
            order { [datapath] in datapath.setMeter(number, config, now: 0) }
        }
        func removeMeter(_ number: UInt32) {
            order { [datapath] in datapath.removeMeter(number) }
        }
        func setMaximumTags(_ count: Int) { order { [datapath] in datapath.maximumTags = count } }
        func execute(_ octets: [UInt8], _ key: FlowKey, _ actions: [DatapathAction]) {
            order { [datapath] in
                datapath.execute(datapath.pool.make(octets), PackedKey(key), actions)
                datapath.flush()
            }
        }
    }

    let devices = Devices()
    let link = Link()
    let virtualSwitch: VirtualSwitch
    var configuration = SwitchConfiguration()
    var now: Milliseconds = 1000

    init() {
        virtualSwitch = VirtualSwitch(link: link, devices: devices, numbersPortsByName: true)
    }

    func apply() { virtualSwitch.apply(configuration, now: now) }

    func addBridge(_ name: String) {
        var bridge = BridgeConfiguration(name: name)
        var port = PortConfiguration(name: name)
        port.interfaces = [InterfaceConfiguration(name: name, type: "internal")]
        bridge.ports = [port]
        configuration.bridges.append(bridge)
        apply()
    }

    func changeBridge(_ name: String, _ body: (inout BridgeConfiguration) -> Void) {
        for index in configuration.bridges.indices
        where configuration.bridges[index].name == name {
            body(&configuration.bridges[index])
        }
        apply()
    }

    func addPort(_ name: String, to bridge: String) {
        changeBridge(bridge) { bridge in
            var port = PortConfiguration(name: name)
            port.interfaces = [InterfaceConfiguration(name: name)]
            bridge.ports.append(port)
        }
    }

    func changePort(_ name: String, _ body: (inout PortConfiguration) -> Void) {
        for bridge in configuration.bridges.map(\.name) {
            changeBridge(bridge) { bridge in
                for index in bridge.ports.indices where bridge.ports[index].name == name {
                    body(&bridge.ports[index])
                }
            }
        }
    }

    /// Does what `ovs-ofctl` would with a flow, through the octets of a message.
    func change(
        _ command: FlowCommand, _ text: String, on bridge: String, _ version: OpenFlowVersion
    ) throws {
        guard let managed = virtualSwitch.bridges[bridge] else { return }
        var parser = FlowParser(names: names(of: bridge))
        let (command, flow) = try parser.flowLine(Array(text.utf8)[...], default: command)
        var message = FlowMod(
            command: .add, tableID: flow.table ?? (command == .add ? 0 : FlowMod.allTables),
            match: flow.match, priority: flow.priority, cookie: flow.cookie,
            cookieMask: flow.cookieMask, newCookie: flow.newCookie ?? 0,
            idleTimeout: flow.idleTimeout, hardTimeout: flow.hardTimeout,
            flags: FlowFlags(rawValue: flow.flags.rawValue), importance: flow.importance,
            actions: flow.actions)
        switch command {
        case .add, .query: break
        case .modify: message.command = .modify
        case .modifyStrict: message.command = .modifyStrict
        case .delete: message.command = .delete
        case .deleteStrict: message.command = .deleteStrict
        }
        let isOld = version == .v10
        let dialect = Dialect(
            version: version, flowFormat: isOld ? .nxm : .openFlow10, hasTableInFlowMod: isOld)
        let octets = OpenFlowMessage.flowMod(message).encoded(dialect)
        _ = try virtualSwitch.handle(
            OpenFlowMessage.parse(octets, dialect: dialect), version: version, for: managed,
            now: now)
    }

    /// Carries out a message as it comes from a controller.
    func handle(
        _ message: OpenFlowMessage, on bridge: String, _ version: OpenFlowVersion = .v15
    ) throws {
        guard let managed = virtualSwitch.bridges[bridge] else { return }
        let dialect = Dialect(version: version)
        let octets = message.encoded(dialect)
        _ = try virtualSwitch.handle(
            OpenFlowMessage.parse(octets, dialect: dialect), version: version, for: managed,
            now: now)
    }

    /// Does what `ovs-ofctl` would with a group.
    func changeGroup(
        _ command: GroupMod.Command, _ text: String, on bridge: String
    ) throws {
        var parser = FlowParser(names: names(of: bridge))
        try handle(.groupMod(parser.group(text, for: command).message), on: bridge)
    }

    private func names(of bridge: String) -> FlowNames {
        let ports = virtualSwitch.bridges[bridge]?.bridge.ports.values.map {
            (name: $0.name, number: $0.number)
        }
        return FlowNames(ports: ports ?? [])
    }

    /// A frame comes in on a port.
    func receive(_ frame: [UInt8], on port: String) {
        for managed in virtualSwitch.bridges.values {
            guard let number = managed.interfaces[port]?.datapathNumber else { continue }
            let batch = PacketBatch()
            batch.append(link.datapath.pool.make(frame))
            link.datapath.receive(batch, from: number, now: UInt64(now))
            virtualSwitch.handleMisses(of: link.datapath, now: now)
            link.datapath.flush()
        }
    }

    /// What the revalidator does from time to time, with orders carried out in between.
    func revalidate() {
        let retired = virtualSwitch.takeRetiredContexts()
        link.carryOut()
        virtualSwitch.handleMisses(of: link.datapath, now: now)
        virtualSwitch.release(retired)
        var statistics: [(id: FlowID, statistics: FlowStatistics)] = []
        link.datapath.forEachStatistics { statistics.append(($0, $1)) }
        virtualSwitch.revalidate(statistics, now: now)
    }

    var snapshot: DatapathSnapshot {
        var snapshot = DatapathSnapshot()
        snapshot.statistics = link.datapath.statistics
        link.datapath.forEachFlow { snapshot.flows.append($0) }
        return snapshot
    }
}

extension VirtualSwitch {
    /// Carries out these messages as a bundle.
    func commit(
        _ messages: [OpenFlowMessage], version: OpenFlowVersion, for managed: ManagedBridge,
        now: Milliseconds
    ) throws(BundleFailure) {
        var rest = messages.makeIterator()
        try commit({ rest.next() }, version: version, for: managed, now: now)
    }
}
