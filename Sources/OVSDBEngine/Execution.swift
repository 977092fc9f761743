import JSONRPC
import OVSDBModel

/// One run of a `transact` request's operations (RFC 7047 §4.1.3).
struct Execution {
    /// What came of a run.
    enum Outcome {
        /// It ended, well or not, with this for a result.
        ///
        /// The result is an array with an element for each operation.
        case done(EncodedJSON, changes: [RowChange])
        /// A `wait` is not fulfilled; nothing was changed.
        case waiting(timeout: Int64?)
    }

    /// What a transaction may do.
    enum Mode {
        case full
        /// Another server decides what is in the database, or the client may not.
        case readOnly
        /// The server alone writes it.
        case reserved

        /// The operations that ask for more than reading.
        static let writing: Set = [
            "insert", "update", "mutate", "delete", "commit", "convert",
        ]

        /// Why an operation may not be.
        func refusal(of operation: String) -> OVSDBError? {
            guard Self.writing.contains(operation) else { return nil }
            let reason: String
            switch self {
            case .full: return nil
            case .readOnly: reason = "when database server is in read only mode"
            case .reserved: reason = "on table in reserved database \(ServerDatabase.name)"
            }
            return OVSDBError("not allowed", "\(operation) operation not allowed \(reason)")
        }
    }

    /// What one operation does beside changing rows.
    private enum Step {
        case result(JSONObject)
        case inserted(UUID)
        case waiting(timeout: Int64?)
    }

    private var transaction: Transaction
    private var context: NamingContext?
    private let ownsLock: (String) -> Bool
    /// Milliseconds since the request arrived.
    private let elapsed: Int64
    var mode = Mode.full

    /// The rules that hold for the client, if any.
    private let access: AccessRules?

    private let schema: DatabaseSchema

    /// - Parameter ownsLock: Whether the client owns a lock.
    init(
        _ database: Database, elapsed: Int64, rights: SessionRights = SessionRights(),
        ownsLock: @escaping (String) -> Bool
    ) {
        access = AccessRules(database, rights)
        schema = database.schema
        transaction = Transaction(database)
        context = NamingContext(makeUUID: database.makeUUID)
        self.elapsed = elapsed
        self.ownsLock = ownsLock
    }

    mutating func run(_ operations: ArraySlice<JSON>, date: Int64) -> Outcome {
        var results = Results(count: operations.count)
        do throws(OVSDBError) {
            for operation in operations {
                let subject = MemberParser.Subject.operation(
                    results.written + 1, count: operations.count)
                switch try checked(operation, subject) {
                case .result(let object): results.write(.object(object))
                case .inserted(let uuid): results.write(inserted: uuid)
                case .waiting(let timeout): return .waiting(timeout: timeout)
                }
            }
        } catch {
            results.write(error.json)
            while results.written < operations.count { results.write(.null) }
            return .done(results.take(), changes: [])
        }
        do throws(OVSDBError) {
            let changes = try transaction.database.commit(&transaction, date: date)
            return .done(results.take(), changes: changes)
        } catch {
            results.write(error.json)
            return .done(results.take(), changes: [])
        }
    }

    /// The operations' results, which are encoded one by one: a transaction may have thousands.
    private struct Results {
        private var printer: JSONPrinter
        /// How many there are.
        private(set) var written = 0

        /// What an insertion's result takes.
        private static let usualByteCount = 60

        init(count: Int) {
            printer = JSONPrinter(minimumCapacity: Self.usualByteCount * (count + 1))
        }

        mutating func write(_ result: JSON) {
            begin()
            printer.write(result)
        }

        mutating func write(inserted uuid: UUID) {
            begin()
            printer.write(verbatim: "{\"uuid\":[\"uuid\",")
            printer.write(quoted: uuid)
            printer.write(verbatim: "]}")
        }

        private mutating func begin() {
            printer.write(verbatim: written == 0 ? "[" : ",")
            written += 1
        }

        mutating func take() -> EncodedJSON {
            printer.write(verbatim: written == 0 ? "[]" : "]")
            return EncodedJSON(printer.takeOctets())
        }
    }

    /// Runs an operation, and refuses it afterwards where it may not be: what is wrong with it is
    /// told first.
    private mutating func checked(
        _ json: JSON, _ subject: MemberParser.Subject
    ) throws(OVSDBError) -> Step {
        let step = try execute(json, subject)
        if mode != .full, let name = json["op"]?.string, let refusal = mode.refusal(of: name) {
            throw refusal
        }
        return step
    }

    private mutating func execute(
        _ json: JSON, _ subject: MemberParser.Subject
    ) throws(OVSDBError) -> Step {
        var members = try MemberParser(json, subject: subject)
        let name = try members.identifier("op")
        switch name {
        case "insert": return .inserted(try insert(&members))
        case "select": return .result(try select(&members))
        case "update": return .result(try update(&members, json))
        case "mutate": return .result(try mutate(&members))
        case "delete": return .result(try delete(&members))
        case "wait": return try wait(&members)
        case "commit": return .result(try commit(&members))
        case "abort":
            try members.finish()
            throw OVSDBError("aborted", "aborted by request")
        case "comment": return .result(try comment(&members))
        case "assert": return .result(try assert(&members))
        default: throw members.failure("No operation \"\(name)\"")
        }
    }
}

// MARK: - Operations that change rows (RFC 7047 §5.2)

extension Execution {
    private func contents(_ uuids: [UUID], _ table: Int) -> [[Datum]] {
        uuids.compactMap { transaction.row(RowKey(table: table, uuid: $0)) }
    }

    private mutating func insert(_ members: inout MemberParser) throws(OVSDBError) -> UUID {
        let table = try table(&members)
        let given = try members.object("row")
        let wanted = try members.optionalString("uuid")
        let name = try members.optionalString("uuid-name")
        if let name, !NamedUUIDs.isIdentifier(name) { throw members.mismatch("uuid-name") }
        try members.finish()
        let uuid = try uuid(named: name, wanted: wanted, table: table)
        let tableSchema = schema.tables[table]
        var row = tableSchema.defaultRow
        for member in given.members {
            let column = try index(of: member, in: given, tableSchema)
            let datum = try Datum(
                member.value, type: tableSchema.columns[column].type, context: &context)
            if column != TableSchema.versionIndex { row[column] = datum }
        }
        try transaction.database.tables[table].checkMandatoryColumns {
            given.contains(tableSchema.columns[$0].name)
        }
        row[TableSchema.uuidIndex] = Datum(.uuid(uuid))
        try access?.checkInsert(of: row, into: table)
        transaction.insert(new: RowKey(table: table, uuid: uuid), row)
        return uuid
    }

    /// The column that a member of a row gives.
    private func index(
        of member: JSONObject.Member, in row: JSONObject, _ table: TableSchema
    ) throws(OVSDBError) -> Int {
        guard let column = table.index(of: member.key) else {
            throw .unknownColumn(member.key, table: table.name, in: .object(row))
        }
        return column
    }

    private mutating func uuid(
        named name: String?, wanted: String?, table: Int
    ) throws(OVSDBError) -> UUID {
        var chosen: UUID?
        if let wanted {
            guard let uuid = UUID(wanted) else {
                throw .syntax("bad uuid", in: .string(wanted))
            }
            chosen = uuid
            let key = RowKey(table: table, uuid: uuid)
            guard transaction.row(key) == nil, transaction.change(key) == nil else {
                throw OVSDBError(
                    "duplicate uuid",
                    "This UUID would duplicate a UUID already present within the table or "
                        + "deleted within the same transaction.", syntax: .string(wanted))
            }
        }
        guard let name else { return chosen ?? transaction.database.makeUUID() }
        guard let uuid = context?.define(name, wanted: chosen) else {
            throw OVSDBError(
                "duplicate uuid-name",
                "This \"uuid-name\" appeared on an earlier \"insert\" operation.",
                syntax: .string(name))
        }
        return uuid
    }

    private mutating func update(
        _ members: inout MemberParser, _ json: JSON
    ) throws(OVSDBError) -> JSONObject {
        let table = try table(&members)
        let whereJSON = try members.array("where")
        let rowJSON = JSON.object(try members.object("row"))
        try members.finish()
        let values = try parseRow(rowJSON, table: table)
        let tableSchema = schema.tables[table]
        for (column, _) in values where !tableSchema.columns[column].isMutable {
            throw .constraint(
                "Cannot update immutable column \(tableSchema.columns[column].name) in table "
                    + "\(tableSchema.name).", syntax: json)
        }
        let uuids = try rows(of: table, where: whereJSON)
        try access?.checkUpdate(
            of: contents(uuids, table), columns: values.map(\.column), in: table)
        for uuid in uuids {
            transaction.modify(RowKey(table: table, uuid: uuid)) { row in
                for (column, datum) in values { row[column] = datum }
            }
        }
        return count(uuids)
    }

    private mutating func mutate(
        _ members: inout MemberParser
    ) throws(OVSDBError) -> JSONObject {
        let table = try table(&members)
        let whereJSON = try members.array("where")
        let mutationsJSON = try members.array("mutations")
        try members.finish()
        var mutations: [Mutation] = []
        for mutation in mutationsJSON {
            mutations.append(
                try Mutation(mutation, table: schema.tables[table], context: &context))
        }
        let uuids = try rows(of: table, where: whereJSON)
        try access?.checkMutate(
            of: contents(uuids, table), columns: mutations.map(\.column), in: table)
        let columns = schema.tables[table].columns
        for uuid in uuids {
            let key = RowKey(table: table, uuid: uuid)
            try transaction.modify(key) { (row: inout [Datum]) throws(OVSDBError) in
                for mutation in mutations {
                    try mutation.apply(
                        to: &row[mutation.column], type: columns[mutation.column].type)
                }
            }
        }
        return count(uuids)
    }

    private mutating func delete(
        _ members: inout MemberParser
    ) throws(OVSDBError) -> JSONObject {
        let table = try table(&members)
        let whereJSON = try members.array("where")
        try members.finish()
        let uuids = try rows(of: table, where: whereJSON)
        try access?.checkDelete(of: contents(uuids, table), from: table)
        for uuid in uuids { transaction.delete(RowKey(table: table, uuid: uuid)) }
        return count(uuids)
    }

    private func count(_ uuids: [UUID]) -> JSONObject {
        var result = JSONObject()
        result["count"] = .integer(Int64(uuids.count))
        return result
    }
}

// MARK: - Operations that do not

extension Execution {
    private mutating func select(_ members: inout MemberParser) throws(OVSDBError) -> JSONObject {
        let table = try table(&members)
        let whereJSON = try members.array("where")
        let columnsJSON = try members.optionalArray("columns")
        try members.finish()
        let uuids = try rows(of: table, where: whereJSON)
        let columns = try parseColumns(columnsJSON, table: table)
        let tableSchema = schema.tables[table]
        // Encoded row by row: the value of a large table would be many times its text.
        var printer = JSONPrinter()
        var isFirstRow = true
        // Rows that are alike in all the columns asked for are told once.
        let mayRepeat = !columns.contains(TableSchema.uuidIndex)
        var told: Set<[Datum]> = []
        for uuid in uuids {
            guard let row = transaction.row(RowKey(table: table, uuid: uuid)) else { continue }
            if mayRepeat, !told.insert(columns.map { row[$0] }).inserted { continue }
            printer.write(verbatim: isFirstRow ? "[{" : ",{")
            isFirstRow = false
            var isFirst = true
            for column in columns {
                let columnSchema = tableSchema.columns[column]
                printer.write(key: columnSchema.name, isFirst: &isFirst)
                printer.write(row[column], type: columnSchema.type)
            }
            printer.write(verbatim: "}")
        }
        printer.write(verbatim: isFirstRow ? "[]" : "]")
        var result = JSONObject()
        result["rows"] = .encoded(EncodedJSON(printer.takeOctets()))
        return result
    }

    private mutating func wait(_ members: inout MemberParser) throws(OVSDBError) -> Step {
        let table = try table(&members)
        let timeout = try members.optionalInteger("timeout")
        let whereJSON = try members.array("where")
        let columnsJSON = try members.optionalArray("columns")
        let until = try members.string("until")
        let rowsJSON = try members.array("rows")
        try members.finish()
        let uuids = try rows(of: table, where: whereJSON)
        let columns = try parseColumns(columnsJSON, table: table)
        if let timeout, timeout < 0 {
            throw .syntax("timeout must be nonnegative", in: .integer(timeout))
        }
        guard until == "==" || until == "!=" else {
            throw .syntax("\"until\" must be \"==\" or \"!=\"", in: .string(until))
        }
        var expected: Set<[Datum]> = []
        for rowJSON in rowsJSON {
            var row = schema.tables[table].defaultRow
            for (column, datum) in try parseRow(rowJSON, table: table) { row[column] = datum }
            expected.insert(columns.map { row[$0] })
        }
        var actual: Set<[Datum]> = []
        for uuid in uuids {
            guard let row = transaction.row(RowKey(table: table, uuid: uuid)) else { continue }
            actual.insert(columns.map { row[$0] })
        }
        if (actual == expected) == (until == "==") { return .result(JSONObject()) }
        guard let timeout else { return .waiting(timeout: nil) }
        if timeout <= 0 { throw OVSDBError("timed out", "\"where\" clause test failed") }
        if elapsed >= timeout {
            throw OVSDBError("timed out", "\"wait\" timed out after \(elapsed) ms")
        }
        return .waiting(timeout: timeout)
    }

    private mutating func commit(_ members: inout MemberParser) throws(OVSDBError) -> JSONObject {
        let isDurable = try members.required("durable").boolean
        guard let isDurable else { throw members.mismatch("durable") }
        try members.finish()
        if isDurable { transaction.isDurable = true }
        return JSONObject()
    }

    private mutating func comment(_ members: inout MemberParser) throws(OVSDBError) -> JSONObject {
        let text = try members.string("comment")
        try members.finish()
        transaction.comments.append(text)
        return JSONObject()
    }

    private mutating func assert(_ members: inout MemberParser) throws(OVSDBError) -> JSONObject {
        let lock = try members.identifier("lock")
        try members.finish()
        guard ownsLock(lock) else {
            throw OVSDBError("not owner", "Asserted lock \(lock) not held.")
        }
        return JSONObject()
    }
}

// MARK: - Members

extension Execution {
    private func table(_ members: inout MemberParser) throws(OVSDBError) -> Int {
        let name = try members.identifier("table")
        guard let table = schema.index(of: name) else {
            throw members.failure("No table named \(name).")
        }
        return table
    }

    private mutating func rows(
        of table: Int, where json: [JSON]
    ) throws(OVSDBError) -> [UUID] {
        let condition = try Condition(json, table: schema.tables[table], context: &context)
        return transaction.rows(of: table, where: condition)
    }

    private mutating func parseRow(
        _ json: JSON, table: Int
    ) throws(OVSDBError) -> [(column: Int, datum: Datum)] {
        guard let object = json.object else { throw .syntax("row must be JSON object", in: json) }
        let tableSchema = schema.tables[table]
        var values: [(Int, Datum)] = []
        for member in object.members {
            let column = try index(of: member, in: object, tableSchema)
            let type = tableSchema.columns[column].type
            values.append((column, try Datum(member.value, type: type, context: &context)))
        }
        return values
    }

    private func parseColumns(_ json: [JSON]?, table: Int) throws(OVSDBError) -> [Int] {
        let tableSchema = schema.tables[table]
        guard let json else { return Array(tableSchema.columns.indices) }
        return try tableSchema.parseColumns(json)
    }
}

extension TableSchema {
    /// Where the columns of a list stand; names that are unknown or repeated are refused.
    func parseColumns(_ json: [JSON]) throws(OVSDBError) -> [Int] {
        var columns: [Int] = []
        for element in json {
            guard let name = element.string else {
                throw .syntax("array of distinct column names expected", in: .array(json))
            }
            guard let column = index(of: name) else {
                throw .syntax("\(name) is not a valid column name", in: .array(json))
            }
            guard !columns.contains(column) else {
                throw .syntax("array of distinct column names expected", in: .array(json))
            }
            columns.append(column)
        }
        return columns
    }
}
