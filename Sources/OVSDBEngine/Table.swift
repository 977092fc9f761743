public import OVSDBModel

/// The name of a row among all tables of a database.
public struct RowKey: Hashable, Sendable {
    /// The table's position in the schema.
    public let table: Int
    public let uuid: UUID

    public init(table: Int, uuid: UUID) {
        self.table = table
        self.uuid = uuid
    }

    /// Rows of different tables hardly ever share an identifier.
    public func hash(into hasher: inout Hasher) { hasher.combine(uuid) }
}

/// What a transaction did to one row; nil stands for no row.
public struct RowChange: Sendable {
    public let key: RowKey
    public let old: [Datum]?
    public internal(set) var new: [Datum]?

    /// Gives the new row a version, in place.
    mutating func setVersion(_ version: UUID) {
        new?[TableSchema.versionIndex] = Datum(.uuid(version))
    }
}

/// A column that refers to rows of another table.
struct ReferenceColumn {
    let column: Int
    let target: Int
    /// Whether the references stand in a map's values instead of the keys.
    let isInValues: Bool
    let isWeak: Bool

    /// Whether a row refers to none, as most do.
    func isEmpty(in row: [Datum]) -> Bool { row[column].isEmpty }

    func references(in row: [Datum]) -> [Atom] {
        isInValues ? row[column].values : row[column].keys
    }
}

/// The rows of a table, and what is kept along to check a commit at the cost of its change alone:
/// the number of strong references to each row, the rows that refer to it weakly, and the values of
/// unique indexes.
struct Table {
    let schema: TableSchema
    let references: [ReferenceColumn]
    /// The columns whose default breaks a constraint of their own, so that each new row has to give
    /// them another value, and what to say where it does not.
    let mandatoryColumns: [(index: Int, error: OVSDBError)]
    var rows: [UUID: [Datum]] = [:]
    /// By row; those without a strong reference are left out.
    var strongReferenceCounts: [UUID: Int] = [:]
    /// By row, those that refer to it weakly, and in how many places.
    var weakReferrers: [UUID: [RowKey: Int]] = [:]
    /// For each index of the schema, the row that has the values.
    var indexes: [[IndexValues: UUID]]

    init(_ schema: TableSchema, in database: DatabaseSchema) {
        self.schema = schema
        indexes = Array(repeating: [:], count: schema.indexes.count)
        var references: [ReferenceColumn] = []
        for (index, column) in schema.columns.enumerated() {
            let bases = [(column.type.key, false)] + (column.type.value.map { [($0, true)] } ?? [])
            for (base, isInValues) in bases {
                guard let target = base.refTable.flatMap(database.index(of:)) else { continue }
                references.append(
                    ReferenceColumn(
                        column: index, target: target, isInValues: isInValues,
                        isWeak: base.isWeak))
            }
        }
        self.references = references
        mandatoryColumns = schema.columns.enumerated().compactMap { index, column in
            do throws(OVSDBError) {
                try column.type.defaultDatum.check(type: column.type)
                return nil
            } catch {
                return (index, error)
            }
        }
    }

    /// Refuses a new row that leaves a column at a default which it may not have.
    ///
    /// - Parameter isGiven: Whether it gives a column a value.
    func checkMandatoryColumns(_ isGiven: (_ column: Int) -> Bool) throws(OVSDBError) {
        for (index, error) in mandatoryColumns where !isGiven(index) { throw error }
    }
}
