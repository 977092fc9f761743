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
            let octets = LogRecord.encode(body: record)
            do throws(StorageError) {
                try storage.append(octets)
            } catch {
                throw OVSDBError("I/O error", error.description)
            }
            noteLogged(octets)
            if transaction.isDurable { isSyncDue = true }
        }
        apply(changes)
        return changes
    }

    /// Waits until every transaction so far is on the disk.
    func sync() throws(StorageError) {
        try storage?.sync()
        isSyncDue = false
    }

    /// The JSON text of what the log says of a transaction; nil where that is nothing.
    private func record(
        of changes: [RowChange], _ transaction: Transaction, date: Int64
    ) -> [UInt8]? {
        guard let firstChange = changes.first(where: isLogged) else { return nil }
        let first = firstChange.key.table
        var printer = JSONPrinter(minimumCapacity: recordByteCount(changes.count))
        printer.write(verbatim: "{\"_date\":")
        printer.write(integer: date)
        let isOneTable = changes.allSatisfy { $0.key.table == first }
        let tables = isOneTable ? [first] : Set(changes.map(\.key.table)).sorted()
        for table in tables
        where isOneTable || changes.contains(where: { isLogged($0, in: table) }) {
            let content = schema.tables[table]
            printer.write(verbatim: ",")
            printer.write(quoted: content.name)
            printer.write(verbatim: ":{")
            var isFirst = true
            for change in changes where isLogged(change, in: table) {
                printer.write(key: change.key.uuid, isFirst: &isFirst)
                write(change, in: content, to: &printer)
            }
            printer.write(verbatim: "}")
        }
        if !transaction.comments.isEmpty {
            printer.write(verbatim: ",\"_comment\":")
            printer.write(quoted: transaction.comments.joined(separator: "\n"))
        }
        printer.write(verbatim: logsDifferences ? ",\"_is_diff\":true}" : "}")
        return printer.takeOctets()
    }

    /// About what a record of so many rows takes.
    private func recordByteCount(_ rowCount: Int) -> Int { 128 + 256 * rowCount }

    private func isLogged(_ change: RowChange, in table: Int) -> Bool {
        change.key.table == table && isLogged(change)
    }

    /// Whether more than ephemeral columns changed.
    private func isLogged(_ change: RowChange) -> Bool {
        guard let new = change.new, let old = change.old else { return true }
        let columns = schema.tables[change.key.table].columns
        return columns.indices.contains { !columns[$0].isEphemeral && old[$0] != new[$0] }
    }

    /// Writes the columns of a row that the log has to tell.
    private func write(
        _ change: RowChange, in table: TableSchema, to printer: inout JSONPrinter
    ) {
        guard let new = change.new else { return printer.write(JSON.null) }
        guard let old = change.old else { return write(new, of: table, to: &printer) }
        printer.write(verbatim: "{")
        var isFirst = true
        for (index, column) in table.columns.enumerated()
        where !column.isEphemeral && new[index] != old[index] {
            printer.write(key: column.name, isFirst: &isFirst)
            let told =
                logsDifferences
                ? old[index].difference(to: new[index], type: column.type) : new[index]
            printer.write(told, type: column.type)
        }
        printer.write(verbatim: "}")
    }

    /// Writes the columns of a new row that are not as every new row's are.
    ///
    /// - Parameter kept: The table as it is to be read; columns that it lacks are left out.
    private func write(
        _ row: [Datum], of table: TableSchema, as kept: TableSchema? = nil,
        to printer: inout JSONPrinter
    ) {
        printer.write(verbatim: "{")
        var isFirst = true
        for (index, column) in table.columns.enumerated() where !column.isEphemeral {
            guard row[index] != table.defaultRow[index],
                kept.map({ $0.index(of: column.name) != nil }) ?? true
            else { continue }
            printer.write(key: column.name, isFirst: &isFirst)
            printer.write(row[index], type: column.type)
        }
        printer.write(verbatim: "}")
    }

    /// The octets of a log that holds just the schema and the present rows.
    ///
    /// - Parameter other: The schema to convert to; tables and columns that it does not have are
    ///   left out. Whether the rest meets its constraints shows when the log is loaded.
    public func snapshot(
        date: Int64, comment: String = "compacting database online",
        as other: DatabaseSchema? = nil
    ) -> [UInt8] {
        var printer = JSONPrinter(minimumCapacity: logByteCount)
        printer.write(verbatim: "{\"_date\":")
        printer.write(integer: date)
        for content in tables where !content.rows.isEmpty {
            let kept = other?.table(content.schema.name)
            guard other == nil || kept != nil else { continue }
            printer.write(verbatim: ",")
            printer.write(quoted: content.schema.name)
            printer.write(verbatim: ":{")
            var isFirst = true
            for (uuid, row) in content.rows {
                printer.write(key: uuid, isFirst: &isFirst)
                write(row, of: content.schema, as: kept, to: &printer)
            }
            printer.write(verbatim: "}")
        }
        printer.write(verbatim: ",\"_comment\":")
        printer.write(quoted: comment)
        printer.write(verbatim: "}")
        let first = LogRecord.encode((other ?? schema).json)
        return LogRecord.encode(body: printer.takeOctets(), after: first)
    }

    /// What the log takes, more or less; a snapshot takes no more.
    private var logByteCount: Int { snapshotByteCount + loggedByteCount }

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
        makeUUID: @escaping @Sendable () -> UUID = UUIDSource.generator()
    ) throws(OVSDBError) -> DatabaseLoad {
        var reader = LogReader(octets)
        let database = Database(
            try schema(&reader), storage: storage, makeUUID: makeUUID)
        database.snapshotByteCount = reader.offset
        var problem: DatabaseLoad.Problem?
        if reader.read(database.replaySnapshot) { database.snapshotByteCount = reader.offset }
        var validByteCount = reader.offset
        while let record = Self.nextRecord(&reader, &problem) {
            do throws(OVSDBError) {
                try database.replay(record)
            } catch {
                problem = .contradiction(error)
                break
            }
            validByteCount = reader.offset
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

    /// Replays the first record row by row, for it may hold a large database, and its whole value
    /// would take many times the memory of the rows.
    ///
    /// - Returns: Whether all was well. If not, nothing was changed, and the record is read again
    ///   by the common way, which says what is wrong.
    private func replaySnapshot(_ body: ArraySlice<UInt8>) -> Bool {
        var transaction = Transaction(self)
        var cursor = JSONCursor(body.span)
        guard (try? replay(&cursor, &transaction)) == true else { return false }
        for table in transaction.touchedTables {
            tables[table].rows.reserveCapacity(transaction.rowCount(of: table))
        }
        guard let changes = try? transaction.prepare() else { return false }
        apply(changes)
        return true
    }

    private func replay(
        _ cursor: inout JSONCursor, _ transaction: inout Transaction
    ) throws -> Bool {
        guard try cursor.enterObject() else { return false }
        repeat {
            let name = try cursor.key()
            if name.hasPrefix("_") {
                _ = try cursor.value()
                continue
            }
            guard let table = schema.index(of: name), cursor.isAtObject else { return false }
            guard try cursor.enterObject() else { continue }
            repeat {
                guard let uuid = UUID(try cursor.key()) else { return false }
                let key = RowKey(table: table, uuid: uuid)
                try replay(cursor.value(), key, isDifference: false, &transaction)
            } while try cursor.hasAnotherMember()
        } while try cursor.hasAnotherMember()
        try cursor.finish()
        return true
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
                // A difference may hold what the column may not, but must not lead there: a
                // snapshot of it could not be read again.
                try row[index].checkWhole(type: type)
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
