import JSONRPC
import OVSDBModel

/// The columns of the tables that the commands of one command line read, and of which rows.
struct Needs {
    /// By the table's position in the schema; a table may be needed for its UUIDs alone.
    private(set) var columns: [Int: Set<Int>] = [:]
    /// Tables of which all rows are needed.
    private var wholeTables: Set<Int> = []
    /// Which rows are needed of other tables: those that meet one of the conditions.
    private var conditions: [Int: Set<JSON>] = [:]
    private let schema: DatabaseSchema

    /// With more conditions than this a table is read whole: the server walks all rows for each.
    private static let maximumConditionCount = 16

    init(_ schema: DatabaseSchema) { self.schema = schema }

    mutating func add(_ table: String, _ columns: String...) {
        guard let index = schema.index(of: table) else { return }
        wholeTables.insert(index)
        add(columns, at: index)
    }

    /// Columns of the rows with these names alone.
    mutating func add(_ table: String, named names: [String], _ columns: String...) {
        guard let index = schema.index(of: table) else { return }
        for name in names { add(index, where: ["name", "==", .string(name)]) }
        add(columns + ["name"], at: index)
    }

    /// Columns of the rows that meet a condition (RFC 7047 §5.1).
    mutating func add(_ table: String, where condition: JSON, _ columns: String...) {
        guard let index = schema.index(of: table) else { return }
        add(index, where: condition)
        add(columns, at: index)
    }

    private mutating func add(_ table: Int, where condition: JSON) {
        conditions[table, default: []].insert(condition)
    }

    private mutating func add(_ names: [String], at table: Int) {
        let positions = names.compactMap { schema.tables[table].index(of: $0) }
        columns[table, default: []].formUnion(positions)
    }

    mutating func add(_ table: TableSchema, column: Int) {
        guard let index = schema.index(of: table.name) else { return }
        columns[index, default: []].insert(column)
    }

    /// What finding records of a table by name takes.
    mutating func addNaming(of table: TableSchema) {
        add(table.name)
        for way in RecordNaming.ways(of: table.name) {
            switch way {
            case .column(let name): add(table.name, name)
            case .singleton: break
            case .reference(let other, let nameColumn, let column):
                add(other, nameColumn, column)
            }
        }
    }

    /// What the bridge and port commands know of the network.
    mutating func addNetwork(hasInterfaces: Bool) {
        add("Open_vSwitch", "bridges")
        add("Bridge", "name", "ports")
        add("Port", "name", "fake_bridge", "tag")
        guard hasInterfaces else { return }
        add("Port", "interfaces")
        add("Interface", "name")
    }

    /// What two bridges or ports could both be called.
    mutating func addHolders(of names: [String]) {
        add("Bridge", named: names)
        add("Port", named: names)
        add("Interface", named: names)
    }

    var tables: [Int] { columns.keys.sorted() }

    /// The operations that read everything, each with the table that it reads.
    var selections: [(table: Int, operation: JSON)] {
        tables.flatMap { table in
            let schema = schema.tables[table]
            let columns = (columns[table] ?? []).subtracting([TableSchema.uuidIndex]).sorted()
                .map { JSON.string(schema.columns[$0].name) }
            return conditions(table).map { condition in
                let operation: JSON = [
                    "op": "select", "table": .string(schema.name), "where": condition,
                    "columns": .array(["_uuid"] + columns),
                ]
                return (table, operation)
            }
        }
    }

    private func conditions(_ table: Int) -> [JSON] {
        guard !wholeTables.contains(table), let conditions = conditions[table],
            conditions.count <= Self.maximumConditionCount
        else { return [[]] }
        return conditions.map { [$0] }
    }
}
