public import Addresses

/// What the `options` column asks of a tunnel (ovs-vswitchd.conf.db(5), `Interface` table).
public struct TunnelSettings: Hashable, Sendable {
    /// A value that the configuration gives, or each flow.
    public enum Choice<Value: Hashable & Sendable>: Hashable, Sendable {
        case fixed(Value)
        case flow

        public var value: Value? { if case .fixed(let value) = self { value } else { nil } }
        public var isFlow: Bool { self == .flow }
    }

    /// What crosses the tunnel.
    public enum Payload: String, Sendable {
        /// Frames.
        case frames = "legacy_l2"
        /// Packets without an Ethernet header, which bridges give one.
        case packets = "legacy_l3"
        /// Whatever a packet's type says.
        case any = "ptap"
    }

    public static let standardTTL: UInt8 = 64

    public let type: TunnelType
    public internal(set) var remote = Choice<IPAddress>.fixed(.none)
    public internal(set) var local = Choice<IPAddress>.fixed(.none)
    public internal(set) var inKey = Choice<UInt64>.fixed(0)
    public internal(set) var outKey = Choice<UInt64>.fixed(0)
    public internal(set) var hasInKey = false
    public internal(set) var hasOutKey = false
    /// The outer DSCP; `nil` to take it from the packet.
    public internal(set) var tos: UInt8? = 0
    /// The outer TTL; `nil` to take it from the packet.
    public internal(set) var ttl: UInt8? = standardTTL
    public internal(set) var isUnfragmented = true
    public internal(set) var hasChecksum = false
    public internal(set) var hasSequence = false
    public internal(set) var port: UInt16
    /// VXLAN's group policy extension (draft-smith-vxlan-group-policy).
    public internal(set) var hasGroupPolicy = false
    /// VXLAN's generic protocol extension (draft-ietf-nvo3-vxlan-gpe).
    public internal(set) var isGeneric = false
    public internal(set) var payload = Payload.frames
    public internal(set) var mark: UInt32 = 0
    public internal(set) var erspanVersion = Choice<UInt8>.fixed(0)
    public internal(set) var erspanIndex = Choice<UInt32>.fixed(0)
    public internal(set) var erspanDirection = Choice<UInt8>.fixed(0)
    public internal(set) var erspanHardwareID = Choice<UInt8>.fixed(0)
    /// The Ethernet type of what Bareudp carries.
    public internal(set) var bareType: UInt16 = 0x0800
    /// SRv6's segments, in the order in which they are visited.
    public internal(set) var segments: [IPv6Address] = []

    init(type: TunnelType) {
        self.type = type
        port = type.standardPort
    }

    /// What the datapath's port is called, which tunnels of one type and port share.
    public var deviceName: String { type.deviceName(port: port) }

    /// Whether the outer addresses are those of IPv6, where that is known.
    public var isIPv6: Bool {
        for address in [remote.value, local.value] {
            if let address, !address.isNone { return !address.isIPv4 }
        }
        return false
    }
}
