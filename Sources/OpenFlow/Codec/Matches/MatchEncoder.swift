import Bytes
import FlowModel

/// Writes matches as type-length-values: NXM for OpenFlow 1.0, OXM for later versions.
///
/// The fields come in the order in which `ovs-ofctl` writes them, prerequisites first.
struct MatchEncoder {
    private let version: OpenFlowVersion
    private var isOXM: Bool { version >= .v12 }

    init(version: OpenFlowVersion) { self.version = version }

    /// For Nicira's messages, which have NXM whatever the version.
    static var nicira: MatchEncoder { .init(version: .v10) }

    /// Appends `ofp_match` with its padding.
    func encodeStandard(_ match: Match, into writer: inout OctetWriter) {
        if version == .v11 { return OpenFlow11Match.encode(match, into: &writer) }
        let start = writer.count
        writer.append(UInt16(1))
        writer.append(UInt16(0))
        encode(match, into: &writer)
        writer.set16(at: start + 2, to: writer.count - start)
        writer.pad(to: 8, from: start)
    }

    /// Appends the fields of `match`, without padding.
    func encode(_ match: Match, into writer: inout OctetWriter) {
        var used: UInt64 = 0
        for index in 0..<KeyWord.count where match.mask.words[index] != 0 {
            used |= 1 << UInt64(index)
        }
        if !match.mask.rare.isEmpty { used |= Row.rareWords }
        let kind = Kind(match)
        let rows = Self.rows
        // A row is large, and most are passed over.
        for index in rows.indices where rows[index].words & used != 0 {
            let kinds = rows[index].kinds
            guard kinds.isEmpty || !kinds.isDisjoint(with: kind) else { continue }
            encode(rows[index].coding, of: match, into: &writer)
        }
    }

    /// Appends NXM_NX_COOKIE if the mask has any bit.
    func encodeCookie(_ cookie: UInt64, mask: UInt64, into writer: inout OctetWriter) {
        guard mask != 0 else { return }
        if mask == .max {
            writer.append(FieldHeader.cookieHeader)
            writer.append(cookie)
        } else {
            writer.append(FieldHeader.maskedCookieHeader)
            writer.append(cookie & mask)
            writer.append(mask)
        }
    }

    private func encode(
        _ coding: FieldCoding, of match: Match, into writer: inout OctetWriter
    ) {
        let value = match.key[coding.location]
        let mask = match.mask[coding.location]
        guard mask != 0 else {
            if let option = coding.field.tunnelOption, match.requires(option: option) {
                append(coding, 0, 0, into: &writer)
            }
            return
        }
        switch coding.field {
        case .inPort where isOXM:
            let port = PortNumber(UInt16(truncatingIfNeeded: value))
            append(.of(.inPortOXM), UInt128(port.wide), nil, into: &writer)
        case .vlanTCI where isOXM:
            encodeVLAN(match, into: &writer)
        case .vlanTCI:
            append(coding, value, mask == 0xffff ? nil : mask, into: &writer)
        case .ipDSCP where !isOXM:
            append(.of(.ipTOS), value << 2, nil, into: &writer)
        default:
            append(coding, value, mask == coding.location.ones ? nil : mask, into: &writer)
        }
    }

    /// OXM has the tag as VLAN ID with a bit for its presence, and as priority.
    private func encodeVLAN(_ match: Match, into writer: inout OctetWriter) {
        let mask = UInt128(match.mask.vlanTCI)
        let value = UInt128(match.key.vlanTCI)
        let present = UInt128(VLANBits.present)
        let idMask = mask & 0x1fff
        if idMask != 0 {
            append(
                .of(.vlanVID), value & 0x1fff, idMask == 0x1fff ? nil : idMask, into: &writer)
        }
        if mask >> 13 == 7, value & present != 0 {
            append(.of(.vlanPCP), value >> 13, nil, into: &writer)
        }
    }

    private func append(
        _ coding: FieldCoding, _ value: UInt128, _ mask: UInt128?,
        into writer: inout OctetWriter
    ) {
        guard let code = isOXM ? coding.oxm(version) : coding.nxm else { return }
        coding.append(code, value, mask: mask, into: &writer)
    }
}

extension MatchEncoder {
    /// What packets a match is about, as far as fields share their place in the key.
    struct Kind: OptionSet {
        let rawValue: UInt16
        static var ipv4: Self { .init(rawValue: 1 << 0) }
        static var ipv6: Self { .init(rawValue: 1 << 1) }
        static var arp: Self { .init(rawValue: 1 << 2) }
        static var tcp: Self { .init(rawValue: 1 << 3) }
        static var udp: Self { .init(rawValue: 1 << 4) }
        static var sctp: Self { .init(rawValue: 1 << 5) }
        static var icmpv4: Self { .init(rawValue: 1 << 6) }
        static var icmpv6: Self { .init(rawValue: 1 << 7) }
        static var mpls: Self { .init(rawValue: 1 << 8) }
        static var nsh: Self { .init(rawValue: 1 << 9) }
        static var pbb: Self { .init(rawValue: 1 << 10) }
        static var ip: Self { [.ipv4, .ipv6] }

        init(rawValue: UInt16) { self.rawValue = rawValue }

        init(_ match: Match) {
            self = []
            let type = match.networkType
            if EtherType.isARP(type) { insert(.arp) }
            if EtherType.isMPLS(type) { insert(.mpls) }
            if type == EtherType.nsh { insert(.nsh) }
            if type == EtherType.pbb { insert(.pbb) }
            guard EtherType.isIP(type) else { return }
            insert(type == EtherType.ipv4 ? .ipv4 : .ipv6)
            guard match.mask.ipProtocol == .max else { return }
            switch match.key.ipProtocol {
            case IPProtocol.tcp: insert(.tcp)
            case IPProtocol.udp: insert(.udp)
            case IPProtocol.sctp: insert(.sctp)
            case IPProtocol.icmp where type == EtherType.ipv4: insert(.icmpv4)
            case IPProtocol.icmpv6 where type == EtherType.ipv6: insert(.icmpv6)
            default: break
            }
        }
    }

    struct Row: Sendable {
        let coding: FieldCoding
        /// The kinds of packet that have the field; none for all.
        let kinds: Kind
        /// The words of the key that the field lies in, one bit each.
        let words: UInt64
        /// The bit of all words that few matches have.
        static var rareWords: UInt64 { 1 << 63 }

        init(_ field: Field, _ kinds: Kind = []) {
            coding = .of(field)
            self.kinds = kinds
            let word = UInt64(coding.location.word)
            words =
                word >= KeyWord.count
                ? Self.rareWords : 1 << word | (coding.location.width > 64 ? 1 << (word + 1) : 0)
        }
    }

    static let rows: [Row] = metadataRows + headerRows + laterRows

    private static var metadataRows: [Row] {
        [
            .init(.packetType), .init(.datapathHash), .init(.recirculationID),
            .init(.conjunctionID), .init(.inPort), .init(.actionSetOutput),
        ]
    }

    private static var headerRows: [Row] {
        [
            .init(.ethernetSource), .init(.ethernetDestination), .init(.etherType),
            .init(.vlanTCI),
            .init(.mplsLabel, .mpls), .init(.mplsTC, .mpls), .init(.mplsTTL, .mpls),
            .init(.mplsBOS, .mpls), .init(.pbbISID, .pbb), .init(.pbbUCA, .pbb),
            .init(.ipv4Source, .ipv4), .init(.ipv4Destination, .ipv4),
            .init(.ipv6Source, .ipv6), .init(.ipv6Destination, .ipv6),
            .init(.ipv6ExtensionHeaders, .ipv6), .init(.ipFragment, .ip), .init(.ipDSCP, .ip),
            .init(.ipECN, .ip),
            .init(.ipTTL, .ip), .init(.ipv6Label, .ipv6), .init(.ipProtocol, .ip),
            .init(.tcpSource, .tcp), .init(.tcpDestination, .tcp), .init(.tcpFlags, .tcp),
            .init(.udpSource, .udp), .init(.udpDestination, .udp),
            .init(.sctpSource, .sctp), .init(.sctpDestination, .sctp),
            .init(.icmpType, .icmpv4), .init(.icmpCode, .icmpv4),
            .init(.icmpv6Type, .icmpv6), .init(.icmpv6Code, .icmpv6),
            .init(.ndTarget, .icmpv6), .init(.ndSourceMAC, .icmpv6),
            .init(.ndTargetMAC, .icmpv6), .init(.ndReserved, .icmpv6),
            .init(.ndOptionsType, .icmpv6),
            .init(.arpOperation, .arp), .init(.arpSenderIP, .arp), .init(.arpTargetIP, .arp),
            .init(.arpSenderMAC, .arp), .init(.arpTargetMAC, .arp),
            .init(.nshFlags, .nsh), .init(.nshTTL, .nsh), .init(.nshMDType, .nsh),
            .init(.nshNextProtocol, .nsh), .init(.nshSPI, .nsh), .init(.nshSI, .nsh),
            .init(.nshContext1, .nsh), .init(.nshContext2, .nsh), .init(.nshContext3, .nsh),
            .init(.nshContext4, .nsh),
        ]
    }

    private static var laterRows: [Row] {
        let tunnel: [Field] = [
            .tunnelID, .tunnelSource, .tunnelDestination, .tunnelIPv6Source,
            .tunnelIPv6Destination, .tunnelGBPID, .tunnelGBPFlags, .tunnelFlags,
            .erspanVersion, .erspanIndex, .erspanDirection, .erspanHardwareID, .gtpuFlags,
            .gtpuMessageType,
        ]
        let options = (0..<Field.tunnelOptionCount).map { Field.tunnelOption($0) }
        let registers = Field.allCases.filter {
            Field.reg0.rawValue <= $0.rawValue && $0.rawValue <= Field.reg31.rawValue
        }
        let tracking: [Field] = [
            .packetMark, .ctState, .ctZone, .ctMark, .ctLabel,
        ]
        return (tunnel + options + registers + tracking).map { .init($0) } + [
            .init(.ctIPv4Source), .init(.ctIPv4Destination), .init(.ctIPv6Source),
            .init(.ctIPv6Destination), .init(.ctProtocol), .init(.ctTransportSource),
            .init(.ctTransportDestination), .init(.metadata),
        ]
    }
}
