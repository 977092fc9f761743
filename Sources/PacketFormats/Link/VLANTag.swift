public import Bytes

/// Where each field of a VLAN tag lies, from its control information on (IEEE 802.1Q §9.6).
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-----+-+-----------------------+-------------------------------+
///     | PCP |D|        VLAN ID        |      type of what follows     |
///     +-----+-+-----------------------+-------------------------------+
public enum VLANLayout {
    @inlinable public static var control: WireField<UInt16> { .init(at: 0) }
    @inlinable public static var priority: WireBits<UInt16> { .init(0..<3, of: control) }
    @inlinable public static var isDropEligible: WireBits<UInt16> { .init(3..<4, of: control) }
    @inlinable public static var identifier: WireBits<UInt16> { .init(4..<16, of: control) }
    @inlinable public static var type: WireField<UInt16> { .init(at: 2) }
    @inlinable public static var byteCount: Int { type.end }
}

/// A VLAN tag, without the Ethernet type in front of it that announces it.
public struct VLANTag: Hashable, Sendable {
    public static let byteCount = VLANLayout.byteCount

    /// - Invariant: fits in 3 bits.
    public let priority: UInt8
    public let isDropEligible: Bool
    /// - Invariant: fits in 12 bits.
    public let identifier: UInt16
    /// The type of what follows the tag.
    public let type: EthernetType

    public init(
        priority: UInt8 = 0,
        isDropEligible: Bool = false,
        identifier: UInt16,
        type: EthernetType
    ) {
        precondition(priority < 8, "a priority has 3 bits")
        precondition(identifier < 4096, "a VLAN ID has 12 bits")
        self.priority = priority
        self.isDropEligible = isDropEligible
        self.identifier = identifier
        self.type = type
    }

    /// Parses the octets behind the Ethernet type that announces the tag.
    public init(_ bytes: RawSpan) throws(PacketError) {
        try require(VLANLayout.byteCount, of: bytes)
        priority = UInt8(bytes[VLANLayout.priority])
        isDropEligible = bytes[VLANLayout.isDropEligible] == 1
        identifier = bytes[VLANLayout.identifier]
        type = EthernetType(rawValue: bytes[VLANLayout.type])
    }

    /// Writes the tag over the first ``byteCount`` octets of `output`.
    public func encode(into output: inout MutableRawSpan) {
        output.set(VLANLayout.priority, to: UInt16(priority))
        output.set(VLANLayout.isDropEligible, to: isDropEligible ? 1 : 0)
        output.set(VLANLayout.identifier, to: identifier)
        output.set(VLANLayout.type, to: type.rawValue)
    }
}
