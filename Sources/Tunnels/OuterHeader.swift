public import Addresses
import Bytes
import FlowModel

/// Sizes and bits of SRv6 headers (RFC 8754).
public enum SRv6Layout {
    /// As many segments as OVS allows.
    public static var maximumSegments: Int { 6 }
}

/// Builds the headers that a tunnel puts before packets.
public struct OuterHeader {
    /// Who sends the outer packets to whom on the link.
    public struct Link: Sendable {
        public let source: EthernetAddress
        public let destination: EthernetAddress

        public init(source: EthernetAddress, destination: EthernetAddress) {
            self.source = source
            self.destination = destination
        }
    }

    private let settings: TunnelSettings
    private let fields: OuterFields
    private var writer = OctetWriter(capacity: TunnelPush.maximumByteCount)

    private init(_ settings: TunnelSettings, _ fields: OuterFields) {
        self.settings = settings
        self.fields = fields
    }

    /// The headers, with zeros where each packet has its own numbers; a UDP checksum that is
    /// wanted is all ones.
    ///
    /// - Returns: `nil` where the type has no header of that kind.
    public static func build(
        _ settings: TunnelSettings, _ fields: OuterFields, _ link: Link
    ) -> [UInt8]? {
        var header = OuterHeader(settings, fields)
        header.addLink(link)
        header.addNetwork()
        guard header.addTunnel() else { return nil }
        return header.writer.octets
    }

    private mutating func addLink(_ link: Link) {
        writer.append(UInt128(link.destination.value), byteCount: 6)
        writer.append(UInt128(link.source.value), byteCount: 6)
        writer.append(fields.destination.isIPv4 ? EtherType.ipv4 : EtherType.ipv6)
    }

    private var ipProtocol: UInt8 {
        guard settings.type == .srv6 else { return settings.type.ipProtocol }
        if !segments.isEmpty { return Self.routingHeader }
        return fields.innerType == EtherType.ipv6 ? IPProtocol.ipv6 : IPProtocol.ipv4
    }

    private mutating func addNetwork() {
        if fields.destination.isIPv4 {
            writer.append(UInt8(0x45))
            writer.append(fields.tos)
            writer.append(UInt32(0))
            writer.append(UInt16(fields.isUnfragmented ? 0x4000 : 0))
            writer.append(fields.ttl)
            writer.append(ipProtocol)
            writer.append(UInt16(0))
            writer.append(fields.source.ipv4.value)
            writer.append(fields.destination.ipv4.value)
        } else {
            writer.append(UInt32(6) << 28 | UInt32(fields.tos) << 20)
            writer.append(UInt16(0))
            writer.append(ipProtocol)
            writer.append(fields.ttl)
            writer.append(fields.source.value, byteCount: 16)
            writer.append(firstDestination, byteCount: 16)
        }
    }

    private mutating func addTunnel() -> Bool {
        switch settings.type {
        case .vxlan: addVXLAN()
        case .geneve: return addGeneve()
        case .gre, .ip6gre: addGRE()
        case .erspan, .ip6erspan: return addERSPAN()
        case .gtpu: addGTPU()
        case .bareudp: addUDP(hasChecksum: fields.hasChecksum)
        case .lisp: addLISP()
        case .srv6: return addSegments()
        case .stt: return false
        }
        return true
    }

    private mutating func addUDP(hasChecksum: Bool) {
        writer.append(UInt16(0))
        writer.append(settings.port)
        writer.append(UInt16(0))
        // Over IPv6 the checksum is not optional (RFC 8200 §8.1).
        writer.append(UInt16(hasChecksum || !fields.destination.isIPv4 ? 0xffff : 0))
    }

    // MARK: Over UDP

    private mutating func addVXLAN() {
        addUDP(hasChecksum: fields.hasChecksum)
        var flags: UInt32 = 0x0800_0000
        if settings.isGeneric {
            flags |= 0x0400_0000
            switch fields.innerType {
            case 0: flags |= 3
            case EtherType.ipv4: flags |= 1
            case EtherType.ipv6: flags |= 2
            case EtherType.nsh: flags |= 4
            default: break
            }
        } else if settings.hasGroupPolicy && (fields.policyID != 0 || fields.policyFlags != 0) {
            flags |= 0x8000_0000 | UInt32(fields.policyFlags) << 16 | UInt32(fields.policyID)
        }
        writer.append(flags)
        writer.append(UInt32(truncatingIfNeeded: fields.id) << 8)
    }

    private mutating func addGeneve() -> Bool {
        addUDP(hasChecksum: fields.hasChecksum)
        let options = fields.options.flatMap(\.octets)
        guard options.count <= 252 else { return false }
        writer.append(UInt8(options.count / 4))
        let isCritical = fields.options.contains(where: \.isCritical)
        writer.append(UInt8((fields.isOAM ? 0x80 : 0) | (isCritical ? 0x40 : 0)))
        writer.append(EtherType.bridging)
        writer.append(UInt32(truncatingIfNeeded: fields.id) << 8)
        writer.append(contentsOf: options)
        return true
    }

    private mutating func addGTPU() {
        addUDP(hasChecksum: fields.hasChecksum)
        let isUserData = fields.gtpuMessageType == 0
        writer.append(isUserData ? UInt8(0x30) : fields.gtpuFlags)
        writer.append(isUserData ? UInt8(255) : fields.gtpuMessageType)
        writer.append(UInt16(0))
        writer.append(UInt32(truncatingIfNeeded: fields.id))
    }

    /// RFC 6830 §5.1: a nonce of zero, and the instance ID before the locator bits.
    private mutating func addLISP() {
        addUDP(hasChecksum: false)
        let hasInstance = fields.id != 0
        writer.append(UInt32(hasInstance ? 0x0800_0000 : 0))
        writer.append(UInt32(truncatingIfNeeded: fields.id) << 8)
    }

    // MARK: Over IP

    /// RFC 2784 and 2890.
    private mutating func addGRE() {
        var flags: UInt16 = 0
        if fields.hasChecksum { flags |= 0x8000 }
        if fields.hasKey { flags |= 0x2000 }
        if settings.hasSequence { flags |= 0x1000 }
        writer.append(flags)
        writer.append(fields.innerType == 0 ? EtherType.bridging : fields.innerType)
        if fields.hasChecksum { writer.append(UInt32(0)) }
        if fields.hasKey { writer.append(UInt32(truncatingIfNeeded: fields.id)) }
        if settings.hasSequence { writer.append(UInt32(0)) }
    }

    /// draft-foschiano-erspan-03 §4.
    private mutating func addERSPAN() -> Bool {
        let session = UInt32(truncatingIfNeeded: fields.id) & 0x3ff
        switch fields.erspanVersion {
        case 1:
            writer.append(UInt32(0x1000_88be))
            writer.append(UInt32(0))
            writer.append(UInt32(0x1000_0000) | session)
            writer.append(fields.erspanIndex & 0xf_ffff)
        case 2:
            writer.append(UInt32(0x1000_22eb))
            writer.append(UInt32(0))
            writer.append(UInt32(0x2000_0000) | session)
            writer.append(UInt32(0))
            writer.append(
                UInt32(fields.erspanHardwareID & 0x3f) << 4
                    | UInt32(fields.erspanDirection & 1) << 3)
        default:
            // Type I has neither a sequence number nor a header of its own.
            writer.append(UInt32(0x0000_88be))
        }
        return true
    }

    // MARK: SRv6

    private static var routingHeader: UInt8 { 43 }

    private var segments: [IPv6Address] { settings.segments }

    /// Packets go to the first segment first.
    private var firstDestination: UInt128 { segments.first?.value ?? fields.destination.value }

    private mutating func addSegments() -> Bool {
        guard !fields.destination.isIPv4 else { return false }
        guard EtherType.isIP(fields.innerType) else { return false }
        guard !segments.isEmpty else { return true }
        let next = fields.innerType == EtherType.ipv6 ? IPProtocol.ipv6 : IPProtocol.ipv4
        writer.append(next)
        writer.append(UInt8(segments.count * 2))
        writer.append(UInt8(4))
        writer.append(UInt8(segments.count - 1))
        writer.append(UInt8(segments.count - 1))
        writer.append(UInt8(0))
        writer.append(UInt16(0))
        for segment in segments.reversed() { writer.append(segment.value, byteCount: 16) }
        return true
    }
}
