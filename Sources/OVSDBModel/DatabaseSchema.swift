/// A column of a table (RFC 7047 §3.2).
///
/// It never changes, and every value that is read or written asks it: a reference is cheaper to
/// hand on than the many parts of its type.
public final class ColumnSchema: Hashable, Sendable {
    public let name: String
    public let type: ColumnType
    /// Whether the column is left out of the log, and lost when the server ends.
    public let isEphemeral: Bool
    /// Whether the column may change once the row exists.
    public let isMutable: Bool

    public init(
        _ name: String, _ type: ColumnType, isEphemeral: Bool = false, isMutable: Bool = true
    ) {
        self.name = name
        self.type = type
        self.isEphemeral = isEphemeral
        self.isMutable = isMutable
    }

    public static func == (left: ColumnSchema, right: ColumnSchema) -> Bool {
        left === right
            || left.name == right.name && left.type == right.type
                && left.isEphemeral == right.isEphemeral && left.isMutable == right.isMutable
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(type)
    }
}

/// A table (RFC 7047 §3.2).
///
/// It never changes, and every row that is written asks it: a reference is cheaper to hand on than
/// its parts.
public final class TableSchema: Hashable, Sendable {
    /// The first columns of every table, which no schema declares.
    public static let implicitColumns = [
        ColumnSchema("_uuid", ColumnType(.uuid), isEphemeral: true, isMutable: false),
        ColumnSchema("_version", ColumnType(.uuid), isEphemeral: true, isMutable: false),
    ]
    public static let uuidIndex = 0
    public static let versionIndex = 1

    public let name: String
    /// The implicit columns, and then the declared ones by name.
    ///
    /// A row holds its data in this order.
    public let columns: [ColumnSchema]
    public let isRoot: Bool
    public let maximumRowCount: Int
    /// Sets of columns whose values together differ from row to row.
    public let indexes: [[Int]]

    /// What a new row holds.
    public let defaultRow: [Datum]

    private let positions: [String: Int]

    public init(
        _ name: String, isRoot: Bool = false, maximumRowCount: Int = ColumnType.unlimited,
        indexes: [[String]] = [], _ declared: [ColumnSchema]
    ) {
        self.name = name
        self.isRoot = isRoot
        self.maximumRowCount = maximumRowCount
        columns = Self.implicitColumns + declared.sorted { $0.name < $1.name }
        defaultRow = columns.map(\.type.defaultDatum)
        var positions: [String: Int] = [:]
        for (index, column) in columns.enumerated() { positions[column.name] = index }
        self.positions = positions
        self.indexes = indexes.map { $0.compactMap { positions[$0] } }
    }

    /// The columns that the schema declares.
    public var declaredColumns: ArraySlice<ColumnSchema> {
        columns.dropFirst(Self.implicitColumns.count)
    }

    /// Where a column stands in `columns`.
    public func index(of column: String) -> Int? { positions[column] }

    public func column(_ name: String) -> ColumnSchema? { positions[name].map { columns[$0] } }

    /// The values of a row in the columns of an index.
    public func indexValues(_ index: Int, of row: [Datum]) -> IndexValues {
        let columns = indexes[index]
        return columns.count == 1 ? .one(row[columns[0]]) : .several(columns.map { row[$0] })
    }

    public static func == (left: TableSchema, right: TableSchema) -> Bool {
        left === right
            || left.name == right.name && left.columns == right.columns
                && left.isRoot == right.isRoot && left.maximumRowCount == right.maximumRowCount
                && left.indexes == right.indexes
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(columns)
    }
}

/// The values of a row in the columns of an index: nearly always one, which needs no array.
public enum IndexValues: Hashable, Sendable {
    case one(Datum)
    case several([Datum])

    /// - Parameter values: In the order of the index's columns.
    public init(_ values: [Datum]) { self = values.count == 1 ? .one(values[0]) : .several(values) }

    /// In the order of the index's columns.
    public var values: [Datum] {
        switch self {
        case .one(let value): [value]
        case .several(let values): values
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .one(let value): value.hash(into: &hasher)
        case .several(let values): hasher.combine(values)
        }
    }
}

/// A database (RFC 7047 §3.2).
public struct DatabaseSchema: Hashable, Sendable {
    public let name: String
    public let version: String
    /// The checksum of the schema's file, in the notation of cksum(1).
    public let checksum: String
    /// By name.
    public let tables: [TableSchema]

    private let positions: [String: Int]

    public init(_ name: String, version: String, checksum: String, _ tables: [TableSchema]) {
        self.name = name
        self.version = version
        self.checksum = checksum
        // Where no table says that it is a root, all are (RFC 7047 §3.2).
        let areAllRoots = !tables.contains { $0.isRoot }
        self.tables =
            tables
            .map { areAllRoots ? $0.asRoot : $0 }
            .sorted { $0.name < $1.name }
        var positions: [String: Int] = [:]
        for (index, table) in self.tables.enumerated() { positions[table.name] = index }
        self.positions = positions
    }

    public func index(of table: String) -> Int? { positions[table] }

    public func table(_ name: String) -> TableSchema? { positions[name].map { tables[$0] } }
}

extension TableSchema {
    var asRoot: TableSchema {
        TableSchema(
            name, isRoot: true, maximumRowCount: maximumRowCount,
            indexes: indexes.map { $0.map { columns[$0].name } }, Array(declaredColumns))
    }
}
