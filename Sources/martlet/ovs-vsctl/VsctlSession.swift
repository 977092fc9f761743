import ControlCommands
import Daemon
import Glibc
import JSONRPC
import OVSDBModel
import Transport

/// One call of `ovs-vsctl`: the connection, and the commands on it until they succeed.
struct VsctlSession {
    private static let database = "Open_vSwitch"

    /// How often a transaction that others overtook is tried again.
    private static let maximumAttempts = 100

    private let options: VsctlOptions
    private let commands: [Command]
    private let comment: String
    private let connection: VsctlConnection
    private let client: DatabaseClient
    private let log = LogModule("vsctl")

    init(_ options: VsctlOptions, _ commands: [Command], arguments: [String]) throws {
        self.options = options
        self.commands = commands
        let line = ([CommandLine.arguments.first ?? VsctlProgram.name] + arguments)
            .map(Self.quoted).joined(separator: " ")
        comment = "\(VsctlProgram.name)\(Self.invoker): \(line)"
        // The commands' tables and columns are checked before a server is needed.
        let mayWrite = commands.contains { $0.syntax.writes }
        log.log(mayWrite ? .info : .debug) { "Called as \(line)" }
        _ = try ControlRun(commands) { LogModule($0.module).warning($0.text) }
        connection = VsctlConnection(options)
        client = DatabaseClient(try connection.open(), firstID: 1)
    }

    private static func quoted(_ word: String) -> String {
        word.isEmpty || word.contains { $0 == " " || $0 == "\"" }
            ? JSON.string(word).text : word
    }

    /// Who called, for the log of the database.
    private static var invoker: String {
        guard let file = fopen("/proc/\(getppid())/comm", "re") else { return "" }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 64)
        guard fgets(&line, CInt(line.count), file) != nil else { return "" }
        let octets = line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
        return " (invoked by \(String(decoding: octets, as: UTF8.self)))"
    }

    /// Runs the commands, and returns the exit status.
    func execute() throws -> Int32 {
        do {
            return try attempt()
        } catch let error as TransportError {
            if error.errno == ETIMEDOUT { Program.endByAlarm() }
            throw connection.failure(error)
        }
    }

    private func attempt() throws -> Int32 {
        var isMonitoring = false
        var isNarrow = true
        var hasFailed = false
        var attempts = 0
        while attempts < Self.maximumAttempts {
            let run = try ControlRun(commands, isNarrow: isNarrow)
            try run.load(try transact(run.selections))
            let followUps = run.followUps()
            if !followUps.isEmpty { try run.load(followUps: try transact(followUps)) }
            switch try runLogged(run) {
            case .finished: break
            case .ended: return run.exitStatus
            case .tooNarrow:
                isNarrow = false
                continue
            case .waiting:
                try waitForChange(run, isMonitoring)
                isMonitoring = true
                continue
            }
            attempts += 1
            guard run.hasChanges else { return report(run) }
            let results = try commit(run)
            let error = results.lazy.compactMap { $0["error"] }.first { !$0.isNull }
            switch error?.string {
            case nil, "aborted": return try finish(run, results)
            case "timed out": continue
            default: break
            }
            // Others may have changed what the commands read: then they fail with a better
            // sentence, or succeed, the second time.
            if !isNarrow && hasFailed {
                let text = Self.errorText(results)
                LogModule("ovsdb_idl").warning("transaction error: \(text)")
                throw ProgramError("transaction error: \(text)")
            }
            hasFailed = true
            isNarrow = false
        }
        throw ProgramError("the database changes too often for the transaction to succeed")
    }

    private static func errorText(_ results: [JSON]) -> String {
        results.first { $0["error"]?.isNull == false }?.text(sortsKeys: true) ?? ""
    }

    private func transact(_ operations: [JSON]) throws -> [JSON] {
        try client.call("transact", [.string(Self.database)] + operations).array ?? []
    }

    private func commit(_ run: ControlRun) throws -> [JSON] {
        var operations = run.transaction(
            comment: comment, waits: options.waits && !options.isDryRun)
        if options.isDryRun { operations.append(["op": "abort"]) }
        return try transact(operations)
    }

    /// Waits until a table that `wait-until` looks at changes.
    ///
    /// The first time it only asks to be told: what was read may be old already.
    private func waitForChange(_ run: ControlRun, _ isMonitoring: Bool) throws {
        if isMonitoring {
            _ = try client.nextNotification()
            return
        }
        var tables = JSONObject()
        for (table, columns) in run.monitoredTables {
            tables[table] = [["columns": .array(columns.map(JSON.string))]]
        }
        _ = try client.call(
            "monitor", [.string(Self.database), "wait-until", .object(tables)])
    }

    // MARK: What comes of it

    private func finish(_ run: ControlRun, _ results: [JSON]) throws -> Int32 {
        if !options.isDryRun { run.adopt(results) }
        let status = report(run)
        if options.waits && !options.isDryRun,
            let number = run.configurationNumber(in: results)
        {
            try waitForSwitch(number)
            try reportInterfaces(run)
        }
        return status
    }

    /// Runs the commands, and logs their warnings even if one fails in the end.
    private func runLogged(_ run: ControlRun) throws -> ControlRun.Outcome {
        var outcome: ControlRun.Outcome?
        defer {
            if outcome != .tooNarrow && outcome != .waiting {
                for (module, text) in run.warnings { LogModule(module).warning(text) }
            }
        }
        let result = try run.run()
        outcome = result
        return result
    }

    /// Prints what the commands have to say.
    private func report(_ run: ControlRun) -> Int32 {
        var text = ""
        var tableCount = 0
        for outputs in run.outputs {
            var line = ""
            var hasTable = false
            for output in outputs {
                switch output {
                case .text(let part): line += part
                case .newRow(let uuid): line += "\(uuid)\n"
                case .table(let table):
                    if tableCount > 0 { text += options.style.separator }
                    tableCount += 1
                    hasTable = true
                    text += options.style.text(of: table)
                }
            }
            if !hasTable { text += options.isOneLine ? Self.joined(line) : line }
        }
        Program.printOutput(text)
        return run.exitStatus
    }

    /// Text as one line: `--oneline`.
    private static func joined(_ text: String) -> String {
        var line = ""
        for character in text.hasSuffix("\n") ? text.dropLast() : text[...] {
            switch character {
            case "\n": line += "\\n"
            case "\\": line += "\\\\"
            default: line.append(character)
            }
        }
        return line + "\n"
    }

    /// Waits until `ovs-vswitchd` has taken up the configuration with this number.
    private func waitForSwitch(_ number: Int64) throws {
        let initial = try client.call(
            "monitor",
            [
                .string(Self.database), "cur_cfg",
                ["Open_vSwitch": [["columns": ["cur_cfg"]]]],
            ])
        var current = Self.currentConfiguration(initial) ?? 0
        while current < number {
            let (method, params) = try client.nextNotification()
            guard method == "update", params.count == 2, params[0] == "cur_cfg" else { continue }
            current = Self.currentConfiguration(params[1]) ?? current
        }
    }

    private static func currentConfiguration(_ update: JSON) -> Int64? {
        update["Open_vSwitch"]?.object?.members.first?.value["new"]?["cur_cfg"]?.integer
    }

    /// Complains about interfaces that the switch could not set up.
    private func reportInterfaces(_ run: ControlRun) throws {
        let checks = run.interfaceChecks
        guard !checks.isEmpty else { return }
        let complaints = ControlRun.complaints(about: try transact(checks))
        for complaint in complaints {
            Program.printError("\(VsctlProgram.name): \(complaint)")
        }
        if !complaints.isEmpty {
            Program.printError(
                "\(VsctlProgram.name): The default log directory is "
                    + "\"\(InstallDirectories.current.log)\".")
        }
    }
}
