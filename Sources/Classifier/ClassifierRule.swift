public import FlowModel

/// What a classifier keeps of a rule: its match and its priority.
///
/// A base class, so that a lookup yields the owner's own object without a table in between and
/// without generic code on the way.
open class ClassifierRule {
    public let priority: UInt16
    /// The masked key in the words that the mask touches.
    public let key: SparseKey
    /// The mask; rules of one subtable share its storage.
    public internal(set) var mask: SparseKey
    /// The dimensions of conjunctive matches that the rule is a value of; empty for a rule that
    /// decides by itself.
    public final var conjunctions: [Conjunction] = []
    /// The next rule of the same hash and the same or a lower priority.
    final var next: ClassifierRule?
    /// Where the rule stands among those of its subtable.
    final var place = 0

    public init(match: Match, priority: UInt16) {
        self.priority = priority
        mask = SparseKey(match.mask)
        key = SparseKey(match.key, map: mask.map)
    }

    public final var match: Match { Match(maskedKey: key.expanded, mask: mask.expanded) }

    /// The rule with the same match that has the next lower priority.
    final var lower: ClassifierRule? {
        var candidate = next
        while let rule = candidate {
            if rule.key == key { return rule }
            candidate = rule.next
        }
        return nil
    }
}
