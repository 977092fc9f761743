public import OVSDBModel

/// A row: as the server last told it, or as it is to become.
///
/// Columns that the replica does not monitor hold their default. A row is a value: setting columns
/// of a copy changes nothing but the copy, which remembers what was set, so that a transaction
/// writes those columns and no others.
public struct Row: Sendable {
    public let uuid: UUID
    public let table: TableSchema
    /// In the order of the table's columns.
    public internal(set) var data: [Datum]
    /// The positions of the columns that were set since the row came out of a replica or was made,
    /// each once.
    public private(set) var assigned: [Int] = []

    /// A row whose columns hold their defaults.
    ///
    /// - Parameter uuid: The row in the database that it stands for, or a new one.
    public init(_ table: TableSchema, uuid: UUID = .random()) {
        self.uuid = uuid
        self.table = table
        data = table.defaultRow
        data[TableSchema.uuidIndex] = Datum(.uuid(uuid))
    }

    /// The datum of a column.
    ///
    /// - Precondition: The table's schema has the column.
    public subscript(column: String) -> Datum {
        get { data[index(of: column)] }
        set { assign(newValue, at: index(of: column)) }
    }

    private func index(of column: String) -> Int {
        guard let index = table.index(of: column) else {
            preconditionFailure("table \(table.name) has no column \(column)")
        }
        return index
    }

    /// Sets a column by its position.
    public mutating func assign(_ datum: Datum, at index: Int) {
        data[index] = datum
        if !assigned.contains(index) { assigned.append(index) }
    }

    /// Sets what is set in `other`, which stands for the same row.
    public mutating func merge(_ other: Row) {
        for index in other.assigned { assign(other.data[index], at: index) }
    }

    /// Forgets of every column that it was set unless `isKept` says otherwise.
    public mutating func keepAssigned(where isKept: (Int) -> Bool) {
        assigned.removeAll { !isKept($0) }
    }
}

/// Rows are equal if they are the same row and hold the same, whatever was set to get there.
extension Row: Hashable {
    public static func == (left: Row, right: Row) -> Bool {
        left.uuid == right.uuid && left.data == right.data
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(uuid) }
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
