import Bytes
import FlowModel

/// The match of OpenFlow 1.0 (§5.2.3): 40 octets, each field with a bit that says whether it is
/// ignored, addresses with a count of ignored bits.
///
/// ```
/// +----------------+--------+-------------+-------------+--------+----+----+
/// | wildcards (32) | port   | source (48) | dest. (48)  | VLAN   |PCP | -  |
/// +--------+----+--+-+------+------+------+------+------+--+-----+--+----+-+
/// | type   |TOS |proto| -  | nw_src (32)   | nw_dst (32)   | tp_src | tp_dst |
/// +--------+----+-----+----+---------------+---------------+--------+--------+
/// ```
enum OpenFlow10Match {
    static var byteCount: Int { 40 }

    /// Bits that say that a field is ignored.
    enum Wildcard {
        static var inPort: UInt32 { 1 << 0 }
        static var vlan: UInt32 { 1 << 1 }
        static var ethernetSource: UInt32 { 1 << 2 }
        static var ethernetDestination: UInt32 { 1 << 3 }
        static var etherType: UInt32 { 1 << 4 }
        static var ipProtocol: UInt32 { 1 << 5 }
        static var transportSource: UInt32 { 1 << 6 }
        static var transportDestination: UInt32 { 1 << 7 }
        static var sourceShift: UInt32 { 8 }
        static var destinationShift: UInt32 { 14 }
        static var vlanPriority: UInt32 { 1 << 20 }
        static var tos: UInt32 { 1 << 21 }
        static var all: UInt32 { 1 << 22 - 1 }
    }

    /// The VLAN ID that means no tag.
    private static var noVLAN: UInt16 { 0xffff }

    static func decode(_ reader: inout MessageReader) throws(OpenFlowError) -> Match {
        var match = Match()
        let wildcards = try reader.uint32()
        let has = { (bit: UInt32) in wildcards & bit == 0 }
        let port = try reader.uint16()
        if has(Wildcard.inPort) { match.set(.inPort, to: UInt128(port)) }
        let source = try reader.integer(byteCount: 6)
        if has(Wildcard.ethernetSource) { match.set(.ethernetSource, to: source) }
        let destination = try reader.integer(byteCount: 6)
        if has(Wildcard.ethernetDestination) { match.set(.ethernetDestination, to: destination) }
        let vlan = try reader.uint16()
        let priority = try reader.uint8()
        setVLAN(
            vlan: has(Wildcard.vlan) ? vlan : nil,
            priority: has(Wildcard.vlanPriority) ? priority : nil, in: &match)
        try reader.skip(1)
        let type = try reader.uint16()
        if has(Wildcard.etherType) { match.set(.etherType, to: UInt128(type)) }
        try decodeNetwork(
            &reader, wildcards: wildcards, type: has(Wildcard.etherType) ? type : 0, into: &match)
        return match
    }

    private static func setVLAN(vlan: UInt16?, priority: UInt8?, in match: inout Match) {
        if let vlan, vlan == noVLAN {
            match.set(.vlanTCI, to: 0, mask: 0xffff)
            return
        }
        if let vlan {
            match.set(.vlanVID, to: UInt128(vlan & VLANBits.id | VLANBits.present))
        }
        if let priority {
            let bits = UInt128(priority & 7) << 13 | UInt128(VLANBits.present)
            match.set(
                .vlanTCI, to: bits, mask: UInt128(VLANBits.priority | VLANBits.present))
        }
    }

    /// The fields whose meaning hangs on the EtherType; without it they are ignored.
    private static func decodeNetwork(
        _ reader: inout MessageReader, wildcards: UInt32, type: UInt16, into match: inout Match
    ) throws(OpenFlowError) {
        let has = { (bit: UInt32) in wildcards & bit == 0 }
        let tos = try reader.uint8()
        let proto = try reader.uint8()
        try reader.skip(2)
        let source = try reader.uint32()
        let destination = try reader.uint32()
        let transportSource = try reader.uint16()
        let transportDestination = try reader.uint16()
        let isARP = EtherType.isARP(type)
        let isIPv6 = type == EtherType.ipv6
        guard isARP || EtherType.isIP(type) else { return }
        if !isIPv6 {
            match.set(
                .ipv4Source, to: UInt128(source),
                mask: addressMask(wildcards >> Wildcard.sourceShift))
            match.set(
                .ipv4Destination, to: UInt128(destination),
                mask: addressMask(wildcards >> Wildcard.destinationShift))
        }
        if has(Wildcard.ipProtocol) { match.set(.ipProtocol, to: UInt128(proto)) }
        guard !isARP else { return }
        if has(Wildcard.tos) { match.set(.ipDSCP, to: UInt128(tos >> 2)) }
        guard has(Wildcard.ipProtocol), let fields = transportFields(proto, isIPv6: isIPv6)
        else { return }
        if has(Wildcard.transportSource) {
            match.set(fields.source, to: UInt128(transportSource))
        }
        if has(Wildcard.transportDestination) {
            match.set(fields.destination, to: UInt128(transportDestination))
        }
    }

    /// The fields that stand in the places of ports.
    static func transportFields(
        _ proto: UInt8, isIPv6: Bool = false
    ) -> (source: Field, destination: Field)? {
        switch proto {
        case IPProtocol.tcp, IPProtocol.udp, IPProtocol.sctp: (.tcpSource, .tcpDestination)
        case IPProtocol.icmp where !isIPv6: (.icmpType, .icmpCode)
        case IPProtocol.icmpv6 where isIPv6: (.icmpv6Type, .icmpv6Code)
        default: nil
        }
    }

    /// The mask under which the low `ignored` bits of an address are ignored; 32 and more for all.
    private static func addressMask(_ ignored: UInt32) -> UInt128 {
        let count = ignored & 0x3f
        return count >= 32 ? 0 : UInt128(UInt32.max << count)
    }

    /// Appends `match`, without what OpenFlow 1.0 has no place for.
    static func encode(_ match: Match, into writer: inout OctetWriter) {
        let start = writer.count
        var wildcards: UInt32 = 0
        writer.append(UInt32(0))
        let inPort = exact(match, .inPort, Wildcard.inPort, &wildcards)
        writer.append(UInt16(truncatingIfNeeded: inPort))
        let source = exact(match, .ethernetSource, Wildcard.ethernetSource, &wildcards)
        writer.append(source, byteCount: 6)
        let destination = exact(
            match, .ethernetDestination, Wildcard.ethernetDestination, &wildcards)
        writer.append(destination, byteCount: 6)
        encodeVLAN(match, into: &writer, &wildcards)
        writer.append(UInt8(0))
        let type = exact(match, .etherType, Wildcard.etherType, &wildcards)
        writer.append(UInt16(truncatingIfNeeded: type))
        encodeNetwork(match, into: &writer, &wildcards)
        writer.set16(at: start, to: Int(wildcards >> 16))
        writer.set16(at: start + 2, to: Int(wildcards & 0xffff))
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
        if mask & VLANBits.present != 0, tci & VLANBits.present == 0 {
            writer.append(noVLAN)
            writer.append(UInt8(0))
            if mask & VLANBits.priority != VLANBits.priority { wildcards |= Wildcard.vlanPriority }
            return
        }
        let hasID = mask & VLANBits.id == VLANBits.id && mask & VLANBits.present != 0
        let hasPriority = mask & VLANBits.priority == VLANBits.priority
        writer.append(hasID ? tci & VLANBits.id : 0)
        writer.append(hasPriority ? UInt8(tci >> 13) : 0)
        if !hasID { wildcards |= Wildcard.vlan }
        if !hasPriority { wildcards |= Wildcard.vlanPriority }
    }

    private static func encodeNetwork(
        _ match: Match, into writer: inout OctetWriter, _ wildcards: inout UInt32
    ) {
        let kind = MatchEncoder.Kind(match)
        let isIP = !kind.isDisjoint(with: .ip)
        let empty = Match()
        let network = kind.contains(.ipv4) || kind.contains(.arp) ? match : empty
        let tos = exact(isIP ? match : empty, .ipDSCP, Wildcard.tos, &wildcards)
        writer.append(UInt8(truncatingIfNeeded: tos << 2))
        let proto = exact(isIP ? match : network, .ipProtocol, Wildcard.ipProtocol, &wildcards)
        writer.append(UInt8(truncatingIfNeeded: proto))
        writer.append(UInt16(0))
        for (field, shift) in [
            (Field.ipv4Source, Wildcard.sourceShift),
            (.ipv4Destination, Wildcard.destinationShift),
        ] {
            let mask = UInt32(truncatingIfNeeded: network.mask(field))
            let isPrefix = mask == 0 || (~mask &+ 1) & ~mask == 0
            let ignored = isPrefix ? UInt32((~mask).nonzeroBitCount) : 32
            wildcards |= ignored << shift
            writer.append(ignored == 32 ? 0 : UInt32(truncatingIfNeeded: network.value(field)))
        }
        let fields = transportFields(
            UInt8(truncatingIfNeeded: proto), isIPv6: kind.contains(.ipv6))
        let transport = isIP && fields != nil ? match : empty
        let ports = fields ?? (.tcpSource, .tcpDestination)
        let source = exact(transport, ports.source, Wildcard.transportSource, &wildcards)
        writer.append(UInt16(truncatingIfNeeded: source))
        let destination = exact(
            transport, ports.destination, Wildcard.transportDestination, &wildcards)
        writer.append(UInt16(truncatingIfNeeded: destination))
    }

    /// Whether `match` says nothing but what OpenFlow 1.0 has a place for.
    ///
    /// Of IPv6 it knows nothing. As OVS does, what is behind the EtherType is told and understood
    /// in the places for IPv4, but nothing relies on it.
    static func canExpress(_ match: Match) -> Bool {
        if match.limitsIPv6 { return false }
        var writer = OctetWriter(capacity: byteCount)
        encode(match, into: &writer)
        let octets = writer.takeOctets()
        var reader = MessageReader(octets.span.octets)
        guard let again = try? decode(&reader) else { return false }
        return again == match
    }
}
