/// The locks that clients share (RFC 7047 §4.1.8): for each name, a queue whose first client owns
/// it.
struct LockTable {
    private struct Entry {
        let session: SessionID
        let hasStolen: Bool
    }

    private var queues: [String: [Entry]] = [:]

    func owner(of lock: String) -> SessionID? { queues[lock]?.first?.session }

    func isWaiting(_ session: SessionID, for lock: String) -> Bool {
        queues[lock]?.contains { $0.session == session } ?? false
    }

    /// What a client has to do with locks.
    func names(of session: SessionID) -> LockNames {
        var names = LockNames()
        for (lock, queue) in queues.sorted(by: { $0.key < $1.key }) {
            guard let place = queue.firstIndex(where: { $0.session == session }) else { continue }
            if place == 0 {
                names.held.append(lock)
            } else if queue[place].hasStolen {
                names.lost.append(lock)
            } else {
                names.awaited.append(lock)
            }
        }
        return names
    }

    /// Queues a client; returns whether it owns the lock now.
    mutating func lock(_ lock: String, for session: SessionID) -> Bool {
        queues[lock, default: []].append(Entry(session: session, hasStolen: false))
        return owner(of: lock) == session
    }

    /// Puts a client first; returns the one that owned the lock, which stays in the queue.
    mutating func steal(_ lock: String, for session: SessionID) -> SessionID? {
        let victim = owner(of: lock)
        queues[lock, default: []].insert(Entry(session: session, hasStolen: true), at: 0)
        return victim
    }

    /// Takes a client out of a queue; returns the one that owns the lock thereby.
    mutating func unlock(_ lock: String, for session: SessionID) -> SessionID? {
        let wasOwner = owner(of: lock) == session
        queues[lock]?.removeAll { $0.session == session }
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

/// The locks that a client has to do with, sorted.
public struct LockNames: Hashable, Sendable {
    public var held: [String] = []
    /// Those that it asked for and has not got.
    public var awaited: [String] = []
    /// Those that it stole, and others have stolen from it.
    public var lost: [String] = []
}
