public import OVSDBModel

/// A row of one table, with a property for each column.
///
/// Types of rows are generated from a schema (`Scripts/generate-rows`). They wrap a ``Row``, and
/// read a column only when it is asked for, so that making one costs nothing. `Self.name` is the
/// column, and `row.name` what the row holds in it.
public protocol TableRow: Hashable, Sendable {
    static var table: TableSchema { get }
    var row: Row { get set }
    init(_ row: Row)
}

extension TableRow {
    /// A new row, to be inserted.
    public init() { self.init(Row(Self.table)) }

    /// What is to be set in the row of that name.
    public init(settingColumnsOf reference: Reference<Self>) {
        self.init(Row(Self.table, uuid: reference.uuid))
    }

    public var uuid: UUID { row.uuid }
    public var reference: Reference<Self> { Reference(row.uuid) }
}

/// A column of a table, and the Swift type of what it holds.
public struct Column<Owner: TableRow, Value: ColumnValue>: Hashable, Sendable {
    public let name: String
    /// Where it stands in ``TableSchema/columns``.
    public let index: Int

    @inlinable
    public init(_ name: String, at index: Int) {
        self.name = name
        self.index = index
    }
}

extension Row {
    /// What the row holds in a column of its table.
    @inlinable
    public subscript<Owner, Value>(column: Column<Owner, Value>) -> Value {
        get { Value(data[column.index]) }
        set { assign(newValue.datum, at: column.index) }
    }
}

extension DatabaseSchema {
    /// A table that the schema is known to have.
    public func requiredTable(_ name: String) -> TableSchema {
        guard let table = table(name) else {
            preconditionFailure("the schema \(self.name) has no table \(name)")
        }
        return table
    }
}

/// What became of a row of one table; nil stands for no row.
public struct ChangeNotice<Owner: TableRow>: Hashable, Sendable {
    public let reference: Reference<Owner>
    public let old: Owner?
    public let new: Owner?

    /// Whether a column is another than before; a new or deleted row counts as changed.
    public func changes<Value>(_ column: Column<Owner, Value>) -> Bool {
        guard let old, let new else { return true }
        return old.row.data[column.index] != new.row.data[column.index]
    }
}

extension ChangeNotice {
    /// Nil where `notice` is about a row of another table.
    public init?(_ notice: RowNotice) {
        guard notice.table == Owner.table.name else { return nil }
        reference = Reference(notice.uuid)
        old = notice.old.map { Owner($0) }
        new = notice.new.map { Owner($0) }
    }
}

/// The rows of one table of a replica.
public struct TableRows<Owner: TableRow>: Sequence {
    let rows: [UUID: Row]

    public var count: Int { rows.count }
    public var isEmpty: Bool { rows.isEmpty }
    /// Some row: the only one of a table such as Open_vSwitch.
    public var first: Owner? { rows.values.first.map { Owner($0) } }

    public subscript(uuid: UUID) -> Owner? { rows[uuid].map { Owner($0) } }
    public subscript(reference: Reference<Owner>) -> Owner? { self[reference.uuid] }

    public func makeIterator() -> AnyIterator<Owner> {
        var values = rows.values.makeIterator()
        return AnyIterator { values.next().map { Owner($0) } }
    }
}

extension DatabaseReplica {
    /// The rows of a table.
    public subscript<Owner: TableRow>(_: Owner.Type) -> TableRows<Owner> {
        TableRows(rows: rows(of: Owner.table.name))
    }

    /// The row of that name, if there is one.
    public subscript<Owner>(reference: Reference<Owner>) -> Owner? {
        row(Owner.table.name, reference.uuid).map { Owner($0) }
    }

    /// The rows of those names, in their order, as far as there are any.
    public func rows<Owner>(_ references: [Reference<Owner>]) -> [Owner] {
        references.compactMap { self[$0] }
    }
}
