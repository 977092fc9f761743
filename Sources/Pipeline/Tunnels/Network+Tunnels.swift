public import Addresses
public import FlowModel
import Tunnels

/// An address that is to be asked for on a bridge.
public struct Solicitation {
    public let bridge: Bridge
    public let target: IPAddress
    /// Who asks.
    public let source: IPAddress
    public let port: BridgePort
}

/// How an option of Geneve is written, that has a field on a bridge.
public struct GeneveOptionKind: Hashable, Sendable {
    public let optionClass: UInt16
    public let type: UInt8
    public let byteCount: Int

    public init(optionClass: UInt16, type: UInt8, byteCount: Int) {
        self.optionClass = optionClass
        self.type = type
        self.byteCount = byteCount
    }
}

/// A port with its bridge.
public struct PortOwner {
    public let bridge: Bridge
    public let port: BridgePort
}

extension Network {
    /// Where a packet of the datapath came in: a port of its own, or the tunnel that it came
    /// through.
    public func origin(of key: FlowKey) -> (bridge: Bridge, port: BridgePort)? {
        guard tunnels.count > 0, let identity = Self.tunnelIdentity(of: key) else {
            return portsByDatapathNumber[key.inPort]
        }
        return tunnels.lookup(identity).map { ($0.bridge, $0.port) }
    }

    private static func tunnelIdentity(of key: FlowKey) -> TunnelIdentity? {
        let destination = address(key, .tunnelDestination, .tunnelIPv6Destination)
        guard !destination.isNone else { return nil }
        return TunnelIdentity(
            datapathPort: key.inPort, local: destination,
            remote: address(key, .tunnelSource, .tunnelIPv6Source),
            key: UInt64(truncatingIfNeeded: key[.tunnelID]), isBare: key[.packetType] != 0)
    }

    private static func address(_ key: FlowKey, _ ipv4: Field, _ ipv6: Field) -> IPAddress {
        let value = UInt32(truncatingIfNeeded: key[ipv4])
        return value != 0 ? IPAddress(IPv4Address(value)) : IPAddress(key[ipv6])
    }

    /// The port of a device by which the host itself is on a bridge.
    func port(ofDevice name: String) -> (bridge: Bridge, port: BridgePort)? {
        if let bridge = bridges[name], let port = bridge.ports[.local] { return (bridge, port) }
        for bridge in bridges.values {
            if let port = bridge.port(named: name), case .datapath = port.kind {
                return (bridge, port)
            }
        }
        return nil
    }
}
