import JSONRPC
public import OVSDBModel

/// The log: a schema, and then a record for each transaction (ovsdb(5)).
extension Database {
    /// Checks the changes, logs them and makes them part of the database.
    ///
    /// - Returns: The changes that were made; none where the transaction changed nothing.
    func commit(
        _ transaction: inout Transaction, date: Int64
    ) throws(OVSDBError) -> [RowChange] {
        let changes = try transaction.prepare()
        if let storage, let record = record(of: changes, transaction, date: date) {
            let octets = LogRecord.encode(record)
            do throws(StorageError) {
                try storage.append(octets, isDurable: transaction.isDurable)
            } catch {
                throw OVSDBError("I/O error", error.description)
            }
            noteLogged(octets)
        }
        apply(changes)
        return changes
    }

    private func record(
        of changes: [RowChange], _ transaction: Transaction, date: Int64
    ) -> JSON? {
        var members: [Int: JSONObject] = [:]
        for change in changes {
            guard let row = loggedRow(change) else { continue }
            members[change.key.table, default: JSONObject()][change.key.uuid.description] = row
        }
        guard !members.isEmpty else { return nil }
        var object = JSONObject()
        object["_date"] = .integer(date)
        for (table, rows) in members.sorted(by: { $0.key < $1.key }) {
            object[schema.tables[table].name] = .object(rows)
        }
        if !transaction.comments.isEmpty {
            object["_comment"] = .string(transaction.comments.joined(separator: "\n"))
        }
        if logsDifferences { object["_is_diff"] = true }
        return .object(object)
    }

    /// What the log says of a row; nil where only ephemeral columns changed.
    private func loggedRow(_ change: RowChange) -> JSON? {
        guard let new = change.new else { return .null }
        let columns = schema.tables[change.key.table].columns
        var row = JSONObject()
        for (index, column) in columns.enumerated() where !column.isEphemeral {
            let type = column.type
            if let old = change.old {
                guard old[index] != new[index] else { continue }
                let logged =
                    logsDifferences
                    ? old[index].difference(to: new[index], type: type) : new[index]
                row[column.name] = logged.json(type: type)
            } else if new[index] != type.defaultDatum {
                row[column.name] = new[index].json(type: type)
            }
        }
        return row.isEmpty && change.old != nil ? nil : .object(row)
    }

    /// The octets of a log that holds just the schema and the present rows.
    ///
    /// - Parameter other: The schema to convert to; tables and columns that it does not have are
    ///   left out. Whether the rest meets its constraints shows when the log is loaded.
    public func snapshot(
        date: Int64, comment: String = "compacting database online",
        as other: DatabaseSchema? = nil
    ) -> [UInt8] {
        let octets = LogRecord.encode((other ?? schema).json)
        var object = JSONObject()
        object["_date"] = .integer(date)
        for (table, content) in tables.enumerated() where !content.rows.isEmpty {
            var rows = JSONObject()
            let kept = other.map { $0.table(content.schema.name) } ?? content.schema
            guard let kept else { continue }
            for (uuid, row) in content.rows {
                let change = RowChange(
                    key: RowKey(table: table, uuid: uuid), old: nil, new: row)
                rows[uuid.description] = loggedRow(change).map { Self.columns(of: $0, in: kept) }
            }
            object[content.schema.name] = .object(rows)
        }
        object["_comment"] = .string(comment)
        return octets + LogRecord.encode(.object(object))
    }

    private static func columns(of row: JSON, in table: TableSchema) -> JSON {
        let members = row.object?.members ?? []
        return .object(
            JSONObject(
                members.compactMap { table.index(of: $0.key) == nil ? nil : ($0.key, $0.value) }))
    }

    /// Replaces the log by a snapshot.
    public func compact(date: Int64) throws(StorageError) {
        try replaceLog(date: date, comment: "compacting database online")
    }

    func replaceLog(date: Int64, comment: String) throws(StorageError) {
        let octets = snapshot(date: date, comment: comment)
        try storage?.replace(with: octets)
        compacted(to: octets.count)
    }
}

// MARK: - Reading

/// What came of reading a log.
public struct DatabaseLoad {
    public let database: Database
    /// Octets from the start of the file that are whole; the rest should be cut off.
    public let validByteCount: Int
    /// What is wrong with the rest.
    let problem: Problem?

    enum Problem {
        /// A record is torn or damaged.
        case damage(LogError)
        /// A whole record is not one of this database.
        case contradiction(OVSDBError)
    }

    /// What is wrong with the rest, in words.
    public var warning: String? {
        switch problem {
        case nil: nil
        case .damage(let error)?: error.reason
        case .contradiction(let error)?: error.description
        }
    }

    /// The same as an error, with the name of the file.
    public func error(about path: String) -> OVSDBError? {
        switch problem {
        case nil: nil
        case .damage(let error)?: OVSDBError(error.tag, "\(path): \(error.reason)")
        case .contradiction(let error)?: error
        }
    }
}

extension Database {
    /// The schema that a log begins with.
    public static func schema(inLog octets: [UInt8]) throws(OVSDBError) -> DatabaseSchema {
        var reader = LogReader(octets)
        return try schema(&reader)
    }

    private static func schema(_ reader: inout LogReader) throws(OVSDBError) -> DatabaseSchema {
        let first: JSON?
        do throws(LogError) {
            first = try reader.next()
        } catch {
            throw OVSDBError("ovsdb error", error.reason)
        }
        guard let first else { throw OVSDBError("ovsdb error", "file does not contain a schema") }
        return try DatabaseSchema(first)
    }

    /// Reads a log to its last whole transaction.
    ///
    /// A torn or damaged record ends the reading with a warning: what was committed before it is
    /// kept, as after a crash in the middle of a write. So does a whole record that contradicts the
    /// schema or what went before.
    public static func load(
        log octets: [UInt8], storage: (any DatabaseStorage)?,
        makeUUID: @escaping @Sendable () -> UUID = { UUID.random() }
    ) throws(OVSDBError) -> DatabaseLoad {
        var reader = LogReader(octets)
        let database = Database(
            try schema(&reader), storage: storage, makeUUID: makeUUID)
        database.snapshotByteCount = reader.offset
        var problem: DatabaseLoad.Problem?
        var validByteCount = reader.offset
        var recordCount = 0
        while let record = Self.nextRecord(&reader, &problem) {
            do throws(OVSDBError) {
                try database.replay(record)
            } catch {
                problem = .contradiction(error)
                break
            }
            validByteCount = reader.offset
            recordCount += 1
            if recordCount == 1 { database.snapshotByteCount = reader.offset }
        }
        database.loggedByteCount = validByteCount - database.snapshotByteCount
        return DatabaseLoad(
            database: database, validByteCount: validByteCount, problem: problem)
    }

    private static func nextRecord(
        _ reader: inout LogReader, _ problem: inout DatabaseLoad.Problem?
    ) -> JSON? {
        do throws(LogError) {
            return try reader.next()
        } catch {
            problem = .damage(error)
            return nil
        }
    }

    private func replay(_ record: JSON) throws(OVSDBError) {
        guard let object = record.object else {
            throw .syntax("object expected", in: record)
        }
        let isDifference = object["_is_diff"]?.boolean ?? false
        var transaction = Transaction(self)
        for member in object where !member.key.hasPrefix("_") {
            guard let table = schema.index(of: member.key) else {
                throw OVSDBError("unknown table", "No table named \(member.key).", syntax: record)
            }
            guard let rows = member.value.object else {
                throw .syntax("object expected", in: member.value)
            }
            for row in rows {
                guard let uuid = UUID(row.key) else {
                    throw .syntax("\"\(row.key)\" is not a valid UUID", in: member.value)
                }
                let key = RowKey(table: table, uuid: uuid)
                try replay(row.value, key, isDifference: isDifference, &transaction)
            }
        }
        apply(try transaction.prepare())
    }

    private func replay(
        _ json: JSON, _ key: RowKey, isDifference: Bool, _ transaction: inout Transaction
    ) throws(OVSDBError) {
        if json.isNull {
            transaction.delete(key)
            return
        }
        guard let object = json.object else { throw .syntax("row must be JSON object", in: json) }
        let table = schema.tables[key.table]
        let existing = transaction.row(key)
        var row = existing ?? table.defaultRow
        row[TableSchema.uuidIndex] = Datum(.uuid(key.uuid))
        for member in object {
            guard let index = table.index(of: member.key) else {
                throw .unknownColumn(member.key, table: table.name, in: json)
            }
            let type = table.columns[index].type
            if isDifference && existing != nil {
                let shape = ColumnType(
                    type.key.withoutConstraints, type.value?.withoutConstraints, minimum: 0,
                    maximum: ColumnType.unlimited)
                let difference = try Datum(member.value, type: shape)
                row[index] = row[index].applying(difference: difference, type: type)
            } else {
                row[index] = try Datum(member.value, type: type)
            }
        }
        transaction.insert(key, row)
    }
}

extension BaseType {
    fileprivate var withoutConstraints: BaseType { BaseType(type) }
}
