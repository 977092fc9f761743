import FlowModel

/// Conjunctive matches (ovs-fields(7), "Conjunctive Match Fields").
///
/// "Source in {a, b} and destination in {c, d}" takes four rules as a product, and four as a sum:
/// each value of a dimension is a rule of its own with `conjunction(id, k/n)`, and a packet that
/// matches a rule of each dimension is looked up again with `conj_id` set. A lookup therefore
/// gathers such parts besides the best rule that decides by itself, and puts them together
/// afterwards, from the highest priority downwards.
///
/// The parts of one subtable share a mask, and a packet matches one key of it; so at most one rule
/// of a subtable and priority is in hand, and putting together costs O(subtables × conjunctions).
/// The bits of all subtables probed are in the mask already, so that it needs no more of them.
extension Classifier {
    /// The rule that `partial` matches lead to if they are complete, or `best`.
    func complete(
        _ partial: [ClassifierRule], or best: ClassifierRule?, _ key: borrowing FlowKey,
        _ wildcards: inout FlowKey
    ) -> ClassifierRule? {
        var best = best
        var parts = partial
        while true {
            if let best { parts.removeAll { $0.rank <= best.rank } }
            guard let rank = parts.lazy.map(\.rank).max() else { return best }
            for id in Self.completeIDs(in: parts, rank: rank) {
                if let rule = lookup(key, conjunctionID: id, &wildcards) { return rule }
            }
            // Behind a part that came to nothing may be a rule with the same match.
            parts = parts.compactMap { part in
                guard part.rank == rank else { return part }
                guard let lower = part.lower, lower.conjunctions.isEmpty else {
                    return part.lower
                }
                if lower.rank > best?.rank ?? 0 || best == nil { best = lower }
                return nil
            }
        }
    }

    /// Searches once more, with the conjunction's number in the packet.
    ///
    /// Parts of conjunctions are passed over, to avoid recursion. As in OVS they hide the rules of
    /// lower priority with the very same match.
    private func lookup(
        _ key: borrowing FlowKey, conjunctionID id: UInt32, _ wildcards: inout FlowKey
    ) -> ClassifierRule? {
        var numbered = copy key
        numbered[.conjunctionID] = UInt128(id)
        var ignored: [ClassifierRule] = []
        return search(numbered, &wildcards, partial: &ignored)
    }

    /// The conjunctions of `rank` that have a rule in each dimension, in the order in which
    /// they become complete.
    ///
    /// A number that is used with two counts of dimensions is two conjunctions.
    private static func completeIDs(
        in parts: [ClassifierRule], rank: UInt32
    ) -> [UInt32] {
        struct Name: Hashable {
            let id: UInt32
            let clauseCount: UInt8
        }
        var ids: [UInt32] = []
        var clauses: [Name: UInt64] = [:]
        for part in parts where part.rank == rank {
            for conjunction in part.conjunctions {
                let name = Name(id: conjunction.id, clauseCount: conjunction.clauseCount)
                let before = clauses[name, default: 0]
                let after = before | 1 << UInt64(conjunction.clause)
                guard after != before else { continue }
                clauses[name] = after
                if after.nonzeroBitCount == Int(conjunction.clauseCount) {
                    ids.append(conjunction.id)
                }
            }
        }
        return ids
    }
}
