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
    /// For which transactions are run (`--rbac-role`).
    var role: String?

    static var defaultDatabase: String { InstallDirectories.current.database + "/conf.db" }
    static var defaultSchema: String {
        InstallDirectories.current.packageData + "/vswitch.ovsschema"
    }

    func print(_ line: String) -> Int32 {
        Program.printOutput(line + "\n")
        return 0
    }

    /// Milliseconds since 1970.
    private var date: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    // MARK: Reading

    /// The schema of a file, or Martlet's own where the usual file is not installed.
    func schema(_ path: String?) throws -> DatabaseSchema {
        if path == nil, access(Self.defaultSchema, F_OK) != 0 { return OpenVSwitchSchema.schema }
        return try SchemaFile.read(path ?? Self.defaultSchema)
    }

    func databaseSchema(_ arguments: [String]) throws -> DatabaseSchema {
        let path = arguments.first ?? Self.defaultDatabase
        return try Database.schema(inLog: try log(path))
    }

    /// A file, and whether it is a cluster's.
    func file(_ path: String) throws -> (octets: [UInt8], isClustered: Bool) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw OVSDBError(
                "I/O error", "\(path): open failed (\(TransportError.text(of: errno)))")
        }
        defer { close(descriptor) }
        guard let octets = DatabaseFile.contents(of: descriptor) else {
            throw OVSDBError(
                "I/O error", "\(path): read error (\(TransportError.text(of: errno)))")
        }
        if octets.starts(with: LogRecord.clusterMagic.utf8) { return (octets, true) }
        guard octets.starts(with: LogRecord.magic.utf8) else {
            let what = octets.isEmpty ? "cannot identify file type" : "unexpected file format"
            throw OVSDBError("ovsdb error", "\(path): \(what)")
        }
        return (octets, false)
    }

    /// The octets of a standalone database's file.
    func log(_ path: String) throws -> [UInt8] {
        let file = try file(path)
        guard !file.isClustered else {
            throw OVSDBError(
                "ovsdb error",
                "\(path): cannot apply this operation to clustered database file")
        }
        return file.octets
    }

    /// The database of a file that must be whole.
    private func load(_ path: String) throws -> Database {
        let load = try Database.load(log: try log(path), storage: nil)
        if let error = load.error(about: path) { throw error }
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
        let target = arguments.dropFirst().first
        let file = try target == nil ? lockedFile(path) : nil
        let database = try load(path)
        let octets = database.snapshot(
            date: date, comment: "compacted by ovsdb-tool \(ProgramVersion.openVSwitch)")
        return try write(octets, database.schema, to: target ?? path, held: file)
    }

    func convert(_ arguments: [String]) throws -> Int32 {
        let path = arguments.first ?? Self.defaultDatabase
        let target = try schema(arguments.dropFirst().first)
        let destination = arguments.dropFirst(2).first
        let file = try destination == nil ? lockedFile(path) : nil
        let octets = try load(path).snapshot(
            date: date, comment: "converted by ovsdb-tool \(ProgramVersion.openVSwitch)",
            as: target)
        // The new schema's constraints apply to what is kept.
        if let error = try Database.load(log: octets, storage: nil).error(about: path) {
            throw error
        }
        return try write(octets, target, to: destination ?? path, held: file)
    }

    /// A file that is to be replaced, and so must not be served at this time.
    private func lockedFile(_ path: String) throws -> DatabaseFile {
        _ = try log(path)
        do throws(OVSDBError) {
            return try DatabaseFile(path: path)
        } catch {
            throw ProgramError(error.details ?? error.tag)
        }
    }

    private func write(
        _ octets: [UInt8], _ schema: DatabaseSchema, to path: String, held: DatabaseFile?
    ) throws -> Int32 {
        if held == nil, access(path, F_OK) != 0 { try DatabaseFile.create(path: path, schema) }
        try (held ?? DatabaseFile(path: path)).replace(with: octets)
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
        guard params.array != nil || params.object != nil else {
            let count = text.utf8.count
            throw ProgramError(
                "\"\(text)\": line 0, column \(count), byte \(count): "
                    + "syntax error at beginning of input")
        }
        // A file that is being served may be read, but not changed; and one that is damaged may
        // not be changed either, since opening it for that would cut the damage off.
        var database = try load(path)
        if !isQuery { database = try DatabaseFile(path: path).load().database }
        return print(try run(params, on: database).text(sortsKeys: true))
    }

    /// Runs a transaction as a server would, where waiting is in vain.
    private func run(_ params: JSON, on database: Database) throws -> JSON {
        let name = database.schema.name
        guard case .array(let elements) = params else {
            return OVSDBError.syntax("array expected", in: params).json
        }
        guard elements.first == .string(name) else {
            return OVSDBError.syntax("database name expected as first parameter", in: params).json
        }
        if role != nil, database.schema.table("RBAC_Role") != nil {
            throw ProgramError("--rbac-role is not supported for a database with roles")
        }
        let server = DatabaseServer()
        _ = server.add(database, at: Moment(monotonic: 0, date: date))
        let session = server.openSession()
        let outgoing = server.handle(
            .request(
                method: "transact", params: elements.map(Self.impatient), id: 1),
            from: session, at: Moment(monotonic: 0, date: date))
        guard case .reply(let result, _)? = outgoing.last?.message else {
            throw ProgramError("the transaction waits for what nobody will do")
        }
        guard let results = result.array else { return result }
        return .array(
            zip(results, elements.dropFirst()).map { result, operation in
                guard result["error"] == "timed out", Self.waits(operation) else { return result }
                return OVSDBError("not supported", "triggers not supported").json
            } + results.dropFirst(elements.count - 1))
    }

    /// Whether an operation waits for what another transaction does.
    private static func waits(_ operation: JSON) -> Bool {
        operation["op"] == "wait" && operation["timeout"] != 0
    }

    /// The operation, with no time to wait.
    private static func impatient(_ operation: JSON) -> JSON {
        guard waits(operation), var object = operation.object else { return operation }
        if let timeout = object["timeout"], timeout.integer == nil { return operation }
        object["timeout"] = 0
        return .object(object)
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
        default: throw ProgramError("\(arguments[1]): not a relational operator")
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
        let file = try file(path)
        if file.isClustered { return try showClusterLog(path, file.octets) }
        var reader = LogReader(file.octets)
        var summary: LogSummary?
        while true {
            let record: JSON?
            do throws(LogError) {
                record = try reader.next()
            } catch {
                throw OVSDBError(error.tag, "\(path): \(error)")
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
