public import Addresses
import Bytes

/// An address of the Internet's protocols, as attributes hold it.
public enum NetworkAddress: Hashable, Sendable {
    case ipv4(IPv4Address)
    case ipv6(IPv6Address)

    /// `AF_INET` or `AF_INET6`.
    public var family: UInt8 {
        switch self {
        case .ipv4: 2
        case .ipv6: 10
        }
    }

    public init?(octets: [UInt8]) {
        switch octets.count {
        case 4: self = .ipv4(IPv4Address(octets.span.octets[WireField<UInt32>(at: 0)]))
        case 16: self = .ipv6(IPv6Address(octets.span.octets[WireField<UInt128>(at: 0)]))
        default: return nil
        }
    }

    public var octets: [UInt8] {
        switch self {
        case .ipv4(let address):
            stride(from: 24, through: 0, by: -8).map {
                UInt8(truncatingIfNeeded: address.value >> $0)
            }
        case .ipv6(let address):
            stride(from: 120, through: 0, by: -8).map {
                UInt8(truncatingIfNeeded: address.value >> $0)
            }
        }
    }
}

/// An address of a device (`RTM_NEWADDR`, `RTM_DELADDR`): `struct ifaddrmsg` of 8 octets, and
/// attributes.
public struct AddressMessage: Hashable, Sendable {
    static let fixedByteCount = 8

    public var index: UInt32
    public var address: NetworkAddress
    public var prefixLength: UInt8
    public var scope: UInt8 = 0

    public init(index: UInt32, address: NetworkAddress, prefixLength: UInt8) {
        self.index = index
        self.address = address
        self.prefixLength = prefixLength
    }

    /// Parses the body of a message; `nil` for an address of another family.
    public init?(_ body: [UInt8]) throws(NetlinkError) {
        guard body.count >= Self.fixedByteCount else { throw .truncated }
        var found: NetworkAddress?
        for attribute in try NetlinkAttribute.parse(body[Self.fixedByteCount...]) {
            // IFA_LOCAL is this host's end; IFA_ADDRESS is the other end of a point-to-point link.
            if attribute.number == 2 || (attribute.number == 1 && found == nil) {
                found = NetworkAddress(octets: attribute.value)
            }
        }
        guard let found else { return nil }
        self.init(
            index: body.span.octets.native(UInt32.self, at: 4),
            address: found,
            prefixLength: body[1]
        )
        scope = body[3]
    }

    public var body: [UInt8] {
        var octets: [UInt8] = [address.family, prefixLength, 0, scope]
        octets.append(native: index)
        return octets
            + NetlinkAttribute.encode([.init(1, address.octets), .init(2, address.octets)])
    }
}

/// The Ethernet address of a neighbour (`RTM_NEWNEIGH`, `RTM_DELNEIGH`): `struct ndmsg` of 12
/// octets, and attributes.
public struct NeighbourMessage: Hashable, Sendable {
    static let fixedByteCount = 12

    public var index: Int32
    public var address: NetworkAddress
    public var ethernetAddress: EthernetAddress?
    /// `NUD_REACHABLE` (2), `NUD_PERMANENT` (0x80) and the like.
    public var state: UInt16

    public init(
        index: Int32,
        address: NetworkAddress,
        ethernetAddress: EthernetAddress?,
        state: UInt16
    ) {
        self.index = index
        self.address = address
        self.ethernetAddress = ethernetAddress
        self.state = state
    }

    /// Parses the body of a message; `nil` for a neighbour of another family.
    public init?(_ body: [UInt8]) throws(NetlinkError) {
        guard body.count >= Self.fixedByteCount else { throw .truncated }
        var found: NetworkAddress?
        var link: EthernetAddress?
        for attribute in try NetlinkAttribute.parse(body[Self.fixedByteCount...]) {
            switch attribute.number {
            case 1: found = NetworkAddress(octets: attribute.value)
            case 2: link = EthernetAddress(octets: attribute.value)
            default: break
            }
        }
        guard let found else { return nil }
        self.init(
            index: body.span.octets.native(Int32.self, at: 4),
            address: found,
            ethernetAddress: link,
            state: body.span.octets.native(UInt16.self, at: 8)
        )
    }

    public var body: [UInt8] {
        var octets: [UInt8] = [address.family, 0, 0, 0]
        octets.append(native: index)
        octets.append(native: state)
        octets += [0, 0]
        var attributes: [NetlinkAttribute] = [.init(1, address.octets)]
        if let ethernetAddress { attributes.append(.init(2, ethernetAddress.octets)) }
        return octets + NetlinkAttribute.encode(attributes)
    }
}
