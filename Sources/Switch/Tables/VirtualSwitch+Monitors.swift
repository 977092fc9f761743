import Classifier
public import FlowModel
public import OpenFlow
import Pipeline

/// Whose message is being carried out.
public struct MessageOrigin: Hashable, Sendable {
    public let connection: ObjectIdentifier
    public let xid: UInt32

    public init(connection: ObjectIdentifier, xid: UInt32) {
        self.connection = connection
        self.xid = xid
    }
}

/// A change to a rule, for flow monitors.
public struct FlowChange {
    public let flow: MonitoredFlow
    /// What the rule did before, where it was changed.
    public let formerActions: [Action]
    /// Who has asked for it; nil where the switch itself did it.
    public let origin: MessageOrigin?

    /// Whether the rule sends to the port and the group that `monitor` asks for, or did before.
    public func sends(as monitor: FlowMonitorRequest) -> Bool {
        [flow.actions, formerActions].contains { actions in
            VirtualSwitch.sends(actions, to: monitor.outPort)
                && VirtualSwitch.sends(actions, toGroup: monitor.outGroup)
        }
    }
}

extension VirtualSwitch {
    /// Notes a change to a rule for flow monitors, if there are any.
    func noteChange(
        _ rule: Rule, _ event: MonitoredFlow.Event, of managed: ManagedBridge,
        formerly actions: [Action] = []
    ) {
        guard managed.isMonitored, !rule.isHidden else { return }
        let change = FlowChange(
            flow: MonitoredFlow(rule, event), formerActions: actions, origin: origin)
        events.append(.flowChanged(bridge: managed.name, change))
    }

    /// What a monitor is to be told of the rules that are there.
    public func initialUpdates(
        for requests: [FlowMonitorRequest], of managed: ManagedBridge
    ) -> [FlowUpdate] {
        let monitors = requests.filter { $0.flags.contains(.initial) && $0.command != .delete }
        guard !monitors.isEmpty else { return [] }
        var updates: [FlowUpdate] = []
        for table in managed.bridge.usedTables {
            for rule in table.rules(within: Match()) where !rule.isHidden {
                var flow = MonitoredFlow(rule, .initial)
                let wanted = monitors.filter { monitor in
                    monitor.covers(flow) && Self.sends(rule.actions, to: monitor.outPort)
                        && Self.sends(rule.actions, toGroup: monitor.outGroup)
                }
                guard !wanted.isEmpty else { continue }
                if !wanted.contains(where: { $0.flags.contains(.actions) }) { flow.actions = [] }
                updates.append(.full(flow))
            }
        }
        return updates
    }
}

extension MonitoredFlow {
    fileprivate init(_ rule: Rule, _ event: Event) {
        self.init(
            event: event, tableID: rule.table, priority: rule.priority,
            idleTimeout: rule.idleTimeout, hardTimeout: rule.hardTimeout, cookie: rule.cookie,
            match: rule.match, actions: rule.actions)
    }
}

extension SwitchEvent.RemovalReason {
    /// The number that OpenFlow has for it.
    public var number: FlowRemoved.Reason {
        switch self {
        case .idleTimeout: .idleTimeout
        case .hardTimeout: .hardTimeout
        case .delete: .delete
        case .groupDelete: .groupDelete
        case .meterDelete: .meterDelete
        case .eviction: .eviction
        }
    }
}
