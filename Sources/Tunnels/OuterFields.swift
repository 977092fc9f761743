public import Addresses

/// What the outer headers of one packet are to say.
public struct OuterFields: Hashable, Sendable {
    public var source = IPAddress.none
    public var destination = IPAddress.none
    public var id: UInt64 = 0
    public var tos: UInt8 = 0
    public var ttl: UInt8 = 0
    public var isUnfragmented = false
    public var hasChecksum = false
    public var hasKey = false
    public var isOAM = false
    public var policyID: UInt16 = 0
    public var policyFlags: UInt8 = 0
    public var erspanVersion: UInt8 = 0
    public var erspanIndex: UInt32 = 0
    public var erspanDirection: UInt8 = 0
    public var erspanHardwareID: UInt8 = 0
    public var gtpuFlags: UInt8 = 0
    public var gtpuMessageType: UInt8 = 0
    public var options: [GeneveOption] = []
    /// The Ethernet type of the packet within, or 0 for a frame.
    public var innerType: UInt16 = 0

    public init() {}
}

/// One option of a Geneve header (RFC 8926 §3.5).
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-------------------------------+-+-------------+-----+---------+
///     |             class             |C|     type    |  0  | length  |
///     +-------------------------------+-+-------------+-----+---------+
///     | value, a multiple of four octets …
///     +-----------------------------------
public struct GeneveOption: Hashable, Sendable {
    public let optionClass: UInt16
    public let type: UInt8
    public let value: [UInt8]

    public init(optionClass: UInt16, type: UInt8, value: [UInt8]) {
        self.optionClass = optionClass
        self.type = type
        self.value = value
    }

    /// Whether who does not know the option must drop the packet.
    public var isCritical: Bool { type & 0x80 != 0 }

    public var octets: [UInt8] {
        [
            UInt8(optionClass >> 8), UInt8(truncatingIfNeeded: optionClass), type,
            UInt8(value.count / 4),
        ] + value
    }

    /// The options of a header; `nil` if one reaches beyond the others' end.
    public static func parse(_ octets: [UInt8]) -> [GeneveOption]? {
        var options: [GeneveOption] = []
        var place = 0
        while place < octets.count {
            guard octets.count - place >= 4 else { return nil }
            let byteCount = Int(octets[place + 3] & 0x1f) * 4
            let start = place + 4
            guard start + byteCount <= octets.count else { return nil }
            options.append(
                GeneveOption(
                    optionClass: UInt16(octets[place]) << 8 | UInt16(octets[place + 1]),
                    type: octets[place + 2], value: Array(octets[start..<start + byteCount])))
            place = start + byteCount
        }
        return options
    }
}
