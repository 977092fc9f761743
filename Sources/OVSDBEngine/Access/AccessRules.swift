import JSONRPC
import OVSDBModel

/// The rules of role-based access control that hold for one client (ovsdb-server(7) §3.2, §4.1.3).
///
/// A database whose schema has a table `RBAC_Role` keeps its rules itself: a role names for each
/// table a row of permissions. What no row permits is forbidden, so a role that does not exist may
/// write nothing, and neither may a client without a name. The rules are those of the last commit:
/// a transaction cannot widen them for its own later operations.
struct AccessRules {
    /// The table that holds roles.
    static let roleTable = "RBAC_Role"

    /// What a role may do to one table.
    private struct Permission {
        /// Columns, or keys of maps as `column:key`, that must hold the client's name; an empty
        /// text admits every client that has one.
        let authorization: [String]
        let allowsInsertAndDelete: Bool
        let updatable: Set<String>
    }

    private let database: Database
    private let role: String
    private let clientID: String?

    /// Nil where no rules hold: the schema has none, or the client has no role.
    init?(_ database: Database, _ rights: SessionRights) {
        guard let role = rights.role, !role.isEmpty,
            database.schema.index(of: Self.roleTable) != nil
        else { return nil }
        self.database = database
        self.role = role
        clientID = rights.clientID
    }

    // MARK: Checks

    func checkInsert(of row: [Datum], into table: Int) throws(OVSDBError) {
        guard let permission = permission(for: table), permission.allowsInsertAndDelete,
            isAuthorized(row, table, permission)
        else { throw failure("row insertion into table", table) }
    }

    func checkDelete(of rows: [[Datum]], from table: Int) throws(OVSDBError) {
        guard let permission = permission(for: table),
            rows.allSatisfy({ row in
                permission.allowsInsertAndDelete && isAuthorized(row, table, permission)
            })
        else { throw failure("row deletion from table", table) }
    }

    func checkUpdate(
        of rows: [[Datum]], columns: [Int], in table: Int
    ) throws(OVSDBError) {
        guard mayModify(rows, columns, table) else {
            throw failure("modification of table", table)
        }
    }

    func checkMutate(
        of rows: [[Datum]], columns: [Int], in table: Int
    ) throws(OVSDBError) {
        guard mayModify(rows, columns, table) else {
            throw failure("mutate operation on table", table)
        }
    }

    private func mayModify(_ rows: [[Datum]], _ columns: [Int], _ table: Int) -> Bool {
        guard let permission = permission(for: table) else { return false }
        let schema = database.schema.tables[table]
        return rows.isEmpty
            || columns.allSatisfy { permission.updatable.contains(schema.columns[$0].name) }
                && rows.allSatisfy { isAuthorized($0, table, permission) }
    }

    private func failure(_ deed: String, _ table: Int) -> OVSDBError {
        OVSDBError(
            "permission error",
            "RBAC rules for client \"\(clientID ?? "(null)")\" role \"\(role)\" prohibit \(deed) "
                + "\"\(database.schema.tables[table].name)\".")
    }

    // MARK: Rules

    /// What the client may do to a table; nil for nothing at all, not even to no row.
    private func permission(for table: Int) -> Permission? {
        let schema = database.schema
        guard clientID != nil, let roles = schema.index(of: Self.roleTable),
            let name = schema.tables[roles].index(of: "name"),
            let permissions = schema.tables[roles].index(of: "permissions"),
            let target = schema.tables[roles].columns[permissions].type.value?.refTable
                .flatMap(schema.index(of:)),
            let role = database.rows(of: roles).values.first(where: { $0[name].string == role }),
            let uuid = role[permissions][.string(schema.tables[table].name)]?.uuid,
            let row = database.row(RowKey(table: target, uuid: uuid))
        else { return nil }
        let columns = schema.tables[target]
        func datum(_ column: String) -> Datum? { columns.index(of: column).map { row[$0] } }
        return Permission(
            authorization: datum("authorization")?.strings ?? [],
            allowsInsertAndDelete: datum("insert_delete")?.boolean ?? false,
            updatable: Set(datum("update")?.strings ?? []))
    }

    private func isAuthorized(_ row: [Datum], _ table: Int, _ permission: Permission) -> Bool {
        guard let clientID else { return false }
        return permission.authorization.contains { place in
            place.isEmpty || value(at: place, in: row, of: table) == clientID
        }
    }

    /// The text in a column, or at a key of a map (`column:key`).
    private func value(at place: String, in row: [Datum], of table: Int) -> String? {
        let parts = place.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let column = database.schema.tables[table].index(of: String(parts[0])) else {
            return nil
        }
        guard parts.count == 2 else {
            return row[column].keys.count == 1 ? row[column].string : nil
        }
        return row[column][.string(String(parts[1]))]?.string
    }
}
