import JSONRPC
import OVSDBModel

/// Changes that are being put together: the database as it will be, without touching it as it is.
struct Transaction {
    let database: Database
    /// In the order in which rows were first touched.
    private(set) var changes: [RowChange] = []
    private var positions: [RowKey: Int] = [:]
    /// For each table that was touched, where its changes stand.
    private var positionsByTable: [Int: [Int]] = [:]
    var comments: [String] = []
    var isDurable = false

    init(_ database: Database) { self.database = database }

    /// A row as it is so far.
    func row(_ key: RowKey) -> [Datum]? {
        if let position = positions[key] { return changes[position].new }
        return database.tables[key.table].rows[key.uuid]
    }

    /// What was done to a row so far, if anything.
    func change(_ key: RowKey) -> RowChange? { positions[key].map { changes[$0] } }

    /// The rows that meet a condition.
    func rows(of table: Int, where condition: Condition) -> [UUID] {
        if let uuid = condition.demandedUUID {
            let key = RowKey(table: table, uuid: uuid)
            return row(key).map { condition.all($0) ? [uuid] : [] } ?? []
        }
        let touched = positionsByTable[table] ?? []
        var found = rowsBefore(of: table, where: condition)
        if !touched.isEmpty {
            found.removeAll { positions[RowKey(table: table, uuid: $0)] != nil }
        }
        for position in touched {
            if let row = changes[position].new, condition.all(row) {
                found.append(changes[position].key.uuid)
            }
        }
        return found
    }

    /// The rows that met a condition before the transaction.
    private func rowsBefore(of table: Int, where condition: Condition) -> [UUID] {
        for (index, columns) in database.schema.tables[table].indexes.enumerated() {
            guard let values = condition.demandedValues(of: columns) else { continue }
            guard let uuid = database.tables[table].indexes[index][IndexValues(values)],
                let row = database.tables[table].rows[uuid], condition.all(row)
            else { return [] }
            return [uuid]
        }
        return database.tables[table].rows.compactMap { condition.all($1) ? $0 : nil }
    }

    /// How many rows a table will have.
    func rowCount(of table: Int) -> Int {
        (positionsByTable[table] ?? []).reduce(database.tables[table].rows.count) {
            let change = changes[$1]
            return $0 + (change.new == nil ? 0 : 1) - (change.old == nil ? 0 : 1)
        }
    }

    var touchedTables: [Int] { positionsByTable.keys.sorted() }

    mutating func insert(_ key: RowKey, _ row: [Datum]) {
        changes[position(of: key)].new = row
    }

    /// Inserts a row that is known to be new: no change has its key, nor has the database.
    mutating func insert(new key: RowKey, _ row: [Datum]) {
        append(RowChange(key: key, old: nil, new: row))
    }

    mutating func delete(_ key: RowKey) {
        changes[position(of: key)].new = nil
    }

    /// Changes a row in place.
    mutating func modify<Failure: Error>(
        _ key: RowKey, _ body: (inout [Datum]) throws(Failure) -> Void
    ) throws(Failure) {
        let position = position(of: key)
        guard var row = changes[position].new else { return }
        changes[position].new = nil
        defer { changes[position].new = row }
        try body(&row)
    }

    private mutating func position(of key: RowKey) -> Int {
        if let position = positions[key] { return position }
        let row = database.tables[key.table].rows[key.uuid]
        append(RowChange(key: key, old: row, new: row))
        return changes.count - 1
    }

    private mutating func append(_ change: RowChange) {
        positions[change.key] = changes.count
        positionsByTable[change.key.table, default: []].append(changes.count)
        changes.append(change)
    }

    /// Hands out the changes that change something, each with a new version of its row.
    mutating func takeEffectiveChanges() -> [RowChange] {
        var taken = changes
        changes = []
        (positions, positionsByTable) = ([:], [:])
        if !taken.allSatisfy(\.isEffective) { taken.removeAll { !$0.isEffective } }
        for position in taken.indices { taken[position].setVersion(database.makeUUID()) }
        return taken
    }
}
