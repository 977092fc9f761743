import JSONRPC
public import OVSDBModel

/// What came of a transaction.
public enum TransactionOutcome: Hashable, Sendable {
    /// It is committed; for each inserted row, the UUID that the server chose.
    case committed(inserted: [UUID: UUID])
    /// The server refused it.
    case refused(tag: String, details: String)
    /// The connection ended before the answer came, so nobody knows.
    case unknown

    /// The tag of a `wait` that was not fulfilled (RFC 7047 §5.2.6).
    static let conflictTag = "timed out"

    public var isCommitted: Bool { if case .committed = self { true } else { false } }

    /// Whether a prerequisite no longer held.
    public var isConflict: Bool {
        if case .refused(Self.conflictTag, _) = self { true } else { false }
    }

    /// The row in the database that the transaction inserted under a name.
    public func row<Owner>(insertedAs reference: Reference<Owner>) -> Reference<Owner>? {
        guard case .committed(let inserted) = self else { return nil }
        return inserted[reference.uuid].map { Reference($0) }
    }
}

extension TransactionRequest {
    /// What the array of results means.
    func outcome(of result: JSON) -> TransactionOutcome {
        let results = result.array ?? []
        for element in results {
            guard let tag = element["error"]?.string else { continue }
            return .refused(tag: tag, details: element["details"]?.string ?? "")
        }
        var inserted: [UUID: UUID] = [:]
        for (uuid, position) in insertions {
            guard
                let text = results.indices.contains(position)
                    ? results[position]["uuid"]?[1]?.string : nil
            else { continue }
            inserted[uuid] = UUID(text)
        }
        return .committed(inserted: inserted)
    }
}
