public import FlowModel

/// A table of rules, searched by tuple space.
///
/// Rules whose masks are equal share a ``Subtable``. A lookup probes the subtables from the highest
/// priority they hold downwards, and stops at the first one that cannot beat the rule in hand, so
/// that its cost grows with the number of distinct masks, not of rules.
///
/// The obvious search would make a megaflow depend on every bit that any probed subtable masks.
/// Two things keep it narrow. *Staged lookup*: a subtable that the packet's metadata or Ethernet
/// header rules out adds only those fields. *Prefix tries*: for address fields, a trie of all the
/// rules' prefixes tells which prefix lengths can match at all, and adds only the leading bits that
/// tell so; transport ports have a trie in each subtable.
///
/// A rule may be but a part of a conjunctive match; `Classifier+Conjunction.swift` says how those
/// are put together.
///
/// Inserting and removing cost O(stages). Thread safety: none; the owner serialises.
public final class Classifier {
    private var subtables: [SparseKey: Subtable] = [:]
    /// The one that was asked for last; rules mostly come and go with others of their mask.
    private var recent: Subtable?
    /// By ``Subtable/maximumRank``, highest first.
    private var ordered: [Subtable] = []
    private let tries: [TrieField]
    private var roots: [PrefixTrie]
    public private(set) var count = 0

    /// Fields whose prefixes are tracked where the operator says nothing (ovs-vswitchd.conf.db(5),
    /// `Flow_Table` column `prefixes`).
    public static var defaultPrefixFields: [Field] { [.ipv4Destination, .ipv4Source] }

    public init(prefixFields: [Field] = Classifier.defaultPrefixFields) {
        tries = prefixFields.map(TrieField.init)
        roots = tries.map { PrefixTrie(width: $0.location.width) }
    }

    public var subtableCount: Int { ordered.count }

    /// Adds `rule`.
    ///
    /// - Returns: the rule with the same match and priority that it took the place of.
    @discardableResult
    public func insert(_ rule: ClassifierRule) -> ClassifierRule? {
        var known = subtable(of: rule.mask)
        let replaced = known?.find(exactly: rule.key, rank: rule.rank)
        if let replaced {
            remove(replaced)
            known = self.subtable(of: rule.mask)
        }
        let subtable = known ?? makeSubtable(rule.mask)
        let before = subtable.maximumRank
        let wasEmpty = subtable.isEmpty
        subtable.insert(rule)
        if wasEmpty || subtable.maximumRank != before { reorder(subtable) }
        for (index, length) in subtable.prefixLengths.enumerated() where length > 0 {
            roots[index].insert(tries[index].value(in: rule.key.expanded), prefixLength: length)
        }
        count += 1
        return replaced
    }

    /// - Precondition: the very rule is in the classifier.
    public func remove(_ rule: ClassifierRule) {
        guard let subtable = subtable(of: rule.mask) else {
            preconditionFailure("the rule is not in the classifier")
        }
        let before = subtable.maximumRank
        subtable.remove(rule)
        for (index, length) in subtable.prefixLengths.enumerated() where length > 0 {
            roots[index].remove(tries[index].value(in: rule.key.expanded), prefixLength: length)
        }
        if subtable.isEmpty {
            subtables[subtable.mask] = nil
            recent = nil
            ordered.removeAll { $0 === subtable }
        } else if subtable.maximumRank != before {
            reorder(subtable)
        }
        count -= 1
    }

    /// Removes many rules, at next to no cost where they are all that there are.
    ///
    /// - Precondition: the rules are in the classifier, each named once.
    public func remove(contentsOf rules: [ClassifierRule]) {
        guard rules.count == count else {
            for rule in rules { remove(rule) }
            return
        }
        subtables = [:]
        recent = nil
        ordered = []
        roots = tries.map { PrefixTrie(width: $0.location.width) }
        count = 0
        for rule in rules { rule.next = nil }
    }

    /// The rule with the match and priority of `rule`.
    public func find(exactly rule: ClassifierRule) -> ClassifierRule? {
        subtable(of: rule.mask)?.find(exactly: rule.key, rank: rule.rank)
    }

    private func subtable(of mask: SparseKey) -> Subtable? {
        if let recent, recent.mask == mask { return recent }
        guard let found = subtables[mask] else { return nil }
        recent = found
        return found
    }

    public func find(exactly match: Match, priority: UInt16) -> ClassifierRule? {
        find(exactly: ClassifierRule(match: match, rank: UInt32(priority)))
    }

    /// Calls `body` with each rule whose match is `criteria` or narrower, and those of one mask in
    /// the order in which they came.
    public func forEach(within criteria: Match, _ body: (ClassifierRule) -> Void) {
        let wanted = SparseKey(criteria.mask)
        for subtable in ordered {
            let mask = subtable.mask.expanded
            guard criteria.mask & mask == criteria.mask else { continue }
            subtable.forEach { rule in
                if wanted.map == 0 || rule.match.isNarrower(orEqualTo: criteria) { body(rule) }
            }
        }
    }

    public func forEach(_ body: (ClassifierRule) -> Void) {
        for subtable in ordered { subtable.forEach(body) }
    }

    /// Whether a rule of the same priority, with another match, could match the same packet.
    public func hasOverlap(with match: Match, priority: UInt16) -> Bool {
        for subtable in ordered where subtable.rankCounts[UInt32(priority)] != nil {
            var overlaps = false
            subtable.forEach { rule in
                if rule.rank == UInt32(priority) && rule.match.overlaps(match) { overlaps = true }
            }
            if overlaps { return true }
        }
        return false
    }

    /// The rule of the highest priority that matches `key`.
    ///
    /// - Parameter wildcards: gains the bits of the packet that the answer depends on.
    public func lookup(_ key: borrowing FlowKey, wildcards: inout FlowKey) -> ClassifierRule? {
        var partial: [ClassifierRule] = []
        let best = search(key, &wildcards, partial: &partial)
        if partial.isEmpty { return best }
        return complete(partial, or: best, key, &wildcards)
    }

    /// The best rule that decides by itself.
    ///
    /// - Parameter partial: gains the parts of conjunctive matches that precede it.
    func search(
        _ key: borrowing FlowKey, _ wildcards: inout FlowKey, partial: inout [ClassifierRule]
    ) -> ClassifierRule? {
        var best: ClassifierRule?
        var answers = TrieAnswers()
        for subtable in ordered {
            if let best, best.rank >= subtable.maximumRank { break }
            guard let rule = probe(subtable, key, &answers, &wildcards) else { continue }
            if let best, best.rank >= rule.rank { continue }
            if rule.conjunctions.isEmpty { best = rule } else { partial.append(rule) }
        }
        return best
    }

    /// The answer of each trie, asked at most once in a lookup.
    private struct TrieAnswers {
        private var answers: InlineArray<8, PrefixTrie.Answer?> = .init(repeating: nil)

        mutating func answer(
            _ index: Int, _ field: TrieField, _ trie: borrowing PrefixTrie,
            _ key: borrowing FlowKey
        ) -> PrefixTrie.Answer {
            if let answer = answers[index] { return answer }
            let answer = trie.lookup(field.value(in: key))
            answers[index] = answer
            return answer
        }
    }

    private func probe(
        _ subtable: Subtable, _ key: borrowing FlowKey, _ answers: inout TrieAnswers,
        _ wildcards: inout FlowKey
    ) -> ClassifierRule? {
        var hash: UInt64 = 0
        var seen = 0
        for index in subtable.stages.indices {
            let range = subtable.stages[index].range
            if isRuledOut(subtable, range, key, &answers, &wildcards) {
                return miss(subtable, seen, &wildcards)
            }
            seen = range.upperBound
            hash = subtable.extend(hash, key, range)
            guard subtable.stageMayMatch(index, hash) else {
                return miss(subtable, seen, &wildcards)
            }
        }
        if isRuledOut(subtable, subtable.lastRange, key, &answers, &wildcards) {
            return miss(subtable, seen, &wildcards)
        }
        if subtable.hasTCPFlags, !subtable.flagsMayMatch(hash, key) {
            let word = subtable.mask.words[subtable.lastRange.lowerBound]
            wildcards.words[KeyWord.transport] |= word & Subtable.flagBits
            return miss(subtable, seen, &wildcards)
        }
        hash = subtable.extend(hash, key, subtable.lastRange)
        if let rule = subtable.find(hash, key) {
            _ = miss(subtable, subtable.positions.count, &wildcards)
            return rule
        }
        if subtable.portsMask != 0, let bits = subtable.decidingPortBits(key) {
            wildcards.words[KeyWord.transport] |= UInt64(bits) << 32
            return miss(subtable, seen, &wildcards)
        }
        return miss(subtable, subtable.positions.count, &wildcards)
    }

    /// Adds the first `count` words of the subtable's mask to `wildcards`.
    private func miss(
        _ subtable: Subtable, _ count: Int, _ wildcards: inout FlowKey
    ) -> ClassifierRule? {
        for position in 0..<count {
            wildcards[word: subtable.positions[position]] |= subtable.mask.words[position]
        }
        return nil
    }

    /// Whether a trie says that no rule of the subtable matches; then the bits that say so are in
    /// `wildcards`.
    ///
    /// A trie is shared by all subtables, and may have read more bits than this one asks for; it is
    /// believed only where it widens nothing.
    private func isRuledOut(
        _ subtable: Subtable, _ range: Range<Int>, _ key: borrowing FlowKey,
        _ answers: inout TrieAnswers, _ wildcards: inout FlowKey
    ) -> Bool {
        guard !range.isEmpty else { return false }
        // Rare words stand in front, and no trie is of them.
        let last = subtable.positions[range.upperBound - 1]
        let words = min(subtable.positions[range.lowerBound], last)...last
        for (index, length) in subtable.prefixLengths.enumerated()
        where length > 0 && words.contains(tries[index].location.word) {
            let answer = answers.answer(index, tries[index], roots[index], key)
            guard answer.lengths >> UInt128(length - 1) & 1 == 0 else { continue }
            if answer.bitCount <= length {
                tries[index].setPrefix(answer.bitCount, in: &wildcards)
                return true
            }
            if tries[index].hasPrefix(answer.bitCount, in: wildcards) { return true }
        }
        return false
    }

    private func makeSubtable(_ mask: SparseKey) -> Subtable {
        let subtable = Subtable(mask: mask, tries: tries)
        subtables[mask] = subtable
        ordered.append(subtable)
        return subtable
    }

    private func reorder(_ subtable: Subtable) {
        ordered.removeAll { $0 === subtable }
        let place = ordered.firstIndex { $0.maximumRank < subtable.maximumRank }
        ordered.insert(subtable, at: place ?? ordered.count)
    }
}
