import FlowModel

/// What the standard has and OVS has not: provider backbone bridges, copies of TTLs, and a label's
/// bottom bit (OpenFlow 1.3.5 §5.12, 1.4.1 §5.12).
///
/// Where such an action shows headers that were not looked at, the datapath looks at the packet
/// again before what follows.
extension Translation {
    func changeStandardHeaders(_ action: Action) {
        switch action {
        case .pushPBB: pushPBB()
        case .popPBB: popPBB()
        case .copyTTLOut: copyTTL(isOutwards: true)
        case .copyTTLIn: copyTTL(isOutwards: false)
        default: preconditionFailure("\(action) is not of the standard alone")
        }
    }

    // MARK: PBB

    /// The new tag has the service of the old one, and the priority of a VLAN tag.
    private func pushPBB() {
        guard packetType == PacketType.ethernet else { return }
        commit()
        let hadTag = key.etherType == EtherType.pbb
        if hadTag { consult(Field.pbbISID.location) }
        let service = hadTag ? UInt32(truncatingIfNeeded: key[.pbbISID]) : 0
        if key.vlanTCI & VLANBits.present != 0 { wildcards.vlanTCI |= VLANBits.priority }
        let priority = UInt32(key.vlanTCI & VLANBits.priority) << 16
        let tag = priority | service
        actions.append(.pushPBB(tag: tag))
        key.words[KeyWord.vlan] = 0
        key.words[KeyWord.mpls] = 0
        key.words[KeyWord.mplsRest] = UInt64(tag)
        key.etherType = EtherType.pbb
        forgetNetwork()
        for index in KeyWord.ethernetDestination..<KeyWord.count {
            base.words[index] = key.words[index]
        }
    }

    private func popPBB() {
        guard key.etherType == EtherType.pbb else { return }
        commit()
        actions.append(.popPBB)
        lookAgain()
    }

    func commitPBB() {
        guard key.etherType == EtherType.pbb, base.etherType == EtherType.pbb else { return }
        commit(.pbb, [.pbbISID, .pbbUCA])
    }

    // MARK: TTL

    private func copyTTL(isOutwards: Bool) {
        guard EtherType.isMPLS(key.etherType) else {
            guard isIP else { return }
            consult(Field.ipProtocol.location)
            if key.ipProtocol == 4 || key.ipProtocol == 41 { copyHiddenTTL(isOutwards: isOutwards) }
            return
        }
        wildcards[FlowKey.labelLocation(0)] |= UInt128(LabelBits.bottom)
        let outer = key.labelEntry(0)
        guard outer & LabelBits.bottom == 0 else {
            return copyHiddenTTL(isOutwards: isOutwards)
        }
        let inner = key.labelEntry(1)
        let ttl = LabelBits.ttl
        for index in 0..<2 {
            wildcards[FlowKey.labelLocation(index)] |= UInt128(ttl)
        }
        if isOutwards {
            key.setLabelEntry(0, to: outer & ~ttl | inner & ttl)
        } else {
            key.setLabelEntry(1, to: inner & ~ttl | outer & ttl)
        }
    }

    /// The inner header is not in the key; the datapath finds it.
    private func copyHiddenTTL(isOutwards: Bool) {
        commit()
        actions.append(.copyTTL(isOutwards: isOutwards))
        lookAgain()
    }

    // MARK: The bottom of a label stack

    /// Writes the outer label's bottom bit, which decides what is behind it.
    func setBottomOfStack(_ isBottom: Bool) {
        guard EtherType.isMPLS(key.etherType) else { return }
        let location = Field.mplsBOS.location
        consult(location)
        let bit: UInt128 = isBottom ? 1 : 0
        guard key[location] != bit else { return }
        commit()
        var value = FlowKey()
        var mask = FlowKey()
        value[location] = bit
        mask[location] = 1
        let sparse = SparseKey(mask)
        actions.append(.set(.mpls, value: SparseKey(value, map: sparse.map), mask: sparse))
        lookAgain()
    }

    /// Has the datapath look at the packet again before what follows.
    func lookAgain() {
        isFreezing = true
        frozenSteps = []
    }
}
