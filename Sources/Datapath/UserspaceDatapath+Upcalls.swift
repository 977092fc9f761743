import ConnectionTracking
public import FlowModel

extension UserspaceDatapath {
    /// Whether packets wait to be taken.
    public var hasPending: Bool {
        state.pointee.misses.count > 0 || state.pointee.upcalls.count > 0
    }

    /// Keeps a packet without a flow for the owner; the hold goes over.
    func addMiss(_ packet: PacketBuffer, _ key: UnsafePointer<PackedKey>) {
        guard state.pointee.misses.count < Self.maximumPendingPackets else {
            state.pointee.statistics.lost &+= 1
            pool.release(packet)
            return
        }
        state.pointee.misses.append(Miss(packet: packet, key: key.pointee))
    }

    func addUpcall(
        _ packet: PacketBuffer, _ key: UnsafePointer<PackedKey>, _ action: UserspaceAction
    ) {
        guard state.pointee.upcalls.count < Self.maximumPendingPackets else {
            state.pointee.statistics.lost &+= 1
            pool.release(packet)
            return
        }
        state.pointee.upcalls.append(Upcall(packet: packet, key: key.pointee, action: action))
    }

    /// Calls `body` with each packet that found no flow, and its key.
    ///
    /// The hold on the packet goes over to `body`, which gives it to
    /// ``execute(_:_:_:)`` or releases it, and may put flows in. A packet whose flow was put in for
    /// one before it is forwarded at once. Packets that miss again because their actions
    /// recirculate them are taken too; those that do so too often are lost.
    public func takeMisses(_ body: (PacketBuffer, PackedKey) -> Void) {
        for _ in 0...Self.maximumRecirculations {
            let count = state.pointee.misses.count
            guard count > 0 else { return }
            for index in 0..<count { take(state.pointee.misses[index], body) }
            state.pointee.misses.removeFirst(count)
        }
        dropMisses()
    }

    private func take(_ miss: Miss, _ body: (PacketBuffer, PackedKey) -> Void) {
        let key = keys + (Self.keyCount - 1)
        key.pointee = miss.key
        let slot = find(key)
        guard slot >= 0 else {
            state.pointee.statistics.misses &+= 1
            body(miss.packet, miss.key)
            key.pointee = miss.key
            remember(key)
            return
        }
        count(miss.packet, key, slot)
        var execution = Execution(miss.key)
        note(ConnectionState(miss.key), &execution)
        note(TunnelMetadata(miss.key), &execution)
        runFlow(slot, miss.packet, &execution)
    }

    private func dropMisses() {
        for index in 0..<state.pointee.misses.count {
            state.pointee.statistics.lost &+= 1
            pool.release(state.pointee.misses[index].packet)
        }
        state.pointee.misses.removeAll()
    }

    /// Calls `body` with each packet that an action sent up, its key as it left, and the action.
    ///
    /// The hold on the packet goes over to `body`.
    public func takeUpcalls(_ body: (PacketBuffer, PackedKey, UserspaceAction) -> Void) {
        var index = 0
        // What `body` sends up in turn is taken with the rest.
        while index < state.pointee.upcalls.count {
            let upcall = state.pointee.upcalls[index]
            index += 1
            body(upcall.packet, upcall.key, upcall.action)
        }
        state.pointee.upcalls.removeAll()
    }

    /// Gives back all packets that wait in queues or for the owner.
    func discardPending() {
        dropMisses()
        takeUpcalls { packet, _, _ in pool.release(packet) }
        fragments.removeAll(releasingTo: pool)
        for number in portNumbers { removePort(number) }
    }
}
