import Daemon
import OVSDBEngine
import OVSDBModel
import Transport

/// A column of a database that says what an option of `ovsdb-server` would say otherwise
/// (`db:DATABASE,TABLE,COLUMN`).
struct ColumnReference {
    static let prefix = "db:"

    let database: String
    let table: String
    let column: String

    /// - Parameter text: with the prefix, as it was given.
    init(_ text: String, in server: DatabaseServer) throws(ControlError) {
        let parts = text.dropFirst(Self.prefix.count).split(
            separator: ",", omittingEmptySubsequences: false
        ).map(String.init)
        guard parts.count == 3 else { throw ControlError("\"\(text)\": invalid syntax") }
        (database, table, column) = (parts[0], parts[1], parts[2])
        guard let schema = server.database(database)?.schema else {
            throw ControlError("\"\(text)\": no database named \(database)")
        }
        guard let tableSchema = schema.table(table) else {
            throw ControlError("\"\(text)\": no table named \(table)")
        }
        guard tableSchema.column(column) != nil else {
            throw ControlError("\"\(text)\": table \"\(table)\" has no column \"\(column)\"")
        }
    }

    /// The table whose rows the column refers to, if it does.
    func target(in server: DatabaseServer) -> String? {
        server.database(database)?.schema.table(table)?.column(column)?.type.key.refTable
    }

    /// What the column holds in all rows.
    private func data(in server: DatabaseServer) -> [Datum] {
        guard let database = server.database(database),
            let table = database.schema.index(of: table),
            let column = database.schema.tables[table].index(of: column)
        else { return [] }
        return database.rows(of: table).values.map { $0[column] }
    }

    /// The first text that is not empty.
    func firstText(in server: DatabaseServer) -> String? {
        data(in: server).flatMap(\.strings).first { !$0.isEmpty }
    }

    /// The remotes that the column names, itself or by the rows it refers to.
    func remotes(in server: DatabaseServer) -> [RemoteOptions] {
        let data = data(in: server)
        guard let target = target(in: server),
            let rows = server.database(database), let table = rows.schema.index(of: target)
        else { return data.flatMap(\.strings).map { RemoteOptions(target: $0) } }
        return data.flatMap(\.uuids).compactMap { uuid in
            guard let row = rows.row(RowKey(table: table, uuid: uuid)) else { return nil }
            return RemoteOptions(row, rows.schema.tables[table])
        }
    }
}

/// How one remote is to be served.
struct RemoteOptions: Hashable {
    let target: String
    var maximumBackoffMilliseconds: Int64?
    /// How long a client may say nothing before it is asked; 0 for ever.
    var probeMilliseconds: Int64?
    var isReadOnly = false
    var role: String?
    /// The differentiated services code point of its packets (`other_config:dscp`).
    var dscp: Int?

    init(target: String) { self.target = target }

    /// Reads a row of a table such as Manager, whatever columns it has; nil without a target.
    init?(_ row: [Datum], _ schema: TableSchema) {
        func datum(_ name: String, _ type: AtomType) -> Datum? {
            guard let index = schema.index(of: name),
                schema.columns[index].type.key.type == type
            else { return nil }
            return row[index]
        }
        guard let target = datum("target", .string)?.string, !target.isEmpty else { return nil }
        self.target = target
        maximumBackoffMilliseconds = datum("max_backoff", .integer)?.integer
        probeMilliseconds = datum("inactivity_probe", .integer)?.integer
        isReadOnly = datum("read_only", .boolean)?.boolean ?? false
        role = datum("role", .string)?.string
        dscp = datum("other_config", .string).flatMap { Self.dscp(in: $0) }
    }

    /// Six bits, or nothing.
    private static func dscp(in configuration: Datum) -> Int? {
        for (key, value) in zip(configuration.strings, configuration.values)
        where key == "dscp" {
            return value.string.flatMap { Int($0) }.flatMap { 0...63 ~= $0 ? $0 : nil }
        }
        return nil
    }

    /// What clients that come by this remote may do.
    func rights(of clientID: String?) -> SessionRights {
        SessionRights(isReadOnly: isReadOnly, role: role, clientID: clientID)
    }

    var probeInterval: Int64 { probeMilliseconds ?? InactivityProbe.defaultMilliseconds }
}
