public import Addresses
public import Bytes

/// Where each field of a neighbour solicitation or advertisement lies (RFC 4861 §4.3, §4.4).
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +---------------+---------------+-------------------------------+
///     |  type 135/136 |    code 0     |           checksum            |
///     +-+-+-+---------+---------------+-------------------------------+
///     |R|S|O|                       reserved                          |
///     +-+-+-+---------------------------------------------------------+
///     |                   target address, 16 octets                   |
///     +---------------------------------------------------------------+
///     | options: type, length in units of 8 octets, value …
///     +----------------------------------------------------
public enum NeighbourLayout {
    @inlinable public static var flags: WireField<UInt32> { .init(at: 4) }
    @inlinable public static var isRouter: WireBits<UInt32> { .init(0..<1, of: flags) }
    @inlinable public static var isSolicited: WireBits<UInt32> { .init(1..<2, of: flags) }
    @inlinable public static var overrides: WireBits<UInt32> { .init(2..<3, of: flags) }
    @inlinable public static var target: WireField<UInt128> { .init(at: 8) }
    @inlinable public static var fixedByteCount: Int { target.end }
    @inlinable public static var optionType: WireField<UInt8> { .init(at: 0) }
    @inlinable public static var optionWords: WireField<UInt8> { .init(at: 1) }
    @inlinable static var optionWord: WireField<UInt64> { .init(at: 0) }
    @inlinable public static var linkAddress: WireBits<UInt64> { .init(16..<64, of: optionWord) }
}

/// A neighbour solicitation or advertisement of IPv6, with its sender's or target's link address.
public struct NeighbourDiscovery: Hashable, Sendable {
    /// Whether the message is an advertisement, not a solicitation.
    public let isAdvertisement: Bool
    public var isRouter = false
    public var isSolicited = false
    public var overrides = false
    public let target: IPv6Address
    /// The source's address in a solicitation, the target's one in an advertisement.
    public let linkAddress: EthernetAddress?

    /// The octets of the message, without what a solicitation or advertisement may have else.
    public var byteCount: Int { NeighbourLayout.fixedByteCount + (linkAddress == nil ? 0 : 8) }

    public init(isAdvertisement: Bool, target: IPv6Address, linkAddress: EthernetAddress?) {
        self.isAdvertisement = isAdvertisement
        self.target = target
        self.linkAddress = linkAddress
    }

    /// Parses an ICMPv6 message of either type.
    public init(_ bytes: RawSpan) throws(PacketError) {
        try require(NeighbourLayout.fixedByteCount, of: bytes)
        let type = bytes[ICMPLayout.type]
        isAdvertisement = type == ICMPHeader.KindV6.neighbourAdvertisement
        guard isAdvertisement || type == ICMPHeader.KindV6.neighbourSolicitation else {
            throw .unsupportedVersion(type)
        }
        isRouter = bytes[NeighbourLayout.isRouter] == 1
        isSolicited = bytes[NeighbourLayout.isSolicited] == 1
        overrides = bytes[NeighbourLayout.overrides] == 1
        target = IPv6Address(bytes[NeighbourLayout.target])
        linkAddress = try Self.findLinkAddress(
            bytes.extracting(NeighbourLayout.fixedByteCount...),
            option: isAdvertisement ? 2 : 1
        )
    }

    private static func findLinkAddress(_ options: RawSpan, option: UInt8) throws(PacketError)
        -> EthernetAddress?
    {
        var start = 0
        while start < options.byteCount {
            let rest = options.extracting(start...)
            try require(8, of: rest)
            let byteCount = Int(rest[NeighbourLayout.optionWords]) * 8
            // An option without length would be walked over for ever (RFC 4861 §4.6).
            guard byteCount > 0 else { throw .badHeaderLength(0) }
            try require(byteCount, of: rest)
            if rest[NeighbourLayout.optionType] == option {
                return EthernetAddress(rest[NeighbourLayout.linkAddress])
            }
            start += byteCount
        }
        return nil
    }

    /// Writes the message, its checksum left zero, over the first ``byteCount`` octets of `output`.
    public func encode(into output: inout MutableRawSpan) {
        let type =
            isAdvertisement
            ? ICMPHeader.KindV6.neighbourAdvertisement : ICMPHeader.KindV6.neighbourSolicitation
        ICMPHeader(type: type).encode(into: &output)
        output.set(NeighbourLayout.isRouter, to: isRouter ? 1 : 0)
        output.set(NeighbourLayout.isSolicited, to: isSolicited ? 1 : 0)
        output.set(NeighbourLayout.overrides, to: overrides ? 1 : 0)
        output.set(NeighbourLayout.target, to: target.value)
        guard let linkAddress else { return }
        let word = WireField<UInt64>(at: NeighbourLayout.fixedByteCount)
        let kind: UInt64 = isAdvertisement ? 2 : 1
        output.set(word, to: kind << 56 | 1 << 48 | linkAddress.value)
    }
}
