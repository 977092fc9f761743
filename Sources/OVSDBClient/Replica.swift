import JSONRPC
public import OVSDBModel

/// The rows of chosen tables and columns of a database, as last heard.
///
/// A value: notifications go in, and which rows they changed comes out.
public struct Replica: Sendable {
    /// A row's columns by their place in the table's schema; those not chosen have their defaults.
    public typealias Row = [Datum]

    /// Rows that came, went or changed, by table.
    public typealias Changes = [String: Set<UUID>]

    public let schema: DatabaseSchema
    /// Columns to follow, by table.
    public let columns: [String: [String]]
    public private(set) var tables: [String: [UUID: Row]] = [:]

    /// - Precondition: the schema has the tables and columns.
    public init(schema: DatabaseSchema, columns: [String: [String]]) {
        self.schema = schema
        self.columns = columns
        for (table, names) in columns {
            tables[table] = [:]
            for name in names {
                precondition(
                    schema.table(table)?.index(of: name) != nil,
                    "\(schema.name) has no column \(table).\(name)")
            }
        }
    }

    public func rows(_ table: String) -> [UUID: Row] { tables[table] ?? [:] }

    public func row(_ table: String, _ id: UUID) -> RowView? {
        guard let row = tables[table]?[id], let schema = schema.table(table) else { return nil }
        return RowView(id: id, schema: schema, values: row)
    }

    /// Every row of a table.
    public func all(_ table: String) -> [RowView] {
        guard let schema = schema.table(table) else { return [] }
        return rows(table).map { RowView(id: $0.key, schema: schema, values: $0.value) }
    }

    /// What a monitor request asks for.
    var monitorRequests: JSON {
        .object(
            JSONObject(
                columns.map { table, names in
                    (table, JSON.array([["columns": .array(names.map(JSON.string))]]))
                }))
    }

    /// Forgets everything, as before the first answer of a new connection.
    mutating func removeAll() -> Changes {
        var changes: Changes = [:]
        for (table, rows) in tables where !rows.isEmpty {
            changes[table] = Set(rows.keys)
            tables[table] = [:]
        }
        return changes
    }

    /// Applies the `table-updates2` of update2, update3 and the answers to their monitors
    /// (ovsdb-server(7) §4.1.14).
    mutating func apply(updates2 json: JSON) throws(OVSDBError) -> Changes {
        try apply(json) { (row: JSON, old: Row?, table: TableSchema) throws(OVSDBError) -> Row? in
            if let new = row["initial"] ?? row["insert"] {
                return try Self.merge(new, into: table.defaultRow, table)
            }
            if row["delete"] != nil { return nil }
            guard let difference = row["modify"], let old else {
                throw .syntax("a row update has none of its members", in: row)
            }
            var values = old
            for member in difference.object ?? JSONObject() {
                guard let index = table.index(of: member.key) else { continue }
                let type = table.columns[index].type
                let change = try Self.datum(member.value, type)
                values[index] = old[index].applying(difference: change, type: type)
            }
            return values
        }
    }

    /// Applies the `table-updates` of update and of the answer to `monitor` (RFC 7047 §4.1.6).
    mutating func apply(updates json: JSON) throws(OVSDBError) -> Changes {
        try apply(json) { (row: JSON, old: Row?, table: TableSchema) throws(OVSDBError) -> Row? in
            guard let new = row["new"] else { return nil }
            return try Self.merge(new, into: old ?? table.defaultRow, table)
        }
    }

    private mutating func apply(
        _ json: JSON,
        _ update: (_ row: JSON, _ old: Row?, _ table: TableSchema) throws(OVSDBError) -> Row?
    ) throws(OVSDBError) -> Changes {
        var changes: Changes = [:]
        for table in json.object ?? JSONObject() {
            guard let tableSchema = schema.table(table.key), tables[table.key] != nil else {
                continue
            }
            for row in table.value.object ?? JSONObject() {
                guard let id = UUID(row.key) else {
                    throw .syntax("\(row.key) is no UUID", in: nil)
                }
                let new = try update(row.value, tables[table.key]?[id], tableSchema)
                tables[table.key]?[id] = new
                changes[table.key, default: []].insert(id)
            }
        }
        return changes
    }

    private static func merge(
        _ json: JSON, into row: Row, _ table: TableSchema
    ) throws(OVSDBError) -> Row {
        var row = row
        for member in json.object ?? JSONObject() {
            guard let index = table.index(of: member.key) else { continue }
            row[index] = try datum(member.value, table.columns[index].type)
        }
        return row
    }

    /// A datum of a column, or a difference of one, which may hold fewer members.
    private static func datum(_ json: JSON, _ type: ColumnType) throws(OVSDBError) -> Datum {
        try Datum(json, type: type)
    }
}

/// A row with its columns by name.
public struct RowView: Sendable {
    public let id: UUID
    public let schema: TableSchema
    public let values: [Datum]

    /// - Precondition: the table has the column.
    public subscript(column: String) -> Datum {
        guard let index = schema.index(of: column) else {
            preconditionFailure("\(schema.name) has no column \(column)")
        }
        return values[index]
    }
}
