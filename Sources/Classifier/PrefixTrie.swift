/// The prefixes of one field that rules ask for.
///
/// A path-compressed binary trie. Its lookup says two things at once: which prefix lengths have a
/// rule that matches the value, so that subtables with other lengths can be skipped; and how many
/// leading bits had to be read to know that, so that the megaflow needs no more of them.
struct PrefixTrie {
    /// What a lookup found.
    struct Answer {
        /// Bit `n - 1` says that a rule with a prefix of `n` bits matches.
        var lengths: UInt128 = 0
        /// Leading bits that decided.
        var bitCount = 0
    }

    private struct Node {
        /// The bits of this edge, in the most significant end.
        var bits: UInt128
        var bitCount: Int
        var ruleCount: Int
        /// Indices of the nodes behind a 0 and a 1; -1 for none.
        var children: (Int, Int) = (-1, -1)

        var isLeaf: Bool { children.0 < 0 && children.1 < 0 }

        subscript(child bit: Int) -> Int {
            get { bit == 0 ? children.0 : children.1 }
            set { if bit == 0 { children.0 = newValue } else { children.1 = newValue } }
        }
    }

    private let width: Int
    private var nodes: [Node] = []
    private var freed: [Int] = []
    private var root = -1

    /// - Parameter width: bits of the field.
    init(width: Int) { self.width = width }

    var isEmpty: Bool { root < 0 }

    /// - Parameter value: the field, its first bit the most significant of the 128.
    func lookup(_ value: UInt128) -> Answer {
        var answer = Answer()
        var matched = 0
        var previous = -1
        var index = root
        while index >= 0 {
            let node = nodes[index]
            let equal = Self.equalBits(node.bits, node.bitCount, value << UInt128(matched))
            matched += equal
            if equal < node.bitCount {
                answer.bitCount = matched + 1
                return answer
            }
            if node.ruleCount > 0 { answer.lengths |= 1 << UInt128(matched - 1) }
            if matched >= width {
                answer.bitCount = width
                return answer
            }
            previous = index
            index = node[child: Self.bit(value, matched)]
        }
        let isAtLeaf = previous < 0 || nodes[previous].isLeaf
        answer.bitCount = isAtLeaf ? matched : matched + 1
        return answer
    }

    mutating func insert(_ value: UInt128, prefixLength: Int) {
        guard prefixLength > 0 else { return }
        guard root >= 0 else {
            root = makeNode(value, prefixLength)
            return
        }
        var offset = 0
        var parent = -1
        var index = root
        while true {
            let rest = value << UInt128(offset)
            let count = min(nodes[index].bitCount, prefixLength - offset)
            let equal = Self.equalBits(nodes[index].bits, count, rest)
            if equal < nodes[index].bitCount {
                let upper = split(index, after: equal)
                attach(upper, to: parent, value: value, offset: offset)
                let behind = offset + equal
                guard behind < prefixLength else {
                    nodes[upper].ruleCount = 1
                    return
                }
                let leaf = makeNode(value << UInt128(behind), prefixLength - behind)
                nodes[upper][child: Self.bit(value, behind)] = leaf
                return
            }
            offset += equal
            if offset == prefixLength {
                nodes[index].ruleCount += 1
                return
            }
            let bit = Self.bit(value, offset)
            let next = nodes[index][child: bit]
            guard next >= 0 else {
                let leaf = makeNode(value << UInt128(offset), prefixLength - offset)
                nodes[index][child: bit] = leaf
                return
            }
            parent = index
            index = next
        }
    }

    /// - Precondition: the prefix was inserted.
    mutating func remove(_ value: UInt128, prefixLength: Int) {
        guard prefixLength > 0 else { return }
        var path: [(node: Int, bit: Int)] = []
        var offset = 0
        var index = root
        while true {
            precondition(index >= 0, "the prefix is not in the trie")
            offset += nodes[index].bitCount
            if offset == prefixLength { break }
            let bit = Self.bit(value, offset)
            path.append((index, bit))
            index = nodes[index][child: bit]
        }
        nodes[index].ruleCount -= 1
        prune(index, path)
    }

    /// Removes nodes that no rule needs any more, and joins those with a single child.
    private mutating func prune(_ last: Int, _ path: [(node: Int, bit: Int)]) {
        var index = last
        var path = path
        while nodes[index].ruleCount == 0 {
            let children = nodes[index].children
            if children.0 >= 0 && children.1 >= 0 { return }
            let only = max(children.0, children.1)
            if only >= 0 { join(index, with: only) }
            let replacement = only
            guard let parent = path.popLast() else {
                root = replacement
                freed.append(index)
                return
            }
            nodes[parent.node][child: parent.bit] = replacement
            freed.append(index)
            if replacement >= 0 { return }
            index = parent.node
        }
    }

    /// Puts the bits of `upper` in front of those of its only child.
    private mutating func join(_ upper: Int, with lower: Int) {
        let bits = nodes[upper].bits | nodes[lower].bits >> UInt128(nodes[upper].bitCount)
        nodes[lower].bits = bits
        nodes[lower].bitCount += nodes[upper].bitCount
    }

    /// Makes a node of the first `count` bits of a node, with the rest of it below.
    private mutating func split(_ index: Int, after count: Int) -> Int {
        let node = nodes[index]
        let upper = makeNode(node.bits, count)
        nodes[upper].ruleCount = 0
        nodes[upper][child: Self.bit(node.bits, count)] = index
        nodes[index].bits = node.bits << UInt128(count)
        nodes[index].bitCount = node.bitCount - count
        return upper
    }

    private mutating func attach(_ index: Int, to parent: Int, value: UInt128, offset: Int) {
        if parent < 0 {
            root = index
        } else {
            nodes[parent][child: Self.bit(value, offset)] = index
        }
    }

    private mutating func makeNode(_ bits: UInt128, _ count: Int) -> Int {
        let kept = count == 0 ? 0 : bits & ~(count == 128 ? 0 : UInt128.max >> UInt128(count))
        let node = Node(bits: kept, bitCount: count, ruleCount: 1)
        if let index = freed.popLast() {
            nodes[index] = node
            return index
        }
        nodes.append(node)
        return nodes.count - 1
    }

    private static func equalBits(_ left: UInt128, _ count: Int, _ right: UInt128) -> Int {
        min(count, (left ^ right).leadingZeroBitCount)
    }

    private static func bit(_ value: UInt128, _ offset: Int) -> Int {
        Int(truncatingIfNeeded: value >> UInt128(127 - offset) & 1)
    }
}
