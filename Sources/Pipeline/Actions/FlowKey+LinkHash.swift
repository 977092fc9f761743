import FlowModel

/// Which parts of a packet `multipath` and `bundle` hash, and what the walk thereby depends on.
extension FlowKey {
    func hash(_ fields: HashFields, basis: UInt32) -> UInt32 {
        switch fields {
        case .ethernetSource:
            return LinkHash.of(Self.words(ofAddress: ethernetSource), byteCount: 6, basis: basis)
        case .symmetricL4: return symmetricTransportHash(basis)
        case .symmetricL3L4: return symmetricHash(basis, hasUDP: false)
        case .symmetricL3L4UDP: return symmetricHash(basis, hasUDP: true)
        case .symmetricL3: return networkHash(basis)
        case .networkSource: return addressHash(ipv4Source, self[.ipv6Source], basis)
        case .networkDestination:
            return addressHash(ipv4Destination, self[.ipv6Destination], basis)
        }
    }

    private func addressHash(_ ipv4: UInt32, _ ipv6: UInt128, _ basis: UInt32) -> UInt32 {
        switch etherType {
        case EtherType.ipv4: LinkHash.of([ipv4.byteSwapped], byteCount: 4, basis: basis)
        case EtherType.ipv6: LinkHash.of(Self.words(of: ipv6), byteCount: 16, basis: basis)
        default: basis
        }
    }

    /// The four words of an IPv6 address.
    private static func words(of address: UInt128) -> [UInt32] {
        stride(from: UInt128(96), through: 0, by: -32).map {
            UInt32(truncatingIfNeeded: address >> $0).byteSwapped
        }
    }

    /// The two words of an Ethernet address, the second of which is half full.
    private static func words(ofAddress address: UInt64) -> [UInt32] {
        let high = UInt32(truncatingIfNeeded: address >> 16).byteSwapped
        return [high, UInt32(UInt16(truncatingIfNeeded: address).byteSwapped)]
    }

    private var addressSum: UInt128 {
        etherType == EtherType.ipv6
            ? self[.ipv6Source] ^ self[.ipv6Destination] : UInt128(ipv4Source ^ ipv4Destination)
    }

    private var vlanSum: UInt16 { (vlanTCI ^ innerVLANTCI) & VLANBits.id }
    private var portSum: UInt16 { (transportSource ^ transportDestination).byteSwapped }

    /// Of addresses of both layers, type, VLANs, protocol, and ports but those of UDP.
    private func symmetricTransportHash(_ basis: UInt32) -> UInt32 {
        var words = [UInt32](repeating: 0, count: 8)
        let ethernet = Self.words(ofAddress: ethernetSource ^ ethernetDestination)
        words[4] = UInt32(etherType.byteSwapped) | UInt32(vlanSum.byteSwapped) << 16
        words[5] = ethernet[0] << 16
        words[6] = ethernet[0] >> 16 | ethernet[1] << 16
        if EtherType.isIP(etherType) {
            if etherType == EtherType.ipv4 {
                words[0] = UInt32(truncatingIfNeeded: addressSum).byteSwapped
            } else {
                words.replaceSubrange(0..<4, with: Self.words(of: addressSum))
            }
            words[7] = UInt32(ipProtocol)
            if ipProtocol == IPProtocol.tcp || ipProtocol == IPProtocol.sctp {
                words[5] |= UInt32(portSum)
            }
        }
        return LinkHash.of(words, byteCount: 32, basis: basis)
    }

    /// Of the EtherType and, for IP, of addresses.
    private func networkHash(_ basis: UInt32) -> UInt32 {
        var words = [UInt32](repeating: 0, count: 5)
        words[4] = UInt32(etherType.byteSwapped)
        if etherType == EtherType.ipv4 {
            words[0] = UInt32(truncatingIfNeeded: addressSum).byteSwapped
        } else if etherType == EtherType.ipv6 {
            words.replaceSubrange(0..<4, with: Self.words(of: addressSum))
        }
        return LinkHash.of(words, byteCount: 20, basis: basis)
    }

    /// Of IP addresses, protocol and ports.
    private func symmetricHash(_ basis: UInt32, hasUDP: Bool) -> UInt32 {
        var hash = basis
        switch etherType {
        case EtherType.ipv4:
            hash = LinkHash.add(hash, UInt32(truncatingIfNeeded: addressSum).byteSwapped)
        case EtherType.ipv6:
            for word in Self.words(of: addressSum) { hash = LinkHash.add(hash, word) }
        default: return linkHash(basis)
        }
        hash = LinkHash.add(hash, UInt32(ipProtocol))
        // OVS takes no ports of any fragment here.
        if ipFragment == 0 && hashesPorts(hasUDP: hasUDP) {
            hash = LinkHash.add(hash, UInt32(portSum))
        }
        return LinkHash.finish(hash, basis)
    }

    private func hashesPorts(hasUDP: Bool) -> Bool {
        ipProtocol == IPProtocol.tcp || ipProtocol == IPProtocol.sctp
            || hasUDP && ipProtocol == IPProtocol.udp
    }

    /// Of what a packet without IP has.
    private func linkHash(_ basis: UInt32) -> UInt32 {
        guard self[.packetType] == 0 else { return 0 }
        let ethernet = Self.words(ofAddress: ethernetSource ^ ethernetDestination)
        let first = UInt32(etherType.byteSwapped) | UInt32(vlanSum.byteSwapped) << 16
        let hash = [first, ethernet[0], ethernet[1]].reduce(basis) { LinkHash.add($0, $1) }
        return LinkHash.finish(hash, basis)
    }

    /// What ``hash(_:basis:)`` looks at in this packet.
    func fieldsHashed(by fields: HashFields) -> [Field] {
        let isIP = EtherType.isIP(etherType)
        let ports: [Field] =
            ipFragment & FragmentBits.later == 0 ? [.tcpSource, .tcpDestination] : []
        switch fields {
        case .ethernetSource: return [.ethernetSource]
        case .networkSource:
            return isIP ? [etherType == EtherType.ipv4 ? .ipv4Source : .ipv6Source] : []
        case .networkDestination:
            return isIP ? [etherType == EtherType.ipv4 ? .ipv4Destination : .ipv6Destination] : []
        case .symmetricL4:
            var list: [Field] = [.ethernetSource, .ethernetDestination, .vlanVID]
            guard isIP else { return list }
            list += addressFields + [.ipProtocol]
            return hashesPorts(hasUDP: false) ? list + ports : list
        case .symmetricL3L4, .symmetricL3L4UDP:
            // OVS leaves these out, and its megaflow then holds packets with other hashes.
            guard isIP else { return [.ethernetSource, .ethernetDestination, .vlanVID] }
            let list = addressFields + [.ipProtocol]
            return hashesPorts(hasUDP: fields == .symmetricL3L4UDP) ? list + ports : list
        case .symmetricL3: return isIP ? addressFields : []
        }
    }

    private var addressFields: [Field] {
        etherType == EtherType.ipv4
            ? [.ipv4Source, .ipv4Destination] : [.ipv6Source, .ipv6Destination]
    }
}
