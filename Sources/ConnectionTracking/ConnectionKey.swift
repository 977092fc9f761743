import Bytes
import FlowModel

/// Protocol, addresses, ports and zone of a packet: what connections are found by.
///
/// Five words, so that comparing and hashing take a handful of instructions. IPv4 addresses stand
/// in the low half of the second and the fourth. ICMP has its identifier for a source port, and
/// type and code for a destination port; a reply's type belongs to the reversed key.
///
/// ```
/// 4: source port (16) | destination port (16) | zone (16) | protocol (8) | IPv6? (8)
/// ```
public struct ConnectionKey: Hashable, Sendable {
    public var sourceHigh: UInt64 = 0
    public var sourceLow: UInt64 = 0
    public var destinationHigh: UInt64 = 0
    public var destinationLow: UInt64 = 0
    var rest: UInt64 = 0

    @inlinable @inline(__always)
    public init() {}

    public init(
        isIPv6: Bool, ipProtocol: UInt8, source: UInt128, destination: UInt128,
        ports: (source: UInt16, destination: UInt16)
    ) {
        sourceHigh = UInt64(truncatingIfNeeded: source >> 64)
        sourceLow = UInt64(truncatingIfNeeded: source)
        destinationHigh = UInt64(truncatingIfNeeded: destination >> 64)
        destinationLow = UInt64(truncatingIfNeeded: destination)
        rest =
            UInt64(ports.source) << 48 | UInt64(ports.destination) << 32
            | UInt64(ipProtocol) << 8 | (isIPv6 ? 1 : 0)
    }

    /// Protocol and family, without ports and zone.
    @inline(__always)
    public mutating func setKind(_ ipProtocol: UInt8, isIPv6: Bool) {
        rest = rest & ~0xffff | UInt64(ipProtocol) &<< 8 | (isIPv6 ? 1 : 0)
    }

    /// Both ports as they stand in a header.
    @inline(__always)
    public mutating func setPorts(_ ports: UInt32) {
        rest = rest & 0xffff_ffff | UInt64(ports) &<< 32
    }

    /// Both ports as they stand in a header.
    public var ports: UInt32 { UInt32(truncatingIfNeeded: rest &>> 32) }

    public var sourcePort: UInt16 {
        get { UInt16(truncatingIfNeeded: rest &>> 48) }
        set { rest = rest & 0xffff_ffff_ffff | UInt64(newValue) &<< 48 }
    }

    public var destinationPort: UInt16 {
        get { UInt16(truncatingIfNeeded: rest &>> 32) }
        set { rest = rest & 0xffff_0000_ffff_ffff | UInt64(newValue) &<< 32 }
    }

    public var zone: UInt16 {
        get { UInt16(truncatingIfNeeded: rest &>> 16) }
        set { rest = rest & 0xffff_ffff_0000_ffff | UInt64(newValue) &<< 16 }
    }

    public var ipProtocol: UInt8 { UInt8(truncatingIfNeeded: rest &>> 8) }
    public var isIPv6: Bool { rest & 1 != 0 }
    public var isICMP: Bool { ipProtocol == IPProtocol.icmp || ipProtocol == IPProtocol.icmpv6 }

    /// Whether the protocol has ports that can be translated.
    public var hasPorts: Bool {
        switch ipProtocol {
        case IPProtocol.tcp, IPProtocol.udp, IPProtocol.sctp: true
        default: false
        }
    }

    public var icmpIdentifier: UInt16 { sourcePort }
    public var icmpType: UInt8 { UInt8(truncatingIfNeeded: destinationPort &>> 8) }
    public var icmpCode: UInt8 { UInt8(truncatingIfNeeded: destinationPort) }

    public var source: UInt128 {
        get { UInt128(sourceHigh) << 64 | UInt128(sourceLow) }
        set {
            sourceHigh = UInt64(truncatingIfNeeded: newValue >> 64)
            sourceLow = UInt64(truncatingIfNeeded: newValue)
        }
    }

    public var destination: UInt128 {
        get { UInt128(destinationHigh) << 64 | UInt128(destinationLow) }
        set {
            destinationHigh = UInt64(truncatingIfNeeded: newValue >> 64)
            destinationLow = UInt64(truncatingIfNeeded: newValue)
        }
    }

    /// The key of an answer.
    @inline(__always)
    public var reversed: ConnectionKey {
        var other = self
        swap(&other.sourceHigh, &other.destinationHigh)
        swap(&other.sourceLow, &other.destinationLow)
        if isICMP {
            let type = ICMPTypes.answer(to: icmpType, isIPv6: isIPv6)
            other.destinationPort = UInt16(type) &<< 8 | UInt16(icmpCode)
        } else {
            other.setPorts(ports &<< 16 | ports &>> 16)
        }
        return other
    }

    /// The same value for both directions of a connection that is not translated.
    @inline(__always)
    func hash(_ seed: UInt64) -> UInt64 {
        let first = UInt64(sourcePort)
        let second = isICMP ? first : UInt64(destinationPort)
        let source = Self.mix(sourceHigh, sourceLow, first, seed)
        let destination = Self.mix(destinationHigh, destinationLow, second, seed)
        let common = rest & 0xffff_ffff
        return Mixing.mix(source &+ destination ^ common, 0x8EBC_6AF0_9C88_C6E3 ^ seed)
    }

    @inline(__always)
    private static func mix(
        _ high: UInt64, _ low: UInt64, _ port: UInt64, _ seed: UInt64
    ) -> UInt64 {
        Mixing.mix(
            low ^ seed ^ 0xA076_1D64_78BD_642F, high ^ port &<< 48 ^ seed ^ 0xE703_7ED1_A0B4_28DB)
    }
}

/// Types of ICMP (RFC 792) and ICMPv6 (RFC 4443).
enum ICMPTypes {
    /// The type of the answer to a type, and the other way round.
    static func answer(to type: UInt8, isIPv6: Bool) -> UInt8 {
        switch (isIPv6, type) {
        case (true, 128): 129
        case (true, 129): 128
        case (false, 8): 0
        case (false, 0): 8
        case (false, 13), (false, 15): type &+ 1
        case (false, 14), (false, 16): type &- 1
        default: type
        }
    }

    /// Whether the type asks for an answer, and so begins a connection.
    static func isRequest(_ type: UInt8, isIPv6: Bool) -> Bool {
        isIPv6 ? type == 128 : type == 8 || type == 13 || type == 15
    }
}
