import FlowModel

/// Finding the flows of packets: the exact-match cache, then the signature-match cache, then the
/// masks.
extension UserspaceDatapath {
    /// Which caches answer first.
    public var cacheSettings: CacheSettings {
        get { state.pointee.cacheSettings }
        set {
            state.pointee.cacheSettings = newValue
            state.pointee.displacementShare = .max / max(newValue.insertion, 1)
            switch (state.pointee.signatures, newValue.usesSignatures) {
            case (nil, true): state.pointee.signatures = SignatureCache()
            case (let cache?, false):
                cache.deallocate()
                state.pointee.signatures = nil
            case (nil, false), (.some, true): break
            }
        }
    }

    /// Says how packets are treated that come in by a port.
    ///
    /// - Parameter policing: how many are let in, if that is shared with other threads.
    public func setPort(
        _ number: UInt32, _ settings: PortSettings, policing: SharedPolicing? = nil
    ) {
        guard port(number) != nil else { return }
        let port = state.pointee.ports + Int(number)
        port.pointee.usesExactMatches = settings.usesExactMatches
        guard !settings.policing.isOff else { return port.pointee.setPolicing(nil) }
        port.pointee.setPolicing(
            policing ?? SharedPolicing(settings.policing, now: state.pointee.now))
    }

    /// Whether keys of packets from `port` are looked up in the exact-match cache.
    @inline(__always)
    private func usesExactMatches(_ port: UInt32) -> Bool {
        guard state.pointee.cacheSettings.insertion > 0 else { return false }
        guard Int(port) < state.pointee.portCapacity else { return true }
        return state.pointee.ports[Int(port)].usesExactMatches
    }

    /// Finds the flows of a batch's keys.
    @inline(__always)
    func find(_ count: Int, from port: UInt32) {
        find(Lookup(keys: UnsafePointer(keys), hashes: hashes, slots: slots, count: count), port)
    }

    /// The slot of a key's flow, by cache or search, or -1.
    func find(_ key: UnsafePointer<PackedKey>) -> Int {
        let hash = hashes + PacketBatch.capacity
        let slot = slots + PacketBatch.capacity
        hash.pointee = KeyHash.hash(key, KeyHash.seed)
        slot.pointee = -1
        let port = UInt32(truncatingIfNeeded: key.pointee[word: KeyWord.inPort] &>> 32)
        find(Lookup(keys: key, hashes: hash, slots: slot, count: 1), port)
        return slot.pointee
    }

    /// Remembers the flow that was put in for a miss: the next packet finds it in the cache.
    func remember(_ key: UnsafePointer<PackedKey>) {
        let port = UInt32(truncatingIfNeeded: key.pointee[word: KeyWord.inPort] &>> 32)
        guard usesExactMatches(port) else { return }
        var probes: UInt64 = 0
        let slot = state.pointee.table.find(key, probes: &probes)
        guard slot >= 0 else { return }
        remember(key, KeyHash.hash(key, KeyHash.seed), slot)
    }

    @inline(__always)
    private func remember(_ key: UnsafePointer<PackedKey>, _ hash: UInt64, _ slot: Int) {
        let mayDisplace = state.pointee.displacement.takes(state.pointee.displacementShare)
        cache.insert(
            key, hash, slot: slot, UnsafePointer(state.pointee.records), mayDisplace: mayDisplace)
    }

    /// Keys that are looked up together; they have the same in-port and recirculation ID.
    struct Lookup {
        let keys: UnsafePointer<PackedKey>
        let hashes: UnsafePointer<UInt64>
        /// Gets the slots of flows where they are -1; that is left where there is none.
        let slots: UnsafeMutablePointer<Int>
        let count: Int
    }

    @inline(__always)
    private func find(_ lookup: Lookup, _ port: UInt32) {
        guard usesExactMatches(port) else {
            return search(lookup, fillsCache: false)
        }
        let records = UnsafePointer(state.pointee.records)
        var (found, missing) = (0, 0)
        for index in 0..<lookup.count where lookup.slots[index] < 0 {
            let slot = cache.find(lookup.keys + index, lookup.hashes[index], records)
            lookup.slots[index] = slot
            found &+= slot >= 0 ? 1 : 0
            missing &+= slot >= 0 ? 0 : 1
        }
        state.pointee.statistics.exactMatchHits &+= UInt64(truncatingIfNeeded: found)
        if missing > 0 { search(lookup, fillsCache: true) }
    }

    /// Searches for the keys whose slot is negative, and remembers what is found.
    private func search(_ lookup: Lookup, fillsCache: Bool) {
        var missing: UInt64 = 0
        for index in 0..<lookup.count where lookup.slots[index] < 0 {
            missing |= 1 &<< UInt64(truncatingIfNeeded: index)
        }
        guard missing != 0 else { return }
        if let signatures = state.pointee.signatures {
            let found = state.pointee.table.find(
                lookup.keys, lookup.count, hashes: lookup.hashes, slots: lookup.slots,
                by: signatures)
            state.pointee.statistics.signatureHits &+= UInt64(truncatingIfNeeded: found)
        }
        var unknown: UInt64 = 0
        for index in 0..<lookup.count where lookup.slots[index] < 0 {
            unknown |= 1 &<< UInt64(truncatingIfNeeded: index)
        }
        if unknown != 0 {
            state.pointee.table.find(
                lookup.keys, lookup.count, slots: lookup.slots,
                probes: &state.pointee.statistics.maskLookups)
        }
        while missing != 0 {
            let index = missing.trailingZeroBitCount
            let slot = lookup.slots[index]
            if slot >= 0 {
                let isNew = unknown & (1 &<< UInt64(truncatingIfNeeded: index)) != 0
                remember(lookup, index, slot, isNew: isNew, fillsCache: fillsCache)
            }
            missing &= missing &- 1
        }
    }

    /// Puts what a search has found into the caches that did not know it.
    @inline(__always)
    private func remember(
        _ lookup: Lookup, _ index: Int, _ slot: Int, isNew: Bool, fillsCache: Bool
    ) {
        if isNew {
            state.pointee.statistics.megaflowHits &+= 1
            if let signatures = state.pointee.signatures {
                signatures.insert(
                    lookup.hashes[index], subtable: state.pointee.records[slot].subtable)
            }
        }
        if fillsCache { remember(lookup.keys + index, lookup.hashes[index], slot) }
    }
}
