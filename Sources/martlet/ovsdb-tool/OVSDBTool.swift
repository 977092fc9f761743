import Daemon
import Glibc
import JSONRPC
import OVSDBEngine
import OVSDBModel
import Transport

/// What the commands of `ovsdb-tool` do.
struct OVSDBTool: Sendable {
    /// How often `-m` was given.
    var verbosity = 0

    static var defaultDatabase: String { InstallDirectories.current.database + "/conf.db" }
    static var defaultSchema: String {
        InstallDirectories.current.packageData + "/vswitch.ovsschema"
    }

    func print(_ line: String) -> Int32 {
        Program.printOutput(line + "\n")
        return 0
    }

    private var date: Int64 { Int64(time(nil)) * 1000 }

    // MARK: Reading

    /// The schema of a file, or Martlet's own where the usual file is not installed.
    func schema(_ path: String?) throws -> DatabaseSchema {
        let name = path ?? Self.defaultSchema
        guard let octets = contents(name) else {
            let reason = TransportError.text(of: errno)
            if path == nil { return OpenVSwitchSchema.schema }
            throw ProgramError(
                "failed to read schema: \"\(name)\" could not be read as JSON "
                    + "(error opening \"\(name)\": \(reason))")
        }
        let json: JSON
        do throws(JSONError) {
            json = try JSON.parse(octets: octets)
        } catch {
            throw ProgramError(
                "failed to read schema: \"\(name)\" could not be read as JSON (\(error))")
        }
        return try DatabaseSchema(json)
    }

    func databaseSchema(_ arguments: [String]) throws -> DatabaseSchema {
        let path = arguments.first ?? Self.defaultDatabase
        return try Database.schema(inLog: try log(path))
    }

    func isStandalone(_ path: String) throws -> Bool {
        let octets = try log(path, anyFormat: true)
        if octets.starts(with: LogRecord.magic.utf8) { return true }
        if octets.starts(with: "OVSDB CLUSTER ".utf8) { return false }
        throw OVSDBError("ovsdb error", "\(path): cannot identify file type")
    }

    /// The octets of a database's file.
    func log(_ path: String, anyFormat: Bool = false) throws -> [UInt8] {
        guard let octets = contents(path) else {
            throw OVSDBError(
                "I/O error", "\(path): open failed (\(TransportError.text(of: errno)))")
        }
        guard anyFormat || octets.starts(with: LogRecord.magic.utf8) else {
            throw OVSDBError("ovsdb error", "\(path): unexpected file format")
        }
        return octets
    }

    private func contents(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return DatabaseFile.contents(of: descriptor)
    }

    /// The database of a file that must be whole.
    private func load(_ path: String) throws -> Database {
        let load = try Database.load(log: try log(path), storage: nil)
        if let warning = load.warning { throw OVSDBError("syntax error", "\(path): \(warning)") }
        return load.database
    }

    // MARK: Writing

    func create(_ arguments: [String]) throws -> Int32 {
        let path = arguments.first ?? Self.defaultDatabase
        try DatabaseFile.create(path: path, try schema(arguments.dropFirst().first))
        return 0
    }

    func compact(_ arguments: [String]) throws -> Int32 {
        let path = arguments.first ?? Self.defaultDatabase
        let file = try DatabaseFile(path: path)
        let database = try load(path)
        let octets = database.snapshot(
            date: date, comment: "compacted by ovsdb-tool \(ProgramVersion.openVSwitch)")
        return try write(octets, database.schema, to: arguments.dropFirst().first, orInto: file)
    }

    func convert(_ arguments: [String]) throws -> Int32 {
        let path = arguments.first ?? Self.defaultDatabase
        let target = try schema(arguments.dropFirst().first)
        let file = try DatabaseFile(path: path)
        let octets = try load(path).snapshot(
            date: date, comment: "converted by ovsdb-tool \(ProgramVersion.openVSwitch)",
            as: target)
        // The new schema's constraints apply to what is kept.
        _ = try Database.load(log: octets, storage: nil)
        return try write(octets, target, to: arguments.dropFirst(2).first, orInto: file)
    }

    private func write(
        _ octets: [UInt8], _ schema: DatabaseSchema, to path: String?, orInto file: DatabaseFile
    ) throws -> Int32 {
        guard let path else {
            try file.replace(with: octets)
            return 0
        }
        if access(path, F_OK) != 0 { try DatabaseFile.create(path: path, schema) }
        try DatabaseFile(path: path).replace(with: octets)
        return 0
    }

    func compareSchemas(_ arguments: [String]) throws -> Int32 {
        let own = try databaseSchema(arguments)
        return print(try schema(arguments.dropFirst().first) == own ? "no" : "yes")
    }

    // MARK: Transactions

    func transact(_ arguments: [String], isQuery: Bool) throws -> Int32 {
        let path = arguments.count > 1 ? arguments[0] : Self.defaultDatabase
        let text = arguments[arguments.count - 1]
        let params: JSON
        do throws(JSONError) {
            params = try JSON.parse(text)
        } catch {
            throw ProgramError("\"\(text)\": \(error)")
        }
        // A file that is being served may be read, but not changed.
        let file = isQuery ? nil : try DatabaseFile(path: path)
        let database = try file?.load().database ?? load(path)
        return print(try run(params, on: database).text(sortsKeys: true))
    }

    /// Runs a transaction as a server would, where waiting is in vain.
    private func run(_ params: JSON, on database: Database) throws -> JSON {
        let name = database.schema.name
        guard case .array(let elements) = params, elements.first == .string(name) else {
            return OVSDBError.syntax("database name expected as first parameter", in: params).json
        }
        let server = DatabaseServer()
        _ = server.add(database, at: Moment(monotonic: 0, date: date))
        let session = server.openSession()
        var outgoing = server.handle(
            .request(method: "transact", params: elements, id: 1), from: session,
            at: Moment(monotonic: 0, date: date))
        if outgoing.isEmpty {
            let deadline = server.nextDeadline ?? .max
            outgoing = server.advance(to: Moment(monotonic: deadline, date: date))
        }
        guard case .reply(let result, _)? = outgoing.last?.message else {
            throw ProgramError("the transaction waits for what nobody will do")
        }
        return result
    }

    // MARK: Versions

    func compareVersions(_ arguments: [String]) throws -> Int32 {
        let left = try version(arguments[0])
        let right = try version(arguments[2])
        let isLess = left.lexicographicallyPrecedes(right)
        let isTrue: Bool
        switch arguments[1] {
        case "<": isTrue = isLess
        case "<=": isTrue = isLess || left == right
        case "==": isTrue = left == right
        case ">=": isTrue = !isLess
        case ">": isTrue = !isLess && left != right
        case "!=": isTrue = left != right
        default: throw ProgramError("unknown operator \(arguments[1])")
        }
        return isTrue ? 0 : 2
    }

    private func version(_ text: String) throws -> [Int] {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 3, parts.allSatisfy({ $0 ?? -1 >= 0 }) else {
            throw ProgramError("\(text): not an OVSDB version number in format x.y.z")
        }
        return parts.compactMap { $0 }
    }

    // MARK: Log

    func showLog(_ arguments: [String]) throws -> Int32 {
        let path = arguments.first ?? Self.defaultDatabase
        var reader = LogReader(try log(path))
        var summary: LogSummary?
        while true {
            let record: JSON?
            do throws(LogError) {
                record = try reader.next()
            } catch {
                throw OVSDBError("syntax error", "\(path): \(error)")
            }
            guard let record else { return 0 }
            if summary == nil {
                let started = LogSummary(try DatabaseSchema(record), verbosity: verbosity)
                Program.printOutput(started.heading)
                summary = started
            } else {
                Program.printOutput(summary?.text(of: record) ?? "")
            }
        }
    }
}
