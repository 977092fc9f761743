import JSONRPC
public import OVSDBModel

/// The columns, and the rows, of one table that a replica follows.
public struct MonitoredTable: Hashable, Sendable {
    public let table: String
    public let columns: [String]
    /// Clauses of which a row must meet one; nil for every row.
    var clauses: [JSON]?

    /// Some columns of the rows that meet a condition.
    public init<Owner, each Value>(
        _ columns: repeat Column<Owner, each Value>, where condition: RowCondition<Owner>? = nil
    ) {
        var names: [String] = []
        for column in repeat each columns { names.append(column.name) }
        table = Owner.table.name
        self.columns = names
        clauses = condition?.clauses
    }

    /// Every column of the rows that meet a condition.
    public init<Owner: TableRow>(_: Owner.Type, where condition: RowCondition<Owner>? = nil) {
        table = Owner.table.name
        columns = Owner.table.declaredColumns.map(\.name)
        clauses = condition?.clauses
    }

    /// Columns of a table that is known by its name alone; no names stand for all columns.
    public init(_ table: TableSchema, columns names: [String]) {
        self.table = table.name
        columns = names.isEmpty ? table.declaredColumns.map(\.name) : names
        clauses = nil
    }
}

/// Which rows of a table a replica follows: those that meet at least one clause
/// (ovsdb-server(7), `monitor_cond`).
public struct RowCondition<Owner: TableRow>: Hashable, Sendable {
    let clauses: [JSON]

    /// No row at all.
    public static var none: Self { Self(clauses: [false]) }

    public static func || (left: Self, right: Self) -> Self {
        Self(clauses: left.clauses + right.clauses)
    }
}

extension Column {
    public static func == (column: Self, value: Value) -> RowCondition<Owner> {
        column.clause(.equal, value)
    }

    public static func != (column: Self, value: Value) -> RowCondition<Owner> {
        column.clause(.notEqual, value)
    }

    public static func < (column: Self, value: Value) -> RowCondition<Owner> {
        column.clause(.less, value)
    }

    public static func <= (column: Self, value: Value) -> RowCondition<Owner> {
        column.clause(.lessOrEqual, value)
    }

    public static func > (column: Self, value: Value) -> RowCondition<Owner> {
        column.clause(.greater, value)
    }

    public static func >= (column: Self, value: Value) -> RowCondition<Owner> {
        column.clause(.greaterOrEqual, value)
    }

    /// The column holds all of these, and perhaps others.
    public func includes(_ value: Value) -> RowCondition<Owner> { clause(.includes, value) }

    /// The column holds none of these.
    public func excludes(_ value: Value) -> RowCondition<Owner> { clause(.excludes, value) }

    private func clause(_ comparison: Clause.Comparison, _ value: Value) -> RowCondition<Owner> {
        let type = Owner.table.columns[index].type
        return RowCondition(
            clauses: [[.string(name), .string(comparison.rawValue), value.datum.json(type: type)]])
    }
}
