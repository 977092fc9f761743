import JSONRPC
public import OVSDBModel

/// A transaction that is being put together, for ``DatabaseReplica/commit(_:)``.
///
/// A row that the transaction inserts gets a UUID at once, which may stand in other rows of the
/// same transaction as if it existed; the server chooses the real one.
public struct TransactionRequest: Sendable {
    public let schema: DatabaseSchema
    var operations: [JSON] = []
    /// The rows to be inserted, and where their operations stand.
    var insertions: [UUID: Int] = [:]

    public init(_ schema: DatabaseSchema) { self.schema = schema }

    public var isEmpty: Bool { operations.isEmpty }

    /// Adds a row; columns that are not given hold their default.
    @discardableResult
    public mutating func insert(_ table: String, _ row: [String: Datum]) -> UUID {
        let uuid = UUID.random()
        insert(table, named: uuid, row)
        return uuid
    }

    mutating func insert(_ table: String, named uuid: UUID, _ row: [String: Datum]) {
        insertions[uuid] = operations.count
        operations.append([
            "op": "insert", "table": .string(table), "uuid-name": .string(Self.name(of: uuid)),
            "row": encode(row, table),
        ])
    }

    /// Sets columns of a row.
    public mutating func update(_ table: String, _ uuid: UUID, _ row: [String: Datum]) {
        guard !row.isEmpty else { return }
        operations.append([
            "op": "update", "table": .string(table), "where": whereClause(uuid),
            "row": encode(row, table),
        ])
    }

    /// Changes one column of a row in place.
    public mutating func mutate(
        _ table: String, _ uuid: UUID, _ column: String, _ mutator: Mutation.Mutator, _ datum: Datum
    ) {
        let (tableSchema, index) = resolve(table, column)
        let mutation = Mutation(column: index, mutator, datum)
        operations.append([
            "op": "mutate", "table": .string(table), "where": whereClause(uuid),
            "mutations": [substitute(mutation.json(table: tableSchema))],
        ])
    }

    public mutating func delete(_ table: String, _ uuid: UUID) {
        operations.append([
            "op": "delete", "table": .string(table), "where": whereClause(uuid),
        ])
    }

    /// Makes the transaction fail where columns of a row are no longer as they are here.
    public mutating func verify(_ row: Row, _ columns: [String]) {
        var expected = JSONObject()
        for column in columns {
            expected[column] = encode(row[column], row.table.name, column)
        }
        operations.append([
            "op": "wait", "table": .string(row.table.name), "where": whereClause(row.uuid),
            "timeout": 0, "until": "==", "columns": .array(columns.map(JSON.string)),
            "rows": [.object(expected)],
        ])
    }

    /// Makes the transaction fail where this client does not own a lock.
    public mutating func assertLock(_ name: String) {
        operations.append(["op": "assert", "lock": .string(name)])
    }

    /// Says in the log what the transaction is for.
    public mutating func comment(_ text: String) {
        operations.append(["op": "comment", "comment": .string(text)])
    }

    /// Has the reply wait until the transaction is on the disk.
    public mutating func requireDurability() {
        operations.append(["op": "commit", "durable": true])
    }
}

extension TransactionRequest {
    private static func name(of uuid: UUID) -> String {
        "row" + uuid.description.replacing("-", with: "_")
    }

    func whereClause(_ uuid: UUID) -> JSON {
        [["_uuid", "==", reference(uuid)]]
    }

    func reference(_ uuid: UUID) -> JSON {
        insertions[uuid] == nil
            ? Atom.uuid(uuid).json : ["named-uuid", .string(Self.name(of: uuid))]
    }

    func resolve(_ table: String, _ column: String) -> (TableSchema, Int) {
        guard let tableSchema = schema.table(table), let index = tableSchema.index(of: column)
        else {
            preconditionFailure("the schema has no column \(column) in a table \(table)")
        }
        return (tableSchema, index)
    }

    func encode(_ row: [String: Datum], _ table: String) -> JSON {
        var object = JSONObject()
        for (column, datum) in row.sorted(by: { $0.key < $1.key }) {
            object[column] = encode(datum, table, column)
        }
        return .object(object)
    }

    func encode(_ datum: Datum, _ table: String, _ column: String) -> JSON {
        let (tableSchema, index) = resolve(table, column)
        return substitute(datum.json(type: tableSchema.columns[index].type))
    }

    /// Puts names in the place of the UUIDs of rows that do not exist yet.
    ///
    /// A row may be named before its insertion, so rows to be inserted are known by their UUID only
    /// once that has been asked for; ``insert(_:_:)`` comes before any use of its result.
    func substitute(_ json: JSON) -> JSON {
        guard !insertions.isEmpty, case .array(let elements) = json else { return json }
        if elements.count == 2, elements[0] == "uuid", let text = elements[1].string,
            let uuid = UUID(text)
        {
            return reference(uuid)
        }
        return .array(elements.map(substitute))
    }
}
