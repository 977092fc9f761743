public import FlowModel

/// Parses datapath flows as `dpctl/dump-flows` prints them.
public struct DatapathFlowParser {
    /// The most `encap(...)` within each other: two tags, and some to spare.
    static var maxDepth: Int { 8 }

    private let names: DatapathPortNames
    private var match = Match()
    private var tagCount = 0
    private var hasEtherType = false

    private init(_ names: DatapathPortNames) { self.names = names }

    /// The flow's key and mask; a field that the text does not name is zero and wildcarded.
    public static func parse(
        _ text: String, names: DatapathPortNames = DatapathPortNames()
    ) throws(SyntaxError) -> Match {
        var parser = DatapathFlowParser(names)
        try parser.parse(TextPiece(text), depth: 0)
        if !parser.hasEtherType {
            parser.match.set(.etherType, to: UInt128(EtherType.notEthernetII))
        }
        return parser.match
    }

    /// The fields of one attribute, such as `tcp(src=5)`, and no other.
    static func header(_ text: String) throws(SyntaxError) -> Match {
        var parser = DatapathFlowParser(DatapathPortNames())
        try parser.parse(TextPiece(text), depth: 0)
        return parser.match
    }

    private mutating func parse(_ text: TextPiece, depth: Int) throws(SyntaxError) {
        guard depth < Self.maxDepth else { throw error(at: text) }
        var rest = text
        while true {
            while let first = rest.first, Separator.isBetweenFields(first) { rest.removeFirst() }
            if rest.isEmpty { return }
            guard let open = rest.firstIndex(of: 0x28) else { throw error(at: rest) }
            var level = 0
            var close: Int?
            for index in open..<rest.endIndex {
                if rest[index] == 0x28 { level += 1 }
                if rest[index] == 0x29 { level -= 1 }
                if level == 0 {
                    close = index
                    break
                }
            }
            guard let close else { throw error(at: rest) }
            let name = rest[rest.startIndex..<open].string
            let isKnown = try attribute(name, rest[(open + 1)..<close], depth)
            if !isKnown { throw error(at: rest) }
            rest = rest[(close + 1)...]
        }
    }

    private func error(at text: TextPiece) -> SyntaxError {
        SyntaxError("syntax error at \(text.string)")
    }

    private mutating func attribute(
        _ name: String, _ value: TextPiece, _ depth: Int
    ) throws(SyntaxError) -> Bool {
        switch name {
        case "skb_priority": return set(.packetPriority, value)
        case "skb_mark": return set(.packetMark, value)
        case "recirc_id": return set(.recirculationID, value)
        case "dp_hash": return set(.datapathHash, value)
        case "ct_zone": return set(.ctZone, value)
        case "ct_mark": return set(.ctMark, value)
        case "ct_label": return set(.ctLabel, value)
        case "ct_state": return flags(.ctState, .connection, value)
        case "tcp_flags": return flags(.tcpFlags, .tcp, value)
        case "in_port": return inPort(value)
        case "packet_type": return packetType(value)
        case "eth_type":
            guard tagCount == 0 || !hasEtherType else { return false }
            return etherType(value)
        case "vlan": return vlan(value)
        case "encap":
            try parse(value, depth: depth + 1)
            return true
        case "tunnel": return tunnel(value)
        default: return group(name, value)
        }
    }

    private mutating func set(_ field: Field, _ text: TextPiece) -> Bool {
        let (head, tail) = text.trimmed.split(at: 0x2f)
        guard let value = head.number else { return false }
        var mask = UInt128.max
        if let tail {
            guard let bits = tail.number else { return false }
            mask = bits
        }
        match.set(field, to: value, mask: mask)
        return true
    }

    private mutating func flags(_ field: Field, _ names: FlagNames, _ text: TextPiece) -> Bool {
        guard let parsed = try? names.parse(text) else { return set(field, text) }
        let mask = parsed.mask == names.all ? .max : UInt128(parsed.mask)
        match.set(field, to: UInt128(parsed.value), mask: mask)
        return true
    }

    private mutating func inPort(_ text: TextPiece) -> Bool {
        let number = text.number(UInt32.self) ?? names.number(of: text.string)
        guard let number else { return set(.inPortOXM, text) }
        match.set(.inPortOXM, to: UInt128(number))
        return true
    }

    private mutating func packetType(_ text: TextPiece) -> Bool {
        var value: UInt128 = 0
        for part in text.split(separator: 0x2c) {
            let (name, number) = part.trimmed.split(at: 0x3d)
            guard let number = number?.number(UInt16.self) else { return false }
            value |= name.isEqual(to: "ns") ? UInt128(number) << 16 : UInt128(number)
        }
        match.set(.packetType, to: value)
        return true
    }

    private mutating func etherType(_ text: TextPiece) -> Bool {
        let (head, tail) = text.split(at: 0x2f)
        guard let type = head.number(UInt16.self) else { return false }
        let isTag = EtherType.isVLAN(type) && tagCount < 2 && tail == nil
        if isTag {
            let place = FieldLocation.tag(tagCount, isTPID: true)
            match.set(place, to: UInt128(type))
            // Without a `vlan(...)` behind it, this is just a type.
            match.set(.etherType, to: UInt128(type))
            return true
        }
        hasEtherType = true
        let known = type == 0 ? EtherType.notEthernetII : type
        match.set(.etherType, to: UInt128(known))
        return true
    }

    private mutating func vlan(_ text: TextPiece) -> Bool {
        var (tci, mask): (UInt16, UInt16) = (VLANBits.present, VLANBits.present)
        for part in text.split(separator: 0x2c) {
            let (name, value) = part.trimmed.split(at: 0x3d)
            guard let value else { return false }
            let (head, tail) = value.split(at: 0x2f)
            let bits = tail.map { $0.number(UInt16.self) } ?? 0xffff
            guard let number = head.number(UInt16.self), let bits else { return false }
            switch name.string {
            case "vid":
                guard number <= VLANBits.id else { return false }
                tci |= number
                mask |= bits & VLANBits.id
            case "pcp":
                guard number <= 7 else { return false }
                tci |= number << 13
                mask |= (bits & 7) << 13
            case "cfi": if number == 0 { tci &= ~VLANBits.present }
            case "tci": (tci, mask) = (number, bits)
            default: return false
            }
        }
        guard tagCount < 2 else { return false }
        match.set(.tag(tagCount, isTPID: false), to: UInt128(tci), mask: UInt128(mask))
        tagCount += 1
        return true
    }

    private mutating func tunnel(_ text: TextPiece) -> Bool {
        let fields: [String: Field] = [
            "tun_id": .tunnelID, "src": .tunnelSource, "dst": .tunnelDestination,
            "ipv6_src": .tunnelIPv6Source, "ipv6_dst": .tunnelIPv6Destination,
        ]
        var scanner = KeyValueScanner(text)
        do {
            while let pair = try scanner.next() {
                let name = pair.key.string
                if name == "flags" {
                    guard tunnelFlags(pair.value) else { return false }
                    continue
                }
                if let location = Self.outer[name] {
                    guard let value = outerValue(pair.value) else { return false }
                    match.set(location, to: value.value, mask: value.mask)
                    continue
                }
                guard let field = fields[name], value(field, pair.value) else { return false }
            }
        } catch { return false }
        return true
    }

    private static let outer: [String: FieldLocation] = [
        "tos": .tunnelTOS, "ttl": .tunnelTTL, "tp_src": .tunnelSourcePort,
        "tp_dst": .tunnelDestinationPort,
    ]

    private func outerValue(_ text: TextPiece) -> MaskedValue? {
        let (head, tail) = text.split(at: 0x2f)
        guard let value = head.number else { return nil }
        guard let tail else { return MaskedValue(value) }
        return tail.number.map { MaskedValue(value, mask: $0) }
    }

    /// `df|key`, or `+df-csum`.
    private mutating func tunnelFlags(_ text: TextPiece) -> Bool {
        guard !text.isEmpty else {
            match.set(FieldLocation.outerFlags, to: 0)
            return true
        }
        guard let parsed = try? FlagNames.wholeTunnel.parse(text) else { return false }
        match.set(
            FieldLocation.outerFlags, to: UInt128(parsed.value), mask: UInt128(parsed.mask))
        return true
    }

    private static let groups: [String: [String: Field]] = [
        "eth": ["src": .ethernetSource, "dst": .ethernetDestination],
        "ipv4": [
            "src": .ipv4Source, "dst": .ipv4Destination, "proto": .ipProtocol, "tos": .ipTOS,
            "ttl": .ipTTL, "frag": .ipFragment,
        ],
        "ipv6": [
            "src": .ipv6Source, "dst": .ipv6Destination, "label": .ipv6Label,
            "proto": .ipProtocol, "tclass": .ipTOS, "hlimit": .ipTTL, "frag": .ipFragment,
        ],
        "arp": [
            "sip": .arpSenderIP, "tip": .arpTargetIP, "op": .arpOperation, "sha": .arpSenderMAC,
            "tha": .arpTargetMAC,
        ],
        "tcp": ["src": .tcpSource, "dst": .tcpDestination],
        "udp": ["src": .udpSource, "dst": .udpDestination],
        "sctp": ["src": .sctpSource, "dst": .sctpDestination],
        "icmp": ["type": .icmpType, "code": .icmpCode],
        "icmpv6": ["type": .icmpv6Type, "code": .icmpv6Code],
        "nd": ["target": .ndTarget, "sll": .ndSourceMAC, "tll": .ndTargetMAC],
        "mpls": ["label": .mplsLabel, "tc": .mplsTC, "ttl": .mplsTTL, "bos": .mplsBOS],
        "nsh": [
            "flags": .nshFlags, "ttl": .nshTTL, "mdtype": .nshMDType, "np": .nshNextProtocol,
            "spi": .nshSPI, "si": .nshSI, "c1": .nshContext1, "c2": .nshContext2,
            "c3": .nshContext3, "c4": .nshContext4,
        ],
        "pbb": ["isid": .pbbISID, "uca": .pbbUCA],
        "ipv6_exthdrs": ["hdrs": .ipv6ExtensionHeaders],
    ]

    private mutating func group(_ name: String, _ text: TextPiece) -> Bool {
        guard let fields = Self.groups[name] else { return false }
        // A header of Ethernet is there, even if nothing is asked of it.
        if name == HeaderGroup.ethernet.rawValue { match.set(.packetType, to: 0) }
        for part in text.split(separator: 0x2c) {
            let (key, value) = part.trimmed.split(at: 0x3d)
            guard let field = fields[key.string], let value, self.value(field, value) else {
                return false
            }
        }
        return true
    }

    private mutating func value(_ field: Field, _ text: TextPiece) -> Bool {
        let row = field.descriptor
        if row.format == .ethernet || row.format == .ipv4 || row.format == .ipv6
            || row.format == .fragment
        {
            guard let parsed = try? FieldValueParser(row: row, names: FlowNames()).parse(text)
            else { return false }
            match.set(field, to: parsed.value, mask: parsed.mask)
            return true
        }
        return set(field, text)
    }
}

extension FieldLocation {
    /// The TPID or TCI of the outer (0) or inner (1) tag.
    static func tag(_ index: Int, isTPID: Bool) -> FieldLocation {
        .init(word: KeyWord.vlan, shift: (index == 0 ? 32 : 0) + (isTPID ? 16 : 0), width: 16)
    }
}
