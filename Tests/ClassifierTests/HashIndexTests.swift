import TestSupport
import Testing

@testable import Classifier

/// Compares ``HashIndex`` with a dictionary.
struct HashIndexTests {
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `numbers are found as in a dictionary while they come and go`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var index = HashIndex<Int>()
        var model: [UInt64: Int] = [:]
        // Few numbers with few top bits collide often, and at the end of the slots too.
        let keys = (0..<48).map { _ in random.next() | (seed % 2 == 0 ? 0xfff << 52 : 0) } + [0]
        for step in 0..<2000 {
            let key = keys[Int(random.next() % UInt64(keys.count))]
            let value = random.next() % 3 == 0 ? nil : step
            index[key] = value
            model[key] = value
            #expect(index.count == model.count)
            let probe = keys[Int(random.next() % UInt64(keys.count))]
            #expect(index[probe] == model[probe])
            #expect(index.contains(probe) == (model[probe] != nil))
        }
        for key in keys { #expect(index[key] == model[key]) }
    }
}
