import OVSDBModel

/// A snapshot of a database that takes the place of its log, written on another thread while the
/// database is served.
///
/// The rows are shared with the database until it changes a table, so that taking a snapshot costs
/// nothing by itself. What is committed meanwhile goes into the old log, and is kept in memory for
/// the new one.
public final class Compaction: @unchecked Sendable {
    /// Nobody else has this copy, so another thread may read it.
    private let copy: Database
    private let date: Int64
    let replacement: any LogReplacement
    fileprivate(set) var byteCount = 0

    fileprivate init(_ database: Database, _ replacement: any LogReplacement, date: Int64) {
        copy = Database(database.schema)
        for index in database.tables.indices {
            copy.tables[index].rows = database.tables[index].rows
        }
        copy.snapshotByteCount = database.snapshotByteCount
        copy.loggedByteCount = database.loggedByteCount
        self.replacement = replacement
        self.date = date
    }

    /// Encodes and writes the snapshot, on whichever thread.
    public func write() throws(StorageError) {
        let octets = copy.snapshot(date: date)
        byteCount = octets.count
        try replacement.write(octets)
    }
}

/// When logs are compacted (ovsdb-server(1), `ovsdb-server/compact`), and how.
extension Database {
    /// Below so many octets a log is not worth the work.
    static let minimumCompactionByteCount = 10_000_000
    /// A log grows to more than so many times its compacted size.
    static let compactionGrowth = 2
    /// With fewer commits, no time that passes makes a compaction due.
    static let minimumCompactionCommitCount = 100
    /// Between compactions that growth asks for, in milliseconds.
    static let minimumCompactionInterval: Int64 = 10 * 60 * 1000
    /// After which no growth is asked for.
    static let maximumCompactionInterval: Int64 = 24 * 60 * 60 * 1000

    /// Whether a compaction is due.
    public func wantsCompaction(at now: Moment) -> Bool {
        guard compaction == nil, commitCount >= Self.minimumCompactionCommitCount else {
            return false
        }
        let elapsed = now.monotonic - (compactedAt ?? now.monotonic)
        guard elapsed >= Self.minimumCompactionInterval else { return false }
        if elapsed >= Self.maximumCompactionInterval { return true }
        let byteCount = snapshotByteCount + loggedByteCount
        return byteCount >= Self.minimumCompactionByteCount
            && byteCount > Self.compactionGrowth * snapshotByteCount
    }

    /// Begins a compaction, whose snapshot another thread writes; nil where nothing is kept.
    public func beginCompaction(at now: Moment) throws(StorageError) -> Compaction? {
        guard let storage else { return nil }
        let begun = Compaction(self, try storage.makeReplacement(), date: now.date)
        compaction = begun
        compactionTail = []
        compactionTailCount = 0
        return begun
    }

    /// Puts the snapshot and what was committed meanwhile in the place of the log.
    ///
    /// - Returns: Whether it did; not where another snapshot was taken in between.
    @discardableResult
    public func finish(_ finished: Compaction, at now: Moment) throws(StorageError) -> Bool {
        guard compaction === finished else { return false }
        let (tail, commits) = (compactionTail, compactionTailCount)
        abandonCompaction()
        if !tail.isEmpty { try finished.replacement.write(tail) }
        try finished.replacement.finish()
        compacted(to: finished.byteCount)
        loggedByteCount = tail.count
        commitCount = commits
        compactedAt = now.monotonic
        return true
    }

    /// Forgets a compaction that failed or has become useless.
    public func abandonCompaction() {
        compaction = nil
        compactionTail = []
        compactionTailCount = 0
    }

    func noteLogged(_ octets: [UInt8]) {
        loggedByteCount += octets.count
        commitCount += 1
        guard compaction != nil else { return }
        compactionTail += octets
        compactionTailCount += 1
    }

    func compacted(to byteCount: Int) {
        abandonCompaction()
        snapshotByteCount = byteCount
        loggedByteCount = 0
        commitCount = 0
    }

    /// Notes that the log was compacted just now, or is to be counted as if.
    public func restartCompactionClock(at now: Moment) { compactedAt = now.monotonic }
}
