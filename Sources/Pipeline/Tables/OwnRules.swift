import FlowModel

/// The rules of a bridge's table 254: what becomes of packets that no rule of a controller matches.
///
/// They are shown and count packets, and nobody can change them. No search meets them: the
/// translation knows when each is due.
public struct OwnRules {
    /// Packets that come again after what was to be done with them is forgotten.
    public let recirculated: Rule
    /// Packets without a rule that go to controllers.
    public let miss: Rule
    /// Packets without a rule that do not.
    public let quietMiss: Rule
    /// Fragments, where they are dropped.
    public let fragments: Rule

    /// In the order in which they are shown.
    public var all: [Rule] { [recirculated, miss, quietMiss, fragments] }

    public init(now: Milliseconds) {
        let make = { (field: Field, value: UInt128, priority: UInt16, actions: [Action]) in
            var match = Match()
            match.set(field, to: value)
            let entry = RuleEntry(
                table: Bridge.hiddenTable, match: match, priority: priority, actions: actions)
            return Rule(entry, now: now)
        }
        recirculated = make(.recirculationID, 0, 2, [])
        miss = make(.reg0, 1, 0, [.controller(ControllerAction(reason: .explicitMiss))])
        quietMiss = make(.reg0, 2, 0, [])
        fragments = make(.reg0, 3, 0, [])
    }
}
