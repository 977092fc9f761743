import FlowModel

/// `multipath`, `bundle` and `fin_timeout`.
extension Translation {
    func multipath(_ multipath: Multipath) {
        let hash = key.hash(multipath.fields, basis: UInt32(multipath.basis))
        consult(multipath.fields)
        write(UInt128(multipath.link(for: hash)), to: multipath.destination.location)
        explain(multipath.destination)
    }

    func select(_ selection: PortSelection) {
        let port = member(of: selection)
        guard let destination = selection.destination else {
            output(to: port, maxByteCount: 0)
            return
        }
        write(UInt128(port.value), to: destination.location)
        explain(destination)
    }

    private func member(of selection: PortSelection) -> PortNumber {
        switch selection.algorithm {
        case .activeBackup:
            return selection.members.first { bridge.isUsable($0) } ?? .none
        case .highestRandomWeight:
            if !selection.members.isEmpty { consult(selection.fields) }
            let hash = key.hash(selection.fields, basis: UInt32(selection.basis))
            var best: (port: PortNumber, score: UInt32)?
            for (index, member) in selection.members.enumerated() where bridge.isUsable(member) {
                let score = LinkHash.of(UInt32(index), hash)
                if best.map({ score > $0.score }) ?? true { best = (member, score) }
            }
            return best?.port ?? .none
        }
    }

    private func consult(_ fields: HashFields) {
        for field in key.fieldsHashed(by: fields) {
            consult(field.location)
            if field == .vlanVID && key.innerVLANTCI != 0 {
                wildcards.innerVLANTCI |= VLANBits.id | VLANBits.present
            }
        }
    }

    func explain(_ subfield: Subfield) {
        trace.add(.detail, TraceText.nowIs(subfield, key[subfield.location]))
    }

    /// Lets the rule's time run out sooner when the connection ends.
    func shortenTimeouts(idle: UInt16, hard: UInt16) {
        wildcards.ipProtocol = .max
        guard let rule else { return }
        effects.append(.finTimeout(rule, idle: idle, hard: hard))
    }
}

extension Rule {
    /// Makes timeouts be at most these; 0 changes nothing.
    ///
    /// - Returns: whether one has changed.
    public func shortenTimeouts(idle: UInt16, hard: UInt16) -> Bool {
        let before = (idleTimeout, hardTimeout)
        if idle != 0 && (idleTimeout == 0 || idleTimeout > idle) { idleTimeout = idle }
        if hard != 0 && (hardTimeout == 0 || hardTimeout > hard) { hardTimeout = hard }
        return before != (idleTimeout, hardTimeout)
    }
}
