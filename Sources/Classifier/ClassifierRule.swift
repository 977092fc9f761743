public import FlowModel

/// What a classifier keeps of a rule: its match and its priority.
///
/// A base class, so that a lookup yields the owner's own object without a table in between and
/// without generic code on the way.
open class ClassifierRule {
    /// What decides between rules: the priority, or more than any priority for a rule that the
    /// switch itself needs.
    public let rank: UInt32
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

    public convenience init(match: Match, priority: UInt16) {
        self.init(match: match, rank: UInt32(priority))
    }

    public init(match: Match, rank: UInt32) {
        self.rank = rank
        mask = SparseKey(match.mask)
        key = SparseKey(match.key, map: mask.map)
    }

    /// The priority as OpenFlow knows it.
    public final var priority: UInt16 { UInt16(truncatingIfNeeded: rank) }

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
