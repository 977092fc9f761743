import Classifier
import FlowModel

/// The rules of a table that may have to make room for others (ovs-vswitchd.conf.db(5),
/// `Flow_Table`, *Eviction Policy*).
///
/// Rules with a timeout are divided into groups by what some fields of their matches hold; the
/// largest group gives up the rule of the least importance that expires soonest. A heap in each
/// group would have to be mended whenever a packet puts off an expiry. Since expiries only move
/// away, the place of a rule is looked at again when it comes to the top instead. Adding, removing
/// and choosing cost O(log n), and choosing among many groups of the same size looks at some of
/// them only, as the manual page permits ("an approximation").
struct EvictionGroups {
    /// How many groups of the largest size are compared.
    static var maxComparedGroupCount: Int { 64 }

    typealias Key = [UInt128]

    private struct Candidate {
        let urgency: Urgency
        let rule: Rule
    }

    private struct Group {
        var heap = Heap()
        var count = 0
    }

    /// What goes first is less.
    private struct Urgency: Comparable {
        let importance: UInt16
        let expiry: Milliseconds
        let created: Milliseconds

        init(_ rule: Rule) {
            importance = rule.importance
            var expiry = Milliseconds.max
            if rule.hardTimeout > 0 {
                expiry = rule.modified + Milliseconds(rule.hardTimeout) * 1000
            }
            if rule.idleTimeout > 0 {
                expiry = min(expiry, rule.counters.used + Milliseconds(rule.idleTimeout) * 1000)
            }
            self.expiry = expiry
            created = rule.created
        }

        static func < (left: Self, right: Self) -> Bool {
            (left.importance, left.expiry, left.created)
                < (right.importance, right.expiry, right.created)
        }
    }

    let fields: [Subfield]
    private var groups: [Key: Group] = [:]
    private var keys: [ObjectIdentifier: Key] = [:]
    /// The groups of each size.
    private var sizes: [Int: Set<Key>] = [:]
    private var largest = 0

    init(fields: [Subfield]) { self.fields = fields }

    /// How many rules may be given up.
    var count: Int { keys.count }

    private func key(of rule: Rule) -> Key {
        let match = rule.match
        return fields.map { field in
            field.field.descriptor.prerequisite.isMet(by: match) ? match.key[field.location] : 0
        }
    }

    /// Adds a rule that has a timeout, or notes that its timeouts have changed.
    mutating func insert(_ rule: Rule) {
        let id = ObjectIdentifier(rule)
        let key = keys[id] ?? key(of: rule)
        if keys.updateValue(key, forKey: id) == nil { resize(key, by: 1) }
        groups[key, default: Group()].heap.push(Candidate(urgency: Urgency(rule), rule: rule))
        tidy(key)
    }

    mutating func remove(_ rule: Rule) {
        guard let key = keys.removeValue(forKey: ObjectIdentifier(rule)) else { return }
        resize(key, by: -1)
        if groups[key]?.count == 0 { groups[key] = nil } else { tidy(key) }
    }

    private mutating func resize(_ key: Key, by difference: Int) {
        let before = groups[key]?.count ?? 0
        let after = before + difference
        groups[key, default: Group()].count = after
        sizes[before]?.remove(key)
        if sizes[before]?.isEmpty == true { sizes[before] = nil }
        if after > 0 { sizes[after, default: []].insert(key) }
        largest = max(largest, after)
        while largest > 0 && sizes[largest] == nil { largest -= 1 }
    }

    /// Drops what is out of date from a heap where that is the greater part of it.
    private mutating func tidy(_ key: Key) {
        guard let group = groups[key], group.heap.count > 2 * group.count + 16 else { return }
        var seen: Set<ObjectIdentifier> = []
        var heap = Heap()
        for candidate in group.heap.candidates {
            let id = ObjectIdentifier(candidate.rule)
            guard keys[id] == key, seen.insert(id).inserted else { continue }
            heap.push(Candidate(urgency: Urgency(candidate.rule), rule: candidate.rule))
        }
        groups[key]?.heap = heap
    }

    /// The rule that is to go first; it stays until it is removed.
    mutating func choose() -> Rule? {
        guard let candidates = sizes[largest] else { return nil }
        var best: Candidate?
        for key in candidates.prefix(Self.maxComparedGroupCount) {
            guard let candidate = first(of: key) else { continue }
            if best.map({ candidate.urgency < $0.urgency }) ?? true { best = candidate }
        }
        return best?.rule
    }

    /// The first rule of a group, after what is out of date has been put right.
    private mutating func first(of key: Key) -> Candidate? {
        while let top = groups[key]?.heap.first {
            guard keys[ObjectIdentifier(top.rule)] == key else {
                groups[key]?.heap.pop()
                continue
            }
            let now = Urgency(top.rule)
            guard top.urgency < now else { return top }
            groups[key]?.heap.pop()
            groups[key]?.heap.push(Candidate(urgency: now, rule: top.rule))
        }
        return nil
    }

    /// A binary heap whose first candidate is the least.
    private struct Heap {
        private(set) var candidates: [Candidate] = []

        var count: Int { candidates.count }
        var first: Candidate? { candidates.first }

        mutating func push(_ candidate: Candidate) {
            candidates.append(candidate)
            var place = candidates.count - 1
            while place > 0 {
                let parent = (place - 1) / 2
                guard candidates[place].urgency < candidates[parent].urgency else { return }
                candidates.swapAt(place, parent)
                place = parent
            }
        }

        mutating func pop() {
            candidates.swapAt(0, candidates.count - 1)
            candidates.removeLast()
            var place = 0
            while true {
                var least = place
                for child in [2 * place + 1, 2 * place + 2]
                where child < candidates.count
                    && candidates[child].urgency < candidates[least].urgency
                {
                    least = child
                }
                guard least != place else { return }
                candidates.swapAt(place, least)
                place = least
            }
        }
    }
}
