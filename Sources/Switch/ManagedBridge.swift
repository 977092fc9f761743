public import Addresses
public import Datapath
import FlowModel
import Liveness
public import Pipeline

/// A bridge with what the switch keeps for its sake.
public final class ManagedBridge {
    public let bridge: Bridge
    public internal(set) var configuration: BridgeConfiguration
    public internal(set) var interfaces: [String: ManagedInterface] = [:]
    /// The identity that OpenFlow shows, and its local port's address.
    public internal(set) var datapathID: UInt64 = 0
    public internal(set) var hardwareAddress = EthernetAddress.zero
    /// Which options of tunnels have fields.
    var tunnelOptions = TunnelOptions()
    /// Whether some controller has flow monitors.
    public var isMonitored = false
    /// Whether the bridge forwards by itself for want of a controller.
    public internal(set) var isFailOpen = false
    /// The rules that the switch itself needs.
    var hiddenRules: [HiddenRule: Rule] = [:]
    /// Where the search for a free number goes on.
    var nextNumber: UInt16 = 1
    /// Whether the configuration has been carried out once.
    var isApplied = false
    /// Whether some interface has no device, so that it is to be tried again.
    public internal(set) var hasFailures = false

    init(_ configuration: BridgeConfiguration, now: Milliseconds) {
        self.configuration = configuration
        bridge = Bridge(name: configuration.name, now: now)
    }

    public var name: String { bridge.name }

    /// Whether anything is to be done for the bridge to be as `wanted`.
    ///
    /// Arrays that share their storage are equal at once, so what has not changed costs little.
    func needsUpdate(to wanted: BridgeConfiguration) -> Bool {
        !isApplied || hasFailures || configuration != wanted
    }

    /// An OpenFlow number for an interface: the one asked for or the one that it had, if that is
    /// free, else the next one.
    func allocateNumber(
        for interface: InterfaceConfiguration, formerly former: PortNumber?
    ) -> PortNumber? {
        if interface.name == name { return .local }
        if let wanted = interface.requestedNumber ?? former, wanted < PortNumber.maximum,
            wanted.value > 0, bridge.ports[wanted] == nil
        {
            return wanted
        }
        for _ in 0..<Int(PortNumber.maximum.value) {
            let number = PortNumber(nextNumber)
            nextNumber = nextNumber + 1 >= PortNumber.maximum.value ? 1 : nextNumber + 1
            if bridge.ports[number] == nil && !isRequested(number) { return number }
        }
        return nil
    }

    private func isRequested(_ number: PortNumber) -> Bool {
        requestedNumbers.contains(number)
    }

    /// Numbers that some interface of the configuration asks for.
    var requestedNumbers: Set<PortNumber> = []
}

/// An interface as it was configured, and what became of it.
public final class ManagedInterface {
    public internal(set) var configuration: InterfaceConfiguration
    public internal(set) var report: InterfaceReport
    public internal(set) var port: BridgePort?
    public internal(set) var datapathNumber: UInt32?
    /// Whether the device has gone and no other one has come.
    public internal(set) var isDetached = false
    public let created: Milliseconds
    /// Packets that crossed a patch port.
    public var patchCounters = PortCounters()
    /// What watches the path behind the interface.
    var bfd: BFDSession?

    init(_ configuration: InterfaceConfiguration, _ report: InterfaceReport, now: Milliseconds) {
        self.configuration = configuration
        self.report = report
        created = now
    }
}
