import JSONRPC
import OVSDBModel

extension Replica {
    /// The operations that make the changes (RFC 7047 §5.2), inserted rows in front.
    ///
    /// Each row that is changed must still be there: a `wait` makes sure, since a change to a row
    /// that is gone would otherwise be lost without a word.
    func operations() -> [JSON] {
        var operations: [JSON] = []
        for uuid in changeOrder {
            if let row = changes[uuid]?.row { operations.append(presence(of: row)) }
        }
        for row in inserted { operations.append(insertion(of: row)) }
        for uuid in changeOrder {
            guard let change = changes[uuid] else { continue }
            operations += self.operations(for: change)
        }
        for row in deleted {
            operations.append(
                ["op": "delete", "table": .string(row.table.name), "where": condition(row)])
        }
        return operations
    }

    private func presence(of row: Row) -> JSON {
        [
            "op": "wait", "table": .string(row.table.name), "timeout": 0,
            "where": condition(row), "columns": ["_uuid"], "until": "==",
            "rows": [["_uuid": Atom.uuid(row.uuid).json]],
        ]
    }

    private func insertion(of row: Row) -> JSON {
        var columns = JSONObject()
        for (index, column) in row.table.columns.enumerated().dropFirst(2)
        where row.values[index] != column.type.defaultDatum {
            columns[column.name] = json(row.values[index], type: column.type)
        }
        var operation = JSONObject()
        operation["op"] = "insert"
        operation["table"] = .string(row.table.name)
        operation["row"] = .object(columns)
        operation["uuid-name"] = .string(Self.name(of: row.uuid))
        if chosen.contains(row.uuid) { operation["uuid"] = .string(row.uuid.description) }
        return .object(operation)
    }

    private func operations(for change: RowChange) -> [JSON] {
        let row = change.row
        var operations: [JSON] = []
        if !change.writes.isEmpty {
            var columns = JSONObject()
            for index in change.writes.keys.sorted() {
                let column = row.table.columns[index]
                columns[column.name] = json(row.values[index], type: column.type)
            }
            operations.append([
                "op": "update", "table": .string(row.table.name), "where": condition(row),
                "row": .object(columns),
            ])
        }
        let mutations = mutations(of: change)
        if !mutations.isEmpty {
            operations.append([
                "op": "mutate", "table": .string(row.table.name), "where": condition(row),
                "mutations": .array(mutations),
            ])
        }
        return operations
    }

    private func mutations(of change: RowChange) -> [JSON] {
        var mutations: [JSON] = []
        func append(_ mutator: JSON, _ index: Int, _ members: Datum?) {
            guard let members, !members.isEmpty else { return }
            let column = change.row.table.columns[index]
            let valueType = members.values.isEmpty ? nil : column.type.value
            let type = ColumnType(
                column.type.key, valueType, minimum: 0, maximum: ColumnType.unlimited)
            // Written as a set even if alone, as Open vSwitch's errors quote it.
            let value = json(members, type: type)
            let isAtom = !type.isMap && members.count == 1
            mutations.append([.string(column.name), mutator, isAtom ? ["set", [value]] : value])
        }
        for index in Set(change.removals.keys).union(change.insertions.keys).sorted() {
            append("delete", index, change.removals[index])
            append("insert", index, change.insertions[index])
        }
        return mutations
    }

    private func condition(_ row: Row) -> JSON {
        [["_uuid", "==", Atom.uuid(row.uuid).json]]
    }

    /// The `uuid-name` of a row that the transaction inserts.
    static func name(of uuid: UUID) -> String {
        "row" + uuid.description.map { $0 == "-" ? "_" : $0 }
    }

    /// A value in which rows that the transaction inserts go by their names.
    private func json(_ datum: Datum, type: ColumnType) -> JSON {
        func json(_ atom: Atom) -> JSON {
            if case .uuid(let uuid) = atom, isInserted(uuid) {
                return ["named-uuid", .string(Self.name(of: uuid))]
            }
            return atom.json
        }
        if type.isMap {
            let pairs = zip(datum.keys, datum.values).map { JSON.array([json($0), json($1)]) }
            return ["map", .array(pairs)]
        }
        if datum.count == 1 { return json(datum.keys[0]) }
        return ["set", .array(datum.keys.map(json))]
    }

    private func isInserted(_ uuid: UUID) -> Bool { insertedUUIDs.contains(uuid) }
}
