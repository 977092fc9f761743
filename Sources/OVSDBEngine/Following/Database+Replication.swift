public import JSONRPC
import OVSDBModel

/// What another server tells of its rows (RFC 7047 §4.1.6, ovsdb-server(7) §4.1.14).
public struct ReplicatedUpdate: Hashable, Sendable {
    /// By table and row: `initial`, `insert`, `modify`, `delete`, `new` or `old`.
    public let tables: JSON
    /// Whether these are all rows, so that those which are not named are gone.
    public let isComplete: Bool
    /// Tables that are none of the other server's business.
    public let excludedTables: Set<String>

    public init(_ tables: JSON, isComplete: Bool, excludedTables: Set<String> = []) {
        self.tables = tables
        self.isComplete = isComplete
        self.excludedTables = excludedTables
    }
}

extension Database {
    /// Commits what changed elsewhere.
    ///
    /// Of a complete copy only the difference is committed, so that monitors of this database do
    /// not hear of rows that stayed as they were. The checks of a commit apply: what the log holds
    /// can always be read again.
    func replicate(
        _ update: ReplicatedUpdate, date: Int64
    ) throws(OVSDBError) -> [RowChange] {
        guard let tables = update.tables.object else {
            throw .syntax("<table-updates> is not an object", in: update.tables)
        }
        var transaction = Transaction(self)
        if update.isComplete { deleteMissing(from: update, &transaction) }
        for member in tables where !update.excludedTables.contains(member.key) {
            guard let table = schema.index(of: member.key) else { continue }
            guard let rows = member.value.object else {
                throw .syntax("<table-update> is not an object", in: member.value)
            }
            for row in rows {
                guard let uuid = UUID(row.key), let change = row.value.object else {
                    throw .syntax("<row-update> is malformed", in: member.value)
                }
                let key = RowKey(table: table, uuid: uuid)
                try replicate(change, key, &transaction)
            }
        }
        return try commit(&transaction, date: date)
    }

    private func deleteMissing(from update: ReplicatedUpdate, _ transaction: inout Transaction) {
        for (index, table) in schema.tables.enumerated()
        where !update.excludedTables.contains(table.name) {
            let kept = update.tables[table.name]
            for uuid in rows(of: index).keys where kept?[uuid.description] == nil {
                transaction.delete(RowKey(table: index, uuid: uuid))
            }
        }
    }

    private func replicate(
        _ change: JSONObject, _ key: RowKey, _ transaction: inout Transaction
    ) throws(OVSDBError) {
        if let columns = change["initial"] ?? change["insert"] ?? change["new"] {
            var row = schema.tables[key.table].defaultRow
            row[TableSchema.uuidIndex] = Datum(.uuid(key.uuid))
            // The version is each server's own and says only whether a row has changed.
            if let old = transaction.row(key) {
                row[TableSchema.versionIndex] = old[TableSchema.versionIndex]
            }
            try replicate(columns, key.table, isDifference: false, into: &row)
            transaction.insert(key, row)
        } else if let columns = change["modify"] {
            guard var row = transaction.row(key) else {
                throw OVSDBError(
                    "ovsdb error", "modification of row \(key.uuid), which is not there")
            }
            try replicate(columns, key.table, isDifference: true, into: &row)
            transaction.insert(key, row)
        } else {
            transaction.delete(key)
        }
    }

    private func replicate(
        _ columns: JSON, _ table: Int, isDifference: Bool, into row: inout [Datum]
    ) throws(OVSDBError) {
        guard let object = columns.object else {
            throw .syntax("<row> is not an object", in: columns)
        }
        let tableSchema = schema.tables[table]
        for member in object {
            guard let index = tableSchema.index(of: member.key) else { continue }
            let type = tableSchema.columns[index].type
            guard isDifference else {
                row[index] = try Datum(member.value, type: type)
                continue
            }
            // A difference has no minimum and no constraints of its own.
            let shape = ColumnType(
                BaseType(type.key.type), type.value.map { BaseType($0.type) }, minimum: 0,
                maximum: ColumnType.unlimited)
            row[index] = row[index].applying(
                difference: try Datum(member.value, type: shape), type: type)
        }
    }
}
