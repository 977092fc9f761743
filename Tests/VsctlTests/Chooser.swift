import TestSupport

/// Choices at random, the same ones for the same seed.
struct Chooser {
    private var generator: SplitMix64

    init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    /// True with this chance in a hundred.
    mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &generator) < percent
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &generator)
    }

    mutating func one<Element>(of elements: some Collection<Element>) -> Element {
        let index = number(0...(elements.count - 1))
        return elements[elements.index(elements.startIndex, offsetBy: index)]
    }

    mutating func several<Element>(_ count: Int, of elements: [Element]) -> [Element] {
        (0..<count).map { _ in one(of: elements) }
    }

    /// Each with a chance of three in ten.
    mutating func some(of elements: [String]) -> [String] {
        elements.filter { _ in chance(30) }
    }
}
