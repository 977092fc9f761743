import FlowModel

extension UserspaceDatapath {
    /// Takes what an offload has counted into the flows' own counters.
    func absorbOffloaded() {
        guard offload != nil else { return }
        let now = offloadClock()
        for slot in details.indices where state.pointee.records[slot].isUsed {
            absorbOffloaded(slot, now: now)
        }
    }

    func absorbOffloaded(_ slot: Int, now: UInt64) {
        guard let counts = offload?.collect(slot), let detail = details[slot] else { return }
        let record = state.pointee.records + slot
        record.pointee.packets &+= counts.packets
        record.pointee.octets &+= counts.octets
        record.pointee.tcpFlags |= counts.tcpFlags
        let used = now > counts.age ? now - counts.age : 0
        record.pointee.lastUsed = max(record.pointee.lastUsed, used)
        state.pointee.statistics.offloadedHits &+= counts.packets
        credit(counts, to: detail)
    }

    /// Offers all flows again to what is below, since it may take others than before.
    public func offloadAgain() {
        for slot in details.indices {
            guard let detail = details[slot] else { continue }
            absorbOffloaded(slot, now: offloadClock())
            offload?.put(slot, key: detail.key, mask: detail.mask, actions: detail.actions)
        }
    }

    /// Counts at the ports what an offload took from one and gave to others.
    private func credit(_ counts: OffloadedCounts, to detail: FlowDetail) {
        let inPort = Int(detail.key.expanded.inPort)
        if inPort < state.pointee.portCapacity && detail.key.expanded.recirculationID == 0 {
            state.pointee.ports[inPort].counters.receivedPackets &+= counts.packets
            state.pointee.ports[inPort].counters.receivedOctets &+= counts.octets
            (devices[inPort] as? any OffloadedPort)?.creditReceived(counts)
        }
        for case .output(let number) in detail.actions
        where Int(number) < state.pointee.portCapacity {
            state.pointee.ports[Int(number)].counters.sentPackets &+= counts.packets
            state.pointee.ports[Int(number)].counters.sentOctets &+= counts.octets
            (devices[Int(number)] as? any OffloadedPort)?.creditSent(counts)
        }
    }

    /// Takes packets that an offload could not forward; the batch is emptied.
    ///
    /// - Parameter origin: where a packet comes from: its port, and the recirculation and the hash
    ///   that it had reached; `nil` drops it.
    public func receive(
        fromOffload batch: PacketBatch, now: UInt64, origin: (PacketBuffer) -> OffloadedOrigin?
    ) {
        var port: UInt32 = 0
        let run = offloadedBatch
        for packet in batch.contents {
            guard let from = origin(packet) else {
                pool.release(packet)
                continue
            }
            if run.count > 0 && (from.port != port || from.recirculationID != 0) {
                receive(run, from: port, now: now)
            }
            port = from.port
            if from.recirculationID == 0 {
                run.append(packet)
            } else {
                resume(packet, from, now: now)
            }
        }
        if run.count > 0 { receive(run, from: port, now: now) }
        batch.removeAll()
    }

    /// Goes on with a packet that was recirculated below.
    private func resume(_ packet: PacketBuffer, _ origin: OffloadedOrigin, now: UInt64) {
        state.pointee.now = now
        packet.inPort = origin.port
        var execution = Execution(inPort: origin.port)
        execution.recirculationID = origin.recirculationID
        execution.hash = origin.hash
        execution.depth = 1
        let key = keys + PacketBatch.capacity
        parse(packet, execution, into: key)
        let slot = find(key)
        guard slot >= 0 else { return addMiss(packet, key) }
        count(packet, key, slot)
        runFlow(slot, packet, &execution)
    }
}

/// Where a packet that an offload hands up comes from.
public struct OffloadedOrigin: Hashable, Sendable {
    public var port: UInt32
    public var recirculationID: UInt32
    public var hash: UInt32

    public init(port: UInt32, recirculationID: UInt32 = 0, hash: UInt32 = 0) {
        self.port = port
        self.recirculationID = recirculationID
        self.hash = hash
    }
}

/// A port whose packets an offload may forward, so that the port's own counters miss them.
public protocol OffloadedPort: PacketPort {
    func creditReceived(_ counts: OffloadedCounts)
    func creditSent(_ counts: OffloadedCounts)
}
