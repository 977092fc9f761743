internal import FlowModel

/// How a field's value enters a match, where fields share bits or imply others.
enum MatchField {
    /// Asks for `parsed` in `field`.
    static func set(_ field: Field, to parsed: MaskedValue, in match: inout Match) {
        if parsed.mask == 0 && field.tunnelOption == nil {
            match.remove(field)
            return
        }
        switch field {
        case .vlanID: setVLANID(parsed, in: &match)
        case .vlanPriority, .vlanPCP:
            let value = (parsed.value & 7) << 13 | UInt128(VLANBits.present)
            let mask = UInt128(VLANBits.priority | VLANBits.present)
            replace(.vlanTCI, value, mask, in: &match)
        case .ipTOS: replace(field, parsed.value, parsed.mask & 0xfc, in: &match)
        case .inPortOXM: replace(.inPort, parsed.value, 0xffff, in: &match)
        default:
            let location = field.location
            match.remove(field)
            if let option = field.tunnelOption { match.require(option: option) }
            match.set(location, to: parsed.value, mask: parsed.mask)
        }
    }

    private static func setVLANID(_ parsed: MaskedValue, in match: inout Match) {
        if parsed.value == 0xffff {
            // OpenFlow 1.0's way to ask for packets without a tag.
            replace(.vlanTCI, 0, 0xffff, in: &match)
            return
        }
        let present = UInt128(VLANBits.present)
        replace(.vlanTCI, parsed.value & 0xfff | present, present | 0xfff, in: &match)
    }

    /// Sets some bits of a field, and leaves the others.
    private static func replace(
        _ field: Field, _ value: UInt128, _ mask: UInt128, in match: inout Match
    ) {
        match.set(field, to: value, mask: mask)
    }

    /// The formats that can carry the field with this mask.
    static func formats(_ row: FieldDescriptor, mask: UInt128) -> FlowFormats {
        let ones = row.location.ones
        let isExact = mask & ones == ones
        switch row.field {
        case .inPort, .etherType, .vlanID, .vlanPriority, .vlanPCP, .ipProtocol, .ipTOS, .ipDSCP,
            .arpOperation, .icmpType, .icmpCode:
            return .all
        case .vlanTCI, .tcpSource, .tcpDestination, .udpSource, .udpDestination:
            return isExact ? .all : .extensible
        case .vlanVID: return isExact ? .all : .extensible
        case .ethernetSource, .ethernetDestination:
            return isExact ? .all : [.extensible, .openFlow11]
        case .ipv4Source, .ipv4Destination, .arpSenderIP, .arpTargetIP:
            let bits = UInt32(truncatingIfNeeded: mask)
            let isPrefix = ~bits & (~bits &+ 1) == 0
            return isPrefix ? .all : [.extensible, .openFlow11]
        case .metadata, .inPortOXM, .mplsLabel, .mplsTC, .ipECN:
            return [.extensible, .openFlow11]
        case .sctpSource, .sctpDestination:
            return isExact ? [.extensible, .openFlow11] : .extensible
        default: return .extensible
        }
    }
}
