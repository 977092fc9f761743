import Daemon
import OVSDBClient
import OVSDBModel

/// Columns of one row that the database is to show.
struct RowReport {
    let table: String
    let id: UUID
    let columns: [String: Datum]
}

/// Writes back what the switch reports, and only what has changed since it was last written.
///
/// One transaction is under way at a time; what is reported meanwhile goes into the next one.
final class DatabaseWriter {
    /// Puts messages of the replica on the wire.
    var perform: (([DatabaseReplica.Action]) -> Void)?

    private let replica: DatabaseReplica
    private var written: [UUID: [String: Datum]] = [:]
    /// Rows that were made while this was watching, so that what nobody wrote has its default.
    private var newRows: Set<UUID> = []
    private var pending: [UUID: RowReport] = [:]
    private var order: [UUID] = []
    private var current: DatabaseReplica.TransactionID?
    private let log = LogModule("bridge")

    init(_ replica: DatabaseReplica) { self.replica = replica }

    /// Starts anew after a new connection, when nothing is known of what the rows hold.
    func reset() {
        written.removeAll()
        newRows.removeAll()
        pending.removeAll()
        order.removeAll()
        current = nil
    }

    func report(_ report: RowReport) {
        guard let columns = changed(report), !columns.isEmpty else { return }
        if let earlier = pending[report.id] {
            let merged = earlier.columns.merging(columns) { $1 }
            pending[report.id] = RowReport(table: report.table, id: report.id, columns: merged)
        } else {
            pending[report.id] = RowReport(
                table: report.table, id: report.id, columns: columns)
            order.append(report.id)
        }
    }

    private func changed(_ report: RowReport) -> [String: Datum]? {
        guard replica.row(report.table, report.id) != nil else { return nil }
        let known = written[report.id] ?? [:]
        let defaults = newRows.contains(report.id) ? replica.schema.table(report.table) : nil
        // What waits to be written counts as written: a later value replaces it.
        let waiting = pending[report.id]?.columns ?? [:]
        return report.columns.filter { column, datum in
            let shown =
                waiting[column] ?? known[column] ?? defaults?.column(column)?.type.defaultDatum
            return shown != datum
        }
    }

    /// Sends what is pending, unless a transaction is under way.
    func flush() {
        guard current == nil, replica.isLive, !order.isEmpty else { return }
        var request = TransactionRequest(replica.schema)
        for id in order {
            guard let report = pending[id], replica.row(report.table, id) != nil else {
                written[id] = nil
                continue
            }
            request.update(report.table, id, report.columns)
            written[id, default: [:]].merge(report.columns) { $1 }
        }
        order.removeAll()
        pending.removeAll()
        guard !request.isEmpty else { return }
        let (id, actions) = replica.commit(request)
        current = id
        perform?(actions)
    }

    func completed(_ id: DatabaseReplica.TransactionID, _ outcome: TransactionOutcome) {
        guard id == current else { return }
        current = nil
        if case .refused(let tag, let details) = outcome {
            log.warning("the database refused a report: \(tag): \(details)")
            written.removeAll()
            newRows.removeAll()
        }
        flush()
    }

    /// Forgets rows that have gone.
    ///
    /// - Parameter isLive: whether the rows without a past are new, and not just first heard of.
    func note(_ notices: [RowNotice], isLive: Bool) {
        for notice in notices {
            if notice.new == nil {
                written[notice.uuid] = nil
                newRows.remove(notice.uuid)
            } else if notice.old == nil && isLive {
                newRows.insert(notice.uuid)
            }
        }
    }
}
