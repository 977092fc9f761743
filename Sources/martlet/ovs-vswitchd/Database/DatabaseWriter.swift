import Daemon
import OVSDBClient
import OVSDBConnection
import OVSDBModel

/// Writes back what the switch reports, and only what has changed since it was last written.
///
/// One transaction is under way at a time; what is reported meanwhile goes into the next one.
final class DatabaseWriter {
    private let session: DatabaseSession
    /// Columns of rows by their positions in the table.
    private var written: [UUID: [Int: Datum]] = [:]
    /// Rows that were made while this was watching, so that what nobody wrote has its default.
    private var newRows: Set<UUID> = []
    private var pending: [UUID: Row] = [:]
    private var order: [UUID] = []
    private var isCommitting = false
    private let log = LogModule("bridge")

    init(_ session: DatabaseSession) { self.session = session }

    private var replica: DatabaseReplica { session.replica }

    /// Starts anew after a new connection, when nothing is known of what the rows hold.
    func reset() {
        written.removeAll()
        newRows.removeAll()
        pending.removeAll()
        order.removeAll()
        isCommitting = false
    }

    /// Has the database show the columns that are set in `row`.
    func report(_ row: some TableRow) {
        let changed = changed(row.row)
        guard !changed.assigned.isEmpty else { return }
        if pending[row.uuid] == nil {
            pending[row.uuid] = changed
            order.append(row.uuid)
        } else {
            pending[row.uuid]?.merge(changed)
        }
    }

    /// What is set in a row and differs from what the database shows, or will show.
    private func changed(_ row: Row) -> Row {
        var row = row
        guard replica.row(row.table.name, row.uuid) != nil else {
            row.keepAssigned { _ in false }
            return row
        }
        let known = written[row.uuid]
        let isNew = newRows.contains(row.uuid)
        // What waits to be written counts as written: a later value replaces it.
        let waiting = pending[row.uuid]
        let (data, defaults) = (row.data, row.table.defaultRow)
        row.keepAssigned { index in
            if let waiting, waiting.assigned.contains(index) {
                return waiting.data[index] != data[index]
            }
            guard let shown = known?[index] ?? (isNew ? defaults[index] : nil) else { return true }
            return shown != data[index]
        }
        return row
    }

    /// Sends what is pending, unless a transaction is under way.
    func flush() {
        guard !isCommitting, replica.isLive, !order.isEmpty else { return }
        var request = TransactionRequest(replica.schema)
        for id in order {
            guard let row = pending[id], replica.row(row.table.name, id) != nil else {
                written[id] = nil
                continue
            }
            request.update(row)
            for index in row.assigned { written[id, default: [:]][index] = row.data[index] }
        }
        order.removeAll()
        pending.removeAll()
        guard !request.isEmpty else { return }
        isCommitting = true
        session.commit(request) { [unowned self] outcome in completed(outcome) }
    }

    private func completed(_ outcome: TransactionOutcome) {
        isCommitting = false
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
