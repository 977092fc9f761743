/// `encap(...)`: puts a header before the packet.
public struct Encapsulation: Hashable, Sendable {
    /// What the header holds besides its defaults.
    public enum Property: Hashable, Sendable {
        /// NSH's type of metadata, 1 or 2 (RFC 8300 §2.2).
        case nshMetadataType(UInt8)
        /// Variable-length metadata of NSH (RFC 8300 §2.5.1).
        case nshMetadata(metadataClass: UInt16, type: UInt8, value: [UInt8])
    }

    /// Namespace and type of what the packet becomes (OpenFlow 1.5 §7.2.3.11).
    public var packetType: UInt32
    public var properties: [Property]

    public init(packetType: UInt32, properties: [Property] = []) {
        self.packetType = packetType
        self.properties = properties
    }
}

/// Packet types, a namespace and a type within it (OpenFlow 1.5 §7.2.3.11).
public enum PacketType {
    public static var ethernet: UInt32 { 0 }
    public static var ipv4: UInt32 { 0x0001_0800 }
    public static var ipv6: UInt32 { 0x0001_86dd }
    public static var nsh: UInt32 { 0x0001_894f }
    public static var mpls: UInt32 { 0x0001_8847 }
    public static var mplsMulticast: UInt32 { 0x0001_8848 }
    /// What the header that is taken off says of its contents.
    public static var useNextProtocol: UInt32 { 0x0000_fffe }
    /// Of a packet of which a rule's actions can know nothing.
    public static var unknown: UInt32 { 0xffff_ffff }
}

/// `sample(...)`: sends some of the packets to collectors of IPFIX.
public struct Sampling: Hashable, Sendable {
    public enum Direction: UInt8, Hashable, Sendable {
        case unspecified = 0
        case ingress = 1
        case egress = 2
    }

    /// The share of packets, of 65,535.
    public var probability: UInt16
    public var collectorSet: UInt32 = 0
    public var observationDomain: UInt32 = 0
    public var observationPoint: UInt32 = 0
    /// The port that is observed, or ``PortNumber/none``.
    public var port: PortNumber = .none
    public var direction = Direction.unspecified

    public init(probability: UInt16) { self.probability = probability }
}
