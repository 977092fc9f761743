import Classifier
import FlowModel
import TestSupport
import Testing

/// Compares conjunctive matches with what ovs-fields(7) says of them, rule by rule.
struct ConjunctionModelTests {
    /// Dimensions of conjunction 1 and 2.
    private static let clauseCounts: [UInt8] = [2, 3]

    private static func rule(
        using random: inout SplitMix64, priority: UInt16, part: Bool
    ) -> ClassifierRule {
        var match = Match.random(using: &random)
        if !part && random.next() % 2 == 0 {
            match.set(.conjunctionID, to: UInt128(random.next() % 2 + 1))
        }
        let rule = ClassifierRule(match: match, priority: priority)
        guard part else { return rule }
        for id in 0..<clauseCounts.count where random.next() % 3 != 0 {
            let count = clauseCounts[id]
            rule.conjunctions.append(
                Conjunction(
                    id: UInt32(id + 1), clause: UInt8(random.next() % UInt64(count)),
                    clauseCount: count))
        }
        return rule
    }

    /// The priorities that the answer may have: more than one only where two conjunctions are
    /// complete at once, which is said to be unpredictable.
    private static func expected(_ rules: [ClassifierRule], _ key: FlowKey) -> Set<UInt16?> {
        let matching = rules.filter { $0.match.matches(key) }
        for priority in Set(matching.map(\.priority)).sorted(by: >) {
            let level = matching.filter { $0.priority == priority }
            if level.contains(where: \.conjunctions.isEmpty) { return [priority] }
            let all = level.flatMap(\.conjunctions)
            var found: Set<UInt16?> = []
            for id in Set(all.map(\.id)) {
                let parts = all.filter { $0.id == id }
                guard Set(parts.map(\.clause)).count == Int(parts[0].clauseCount) else {
                    continue
                }
                var numbered = key
                numbered[.conjunctionID] = UInt128(id)
                let best = rules.filter { rule in
                    rule.match.matches(numbered)
                        && !rules.contains { other in
                            !other.conjunctions.isEmpty && other.match == rule.match
                                && other.priority >= rule.priority
                        }
                }
                if let best = best.map(\.priority).max() { found.insert(best) }
            }
            if !found.isEmpty { return found }
        }
        return [nil]
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `conjunctive matches agree with a linear search`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let classifier = Classifier()
        var model: [ClassifierRule] = []
        for _ in 0..<60 {
            if random.next() % 5 == 0, let victim = model.indices.randomElement(using: &random) {
                classifier.remove(model.remove(at: victim))
                continue
            }
            let rule = Self.rule(
                using: &random, priority: UInt16(random.next() % 6), part: random.next() % 2 == 0)
            if let replaced = classifier.insert(rule) { model.removeAll { $0 === replaced } }
            model.append(rule)
        }
        for _ in 0..<150 {
            let key = FlowKey.random(using: &random)
            var wildcards = FlowKey()
            let found = classifier.lookup(key, wildcards: &wildcards)
            #expect(Self.expected(model, key).contains(found?.priority))
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `a conjunction depends on no bit that the mask does not name`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let classifier = Classifier()
        for priority in 0..<25 as Range<UInt16> {
            classifier.insert(Self.rule(using: &random, priority: 2 * priority, part: false))
            classifier.insert(
                Self.rule(using: &random, priority: 11 + 20 * (priority % 2), part: true))
        }
        expectWildcardsDecide(in: classifier, keys: 100, using: &random)
    }
}

struct ClassifierOrderTests {
    private func rule(_ number: UInt32) -> ClassifierRule {
        var match = Match()
        match.set(.inPort, to: UInt128(number))
        return ClassifierRule(match: match, priority: 1)
    }

    @Test func `rules are visited in the order in which they came, whichever have gone`() {
        let classifier = Classifier()
        let rules = (0..<200).map { rule($0) }
        for rule in rules { classifier.insert(rule) }
        for number in 0..<200 where number % 10 != 3 { classifier.remove(rules[number]) }
        classifier.insert(rules[0])
        var visited: [UInt32] = []
        classifier.forEach { visited.append($0.match.key.inPort) }
        #expect(visited == (0..<20).map { 10 * $0 + 3 } + [0])
    }

    @Test func `removing all rules at once leaves an empty classifier that works`() {
        let classifier = Classifier()
        let rules = (0..<50).map { rule($0) }
        for rule in rules { classifier.insert(rule) }
        classifier.remove(contentsOf: rules)
        #expect(classifier.count == 0)
        #expect(classifier.subtableCount == 0)
        for rule in rules { classifier.insert(rule) }
        classifier.remove(contentsOf: Array(rules[..<49]))
        var wildcards = FlowKey()
        var key = FlowKey()
        key.inPort = 49
        #expect(classifier.lookup(key, wildcards: &wildcards) === rules[49])
    }
}
