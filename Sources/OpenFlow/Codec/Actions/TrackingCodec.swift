import Bytes
import FlowModel

// Nicira's actions for the connection tracker, behind the subtype:
//
// ```
//  0          16                     48            64     72        96     112
// +----------+----------------------+-------------+------+---------+------+----------+
// | flags    | zone: field's header | bits, zone  | table| 0       | port | actions… |  ct
// +----------+----------------------+-------------+------+---------+------+----------+
// +----------+----------+-----------+------------------------------+
// | 0        | flags    | presence  | what the presence bits say…  |                    nat
// +----------+----------+-----------+------------------------------+
// ```

/// The bits of `ct`'s flags.
private enum TrackingFlags {
    static var commit: UInt16 { 1 << 0 }
    static var force: UInt16 { 1 << 1 }
    /// The table that says that the packet is not looked up again.
    static var noTable: UInt8 { 0xff }
    static var zoneWidth: Int { 16 }
}

/// The bits of `nat`'s flags, and those that say which parts of the range follow.
private enum TranslationBits {
    static var source: UInt16 { 1 << 0 }
    static var destination: UInt16 { 1 << 1 }
    static var known: UInt16 { 0x1f }
    static var options: UInt16 { 0x1c }

    static var ipv4First: UInt16 { 1 << 0 }
    static var ipv4Last: UInt16 { 1 << 1 }
    static var ipv6First: UInt16 { 1 << 2 }
    static var ipv6Last: UInt16 { 1 << 3 }
    static var portFirst: UInt16 { 1 << 4 }
    static var portLast: UInt16 { 1 << 5 }
    static var knownParts: UInt16 { 0x3f }
}

extension ActionDecoder {
    func decodeTracking(
        _ body: inout MessageReader
    ) throws(OpenFlowError) -> ConnectionTrack {
        let flags = try body.uint16()
        var track = ConnectionTrack()
        track.isCommitted = flags & TrackingFlags.commit != 0
        track.isForced = flags & TrackingFlags.force != 0
        guard track.isCommitted || !track.isForced else { throw .actionBadArgument }
        track.zone = try decodeZone(&body)
        let table = try body.uint8()
        track.table = table == TrackingFlags.noTable ? nil : table
        try body.skip(3)
        track.helperPort = try body.uint16()
        var part = try body.part(body.remaining, lengthError: .actionBadLength)
        track.actions = try nested().decodeActions(&part)
        try Self.check(track)
        return track
    }

    private func decodeZone(
        _ body: inout MessageReader
    ) throws(OpenFlowError) -> ConnectionTrack.Zone {
        let header = (try body.peek16(), try body.peek16(at: 2))
        guard header != (0, 0) else {
            try body.skip(4)
            return .number(try body.uint16())
        }
        let field = try fieldName(&body, else: .matchBadField)
        let packed = try body.uint16()
        let zone = try subfield(
            field, offset: Int(packed >> 6), width: Int(packed & 0x3f) + 1)
        guard zone.width == TrackingFlags.zoneWidth else { throw .actionBadSetLength }
        return .field(zone)
    }

    /// Only what sets the mark and the label of a connection, and translation, can stand within.
    private static func check(_ track: ConnectionTrack) throws(OpenFlowError) {
        for action in track.actions {
            guard action.isAllowedInTracking else { throw .actionBadArgument }
            // A connection that is not remembered has nothing to set; plain `nat` reads.
            guard track.isCommitted || action == .nat(AddressTranslation()) else {
                throw .actionBadArgument
            }
        }
    }

    func decodeTranslation(
        _ body: inout MessageReader
    ) throws(OpenFlowError) -> AddressTranslation {
        typealias Bits = TranslationBits
        try body.zeros(2, else: .nxRequestMustBeZero)
        let flags = try body.uint16()
        let parts = try body.uint16()
        guard flags & ~Bits.known == 0, parts & ~Bits.knownParts == 0 else {
            throw .actionBadArgument
        }
        var translation = AddressTranslation()
        switch flags & (Bits.source | Bits.destination) {
        case 0: break
        case Bits.source: translation.kind = .source
        case Bits.destination: translation.kind = .destination
        default: throw .actionBadArgument
        }
        translation.flags = .init(rawValue: flags & Bits.options)
        guard parts == 0 || translation.kind != nil else { throw .actionBadArgument }
        let isIPv4 = parts & (Bits.ipv4First | Bits.ipv4Last) != 0
        let isIPv6 = parts & (Bits.ipv6First | Bits.ipv6Last) != 0
        guard !(isIPv4 && isIPv6) else { throw .actionBadArgument }
        translation.addresses = try decodeAddresses(parts, &body)
        if parts & (Bits.portFirst | Bits.portLast) != 0 {
            guard parts & Bits.portFirst != 0, translation.addresses != nil else {
                throw .actionBadArgument
            }
            translation.ports = .init(try body.uint16())
            if parts & Bits.portLast != 0 { translation.ports?.last = try body.uint16() }
        }
        return translation
    }

    private func decodeAddresses(
        _ parts: UInt16, _ body: inout MessageReader
    ) throws(OpenFlowError) -> AddressTranslation.Addresses? {
        typealias Bits = TranslationBits
        if parts & (Bits.ipv4First | Bits.ipv4Last) != 0 {
            guard parts & Bits.ipv4First != 0 else { throw .actionBadArgument }
            let first = try body.uint32()
            let last = parts & Bits.ipv4Last != 0 ? try body.uint32() : nil
            return .ipv4(first, last: last)
        }
        if parts & (Bits.ipv6First | Bits.ipv6Last) != 0 {
            guard parts & Bits.ipv6First != 0 else { throw .actionBadArgument }
            let first = try body.integer(byteCount: 16)
            let last = parts & Bits.ipv6Last != 0 ? try body.integer(byteCount: 16) : nil
            return .ipv6(first, last: last)
        }
        return nil
    }
}

extension ConnectionTrack {
    /// Appends what stands before the actions.
    func encodeHeader(into writer: inout OctetWriter) {
        let flags =
            (isCommitted ? TrackingFlags.commit : 0) | (isForced ? TrackingFlags.force : 0)
        writer.append(flags)
        switch zone {
        case .number(let number):
            writer.append(UInt32(0))
            writer.append(number)
        case .field(let subfield):
            writer.append(headerOf: subfield.field)
            writer.append(subfield.packed)
        }
        writer.append(table ?? TrackingFlags.noTable)
        writer.appendZeros(3)
        writer.append(helperPort)
    }
}

extension AddressTranslation {
    func encode(into writer: inout OctetWriter) {
        typealias Bits = TranslationBits
        writer.appendZeros(2)
        let kindBit: UInt16 =
            switch kind {
            case .source: Bits.source
            case .destination: Bits.destination
            case nil: 0
            }
        writer.append(kindBit | flags.rawValue)
        var parts: UInt16 = 0
        switch addresses {
        case .ipv4(_, let last): parts |= Bits.ipv4First | (last == nil ? 0 : Bits.ipv4Last)
        case .ipv6(_, let last): parts |= Bits.ipv6First | (last == nil ? 0 : Bits.ipv6Last)
        case nil: break
        }
        if let ports { parts |= Bits.portFirst | (ports.last == nil ? 0 : Bits.portLast) }
        writer.append(parts)
        switch addresses {
        case .ipv4(let first, let last):
            writer.append(first)
            if let last { writer.append(last) }
        case .ipv6(let first, let last):
            writer.append(first, byteCount: 16)
            if let last { writer.append(last, byteCount: 16) }
        case nil: break
        }
        if let ports {
            writer.append(ports.first)
            if let last = ports.last { writer.append(last) }
        }
    }
}
