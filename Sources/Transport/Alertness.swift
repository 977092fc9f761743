import NIOCore

/// Whether a server had better look for the next request for a moment than sleep.
///
/// A sleeping thread takes tens of microseconds to wake on a virtual machine, more than most
/// requests cost. To look is worth it only after requests that came soon after one another, and
/// after each time in vain twice as many of those are wanted first; so a quiet server sleeps, and
/// one whose clients take their time spends a small part of a core at worst. Times are nanoseconds.
struct Alertness {
    /// How long to look for the next request.
    static let span: UInt64 = 60_000
    /// Requests that come later than this after one another are not expected.
    static let longestGap: UInt64 = 200_000
    /// The most requests that have to follow one another before the next look.
    static let maximumPatience = 1 << 12

    private(set) var isLooking = false
    private var answeredAt: UInt64 = 0
    /// Requests in a row that came soon.
    private var run = 0
    /// How many there must be.
    private var patience = 1

    /// - Returns: Whether to begin to look now.
    mutating func answered(at now: UInt64) -> Bool {
        run = now &- answeredAt <= Self.longestGap ? run + 1 : 0
        answeredAt = now
        if isLooking {
            patience = 1
            return false
        }
        isLooking = run >= patience
        return isLooking
    }

    /// - Returns: Whether to go on looking.
    mutating func looked(at now: UInt64) -> Bool {
        guard now &- answeredAt >= Self.span else { return true }
        isLooking = false
        run = 0
        patience = min(patience * 2, Self.maximumPatience)
        return false
    }
}

/// Keeps a loop from sleeping while there is reason for that.
///
/// It belongs to the loop's thread.
final class AlertLoop: @unchecked Sendable {
    private let eventLoop: any EventLoop
    private var alertness = Alertness()

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func answered(at now: UInt64) {
        if alertness.answered(at: now) { look() }
    }

    private func look() {
        eventLoop.assumeIsolated().execute { [self] in
            if alertness.looked(at: NIODeadline.now().uptimeNanoseconds) { look() }
        }
    }
}
