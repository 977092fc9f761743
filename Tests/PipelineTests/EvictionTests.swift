import Classifier
import FlowModel
import Pipeline
import TestSupport
import Testing

@Suite struct EvictionTests {
    /// What the manual page says, rule by rule (ovs-vswitchd.conf.db(5), `Flow_Table`).
    private struct Model {
        var rules: [Rule] = []

        static func group(_ rule: Rule) -> UInt128 { rule.match.value(.inPort) }

        static func expiry(_ rule: Rule) -> Milliseconds {
            var times: [Milliseconds] = []
            if rule.hardTimeout > 0 {
                times.append(rule.modified + Milliseconds(rule.hardTimeout) * 1000)
            }
            if rule.idleTimeout > 0 {
                times.append(rule.counters.used + Milliseconds(rule.idleTimeout) * 1000)
            }
            return times.min() ?? .max
        }

        /// The importance and the expiry of what has to go, and the size of its group.
        var first: (importance: UInt16, expiry: Milliseconds, groupSize: Int)? {
            let timed = rules.filter { $0.idleTimeout > 0 || $0.hardTimeout > 0 }
            var sizes: [UInt128: Int] = [:]
            for rule in timed { sizes[Self.group(rule), default: 0] += 1 }
            guard let largest = sizes.values.max() else { return nil }
            return timed.filter { sizes[Self.group($0)] == largest }
                .map { ($0.importance, Self.expiry($0), largest) }
                .min { ($0.0, $0.1) < ($1.0, $1.1) }
        }

        func size(ofGroupOf rule: Rule) -> Int {
            rules.count {
                ($0.idleTimeout > 0 || $0.hardTimeout > 0) && Self.group($0) == Self.group(rule)
            }
        }
    }

    private static func rule(
        _ priority: UInt16, _ random: inout SplitMix64, now: Milliseconds
    ) -> Rule {
        var entry = RuleEntry(table: 1, priority: priority)
        let port = UInt128.random(in: 0...4, using: &random)
        if port > 0 { entry.match.set(.inPort, to: port) }
        entry.importance = UInt16.random(in: 0...2, using: &random)
        if Bool.random(using: &random) {
            entry.idleTimeout = UInt16.random(in: 1...20, using: &random)
        }
        if Bool.random(using: &random) {
            entry.hardTimeout = UInt16.random(in: 1...20, using: &random)
        }
        return Rule(entry, now: now)
    }

    @Test(arguments: 0..<20)
    func `the rule that goes first agrees with a linear search`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let table = Bridge(name: "br0").table(1)
        var settings = TableSettings()
        settings.groups = [Subfield(.inPort)]
        table.configure(settings)
        var model = Model()
        var now: Milliseconds = 0
        for step in UInt16(1)...600 {
            now += Milliseconds.random(in: 0...500, using: &random)
            // Rules that are there when eviction begins count as well.
            if step == 100 { table.controllerEvicts = true }
            switch Int.random(in: 0..<6, using: &random) {
            case 0...2:
                let rule = Self.rule(step, &random, now: now)
                _ = table.insert(rule)
                model.rules.append(rule)
            case 3:
                guard let rule = model.rules.randomElement(using: &random) else { continue }
                table.remove(rule)
                model.rules.removeAll { $0 === rule }
            case 4:
                model.rules.randomElement(using: &random)?.credit(
                    packets: 1, octets: 60, used: now)
            default:
                guard let rule = model.rules.randomElement(using: &random) else { continue }
                rule.idleTimeout = UInt16.random(in: 0...20, using: &random)
                table.noteTimeouts(of: rule)
            }
            let victim = table.chooseVictim()
            guard step >= 100, let expected = model.first else {
                #expect(victim == nil)
                continue
            }
            let chosen = try #require(victim)
            #expect(chosen.importance == expected.importance)
            #expect(Model.expiry(chosen) == expected.expiry)
            #expect(model.size(ofGroupOf: chosen) == expected.groupSize)
        }
    }
}
