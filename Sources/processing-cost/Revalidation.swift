import Addresses
import ConnectionTracking
import Datapath
import FlowModel
import Glibc
import OpenFlow
import Pipeline
import Switch

/// A whole switch on devices of memory, whose orders to the datapath are carried out at once.
final class CountingSwitch: DeviceProvider, DatapathLink {
    let datapath = UserspaceDatapath(pool: PacketPool(capacity: 2048))
    private(set) lazy var virtualSwitch = VirtualSwitch(
        link: self, devices: self, numbersPortsByName: true)
    private var address: UInt64 = 0x0200_0000_0000

    // MARK: Devices

    func open(
        _ interface: InterfaceConfiguration, for bridge: BridgeConfiguration
    ) throws(DeviceError) -> OpenedDevice {
        address += 1
        return OpenedDevice(
            port: CountingPort(interface.name), hardwareAddress: EthernetAddress(address),
            type: "dummy")
    }
    func close(_ name: String) {}
    func reconfigure(_ interface: InterfaceConfiguration, from before: InterfaceConfiguration) {}
    func setAddress(_ name: String, _ address: EthernetAddress) {}
    func formerNumber(_ name: String) -> PortNumber? { nil }
    func setUp(_ name: String, _ isUp: Bool) {}
    func counters(_ name: String) -> PortCounters? { nil }

    // MARK: Orders

    func addPort(_ number: UInt32, _ port: any PacketPort) {
        try? datapath.addPort(number, port)
    }
    func removePort(_ number: UInt32) { datapath.removePort(number) }
    func setPort(_ number: UInt32, _ settings: PortSettings) {}
    func setCaches(_ settings: CacheSettings) {}
    func updateFlow(_ id: FlowID, _ actions: [DatapathAction]) {
        try? datapath.update(id, actions)
    }
    func removeFlow(_ id: FlowID) { _ = datapath.remove(id) }
    func execute(_ octets: [UInt8], _ key: FlowKey, _ actions: [DatapathAction]) {}
    func setMeter(_ number: UInt32, _ config: MeterConfig) {}
    func removeMeter(_ number: UInt32) {}
    func setMaximumTags(_ count: Int) {}
    func flushConnections(_ selection: ConnectionSelection) {}
    func setTimeouts(ofZone zone: UInt16, _ timeouts: TrackingTimeouts?) {}
}

/// How long it takes to translate many megaflows again after a change of the tables.
struct RevalidationMeasurement {
    /// Rules besides the one that packets take, with ten different masks.
    private static let ruleCount = 1000

    let flows: Int
    private let machine = CountingSwitch()

    init(flows: Int) { self.flows = flows }

    /// Says how long a round took that keeps the flows' actions, and one that gives them others.
    func run() -> Bool {
        var configuration = SwitchConfiguration()
        configuration.flowLimit = flows
        var bridge = BridgeConfiguration(name: "br0")
        bridge.ports = ["br0", "p1", "p2", "p3"].map { name in
            var port = PortConfiguration(name: name)
            port.interfaces = [
                InterfaceConfiguration(name: name, type: name == "br0" ? "internal" : "")
            ]
            return port
        }
        configuration.bridges = [bridge]
        machine.datapath.flowLimit = flows
        machine.virtualSwitch.apply(configuration, now: 1)
        for number in 0..<Self.ruleCount { add(rule(number)) }
        add(rule(output: 2))
        _ = machine.virtualSwitch.setMegaflows(false)
        for number in 0..<flows { receive(number) }
        let kept = round()
        add(rule(output: 3))
        let changed = round()
        let isGood = machine.virtualSwitch.megaflowCount == flows
        print(
            "revalidation of \(flows) flows: \(Measurement.tenths(kept)) ms with actions kept, "
                + "\(Measurement.tenths(changed)) ms with others"
                + (isGood ? "" : "; flows were lost"))
        return isGood
    }

    private func rule(_ number: Int) -> FlowMod {
        var (key, mask) = (FlowKey(), FlowKey())
        key.etherType = EtherType.ipv4
        mask.etherType = .max
        key.ipv4Destination = 0x0b00_0000 + UInt32(number) << 12
        mask.ipv4Destination = UInt32.max << UInt32(number % 10)
        return FlowMod(
            tableID: 0, match: Match(key: key, mask: mask), priority: 100, actions: [Self.output(2)]
        )
    }

    private func rule(output: UInt16) -> FlowMod {
        FlowMod(tableID: 0, match: Match(), priority: 1, actions: [Self.output(output)])
    }

    private static func output(_ port: UInt16) -> Action {
        .output(PortNumber(port), maxByteCount: 0)
    }

    private func add(_ message: FlowMod) {
        guard let managed = machine.virtualSwitch.bridges["br0"] else { return }
        _ = try? machine.virtualSwitch.handle(
            .flowMod(message), version: .v13, for: managed, now: 1)
    }

    private func receive(_ number: Int) {
        let batch = PacketBatch()
        let packet = machine.datapath.pool.make(Workload.frame)
        let address = UInt32(0x0a00_0000 + number)
        packet.start.storeBytes(of: address.bigEndian, toByteOffset: 26, as: UInt32.self)
        batch.append(packet)
        machine.datapath.receive(batch, from: 1, now: 1)
        machine.virtualSwitch.handleMisses(of: machine.datapath, now: 1)
        machine.datapath.flush()
    }

    /// Milliseconds.
    private func round() -> Double {
        let start = Measurement.now()
        var statistics: [(id: FlowID, statistics: FlowStatistics)] = []
        machine.datapath.forEachStatistics { statistics.append(($0, $1)) }
        machine.virtualSwitch.revalidate(statistics, now: 2)
        return (Measurement.now() - start) / 1e6
    }
}
