import JSONRPC
public import OVSDBModel

/// The same rows under another schema.
extension Database {
    /// A database with another schema and the rows of this one, in the same storage.
    ///
    /// Tables and columns that the new schema lacks are left out, and those that are new to it hold
    /// defaults; all else has to meet it in full. This database stays as it is where that fails.
    public func converted(
        to other: DatabaseSchema, date: Int64
    ) throws(OVSDBError) -> Database {
        let result = Database(other, storage: storage, makeUUID: makeUUID)
        result.logsDifferences = logsDifferences
        var transaction = Transaction(result)
        for (index, target) in other.tables.enumerated() {
            guard let source = schema.index(of: target.name) else { continue }
            for (uuid, row) in rows(of: source) {
                transaction.insert(
                    RowKey(table: index, uuid: uuid),
                    try Self.converted(row, from: schema.tables[source], to: target))
            }
        }
        result.apply(try transaction.prepare())
        let comment = "converted by ovsdb-server"
        do throws(StorageError) {
            try result.replaceLog(date: date, comment: comment)
        } catch {
            throw OVSDBError("I/O error", error.description)
        }
        abandonCompaction()
        result.compactedAt = compactedAt
        return result
    }

    private static func converted(
        _ row: [Datum], from source: TableSchema, to target: TableSchema
    ) throws(OVSDBError) -> [Datum] {
        var result = target.defaultRow
        for (index, column) in target.columns.enumerated() {
            guard let position = source.index(of: column.name) else { continue }
            let type = source.columns[position].type
            if type == column.type {
                result[index] = row[position]
            } else {
                result[index] = try Datum(row[position].json(type: type), type: column.type)
            }
        }
        return result
    }
}
