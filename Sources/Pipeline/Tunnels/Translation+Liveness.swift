public import Addresses
public import FlowModel

/// Which packets that come in by a port are those that watch its path.
public struct PathWatch: Equatable, Sendable {
    /// Where packets of BFD have to be sent to, if that matters.
    public var hardware: EthernetAddress?
    /// Whether packets with a tunnel key are none of the session's.
    public var checksKey = false

    public init() {}
}

/// A packet that a port's protocol takes for itself.
public struct SpecialPacket {
    public let bridge: Bridge
    public let port: BridgePort
    public let reason: SlowPathReason
}

extension Translation {
    /// Gives the packet to the protocol that watches the port's path, if it is one of its own.
    func isTaken(by port: BridgePort?) -> Bool {
        guard let port, let watch = port.watch, isPathPacket(watch) else { return false }
        specials.append(SpecialPacket(bridge: bridge, port: port, reason: .bfd))
        return true
    }

    /// Whether the packet is one of BFD for `watch` (RFC 5881 §4).
    private func isPathPacket(_ watch: PathWatch) -> Bool {
        if let hardware = watch.hardware {
            wildcards.ethernetDestination = 0xffff_ffff_ffff
            guard key.ethernetDestination == hardware.value else { return false }
        }
        guard key.etherType == EtherType.ipv4 else { return false }
        wildcards.ipProtocol = .max
        guard key.ipProtocol == IPProtocol.udp, key.ipFragment & FragmentBits.later == 0 else {
            return false
        }
        wildcards[.udpDestination] = .max
        guard key.transportDestination == 3784 else { return false }
        guard watch.checksKey, hasTunnel else { return true }
        wildcards[.tunnelID] = .max
        return key[.tunnelID] == 0
    }
}
