import JSONRPC
import OVSDBModel

/// What one client wants to hear of a database's changes (RFC 7047 §4.1.5, ovsdb-server(7)
/// §4.1.12).
struct Monitor {
    /// Which of the three notifications tells of a change.
    enum Version {
        /// `update`: whole rows, old and new.
        case update
        /// `update2`: differences of columns.
        case update2
        /// `update3`: the same, with the transaction's identifier.
        case update3
    }

    /// The kinds of change that a client selects.
    struct Selection: OptionSet {
        let rawValue: UInt8
        static let initial = Selection(rawValue: 1)
        static let insert = Selection(rawValue: 2)
        static let delete = Selection(rawValue: 4)
        static let modify = Selection(rawValue: 8)
        static let all: Selection = [.initial, .insert, .delete, .modify]
    }

    struct MonitoredTable {
        var columns: [(index: Int, selection: Selection)] = []
        var selection: Selection = []
        /// Clauses of which a row must meet one; nil where every row counts.
        var condition: Condition?

        func matches(_ row: [Datum]?) -> Bool {
            guard let row else { return false }
            return condition?.any(row) ?? true
        }
    }

    var id: JSON
    let database: String
    let version: Version
    var tables: [Int: MonitoredTable]
    /// Monitors that have one number here are told the same, which is made once for all of them.
    var audience = 0

    /// - Parameter requests: The tables' names, each with one request or several.
    init(
        id: JSON, _ requests: JSON, version: Version, schema: DatabaseSchema
    ) throws(OVSDBError) {
        self.id = id
        self.version = version
        database = schema.name
        tables = [:]
        guard let object = requests.object else {
            throw .syntax("monitor-requests must be object", in: requests)
        }
        for member in object {
            guard let table = schema.index(of: member.key) else {
                throw .syntax("no table named \(member.key)", in: nil)
            }
            for request in member.value.array ?? [member.value] {
                try add(request, table: table, schema.tables[table])
            }
        }
    }

    private mutating func add(
        _ json: JSON, table: Int, _ schema: TableSchema
    ) throws(OVSDBError) {
        var members = try MemberParser(json, subject: "table \(schema.name)")
        let columnsJSON = try members.optionalArray("columns")
        let clauses = version == .update ? nil : try members.optionalArray("where")
        let selectJSON = members.optional("select")
        if let selectJSON, selectJSON.object == nil { throw members.mismatch("select") }
        try members.finish()
        let selection = try Self.selection(selectJSON, table: schema.name)
        let columns =
            try columnsJSON.map { json throws(OVSDBError) in
                try Self.columns(of: json, schema)
            }
            ?? Array(schema.columns.indices.dropFirst())
        var monitored = tables[table] ?? MonitoredTable()
        for column in columns {
            if monitored.columns.contains(where: { $0.index == column }) {
                throw .syntax(
                    "column \(schema.columns[column].name) mentioned more than once",
                    in: columnsJSON.map(JSON.array))
            }
            monitored.columns.append((column, selection))
        }
        monitored.selection.formUnion(selection)
        let condition = try Self.condition(clauses, schema)
        // Of several requests for one table the first one's condition counts.
        if tables[table] == nil { monitored.condition = condition }
        tables[table] = monitored
    }

    /// Where the columns of a list stand.
    private static func columns(
        of json: [JSON], _ schema: TableSchema
    ) throws(OVSDBError) -> [Int] {
        var columns: [Int] = []
        for element in json {
            guard let name = element.string else {
                throw .syntax("array of column names expected", in: .array(json))
            }
            guard let column = schema.index(of: name) else {
                throw .syntax("\(name) is not a valid column name", in: .array(json))
            }
            columns.append(column)
        }
        return columns
    }

    /// No clauses at all mean every row.
    private static func condition(
        _ clauses: [JSON]?, _ schema: TableSchema
    ) throws(OVSDBError) -> Condition? {
        guard let clauses, !clauses.isEmpty else { return nil }
        var context: NamingContext?
        return try Condition(clauses, table: schema, context: &context)
    }

    private static func selection(
        _ json: JSON?, table: String
    ) throws(OVSDBError) -> Selection {
        guard let json else { return .all }
        var members = try MemberParser(json, subject: "table \(table) select")
        var selection: Selection = []
        if try members.optionalBoolean("initial") ?? true { selection.insert(.initial) }
        if try members.optionalBoolean("insert") ?? true { selection.insert(.insert) }
        if try members.optionalBoolean("delete") ?? true { selection.insert(.delete) }
        if try members.optionalBoolean("modify") ?? true { selection.insert(.modify) }
        try members.finish()
        return selection
    }
}

// MARK: - Notifications

extension Monitor {
    /// The rows as they are, for the reply to the request.
    ///
    /// They are encoded one by one: the value of a large database would be many times its text.
    func initialUpdate(of database: Database) -> JSON {
        var printer = JSONPrinter()
        printer.write(verbatim: "{")
        var isFirstTable = true
        for (table, monitored) in tables.sorted(by: { $0.key < $1.key })
        where monitored.selection.contains(.initial) {
            let schema = database.schema.tables[table]
            var isFirst = true
            for (uuid, row) in database.rows(of: table) where monitored.matches(row) {
                if isFirst {
                    printer.write(key: schema.name, isFirst: &isFirstTable)
                    printer.write(verbatim: "{")
                }
                printer.write(key: uuid, isFirst: &isFirst)
                writePresence(row, monitored, schema, kind: .initial, to: &printer)
            }
            if !isFirst { printer.write(verbatim: "}") }
        }
        printer.write(verbatim: "}")
        return .encoded(EncodedJSON(printer.takeOctets()))
    }

    /// Writes what ``updateOfPresence(_:_:_:kind:)`` makes of a row.
    private func writePresence(
        _ row: [Datum], _ monitored: MonitoredTable, _ schema: TableSchema, kind: Selection,
        to printer: inout JSONPrinter
    ) {
        let name = version == .update ? "new" : kind == .initial ? "initial" : "insert"
        var isFirst = true
        printer.write(verbatim: "{")
        printer.write(key: name, isFirst: &isFirst)
        printer.write(verbatim: "{")
        isFirst = true
        for (index, selection) in monitored.columns where selection.contains(kind) {
            if version != .update && row[index] == schema.defaultRow[index] { continue }
            printer.write(key: schema.columns[index].name, isFirst: &isFirst)
            printer.write(row[index], type: schema.columns[index].type)
        }
        printer.write(verbatim: "}}")
    }

    /// What a commit means to the client; nil where nothing.
    func update(for changes: [RowChange], schema: DatabaseSchema) -> JSON? {
        var rowsByTable: [Int: JSONObject] = [:]
        for change in changes {
            guard let monitored = tables[change.key.table] else { continue }
            let old = monitored.matches(change.old) ? change.old : nil
            let new = monitored.matches(change.new) ? change.new : nil
            let table = schema.tables[change.key.table]
            guard let update = update(from: old, to: new, monitored, table) else { continue }
            rowsByTable[change.key.table, default: JSONObject()][change.key.uuid.description] =
                update
        }
        return Self.tableUpdates(rowsByTable, schema)
    }

    static func tableUpdates(_ rowsByTable: [Int: JSONObject], _ schema: DatabaseSchema) -> JSON? {
        guard !rowsByTable.isEmpty else { return nil }
        let members = rowsByTable.sorted { $0.key < $1.key }
        return .object(JSONObject(members.map { (schema.tables[$0.key].name, .object($0.value)) }))
    }

    /// The notification that carries an update.
    ///
    /// - Parameter database: What it tells of.
    func notification(_ update: JSON, of database: Database) -> JSONRPCMessage {
        switch version {
        case .update: .notification(method: "update", params: [id, update])
        case .update2: .notification(method: "update2", params: [id, update])
        case .update3:
            .notification(
                method: "update3", params: [id, database.lastTransactionJSON, update])
        }
    }

    func update(
        from old: [Datum]?, to new: [Datum]?, _ monitored: MonitoredTable, _ schema: TableSchema
    ) -> JSON? {
        switch (old, new) {
        case (nil, nil): nil
        case (nil, let new?): updateOfPresence(new, monitored, schema, kind: .insert)
        case (let old?, nil): updateOfDeletion(old, monitored, schema)
        case (let old?, let new?): updateOfModification(old, new, monitored, schema)
        }
    }

    private func updateOfPresence(
        _ row: [Datum], _ monitored: MonitoredTable, _ schema: TableSchema, kind: Selection
    ) -> JSON? {
        guard monitored.selection.contains(kind) else { return nil }
        let columns = select(
            row, monitored, schema, kind: kind, omitsDefaults: version != .update)
        if version == .update { return ["new": .object(columns)] }
        return .object(
            JSONObject(
                CollectionOfOne((kind == .initial ? "initial" : "insert", .object(columns)))))
    }

    private func updateOfDeletion(
        _ row: [Datum], _ monitored: MonitoredTable, _ schema: TableSchema
    ) -> JSON? {
        guard monitored.selection.contains(.delete) else { return nil }
        guard version == .update else { return ["delete": .null] }
        return ["old": .object(select(row, monitored, schema, kind: .delete, omitsDefaults: false))]
    }

    private func updateOfModification(
        _ old: [Datum], _ new: [Datum], _ monitored: MonitoredTable, _ schema: TableSchema
    ) -> JSON? {
        guard monitored.selection.contains(.modify) else { return nil }
        var changed = JSONObject()
        for (index, selection) in monitored.columns
        where selection.contains(.modify) && old[index] != new[index] {
            let column = schema.columns[index]
            changed[column.name] =
                version == .update
                ? old[index].json(type: column.type)
                : old[index].difference(to: new[index], type: column.type).json(type: column.type)
        }
        guard !changed.isEmpty else { return nil }
        guard version == .update else { return ["modify": .object(changed)] }
        let columns = select(new, monitored, schema, kind: .modify, omitsDefaults: false)
        return ["new": .object(columns), "old": .object(changed)]
    }

    private func select(
        _ row: [Datum], _ monitored: MonitoredTable, _ schema: TableSchema, kind: Selection,
        omitsDefaults: Bool
    ) -> JSONObject {
        var object = JSONObject()
        for (index, selection) in monitored.columns where selection.contains(kind) {
            let column = schema.columns[index]
            if omitsDefaults && row[index] == schema.defaultRow[index] { continue }
            object[column.name] = row[index].json(type: column.type)
        }
        return object
    }
}

// MARK: - Changing conditions

extension Monitor {
    /// Takes new conditions (`monitor_cond_change`), and tells which rows appear and disappear.
    mutating func changeConditions(
        _ requests: JSON, database: Database
    ) throws(OVSDBError) -> JSON? {
        guard let object = requests.object else {
            throw .syntax("monitor-cond-change-requests must be object", in: nil)
        }
        var conditions: [Int: Condition?] = [:]
        for member in object {
            guard let table = database.schema.index(of: member.key) else {
                throw .syntax("no table named \(member.key)", in: nil)
            }
            guard tables[table] != nil else {
                throw .syntax("no table named \(member.key) in monitor session", in: nil)
            }
            let schema = database.schema.tables[table]
            guard let requests = member.value.array else {
                throw .syntax(
                    "table \(schema.name) no monitor-cond-change JSON array", in: nil)
            }
            for request in requests {
                var members = try MemberParser(request, subject: "table \(schema.name)")
                // Columns are allowed there, and do not change anything yet (ovsdb-server(7)).
                _ = try members.optionalArray("columns")
                let clauses = try members.optionalArray("where")
                try members.finish()
                conditions[table] = .some(try Self.condition(clauses, schema))
            }
        }
        var rowsByTable: [Int: JSONObject] = [:]
        for (table, condition) in conditions {
            guard let before = tables[table] else { continue }
            var after = before
            after.condition = condition
            tables[table] = after
            let schema = database.schema.tables[table]
            for (uuid, row) in database.rows(of: table) {
                let old = before.matches(row) ? row : nil
                let new = after.matches(row) ? row : nil
                guard let update = update(from: old, to: new, after, schema) else { continue }
                rowsByTable[table, default: JSONObject()][uuid.description] = update
            }
        }
        return Self.tableUpdates(rowsByTable, database.schema)
    }
}
