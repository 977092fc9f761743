import Addresses
import ConnectionTracking
import Datapath
import FlowModel
import Switch

/// A port that carries nothing.
final class IdlePort: PacketPort {
    let name: String

    init(_ name: String) { self.name = name }

    var offloads: PortOffloads { [] }
    var readinessDescriptor: Int32 { -1 }
    var counters: PortCounters { PortCounters() }

    func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool { false }
    func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {}
}

/// Devices that exist by decree, and a datapath that only notes its orders.
final class FakeEdge: DeviceProvider, DatapathLink {
    var addresses: [String: EthernetAddress] = [:]
    var formerNumbers: [String: PortNumber] = [:]
    /// What was asked for, in order.
    private(set) var calls: [String] = []
    private(set) var ports: [UInt32: String] = [:]

    func takeCalls() -> [String] {
        defer { calls = [] }
        return calls
    }

    // MARK: Devices

    func open(
        _ interface: InterfaceConfiguration, for bridge: BridgeConfiguration
    ) throws(DeviceError) -> OpenedDevice {
        guard let address = addresses[interface.name] else {
            calls.append("no \(interface.name)")
            throw DeviceError("could not open network device \(interface.name) (No such device)")
        }
        calls.append("open \(interface.name)")
        return OpenedDevice(
            port: IdlePort(interface.name), hardwareAddress: address, type: "system")
    }

    func close(_ name: String) { calls.append("close \(name)") }

    func reconfigure(_ interface: InterfaceConfiguration, from before: InterfaceConfiguration) {
        calls.append("reconfigure \(interface.name)")
    }

    func setAddress(_ name: String, _ address: EthernetAddress) {
        calls.append("address \(name) \(address)")
    }

    func formerNumber(_ name: String) -> PortNumber? { formerNumbers[name] }
    func flushConnections(_ selection: ConnectionSelection) {}
    func setTimeouts(ofZone zone: UInt16, _ timeouts: TrackingTimeouts?) {}
    func setUp(_ name: String, _ isUp: Bool) {}
    func counters(_ name: String) -> PortCounters? { nil }

    // MARK: Datapath

    func addPort(_ number: UInt32, _ port: any PacketPort) { ports[number] = port.name }
    func removePort(_ number: UInt32) { ports[number] = nil }
    func setPort(_ number: UInt32, _ settings: PortSettings) {}
    func setCaches(_ settings: CacheSettings) {}
    func updateFlow(_ id: FlowID, _ actions: [DatapathAction]) {}
    func removeFlow(_ id: FlowID) {}
    func setMeter(_ number: UInt32, _ config: MeterConfig) {}
    func removeMeter(_ number: UInt32) {}
    func setMaximumTags(_ count: Int) {}
    func execute(_ octets: [UInt8], _ key: FlowKey, _ actions: [DatapathAction]) {}
}
