import JSONRPC
import OVSDBModel

/// The columns of the tables that the commands of one command line read.
struct Needs {
    /// By the table's position in the schema; a table may be needed for its UUIDs alone.
    private(set) var columns: [Int: Set<Int>] = [:]
    private let schema: DatabaseSchema

    init(_ schema: DatabaseSchema) { self.schema = schema }

    mutating func add(_ table: String, _ names: String...) {
        guard let index = schema.index(of: table) else { return }
        let positions = names.compactMap { schema.tables[index].index(of: $0) }
        columns[index, default: []].formUnion(positions)
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
    mutating func addNetwork() {
        add("Open_vSwitch", "bridges")
        add("Bridge", "name", "ports")
        add("Port", "name", "fake_bridge", "tag", "interfaces")
        add("Interface", "name")
    }

    /// The tables in the order in which ``selections`` asks for them.
    var tables: [Int] { columns.keys.sorted() }

    /// The operations that read everything.
    var selections: [JSON] {
        tables.map { table in
            let schema = schema.tables[table]
            let names = (columns[table] ?? []).subtracting([TableSchema.uuidIndex]).sorted()
                .map { JSON.string(schema.columns[$0].name) }
            return [
                "op": "select", "table": .string(schema.name), "where": [],
                "columns": .array(["_uuid"] + names),
            ]
        }
    }
}
