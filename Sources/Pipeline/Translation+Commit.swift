import FlowModel

/// Turns the difference between the pipeline's packet and the datapath's into datapath actions.
extension Translation {
    func commit() {
        commitEncapsulation()
        if packetType == PacketType.ethernet {
            commit(.ethernet, [.ethernetSource, .ethernetDestination])
        }
        // What is behind labels can be written to once they are gone only.
        let losesLabels = EtherType.isMPLS(base.etherType) && !EtherType.isMPLS(key.etherType)
        if losesLabels { commitLabels() }
        commitNSH()
        commitNetwork()
        if !losesLabels { commitLabels() }
        commitPBB()
        commitVLAN()
        commitMetadata()
    }

    private func commitNetwork() {
        // As in OVS, without a protocol there is no IP header to write to.
        if key.ipProtocol == 0 { return }
        switch base.etherType {
        case EtherType.ipv4:
            commit(.ipv4, [.ipv4Source, .ipv4Destination, .ipTOS, .ipTTL])
            commitTransport()
        case EtherType.ipv6:
            commit(.ipv6, [.ipv6Source, .ipv6Destination, .ipv6Label, .ipTOS, .ipTTL])
            commitTransport()
        case EtherType.arp, EtherType.rarp:
            commit(
                .arp, [.arpSenderIP, .arpTargetIP, .arpOperation, .arpSenderMAC, .arpTargetMAC])
        default: break
        }
    }

    private func commitTransport() {
        guard base.ipFragment & FragmentBits.later == 0 else { return }
        switch base.ipProtocol {
        case IPProtocol.tcp: commit(.tcp, [.tcpSource, .tcpDestination])
        case IPProtocol.udp: commit(.udp, [.udpSource, .udpDestination])
        case IPProtocol.sctp: commit(.sctp, [.sctpSource, .sctpDestination])
        case IPProtocol.icmp where base.etherType == EtherType.ipv4:
            commit(.icmp, [.icmpType, .icmpCode])
        case IPProtocol.icmpv6 where base.etherType == EtherType.ipv6:
            if key.transportSource == 135 || key.transportSource == 136 {
                commit(.nd, [.ndTarget, .ndSourceMAC, .ndTargetMAC])
            }
            commit(.icmpv6, [.icmpv6Type, .icmpv6Code])
        default: break
        }
    }

    /// Sets those of `fields` that differ, under the bits that the megaflow knows.
    func commit(_ group: HeaderGroup, _ fields: [Field]) {
        // Mostly nothing differs; two empty keys cost more than to look.
        guard fields.contains(where: { key[$0.location] != base[$0.location] }) else { return }
        var value = FlowKey()
        var mask = FlowKey()
        for field in fields {
            let location = field.location
            guard key[location] != base[location] else { continue }
            let bits = wildcards[location] | (key[location] ^ base[location])
            wildcards[location] |= bits
            mask[location] = bits
            value[location] = key[location] & bits
            base[location] = key[location]
        }
        let sparse = SparseKey(mask)
        actions.append(.set(group, value: SparseKey(value, map: sparse.map), mask: sparse))
    }

    private func commitVLAN() {
        guard key.words[KeyWord.vlan] != base.words[KeyWord.vlan] else { return }
        let old = tags(of: base)
        let new = tags(of: key)
        // Tags that both have, from the innermost outwards, stay.
        var common = 0
        while common < min(old.count, new.count),
            old[old.count - 1 - common] == new[new.count - 1 - common]
        {
            common += 1
        }
        // A tag is replaced whole, with the bits that were not written.
        if old.count > common { wildcards.vlanTCI = .max }
        if old.count > common + 1 { wildcards.innerVLANTCI = .max }
        for _ in 0..<(old.count - common) { actions.append(.popVLAN) }
        for tag in new.dropLast(common).reversed() {
            actions.append(
                .pushVLAN(
                    tpid: UInt16(truncatingIfNeeded: tag >> 16),
                    tci: UInt16(truncatingIfNeeded: tag)))
        }
        base.words[KeyWord.vlan] = key.words[KeyWord.vlan]
    }

    /// TPID and TCI of each tag, the outer first.
    private func tags(of key: FlowKey) -> [UInt32] {
        let word = key.words[KeyWord.vlan]
        let tags = [UInt32(truncatingIfNeeded: word >> 32), UInt32(truncatingIfNeeded: word)]
        return tags.filter { $0 & UInt32(VLANBits.present) != 0 }
    }

    private func commitMetadata() {
        let priority = FieldLocation.packetPriority
        if key[priority] != base[priority] { commitWhole(.priority, priority) }
        let mark = Field.packetMark.location
        if key[mark] != base[mark] { commitWhole(.mark, mark) }
    }

    private func commitWhole(_ group: HeaderGroup, _ location: FieldLocation) {
        var value = FlowKey()
        var mask = FlowKey()
        mask[location] = location.ones
        value[location] = key[location]
        base[location] = key[location]
        let sparse = SparseKey(mask)
        actions.append(.set(group, value: SparseKey(value, map: sparse.map), mask: sparse))
    }
}

extension FieldLocation {
    fileprivate static let packetPriority = Field.packetPriority.location
}
