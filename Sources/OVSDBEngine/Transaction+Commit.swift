import JSONRPC
import OVSDBModel

/// The checks of a commit, in the order in which Open vSwitch makes them.
extension Transaction {
    /// Completes and checks the changes; returns those that change something.
    mutating func prepare() throws(OVSDBError) -> [RowChange] {
        try collectGarbage()
        try checkRowCounts()
        try pruneWeakReferences()
        try checkIndexes()
        return takeEffectiveChanges()
    }

    // MARK: Strong references

    /// Deletes rows that nothing refers to any more, unless their table is a root.
    private mutating func collectGarbage() throws(OVSDBError) {
        var deltas: [RowKey: Int] = [:]
        var mentioned: [(RowKey, by: RowKey, column: Int)] = []
        for change in changes where change.isEffective {
            count(change, into: &deltas, &mentioned)
        }
        for (target, referrer, column) in mentioned where row(target) == nil {
            if change(target)?.old != nil { try checkUnreferenced(target, deltas) }
            throw danglingReference(to: target, by: referrer, column: column)
        }
        for change in changes where change.old != nil && change.new == nil {
            try checkUnreferenced(change.key, deltas)
        }
        var suspects = changes.filter { $0.old == nil && $0.new != nil }.map(\.key)
        suspects += deltas.filter { $0.value < 0 }.keys
        while let suspect = suspects.popLast() {
            guard !database.tables[suspect.table].schema.isRoot, let row = row(suspect),
                referenceCount(suspect, deltas) == 0
            else { continue }
            delete(suspect)
            for (target, _) in strongReferences(of: row, in: suspect.table) {
                deltas[target, default: 0] -= 1
                suspects.append(target)
            }
        }
    }

    private func referenceCount(_ key: RowKey, _ deltas: [RowKey: Int]) -> Int {
        database.tables[key.table].strongReferenceCounts[key.uuid, default: 0]
            + deltas[key, default: 0]
    }

    /// Adds up how a change alters the numbers of references, and notes the new references.
    private func count(
        _ change: RowChange, into deltas: inout [RowKey: Int],
        _ mentioned: inout [(RowKey, by: RowKey, column: Int)]
    ) {
        for reference in database.tables[change.key.table].references where !reference.isWeak {
            if let new = change.new, !reference.isEmpty(in: new) {
                for atom in reference.references(onlyIn: new, notIn: change.old) {
                    guard let uuid = atom.uuid else { continue }
                    let target = RowKey(table: reference.target, uuid: uuid)
                    deltas[target, default: 0] += 1
                    mentioned.append((target, by: change.key, column: reference.column))
                }
            }
            if let old = change.old {
                for atom in reference.references(onlyIn: old, notIn: change.new) {
                    guard let uuid = atom.uuid else { continue }
                    deltas[RowKey(table: reference.target, uuid: uuid), default: 0] -= 1
                }
            }
        }
    }

    private func strongReferences(
        of row: [Datum], in table: Int
    ) -> [(target: RowKey, column: Int)] {
        var found: [(RowKey, Int)] = []
        for reference in database.tables[table].references where !reference.isWeak {
            for atom in reference.references(in: row) {
                guard let uuid = atom.uuid else { continue }
                found.append((RowKey(table: reference.target, uuid: uuid), reference.column))
            }
        }
        return found
    }

    private func checkUnreferenced(
        _ key: RowKey, _ deltas: [RowKey: Int]
    ) throws(OVSDBError) {
        let count = referenceCount(key, deltas)
        guard count > 0 else { return }
        throw .referentialIntegrity(
            "cannot delete \(database.tables[key.table].schema.name) row \(key.uuid) "
                + "because of \(count) remaining reference(s)")
    }

    private func danglingReference(
        to target: RowKey, by referrer: RowKey, column: Int
    ) -> OVSDBError {
        let schema = database.tables[referrer.table].schema
        return .referentialIntegrity(
            "Table \(schema.name) column \(schema.columns[column].name) row \(referrer.uuid) "
                + "references nonexistent row \(target.uuid) in table "
                + "\(database.tables[target.table].schema.name).")
    }

    // MARK: Weak references

    /// Takes weak references out of sets and maps where their rows are gone or never were.
    private mutating func pruneWeakReferences() throws(OVSDBError) {
        var referrers: Set<RowKey> = []
        for change in changes where change.isEffective {
            if let new = change.new {
                let references = database.tables[change.key.table].references
                if references.contains(where: { $0.isWeak && !$0.isEmpty(in: new) }) {
                    referrers.insert(change.key)
                }
            } else if let weak = database.tables[change.key.table].weakReferrers[change.key.uuid] {
                referrers.formUnion(weak.keys)
            }
        }
        for referrer in referrers { try prune(referrer) }
    }

    private mutating func prune(_ referrer: RowKey) throws(OVSDBError) {
        guard let row = row(referrer) else { return }
        for reference in database.tables[referrer.table].references where reference.isWeak {
            func isDangling(_ atom: Atom?) -> Bool {
                guard let uuid = atom?.uuid else { return false }
                return self.row(RowKey(table: reference.target, uuid: uuid)) == nil
            }
            guard reference.references(in: row).contains(where: isDangling) else { continue }
            var datum = row[reference.column]
            datum.filter { !isDangling(reference.isInValues ? $1 : $0) }
            let schema = database.tables[referrer.table].schema
            if datum.count < schema.columns[reference.column].type.minimum {
                throw emptied(referrer, reference, from: row[reference.column])
            }
            modify(referrer) { $0[reference.column] = datum }
        }
    }

    /// Why a row may not lose its weak references.
    private func emptied(
        _ key: RowKey, _ reference: ReferenceColumn, from old: Datum
    ) -> OVSDBError {
        let schema = database.tables[key.table].schema
        let isNew = change(key).map { $0.old == nil } ?? false
        let place =
            "column \"\(schema.columns[reference.column].name)\" in \"\(schema.name)\" row "
            + "\(key.uuid)" + (isNew ? " (inserted within this transaction)" : "")
        // Word for word, spelling too, as the genuine server has it.
        if old == Datum(.uuid(UUID.zero)) {
            return .constraint(
                "Weak reference \(place) contained all-zeros UUID (probably as the default value "
                    + "for this column) but deleting this value caused a constraint volation "
                    + "because this column is not allowed to be empty.")
        }
        return .constraint(
            "Deletion of \(old.count) weak reference(s) to deleted (or never-existing) rows from "
                + "\(place) caused this column to become empty, but constraints on this column "
                + "disallow an empty column.")
    }

    // MARK: Limits and indexes

    private func checkRowCounts() throws(OVSDBError) {
        for table in touchedTables {
            let schema = database.tables[table].schema
            guard schema.maximumRowCount < ColumnType.unlimited else { continue }
            let count = rowCount(of: table)
            guard count > schema.maximumRowCount else { continue }
            throw .constraint(
                "transaction causes \"\(schema.name)\" table to contain \(count) rows, greater "
                    + "than the schema-defined limit of \(schema.maximumRowCount) row(s)")
        }
    }

    private func checkIndexes() throws(OVSDBError) {
        var taken: [IndexEntry: UUID] = [:]
        for change in changes {
            let table = change.key.table
            let schema = database.tables[table].schema
            guard !schema.indexes.isEmpty, change.isEffective, let new = change.new else {
                continue
            }
            for index in schema.indexes.indices {
                let values = schema.indexValues(index, of: new)
                let entry = IndexEntry(table: table, index: index, values: values)
                if changes.count > 1,
                    let other = taken.updateValue(change.key.uuid, forKey: entry)
                {
                    throw duplicate(other, change.key.uuid, entry)
                }
                guard let other = database.tables[table].indexes[index][values],
                    other != change.key.uuid,
                    self.change(RowKey(table: table, uuid: other))
                        .map({ isStill(values, $0, index: index) }) ?? true
                else { continue }
                throw duplicate(change.key.uuid, other, entry)
            }
        }
    }

    private func isStill(_ values: IndexValues, _ change: RowChange, index: Int) -> Bool {
        change.new.map {
            database.schema.tables[change.key.table].indexValues(index, of: $0) == values
        } ?? false
    }

    private func duplicate(_ first: UUID, _ second: UUID, _ entry: IndexEntry) -> OVSDBError {
        let schema = database.tables[entry.table].schema
        let columns = schema.indexes[entry.index].map { schema.columns[$0] }
        let names = columns.map { "\"\($0.name)\"" }
        let values = zip(entry.values.values, columns).map { $0.text(type: $1.type) }
        return .constraint(
            "Transaction causes multiple rows in \"\(schema.name)\" table to have identical values "
                + "(\(values.joined(separator: ", "))) for index on "
                + "column\(names.count > 1 ? "s" : "") \(English.list(names)).  "
                + "First row, with UUID \(first), \(history(first, entry))  "
                + "Second row, with UUID \(second), \(history(second, entry))")
    }

    /// Where the row of a duplicate comes from, as the error tells it.
    private func history(_ uuid: UUID, _ entry: IndexEntry) -> String {
        guard let change = change(RowKey(table: entry.table, uuid: uuid)), change.isEffective else {
            return "existed in the database before this transaction and was not modified by "
                + "the transaction."
        }
        guard let old = change.old else { return "was inserted by this transaction." }
        let table = database.schema.tables[entry.table]
        let before = table.indexValues(entry.index, of: old)
        if before == entry.values {
            return "existed in the database before this transaction, which modified some of the "
                + "row's columns but not any columns in this index."
        }
        let columns = table.indexes[entry.index].map { table.columns[$0] }
        let values = zip(before.values, columns).map { $0.text(type: $1.type) }
        return "had the following index values before the transaction: "
            + values.joined(separator: ", ") + "."
    }
}

private struct IndexEntry: Hashable {
    let table: Int
    let index: Int
    let values: IndexValues

    func hash(into hasher: inout Hasher) { values.hash(into: &hasher) }
}

extension RowChange {
    /// Whether the row is another than before, its version aside.
    var isEffective: Bool {
        switch (old, new) {
        case (nil, nil): false
        case (let old?, let new?): old != new
        default: true
        }
    }
}

/// Lists in English.
enum English {
    /// `a`, `a and b`, `a, b, and c`.
    static func list(_ items: [String]) -> String {
        switch items.count {
        case 0...1: items.first ?? ""
        case 2: items.joined(separator: " and ")
        default: items.dropLast().joined(separator: ", ") + ", and " + items[items.count - 1]
        }
    }
}
