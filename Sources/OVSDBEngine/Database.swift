import JSONRPC
public import OVSDBModel

/// A database in memory, with the log that outlives it.
///
/// All changes go through a ``Transaction``, which sees the database as it will be and leaves it
/// untouched until it is committed. A commit costs in proportion to the rows that it touches (and
/// to the size of the sets in them), however large the database is. One thread owns a database.
public final class Database {
    public let schema: DatabaseSchema
    var tables: [Table]
    let storage: (any DatabaseStorage)?
    let makeUUID: @Sendable () -> UUID
    /// Whether the log says how columns differ, which servers before 2.15 do not understand.
    public var logsDifferences = true

    /// - Parameter storage: Where commits are logged; nil keeps nothing.
    public init(
        _ schema: DatabaseSchema, storage: (any DatabaseStorage)? = nil,
        makeUUID: @escaping @Sendable () -> UUID = UUIDSource.generator()
    ) {
        self.schema = schema
        self.storage = storage
        self.makeUUID = makeUUID
        tables = schema.tables.map { Table($0, in: schema) }
    }

    public func row(_ key: RowKey) -> [Datum]? { tables[key.table].rows[key.uuid] }

    /// The rows of a table, in no order.
    public func rows(of table: Int) -> [UUID: [Datum]] { tables[table].rows }

    public var rowCount: Int { tables.reduce(0) { $0 + $1.rows.count } }

    /// Whether a transaction that has to be durable is not on the disk yet.
    var isSyncDue = false
    /// Octets that were appended to the log since the last snapshot.
    public internal(set) var loggedByteCount = 0
    /// Octets of the last snapshot.
    public internal(set) var snapshotByteCount = 0
    /// Transactions that were logged since then.
    var commitCount = 0
    /// When that was, by the monotonic clock.
    var compactedAt: Int64?
    /// The compaction that is going on, and what was logged since it began.
    var compaction: Compaction?
    var compactionTail: [UInt8] = []
    var compactionTailCount = 0
    /// The last transactions, since a client first asked for such a thing.
    var history: TransactionHistory?
}

// MARK: - Applying

extension Database {
    /// Makes changes that were checked part of the database.
    func apply(_ changes: [RowChange]) {
        for change in changes { removeDerived(change) }
        for change in changes { applyRow(change) }
        for change in changes { insertDerived(change) }
    }

    private func applyRow(_ change: RowChange) {
        tables[change.key.table].rows[change.key.uuid] = change.new
    }

    private func removeDerived(_ change: RowChange) {
        guard let old = change.old else { return }
        let table = tables[change.key.table].schema
        for index in table.indexes.indices {
            tables[change.key.table].indexes[index][table.indexValues(index, of: old)] = nil
        }
        countReferences(of: change, in: old, comparedTo: change.new, by: -1)
    }

    private func insertDerived(_ change: RowChange) {
        guard let new = change.new else { return }
        let table = tables[change.key.table].schema
        for index in table.indexes.indices {
            tables[change.key.table].indexes[index][table.indexValues(index, of: new)] =
                change.key.uuid
        }
        countReferences(of: change, in: new, comparedTo: change.old, by: 1)
    }

    /// Counts the references that `row` has and `other` has not.
    private func countReferences(
        of change: RowChange, in row: [Datum], comparedTo other: [Datum]?, by step: Int
    ) {
        for reference in tables[change.key.table].references where !reference.isEmpty(in: row) {
            for atom in reference.references(onlyIn: row, notIn: other) {
                guard let uuid = atom.uuid else { continue }
                if reference.isWeak {
                    countWeak(change.key, to: uuid, in: reference.target, by: step)
                } else {
                    tables[reference.target].strongReferenceCounts.count(uuid, by: step)
                }
            }
        }
    }

    private func countWeak(_ referrer: RowKey, to uuid: UUID, in target: Int, by step: Int) {
        tables[target].weakReferrers[uuid, default: [:]].count(referrer, by: step)
        if tables[target].weakReferrers[uuid]?.isEmpty == true {
            tables[target].weakReferrers[uuid] = nil
        }
    }
}

extension Dictionary where Value == Int {
    /// Changes a count; one of zero leaves the dictionary.
    mutating func count(_ key: Key, by step: Int) {
        let count = self[key, default: 0] + step
        self[key] = count == 0 ? nil : count
    }
}

extension ReferenceColumn {
    /// The references of one row beyond those of another.
    ///
    /// Keys are sorted and distinct, so they take one pass. Values are not: where they differ at
    /// all, all of them count as removed and all as inserted.
    func references(onlyIn row: [Datum], notIn other: [Datum]?) -> [Atom] {
        let mine = references(in: row)
        guard let other else { return mine }
        let theirs = references(in: other)
        if mine == theirs { return [] }
        if isInValues { return mine }
        var result: [Atom] = []
        var position = 0
        for atom in mine {
            while position < theirs.count && theirs[position] < atom { position += 1 }
            if position == theirs.count || theirs[position] != atom { result.append(atom) }
        }
        return result
    }
}
