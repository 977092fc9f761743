import CLinux
import Daemon
import Glibc
import JSONRPC
import OVSDBEngine
import OVSDBModel
import Transport

/// `backup` and `restore`.
extension OVSDBClientSession {
    /// Prints the schema and the durable columns of all rows as a database file.
    func backup() throws {
        let schemaJSON = try client.call("get_schema", [.string(database)])
        let tables = try DatabaseSchema(schemaJSON).tables
        let selections = tables.map { table -> JSON in
            let columns = table.declaredColumns.filter { !$0.isEphemeral }
                .map { JSON.string($0.name) }
            return [
                "op": "select", "table": .string(table.name), "where": [],
                "columns": .array(["_uuid"] + columns),
            ]
        }
        let results = try results(of: selections)
        var data = JSONObject()
        data["_comment"] = "produced by \"ovsdb-client backup\""
        data["_date"] = .integer(Self.milliseconds())
        for (table, result) in zip(tables, results) {
            guard let rows = result["rows"]?.array, !rows.isEmpty else { continue }
            var object = JSONObject()
            for row in rows {
                guard let uuid = row["_uuid"]?[1]?.string, var columns = row.object else {
                    continue
                }
                columns["_uuid"] = nil
                object[uuid] = .object(columns)
            }
            data[table.name] = .object(object)
        }
        data["_is_diff"] = true
        let octets = LogRecord.encode(schemaJSON) + LogRecord.encode(.object(data))
        print(String(decoding: octets, as: UTF8.self))
    }

    private static func milliseconds() -> Int64 {
        var now = timeval()
        gettimeofday(&now, nil)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_usec) / 1000
    }

    /// Replaces all rows by those of a database file on standard input, in one transaction.
    func restore() throws {
        let octets = Self.readStandardInput()
        let backup = try Self.database(in: octets)
        let schema = try schema()
        try compare(backup.schema, schema)
        var reader = LogReader(backup.snapshot(date: 0))
        _ = try reader.next()
        let data = try reader.next() ?? [:]
        var operations: [JSON] = schema.tables.map {
            ["op": "delete", "table": .string($0.name), "where": []]
        }
        let rows = data.object?.members.filter { !$0.key.hasPrefix("_") } ?? []
        let known = Set(rows.flatMap { $0.value.object?.keys ?? [] })
        for table in rows {
            guard let schema = schema.table(table.key) else { continue }
            for row in table.value.object?.members ?? [] {
                operations.append(try Self.insertion(row.key, row.value, schema, known))
            }
        }
        operations.append(["op": "comment", "comment": "restored by ovsdb-client"])
        let results = try results(of: operations)
        if let error = results.first(where: { $0["error"]?.isNull == false }) {
            throw ProgramError(
                "transaction returned error: \(error.text(sortsKeys: true))")
        }
    }

    private static let standardInput = "/dev/stdin"

    /// The database of a file that must be whole.
    private static func database(in octets: [UInt8]) throws -> Database {
        guard octets.starts(with: LogRecord.magic.utf8) else {
            let what = octets.isEmpty ? "cannot identify file type" : "unexpected file format"
            throw OVSDBError("ovsdb error", "\(standardInput): \(what)")
        }
        var reader = LogReader(octets)
        do throws(LogError) {
            while try reader.next() != nil {}
        } catch {
            throw OVSDBError(error.tag, "\(standardInput): \(error)")
        }
        return try Database.load(log: octets, storage: nil).database
    }

    /// Refuses a backup of another schema, or only mentions it if it is to be restored anyway.
    private func compare(_ backup: DatabaseSchema, _ schema: DatabaseSchema) throws {
        guard backup.json != schema.json else { return }
        let sentence =
            if backup.version == schema.version {
                "backup schema and database schema are both version \(schema.version) "
                    + "but still differ"
            } else {
                "backup schema has version \"\(backup.version)\" but "
                    + "database schema has version \"\(schema.version)\""
            }
        guard options.isForced else {
            throw ProgramError(
                sentence + " (use --force to override differences, or \"ovsdb-client convert\" "
                    + "to change the schema)")
        }
        LogModule("ovsdb_client").info(sentence)
    }

    private func results(of operations: [JSON]) throws -> [JSON] {
        try client.call("transact", [.string(database)] + operations).array ?? []
    }

    private static func insertion(
        _ uuid: String, _ row: JSON, _ table: TableSchema, _ known: Set<String>
    ) throws -> JSON {
        var columns = JSONObject()
        for member in row.object?.members ?? [] {
            guard let column = table.column(member.key) else { continue }
            let datum = try Datum(member.value, type: column.type)
            columns[member.key] = json(datum, column.type, known)
        }
        return [
            "op": "insert", "table": .string(table.name), "uuid-name": .string(name(of: uuid)),
            "row": .object(columns),
        ]
    }

    private static func name(of uuid: String) -> String {
        "row" + uuid.map { $0 == "-" ? "_" : $0 }
    }

    /// A value in which the rows of the file go by names, since they get new UUIDs.
    private static func json(_ datum: Datum, _ type: ColumnType, _ known: Set<String>) -> JSON {
        func json(_ atom: Atom) -> JSON {
            if case .uuid(let uuid) = atom, known.contains(uuid.description) {
                return ["named-uuid", .string(name(of: uuid.description))]
            }
            return atom.json
        }
        guard type.isMap else { return ["set", .array(datum.keys.map(json))] }
        let pairs = zip(datum.keys, datum.values).map { JSON.array([json($0), json($1)]) }
        return ["map", .array(pairs)]
    }

    private static func readStandardInput() -> [UInt8] {
        var octets: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: BlockingStream.receiveByteCount)
        while true {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            guard count > 0 else { return octets }
            octets += buffer[..<count]
        }
    }
}
