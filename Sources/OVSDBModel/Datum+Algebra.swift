/// Set operations, each one pass over the sorted keys or a few binary searches.
extension Datum {
    /// Puts a pair in, or a key into a set; an existing pair is replaced where `replaces`.
    ///
    /// - Returns: Whether anything changed.
    @discardableResult
    public mutating func insert(_ key: Atom, value: Atom? = nil, replaces: Bool = false) -> Bool {
        let (index, isFound) = search(key)
        if isFound {
            guard replaces, let value, values[index] != value else { return false }
            values[index] = value
            return true
        }
        keys.insert(key, at: index)
        if let value { values.insert(value, at: index) }
        return true
    }

    /// Takes a key out, and its value; where `value` is given, only if that is its value.
    ///
    /// - Returns: Whether anything changed.
    @discardableResult
    public mutating func remove(_ key: Atom, ifValue value: Atom? = nil) -> Bool {
        let (index, isFound) = search(key)
        guard isFound else { return false }
        if let value, values[index] != value { return false }
        keys.remove(at: index)
        if !values.isEmpty { values.remove(at: index) }
        return true
    }

    /// Adds the members of another; pairs whose keys are here already stay as they are.
    public mutating func formUnion(_ other: Datum, replaces: Bool = false) {
        for index in other.keys.indices {
            insert(
                other.keys[index],
                value: other.values.isEmpty ? nil : other.values[index],
                replaces: replaces)
        }
    }

    /// Removes the members of another: whole pairs, or where `other` is a set, its keys.
    public mutating func subtract(_ other: Datum) {
        for index in other.keys.indices {
            remove(other.keys[index], ifValue: other.values.isEmpty ? nil : other.values[index])
        }
    }

    /// Keeps the members that a predicate accepts.
    public mutating func filter(_ isKept: (_ key: Atom, _ value: Atom?) -> Bool) {
        let kept = keys.indices.filter { isKept(keys[$0], values.isEmpty ? nil : values[$0]) }
        guard kept.count < keys.count else { return }
        if !values.isEmpty { values = kept.map { values[$0] } }
        keys = kept.map { keys[$0] }
    }

    /// Whether every member of another is a member.
    public func includes(_ other: Datum) -> Bool {
        other.count <= count
            && other.keys.indices.allSatisfy { hasMember($0, of: other) }
    }

    /// Whether no member of another is a member.
    public func excludes(_ other: Datum) -> Bool {
        !other.keys.indices.contains { hasMember($0, of: other) }
    }

    private func hasMember(_ index: Int, of other: Datum) -> Bool {
        let (position, isFound) = search(other.keys[index])
        return isFound && (values.isEmpty || values[position] == other.values[index])
    }

    /// What turns this into another by `applying(difference:)`.
    ///
    /// For a set, the members of just one; for a map, pairs that only the other has (to be added)
    /// or with another value, and pairs that only this one has (to be removed). A scalar's
    /// difference is its new value (`update2`, ovsdb-server(7)).
    public func difference(to new: Datum, type: ColumnType) -> Datum {
        guard type.maximum > 1 else { return new }
        var result = Datum.empty
        var (left, right) = (0, 0)
        while left < count || right < new.count {
            if right == new.count || (left < count && keys[left] < new.keys[right]) {
                result.append(keys[left], from: self, at: left)
                left += 1
            } else if left == count || new.keys[right] < keys[left] {
                result.append(new.keys[right], from: new, at: right)
                right += 1
            } else {
                if !values.isEmpty && values[left] != new.values[right] {
                    result.append(new.keys[right], from: new, at: right)
                }
                left += 1
                right += 1
            }
        }
        return result
    }

    private mutating func append(_ key: Atom, from other: Datum, at index: Int) {
        keys.append(key)
        if !other.values.isEmpty { values.append(other.values[index]) }
    }

    /// Undoes and redoes `difference(to:type:)`.
    public func applying(difference: Datum, type: ColumnType) -> Datum {
        guard type.maximum > 1 else { return difference }
        var result = self
        for index in difference.keys.indices {
            let key = difference.keys[index]
            let value = difference.values.isEmpty ? nil : difference.values[index]
            if !result.remove(key, ifValue: value) {
                result.insert(key, value: value, replaces: true)
            }
        }
        return result
    }
}
