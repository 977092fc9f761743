import FlowModel

/// Actions on MPLS labels (OpenFlow 1.3.5 §5.12).
extension Translation {
    func changeLabels(_ action: Action) {
        switch action {
        case .pushMPLS(let type): pushLabel(type)
        case .popMPLS(let type): popLabel(type)
        case .setMPLSLabel(let label): setLabel(.mplsLabel, UInt128(label))
        case .setMPLSTC(let trafficClass): setLabel(.mplsTC, UInt128(trafficClass))
        case .setMPLSTTL(let ttl): setLabel(.mplsTTL, UInt128(ttl))
        case .decrementMPLSTTL: decrementLabelTTL()
        default: preconditionFailure("\(action) changes no label")
        }
    }

    private func setLabel(_ field: Field, _ value: UInt128) {
        guard EtherType.isMPLS(key.etherType) else { return }
        write(value, to: field.location)
    }

    /// How many labels there are; the walk depends on what says so.
    func consultLabelCount() -> Int {
        let count = key.labelCount
        guard EtherType.isMPLS(key.etherType) else { return 0 }
        for index in 0..<FlowKey.maximumLabels {
            wildcards[FlowKey.labelLocation(index)] |= UInt128(LabelBits.bottom)
            if key.labelEntry(index) & LabelBits.bottom != 0 { break }
        }
        return count
    }

    func consultLabels(_ range: Range<Int>) {
        for index in range { consult(FlowKey.labelLocation(index)) }
    }

    // MARK: Push

    private func pushLabel(_ type: UInt16) {
        let count = consultLabelCount()
        guard count < FlowKey.maximumLabels else {
            let what = "push action can't be performed as it would have"
            return refuseLabels(what)
        }
        if count > 0 {
            consultLabels(0..<count)
            key.pushLabel(key.labelEntry(0) & ~LabelBits.bottom, etherType: type)
            return
        }
        commit()
        let entry = firstLabel
        // What is behind the label is not seen any more.
        forgetNetwork()
        key.pushLabel(entry, etherType: type)
    }

    /// The entry that a packet without labels gets: IP gives it the TTL and the lower half of DSCP.
    private var firstLabel: UInt32 {
        let label = key.etherType == EtherType.ipv6 ? LabelBits.ipv6ExplicitNull : 0
        var trafficClass: UInt32 = 0
        var ttl = LabelBits.defaultTTL
        if isIP {
            consult(Field.ipDSCP.location)
            consult(Field.ipTTL.location)
            trafficClass = UInt32(key.ipTOS >> 2)
            if key.ipTTL != 0 { ttl = UInt32(key.ipTTL) }
        }
        return label << 12 | trafficClass << 9 & LabelBits.trafficClass | LabelBits.bottom | ttl
    }

    /// Forgets all that follows Ethernet, and the hash that it went into.
    func forgetNetwork() {
        for index in KeyWord.ipv4..<KeyWord.count { key.words[index] = 0 }
        key.words[KeyWord.datapathHash] &= 0xffff_ffff
    }

    /// The buffers of OVS have room for more, its keys have not.
    private func refuseLabels(_ what: String) {
        error = error ?? .tooManyLabels
        // As in OVS, who asks only what would become of a packet is not told.
        guard !options.suppressesPacketIns else { return }
        trace.add(
            .error,
            "dropping packet on which an MPLS \(what) more MPLS LSEs than the "
                + "\(FlowKey.maximumLabels) supported.")
    }

    // MARK: Pop

    private func popLabel(_ type: UInt16) {
        let count = consultLabelCount()
        guard count > 0 else { return }
        guard !hasUnknownLabels(of: count) else { return refuseDeepPop() }
        consultLabels(1..<max(count, 1))
        key.popLabel(of: count, etherType: type)
        if !EtherType.isMPLS(type) { hasPoppedLabels = true }
    }

    /// Whether there are labels behind those that the key holds.
    func hasUnknownLabels(of count: Int) -> Bool {
        let last = FlowKey.maximumLabels - 1
        return count > last && key.labelEntry(last) & LabelBits.bottom == 0
    }

    func refuseDeepPop() {
        actions.removeAll()
        refuseLabels("pop action can't be performed as it has")
    }

    /// Whether the action needs the headers that were hidden behind labels, so that the datapath
    /// has to look at the packet again first.
    func needsHiddenHeaders(_ action: Action) -> Bool {
        guard hasPoppedLabels && !isExiting else { return false }
        switch action {
        case .output, .outputTruncated, .enqueue, .outputField, .setVLANID, .setVLANPriority,
            .setEthernetSource, .setEthernetDestination, .setTunnel, .setQueue, .group:
            return false
        case .setField(let field, _, _):
            return field.location.word >= KeyWord.ipv4
        default: return true
        }
    }

    // MARK: TTL

    private func decrementLabelTTL() {
        if EtherType.isMPLS(key.etherType) {
            consult(Field.mplsTTL.location)
            let ttl = key.labelEntry(0) & LabelBits.ttl
            if ttl > 1 {
                key.setLabelEntry(0, to: key.labelEntry(0) - 1)
                return
            }
            sendToController(ControllerAction(reason: .invalidTTL))
        }
        trace.add(.warning, "MPLS decrement TTL exception")
        isLeaving = true
    }

    // MARK: Commit

    /// Turns the difference between the labels of the two packets into datapath actions.
    func commitLabels() {
        var count = base.labelCount
        let target = key.labelCount
        var common = key.commonLabelCount(base)
        while count > common {
            if count - 1 == common && target > common {
                setOuterLabel(to: key.labelEntry(target - count))
                common += 1
                continue
            }
            let isLast = EtherType.isMPLS(key.etherType) || count == 1
            let type = isLast ? key.etherType : EtherType.mpls
            actions.append(.popMPLS(etherType: type))
            base.popLabel(of: count, etherType: type)
            count -= 1
        }
        while count < target {
            let entry = key.labelEntry(target - count - 1)
            actions.append(.pushMPLS(label: entry, etherType: key.etherType))
            base.pushLabel(entry, etherType: key.etherType)
            count += 1
        }
    }

    private func setOuterLabel(to entry: UInt32) {
        base.setLabelEntry(0, to: entry)
        var value = FlowKey()
        var mask = FlowKey()
        value.setLabelEntry(0, to: entry)
        mask.setLabelEntry(0, to: .max)
        actions.append(.set(.mpls, value: SparseKey(value), mask: SparseKey(mask)))
    }
}
