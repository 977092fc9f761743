import Bytes
import FlowModel

/// The match of OpenFlow 1.1 (§A.2.3): 88 octets, each field with a bit that says whether it is
/// ignored, addresses and metadata with the bits that are ignored.
///
/// ```
/// +--------+--------+----------------+----------------+
/// | type 0 | length | in_port (32)   | wildcards (32) |
/// +--------+--------+-----+----------+-----+----------+-----+------------------+
/// | dl_src (48)  | mask (48) | dl_dst (48) | mask (48) | vlan (16) | pcp (8) | - |
/// +--------------+--+-------+----+--------+-------+---+-----------+---------+---+
/// | dl_type | tos | proto | nw_src, mask (64)      | nw_dst, mask (64)          |
/// +---------+-----+-------+----+----------------+--+------------+---------------+
/// | tp_src  | tp_dst  | mpls_label (32) | tc (8) | - | metadata, mask (128)      |
/// +---------+---------+-----------------+--------+---+---------------------------+
/// ```
enum OpenFlow11Match {
    static var byteCount: Int { 88 }

    /// Bits that say that a field is ignored.
    private enum Wildcard {
        static var inPort: UInt32 { 1 << 0 }
        static var vlan: UInt32 { 1 << 1 }
        static var vlanPriority: UInt32 { 1 << 2 }
        static var etherType: UInt32 { 1 << 3 }
        static var tos: UInt32 { 1 << 4 }
        static var ipProtocol: UInt32 { 1 << 5 }
        static var transportSource: UInt32 { 1 << 6 }
        static var transportDestination: UInt32 { 1 << 7 }
        static var mplsLabel: UInt32 { 1 << 8 }
        static var mplsTC: UInt32 { 1 << 9 }
    }

    /// The VLAN IDs that mean no tag, and any tag.
    private static var noVLAN: UInt16 { 0xffff }
    private static var anyVLAN: UInt16 { 0xfffe }

    /// Reads the match, behind its type and length.
    static func decodeBody(_ reader: inout MessageReader) throws(OpenFlowError) -> Match {
        var match = Match()
        let wide = try reader.uint32()
        let wildcards = try reader.uint32()
        if wildcards & Wildcard.inPort == 0 {
            guard let port = PortNumber(wide: wide) else { throw .matchBadValue }
            match.set(.inPort, to: UInt128(port.value))
        }
        for field in [Field.ethernetSource, .ethernetDestination] {
            let value = try reader.integer(byteCount: 6)
            let mask = ~(try reader.integer(byteCount: 6)) & 0xffff_ffff_ffff
            match.set(field, to: value & mask, mask: mask)
        }
        let vlan = try reader.uint16()
        let priority = try reader.uint8()
        try reader.skip(1)
        try setVLAN(
            wildcards & Wildcard.vlan == 0 ? vlan : nil,
            priority: wildcards & Wildcard.vlanPriority == 0 ? priority : nil, in: &match)
        let type = try reader.uint16()
        if wildcards & Wildcard.etherType == 0 { match.set(.etherType, to: UInt128(type)) }
        try decodeNetwork(
            &reader, wildcards, wildcards & Wildcard.etherType == 0 ? type : 0, into: &match)
        let metadata = try reader.uint64()
        let mask = ~(try reader.uint64())
        match.set(.metadata, to: UInt128(metadata & mask), mask: UInt128(mask))
        return match
    }

    private static func setVLAN(
        _ vlan: UInt16?, priority: UInt8?, in match: inout Match
    ) throws(OpenFlowError) {
        guard let vlan else { return }
        if vlan == noVLAN { return match.set(.vlanTCI, to: 0, mask: 0xffff) }
        if vlan == anyVLAN {
            let present = UInt128(VLANBits.present)
            match.set(.vlanTCI, to: present, mask: present)
        } else {
            guard vlan < 4096 else { throw .matchBadValue }
            match.set(.vlanVID, to: UInt128(vlan | VLANBits.present))
        }
        guard let priority else { return }
        guard priority <= 7 else { throw .matchBadValue }
        let bits = UInt128(priority) << 13 | UInt128(VLANBits.present)
        match.set(.vlanTCI, to: bits, mask: UInt128(VLANBits.priority | VLANBits.present))
    }

    /// The fields whose meaning hangs on the EtherType; without it they are ignored.
    private static func decodeNetwork(
        _ reader: inout MessageReader, _ wildcards: UInt32, _ type: UInt16,
        into match: inout Match
    ) throws(OpenFlowError) {
        let tos = try reader.uint8()
        let proto = try reader.uint8()
        let source = (try reader.uint32(), ~(try reader.uint32()))
        let destination = (try reader.uint32(), ~(try reader.uint32()))
        let ports = (try reader.uint16(), try reader.uint16())
        let label = try reader.uint32()
        let tc = try reader.uint8()
        try reader.skip(3)
        if EtherType.isMPLS(type) {
            if wildcards & Wildcard.mplsLabel == 0 {
                guard label < 1 << 20 else { throw .matchBadValue }
                match.set(.mplsLabel, to: UInt128(label))
            }
            if wildcards & Wildcard.mplsTC == 0 {
                guard tc <= 7 else { throw .matchBadValue }
                match.set(.mplsTC, to: UInt128(tc))
            }
            return
        }
        let isARP = EtherType.isARP(type)
        guard isARP || type == EtherType.ipv4 else { return }
        match.set(.ipv4Source, to: UInt128(source.0 & source.1), mask: UInt128(source.1))
        match.set(
            .ipv4Destination, to: UInt128(destination.0 & destination.1),
            mask: UInt128(destination.1))
        let hasProtocol = wildcards & Wildcard.ipProtocol == 0
        if hasProtocol { match.set(.ipProtocol, to: UInt128(proto)) }
        guard !isARP else { return }
        if wildcards & Wildcard.tos == 0 {
            guard tos & 3 == 0 else { throw .matchBadValue }
            match.set(.ipDSCP, to: UInt128(tos >> 2))
        }
        guard hasProtocol, let fields = OpenFlow10Match.transportFields(proto) else { return }
        if wildcards & Wildcard.transportSource == 0 {
            match.set(fields.source, to: UInt128(ports.0))
        }
        if wildcards & Wildcard.transportDestination == 0 {
            match.set(fields.destination, to: UInt128(ports.1))
        }
    }

    /// Appends `match` with type and length, without what OpenFlow 1.1 has no place for.
    static func encode(_ match: Match, into writer: inout OctetWriter) {
        writer.append(UInt16(0))
        writer.append(UInt16(byteCount))
        let start = writer.count
        var wildcards: UInt32 = 0
        let port = exact(match, .inPort, Wildcard.inPort, &wildcards)
        writer.append(PortNumber(UInt16(truncatingIfNeeded: port)).wide)
        if wildcards & Wildcard.inPort != 0 { writer.set32(at: start, to: 0) }
        writer.append(UInt32(0))
        for field in [Field.ethernetSource, .ethernetDestination] {
            writer.append(match.value(field), byteCount: 6)
            writer.append(~match.mask(field) & 0xffff_ffff_ffff, byteCount: 6)
        }
        encodeVLAN(match, into: &writer, &wildcards)
        writer.append(UInt8(0))
        let type = exact(match, .etherType, Wildcard.etherType, &wildcards)
        writer.append(UInt16(truncatingIfNeeded: type))
        encodeNetwork(match, into: &writer, &wildcards)
        writer.append(UInt64(truncatingIfNeeded: match.value(.metadata)))
        writer.append(~UInt64(truncatingIfNeeded: match.mask(.metadata)))
        writer.set32(at: start + 4, to: wildcards)
    }

    /// The field's value if it is given whole; otherwise 0 and the wildcard bit.
    private static func exact(
        _ match: Match, _ field: Field, _ bit: UInt32, _ wildcards: inout UInt32
    ) -> UInt128 {
        let location = FieldCoding.of(field).location
        guard match.mask[location] == location.ones else {
            wildcards |= bit
            return 0
        }
        return match.key[location]
    }

    private static func encodeVLAN(
        _ match: Match, into writer: inout OctetWriter, _ wildcards: inout UInt32
    ) {
        let mask = match.mask.vlanTCI
        let tci = match.key.vlanTCI
        guard mask & VLANBits.present != 0 else {
            wildcards |= Wildcard.vlan | Wildcard.vlanPriority
            writer.append(UInt16(0))
            return writer.append(UInt8(0))
        }
        guard tci & VLANBits.present != 0 else {
            wildcards |= Wildcard.vlanPriority
            writer.append(noVLAN)
            return writer.append(UInt8(0))
        }
        let hasID = mask & VLANBits.id == VLANBits.id
        let hasPriority = mask & VLANBits.priority == VLANBits.priority
        writer.append(hasID ? tci & VLANBits.id : anyVLAN)
        writer.append(hasPriority ? UInt8(tci >> 13) : 0)
        if !hasPriority { wildcards |= Wildcard.vlanPriority }
    }

    private static func encodeNetwork(
        _ match: Match, into writer: inout OctetWriter, _ wildcards: inout UInt32
    ) {
        let kind = MatchEncoder.Kind(match)
        let isIP = kind.contains(.ipv4)
        let empty = Match()
        let network = isIP || kind.contains(.arp) ? match : empty
        let tos = exact(isIP ? match : empty, .ipDSCP, Wildcard.tos, &wildcards)
        writer.append(UInt8(truncatingIfNeeded: tos << 2))
        let proto = exact(network, .ipProtocol, Wildcard.ipProtocol, &wildcards)
        writer.append(UInt8(truncatingIfNeeded: proto))
        for field in [Field.ipv4Source, .ipv4Destination] {
            writer.append(UInt32(truncatingIfNeeded: network.value(field)))
            writer.append(~UInt32(truncatingIfNeeded: network.mask(field)))
        }
        let fields = OpenFlow10Match.transportFields(UInt8(truncatingIfNeeded: proto))
        let transport = isIP && fields != nil ? match : empty
        let ports = fields ?? (.tcpSource, .tcpDestination)
        let source = exact(transport, ports.source, Wildcard.transportSource, &wildcards)
        writer.append(UInt16(truncatingIfNeeded: source))
        let destination = exact(
            transport, ports.destination, Wildcard.transportDestination, &wildcards)
        writer.append(UInt16(truncatingIfNeeded: destination))
        let stack = kind.contains(.mpls) ? match : empty
        let label = exact(stack, .mplsLabel, Wildcard.mplsLabel, &wildcards)
        writer.append(UInt32(truncatingIfNeeded: label))
        let tc = exact(stack, .mplsTC, Wildcard.mplsTC, &wildcards)
        writer.append(UInt8(truncatingIfNeeded: tc))
        writer.appendZeros(3)
    }
}
