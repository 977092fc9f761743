import JSONRPC
import OVSDBEngine
import OVSDBModel
import TestSupport
import Testing

/// Runs random transactions, and after each one checks the whole database by plain search: what the
/// engine keeps along (counts of references, referrers, indexes) must never let anything slip.
struct IntegrityModelTests {
    private static let schema = DatabaseSchema(
        "Open_vSwitch", version: "1.0.0", checksum: "",
        [
            TableSchema(
                "Root", isRoot: true, maximumRowCount: 3,
                [
                    ColumnSchema("nodes", .set(of: .reference("Node"))),
                    ColumnSchema("named", .map(.string, to: .reference("Node"))),
                ]),
            TableSchema(
                "Node", indexes: [["name"]],
                [
                    ColumnSchema("name", ColumnType(.string)),
                    ColumnSchema("child", .optional(.reference("Leaf"))),
                    ColumnSchema("friends", .set(of: .weakReference("Node"))),
                ]),
            TableSchema("Leaf", [ColumnSchema("value", ColumnType(.integer))]),
        ])

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `no transaction breaks the rules of the schema`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let driver = EngineDriver(Self.schema)
        let session = driver.open()
        let database = try #require(driver.server.database("Open_vSwitch"))
        var committedCount = 0
        for _ in 0..<120 {
            let count = Int.random(in: 1...4, using: &random)
            let operations = (0..<count).map { _ in operation(database, &random) }
            let before = contents(of: database)
            let result = try driver.transact(session, operations.joined(separator: ","))
            let hasFailed = (result.array ?? []).contains { $0["error"] != nil }
            if hasFailed {
                #expect(contents(of: database) == before)
            } else {
                committedCount += 1
            }
            check(database)
        }
        #expect(committedCount > 10)
        let again = try EngineDriver(log: driver.log.octets)
        let reloaded = try #require(again.server.database("Open_vSwitch"))
        #expect(contents(of: reloaded) == contents(of: database))
    }

    /// The rows of each table without their versions.
    private func contents(of database: Database) -> [[UUID: [Datum]]] {
        database.schema.tables.indices.map { table in
            database.rows(of: table).mapValues { row in
                var row = row
                row[TableSchema.versionIndex] = .empty
                return row
            }
        }
    }

    // MARK: Drawing

    private func operation(_ database: Database, _ random: inout SplitMix64) -> String {
        let node = reference("Node", database, &random)
        let root = reference("Root", database, &random)
        let whichNode = #"[["_uuid","==",\#(node)]]"#
        let whichRoot = #"[["_uuid","==",\#(root)]]"#
        let name = "n\(Int.random(in: 0..<6, using: &random))"
        switch Int.random(in: 0..<10, using: &random) {
        case 0:
            return #"{"op":"insert","table":"Root","row":{"nodes":\#(node)}}"#
        case 1, 2:
            let other = reference("Node", database, &random)
            return #"""
                {"op":"insert","table":"Node","uuid-name":"x\#(random.next())",
                 "row":{"name":"\#(name)","friends":["set",[\#(other)]]}},
                {"op":"mutate","table":"Root","where":[],"mutations":[["nodes","insert",\#(other)]]}
                """#
        case 3:
            return #"""
                {"op":"insert","table":"Node","uuid-name":"k\#(name)","row":{"name":"\#(name)"}},
                {"op":"update","table":"Root","where":\#(whichRoot),
                 "row":{"nodes":["set",[["named-uuid","k\#(name)"]]]}}
                """#
        case 4:
            return #"""
                {"op":"insert","table":"Leaf","uuid-name":"l\#(name)","row":{"value":1}},
                {"op":"update","table":"Node","where":\#(whichNode),
                 "row":{"child":["named-uuid","l\#(name)"]}}
                """#
        case 5:
            return #"{"op":"delete","table":"Node","where":\#(whichNode)}"#
        case 6:
            return #"""
                {"op":"mutate","table":"Root","where":\#(whichRoot),
                 "mutations":[["named","insert",["map",[["\#(name)",\#(node)]]]]]}
                """#
        case 7:
            return #"""
                {"op":"mutate","table":"Root","where":\#(whichRoot),
                 "mutations":[["named","delete",["set",["\#(name)"]]],["nodes","delete",\#(node)]]}
                """#
        case 8:
            return #"""
                {"op":"mutate","table":"Node","where":\#(whichNode),
                 "mutations":[["friends","insert",\#(reference("Node", database, &random))]]}
                """#
        default:
            return #"""
                {"op":"update","table":"Node","where":\#(whichNode),
                 "row":{"name":"\#(name)","child":["set",[]]}}
                """#
        }
    }

    /// An existing row mostly, else one that never was.
    private func reference(
        _ table: String, _ database: Database, _ random: inout SplitMix64
    ) -> String {
        let rows = database.rows(of: database.schema.index(of: table) ?? 0).keys.sorted()
        let isMissing = Int.random(in: 0..<20, using: &random) == 0
        let uuid = isMissing ? nil : rows.randomElement(using: &random)
        return #"["uuid","\#(uuid ?? UUID(high: 1, low: 2))"]"#
    }

    // MARK: Checking

    private func check(_ database: Database) {
        let tables = database.schema.tables
        var referenced: [String: Set<UUID>] = [:]
        for (index, table) in tables.enumerated() {
            let rows = database.rows(of: index)
            #expect(rows.count <= table.maximumRowCount)
            for index in table.indexes {
                let values = rows.values.map { row in index.map { row[$0] } }
                #expect(Set(values).count == rows.count)
            }
            for row in rows.values {
                for (column, datum) in zip(table.columns, row) {
                    for (base, atoms) in [
                        (column.type.key, datum.keys),
                        (column.type.value ?? column.type.key, datum.values),
                    ] {
                        guard let target = base.refTable else { continue }
                        let targetRows = database.rows(of: database.schema.index(of: target) ?? 0)
                        let uuids = atoms.compactMap(\.uuid)
                        #expect(uuids.allSatisfy { targetRows[$0] != nil })
                        if !base.isWeak { referenced[target, default: []].formUnion(uuids) }
                    }
                }
            }
        }
        for (index, table) in tables.enumerated() where !table.isRoot {
            let orphans = Set(database.rows(of: index).keys)
                .subtracting(referenced[table.name] ?? [])
            #expect(orphans.isEmpty)
        }
    }
}
