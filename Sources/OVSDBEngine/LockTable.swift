/// The locks that clients share (RFC 7047 §4.1.8): for each name, a queue whose first client owns
/// it.
struct LockTable {
    private var queues: [String: [SessionID]] = [:]

    func owner(of lock: String) -> SessionID? { queues[lock]?.first }

    func isWaiting(_ session: SessionID, for lock: String) -> Bool {
        queues[lock]?.contains(session) ?? false
    }

    /// The locks that a client owns and those that it waits for.
    func names(of session: SessionID) -> (held: [String], awaited: [String]) {
        let names = queues.keys.filter { isWaiting(session, for: $0) }.sorted()
        return (
            names.filter { owner(of: $0) == session }, names.filter { owner(of: $0) != session }
        )
    }

    /// Queues a client; returns whether it owns the lock now.
    mutating func lock(_ lock: String, for session: SessionID) -> Bool {
        queues[lock, default: []].append(session)
        return owner(of: lock) == session
    }

    /// Puts a client first; returns the one that owned the lock, which stays in the queue.
    mutating func steal(_ lock: String, for session: SessionID) -> SessionID? {
        let victim = owner(of: lock)
        queues[lock, default: []].insert(session, at: 0)
        return victim
    }

    /// Takes a client out of a queue; returns the one that owns the lock thereby.
    mutating func unlock(_ lock: String, for session: SessionID) -> SessionID? {
        let wasOwner = owner(of: lock) == session
        queues[lock]?.removeAll { $0 == session }
        if queues[lock]?.isEmpty == true { queues[lock] = nil }
        return wasOwner ? owner(of: lock) : nil
    }

    /// Takes a client out of all queues; returns the new owners.
    mutating func removeAll(of session: SessionID) -> [(lock: String, owner: SessionID)] {
        var heirs: [(String, SessionID)] = []
        for lock in queues.keys.sorted() where isWaiting(session, for: lock) {
            if let owner = unlock(lock, for: session) { heirs.append((lock, owner)) }
        }
        return heirs
    }
}
