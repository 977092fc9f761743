internal import Addresses
public import FlowModel

/// Prints a match as `ovs-ofctl` and `ovs-appctl` do.
///
/// The order of the fields and the abbreviations (`tcp` for `dl_type=0x0800,nw_proto=6`) are OVS's,
/// because scripts compare these lines as texts.
public struct MatchPrinter {
    let match: Match
    let names: FlowNames
    private var text: TextBuffer

    private init(_ match: Match, _ names: FlowNames, _ text: consuming TextBuffer) {
        self.match = match
        self.names = names
        self.text = text
    }

    /// `match` without a comma at its end; empty if everything matches.
    ///
    /// - Parameter priority: printed first, unless it is the default of 32768.
    public static func text(
        _ match: Match, priority: UInt16 = 32768, names: FlowNames = FlowNames()
    ) -> String {
        var text = TextBuffer()
        append(match, priority: priority, names: names, to: &text)
        return text.string
    }

    /// Appends what ``text(_:priority:names:)`` returns.
    public static func append(
        _ match: Match, priority: UInt16 = 32768, names: FlowNames, to text: inout TextBuffer
    ) {
        let start = text.octets.count
        let begun = text
        text = TextBuffer()
        var printer = MatchPrinter(match, names, consume begun)
        if priority != 32768 {
            printer.text += "priority="
            printer.text.append(decimal: UInt64(priority))
            printer.text += ","
        }
        // Most flows of large tables have no metadata but the port.
        let hasMetadata =
            printer.isIn(0, KeyWord.ethernetDestination) || !match.mask.rare.isEmpty
        if hasMetadata || printer.hasTracking { printer.addMetadata() }
        let type = printer.addTypeKeyword()
        if hasMetadata { printer.addRegistersAndTunnel() }
        printer.addLink(skipsType: type.skipsType)
        printer.addNetwork(skipsProtocol: type.skipsProtocol)
        printer.addTransport()
        if printer.text.octets.count > start, printer.text.octets.last == 0x2c {
            printer.text.removeLast()
        }
        text = printer.text
    }

    private mutating func add(_ name: String, _ value: String) {
        text += name
        text += "="
        text += value
        text += ","
    }

    private func value(_ field: Field) -> UInt128 { match.key[field] }
    private func mask(_ field: Field) -> UInt128 { match.mask[field] }

    /// The field in its own form, if any bit of it matters.
    private mutating func add(_ field: Field, as name: String? = nil) {
        let location = field.location
        let mask = match.mask[location]
        guard mask != 0 else { return }
        let row = field.descriptor
        text += name ?? row.name
        text += "="
        let value = match.key[location]
        if mask != location.ones || !addPlain(row.format, value) {
            text += FieldText.text(row, value, mask: mask, names: names)
        }
        text += ","
    }

    /// Appends an exact value of the common kinds.
    private mutating func addPlain(_ format: FieldFormat, _ value: UInt128) -> Bool {
        guard value >> 64 == 0 else { return false }
        let low = UInt64(truncatingIfNeeded: value)
        switch format {
        case .decimal: text.append(decimal: low)
        case .hexadecimal, .tunnelOption: text.append(prefixedHexadecimal: low)
        case .ipv4: text.append(ipv4: UInt32(truncatingIfNeeded: low))
        case .ethernet: text.append(ethernet: low)
        case .ipv6, .port, .port32, .tcpFlags, .ctState, .fragment, .packetType, .tunnelFlags:
            return false
        }
        return true
    }

    private mutating func addHexadecimal(_ field: Field) {
        guard mask(field) != 0 else { return }
        let isExact = mask(field) == field.location.ones
        let suffix = isExact ? "" : "/" + FieldText.hexadecimal(mask(field))
        add(field.name, FieldText.hexadecimal(value(field)) + suffix)
    }

    private mutating func addMetadata() {
        add(.packetMark)
        addHexadecimal(.recirculationID)
        add(.datapathHash)
        add(.conjunctionID)
        add(.packetPriority)
        add(.actionSetOutput)
        add(.ctState)
        if mask(.ctZone) != 0 { add("ct_zone", String(value(.ctZone))) }
        add(.ctMark)
        add(.ctLabel)
        for field: Field in [
            .ctIPv4Source, .ctIPv6Source, .ctIPv4Destination, .ctIPv6Destination, .ctProtocol,
            .ctTransportSource, .ctTransportDestination,
        ] { add(field) }
        if value(.packetType) != 0 {
            add(.packetType)
        } else if mask(.recirculationID) != 0 {
            // Who matches on headers of Ethernet matches on there being some.
            let hasHeaders = isIn(KeyWord.ethernetDestination, KeyWord.count)
            if hasHeaders || mask(.packetType) != 0 { text += "eth," }
        }
    }

    private func isIn(_ word: Int, _ end: Int) -> Bool {
        for index in word..<end where match.mask.words[index] != 0 { return true }
        return false
    }

    /// Whether any field of the tracked connection's tuple matters.
    private var hasTracking: Bool {
        isIn(KeyWord.ctIPv4, KeyWord.nsh) || isIn(KeyWord.ctTransport, KeyWord.count)
    }

    /// Prints `tcp`, `arp` and so on, and says what need not be printed any more.
    private mutating func addTypeKeyword() -> (skipsType: Bool, skipsProtocol: Bool) {
        guard mask(.etherType) == 0xffff else { return (false, false) }
        let type = match.networkType
        let hasProtocol = match.mask.ipProtocol == 0xff && EtherType.isIP(type)
        if hasProtocol, let keyword = protocolKeyword(type) {
            text += keyword
            text += ","
            return (true, true)
        }
        let keyword: String
        switch type {
        case EtherType.ipv4: keyword = "ip"
        case EtherType.ipv6: keyword = "ipv6"
        case EtherType.arp: keyword = "arp"
        case EtherType.rarp: keyword = "rarp"
        case EtherType.mpls: keyword = "mpls"
        case EtherType.mplsMulticast: keyword = "mplsm"
        default: return (false, false)
        }
        text += keyword
        text += ","
        return (true, false)
    }

    private func protocolKeyword(_ type: UInt16) -> String? {
        let isIPv6 = type == EtherType.ipv6
        switch match.key.ipProtocol {
        case IPProtocol.icmp where !isIPv6: return "icmp"
        case IPProtocol.icmpv6 where isIPv6: return "icmp6"
        case IPProtocol.tcp: return isIPv6 ? "tcp6" : "tcp"
        case IPProtocol.udp: return isIPv6 ? "udp6" : "udp"
        case IPProtocol.sctp: return isIPv6 ? "sctp6" : "sctp"
        default: return nil
        }
    }

    private mutating func addRegistersAndTunnel() {
        if isIn(KeyWord.registers, KeyWord.tunnelID) {
            for index in 0..<16 {
                let place = KeyWord.registers + index / 2
                let shift: UInt64 = index % 2 == 0 ? 32 : 0
                let mask = match.mask.words[place] >> shift & 0xffff_ffff
                guard mask != 0 else { continue }
                let value = match.key.words[place] >> shift & 0xffff_ffff
                var number = FieldText.hexadecimal(UInt128(value))
                if mask != 0xffff_ffff { number += "/" + FieldText.hexadecimal(UInt128(mask)) }
                add("reg\(index)", number)
            }
        }
        if !match.mask.rare.isEmpty { for field in Self.highRegisters { add(field) } }
        if isIn(KeyWord.tunnelID, KeyWord.conjunction) {
            for field: Field in [
                .tunnelID, .tunnelSource, .tunnelDestination, .tunnelIPv6Source,
                .tunnelIPv6Destination, .tunnelGBPID,
            ] { add(field) }
            if mask(.tunnelGBPFlags) != 0 {
                // OVS leaves the mask out.
                add("tun_gbp_flags", FieldText.hexadecimal(value(.tunnelGBPFlags)))
            }
            addOuter("tun_tos", .tunnelTOS)
            addOuter("tun_ttl", .tunnelTTL)
            for field: Field in [
                .erspanVersion, .erspanIndex, .erspanDirection, .erspanHardwareID,
            ] { add(field) }
            add(.gtpuFlags, as: "gtpu_flags")
            add(.gtpuMessageType, as: "gtpu_msgtype")
            addTunnelFlags()
        }
        if !match.mask.rare.isEmpty { addTunnelOptions() }
        add(.metadata)
        if mask(.inPort) != 0 { add(.inPort) }
    }

    private static let highRegisters = Field.allCases.filter {
        Field.reg16.rawValue <= $0.rawValue && $0.rawValue <= Field.reg31.rawValue
    }

    /// What of the outer header no field matches.
    private mutating func addOuter(_ name: String, _ location: FieldLocation) {
        let bits = match.mask[location]
        guard bits != 0 else { return }
        let suffix = bits == location.ones ? "" : "/" + FieldText.hexadecimal(bits)
        add(name, "\(match.key[location])" + suffix)
    }

    private mutating func addTunnelFlags() {
        let bits = match.mask[.outerFlags]
        guard bits != 0 else { return }
        let value = match.key[.outerFlags]
        let isWhole = bits == FieldLocation.outerFlags.ones
        let names = FlagNames.wholeTunnel
        let number = UInt64(truncatingIfNeeded: value)
        add("tun_flags", isWhole ? names.text(number) : FieldText.signed(names, value, bits))
    }

    private mutating func addTunnelOptions() {
        for index in 0..<Field.tunnelOptionCount {
            let field = Field.tunnelOption(index)
            let isKnown = match.requires(option: index)
            if isKnown && match.key[.option(index)] == 0 {
                // Not present.
                add(field.name, "NP")
            } else if mask(field) != 0 {
                add(field)
            } else if isKnown {
                text += field.name
                text += ","
            }
        }
    }

    private var networkType: UInt16 {
        if match.isBare { return match.networkType }
        return match.mask.etherType != 0 ? match.key.etherType : 0
    }

    private mutating func addLink(skipsType: Bool) {
        addVLAN()
        if !match.isBare {
            add(.ethernetSource, as: "dl_src")
            add(.ethernetDestination, as: "dl_dst")
        }
        if !skipsType && mask(.etherType) != 0 {
            let type = match.isBare ? match.networkType : match.key.etherType
            add("dl_type", FieldText.hexadecimal(type, width: 4))
        }
    }

    private mutating func addVLAN() {
        addTag(
            suffix: "", tci: match.key.vlanTCI, mask: match.mask.vlanTCI)
        addTag(suffix: "1", tci: match.key.innerVLANTCI, mask: match.mask.innerVLANTCI)
    }

    private mutating func addTag(suffix: String, tci: UInt16, mask: UInt16) {
        guard mask != 0 else { return }
        let hasPresent = mask & VLANBits.present != 0
        let id = mask & VLANBits.id
        let priority = mask & VLANBits.priority
        let isWhole =
            hasPresent && tci & VLANBits.present != 0
            && (id == VLANBits.id || id == 0) && (priority == VLANBits.priority || priority == 0)
            && (id != 0 || priority != 0)
        if isWhole {
            if id != 0 { add("dl_vlan" + suffix, String(tci & VLANBits.id)) }
            if priority != 0 { add("dl_vlan_pcp" + suffix, String(tci >> 13)) }
        } else if mask == 0xffff {
            add("vlan_tci" + suffix, FieldText.hexadecimal(tci, width: 4))
        } else {
            let value = FieldText.hexadecimal(tci, width: 4)
            add("vlan_tci" + suffix, value + "/" + FieldText.hexadecimal(mask, width: 4))
        }
    }

    private mutating func addNetwork(skipsProtocol: Bool) {
        let type = networkType
        if type == EtherType.ipv6 {
            add(.ipv6Source)
            add(.ipv6Destination)
            if mask(.ipv6Label) != 0 {
                var label = FieldText.hexadecimal(value(.ipv6Label), width: 5)
                if mask(.ipv6Label) != 0xfffff {
                    label += "/" + FieldText.hexadecimal(mask(.ipv6Label), width: 5)
                }
                add("ipv6_label", label)
            }
            add(.ipv6ExtensionHeaders)
        } else if EtherType.isARP(type) {
            add(.arpSenderIP)
            add(.arpTargetIP)
        } else {
            add(.ipv4Source, as: "nw_src")
            add(.ipv4Destination, as: "nw_dst")
        }
        if EtherType.isARP(type) {
            add(.arpOperation)
            add(.arpSenderMAC)
            add(.arpTargetMAC)
            return
        }
        if type == EtherType.nsh { addNSH() }
        if !skipsProtocol { add(.ipProtocol) }
        if match.mask.ipTOS & 0xfc != 0 { add("nw_tos", String(match.key.ipTOS & 0xfc)) }
        if match.mask.ipTOS & 3 != 0 { add("nw_ecn", String(match.key.ipTOS & 3)) }
        add(.ipTTL)
        addMPLS()
        add(.ipFragment, as: "nw_frag")
    }

    private mutating func addMPLS() {
        guard isIn(KeyWord.mpls, KeyWord.ipv4) else { return }
        add(.pbbISID)
        add(.pbbUCA)
        for field: Field in [.mplsLabel, .mplsTC, .mplsTTL, .mplsBOS] { add(field) }
        addLabel(
            "mpls_lse1", match.key.words[KeyWord.mpls] & 0xffff_ffff,
            match.mask.words[KeyWord.mpls] & 0xffff_ffff)
        addLabel(
            "mpls_lse2", match.key.words[KeyWord.mplsRest] >> 32,
            match.mask.words[KeyWord.mplsRest] >> 32)
    }

    /// An inner label stack entry, as OVS prints words without a form of their own.
    private mutating func addLabel(_ name: String, _ entry: UInt64, _ mask: UInt64) {
        guard mask != 0 else { return }
        guard mask != 0xffff_ffff else { return add(name, String(entry)) }
        let value = FieldText.hexadecimal(entry, width: 8)
        add(name, value + "/" + FieldText.hexadecimal(mask, width: 8))
    }

    private mutating func addNSH() {
        for field: Field in [
            .nshFlags, .nshTTL, .nshMDType, .nshNextProtocol,
        ] { add(field) }
        addPrefixed(.nshSPI)
        add(.nshSI)
        // As OVS, who does not ask for MD type 1 does not see its context.
        guard value(.nshMDType) == UInt128(NSHHeader.fixedMetadata) else { return }
        for field: Field in [.nshContext1, .nshContext2, .nshContext3, .nshContext4] {
            addPrefixed(field)
        }
    }

    /// In hexadecimal, and zero too.
    private mutating func addPrefixed(_ field: Field) {
        let bits = mask(field)
        guard bits != 0 else { return }
        let suffix = bits == field.location.ones ? "" : "/0x" + String(bits, radix: 16)
        add(field.name, "0x" + String(value(field), radix: 16) + suffix)
    }

    private mutating func addTransport() {
        let type = networkType
        let proto = match.mask.ipProtocol != 0 ? match.key.ipProtocol : 0
        let isICMPv4 = type == EtherType.ipv4 && proto == IPProtocol.icmp
        let isICMPv6 = type == EtherType.ipv6 && proto == IPProtocol.icmpv6
        guard isICMPv4 || isICMPv6 else {
            add(.tcpSource, as: "tp_src")
            add(.tcpDestination, as: "tp_dst")
            if proto == IPProtocol.tcp { add(.tcpFlags) }
            return
        }
        add(.icmpType)
        add(.icmpCode)
        guard isICMPv6 else { return }
        for field: Field in [.ndTarget, .ndSourceMAC, .ndTargetMAC] { add(field) }
        if mask(.ndReserved) != 0 { add(.ndReserved) }
        add(.ndOptionsType)
    }
}
