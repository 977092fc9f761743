import Classifier
public import FlowModel
public import OpenFlow
public import Pipeline

/// Group-mods: what controllers do to the group table (OpenFlow 1.3.5 §6.5).
extension VirtualSwitch {
    /// Carries out a group-mod, or leaves everything as it was.
    public func modifyGroups(
        _ message: GroupMod, of managed: ManagedBridge, now: Milliseconds
    ) throws(OpenFlowError) {
        let bridge = managed.bridge
        if message.command == .delete && message.id == GroupMod.all {
            for id in bridge.groups.keys.sorted() { removeGroup(id, of: managed) }
            network.bumpVersion()
            return
        }
        guard message.id <= GroupMod.maximum else { throw .groupModInvalidGroup }
        let old = bridge.groups[message.id]
        switch message.command {
        case .add:
            if old != nil { throw .groupModGroupExists }
            try replace(nil, by: message, of: managed, now: now)
        case .modify:
            guard let old else { throw .groupModUnknownGroup }
            try replace(old, by: message, of: managed, now: now)
        case .addOrModify: try replace(old, by: message, of: managed, now: now)
        case .delete: removeGroup(message.id, of: managed)
        case .insertBucket, .removeBucket:
            guard let old else { throw .groupModUnknownGroup }
            var changed = message
            changed.type = old.type
            changed.selection = old.selection
            changed.buckets = try Self.buckets(of: old, changedBy: message)
            try replace(old, by: changed, of: managed, now: now)
        }
        network.bumpVersion()
    }

    private func replace(
        _ old: Group?, by message: GroupMod, of managed: ManagedBridge, now: Milliseconds
    ) throws(OpenFlowError) {
        for bucket in message.buckets { try Self.check(bucket.actions, table: nil) }
        try checkLoop(message, in: managed.bridge)
        let group = Group(
            id: message.id, type: message.type, buckets: message.buckets,
            selection: message.selection, created: old?.created ?? now)
        journal?.note(groupsOf: managed.bridge)
        managed.bridge.groups[message.id] = group
    }

    private static func buckets(
        of group: Group, changedBy message: GroupMod
    ) throws(OpenFlowError) -> [Bucket] {
        let old = group.buckets
        let place = old.firstIndex { $0.id == message.commandBucketID }
        if message.command == .insertBucket {
            let known = Set(old.map(\.id))
            if message.buckets.contains(where: { known.contains($0.id) }) {
                throw .groupModBucketExists
            }
            switch message.commandBucketID {
            case Bucket.first: return message.buckets + old
            case Bucket.last, Bucket.all: return old + message.buckets
            default:
                guard let place else { throw .groupModUnknownBucket }
                return Array(old[...place]) + message.buckets + Array(old[(place + 1)...])
            }
        }
        switch message.commandBucketID {
        case Bucket.all: return []
        case Bucket.first: return Array(old.dropFirst())
        case Bucket.last: return Array(old.dropLast())
        default:
            guard let place else { throw .groupModUnknownBucket }
            return Array(old[..<place]) + Array(old[(place + 1)...])
        }
    }

    /// Refuses a group that would send packets back to itself.
    ///
    /// OVS lets such groups in, and drops their packets when they have gone round too often. A
    /// group that does not exist yet may be named, as in OVS.
    private func checkLoop(_ message: GroupMod, in bridge: Bridge) throws(OpenFlowError) {
        var seen: Set<UInt32> = []
        var pending = message.buckets.flatMap { Self.groups(in: $0.actions) }
        while let id = pending.popLast() {
            if id == message.id { throw .groupModLoop }
            guard seen.insert(id).inserted, let group = bridge.groups[id] else { continue }
            pending += group.buckets.flatMap { Self.groups(in: $0.actions) }
        }
    }

    private func removeGroup(_ id: UInt32, of managed: ManagedBridge) {
        guard managed.bridge.groups[id] != nil else { return }
        journal?.note(groupsOf: managed.bridge)
        managed.bridge.groups[id] = nil
        remove(rulesOf: managed, because: .groupDelete) { Self.groups(in: $0).contains(id) }
    }

    /// Removes the rules whose actions `isMeant` picks.
    func remove(
        rulesOf managed: ManagedBridge, because reason: SwitchEvent.RemovalReason,
        where isMeant: ([Action]) -> Bool
    ) {
        for table in managed.bridge.usedTables {
            for rule in table.rules(within: Match()) where isMeant(rule.actions) {
                journal?.note(.removed(table, rule))
                table.remove(rule)
                tellRemoved(rule, of: managed, reason)
            }
        }
    }

    // MARK: References

    /// The groups that actions send to.
    static func groups(in actions: [Action]) -> [UInt32] {
        actions.flatMap { action -> [UInt32] in
            switch action {
            case .group(let id): [id]
            case .writeActions(let list), .clone(let list): groups(in: list)
            default: []
            }
        }
    }

    /// The meters that actions go through.
    static func meters(in actions: [Action]) -> [UInt32] {
        actions.flatMap { action -> [UInt32] in
            switch action {
            case .meter(let id): [id]
            case .writeActions(let list), .clone(let list): meters(in: list)
            default: []
            }
        }
    }

    /// Refuses actions that name a group or a meter that is not there.
    func checkReferences(
        of actions: [Action], on managed: ManagedBridge
    ) throws(OpenFlowError) {
        for action in actions {
            switch action {
            case .group(let id):
                if managed.bridge.groups[id] == nil { throw .actionBadOutGroup }
            case .meter(let id):
                if managed.bridge.meters[id] == nil { throw .meterModInvalidMeter }
            case .writeActions(let list), .clone(let list):
                try checkReferences(of: list, on: managed)
            default: try managed.bridge.tunnelOptions.check(action)
            }
        }
    }

    /// How many rules name each of the numbers that `pick` finds in their actions.
    func referenceCounts(
        of managed: ManagedBridge, _ pick: ([Action]) -> [UInt32]
    ) -> [UInt32: UInt32] {
        var counts: [UInt32: UInt32] = [:]
        for table in managed.bridge.usedTables {
            for rule in table.rules(within: Match()) {
                for id in pick(rule.actions) { counts[id, default: 0] += 1 }
            }
        }
        return counts
    }

    // MARK: Statistics

    private func groups(_ id: UInt32, of managed: ManagedBridge) -> [Group] {
        guard id != GroupMod.all else {
            return managed.bridge.groups.values.sorted { $0.id < $1.id }
        }
        return managed.bridge.groups[id].map { [$0] } ?? []
    }

    func groupDescriptions(_ id: UInt32, of managed: ManagedBridge) -> [GroupDescription] {
        groups(id, of: managed).map {
            GroupDescription(
                type: $0.type, id: $0.id, buckets: $0.buckets, selection: $0.selection)
        }
    }

    func groupStatistics(
        _ id: UInt32, of managed: ManagedBridge, _ now: Milliseconds
    ) -> [GroupStats] {
        let references = referenceCounts(of: managed) { Self.groups(in: $0) }
        return groups(id, of: managed).map { group in
            GroupStats(
                id: group.id, referenceCount: references[group.id] ?? 0,
                count: .init(group.count), duration: .milliseconds(now - group.created),
                buckets: group.bucketCounts.map { .init($0) })
        }
    }

    /// What groups can do, with the actions of buckets in the bits that the version has for them.
    static func groupFeatures(_ version: OpenFlowVersion) -> GroupFeatures {
        let actions: UInt32 =
            switch version {
            case .v10: 0xfff
            case .v11: 0x01ff_e7ff
            default: 0x03ff_8001
            }
        return GroupFeatures(
            types: 0xf, capabilities: 0x7,
            maxGroups: Array(repeating: GroupMod.maximum, count: 4),
            actions: Array(repeating: actions, count: 4))
    }
}

extension GroupStats.Count {
    fileprivate init(_ count: Group.Count) {
        self.init(packets: count.packets, bytes: count.octets)
    }
}
