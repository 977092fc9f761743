public import OVSDBModel

/// A row of a replica, as the server last told it.
///
/// Columns that the replica does not monitor hold their default.
public struct Row: Hashable, Sendable {
    public let uuid: UUID
    public let table: TableSchema
    /// In the order of the table's columns.
    public internal(set) var data: [Datum]

    init(uuid: UUID, table: TableSchema) {
        self.uuid = uuid
        self.table = table
        data = table.defaultRow
        data[TableSchema.uuidIndex] = Datum(.uuid(uuid))
    }

    /// The datum of a column.
    ///
    /// - Precondition: The table's schema has the column.
    public subscript(column: String) -> Datum {
        guard let index = table.index(of: column) else {
            preconditionFailure("table \(table.name) has no column \(column)")
        }
        return data[index]
    }
}

/// What became of a row; nil stands for no row.
public struct RowNotice: Hashable, Sendable {
    public let table: String
    public let uuid: UUID
    public let old: Row?
    public let new: Row?

    /// Whether a column is another than before; a new or deleted row counts as changed.
    public func changes(_ column: String) -> Bool {
        guard let old, let new else { return true }
        return old[column] != new[column]
    }
}
