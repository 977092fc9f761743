/// Set operations, each one pass over the sorted keys or a few binary searches.
extension Datum {
    /// Puts a pair in, or a key into a set; an existing pair is replaced where `replaces`.
    ///
    /// - Returns: Whether anything changed.
    @discardableResult
    public mutating func insert(_ key: Atom, value: Atom? = nil, replaces: Bool = false) -> Bool {
        let (index, isFound) = search(key)
        if isFound && !(replaces && value != nil && value != self[key]) { return false }
        edit { keys, values in
            if isFound {
                if let value { values[index] = value }
            } else {
                keys.insert(key, at: index)
                if let value { values.insert(value, at: index) }
            }
        }
        return true
    }

    /// Takes a key out, and its value; where `value` is given, only if that is its value.
    ///
    /// - Returns: Whether anything changed.
    @discardableResult
    public mutating func remove(_ key: Atom, ifValue value: Atom? = nil) -> Bool {
        let (index, isFound) = search(key)
        guard isFound else { return false }
        if let value, self[key] != value { return false }
        edit { keys, values in
            keys.remove(at: index)
            if !values.isEmpty { values.remove(at: index) }
        }
        return true
    }

    /// Adds the members of another; pairs whose keys are here already stay as they are.
    public mutating func formUnion(_ other: Datum, replaces: Bool = false) {
        let (keys, values) = (other.keys, other.values)
        for index in keys.indices {
            insert(
                keys[index], value: values.isEmpty ? nil : values[index], replaces: replaces)
        }
    }

    /// Removes the members of another: whole pairs, or where `other` is a set, its keys.
    public mutating func subtract(_ other: Datum) {
        let (keys, values) = (other.keys, other.values)
        for index in keys.indices {
            remove(keys[index], ifValue: values.isEmpty ? nil : values[index])
        }
    }

    /// Keeps the members that a predicate accepts.
    public mutating func filter(_ isKept: (_ key: Atom, _ value: Atom?) -> Bool) {
        let (keys, values) = (keys, values)
        let kept = keys.indices.filter { isKept(keys[$0], values.isEmpty ? nil : values[$0]) }
        guard kept.count < keys.count else { return }
        self = Datum(
            sortedKeys: kept.map { keys[$0] },
            values: values.isEmpty ? [] : kept.map { values[$0] })
    }

    /// Whether every member of another is a member.
    public func includes(_ other: Datum) -> Bool {
        guard other.count <= count else { return false }
        if let atom = other.singleAtom { return contains(atom) }
        let (keys, values) = (other.keys, other.values)
        return keys.indices.allSatisfy { hasMember(keys[$0], values.isEmpty ? nil : values[$0]) }
    }

    /// Whether no member of another is a member.
    public func excludes(_ other: Datum) -> Bool {
        if let atom = other.singleAtom { return !contains(atom) }
        let (keys, values) = (other.keys, other.values)
        return !keys.indices.contains { hasMember(keys[$0], values.isEmpty ? nil : values[$0]) }
    }

    /// The atom of a set of one.
    private var singleAtom: Atom? { count == 1 && !hasValues ? scalar : nil }

    private func hasMember(_ key: Atom, _ value: Atom?) -> Bool {
        if let value, hasValues { self[key] == value } else { contains(key) }
    }

    /// What turns this into another by `applying(difference:)`.
    ///
    /// For a set, the members of just one; for a map, pairs that only the other has (to be added)
    /// or with another value, and pairs that only this one has (to be removed). A scalar's
    /// difference is its new value (`update2`, ovsdb-server(7)).
    public func difference(to new: Datum, type: ColumnType) -> Datum {
        guard type.maximum > 1 else { return new }
        var difference = Difference()
        let (mine, theirs) = (Pairs(self), Pairs(new))
        var (left, right) = (0, 0)
        while left < mine.keys.count || right < theirs.keys.count {
            if right == theirs.keys.count
                || (left < mine.keys.count && mine.keys[left] < theirs.keys[right])
            {
                difference.append(mine, at: left)
                left += 1
            } else if left == mine.keys.count || theirs.keys[right] < mine.keys[left] {
                difference.append(theirs, at: right)
                right += 1
            } else {
                if !mine.values.isEmpty && mine.values[left] != theirs.values[right] {
                    difference.append(theirs, at: right)
                }
                left += 1
                right += 1
            }
        }
        return Datum(sortedKeys: difference.keys, values: difference.values)
    }

    /// The two arrays of a datum, taken out once.
    private struct Pairs {
        let keys: [Atom]
        let values: [Atom]

        init(_ datum: Datum) {
            keys = datum.keys
            values = datum.values
        }
    }

    private struct Difference {
        var keys: [Atom] = []
        var values: [Atom] = []

        mutating func append(_ pairs: Pairs, at index: Int) {
            keys.append(pairs.keys[index])
            if !pairs.values.isEmpty { values.append(pairs.values[index]) }
        }
    }

    /// Undoes and redoes `difference(to:type:)`.
    public func applying(difference: Datum, type: ColumnType) -> Datum {
        guard type.maximum > 1 else { return difference }
        var result = self
        let (keys, values) = (difference.keys, difference.values)
        for index in keys.indices {
            let key = keys[index]
            let value = values.isEmpty ? nil : values[index]
            if !result.remove(key, ifValue: value) {
                result.insert(key, value: value, replaces: true)
            }
        }
        return result
    }
}
