import Classifier
public import Datapath
import FlowModel
import OpenFlow
public import Pipeline
import Tunnels

/// A flow of the datapath, and what it stands for in the tables.
struct Megaflow {
    /// The packet that it was made for, with the OpenFlow in-port.
    let key: SparseKey
    let datapathKey: SparseKey
    /// Held, since the counters of a bridge's last packets are absorbed after its end.
    let bridge: Bridge
    var mask: SparseKey
    var actions: [DatapathAction]
    var effects: [FlowEffect]
    var packetIns: [UInt32]
    /// What was credited already.
    var credited = FlowStatistics()
    let created: Milliseconds
    var used: Milliseconds
}

extension VirtualSwitch {
    /// Translates the packets that missed, installs megaflows for them, and forwards them.
    ///
    /// To be called by the thread that owns `datapath`.
    public func handleMisses(of datapath: UserspaceDatapath, now: Milliseconds) {
        datapath.takeMisses { packet, packedKey in
            handleMiss(packet, packedKey, datapath, now)
        }
        takeUpcalls(of: datapath, now: now)
    }

    private func handleMiss(
        _ packet: PacketBuffer, _ packedKey: PackedKey, _ datapath: UserspaceDatapath,
        _ now: Milliseconds
    ) {
        let datapathKey = packedKey.expanded
        guard let (bridge, inPort) = origin(of: datapathKey) else {
            refuse(packet, datapathKey, datapath, now)
            return
        }
        bridge.missCount &+= 1
        var key = datapathKey
        key.inPort = UInt32(inPort.value)
        guard takeTunnelOptions(of: &key, on: bridge, datapath) else {
            refuse(packet, datapathKey, datapath, now)
            return
        }
        let result = network.translate(
            key, on: bridge, registry: contexts,
            options: TranslationOptions(now: now, mayLearn: true))
        if result.hasChangedState { network.bumpVersion() }
        credit(
            result.effects, packets: 1, octets: UInt64(packet.byteCount), used: now,
            tcpFlags: Self.tcpFlags(of: key))
        let megaflow = Megaflow(
            key: SparseKey(key), datapathKey: SparseKey(datapathKey), bridge: bridge,
            mask: SparseKey(result.mask), actions: result.installedActions,
            effects: result.effects,
            packetIns: result.packetIns, created: now, used: now)
        install(megaflow, datapathKey, result.mask, datapath)
        takeSpecials(result.specials, packet.octets, now: now)
        datapath.execute(packet, packedKey, result.actions)
        solicit(result.solicitations, now: now)
    }

    /// Where a packet came in.
    private func origin(of key: FlowKey) -> (Bridge, PortNumber)? {
        if let (bridge, port) = network.origin(of: key) { return (bridge, port.number) }
        // One that a controller has sent has no port, and goes round all the same.
        return contexts.frozenState(of: key.recirculationID).map { ($0.bridge, .none) }
    }

    private func install(
        _ megaflow: Megaflow, _ key: FlowKey, _ mask: FlowKey, _ datapath: UserspaceDatapath
    ) {
        var mask = mask
        // As in OVS, a megaflow is for packets with one VLAN ID, or for such without a tag, unless
        // other bits of the tag matter.
        mask.vlanTCI |= mask.vlanTCI == 0 ? VLANBits.id | VLANBits.present : VLANBits.present
        // A flow is for packets with one set of options.
        if TunnelMetadata(PackedKey(key)) != nil { mask.words[KeyWord.metadata] = .max }
        if !upcallSettings.makesMegaflows { mask = UpcallSettings.exactMask }
        guard megaflows.count < flowLimit,
            let id = try? datapath.insert(key: key, mask: mask, actions: megaflow.actions)
        else {
            retiredContexts += megaflow.packetIns
            return
        }
        if megaflows[id] == nil {
            megaflows[id] = megaflow
        } else {
            // Another packet of the batch was first; this one's contexts serve it alone.
            retiredContexts += megaflow.packetIns
        }
    }

    /// Turns packets that came up by an action into events.
    private func takeUpcalls(of datapath: UserspaceDatapath, now: Milliseconds) {
        datapath.takeUpcalls { packet, key, action in
            defer { datapath.pool.release(packet) }
            if case .slowPath = action {
                return takeSlowPacket(packet, key, datapath, now: now)
            }
            guard case .controller(let upcall) = action, !upcall.isSuppressed,
                let state = contexts.state(of: upcall.recirculationID)
            else { return }
            if events.count >= Self.maximumQueuedEvents { return }
            // What the tracker says is of this packet; the rest is its flow's.
            var known = state.key
            known.takeConnection(of: key.expanded)
            events.append(
                .packetIn(
                    bridge: state.bridge.name,
                    PacketInEvent(
                        action: state.action, table: state.table, cookie: state.cookie,
                        key: known, octets: packet.octets,
                        continuation: state.continuation.map {
                            Self.continuation(of: $0, key: known)
                        })))
        }
    }

    /// Packets that wait for controllers; more are dropped.
    static var maximumQueuedEvents: Int { 4096 }

    // MARK: Counters

    /// Credits what the datapath has counted to rules, tables and MAC entries.
    public func absorb(_ statistics: some Sequence<(id: FlowID, statistics: FlowStatistics)>) {
        for (id, current) in statistics {
            guard let megaflow = megaflows[id] else { continue }
            let packets = current.packets &- megaflow.credited.packets
            guard packets > 0 else { continue }
            megaflow.bridge.hitCount &+= packets
            let octets = current.octets &- megaflow.credited.octets
            let used = current.lastUsed.map { Milliseconds($0) } ?? megaflow.used
            credit(
                megaflow.effects, packets: packets, octets: octets, used: used,
                tcpFlags: current.tcpFlags)
            megaflows[id]?.credited = current
            megaflows[id]?.used = used
        }
    }

    /// The flags of a packet, if it is one of TCP.
    static func tcpFlags(of key: FlowKey) -> UInt16 {
        EtherType.isIP(key.etherType) && key.ipProtocol == IPProtocol.tcp ? key.tcpFlags : 0
    }

    private static var closingFlags: UInt16 { 0x5 }

    func credit(
        _ effects: [FlowEffect], packets: UInt64, octets: UInt64, used: Milliseconds,
        tcpFlags: UInt16
    ) {
        for effect in effects {
            switch effect {
            case .rule(let rule):
                rule.credit(packets: packets, octets: octets, used: used)
            case .tableLookup(let table, let matched):
                table.lookupCount &+= packets
                if matched { table.matchCount &+= packets }
            case .learned(let bridge, let key, let bundle):
                // The megaflows of a port that has gone are credited once more.
                guard bridge.bundles[bundle.name] === bundle else { continue }
                let isChanged = bridge.macTable.learn(
                    key.address, vlan: key.vlan, on: bundle, now: used)
                if isChanged { network.bumpVersion() }
            case .rulesLearned(let bridge, let learned):
                if bridge.learn(learned, now: used) == .changed { network.bumpVersion() }
            case .finTimeout(let rule, let idle, let hard):
                guard tcpFlags & Self.closingFlags != 0, !rule.isRemoved else { continue }
                shorten(rule, idle: idle, hard: hard)
            case .group(let group, let bucket):
                group.credit(bucket: bucket, packets: packets, octets: octets)
            case .patch(let from, let to):
                creditPatch(from, to, packets: packets, octets: octets)
            case .tunnel(let port, let isReceived):
                creditTunnel(port, isReceived, packets: packets, octets: octets)
            case .neighbour(let key, let hardware):
                if network.underlay.neighbours.learn(key, hardware, now: used) {
                    network.bumpVersion()
                }
            }
        }
    }

    private func shorten(_ rule: Rule, idle: UInt16, hard: UInt16) {
        guard rule.shortenTimeouts(idle: idle, hard: hard) else { return }
        for managed in bridges.values {
            let table = managed.bridge.existingTable(rule.table)
            if let table, table.find(exactly: rule.match, priority: rule.priority) === rule {
                table.noteTimeouts(of: rule)
            }
        }
    }

    private func creditPatch(
        _ from: BridgePort, _ to: BridgePort, packets: UInt64, octets: UInt64
    ) {
        for managed in bridges.values {
            if let interface = managed.interfaces[from.name] {
                interface.patchCounters.sentPackets &+= packets
                interface.patchCounters.sentOctets &+= octets
            }
            if let interface = managed.interfaces[to.name] {
                interface.patchCounters.receivedPackets &+= packets
                interface.patchCounters.receivedOctets &+= octets
            }
        }
    }

    // MARK: Revalidation

    /// The contexts that no order to the datapath names from now on.
    ///
    /// The datapath carries orders out later: until then its flows send packets up with the
    /// contexts that they had, and a packet whose context is gone is lost. The caller therefore
    /// takes them, waits until the datapath has done all orders given so far and what it sent up
    /// has been taken, and then gives them to ``release(_:)``.
    public func takeRetiredContexts() -> RetiredContexts {
        defer { retiredContexts.removeAll() }
        return RetiredContexts(ids: retiredContexts)
    }

    /// Forgets contexts that the datapath does not know any more.
    public func release(_ retired: RetiredContexts) { contexts.release(retired.ids) }

    func removeMegaflow(_ id: FlowID) {
        guard let megaflow = megaflows.removeValue(forKey: id) else { return }
        retiredContexts += megaflow.packetIns
        link.removeFlow(id)
    }

    /// Forgets the megaflows of a forwarding thread that has ended, after their last counters.
    public func forgetThread(
        _ number: UInt16, _ statistics: some Sequence<(id: FlowID, statistics: FlowStatistics)>
    ) {
        absorb(statistics)
        for (id, megaflow) in megaflows where id.thread == number {
            retiredContexts += megaflow.packetIns
            megaflows[id] = nil
        }
    }

    /// Removes all megaflows, as `revalidator/purge` and `dpctl/del-flows` do.
    public func removeAllMegaflows() {
        for id in Array(megaflows.keys) { removeMegaflow(id) }
    }

    // MARK: Time

    /// Expires rules and MAC addresses; to be called about once a second, with fresh counters.
    public func expire(now: Milliseconds) {
        if network.underlay.neighbours.expire(now: now) { network.bumpVersion() }
        for managed in bridges.values {
            if managed.bridge.macTable.expire(at: now) { network.bumpVersion() }
            for table in managed.bridge.usedTables {
                for rule in table.timedRules.values {
                    guard !rule.isRemoved, let expiry = rule.expiry(at: now) else { continue }
                    table.remove(rule)
                    network.bumpVersion()
                    tellRemoved(rule, of: managed, expiry == .idle ? .idleTimeout : .hardTimeout)
                    removeLearned(by: rule, of: managed)
                }
            }
        }
    }

    func tellRemoved(_ rule: Rule, of managed: ManagedBridge, _ reason: SwitchEvent.RemovalReason) {
        noteChange(rule, .deleted(reason.number), of: managed)
        if let table = managed.bridge.existingTable(rule.table) { noteRoom(in: table, of: managed) }
        guard rule.flags.contains(.sendFlowRemoved) && !rule.isHidden else { return }
        events.append(.flowRemoved(bridge: managed.name, rule, reason))
    }
}
