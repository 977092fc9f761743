import NIOCore
import NIOPosix
public import OVSDBClient
public import OVSDBModel
public import Transport

/// A live replica of a database for tasks: reads, transactions, and changes as they happen.
///
/// The replica lives on an event loop of its own, where the functions that are handed in run, one
/// at a time. They see all rows at one moment, and should be short. It connects at once, and again
/// whenever the server goes away, until ``close()``.
///
/// *Thread safety*: every method may be called from any task.
public final class DatabaseConnection: Sendable {
    /// The connection was closed before there was an answer.
    public struct Closed: Error, Hashable {}

    private let loop: ControlLoop
    private let state: NIOLoopBoundBox<State?>

    /// Follows tables of a database.
    ///
    /// - Parameters:
    ///   - servers: Connection methods such as `unix:/run/openvswitch/db.sock`; the first that
    ///     answers and has the database serves.
    ///   - tables: Which columns and rows to follow; nil stands for all.
    public init(
        _ schema: DatabaseSchema, at servers: [String], monitoring tables: [MonitoredTable]? = nil
    ) throws(TransportError) {
        var targets: [StreamTarget] = []
        for server in servers {
            let target = try StreamTarget(server, defaultPort: StreamTarget.ovsdbPort)
            guard !target.isPassive else {
                throw TransportError("a method to connect by is needed", subject: server)
            }
            targets.append(target)
        }
        guard !targets.isEmpty else { throw TransportError("no server is named") }
        let loop = ControlLoop(MultiThreadedEventLoopGroup.singleton.any())
        let state = NIOLoopBoundBox<State?>.makeEmptyBox(eventLoop: loop.eventLoop)
        self.loop = loop
        self.state = state
        loop.post { [targets] in
            let replica = tables.map { DatabaseReplica(schema, monitoring: $0) }
            state.value = State(replica ?? DatabaseReplica(schema), targets, loop)
        }
    }

    deinit {
        let state = state
        loop.post { state.value?.close() }
    }

    /// Reads rows, all of one moment, once the replica is complete.
    public func read<Value: Sendable>(
        _ body: @escaping @Sendable (DatabaseReplica) -> Value
    ) async throws(Closed) -> Value {
        let result: Value? = await withCheckedContinuation { continuation in
            post { state in
                state.whenLive { continuation.resume(returning: $0.map(body)) }
            }
        }
        guard let result else { throw Closed() }
        return result
    }

    /// Composes a transaction from the rows and commits it; composes it anew where others have
    /// changed what it read, and after a lost connection as `policy` says.
    ///
    /// `compose` may run several times, so it must do nothing but fill the request. What it leaves
    /// empty counts as committed.
    public func transact(
        _ policy: RetryPolicy = .always,
        _ compose: @escaping @Sendable (DatabaseReplica, inout TransactionRequest) -> Void
    ) async -> TransactionOutcome {
        await withCheckedContinuation { continuation in
            post { state in
                state.session.submit(policy, compose) { continuation.resume(returning: $0) }
            }
        }
    }

    /// What happens to the rows of a table, beginning with those that are there.
    public func changes<Owner: TableRow>(of _: Owner.Type) -> ChangeNotices<Owner> {
        ChangeNotices(connection: self)
    }

    /// Follows other rows of a table from now on; nil stands for all.
    public func setCondition<Owner: TableRow>(
        _ condition: RowCondition<Owner>?, of _: Owner.Type = Owner.self
    ) {
        post { $0.session.setCondition(condition) }
    }

    /// Lets go of the server; readers and transactions that wait end.
    public func close() async {
        await withCheckedContinuation { continuation in
            post { state in
                state.close()
                continuation.resume()
            }
        }
    }

    func post(_ body: @escaping @Sendable (State) -> Void) {
        let state = state
        loop.post {
            guard let state = state.value else {
                preconditionFailure("the state is made before anything is posted")
            }
            body(state)
        }
    }
}

extension DatabaseConnection {
    /// What lives on the loop.
    final class State {
        let session: DatabaseSession
        private var mailboxes: [ObjectIdentifier: Mailbox] = [:]
        private var readers: [(DatabaseReplica?) -> Void] = []
        private var isClosed = false

        init(_ replica: DatabaseReplica, _ targets: [StreamTarget], _ loop: ControlLoop) {
            session = DatabaseSession(replica, targets: targets, loop: loop)
            session.onChange = { [unowned self] notices in changed(notices) }
            session.start()
        }

        private func changed(_ notices: [RowNotice]) {
            for mailbox in mailboxes.values { mailbox.add(notices) }
            let waiting = readers
            readers = []
            guard session.replica.isLive else { return }
            for reader in waiting { reader(session.replica) }
        }

        func whenLive(_ reader: @escaping (DatabaseReplica?) -> Void) {
            if isClosed {
                reader(nil)
            } else if session.replica.isLive {
                reader(session.replica)
            } else {
                readers.append(reader)
            }
        }

        func open(_ mailbox: Mailbox, _ id: ObjectIdentifier) {
            guard !isClosed else { return }
            mailboxes[id] = mailbox
            whenLive { [weak mailbox] replica in
                guard let mailbox, let replica else { return }
                mailbox.begin(with: replica)
            }
        }

        /// Ends a reader's sequence; nobody is known by `id` from then on.
        func closeMailbox(_ id: ObjectIdentifier) { mailboxes.removeValue(forKey: id)?.end() }

        func endMailbox(_ id: ObjectIdentifier) { mailboxes[id]?.end() }

        func receive(_ id: ObjectIdentifier, _ reader: @escaping ([RowNotice]?) -> Void) {
            guard let mailbox = mailboxes[id] else {
                reader(nil)
                return
            }
            mailbox.receive(reader)
        }

        func close() {
            guard !isClosed else { return }
            isClosed = true
            session.stop()
            for mailbox in mailboxes.values { mailbox.end() }
            mailboxes = [:]
            let waiting = readers
            readers = []
            for reader in waiting { reader(nil) }
        }
    }
}
