import OVSDBModel

/// A row as the commands see it: what the database held when it was read, and what they changed.
///
/// Rows are shared by reference between the tables of a ``Replica`` and the ``NetworkView``, all of
/// which one command line uses in one thread.
final class Row {
    let uuid: UUID
    let table: TableSchema
    /// In the order of the table's columns, `_uuid` among them.
    ///
    /// A column that was not read holds its default.
    fileprivate(set) var values: [Datum]
    /// Whether the transaction inserts it.
    let isNew: Bool
    fileprivate(set) var isDeleted = false

    init(_ table: TableSchema, uuid: UUID, values: [Datum], isNew: Bool = false) {
        self.table = table
        self.uuid = uuid
        self.values = values
        self.isNew = isNew
        if isNew { self.values[TableSchema.uuidIndex] = Datum(.uuid(uuid)) }
    }

    /// What a column holds; the column must exist.
    subscript(column: String) -> Datum {
        table.index(of: column).map { values[$0] } ?? .empty
    }

    var name: String { self["name"].string ?? "" }
}

/// What a transaction does to one row that exists.
struct RowChange {
    let row: Row
    /// Columns that get a new value as a whole.
    var writes: [Int: Datum] = [:]
    /// Members that are taken out of columns, and then put in.
    var removals: [Int: Datum] = [:]
    var insertions: [Int: Datum] = [:]
}

/// The part of the database that the commands need, and the changes that they make to it.
///
/// Changes apply to the replica at once, so that later commands see them, and are recorded for the
/// one transaction that sends them all. Members of large sets, such as a bridge's ports, are put in
/// and taken out one by one (`mutate`), so that the transaction does not grow with the set and does
/// not undo what others did to it meanwhile.
final class Replica {
    let schema: DatabaseSchema
    private(set) var rows: [[UUID: Row]]
    /// Rows by table, in the order in which the server sent them.
    private(set) var order: [[Row]]
    /// Rows by the value of the column `name`, by table, once it was asked for.
    private var namedRows: [[String: [Row]]?]
    private(set) var inserted: [Row] = []
    private(set) var insertedUUIDs: Set<UUID> = []
    /// The row's UUID was chosen by the operator (`--id=UUID create`).
    private(set) var chosen: Set<UUID> = []
    private(set) var deleted: [Row] = []
    private(set) var changes: [UUID: RowChange] = [:]
    private(set) var changeOrder: [UUID] = []

    init(_ schema: DatabaseSchema) {
        self.schema = schema
        rows = Array(repeating: [:], count: schema.tables.count)
        order = Array(repeating: [], count: schema.tables.count)
        namedRows = Array(repeating: nil, count: schema.tables.count)
    }

    func index(of table: String) -> Int {
        guard let index = schema.index(of: table) else {
            preconditionFailure("the schema has no table \(table)")
        }
        return index
    }

    /// The rows of a table that exist, those of this transaction included.
    func rows(of table: String) -> [Row] {
        order[index(of: table)].filter { !$0.isDeleted }
    }

    func row(_ uuid: UUID, in table: String) -> Row? { row(uuid, in: index(of: table)) }

    func row(_ uuid: UUID, in table: Int) -> Row? {
        guard let row = rows[table][uuid], !row.isDeleted else { return nil }
        return row
    }

    /// The rows with this name.
    func rows(of table: String, named name: String) -> [Row] {
        let index = index(of: table)
        if namedRows[index] == nil {
            namedRows[index] = Dictionary(grouping: order[index], by: \.name)
        }
        return namedRows[index]?[name]?.filter { !$0.isDeleted } ?? []
    }

    /// Notes the name that a new row has got.
    private func noteName(of row: Row) {
        let index = index(of: row.table.name)
        guard namedRows[index] != nil else { return }
        namedRows[index]?[row.name, default: []].append(row)
    }

    /// Takes in a row that was read.
    func load(_ row: Row, table: Int) {
        guard rows[table].updateValue(row, forKey: row.uuid) == nil else { return }
        order[table].append(row)
        if namedRows[table] != nil { namedRows[table]?[row.name, default: []].append(row) }
    }

    var hasChanges: Bool { !inserted.isEmpty || !deleted.isEmpty || !changes.isEmpty }
}

// MARK: - Changes

extension Replica {
    func insert(in table: String, uuid: UUID? = nil, isChosen: Bool = false) -> Row {
        let index = index(of: table)
        let schema = schema.tables[index]
        let row = Row(schema, uuid: uuid ?? .random(), values: schema.defaultRow, isNew: true)
        load(row, table: index)
        inserted.append(row)
        insertedUUIDs.insert(row.uuid)
        if isChosen { chosen.insert(row.uuid) }
        return row
    }

    /// Deletes a row of a root table; others vanish when nothing refers to them, and only then.
    func delete(_ row: Row) {
        guard row.table.isRoot else { return }
        row.isDeleted = true
        if row.isNew {
            inserted.removeAll { $0 === row }
        } else {
            deleted.append(row)
            forget(row)
        }
    }

    /// Takes a row out of sight that will vanish because nothing refers to it any more.
    func hide(_ row: Row) {
        row.isDeleted = true
        inserted.removeAll { $0 === row }
        forget(row)
    }

    private func forget(_ row: Row) {
        if changes.removeValue(forKey: row.uuid) != nil {
            changeOrder.removeAll { $0 == row.uuid }
        }
    }

    func set(_ row: Row, _ column: String, to value: Datum) {
        guard let index = row.table.index(of: column) else { return }
        set(row, index, to: value)
    }

    /// Gives a column a new value; nothing happens if it has it.
    func set(_ row: Row, _ column: Int, to value: Datum) {
        guard row.values[column] != value else { return }
        row.values[column] = value
        if row.isNew, row.table.columns[column].name == "name" { noteName(of: row) }
        change(row) { change in
            change.writes[column] = value
            change.removals[column] = nil
            change.insertions[column] = nil
        }
    }

    func insert(_ member: Atom, value: Atom? = nil, into column: String, of row: Row) {
        guard let index = row.table.index(of: column) else { return }
        insert(member, value: value, into: index, of: row)
    }

    /// Puts a member into a set, or a pair into a map, where it replaces one with the same key.
    func insert(_ member: Atom, value: Atom? = nil, into column: Int, of row: Row) {
        let wasThere = row.values[column].contains(member)
        guard row.values[column].insert(member, value: value, replaces: true) else { return }
        let whole = row.values[column]
        change(row) { change in
            if change.writes[column] != nil {
                change.writes[column] = whole
                return
            }
            if wasThere { change.removals[column, default: .empty].insert(member) }
            change.insertions[column, default: .empty]
                .insert(member, value: value, replaces: true)
        }
    }

    /// Tells a member of a set which was not read as a whole.
    func note(_ member: Atom, in column: String, of row: Row) {
        guard let index = row.table.index(of: column) else { return }
        row.values[index].insert(member)
    }

    func remove(_ member: Atom, from column: String, of row: Row) {
        guard let index = row.table.index(of: column) else { return }
        remove(member, from: index, of: row)
    }

    /// Takes a member out of a set, or the pair with this key out of a map.
    func remove(_ member: Atom, from column: Int, of row: Row) {
        guard row.values[column].remove(member) else { return }
        let whole = row.values[column]
        change(row) { change in
            if change.writes[column] != nil {
                change.writes[column] = whole
                return
            }
            change.insertions[column]?.remove(member)
            change.removals[column, default: .empty].insert(member)
        }
    }

    private func change(_ row: Row, _ body: (inout RowChange) -> Void) {
        guard !row.isNew else { return }
        if changes[row.uuid] == nil { changeOrder.append(row.uuid) }
        body(&changes[row.uuid, default: RowChange(row: row)])
    }
}
