import FlowModel

/// `group` and `meter` (OpenFlow 1.3.5 §5.6, §5.7).
extension Translation {
    func sendToGroup(_ id: UInt32) {
        guard let group = bridge.groups[id] else {
            trace.add(.warning, "output to nonexistent group \(id)")
            return
        }
        descend {
            switch group.type {
            case .all, .indirect:
                for index in group.buckets.indices { run(index, of: group) }
                effects.append(.group(group, bucket: nil))
            case .fastFailover: failOver(group)
            case .select: select(in: group)
            }
        }
    }

    private func failOver(_ group: Group) {
        for (index, bucket) in group.buckets.enumerated() where isLive(bucket, of: group) {
            use(index, of: group)
            return
        }
        trace.add(.detail, "no live bucket")
    }

    private func isLive(_ bucket: Bucket, of group: Group) -> Bool {
        bridge.isLive(bucket, in: group) { trace.add(.detail, $0) }
    }

    private func use(_ index: Int, of group: Group) {
        trace.add(.detail, "using bucket \(group.buckets[index].id)")
        run(index, of: group)
        effects.append(.group(group, bucket: nil))
    }

    /// Runs a bucket, which is an action set, on the packet as it is, and forgets what it wrote.
    private func run(_ index: Int, of group: Group) {
        guard error == nil else { return }
        let bucket = group.buckets[index]
        trace.open(.action, "bucket \(bucket.id)")
        let before = (key: key, stack: stack, actionSet: actionSet, hadPopped: hasPoppedLabels)
        let isLast = isLastAction
        let reason = controllerReason
        if reason != .packetOut { controllerReason = .group }
        let isEnd = group.type != .all || index == group.buckets.count - 1
        let list = Self.asActionSet(bucket.actions)
        if isLast && isEnd || !Self.changesHeaders(list) {
            execute(list, isLast: isLast && isEnd)
            finishFreezing()
        } else {
            cloneInDatapath {
                execute(list, isLast: true)
                finishFreezing()
            }
        }
        isLastAction = isLast
        controllerReason = reason
        (key, stack, actionSet, hasPoppedLabels) = before
        isExiting = false
        trace.close()
        effects.append(.group(group, bucket: index))
    }

    // MARK: Choice

    private func select(in group: Group) {
        guard group.hashMap.isEmpty else { return selectByDatapathHash(in: group) }
        let basis = group.selection.method == "hash" ? group.selection.parameter : 0
        let hash = self.hash(by: group.selection, basis: basis)
        var best: (index: Int, score: UInt64)?
        for (index, bucket) in group.buckets.enumerated() where isLive(bucket, of: group) {
            let score = Self.score(Self.mix(hash, UInt64(bucket.id)), weight: bucket.weight)
            trace.add(.detail, "bucket \(bucket.id): score \(score)")
            if best.map({ score > $0.score }) ?? true { best = (index, score) }
        }
        guard let best else {
            trace.add(.detail, "no live bucket")
            return
        }
        use(best.index, of: group)
    }

    /// How much a bucket wants a flow: the highest bidder gets it.
    ///
    /// Each bids its weight over the negative logarithm of a random number (weighted rendezvous
    /// hashing): it wins in proportion to its weight, and as buckets come and go, no flow moves
    /// but theirs. OVS multiplies the number by the weight, which gives the heavy too much.
    private static func score(_ random: UInt64, weight: UInt16) -> UInt64 {
        let number = Double(random >> 12 | 1)
        // ln(2^e m) by the series of the inverse hyperbolic tangent, exact to a millionth.
        let part = (number.significand - 1) / (number.significand + 1)
        let square = part * part
        let series = 1 + square * (1 / 3 + square * (1 / 5 + square * (1 / 7 + square / 9)))
        let exponent = Double(52 - number.exponent)
        let logarithm = 0.693_147_180_559_945 * exponent - 2 * part * series
        return UInt64(Double(weight) / max(logarithm, 1e-9) * 1000)
    }

    /// Hashes the fields that the group names, or those of a connection in either direction.
    private func hash(by selection: GroupSelection, basis: UInt64) -> UInt64 {
        guard selection.method == "hash", !selection.fields.isEmpty else {
            return connectionHash(basis)
        }
        var hash = basis
        for (field, mask) in selection.fields.map({ ($0.field, $0.mask) }) {
            let row = field.descriptor
            guard isPresent(field) else { continue }
            let bits = mask & row.location.ones
            wildcards[row.location] |= bits
            let value = key[row.location] & bits
            hash = Self.mix(hash, UInt64(truncatingIfNeeded: value))
            hash = Self.mix(hash, UInt64(truncatingIfNeeded: value >> 64))
        }
        return hash
    }

    /// The same for both directions of a connection; the ports of UDP do not matter, as in OVS.
    private func connectionHash(_ basis: UInt64) -> UInt64 {
        var fields: [(Field, Field)] = [(.ethernetSource, .ethernetDestination)]
        var single: [Field] = [.etherType]
        switch key.etherType {
        case EtherType.ipv4: fields.append((.ipv4Source, .ipv4Destination))
        case EtherType.ipv6: fields.append((.ipv6Source, .ipv6Destination))
        default: break
        }
        if isIP {
            single.append(.ipProtocol)
            switch key.ipProtocol {
            case IPProtocol.tcp: fields.append((.tcpSource, .tcpDestination))
            case IPProtocol.sctp: fields.append((.sctpSource, .sctpDestination))
            default: break
            }
        }
        var hash = basis
        for field in single {
            consult(field.descriptor.location)
            hash = Self.mix(hash, UInt64(truncatingIfNeeded: key[field]))
        }
        for (left, right) in fields {
            consult(left.descriptor.location)
            consult(right.descriptor.location)
            let value = key[left] ^ key[right]
            hash = Self.mix(hash, UInt64(truncatingIfNeeded: value ^ value >> 64))
        }
        return hash
    }

    private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = (left ^ 0xa076_1d64_78bd_642f).multipliedFullWidth(
            by: right ^ 0xe703_7ed1_a0b4_28db)
        return (product.high ^ product.low) &* 0x9e37_79b9_7f4a_7c15 ^ product.high
    }

    /// Has the datapath hash the packet, and looks at the hash when the packet comes again.
    private func selectByDatapathHash(in group: Group) {
        let location = Field.datapathHash.descriptor.location
        guard key[location] != 0 else {
            trace.add(.detail, "no live bucket")
            let isNamed = group.selection.method == "dp_hash"
            let basis = isNamed ? UInt32(truncatingIfNeeded: group.selection.parameter) : 0
            // The high half of the parameter names the kind, as in OVS; the default is for both
            // directions of a connection.
            let isSymmetric = !isNamed || group.selection.parameter >> 32 == 1
            let hash = DatapathHash(kind: isSymmetric ? .symmetric : .transport, basis: basis)
            freeze(at: .group(group.id), hash: hash)
            return
        }
        let count = group.hashMap.count
        wildcards[location] |= UInt128(count - 1)
        let hash = Int(truncatingIfNeeded: UInt64(truncatingIfNeeded: key[location]))
        // Values of a bucket that is not live fall to the next ones.
        for step in 0..<count {
            let index = group.hashMap[(hash + step) & (count - 1)]
            guard bridge.isLive(group.buckets[index], in: group) else { continue }
            use(index, of: group)
            return
        }
        trace.add(.detail, "no live bucket")
    }

    // MARK: Meters

    func meter(_ id: UInt32) {
        guard let meter = bridge.meters[id] else { return }
        actions.append(.meter(meter.datapathNumber))
    }
}
