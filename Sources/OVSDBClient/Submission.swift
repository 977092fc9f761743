/// What to do with a transaction that was sent, and whose reply the end of the connection took
/// away: perhaps it is committed, perhaps not.
public enum RetryPolicy: Hashable, Sendable {
    /// It is composed and sent once more, after the rows have come again. Right for what looks
    /// whether its work is done, as a transaction that brings about a state does.
    case always
    /// It ends as ``TransactionOutcome/unknown``. Right for what must not happen twice.
    case unlessUnknown
}

/// A transaction that is composed anew from the replica's rows until it is committed or refused.
struct Submission {
    /// Ends what can never succeed, such as waiting for a column that the replica does not follow.
    static let maximumAttemptCount = 1000

    let policy: RetryPolicy
    let compose: (DatabaseReplica, inout TransactionRequest) -> Void
    var attemptCount = 0
    /// How often the rows had changed when it was last composed.
    var composedAt = 0
    var state = State.waitingForRows

    enum State: Hashable {
        /// There is no connection, or its rows have yet to come.
        case waitingForRows
        /// A prerequisite failed, so a change is on its way here.
        case waitingForChange
        case sent
    }
}
