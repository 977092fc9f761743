public import FlowModel

/// The texts of whole flow keys.
public enum FlowKeyText {
    /// All that is known of a packet, as `ofproto/trace` prints after `Flow:`.
    ///
    /// Headers print whole, metadata only where it is not zero.
    public static func text(_ key: FlowKey, names: FlowNames = FlowNames()) -> String {
        MatchPrinter.text(Match(key: key, mask: mask(for: key)), names: names)
    }

    /// A packet alone, as `ovs-ofctl monitor` prints it: without the port that it came from.
    public static func packetText(_ key: FlowKey) -> String {
        var mask = mask(for: key)
        mask.words[KeyWord.inPort] = 0
        return MatchPrinter.text(Match(key: key, mask: mask))
    }

    /// A megaflow's match, as `ofproto/trace` prints after `Megaflow:`.
    public static func megaflow(
        _ key: FlowKey, mask: FlowKey, names: FlowNames = FlowNames()
    ) -> String {
        MatchPrinter.text(Match(key: key, mask: mask), names: names)
    }

    /// The bits that a packet of this kind has, and the metadata that is set.
    static func mask(for key: FlowKey) -> FlowKey {
        var mask = FlowKey()
        setMetadata(key, &mask)
        if key[.packetType] != 0 {
            mask[.packetType] = .max
        } else {
            mask[.ethernetSource] = .max
            mask[.ethernetDestination] = .max
            mask.etherType = 0xffff
            mask.vlanTCI = 0xffff
            if key.vlanTCI != 0 { mask.innerVLANTCI = 0xffff }
            if key.recirculationID != 0 { mask[.packetType] = .max }
        }
        setNetwork(key, &mask)
        return mask
    }

    private static func setMetadata(_ key: FlowKey, _ mask: inout FlowKey) {
        let fields: [Field] = [
            .packetMark, .recirculationID, .datapathHash, .conjunctionID, .packetPriority, .ctState,
            .ctZone, .ctMark, .ctLabel, .tunnelID, .metadata, .reg0, .reg1, .reg2, .reg3, .reg4,
            .reg5, .reg6, .reg7, .reg8, .reg9, .reg10, .reg11, .reg12, .reg13, .reg14, .reg15,
            .ctProtocol, .ctIPv4Source, .ctIPv4Destination, .ctIPv6Source, .ctIPv6Destination,
            .ctTransportSource, .ctTransportDestination,
        ]
        for field in fields where key[field] != 0 { mask[field] = .max }
        if key[.tunnelDestination] != 0 || key[.tunnelIPv6Destination] != 0 {
            setTunnel(key, &mask)
        }
        if !key.rare.isEmpty { setRareFields(key, &mask) }
        let unset = UInt128(PortNumber.unset.wide)
        if key[.actionSetOutput] != 0 && key[.actionSetOutput] != unset {
            mask[.actionSetOutput] = .max
        }
        mask[.inPort] = .max
    }

    /// A tunnel's fields print even if they are zero; the key only if there is one.
    private static func setTunnel(_ key: FlowKey, _ mask: inout FlowKey) {
        let fields: [Field] = [
            .tunnelSource, .tunnelDestination, .tunnelIPv6Source, .tunnelIPv6Destination,
            .tunnelGBPID, .tunnelGBPFlags, .erspanVersion, .gtpuFlags, .gtpuMessageType,
        ]
        for field in fields { mask[field] = .max }
        if key[.erspanVersion] == 1 { mask[.erspanIndex] = .max }
        if key[.erspanVersion] == 2 {
            mask[.erspanDirection] = .max
            mask[.erspanHardwareID] = .max
        }
        if key[.tunnelHasKey] == 0 { mask[.tunnelID] = 0 }
        for location: FieldLocation in [.tunnelTOS, .tunnelTTL, .outerFlags] {
            mask[location] = location.ones
        }
    }

    private static func setRareFields(_ key: FlowKey, _ mask: inout FlowKey) {
        for field in Field.allCases
        where Field.reg16.rawValue <= field.rawValue && field.rawValue <= Field.reg31.rawValue
            && key[field] != 0
        {
            mask[field] = .max
        }
        // Options belong to a packet that has come, or is to go, through a tunnel.
        guard key[.tunnelDestination] != 0 || key[.tunnelIPv6Destination] != 0 else { return }
        for index in 0..<Field.tunnelOptionCount where key[.option(index)] != 0 {
            mask[.option(index)] = 1
            mask[.tunnelOption(index)] = .max
        }
    }

    private static func setNetwork(_ key: FlowKey, _ mask: inout FlowKey) {
        // As in OVS, NSH is not looked for where nothing but the packet type is known.
        let type = key.networkType == EtherType.nsh ? key.etherType : key.networkType
        switch type {
        case EtherType.ipv4:
            mask.words[KeyWord.ipv4] = .max
            setIP(key, &mask)
        case EtherType.ipv6:
            for index in 0..<4 { mask.words[KeyWord.ipv6Source + index] = .max }
            mask[.ipv6Label] = .max
            setIP(key, &mask)
        case EtherType.arp, EtherType.rarp:
            mask.words[KeyWord.ipv4] = .max
            mask[.arpOperation] = .max
            mask[.arpSenderMAC] = .max
            mask[.arpTargetMAC] = .max
        case EtherType.mpls, EtherType.mplsMulticast:
            setLabels(key, &mask)
        case EtherType.nsh:
            for field: Field in [
                .nshFlags, .nshTTL, .nshMDType, .nshNextProtocol, .nshSPI, .nshSI, .ipTOS, .ipTTL,
                .ipFragment, .ipProtocol,
            ] { mask[field] = .max }
            mask.words[KeyWord.nshContext] = .max
            mask.words[KeyWord.nshContextRest] = .max
        default: break
        }
    }

    /// The label stack entries that the packet has.
    private static func setLabels(_ key: FlowKey, _ mask: inout FlowKey) {
        mask.words[KeyWord.mpls] = .max << 32
        let entries = [
            key.words[KeyWord.mpls] >> 32, key.words[KeyWord.mpls] & 0xffff_ffff,
        ]
        let bottom: UInt64 = 0x100
        guard entries[0] & bottom == 0 else { return }
        mask.words[KeyWord.mpls] = .max
        if entries[1] & bottom == 0 { mask.words[KeyWord.mplsRest] = .max << 32 }
    }

    private static func setIP(_ key: FlowKey, _ mask: inout FlowKey) {
        mask[.ipTOS] = .max
        mask[.ipTTL] = .max
        mask[.ipFragment] = .max
        mask[.ipProtocol] = .max
        guard key.ipFragment & FragmentBits.later == 0 else { return }
        let isIPv6 = key.networkType == EtherType.ipv6
        switch key.ipProtocol {
        case IPProtocol.tcp:
            mask.words[KeyWord.transport] = 0xffff_ffff_0fff_0000
        case IPProtocol.udp, IPProtocol.sctp, IPProtocol.igmp:
            mask.words[KeyWord.transport] = 0xffff_ffff_0000_0000
        case IPProtocol.icmp where !isIPv6:
            mask.words[KeyWord.transport] = 0x00ff_00ff_0000_0000
        case IPProtocol.icmpv6 where isIPv6:
            mask.words[KeyWord.transport] = 0x00ff_00ff_0000_0000
            guard key.transportSource == 135 || key.transportSource == 136 else { return }
            mask.words[KeyWord.ndTarget] = .max
            mask.words[KeyWord.ndTarget + 1] = .max
            mask[.ndSourceMAC] = .max
            mask[.ndTargetMAC] = .max
            if key[.ndReserved] != 0 { mask[.ndReserved] = .max }
            if key[.ndOptionsType] != 0 { mask[.ndOptionsType] = .max }
        default: break
        }
    }

    /// Parses the flow of `ofproto/trace`: every field exact, and zero where nothing is said.
    ///
    /// Without `in_port` the packet came from nowhere (``PortNumber/none``).
    public static func parse(
        _ text: String, names: FlowNames = FlowNames()
    ) throws(SyntaxError) -> FlowKey {
        var match = Match()
        match.set(.inPort, to: UInt128(PortNumber.none.value))
        var scanner = KeyValueScanner(TextPiece(text))
        while let pair = try scanner.next() {
            do {
                try apply(pair, to: &match, names)
            } catch {
                throw SyntaxError("\(text): \(error.message)")
            }
        }
        return match.key
    }

    private static func apply(
        _ pair: KeyValueScanner.Pair, to match: inout Match, _ names: FlowNames
    ) throws(SyntaxError) {
        let name = pair.key.string
        if let keyword = MatchKeyword.byName[name] {
            keyword.apply(to: &match)
            return
        }
        if name == "eth" {
            match.set(.packetType, to: 0)
            return
        }
        guard let field = FieldTable.field(named: name),
            field.descriptor.name == name || field.descriptor.alias == name
        else { throw SyntaxError("unknown field \(name)") }
        let row = field.descriptor
        let known = Match(key: match.key, mask: .allOnes)
        let needsTag = row.field == .vlanPCP || row.field == .vlanPriority
        guard needsTag || row.prerequisite.isMet(by: known) else {
            throw SyntaxError("prerequisites not met for setting \(name)")
        }
        let value: MaskedValue
        do {
            value = try FieldValueParser(row: row, names: names).parse(pair.value)
        } catch {
            throw SyntaxError("bad value for \(name) (\(error.message))")
        }
        let ones = row.location.ones
        if value.mask & ones != ones {
            let text = pair.value.string
            throw SyntaxError("bad value for \(name) (\(text): wildcards not allowed here)")
        }
        MatchField.set(field, to: value, in: &match)
    }
}
