import FlowModel
public import Pipeline

/// Rules that the switch itself needs, which OpenFlow neither shows nor removes.
extension VirtualSwitch {
    /// Lets a bridge forward by itself for want of a controller, or no longer so.
    public func setFailOpen(_ isFailOpen: Bool, of managed: ManagedBridge, now: Milliseconds) {
        managed.isFailOpen = isFailOpen
        // The local port may have got another address.
        updateHiddenRules(of: managed, now: now)
    }

    /// Makes the hidden rules be as they have to be.
    func updateHiddenRules(of managed: ManagedBridge, now: Milliseconds) {
        let control = managed.configuration.inBand
        guard !control.remotes.isEmpty || managed.isFailOpen || !managed.hiddenRules.isEmpty
        else { return }
        var wanted = Set(HiddenRule.inBand(control, local: managed.hardwareAddress))
        if managed.isFailOpen { wanted.insert(.failOpen()) }
        guard wanted != Set(managed.hiddenRules.keys) else { return }
        let table = managed.bridge.table(0)
        for (hidden, rule) in managed.hiddenRules where !wanted.contains(hidden) {
            if !rule.isRemoved { table.remove(rule) }
            managed.hiddenRules[hidden] = nil
        }
        for hidden in wanted where managed.hiddenRules[hidden] == nil {
            let entry = RuleEntry(match: hidden.match, actions: hidden.actions)
            let rule = Rule(entry, now: now, isHidden: true, rank: hidden.rank)
            _ = table.insert(rule)
            managed.hiddenRules[hidden] = rule
        }
        network.bumpVersion()
    }
}
