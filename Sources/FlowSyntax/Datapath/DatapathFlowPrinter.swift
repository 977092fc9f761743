public import FlowModel

/// Prints datapath flows as `dpctl/dump-flows` does, such as
/// `recirc_id(0),in_port(1),eth(src=...),eth_type(0x0800),ipv4(frag=no)`.
public struct DatapathFlowPrinter {
    private let key: FlowKey
    private let mask: FlowKey
    private let isVerbose: Bool
    private let names: DatapathPortNames
    private var parts: [String] = []

    private init(_ key: FlowKey, _ mask: FlowKey, isVerbose: Bool, _ names: DatapathPortNames) {
        self.key = key
        self.mask = mask
        self.isVerbose = isVerbose
        self.names = names
    }

    /// - Parameters:
    ///   - mask: the bits that matter, or `nil` for a key alone.
    ///   - isVerbose: whether to print what is wildcarded too, as with `-m`.
    public static func text(
        _ key: FlowKey, mask: FlowKey? = nil, isVerbose: Bool = false,
        names: DatapathPortNames = DatapathPortNames()
    ) -> String {
        let bits = mask ?? FlowKeyText.mask(for: key)
        var printer = DatapathFlowPrinter(key, bits, isVerbose: isVerbose, names)
        printer.addMetadata()
        printer.addEthernet()
        return printer.parts.joined(separator: ",")
    }

    private mutating func addMetadata() {
        addNumber("skb_priority", .packetPriority)
        addTunnel()
        addNumber("skb_mark", .packetMark)
        addConnection()
        addNumber("ct_zone", .ctZone)
        addNumber("ct_mark", .ctMark)
        addNumber("ct_label", .ctLabel)
        addTuple()
        parts.append("recirc_id(" + FieldText.hexadecimal(key[.recirculationID]) + ")")
        addNumber("dp_hash", .datapathHash)
        parts.append("in_port(" + names.text(of: key.inPort) + ")")
        if mask[.packetType] != 0 {
            let type = key[.packetType]
            let id = FieldText.hexadecimal(type & 0xffff)
            parts.append("packet_type(ns=\(type >> 16),id=\(id))")
        }
    }

    private mutating func addNumber(_ name: String, _ field: Field) {
        let location = field.location
        let bits = mask[location]
        guard bits != 0 || isVerbose else { return }
        let suffix = bits == location.ones ? "" : "/" + FieldText.hexadecimal(bits)
        parts.append("\(name)(" + FieldText.hexadecimal(key[location]) + suffix + ")")
    }

    private mutating func addConnection() {
        let bits = UInt64(truncatingIfNeeded: mask[.ctState])
        let value = UInt64(truncatingIfNeeded: key[.ctState])
        if bits == 0 {
            if isVerbose {
                parts.append("ct_state(" + FieldText.hexadecimal(key[.ctState]) + "/0)")
            }
            return
        }
        parts.append("ct_state(" + FlagNames.connection.signed(value & bits, mask: bits) + ")")
    }

    private mutating func addTuple() {
        let isIPv6 = key.etherType == EtherType.ipv6
        let fields: [(String, Field)] =
            isIPv6
            ? [("src", .ctIPv6Source), ("dst", .ctIPv6Destination)]
            : [("src", .ctIPv4Source), ("dst", .ctIPv4Destination)]
        let rest: [(String, Field)] = [
            ("proto", .ctProtocol), ("tp_src", .ctTransportSource),
            ("tp_dst", .ctTransportDestination),
        ]
        let group = DatapathGroup(key: key, mask: mask, isVerbose: false)
        let text = group.fields(fields + rest)
        if !text.isEmpty { parts.append("ct_tuple\(isIPv6 ? 6 : 4)(\(text))") }
    }

    private mutating func addTunnel() {
        let isPresent = key[.tunnelDestination] != 0 || key[.tunnelIPv6Destination] != 0
        guard isPresent else { return }
        let group = DatapathGroup(key: key, mask: mask, isVerbose: isVerbose)
        parts.append("tunnel(" + group.text(.tunnel) + ")")
    }

    private mutating func addGroup(_ name: HeaderGroup) {
        let group = DatapathGroup(key: key, mask: mask, isVerbose: isVerbose)
        let text = group.text(name)
        if !text.isEmpty { parts.append("\(name.rawValue)(\(text))") }
    }

    private mutating func addEthernet() {
        if key[.packetType] == 0 { addGroup(.ethernet) }
        let closing = addTags()
        addEtherType()
        addNetwork()
        if closing > 0 { close(closing) }
    }

    /// Where the parts of the frame within the tags begin.
    private var innerStarts: [Int] = []

    /// Adds up to two tags, and says how many headers they enclose.
    private mutating func addTags() -> Int {
        var count = 0
        let tags = [
            (key.vlanTPID, key.vlanTCI, mask.vlanTCI),
            (key.innerVLANTPID, key.innerVLANTCI, mask.innerVLANTCI),
        ]
        for (index, (tpid, tci, bits)) in tags.enumerated() {
            guard tci & VLANBits.present != 0, bits != 0 || isVerbose && index == 0 else { break }
            let type = tpid == 0 ? EtherType.vlan : tpid
            parts.append("eth_type(" + FieldText.hexadecimal(type, width: 4) + ")")
            parts.append("vlan(" + Self.tag(tci, mask: bits, isVerbose: isVerbose) + ")")
            innerStarts.append(parts.count)
            count += 1
        }
        if count == 1 && key.innerVLANTCI & VLANBits.present != 0 {
            // A second tag that nobody looked at shows its type alone.
            let type = FieldText.hexadecimal(key.innerVLANTPID, width: 4)
            parts.append("eth_type(\(type))")
            innerStarts.append(parts.count)
            count += 1
        }
        return count
    }

    /// The tag's parts that are not zero or not wildcarded, or all of them.
    static func tag(_ tci: UInt16, mask: UInt16, isVerbose: Bool = true) -> String {
        var parts: [String] = []
        let (id, priority) = (mask & VLANBits.id, mask >> 13)
        if isVerbose || id != 0 || tci & VLANBits.id != 0 {
            let suffix = id == VLANBits.id ? "" : "/" + FieldText.hexadecimal(id, width: 1)
            parts.append("vid=\(tci & VLANBits.id)\(suffix)")
        }
        if isVerbose || priority != 0 || tci >> 13 != 0 {
            let suffix = priority == 7 ? "" : "/" + FieldText.hexadecimal(priority, width: 1)
            parts.append("pcp=\(tci >> 13)\(suffix)")
        }
        if tci & VLANBits.present == 0 { parts.append("cfi=0") }
        return parts.joined(separator: ",")
    }

    /// Puts what follows each tag into `encap(...)`.
    private mutating func close(_ count: Int) {
        for start in innerStarts.reversed() {
            let inner = parts[start...].joined(separator: ",")
            parts.removeSubrange(start...)
            parts.append("encap(" + inner + ")")
        }
    }

    private mutating func addEtherType() {
        let bits = mask.etherType
        guard bits != 0 || isVerbose else { return }
        if key.etherType == EtherType.notEthernetII {
            parts.append("eth_type(0/0xffff)")
            return
        }
        var text = FieldText.hexadecimal(key.etherType, width: 4)
        if bits != 0xffff { text += "/" + FieldText.hexadecimal(bits, width: 4) }
        parts.append("eth_type(\(text))")
    }

    private mutating func addNetwork() {
        switch key.etherType {
        case EtherType.ipv4: addGroup(.ipv4)
        case EtherType.ipv6:
            addGroup(.ipv6)
            if mask[.ipv6ExtensionHeaders] != 0 { addExtensionHeaders() }
        case EtherType.arp, EtherType.rarp: addGroup(.arp)
        case EtherType.mpls, EtherType.mplsMulticast: addGroup(.mpls)
        case EtherType.nsh: addNSH()
        case EtherType.pbb: if mask[.pbbISID] != 0 || mask[.pbbUCA] != 0 { addGroup(.pbb) }
        default: return
        }
        guard EtherType.isIP(key.etherType), key.ipFragment & FragmentBits.later == 0 else {
            return
        }
        switch key.ipProtocol {
        case IPProtocol.tcp: addTCP()
        case IPProtocol.udp: addGroup(.udp)
        case IPProtocol.sctp: addGroup(.sctp)
        case IPProtocol.icmp where key.etherType == EtherType.ipv4: addGroup(.icmp)
        case IPProtocol.icmpv6 where key.etherType == EtherType.ipv6:
            addGroup(.icmpv6)
            if key.transportSource == 135 || key.transportSource == 136 { addGroup(.nd) }
        default: break
        }
    }

    /// As in OVS, who does not know the metadata's type knows that there is no context.
    private mutating func addNSH() {
        let group = DatapathGroup(key: key, mask: mask, isVerbose: isVerbose)
        var text = group.text(.nsh)
        if key[.nshMDType] != UInt128(NSHHeader.fixedMetadata) && !isVerbose {
            let context = (1...4).map { "c\($0)=0x0" }.joined(separator: ",")
            text += (text.isEmpty ? "" : ",") + context
        }
        parts.append("nsh(\(text))")
    }

    /// Under the kernel's name, as OVS's datapath in the kernel has them.
    private mutating func addExtensionHeaders() {
        let field = Field.ipv6ExtensionHeaders
        let bits = mask[field]
        let suffix = bits == field.location.ones ? "" : "/" + FieldText.hexadecimal(bits)
        parts.append("ipv6_exthdrs(hdrs=" + FieldText.hexadecimal(key[field]) + suffix + ")")
    }

    private mutating func addTCP() {
        addGroup(.tcp)
        let bits = UInt64(mask.tcpFlags & 0xfff)
        guard bits != 0 else {
            if isVerbose && key.tcpFlags != 0 { parts.append("tcp_flags(0/0)") }
            return
        }
        let flags = FlagNames.tcp.text(UInt64(key.tcpFlags) & bits, mask: bits)
        parts.append("tcp_flags(\(flags))")
    }
}
