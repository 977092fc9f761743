import FlowModel
import Testing

/// The forms of a key, with words that few packets have.
struct KeyFormTests {
    @Test func `keys keep their rare words, whichever form they take`() {
        var key = FlowKey()
        #expect(key.rare.isEmpty)
        key[.reg31] = 7
        key[.option(63)] = 1
        key[.tunnelOption(63)] = .max
        key[.tunnelOption(0)] = 1
        key.inPort = 5
        let sparse = SparseKey(key)
        #expect(sparse.expanded == key)
        #expect(sparse.words.count == sparse.positions.count)
        for (word, position) in zip(sparse.words, sparse.positions) {
            #expect(key[word: position] == word)
        }
        #expect(PackedKey(key).expanded.inPort == 5)
        key[.reg31] = 0
        #expect(SparseKey(key) != sparse && SparseKey(key).expanded == key)
    }

    @Test func `words that are zero again are as if they had never been set`() {
        var key = FlowKey()
        key.inPort = 5
        let plain = key
        key[.tunnelOption(0)] = 1
        key[.option(0)] = 1
        #expect(key != plain)
        key[.tunnelOption(0)] = 0
        key[.option(0)] = 0
        #expect(key == plain && key.hashValue == plain.hashValue)
        #expect(SparseKey(key) == SparseKey(plain))
    }
}
