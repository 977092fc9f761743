import Bytes
import FlowModel

/// Reads matches made of type-length-values: OXM (OpenFlow 1.3.5 §7.2.3) and NXM.
enum MatchDecoder {
    struct Options: OptionSet {
        let rawValue: UInt8
        /// Unknown fields are skipped instead of refused; for what a newer peer reports.
        static var skipsUnknown: Self { .init(rawValue: 1) }
        /// NXM_NX_COOKIE may stand among the fields.
        static var allowsCookie: Self { .init(rawValue: 2) }
    }

    /// A match, and the cookie that NXM carries among the fields.
    struct Result {
        var match = Match()
        var cookie: UInt64 = 0
        var cookieMask: UInt64 = 0
    }

    /// Reads the octets of `reader` to its end.
    static func decode(
        _ reader: inout MessageReader, options: Options = []
    ) throws(OpenFlowError) -> Result {
        var result = Result()
        while !reader.isAtEnd {
            try decodeField(&reader, options: options, into: &result)
        }
        return result
    }

    /// Reads `ofp_match` with its padding.
    ///
    /// ```
    ///  0                16               32
    /// +----------------+----------------+-----------------+-----+
    /// | type = 1       | length         | fields …        | pad |
    /// +----------------+----------------+-----------------+-----+
    /// ```
    static func decodeStandard(
        _ reader: inout MessageReader, _ version: OpenFlowVersion, options: Options = []
    ) throws(OpenFlowError) -> Match {
        guard reader.remaining >= 4 else { throw .matchBadLength }
        let type = try reader.uint16()
        let length = Int(try reader.uint16())
        if type == 0 {
            // The fixed match of 1.1, which OVS takes in later versions too.
            guard length == OpenFlow11Match.byteCount,
                reader.remaining >= OpenFlow11Match.byteCount - 4
            else { throw .matchBadLength }
            return try OpenFlow11Match.decodeBody(&reader)
        }
        guard type == 1 else { throw .matchBadType }
        guard length >= 4 else { throw .matchBadLength }
        guard reader.remaining >= length - 4 + padding(length) else { throw .matchBadLength }
        var fields = try reader.part(length - 4, lengthError: .matchBadLength)
        let result = try decode(&fields, options: options)
        try reader.skip(padding(length))
        return result.match
    }

    /// Octets that fill up to a multiple of 8.
    static func padding(_ length: Int) -> Int { (8 - length % 8) % 8 }

    private static func decodeField(
        _ reader: inout MessageReader, options: Options, into result: inout Result
    ) throws(OpenFlowError) {
        let header = try FieldHeader(&reader, lengthError: .matchBadLength)
        if header.isCookie, options.contains(.allowsCookie) {
            return try decodeCookie(&reader, header, into: &result)
        }
        var payload = try reader.part(header.payloadByteCount, lengthError: .matchBadLength)
        if header.hasMask { try checkMask(payload, byteCount: header.valueByteCount) }
        // A length that the field does not have makes it another field, as in OVS.
        guard let field = header.field,
            FieldCoding.of(field).canHave(byteCount: header.valueByteCount)
        else {
            guard options.contains(.skipsUnknown) else { throw .matchBadField }
            return
        }
        let coding = FieldCoding.of(field)
        if let option = field.tunnelOption {
            return try decode(option, &payload, header, into: &result.match)
        }
        let value = try payload.integer(byteCount: coding.byteCount)
        let ones = allOnes(coding.byteCount)
        let mask = header.hasMask ? try payload.integer(byteCount: coding.byteCount) : ones
        try add(coding, value: value, mask: mask, to: &result.match)
    }

    /// Reads the value of a tunnel's option, of any length, and its mask.
    private static func decode(
        _ option: Int, _ payload: inout MessageReader, _ header: FieldHeader,
        into match: inout Match
    ) throws(OpenFlowError) {
        guard !match.requires(option: option) else { throw .matchDuplicateField }
        match.require(option: option)
        let value = try payload.wideInteger(byteCount: header.valueByteCount)
        let mask =
            header.hasMask ? try payload.wideInteger(byteCount: header.valueByteCount) : .max
        match.set(.tunnelOption(option), to: value, mask: mask)
    }

    /// Checks that no bit of the value is outside the mask, whatever the field.
    private static func checkMask(
        _ payload: borrowing MessageReader, byteCount: Int
    ) throws(OpenFlowError) {
        var payload = copy payload
        guard byteCount <= 16 else { return }
        let value = try payload.integer(byteCount: byteCount)
        let mask = try payload.integer(byteCount: byteCount)
        guard value & ~mask == 0 else { throw .matchBadWildcards }
    }

    private static func decodeCookie(
        _ reader: inout MessageReader, _ header: FieldHeader, into result: inout Result
    ) throws(OpenFlowError) {
        guard result.cookieMask == 0 else { throw .matchDuplicateField }
        result.cookie = try reader.uint64()
        result.cookieMask = header.hasMask ? try reader.uint64() : .max
        guard result.cookie & ~result.cookieMask == 0 else { throw .matchBadWildcards }
    }

    /// Ones in so many octets.
    static func allOnes(_ byteCount: Int) -> UInt128 {
        byteCount == 16 ? .max : 1 << UInt128(byteCount * 8) - 1
    }

    /// Adds one field to a match, if it may stand there.
    private static func add(
        _ coding: FieldCoding, value: UInt128, mask: UInt128, to match: inout Match
    ) throws(OpenFlowError) {
        let ones = allOnes(coding.byteCount)
        guard mask != 0 else { return }
        guard mask == ones || coding.isMaskable else { throw .matchBadMask }
        guard coding.prerequisite.isMet(by: match) else { throw .matchBadPrerequisite }
        try checkTuple(coding.field, of: match)
        let translated = try translate(coding, value: value, mask: mask)
        guard match.mask[translated.location] == 0 else { throw .matchDuplicateField }
        match.set(translated.location, to: translated.value, mask: translated.mask)
    }

    /// Refuses addresses of a connection that the packets' type does not have; the error is OVS's.
    private static func checkTuple(
        _ field: Field, of match: borrowing Match
    ) throws(OpenFlowError) {
        let type: UInt16
        switch field {
        case .ctIPv4Source, .ctIPv4Destination: type = EtherType.ipv4
        case .ctIPv6Source, .ctIPv6Destination: type = EtherType.ipv6
        default: return
        }
        guard match.networkType == type else { throw .actionMatchInconsistent }
    }

    private struct Translated {
        var location: FieldLocation
        var value: UInt128
        var mask: UInt128
    }

    /// Where and as what a field of the wire lies in the key; nearly always as it comes.
    private static func translate(
        _ coding: FieldCoding, value: UInt128, mask: UInt128
    ) throws(OpenFlowError) -> Translated {
        switch coding.field {
        case .inPortOXM:
            let wide = UInt32(truncatingIfNeeded: value)
            guard let port = PortNumber(wide: wide) else { throw .matchBadValue }
            return Translated(
                location: FieldCoding.of(.inPort).location, value: UInt128(port.value),
                mask: 0xffff)
        case .ipTOS:
            // NXM_OF_IP_TOS has the two bits of ECN, which must be zero.
            guard value & 3 == 0 else { throw .matchBadValue }
            return Translated(
                location: FieldCoding.of(.ipDSCP).location, value: value >> 2, mask: 0x3f)
        case .vlanVID:
            guard value & ~0x1fff == 0 else { throw .matchBadValue }
            return Translated(location: coding.location, value: value, mask: mask & 0x1fff)
        default:
            let ones = coding.location.ones
            guard value & ~ones == 0 else { throw .matchBadValue }
            return Translated(location: coding.location, value: value, mask: mask & ones)
        }
    }
}
