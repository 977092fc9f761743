public import JSONRPC
public import OVSDBModel

/// A table of a database as `ovsdb-client dump` asks for it and prints it.
public struct DumpTable {
    private let table: TableSchema
    private let columns: [ColumnSchema]

    /// - Parameter names: The columns that are wanted; none for all that the schema declares.
    public init(_ table: TableSchema, columns names: [String]) throws(ControlError) {
        self.table = table
        guard !names.isEmpty else {
            columns = [table.columns[TableSchema.uuidIndex]] + table.declaredColumns
            return
        }
        var columns: [ColumnSchema] = []
        for name in names.sorted() {
            guard let column = table.column(name) else {
                throw ControlError("Table \"\(table.name)\" has no column \(name).")
            }
            columns.append(column)
        }
        self.columns = columns
    }

    /// The operation that reads it.
    public var selection: JSON {
        [
            "op": "select", "table": .string(table.name), "where": [],
            "columns": .array(columns.map { .string($0.name) }),
        ]
    }

    /// The rows of a result, sorted from the first column on.
    public func text(of result: JSON) throws(ControlError) -> TextTable {
        guard let rows = result["rows"]?.array else {
            throw ControlError(
                "\(table.name) table reply is not an object with a \"rows\" member array: "
                    + result.text(sortsKeys: true))
        }
        var data: [[Datum]] = []
        for row in rows {
            var cells: [Datum] = []
            for column in columns {
                do throws(OVSDBError) {
                    cells.append(
                        try row[column.name].map { value throws(OVSDBError) in
                            try Datum(value, type: column.type)
                        } ?? column.type.defaultDatum)
                } catch {
                    throw ControlError("\(error)")
                }
            }
            data.append(cells)
        }
        // What the rows hold orders them, and their UUIDs only where they are equal.
        let order =
            columns.indices.filter { columns[$0].name != "_uuid" }
            + columns.indices.filter { columns[$0].name == "_uuid" }
        data.sort { left, right in
            for index in order where left[index] != right[index] {
                return left[index].precedes(right[index])
            }
            return false
        }
        var text = TextTable(
            headings: columns.map(\.name), caption: "\(table.name) table")
        text.rows = data.map { zip($0, columns).map { .datum($0, $1.type) } }
        return text
    }
}
