/// What a column holds in one row: a set of atoms, or a map from atoms to atoms.
///
/// A scalar is a set of one. Keys are sorted and distinct, so that two data are equal exactly where
/// their arrays are, and so that a difference is one pass over both. The values of a map stand in
/// the order of their keys; a set has none.
public struct Datum: Hashable, Sendable {
    public internal(set) var keys: [Atom]
    public internal(set) var values: [Atom]

    /// - Precondition: `sortedKeys` is sorted and has no duplicates.
    public init(sortedKeys: [Atom], values: [Atom] = []) {
        keys = sortedKeys
        self.values = values
    }

    public static var empty: Datum { Datum(sortedKeys: []) }

    public init(_ atom: Atom) { self.init(sortedKeys: [atom]) }

    /// A set; duplicates are dropped.
    public init(set atoms: some Sequence<Atom>) {
        var keys = atoms.sorted()
        Self.dropDuplicates(&keys)
        self.init(sortedKeys: keys)
    }

    /// A map; the last one of equal keys counts.
    public init(map pairs: some Sequence<(Atom, Atom)>) {
        var latest: [Atom: Atom] = [:]
        for (key, value) in pairs { latest[key] = value }
        let sorted = latest.sorted { $0.key < $1.key }
        self.init(sortedKeys: sorted.map(\.key), values: sorted.map(\.value))
    }

    private static func dropDuplicates(_ keys: inout [Atom]) {
        var kept = 0
        for index in keys.indices where kept == 0 || keys[index] != keys[kept - 1] {
            keys[kept] = keys[index]
            kept += 1
        }
        keys.removeLast(keys.count - kept)
    }

    public var count: Int { keys.count }
    public var isEmpty: Bool { keys.isEmpty }

    /// Where a key stands, or would be inserted.
    ///
    /// - Complexity: O(log n).
    func search(_ key: Atom) -> (index: Int, isFound: Bool) {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return (low, low < keys.count && keys[low] == key)
    }

    public func contains(_ key: Atom) -> Bool { search(key).isFound }

    /// The value of a map's key.
    public subscript(key: Atom) -> Atom? {
        let (index, isFound) = search(key)
        return isFound && !values.isEmpty ? values[index] : nil
    }
}

// MARK: - What programs ask

extension Datum: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self.init(.string(value)) }
    public init(integerLiteral value: Int64) { self.init(.integer(value)) }
    public init(booleanLiteral value: Bool) { self.init(.boolean(value)) }
    public init(arrayLiteral elements: Atom...) { self.init(set: elements) }
    public init(dictionaryLiteral elements: (Atom, Atom)...) { self.init(map: elements) }

    public init(strings: some Sequence<String>) { self.init(set: strings.map(Atom.string)) }
    public init(uuids: some Sequence<UUID>) { self.init(set: uuids.map(Atom.uuid)) }

    public init(_ map: [String: String]) {
        self.init(map: map.map { (Atom.string($0.key), Atom.string($0.value)) })
    }

    public var scalar: Atom? { keys.first }
    public var string: String? { keys.first?.string }
    public var integer: Int64? { keys.first?.integer }
    public var boolean: Bool? { keys.first?.boolean }
    public var uuid: UUID? { keys.first?.uuid }
    public var strings: [String] { keys.compactMap(\.string) }
    public var integers: [Int64] { keys.compactMap(\.integer) }
    public var uuids: [UUID] { keys.compactMap(\.uuid) }

    /// The pairs of a map of strings.
    public var stringMap: [String: String] {
        var map: [String: String] = [:]
        for (key, value) in zip(keys, values) {
            if let key = key.string, let value = value.string { map[key] = value }
        }
        return map
    }
}
