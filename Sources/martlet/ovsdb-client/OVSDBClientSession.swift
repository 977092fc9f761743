import CLinux
import ControlCommands
import Daemon
import Glibc
import JSONRPC
import OVSDBModel
import Transport

/// A connection of `ovsdb-client` to a server, and the commands on it.
final class OVSDBClientSession {
    let options: OVSDBClientOptions
    let server: String
    var database = "Open_vSwitch"
    let client: DatabaseClient
    private var hasPrintedTable = false
    /// Whether tables are changes, which have times.
    var isMonitoring = false

    /// Connects to one server, or to the first good one of several.
    ///
    /// - Parameter tellsProgress: Whether each attempt is told of in the log, as it is where there
    ///   are several servers.
    init(_ options: OVSDBClientOptions, server: String, tellsProgress: Bool = false) throws {
        self.options = options
        self.server = server
        let servers = server.split(separator: ",").map(String.init)
        if servers.count > 1 {
            client = try Self.connect(toOneOf: servers, options)
        } else if tellsProgress {
            client = try Self.connectTellingProgress(server, options.timeout)
        } else {
            client = try Self.connect(server, options.timeout)
        }
    }

    func print(_ text: String) { Program.printOutput(text) }

    private func print(_ json: JSON) {
        print(json.text(sortsKeys: true, isPretty: options.style.isPretty) + "\n")
    }

    func print(_ table: TextTable) {
        if hasPrintedTable { print(options.style.separator) }
        hasPrintedTable = true
        if options.hasTimestamps && isMonitoring { print(Self.timestamp() + "\n") }
        print(options.style.text(of: table))
    }

    /// Lets the next table follow what was printed last at once.
    func omitSeparator() { hasPrintedTable = false }

    private static func timestamp() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var fields = tm()
        gmtime_r(&now.tv_sec, &fields)
        var text = [CChar](repeating: 0, count: 32)
        strftime(&text, text.count, "%Y-%m-%d %H:%M:%S", &fields)
        let octets = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let milliseconds = String(now.tv_nsec / 1_000_000 + 1000).dropFirst()
        return "\(String(decoding: octets, as: UTF8.self)).\(milliseconds)"
    }

    // MARK: Schemas

    func databases() throws -> [String] {
        guard let names = try client.call("list_dbs", []).array else {
            throw ProgramError("list_dbs response is not array")
        }
        return try names.enumerated().map { index, name in
            guard let name = name.string else {
                throw ProgramError("list_dbs response \(index) is not string")
            }
            return name
        }
    }

    func listDatabases() throws {
        print(try databases().sorted().map { $0 + "\n" }.joined())
    }

    func printSchema() throws { print(try client.call("get_schema", [.string(database)])) }

    func schema() throws -> DatabaseSchema {
        try DatabaseSchema(try client.call("get_schema", [.string(database)]))
    }

    func listTables() throws {
        var table = TextTable(headings: ["Table"])
        table.rows = try schema().tables.map { [.text($0.name)] }
        print(table)
    }

    func listColumns(of name: String?) throws {
        let headings = (name == nil ? ["Table"] : []) + ["Column", "Type"]
        var text = TextTable(headings: headings)
        for table in try schema().tables where name == nil || table.name == name {
            for column in table.columns {
                let type = TextTable.Cell.json(column.type.json)
                let cells: [TextTable.Cell] = [.text(column.name), type]
                text.rows.append((name == nil ? [.text(table.name)] : []) + cells)
            }
        }
        print(text)
    }

    /// `needs-conversion`.
    func compareSchema(in path: String) throws {
        let wanted = try SchemaFile.read(path)
        database = wanted.name
        print(try schema().json == wanted.json ? "no\n" : "yes\n")
    }

    func convert(to path: String) throws {
        let schema = try SchemaFile.read(path)
        _ = try client.call("convert", [.string(schema.name), schema.json])
    }

    // MARK: Data

    /// Text that must be an array or an object, as all JSON in files and messages is.
    static func parse(_ text: String) throws -> JSON {
        do throws(JSONError) {
            let json = try JSON.parse(text)
            if json.array != nil || json.object != nil { return json }
        } catch {
            throw ProgramError("\"\(text)\": \(error)")
        }
        let count = text.utf8.count
        throw ProgramError(
            "\"\(text)\": line 0, column \(count), byte \(count): "
                + "syntax error at beginning of input")
    }

    func transact(_ text: String, isQuery: Bool) throws {
        let json = try Self.parse(text)
        guard var params = json.array, params.first?.string != nil else {
            throw ProgramError("not a valid OVSDB query")
        }
        if isQuery { params.append(["op": "abort"]) }
        let result = try client.call("transact", params)
        guard isQuery, var results = result.array else { return print(result) }
        if results.last?["error"] == "aborted" { results.removeLast() }
        print(.array(results))
    }

    func dump(_ words: [String]) throws {
        let schema = try schema()
        var tables: [DumpTable] = []
        if let name = words.first {
            guard let table = schema.table(name) else {
                throw ProgramError("No table \"\(name)\" found.")
            }
            tables = [try DumpTable(table, columns: Array(words.dropFirst()))]
        } else {
            tables = try schema.tables.map { try DumpTable($0, columns: []) }
        }
        let results = try client.call(
            "transact", [.string(database)] + tables.map(\.selection))
        for (table, result) in zip(tables, results.array ?? []) {
            print(try table.text(of: result))
        }
    }

    // MARK: Locks and states

    /// `lock`, `steal` and `unlock`: prints what the server says from then on, until it is ended.
    ///
    /// What the server refuses is passed over, as Open vSwitch does.
    func hold(_ method: String, _ lock: String) throws {
        options.daemon.keepsOutput = true
        try options.daemon.start()
        try listenForCommands(["lock", "steal", "unlock"].map(lockCommand))
        try client.send(method, [.string(lock)])
        var isReady = false
        while true {
            switch try client.nextMessage() {
            case .reply(let result, _): print(result)
            case .notification(let method, let params):
                print(method + "\n")
                print(.array(params))
            case .error, .request: break
            }
            if !isReady { options.daemon.ready() }
            isReady = true
        }
    }

    private func lockCommand(_ method: String) -> ControlThread.Command {
        ControlThread.Command(method, "LOCK", argumentCount: 1) {
            [unowned self] arguments in
            try client.send(method, [.string(arguments[0])])
            return ""
        }
    }

    /// Opens a control socket where the program goes to the background.
    func listenForCommands(_ commands: [ControlThread.Command]) throws {
        guard options.daemon.detaches else { return }
        client.control = try ControlThread(options.daemon, commands)
    }

    /// Refuses a state that ``wait(for:)`` would wait for in vain.
    static func checkState(_ state: String) throws {
        guard ["added", "connected", "removed"].contains(state) else {
            throw ProgramError("\(state): unknown state")
        }
    }

    func wait(for state: String) throws {
        let name = database
        let request: JSON = ["Database": [["columns": ["name", "connected", "model"]]]]
        _ = try client.call("monitor", ["_Server", "wait", request])
        while true {
            let select: JSON = [
                "op": "select", "table": "Database",
                "where": [["name", "==", .string(name)]], "columns": ["connected"],
            ]
            let row = try client.call("transact", ["_Server", select])[0]?["rows"]?[0]
            switch state {
            case "added" where row != nil: return
            case "connected" where row?["connected"] == true: return
            case "removed" where row == nil: return
            default: _ = try client.nextNotification()
            }
        }
    }
}
