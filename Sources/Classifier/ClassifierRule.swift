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
    /// The next rule with the same match and a lower priority.
    final var next: ClassifierRule?
    /// When the rule came among those of its subtable.
    final var sequence: UInt64 = 0

    public init(match: Match, priority: UInt16) {
        self.priority = priority
        mask = SparseKey(match.mask)
        key = SparseKey(match.key, map: mask.map)
    }

    public final var match: Match { Match(key: key.expanded, mask: mask.expanded) }
}
