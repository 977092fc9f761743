import JSONRPC
import OVSDBEngine

/// The file of one member of a cluster, read to move its database out of the cluster.
///
/// The first record says who the member is and holds a snapshot; each later one is an entry of the
/// RAFT log, or remembers a term, a vote or how far the log is committed (ovsdb(5)). Martlet keeps
/// no clusters, so nothing here writes this format.
struct ClusterLog {
    /// What an entry does to the database: sets a schema, which begins a new database, or commits a
    /// transaction.
    struct Entry {
        let schema: JSON?
        let transaction: JSON?

        init(_ data: JSON) {
            schema = data[0].flatMap { $0.isNull ? nil : $0 }
            transaction = data[1].flatMap { $0.isNull ? nil : $0 }
        }
    }

    let header: JSON
    let records: [JSON]

    init(_ octets: [UInt8]) throws(LogError) {
        var reader = LogReader(octets, magic: LogRecord.clusterMagic)
        header = try reader.next() ?? [:]
        var records: [JSON] = []
        while let record = try reader.next() { records.append(record) }
        self.records = records
    }

    var name: String { header["name"]?.string ?? "" }

    /// What the log does, in order.
    ///
    /// A new leader's entry displaces the one with the same index and all that came after it, as
    /// RAFT has it.
    var entries: [Entry] {
        var entries: [(index: Int64, entry: Entry)] = []
        if let data = header["prev_data"] {
            entries = [(header["prev_index"]?.integer ?? 0, Entry(data))]
        }
        for record in records {
            guard let index = record["index"]?.integer else { continue }
            while let last = entries.last, last.index >= index { entries.removeLast() }
            guard let data = record["data"] else { continue }
            entries.append((index, Entry(data)))
        }
        return entries.map(\.entry)
    }

    /// The octets of the same database as a file of its own; nil where no schema is known yet.
    var standalone: [UInt8]? {
        var octets: [UInt8]?
        for entry in entries {
            if let schema = entry.schema { octets = LogRecord.encode(schema) }
            guard let transaction = entry.transaction, transaction.object?.isEmpty == false else {
                continue
            }
            octets? += LogRecord.encode(transaction)
        }
        return octets
    }
}
