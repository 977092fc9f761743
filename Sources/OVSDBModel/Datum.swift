/// What a column holds in one row: a set of atoms, or a map from atoms to atoms.
///
/// A scalar is a set of one. Keys are sorted and distinct, so that two data are equal exactly where
/// their keys and values are, and so that a difference is one pass over both. The values of a map
/// stand in the order of their keys; a set has none.
///
/// Databases have millions of these, nearly all with one atom or none, so these two take no memory
/// but the datum's own. An array of keys and one of values, the obvious form, would cost another
/// allocation of 64 octets for each scalar.
public struct Datum: Hashable, Sendable {
    /// Each datum has one form alone: a set of one is never `set`, what is empty always is.
    private enum Content: Equatable, Sendable {
        case one(Atom)
        case set([Atom])
        case map([Atom], [Atom])
    }

    private var content: Content

    /// The kinds are left out: those of what is compared are the same.
    public func hash(into hasher: inout Hasher) {
        switch content {
        case .one(let atom): atom.hash(into: &hasher)
        case .set(let keys): hasher.combine(keys)
        case .map(let keys, let values):
            hasher.combine(keys)
            hasher.combine(values)
        }
    }

    /// - Precondition: `sortedKeys` is sorted and has no duplicates.
    public init(sortedKeys: [Atom], values: [Atom] = []) {
        if !values.isEmpty {
            content = .map(sortedKeys, values)
        } else if sortedKeys.count == 1 {
            content = .one(sortedKeys[0])
        } else {
            content = .set(sortedKeys)
        }
    }

    public var keys: [Atom] {
        switch content {
        case .one(let atom): [atom]
        case .set(let keys), .map(let keys, _): keys
        }
    }

    public var values: [Atom] {
        if case .map(_, let values) = content { values } else { [] }
    }

    /// Changes the keys and values in place.
    mutating func edit<Result>(_ body: (inout [Atom], inout [Atom]) -> Result) -> Result {
        var (keys, values) = (keys, values)
        content = .set([])
        defer { self = Datum(sortedKeys: keys, values: values) }
        return body(&keys, &values)
    }

    public static var empty: Datum { Datum(sortedKeys: []) }

    public init(_ atom: Atom) { content = .one(atom) }

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

    public var count: Int {
        switch content {
        case .one: 1
        case .set(let keys), .map(let keys, _): keys.count
        }
    }

    public var isEmpty: Bool { count == 0 }

    /// Whether this is a map, which no empty one is.
    var hasValues: Bool { if case .map = content { true } else { false } }

    /// Where a key stands, or would be inserted.
    ///
    /// - Complexity: O(log n).
    func search(_ key: Atom) -> (index: Int, isFound: Bool) {
        switch content {
        case .one(let atom): atom == key ? (0, true) : (atom < key ? 1 : 0, false)
        case .set(let keys), .map(let keys, _): Self.search(key, in: keys)
        }
    }

    static func search(_ key: Atom, in keys: [Atom]) -> (index: Int, isFound: Bool) {
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
        guard case .map(let keys, let values) = content else { return nil }
        let (index, isFound) = Self.search(key, in: keys)
        return isFound ? values[index] : nil
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

    public var scalar: Atom? {
        switch content {
        case .one(let atom): atom
        case .set(let keys), .map(let keys, _): keys.first
        }
    }

    public var string: String? { scalar?.string }
    public var integer: Int64? { scalar?.integer }
    public var boolean: Bool? { scalar?.boolean }
    public var uuid: UUID? { scalar?.uuid }
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
