import JSONRPC
import OVSDBModel

/// The last transactions of a database, for clients that come again after a lost connection and
/// need only what they have missed (`monitor_cond_since`, ovsdb-server(7) §4.1.15).
///
/// It begins with the first client that asks by that method, and holds the rows as they were before
/// each change, which are shared with nobody; so its size is limited in rows too.
struct TransactionHistory {
    /// Transactions that are remembered; a client that missed more is told everything.
    static let maximumCount = 100
    /// Changes of rows that are remembered, beyond those of the last transaction.
    static let maximumChangeCount = 10_000

    private struct Entry {
        let id: UUID
        let changes: [RowChange]
    }

    /// Oldest first.
    private var entries: [Entry] = []
    private var changeCount = 0
    /// What stands before the oldest entry.
    private var origin: UUID

    /// - Parameter origin: The name of the database's present state.
    init(origin: UUID) { self.origin = origin }

    /// The name of the last transaction.
    var last: UUID { entries.last?.id ?? origin }

    mutating func record(_ changes: [RowChange], as id: UUID) {
        entries.append(Entry(id: id, changes: changes))
        changeCount += changes.count
        while entries.count > Self.maximumCount
            || changeCount > Self.maximumChangeCount && entries.count > 1
        {
            let oldest = entries.removeFirst()
            changeCount -= oldest.changes.count
            origin = oldest.id
        }
    }

    /// What became of the rows after a transaction, as if at one stroke; nil where the transaction
    /// is not remembered.
    func changes(since id: UUID) -> [RowChange]? {
        let start: Int
        if id == origin {
            start = 0
        } else if let position = entries.firstIndex(where: { $0.id == id }) {
            start = position + 1
        } else {
            return nil
        }
        var merged: [RowChange] = []
        var positions: [RowKey: Int] = [:]
        for change in entries[start...].lazy.flatMap(\.changes) {
            if let position = positions[change.key] {
                merged[position].new = change.new
            } else {
                positions[change.key] = merged.count
                merged.append(change)
            }
        }
        return merged.filter(\.isEffective)
    }
}

extension Database {
    /// The name of the last transaction for clients; zero while none of them asked for one.
    var lastTransactionJSON: JSON { .string((history?.last ?? .zero).description) }

    /// Remembers what was committed, if anybody may ask for it.
    func remember(_ changes: [RowChange]) { history?.record(changes, as: makeUUID()) }

    /// The changes since a transaction, if it is remembered; from now on transactions are.
    func missedChanges(since id: UUID?) -> [RowChange]? {
        guard let history else {
            history = TransactionHistory(origin: makeUUID())
            return nil
        }
        return id.flatMap { history.changes(since: $0) }
    }
}
