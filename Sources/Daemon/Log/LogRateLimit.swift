import Glibc

/// Lets through a burst of log lines and then so many a minute, and says what it held back.
public final class LogRateLimit: Sendable {
    enum Verdict: Equatable {
        case drop
        /// With a line about those that were dropped before, if there were any.
        case admit(String?)
    }

    private struct State {
        /// Sixtieths of a line, so that a line a minute needs no fractions.
        var tokens: Int
        var filledAt: Int
        var dropCount = 0
        var firstDroppedAt = 0
        var lastDroppedAt = 0
    }

    private static let tokensPerLine = 60

    private let perMinute: Int
    private let burst: Int
    private let state: Guarded<State>

    /// - Parameter burst: lines at once; a minute's worth if nil.
    public init(perMinute: Int, burst: Int? = nil) {
        self.perMinute = perMinute
        self.burst = burst ?? perMinute
        let tokens = self.burst * Self.tokensPerLine
        state = Guarded(State(tokens: tokens, filledAt: Self.monotonicSeconds()))
    }

    func admit(isLimited: Bool, now: Int = LogRateLimit.monotonicSeconds()) -> Verdict {
        state.withLock { state in
            let elapsed = max(0, now - state.filledAt)
            let full = burst * Self.tokensPerLine
            state.tokens = min(full, state.tokens + elapsed * perMinute)
            state.filledAt = now
            guard state.tokens >= Self.tokensPerLine || !isLimited else {
                if state.dropCount == 0 { state.firstDroppedAt = now }
                state.dropCount += 1
                state.lastDroppedAt = now
                return .drop
            }
            if isLimited { state.tokens -= Self.tokensPerLine }
            defer { state.dropCount = 0 }
            guard state.dropCount > 0 else { return .admit(nil) }
            return .admit(
                "Dropped \(state.dropCount) log messages in last "
                    + "\(now - state.firstDroppedAt) seconds (most recently, "
                    + "\(now - state.lastDroppedAt) seconds ago) due to excessive rate")
        }
    }

    static func monotonicSeconds() -> Int {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return now.tv_sec
    }
}
