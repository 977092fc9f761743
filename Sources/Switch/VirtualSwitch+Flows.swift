import Classifier
import FlowModel
public import OpenFlow
public import Pipeline

/// Flow-mods: what controllers do to the tables (OpenFlow 1.0 §4.6, 1.3.5 §6.4).
extension VirtualSwitch {
    /// Empties the tables, and installs what the bridge does without a controller.
    func resetFlows(of managed: ManagedBridge, now: Milliseconds) {
        for table in managed.bridge.usedTables {
            let rules = table.rules(within: Match()).filter { !$0.isHidden }
            table.remove(contentsOf: rules)
            for rule in rules { tellRemoved(rule, of: managed, .delete) }
        }
        let configuration = managed.configuration
        if configuration.failMode == .standalone && !configuration.hasControllers {
            let entry = RuleEntry(
                priority: 0, actions: [.output(.normal, maxByteCount: 0)])
            _ = managed.bridge.table(0).insert(Rule(entry, now: now))
        }
        network.bumpVersion()
    }

    /// Carries out a flow-mod.
    public func modifyFlows(
        _ message: FlowMod, of managed: ManagedBridge, now: Milliseconds
    ) throws(OpenFlowError) {
        if message.tableID != FlowMod.allTables && message.tableID >= UInt8(Bridge.tableCount) {
            throw .requestNotPermitted
        }
        var message = message
        try managed.bridge.tunnelOptions.settle(&message.match)
        switch message.command {
        case .add:
            try checkActions(message, of: managed)
            try add(message, of: managed, now: now)
        case .modify, .modifyStrict:
            try checkActions(message, of: managed)
            let rules = selectedRules(message, of: managed)
            if rules.isEmpty {
                guard message.newCookie != nil && message.cookieMask == 0 else { return }
                try add(message, of: managed, now: now)
            } else {
                for rule in rules { modify(rule, message, of: managed, now: now) }
            }
        case .delete, .deleteStrict:
            remove(selectedRules(message, of: managed), of: managed)
        }
        network.bumpVersion()
    }

    private func add(
        _ message: FlowMod, of managed: ManagedBridge, now: Milliseconds
    ) throws(OpenFlowError) {
        guard !message.match.asksForRecirculation else { throw .requestNotPermitted }
        let table = message.tableID == FlowMod.allTables ? 0 : message.tableID
        var entry = RuleEntry(
            table: table, match: message.match, priority: message.priority,
            cookie: message.newCookie ?? 0, actions: message.actions)
        entry.idleTimeout = message.idleTimeout
        entry.hardTimeout = message.hardTimeout
        entry.importance = message.importance
        entry.flags = Rule.Flags(rawValue: message.flags.rawValue & 0x1f)
        let flowTable = managed.bridge.table(table)
        try admit(message, to: flowTable, of: managed)
        let rule = Rule(entry, now: now)
        let replaced = flowTable.insert(rule)
        if let replaced, !message.flags.contains(.resetCounts) {
            rule.counters.packets = replaced.counters.packets
            rule.counters.octets = replaced.counters.octets
        }
        journal?.note(.inserted(flowTable, rule, replaced: replaced))
        noteChange(rule, .added, of: managed, formerly: replaced?.actions ?? [])
        noteRoom(in: flowTable, of: managed)
    }

    /// Refuses a new rule for which there is no room, or that overlaps with another where that
    /// matters; one that takes the place of its like is always admitted.
    private func admit(
        _ message: FlowMod, to table: FlowTable, of managed: ManagedBridge
    ) throws(OpenFlowError) {
        let checksOverlap = message.flags.contains(.checkOverlap)
        guard checksOverlap || table.isFull,
            table.find(exactly: message.match, priority: message.priority) == nil
        else { return }
        if checksOverlap,
            table.classifier.hasOverlap(with: message.match, priority: message.priority)
        {
            throw .flowModOverlap
        }
        if table.isFull { try makeRoom(in: table, of: managed) }
    }

    private func modify(
        _ rule: Rule, _ message: FlowMod, of managed: ManagedBridge, now: Milliseconds
    ) {
        journal?.note(.modified(rule, before: Journal.RuleContents(rule)))
        let formerActions = rule.actions
        rule.actions = message.actions
        rule.modified = now
        if let cookie = message.newCookie { rule.cookie = cookie }
        if message.flags.contains(.resetCounts) {
            rule.counters = Rule.Counters(used: now)
        }
        noteChange(rule, .modified, of: managed, formerly: formerActions)
    }

    /// Removes rules, and what they have learned.
    private func remove(_ rules: [Rule], of managed: ManagedBridge) {
        var rest = rules[...]
        while let table = rest.first?.table {
            let end = rest.firstIndex { $0.table != table } ?? rest.endIndex
            if journal != nil {
                let flowTable = managed.bridge.table(table)
                for rule in rest[..<end] { journal?.note(.removed(flowTable, rule)) }
            }
            managed.bridge.table(table).remove(contentsOf: Array(rest[..<end]))
            rest = rest[end...]
        }
        for rule in rules {
            tellRemoved(rule, of: managed, .delete)
            removeLearned(by: rule, of: managed)
        }
    }

    /// The rules that a message of modify or delete means, those of a table together.
    private func selectedRules(_ message: FlowMod, of managed: ManagedBridge) -> [Rule] {
        let tables =
            message.tableID == FlowMod.allTables
            ? managed.bridge.usedTables : [managed.bridge.table(message.tableID)]
        var rules: [Rule] = []
        for table in tables {
            switch message.command {
            case .modifyStrict, .deleteStrict:
                if let rule = table.find(exactly: message.match, priority: message.priority) {
                    rules.append(rule)
                }
            case .add, .modify, .delete:
                rules += table.rules(within: message.match)
            }
        }
        let isDeletion = message.command.isDeletion
        return rules.filter { rule in
            !rule.isHidden
                && rule.cookie & message.cookieMask == message.cookie & message.cookieMask
                && (!isDeletion
                    || Self.sends(rule.actions, to: message.outPort)
                        && Self.sends(rule.actions, toGroup: message.outGroup))
        }
    }

    /// Whether the actions output to `port`, or `port` is any.
    static func sends(_ actions: [Action], to port: PortNumber) -> Bool {
        guard port != .none else { return true }
        return actions.contains { action in
            switch action {
            case .output(port, _), .outputTruncated(port, _), .enqueue(port, _): true
            case .controller: port == .controller
            case .writeActions(let list), .clone(let list): sends(list, to: port)
            default: false
            }
        }
    }

    /// Whether the actions send to the group, or it is any.
    static func sends(_ actions: [Action], toGroup id: UInt32) -> Bool {
        id == FlowMod.anyGroup || groups(in: actions).contains(id)
    }

    // MARK: Checks

    private func checkActions(
        _ message: FlowMod, of managed: ManagedBridge
    ) throws(OpenFlowError) {
        let table = message.tableID == FlowMod.allTables ? 0 : message.tableID
        try Self.check(message.actions, table: table)
        try checkReferences(of: message.actions, on: managed)
    }

    /// Refuses what the pipeline does not do.
    static func check(_ actions: [Action], table: UInt8?) throws(OpenFlowError) {
        for action in actions {
            switch action {
            case .output(let port, _), .outputTruncated(let port, _), .enqueue(let port, _):
                try check(port)
            case .gotoTable(let target):
                if let table, target <= table || target >= UInt8(Bridge.tableCount) {
                    throw .instructionBadTableID
                }
            case .writeActions(let list), .clone(let list):
                try check(list, table: nil)
            default: break
            }
        }
    }

    private static func check(_ port: PortNumber) throws(OpenFlowError) {
        guard port < PortNumber.maximum || (port.isReserved && port != .none && port != .unset)
        else { throw .actionBadOutPort }
    }
}

extension Match {
    /// Whether only packets that come again can match, which are the switch's own affair.
    fileprivate var asksForRecirculation: Bool {
        value(.recirculationID) != 0 || mask(.datapathHash) != 0
    }
}
