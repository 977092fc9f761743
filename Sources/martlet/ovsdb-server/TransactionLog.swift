import Daemon
import OVSDBEngine
import OVSDBModel

/// Writes the changes of chosen tables to the log, for whoever looks for the client that makes them
/// (`ovsdb-server/tlog-set`).
final class TransactionLog {
    /// The tables, by database.
    private var tables: [String: Set<String>] = [:]
    private let log = LogModule("transaction")

    func isOn(_ table: String, of database: String) -> Bool {
        tables[database]?.contains(table) ?? false
    }

    func set(_ table: String, of database: String, isOn: Bool) {
        if isOn {
            tables[database, default: []].insert(table)
        } else {
            tables[database]?.remove(table)
        }
    }

    func record(_ changes: [RowChange], of database: Database) {
        guard let chosen = tables[database.schema.name], !chosen.isEmpty else { return }
        for change in changes {
            let table = database.schema.tables[change.key.table]
            guard chosen.contains(table.name) else { continue }
            log.info(Self.text(of: change, table))
        }
    }

    /// A row as it is now, or was before it went; of a change, the columns that are others.
    private static func text(of change: RowChange, _ table: TableSchema) -> String {
        let operation: String
        switch (change.old, change.new) {
        case (nil, _): operation = "inserted"
        case (_, nil): operation = "deleted"
        default: operation = "updated"
        }
        var text = "table:\(table.name),op:\(operation)"
        guard let row = change.new ?? change.old else { return text }
        for (index, column) in table.columns.enumerated() {
            let isKept = change.new != nil && change.old?[index] == row[index]
            guard !isKept || index == TableSchema.uuidIndex else { continue }
            text += ",\(column.name):\(row[index].text(type: column.type))"
        }
        return text
    }
}

/// The commands that choose those tables.
struct TransactionLogCommands {
    private let host: DatabaseHost

    init(_ host: DatabaseHost) { self.host = host }

    func register(in control: ControlServer) {
        control.registerText("ovsdb-server/tlog-set", "DB:TABLE on|off", 2...2) {
            [host] arguments throws(ControlError) in
            let parts = arguments[0].split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false
            ).map(String.init)
            guard parts.count == 2 else { throw ControlError("invalid DB:TABLE argument") }
            guard let database = host.server.database(parts[0]) else {
                throw ControlError("no such database")
            }
            guard database.schema.table(parts[1]) != nil else {
                throw ControlError("no such table")
            }
            guard ["on", "off"].contains(arguments[1]) else {
                throw ControlError("invalid command argument")
            }
            host.transactionLog.set(parts[1], of: parts[0], isOn: arguments[1] == "on")
            return ""
        }
        control.registerText("ovsdb-server/tlog-list") { [host] _ throws(ControlError) in
            Self.list(of: host)
        }
    }

    private static func list(of host: DatabaseHost) -> String {
        func line(_ database: String, _ table: String, _ state: String) -> String {
            let columns = padded(database, 16) + padded(table, 28)
            return columns + state + "\n"
        }
        var text = line("database", "table", "logging") + line("--------", "-----", "-------")
        for name in host.server.databaseNames {
            guard let schema = host.server.database(name)?.schema else { continue }
            text += padded(name, 16) + " \n"
            for table in schema.tables {
                let isOn = host.transactionLog.isOn(table.name, of: name)
                text += padded("", 16) + padded(table.name, 28) + (isOn ? "ON" : "OFF") + "\n"
            }
        }
        return text
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.utf8.count))
    }
}
