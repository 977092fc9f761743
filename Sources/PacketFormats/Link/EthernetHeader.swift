public import Addresses
import Bytes

/// Numbers of the protocols behind an Ethernet header.
public struct EthernetType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static var ipv4: Self { .init(rawValue: 0x0800) }
    public static var arp: Self { .init(rawValue: 0x0806) }
    /// A customer's VLAN tag (IEEE 802.1Q).
    public static var vlan: Self { .init(rawValue: 0x8100) }
    public static var ipv6: Self { .init(rawValue: 0x86dd) }
    /// A provider's VLAN tag (IEEE 802.1ad).
    public static var serviceVLAN: Self { .init(rawValue: 0x88a8) }
}

/// An Ethernet header as a value.
public struct EthernetHeader: Hashable, Sendable {
    public static let byteCount = EthernetLayout.byteCount

    public var destination: EthernetAddress
    public var source: EthernetAddress
    public var type: EthernetType

    public init(destination: EthernetAddress, source: EthernetAddress, type: EthernetType) {
        self.destination = destination
        self.source = source
        self.type = type
    }

    public init(_ view: borrowing EthernetHeaderView) {
        self.init(
            destination: view.destination,
            source: view.source,
            type: EthernetType(rawValue: view.type)
        )
    }

    /// Writes the header over the first ``byteCount`` octets of `output`.
    public func encode(into output: inout MutableRawSpan) {
        output.set(EthernetLayout.destination, to: destination.value)
        output.set(EthernetLayout.source, to: source.value)
        output.set(EthernetLayout.type, to: type.rawValue)
    }
}
