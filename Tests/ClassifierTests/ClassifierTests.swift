import Classifier
import FlowModel
import TestSupport
import Testing

/// Compares ``Classifier`` with a linear search, which is slow and plainly right.
struct ClassifierModelTests {
    @Test(arguments: 0..<40 as Range<UInt64>)
    func `lookup agrees with a linear search while rules come and go`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let classifier = Classifier()
        var model: [ClassifierRule] = []
        for _ in 0..<200 {
            if random.next() % 4 == 0, let victim = model.indices.randomElement(using: &random) {
                classifier.remove(model.remove(at: victim))
                continue
            }
            let rule = ClassifierRule(
                match: .random(using: &random), priority: UInt16(random.next() % 8))
            let replaced = classifier.insert(rule)
            let before = model.count
            model.removeAll { $0.priority == rule.priority && $0.match == rule.match }
            #expect((replaced != nil) == (model.count < before))
            model.append(rule)
        }
        #expect(classifier.count == model.count)
        for _ in 0..<200 {
            let key = FlowKey.random(using: &random)
            var wildcards = FlowKey()
            let found = classifier.lookup(key, wildcards: &wildcards)
            let expected = model.filter { $0.match.matches(key) }.map(\.priority).max()
            #expect(found?.priority == expected)
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `a packet that differs only in bits not consulted finds the same rule`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let classifier = Classifier()
        var used: Set<UInt16> = []
        for priority in 0..<60 as Range<UInt16> {
            used.insert(priority)
            classifier.insert(
                ClassifierRule(match: .random(using: &random), priority: priority))
        }
        expectWildcardsDecide(in: classifier, keys: 200, using: &random)
    }
}

struct ClassifierMaskTests {
    private func ip(_ address: UInt32, bits: Int, priority: UInt16) -> ClassifierRule {
        var match = Match()
        match.set(.etherType, to: UInt128(EtherType.ipv4))
        match.set(
            .ipv4Destination, to: UInt128(address),
            mask: bits == 0 ? 0 : UInt128(UInt32.max << UInt32(32 - bits)))
        return ClassifierRule(match: match, priority: priority)
    }

    @Test func `a trie narrows the prefix to the bits that decide`() {
        let classifier = Classifier()
        classifier.insert(ip(0x0ac8_0000, bits: 24, priority: 9123))
        classifier.insert(ip(0x0ac8_00fe, bits: 32, priority: 9131))
        var key = FlowKey()
        key.etherType = EtherType.ipv4
        key.ipv4Destination = 0x0ac8_0001
        var wildcards = FlowKey()
        let rule = classifier.lookup(key, wildcards: &wildcards)
        #expect(rule?.priority == 9123)
        #expect(wildcards.ipv4Destination == 0xffff_ff80)
    }

    @Test func `a port trie narrows a missed port to the bits that decide`() {
        let classifier = Classifier()
        var match = Match()
        match.set(.etherType, to: UInt128(EtherType.ipv4))
        match.set(.ipProtocol, to: UInt128(IPProtocol.tcp))
        match.set(.tcpDestination, to: 8080)
        classifier.insert(ClassifierRule(match: match, priority: 1))
        var key = FlowKey()
        key.etherType = EtherType.ipv4
        key.ipProtocol = IPProtocol.tcp
        key.transportDestination = 80
        var wildcards = FlowKey()
        #expect(classifier.lookup(key, wildcards: &wildcards) == nil)
        #expect(wildcards.transportDestination == 0xf000)
        #expect(wildcards.transportSource == 0)
    }

    @Test func `a subtable ruled out by Ethernet adds no IP field`() {
        let classifier = Classifier()
        classifier.insert(ip(0x0a00_0001, bits: 31, priority: 1))
        var key = FlowKey()
        key.etherType = EtherType.arp
        var wildcards = FlowKey()
        #expect(classifier.lookup(key, wildcards: &wildcards) == nil)
        #expect(wildcards.etherType == 0xffff)
        #expect(wildcards.words[KeyWord.ipv4] == 0)
    }
}

extension FlowKey {
    /// Draws from few values, so that keys collide often.
    static func random(using random: inout SplitMix64) -> FlowKey {
        var key = FlowKey()
        key.inPort = UInt32(random.next() % 3)
        key.ethernetDestination = random.next() % 3
        key.etherType = random.next() % 4 == 0 ? EtherType.arp : EtherType.ipv4
        key.ipv4Source = UInt32(random.next() % 4) << 29 | UInt32(random.next() % 4)
        key.ipv4Destination = UInt32(random.next() % 8) << 24 | UInt32(random.next() % 2)
        key.ipProtocol = random.next() % 2 == 0 ? IPProtocol.tcp : IPProtocol.udp
        key.transportSource = UInt16(random.next() % 3)
        key.transportDestination = UInt16(random.next() % 4) << 10
        if random.next() % 2 == 0 { key[.reg20] = UInt128(random.next() % 2) }
        if random.next() % 2 == 0 {
            key[.option(40)] = 1
            key[.tunnelOption(40)] = UInt128(random.next() % 2) << 70
        }
        return key
    }
}

extension Match {
    static func random(using random: inout SplitMix64) -> Match {
        let key = FlowKey.random(using: &random)
        var match = Match()
        if random.next() % 3 == 0 { match.set(.inPort, to: key[.inPort]) }
        if random.next() % 4 == 0 { match.set(.reg20, to: key[.reg20]) }
        if random.next() % 4 == 0 { match.set(.tunnelOption(40), to: key[.tunnelOption(40)]) }
        if random.next() % 3 == 0 {
            match.set(.ethernetDestination, to: key[.ethernetDestination])
        }
        if random.next() % 2 == 0 {
            match.set(.etherType, to: key[.etherType])
            if random.next() % 2 == 0 {
                let bits = UInt32(random.next() % 33)
                let mask = bits == 0 ? 0 : UInt32.max << (32 - bits)
                match.set(.ipv4Destination, to: key[.ipv4Destination], mask: UInt128(mask))
            }
            if random.next() % 3 == 0 {
                match.set(.ipv4Source, to: key[.ipv4Source], mask: 0xe000_0000)
            }
            if random.next() % 3 == 0 {
                match.set(.ipProtocol, to: key[.ipProtocol])
                match.set(.tcpDestination, to: key[.tcpDestination], mask: 0xfc00)
            }
        }
        return match
    }
}

/// Whoever agrees with a key in the bits that decided gets the same answer.
func expectWildcardsDecide(
    in classifier: Classifier, keys: Int, using random: inout SplitMix64
) {
    for _ in 0..<keys {
        let key = FlowKey.random(using: &random)
        var wildcards = FlowKey()
        let found = classifier.lookup(key, wildcards: &wildcards)
        for _ in 0..<10 {
            var other = FlowKey.random(using: &random)
            for index in 0..<KeyWord.count {
                other.words[index] =
                    key.words[index] & wildcards.words[index]
                    | other.words[index] & ~wildcards.words[index]
            }
            for index in KeyWord.count..<KeyWord.fullCount {
                other[word: index] =
                    key[word: index] & wildcards[word: index]
                    | other[word: index] & ~wildcards[word: index]
            }
            var ignored = FlowKey()
            #expect(classifier.lookup(other, wildcards: &ignored) === found)
        }
    }
}
