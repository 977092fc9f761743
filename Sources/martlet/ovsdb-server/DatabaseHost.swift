import Daemon
import CLinux
import Glibc
import JSONRPC
import OVSDBEngine
import OVSDBModel
import Transport

/// A database server on the control loop: files, connections and timers joined to the machine.
///
/// `ovsdb-server` is little more than this; `martlet run` embeds it beside the switch.
final class DatabaseHost {
    /// Who gets what a session is told.
    private enum Client {
        case local((JSONRPCMessage) -> Void)
        case remote(JSONRPCConnection)
    }

    let server = DatabaseServer()
    let loop: ControlLoop
    private(set) var files: [String: DatabaseFile] = [:]
    private var clients: [SessionID: Client] = [:]
    /// Whom each database that follows another server asks.
    private(set) var relays: [String: FollowingClient] = [:]
    /// What goes out once the logs are on the disk.
    private var held: [DatabaseServer.Outgoing] = []
    private var isSyncScheduled = false
    private var timer: ControlTimer?
    /// Whether memory that is free goes back to the system after each compaction.
    var trimsMemory = false
    /// Whether the logs of databases that are opened say how columns differ.
    var logsDifferences = true
    /// The tables whose changes are written to the log as they are committed.
    let transactionLog = TransactionLog()
    private let probes: InactivityProbes
    private let restingMemory: RestingMemory
    private let log = LogModule("ovsdb_server")

    /// Longer waits are cut in pieces, within the range of the loop's clock.
    private static let maximumSleepMilliseconds: Int64 = 3_600_000

    init(loop: ControlLoop) {
        self.loop = loop
        probes = InactivityProbes(loop: loop)
        restingMemory = RestingMemory(loop: loop)
        server.onCommit = { [transactionLog] in transactionLog.record($0, of: $1) }
    }

    var now: Moment {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let date = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        return Moment(monotonic: loop.nowMilliseconds, date: date)
    }

    // MARK: Databases

    /// Serves the database of a file.
    ///
    /// - Returns: The database's name.
    @discardableResult
    func openDatabase(_ path: String) throws(OVSDBError) -> String {
        if files.values.contains(where: { $0.isFile(at: path) }) {
            throw OVSDBError("ovsdb error", "\(path): already open")
        }
        let file = try DatabaseFile(path: path)
        let load = try file.load()
        if let error = load.error(about: path) { log.error(error.description) }
        let name = load.database.schema.name
        guard server.database(name) == nil else {
            throw OVSDBError("ovsdb error", "\(name): duplicate database name")
        }
        load.database.logsDifferences = logsDifferences
        files[name] = file
        restingMemory.noteWork()
        deliver(server.add(load.database, at: now))
        return name
    }

    /// Serves the database of a file, which is made where there is none.
    @discardableResult
    func openDatabase(
        _ path: String, creating schema: DatabaseSchema
    ) throws(OVSDBError) -> String {
        if access(path, F_OK) != 0 { try DatabaseFile.create(path: path, schema) }
        return try openDatabase(path)
    }

    func closeDatabase(_ name: String) -> Bool {
        guard files.removeValue(forKey: name) != nil || relays[name] != nil else { return false }
        relays.removeValue(forKey: name)?.stop()
        deliver(server.removeDatabase(name, at: now))
        return true
    }

    /// Serves a copy of a database of another server (ovsdb(7), relay service model).
    func openRelay(_ name: String, of remote: String) throws(OVSDBError) {
        guard !server.databaseNames.contains(name) else {
            throw OVSDBError("ovsdb error", "\(name): duplicate database name")
        }
        let client = FollowingClient(DatabaseFollower(.relay(name)), remote: remote, host: self)
        relays[name] = client
        deliver(server.addRelay(name, at: now))
        client.start()
    }

    /// Serves what an operand or `add-db` names: a file, or `relay:DB:REMOTE`.
    func open(argument: String) throws(OVSDBError) {
        guard argument.hasPrefix("relay:") else {
            try openDatabase(argument)
            return
        }
        let parts = argument.split(
            separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[1].isEmpty, !parts[2].isEmpty else {
            throw OVSDBError("ovsdb error", "\(argument): invalid syntax")
        }
        try openRelay(String(parts[1]), of: String(parts[2]))
    }

    private func compactWhereDue() {
        let now = now
        for name in files.keys {
            guard let database = server.database(name), database.wantsCompaction(at: now) else {
                continue
            }
            log.info("compacting \(name) database")
            compact(name) { [log] failure in
                if let failure { log.warning("\(name): compaction failed (\(failure))") }
            }
        }
    }

    /// Compacts a database on a thread of its own, while clients are served.
    ///
    /// - Parameter onEnd: Called when that is done; databases without a file have nothing to do.
    func compact(_ name: String, _ onEnd: @escaping (StorageError?) -> Void) {
        guard files[name] != nil, let database = server.database(name) else {
            onEnd(nil)
            return
        }
        do throws(StorageError) {
            guard let compaction = try database.beginCompaction(at: now) else {
                onEnd(nil)
                return
            }
            let references = CompactionWork.References(
                host: self, database: database, onEnd: onEnd)
            CompactionWork(compaction, loop: loop, references).start()
        } catch {
            database.restartCompactionClock(at: now)
            onEnd(error)
        }
    }

    /// Puts a snapshot that was written in its place.
    func finish(
        _ compaction: Compaction, of database: Database, _ failure: StorageError?
    ) -> StorageError? {
        do throws(StorageError) {
            if let failure { throw failure }
            try database.finish(compaction, at: now)
            if trimsMemory { clinux_trim_memory() }
            return nil
        } catch {
            database.abandonCompaction()
            database.restartCompactionClock(at: now)
            return error
        }
    }

    // MARK: Sessions

    /// A client in the same process.
    ///
    /// - Parameter receiver: Gets the server's messages, each in a later turn of the loop, in
    ///   order.
    func openSession(_ receiver: @escaping (JSONRPCMessage) -> Void) -> SessionID {
        let session = server.openSession()
        clients[session] = .local(receiver)
        return session
    }

    /// A client at the other end of a stream.
    ///
    /// - Parameters:
    ///   - rights: What it may do.
    ///   - probeInterval: Milliseconds that a client on the network may say nothing.
    func serve(
        _ stream: StreamConnection, rights: SessionRights, probeInterval: Int64,
        onClose: @escaping () -> Void = {}
    ) -> SessionID {
        let connection = JSONRPCConnection(stream)
        let session = server.openSession(rights)
        clients[session] = .remote(connection)
        if !stream.peerHost.isEmpty { probes.add(session, connection, interval: probeInterval) }
        connection.onClose = { [weak self] error in
            if let error { Self.report(error, of: connection.name) }
            self?.closeSession(session)
            onClose()
        }
        connection.onMessage = { [weak self, unowned connection] message in
            if Self.isUnexpected(message, on: connection.name) { return connection.close() }
            self?.probes.heard(from: session)
            self?.handle(message, from: session)
        }
        return session
    }

    func setProbeInterval(_ interval: Int64, of session: SessionID) {
        probes.setInterval(interval, of: session)
    }

    /// Whether a client has been asked if it is still there.
    func isIdle(_ session: SessionID) -> Bool { probes.isIdle(session) }

    private static func report(_ error: TransportError, of name: String) {
        if !error.detail.isEmpty { LogModule("jsonrpc").warning("\(name): \(error.detail)") }
        LogModule("reconnect").warning("\(name): connection dropped (\(error.reason))")
    }

    /// Whether a client answers what it was not asked, which ends its connection; what it may be
    /// asked is whether it is there.
    private static func isUnexpected(_ message: JSONRPCMessage, on connection: String) -> Bool {
        let kind: String
        switch message {
        case .reply(_, let id) where id != InactivityProbe.id: kind = "reply"
        case .error: kind = "error"
        default: return false
        }
        LogModule("ovsdb_jsonrpc_server").warning(
            "\(connection): received unexpected \(kind) message")
        return true
    }

    func handle(_ message: JSONRPCMessage, from session: SessionID) {
        restingMemory.noteWork()
        deliver(server.handle(message, from: session, at: now))
        committed()
    }

    /// Sees to what a commit makes due.
    func committed() {
        schedule()
        let now = now
        if files.keys.contains(where: { server.database($0)?.wantsCompaction(at: now) ?? false }) {
            loop.soon { [weak self] in self?.compactWhereDue() }
        }
    }

    func closeSession(_ session: SessionID) {
        guard clients.removeValue(forKey: session) != nil else { return }
        probes.remove(session)
        deliver(server.closeSession(session))
    }

    /// Makes every client on a stream connect again.
    ///
    /// - Parameter all: Also those that are aware of changes of the databases.
    func closeSessions(_ reason: String, all: Bool = true) {
        server.closeSessions(reason, all: all)
        deliver([])
    }

    func setReadOnly(_ isReadOnly: Bool, because reason: String) {
        server.setReadOnly(isReadOnly, because: reason)
        deliver([])
    }

    /// Sends messages, and then does what else the server ordered.
    ///
    /// After a durable transaction all that is to be sent waits until the log is on the disk. That
    /// happens when the loop has read all requests that are there, so that one wait for the disk
    /// does for those of many clients.
    func deliver(_ outgoing: [DatabaseServer.Outgoing]) {
        held += outgoing
        guard !isSyncScheduled else { return }
        guard server.isSyncDue else { return release() }
        isSyncScheduled = true
        loop.soon { [self] in sync() }
    }

    private func sync() {
        isSyncScheduled = false
        do throws(StorageError) {
            try server.sync()
        } catch {
            // What clients were promised may be lost; only the disk knows. They see the connection
            // end without an answer, and what is read at the next start is the truth.
            log.error("\(error), giving up")
            exit(EXIT_FAILURE)
        }
        release()
    }

    private func release() {
        let outgoing = held
        held = []
        for item in outgoing { send(item) }
        for order in server.takeOrders() {
            switch order {
            case .close(let session, let reason): close(session, reason)
            case .forward(let request): relays[request.database]?.forward(request)
            }
        }
    }

    private func send(_ item: DatabaseServer.Outgoing) {
        switch clients[item.session] {
        case nil: return
        case .local(let receiver): loop.soon { receiver(item.message) }
        case .remote(let connection):
            if let text = item.sharedText {
                connection.sendSoon(shared: text)
            } else if case .notification = item.message {
                connection.sendSoon(item.message)
            } else {
                connection.send(item.message)
            }
        }
    }

    /// Clients in this process see changes by themselves and stay.
    private func close(_ session: SessionID, _ reason: String) {
        guard case .remote(let connection)? = clients[session] else { return }
        LogModule("ovsdb_jsonrpc_server").info("\(connection.name): disconnecting (\(reason))")
        connection.stream.close()
    }

    /// Wakes up when the next waiting transaction has to end.
    private func schedule() {
        timer?.cancel()
        timer = nil
        guard let deadline = server.nextDeadline else { return }
        let delay = min(max(0, deadline - loop.nowMilliseconds), Self.maximumSleepMilliseconds)
        timer = loop.after(.milliseconds(delay)) { [weak self] in
            guard let self else { return }
            deliver(server.advance(to: now))
            schedule()
        }
    }
}
