/// The network service header as it travels (RFC 8300 §2).
public struct NSHHeader: Hashable, Sendable {
    /// Octets without metadata.
    @inlinable public static var baseByteCount: Int { 8 }
    /// MD type 1: four words of context.
    @inlinable public static var fixedMetadata: UInt8 { 1 }
    /// Octets of a header of MD type 1.
    @inlinable public static var fixedByteCount: Int { 24 }
    /// MD type 2: a list of type-length-values.
    @inlinable public static var variableMetadata: UInt8 { 2 }
    /// The length has 6 bits and counts words.
    public static var maximumMetadataByteCount: Int { 63 * 4 - baseByteCount }

    /// What follows the header (RFC 8300 §2.2).
    public enum NextProtocol {
        @inlinable public static var ipv4: UInt8 { 1 }
        @inlinable public static var ipv6: UInt8 { 2 }
        @inlinable public static var ethernet: UInt8 { 3 }
        @inlinable public static var nsh: UInt8 { 4 }
        @inlinable public static var mpls: UInt8 { 5 }
    }

    public let octets: [UInt8]

    /// The header of which a flow key speaks.
    ///
    /// - Parameter metadata: for MD type 2, whole words.
    public init(_ key: FlowKey, metadata: [UInt8] = []) {
        let word = key.words[KeyWord.nsh]
        let kind = UInt8(truncatingIfNeeded: word >> 40 & 0xf)
        var rest = metadata
        if kind == Self.fixedMetadata {
            rest = [KeyWord.nshContext, KeyWord.nshContextRest].flatMap {
                Self.octets(key.words[$0])
            }
        }
        let flags = word >> 56 & 3
        let lifetime = word >> 48 & 0x3f
        let wordCount = UInt64((Self.baseByteCount + rest.count) / 4)
        let next = word >> 32 & 0xff
        let first =
            flags << 28 | lifetime << 22 | wordCount << 16 | UInt64(kind) << 8 | next
        octets = Self.octets(first << 32 | word & 0xffff_ffff) + rest
    }

    private static func octets(_ word: UInt64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) }
    }

    /// The packet type of what follows the header, or `nil` if it is none that is known.
    public static func packetType(behind next: UInt8) -> UInt32? {
        switch next {
        case NextProtocol.ipv4: PacketType.ipv4
        case NextProtocol.ipv6: PacketType.ipv6
        case NextProtocol.ethernet: PacketType.ethernet
        case NextProtocol.nsh: PacketType.nsh
        default: nil
        }
    }

    /// How the header names a packet of this type, or `nil` if it cannot.
    public static func nextProtocol(for packetType: UInt32) -> UInt8? {
        switch packetType {
        case PacketType.ipv4: NextProtocol.ipv4
        case PacketType.ipv6: NextProtocol.ipv6
        case PacketType.ethernet: NextProtocol.ethernet
        case PacketType.nsh: NextProtocol.nsh
        default: nil
        }
    }
}
