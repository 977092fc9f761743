import ControlCommands
import Daemon
import Glibc
import JSONRPC
import OVSDBModel
import Transport

/// `monitor` and its variants with conditions.
extension OVSDBClientSession {
    enum MonitorMethod: String {
        case plain = "monitor"
        case conditional = "monitor_cond"
        case since = "monitor_cond_since"
    }

    private static let unknownTransaction = "00000000-0000-0000-0000-000000000000"

    func monitor(_ words: [String], method: MonitorMethod) throws {
        isMonitoring = true
        options.daemon.keepsOutput = true
        try options.daemon.start()
        try listenForCommands(monitorCommands)
        var words = words
        var last = Self.unknownTransaction
        if method == .since, let first = words.first, UUID(first) != nil {
            last = words.removeFirst()
        }
        let conditionText = method == .plain ? nil : words.removeFirst()
        let (tables, condition) = try monitoredTables(words, conditionText)
        // Servers before 2.9 do not know the method, and need not.
        if options.isAwareOfDatabaseChanges { _ = try? client.call("set_db_change_aware", [true]) }
        var requests = JSONObject()
        for table in tables { requests[table.table.name] = table.request(condition: condition) }
        var params: [JSON] = [.string(database), .null, .object(requests)]
        if method == .since { params.append(.string(last)) }
        let reply: JSON
        do {
            reply = try client.call(method.rawValue, params)
        } catch let error as CallError {
            throw error.asDatabaseError
        }
        try printInitial(reply, tables, method)
        options.daemon.ready()
        while true {
            let (name, params) = try client.nextNotification()
            switch name {
            case "update" where params.count == 2:
                printUpdate(params[1], tables) { table, update, captioned in
                    table.text(ofUpdate: update, isInitial: false, captioned: captioned)
                }
            case "update2" where params.count == 2:
                printUpdate2(params[1], tables)
            case "update3" where params.count == 3:
                print("\nlast_id: \(params[1].string ?? "")\n")
                omitSeparator()
                printUpdate2(params[2], tables)
            case "monitor_canceled":
                throw ProgramError("\(server): \(database) database was removed")
            default: break
            }
        }
    }

    /// What a monitor in the background can be told.
    private var monitorCommands: [ControlThread.Command] {
        func block(_ name: String, _ isBlocked: Bool, _ refusal: String) -> ControlThread.Command {
            ControlThread.Command("ovsdb-client/" + name) { [unowned self] _ in
                defer { client.isBlocked = isBlocked }
                return client.isBlocked == isBlocked ? refusal : ""
            }
        }
        return [
            block("block", true, "already blocking"), block("unblock", false, "already unblocked"),
            ControlThread.Command("ovsdb-client/cond_change", "TABLE COND", argumentCount: 2) {
                [unowned self] arguments in
                let condition =
                    (try? JSON.parseFragment(arguments[1])) ?? .string(arguments[1])
                var change = JSONObject()
                change[arguments[0]] = [["where": condition]]
                try client.send("monitor_cond_change", [.null, .null, .object(change)])
                return "condition changed"
            },
        ]
    }

    /// The tables that the words name, and the condition on their rows.
    ///
    /// What is wrong is told in the order of genuine programs: the table, the condition, the
    /// columns.
    private func monitoredTables(
        _ words: [String], _ conditionText: String?
    ) throws -> ([MonitoredTable], condition: JSON?) {
        let schema = try schema()
        guard let name = words.first else {
            throw ProgramError("invalid syntax for 'monitor' (use --help for help)")
        }
        var found = schema.tables
        if name != "ALL" {
            guard let table = schema.table(name) else {
                let place = conditionText == nil ? "\(server): " : ""
                throw ProgramError("\(place)\(database) does not have a table named \"\(name)\"")
            }
            found = [table]
        }
        let condition = try conditionText.map { text in try Self.condition(text, on: found) }
        let groups = Array(words.dropFirst())
        let tables = try found.map {
            try MonitoredTable($0, groups: groups, database: database, server: server)
        }
        return (tables, condition)
    }

    private static func condition(_ text: String, on tables: [TableSchema]) throws -> JSON {
        let parsed = try parse(text)
        guard let clauses = parsed.array else {
            throw ProgramError("\(parsed.text(sortsKeys: true)): array of conditions expected")
        }
        var context: NamingContext?
        for table in tables { _ = try Condition(clauses, table: table, context: &context) }
        return parsed
    }

    private func printInitial(
        _ reply: JSON, _ tables: [MonitoredTable], _ method: MonitorMethod
    ) throws {
        switch method {
        case .plain:
            printUpdate(reply, tables) { table, update, captioned in
                table.text(ofUpdate: update, isInitial: true, captioned: captioned)
            }
        case .conditional:
            printUpdate2(reply, tables)
        case .since:
            let isFound = reply[0]?.boolean == true
            print("found: \(isFound), last_id: \(reply[1]?.string ?? "")\n")
            printUpdate2(reply[2] ?? [:], tables)
        }
    }

    private func printUpdate2(_ update: JSON, _ tables: [MonitoredTable]) {
        printUpdate(update, tables) { table, update, captioned in
            table.text(ofUpdate2: update, captioned: captioned)
        }
    }

    private func printUpdate(
        _ update: JSON, _ tables: [MonitoredTable],
        _ text: (MonitoredTable, JSON, Bool) -> TextTable?
    ) {
        for table in tables {
            guard let rows = update[table.table.name],
                let text = text(table, rows, tables.count > 1)
            else { continue }
            print(text)
        }
    }
}

extension CallError {
    /// The error in the words of a database where it is one of a database's.
    fileprivate var asDatabaseError: any Error {
        guard let tag = error["error"]?.string else { return self }
        let syntax = error["syntax"]?.string.flatMap { try? JSON.parse($0) }
        return OVSDBError(tag, error["details"]?.string, syntax: syntax)
    }
}
