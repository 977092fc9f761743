public import OVSDBClient
import OVSDBModel

/// What happens to the rows of a table, batch by batch.
///
/// The first batch holds the rows that are there; it comes once the replica is complete, and may be
/// empty. What happens to one row while the reader is busy becomes one change, so that a slow
/// reader costs no more memory than the table. The sequence ends when the connection is closed or
/// the task cancelled, not when the server goes away: then changes follow once it is back.
public struct ChangeNotices<Owner: TableRow>: AsyncSequence, Sendable {
    public typealias Element = [ChangeNotice<Owner>]
    public typealias Failure = Never

    let connection: DatabaseConnection

    public func makeAsyncIterator() -> Iterator {
        Iterator(subscription: Subscription(to: Owner.table.name, of: connection))
    }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let subscription: Subscription

        public mutating func next() async -> [ChangeNotice<Owner>]? {
            await subscription.next()?.compactMap { ChangeNotice($0) }
        }
    }
}

/// A reader of one table's changes, who is known for as long as this exists.
private final class Subscription: Sendable {
    private let connection: DatabaseConnection

    init(to table: String, of connection: DatabaseConnection) {
        self.connection = connection
        let id = ObjectIdentifier(self)
        connection.post { $0.open(Mailbox(table: table), id) }
    }

    deinit {
        let id = ObjectIdentifier(self)
        connection.post { $0.closeMailbox(id) }
    }

    func next() async -> [RowNotice]? {
        let id = ObjectIdentifier(self)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                connection.post { $0.receive(id) { continuation.resume(returning: $0) } }
            }
        } onCancel: { [connection] in
            connection.post { $0.endMailbox(id) }
        }
    }
}

/// The notices for one reader; it belongs to the loop.
final class Mailbox {
    let table: String
    private var pending = PendingNotices()
    /// Whether the rows that are there have been told.
    private var hasBegun = false
    /// Whether there is a batch to be read, though it may be empty.
    private var hasBatch = false
    private var isEnded = false
    private var reader: (([RowNotice]?) -> Void)?

    init(table: String) { self.table = table }

    /// Takes the rows of a complete replica.
    func begin(with replica: DatabaseReplica) {
        hasBegun = true
        hasBatch = true
        for notice in replica.noticesOfPresence(in: table) { pending.add(notice) }
        deliver()
    }

    /// Takes notices in; those of other tables do not matter.
    func add(_ notices: [RowNotice]) {
        guard hasBegun else { return }
        for notice in notices where notice.table == table { pending.add(notice) }
        hasBatch = hasBatch || !pending.isEmpty
        deliver()
    }

    func receive(_ reader: @escaping ([RowNotice]?) -> Void) {
        self.reader?([])
        self.reader = reader
        deliver()
    }

    func end() {
        isEnded = true
        deliver()
    }

    private func deliver() {
        guard let reader, hasBatch || isEnded else { return }
        self.reader = nil
        hasBatch = false
        reader(isEnded ? nil : pending.take())
    }
}
