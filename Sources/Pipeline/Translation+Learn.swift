import FlowModel
import FlowSyntax

/// A rule that `learn` makes of a packet.
public struct LearnedRule {
    public let entry: RuleEntry
    /// How many rules with the cookie the table may have; 0 for any number.
    public let limit: UInt32
}

/// What became of a rule that was to be learned.
public enum LearnOutcome {
    case refused, refreshed, changed
}

extension Bridge {
    /// Adds a learned rule, or makes the rule with its match and priority be as it says.
    public func learn(_ learned: LearnedRule, now: Milliseconds) -> LearnOutcome {
        let entry = learned.entry
        let table = table(entry.table)
        if let rule = table.find(exactly: entry.match, priority: entry.priority) {
            rule.modified = max(now, rule.modified)
            let isSame =
                rule.actions == entry.actions && rule.cookie == entry.cookie
                && rule.idleTimeout == entry.idleTimeout && rule.hardTimeout == entry.hardTimeout
                && rule.flags == entry.flags
            if isSame { return .refreshed }
            rule.actions = entry.actions
            rule.cookie = entry.cookie
            rule.idleTimeout = entry.idleTimeout
            rule.hardTimeout = entry.hardTimeout
            rule.flags = entry.flags
            table.noteTimeouts(of: rule)
            onLearn?(rule, false)
            return .changed
        }
        guard hasRoom(for: learned), makeRoom(in: table) else { return .refused }
        let rule = Rule(entry, now: now)
        _ = table.insert(rule)
        onLearn?(rule, true)
        return .changed
    }

    /// Whether the table has room for one rule, if need be after another has gone.
    func makeRoom(in table: FlowTable) -> Bool {
        !table.isFull || onFull?(table) ?? false
    }

    /// Whether the limit permits the rule, or it is there already.
    func hasRoom(for learned: LearnedRule) -> Bool {
        guard learned.limit > 0 else { return true }
        let entry = learned.entry
        let table = table(entry.table)
        if table.find(exactly: entry.match, priority: entry.priority) != nil { return true }
        let count = table.rules(within: Match()).count { $0.cookie == entry.cookie }
        return count < Int(learned.limit)
    }
}

/// `learn`: adds rules by what packets hold.
extension Translation {
    func learn(_ learn: Learn) {
        let learned = LearnedRule(entry: entry(of: learn), limit: learn.limit)
        effects.append(.rulesLearned(bridge, learned))
        guard options.mayLearn else {
            trace.add(.warning, "suppressing side effects, so learn action ignored")
            return
        }
        let hasRoom = bridge.hasRoom(for: learned)
        if hasRoom { note(learned) }
        trace.add(.detail, TraceText.learned(learned.entry, names))
        if let destination = learn.resultDestination, learn.flags.contains(.writeResult) {
            write(hasRoom ? 1 : 0, to: destination.location)
            trace.add(.detail, TraceText.nowIs(destination, key[destination.location]))
        }
        if !hasRoom { trace.add(.detail, "Limit exceeded, learn failed") }
    }

    /// Adds a new rule at once, and leaves a change to an old one for the end.
    ///
    /// As in OVS, the walk itself sees neither, but does look at the bits that a new rule matches.
    private func note(_ learned: LearnedRule) {
        let entry = learned.entry
        let table = bridge.table(entry.table)
        guard table.find(exactly: entry.match, priority: entry.priority) == nil else {
            learnedRules.append((bridge, learned))
            return
        }
        guard bridge.makeRoom(in: table) else { return }
        let rule = Rule(entry, now: options.now)
        _ = table.insert(rule)
        bridge.onLearn?(rule, true)
        newRules.append(rule)
        hasChangedState = true
    }

    /// The rule that matches, but for those that this walk has added.
    func lookupOld(in table: FlowTable) -> Rule? {
        var hidden: [Rule] = []
        var found = table.lookup(key, wildcards: &wildcards)
        while let rule = found, newRules.contains(where: { $0 === rule }) {
            table.remove(rule)
            hidden.append(rule)
            found = table.lookup(key, wildcards: &wildcards)
        }
        for rule in hidden { _ = table.insert(rule) }
        return found
    }

    func addLearnedRules() {
        for (bridge, learned) in learnedRules
        where bridge.learn(learned, now: options.now) == .changed { hasChangedState = true }
        learnedRules.removeAll()
    }

    private func entry(of learn: Learn) -> RuleEntry {
        var entry = RuleEntry(table: learn.table, priority: learn.priority, cookie: learn.cookie)
        entry.idleTimeout = learn.idleTimeout
        entry.hardTimeout = learn.hardTimeout
        if learn.flags.contains(.sendFlowRemoved) { entry.flags = .sendFlowRemoved }
        if learn.finIdleTimeout != 0 || learn.finHardTimeout != 0 {
            entry.actions.append(
                .finTimeout(idle: learn.finIdleTimeout, hard: learn.finHardTimeout))
        }
        for specification in learn.specifications {
            let value = value(of: specification.source)
            switch specification.destination {
            case .match(let subfield):
                entry.match.set(subfield.location, to: value)
                if let option = subfield.field.tunnelOption {
                    entry.match.require(option: option)
                }
            case .load(let subfield): entry.actions.append(Self.write(value, to: subfield))
            case .output:
                let port = PortNumber(UInt16(truncatingIfNeeded: value))
                entry.actions.append(.output(port, maxByteCount: .max))
            }
        }
        return entry
    }

    private func value(of source: Learn.Source) -> UInt128 {
        switch source {
        case .immediate(let value): return value
        case .field(let subfield):
            consult(subfield.location)
            return key[subfield.location]
        }
    }

    /// The action that writes bits: `load`, which holds 64 of them, or `set_field`.
    private static func write(_ value: UInt128, to subfield: Subfield) -> Action {
        if subfield.width <= 64 { return .load(UInt64(truncatingIfNeeded: value), subfield) }
        let mask = Subfield(field: subfield.field, offset: 0, width: subfield.width).location.ones
        let shift = UInt128(subfield.offset)
        return .setField(subfield.field, value: value << shift, mask: mask << shift)
    }
}
