import Daemon
import Glibc
import JSONRPC
import OVSDBEngine
import OVSDBModel

/// What is said of the files of clusters. They are read, so that a database can leave its cluster;
/// they are not written.
extension OVSDBTool {
    func refuseCluster(_ command: String) throws -> Int32 {
        throw ProgramError(
            "\(command): clustered databases are read and not written: "
                + "use \"ovsdb-tool create\" for a standalone one")
    }

    func clusterLog(_ path: String) throws -> ClusterLog {
        let file = try file(path)
        guard file.isClustered else { throw ProgramError("\(path): not a clustered database") }
        return try clusterLog(path, file.octets)
    }

    private func clusterLog(_ path: String, _ octets: [UInt8]) throws -> ClusterLog {
        do throws(LogError) {
            return try ClusterLog(octets)
        } catch {
            throw OVSDBError(error.tag, "\(path): \(error)")
        }
    }

    func databaseName(_ arguments: [String]) throws -> Int32 {
        let path = arguments.first ?? Self.defaultDatabase
        let file = try file(path)
        if file.isClustered { return print(try clusterLog(path, file.octets).name) }
        return print(try databaseSchema(arguments).name)
    }

    func isStandalone(_ path: String) throws -> Bool { try !file(path).isClustered }

    /// `db-cid`, which is unknown until a server has joined its cluster.
    func clusterID(_ path: String) throws -> Int32 {
        guard let identifier = try clusterLog(path).header["cluster_id"]?.string else {
            Program.printError("\(path): cluster ID not yet known")
            return 2
        }
        return print(identifier)
    }

    /// `db-sid` and `db-local-address`.
    func clusterMember(_ path: String, _ member: String) throws -> Int32 {
        print(try clusterLog(path).header[member]?.string ?? "")
    }

    func checkCluster(_ paths: [String]) throws -> Int32 {
        for path in paths {
            let file = try file(path)
            guard file.isClustered else {
                throw OVSDBError("ovsdb error", "\(path): cannot identify file type")
            }
            _ = try clusterLog(path, file.octets)
        }
        throw ProgramError(
            "check-cluster: the records of each file are whole; whether the members of a cluster "
                + "agree with each other is not checked")
    }

    func leaveCluster(to target: String, from path: String) throws -> Int32 {
        let file = try file(path)
        guard file.isClustered else { throw ProgramError("Database is not clustered db.\n") }
        guard let octets = try clusterLog(path, file.octets).standalone else {
            throw ProgramError("\(path): has not joined its cluster, and so has no schema yet")
        }
        let database = try Database.load(log: octets, storage: nil).database
        try DatabaseFile.create(path: target, database.schema)
        try DatabaseFile(path: target).replace(with: octets)
        return 0
    }

    // MARK: show-log

    func showClusterLog(_ path: String, _ octets: [UInt8]) throws -> Int32 {
        let log = try clusterLog(path, octets)
        var summary: LogSummary?
        Program.printOutput(
            "record 0:\n" + Self.headerText(log.header)
                + (try dataText(log.header["prev_data"], "prev_schema", &summary)))
        for (number, record) in log.records.enumerated() {
            Program.printOutput(
                "record \(number + 1):\n" + Self.recordText(record)
                    + (try dataText(record["data"], "schema", &summary)))
        }
        return 0
    }

    private static func headerText(_ header: JSON) -> String {
        var text = " name: \"\(header["name"]?.string ?? "")'\n"
        text += " local address: \"\(header["local_address"]?.string ?? "")\"\n"
        text += identifierLine(header, "server_id") + identifierLine(header, "cluster_id")
        if let addresses = header["remote_addresses"]?.array {
            text += " remote_addresses: "
            text += addresses.compactMap(\.string).joined(separator: " ") + "\n"
        }
        text += numberLine(header, "prev_index") + numberLine(header, "prev_term")
        return text + serversLine(header, "prev_servers") + identifierLine(header, "prev_eid")
    }

    private static func recordText(_ record: JSON) -> String {
        var text = ""
        if let comment = record["comment"]?.string { text += " comment: \"\(comment)\"\n" }
        text += numberLine(record, "term") + numberLine(record, "index")
        text += serversLine(record, "servers") + identifierLine(record, "eid")
        text += identifierLine(record, "vote") + identifierLine(record, "leader")
        text += numberLine(record, "commit_index")
        if let note = record["note"]?.string { text += " note: \"\(note)\"\n" }
        return text
    }

    /// UUIDs are told apart by their first digits.
    private static func shortened(_ identifier: String) -> String { String(identifier.prefix(4)) }

    private static func identifierLine(_ record: JSON, _ name: String) -> String {
        record[name]?.string.map { " \(name): \(shortened($0))\n" } ?? ""
    }

    private static func numberLine(_ record: JSON, _ name: String) -> String {
        record[name]?.integer.map { " \(name): \($0)\n" } ?? ""
    }

    private static func serversLine(_ record: JSON, _ name: String) -> String {
        guard let servers = record[name]?.object else { return "" }
        let texts = servers.members.map { "\(shortened($0.key))(\"\($0.value.string ?? "")\")" }
        return " \(name): \(texts.joined(separator: ", "))\n"
    }

    /// The schema and the transaction of an entry; an empty line where it has neither.
    private func dataText(
        _ data: JSON?, _ label: String, _ summary: inout LogSummary?
    ) throws -> String {
        guard let entry = data.map(ClusterLog.Entry.init) else { return "\n" }
        var text = ""
        if let json = entry.schema {
            let schema = try DatabaseSchema(json)
            summary = LogSummary(schema, verbosity: verbosity)
            text += " \(label): \"\(schema.name)\", \(LogSummary.versions(of: schema))\n"
        }
        return text + (entry.transaction.flatMap { summary?.line(of: $0) } ?? "\n")
    }
}
