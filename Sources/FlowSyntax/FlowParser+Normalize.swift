public import FlowModel

extension FlowParser {
    /// As many as OVS logs at once; a file can have a hundred thousand.
    private static var maxNormalizationNotes: Int { 5 }

    /// Drops from `match` the fields that mean nothing without others, and notes that.
    ///
    /// A match on `nw_src` without a protocol that has addresses is such; OVS says so in its log
    /// and goes on.
    public mutating func normalize(_ match: inout Match) {
        if match.mask.words[KeyWord.ctTransport] != 0 && match.mask(.ctProtocol) == 0 {
            // OVS does not note this.
            match.remove(.ctTransportSource)
            match.remove(.ctTransportDestination)
        }
        let type = match.mask.etherType == 0xffff ? match.key.etherType : 0
        if Self.isPlain(match, type: type) { return }
        let normal = Self.normalized(match, type: type)
        guard normal != match else { return }
        defer { match = normal }
        normalizationCount += 1
        guard normalizationCount <= Self.maxNormalizationNotes else { return }
        note("ofp_match", .information, "normalization changed ofp_match, details:")
        note("ofp_match", .information, " pre: " + MatchPrinter.text(match, names: names))
        note("ofp_match", .information, "post: " + MatchPrinter.text(normal, names: names))
    }

    /// Whether the match is in normal form at first sight, as most are: it asks for no headers
    /// above Ethernet, or for addresses and ports of TCP, UDP or SCTP over IPv4 alone.
    private static func isPlain(_ match: borrowing Match, type: UInt16) -> Bool {
        let isIPv4 = type == EtherType.ipv4
        let proto = match.mask.ipProtocol == 0xff ? match.key.ipProtocol : 0
        let hasPorts =
            isIPv4
            && (proto == IPProtocol.tcp || proto == IPProtocol.udp || proto == IPProtocol.sctp)
        for index in KeyWord.mpls..<KeyWord.count {
            let bits = match.mask.words[index]
            if bits == 0 || hasPorts && index == KeyWord.transport { continue }
            if isIPv4 && index == KeyWord.ipv4 { continue }
            // The label of IPv6 shares a word with the protocol.
            if isIPv4 && index == KeyWord.ip && bits >> 32 == 0 { continue }
            return false
        }
        return true
    }

    private static func normalized(_ match: Match, type: UInt16) -> Match {
        var mask = match.mask
        let hasProtocol = match.isExact(.ipProtocol) && EtherType.isIP(type)
        let proto = hasProtocol ? match.key.ipProtocol : 0
        let isIP = EtherType.isIP(type)
        let isARP = EtherType.isARP(type)
        let isICMP =
            type == EtherType.ipv4
            ? proto == IPProtocol.icmp : proto == IPProtocol.icmpv6 && isIP
        let hasPorts =
            hasProtocol
            && (proto == IPProtocol.tcp || proto == IPProtocol.udp || proto == IPProtocol.sctp
                || isICMP)
        if type == EtherType.ipv6 {
            mask.words[KeyWord.ipv4] = 0
        } else {
            for index in 0..<4 { mask.words[KeyWord.ipv6Source + index] = 0 }
            mask[.ipv6Label] = 0
            mask[.ipv6ExtensionHeaders] = 0
            if !isIP && !isARP {
                let hasPacketType = match.mask[.packetType] != 0 && match.key[.packetType] != 0
                if !hasPacketType { mask.words[KeyWord.ipv4] = 0 }
            }
        }
        if !isIP {
            mask[.ipTOS] = 0
            mask[.ipTTL] = 0
            mask[.ipFragment] = 0
            if !isARP && match.key[.packetType] == 0 { mask[.ipProtocol] = 0 }
        }
        if !hasPorts { mask.words[KeyWord.transport] = 0 }
        if isICMP { mask.words[KeyWord.transport] &= 0x00ff_00ff_0000_0000 }
        let isND =
            isICMP && type == EtherType.ipv6 && [135, 136].contains(match.key.transportSource)
        if !isND {
            mask.words[KeyWord.ndTarget] = 0
            mask.words[KeyWord.ndTarget + 1] = 0
            mask.words[KeyWord.nd] = 0
            if !isARP {
                mask.words[KeyWord.arpSender] = 0
                mask.words[KeyWord.arpTarget] = 0
            }
        }
        if !EtherType.isMPLS(type) {
            mask.words[KeyWord.mpls] = 0
            mask.words[KeyWord.mplsRest] &= 0xffff_ffff
        }
        if type != EtherType.pbb { mask.words[KeyWord.mplsRest] &= 0xffff_ffff << 32 }
        return Match(key: match.key, mask: mask)
    }
}
