public import Addresses
import Classifier
public import FlowModel

/// A datapath port of tunnels that waits for outer packets.
public struct Listener: Hashable, Sendable {
    public let name: String
    public let datapathPort: UInt32
    public let ipProtocol: UInt8
    /// The port of UDP or TCP, or 0 for protocols without ports.
    public let port: UInt16

    public init(name: String, datapathPort: UInt32, ipProtocol: UInt8, port: UInt16) {
        self.name = name
        self.datapathPort = datapathPort
        self.ipProtocol = ipProtocol
        self.port = port
    }
}

/// An address of this host on a device that outer packets may come in by.
public struct UnderlayAddress: Hashable, Sendable {
    public let device: String
    public let hardware: EthernetAddress
    public let address: IPAddress
    /// Leading bits that all of the device's network share.
    public let prefixLength: Int

    public init(
        device: String, hardware: EthernetAddress, address: IPAddress, prefixLength: Int
    ) {
        self.device = device
        self.hardware = hardware
        self.address = address
        self.prefixLength = prefixLength
    }
}

/// Which packets to the host itself are those of tunnels.
public struct ListenerTable {
    /// A rule and what it stands for.
    private final class Entry: ClassifierRule {
        let listener: Listener

        init(_ listener: Listener, _ match: Match) {
            self.listener = listener
            super.init(match: match, rank: 0)
        }
    }

    public private(set) var listeners: [Listener: Int] = [:]
    public private(set) var addresses: [UnderlayAddress] = []
    private var classifier = Classifier()

    public init() {}

    /// Adds a tunnel that has packets come to `listener`.
    public mutating func insert(_ listener: Listener) {
        listeners[listener, default: 0] += 1
        if listeners[listener] == 1 { rebuild() }
    }

    public mutating func remove(_ listener: Listener) {
        guard let count = listeners[listener] else { return }
        listeners[listener] = count > 1 ? count - 1 : nil
        if count == 1 { rebuild() }
    }

    /// - Returns: whether they are others than before.
    @discardableResult
    public mutating func setAddresses(_ addresses: [UnderlayAddress]) -> Bool {
        guard addresses != self.addresses else { return false }
        self.addresses = addresses
        rebuild()
        return true
    }

    private mutating func rebuild() {
        classifier = Classifier()
        for address in addresses {
            for listener in listeners.keys.sorted(by: { $0.datapathPort < $1.datapathPort }) {
                let entry = Entry(listener, Self.match(listener, address))
                // Several tunnels of one protocol without ports share what comes.
                if classifier.find(exactly: entry) == nil { classifier.insert(entry) }
            }
        }
    }

    private static func match(_ listener: Listener, _ address: UnderlayAddress) -> Match {
        var match = Match()
        match.set(.ethernetDestination, to: UInt128(address.hardware.value))
        if address.address.isIPv4 {
            match.set(.etherType, to: UInt128(EtherType.ipv4))
            match.set(.ipv4Destination, to: UInt128(address.address.ipv4.value))
        } else {
            match.set(.etherType, to: UInt128(EtherType.ipv6))
            match.set(.ipv6Destination, to: address.address.value)
        }
        match.set(.ipProtocol, to: UInt128(listener.ipProtocol))
        match.set(.ipFragment, to: 0)
        if listener.port != 0 {
            let isTCP = listener.ipProtocol == IPProtocol.tcp
            match.set(isTCP ? .tcpDestination : .udpDestination, to: UInt128(listener.port))
        }
        return match
    }

    /// The tunnels' port that takes the packet.
    public func lookup(_ key: borrowing FlowKey, wildcards: inout FlowKey) -> UInt32? {
        guard classifier.count > 0 else { return nil }
        let found = classifier.lookup(key, wildcards: &wildcards)
        return (found as? Entry)?.listener.datapathPort
    }

    /// Each listener with how many tunnels it serves, as `tnl/ports/show` lists them.
    public var lines: [String] {
        listeners.sorted { $0.key.datapathPort < $1.key.datapathPort }
            .map { "\($0.key.name) (\($0.key.datapathPort)) ref_cnt=\($0.value)" }
    }

    /// What packets have to look like, for `tnl/ports/show -v`.
    public var matches: [(listener: Listener, match: Match)] {
        var all: [(listener: Listener, match: Match)] = []
        classifier.forEach { rule in
            if let entry = rule as? Entry { all.append((entry.listener, rule.match)) }
        }
        return all
    }
}
