import Pipeline

/// How many packets a controller gets in a second (`controller_rate_limit`, a token bucket).
final class PacketInLimit {
    private let rate: Int
    private let burst: Int
    /// Thousandths of packets.
    private var tokens: Int
    private var filled: Milliseconds?

    /// - Parameters:
    ///   - rate: packets a second.
    ///   - burst: packets at once; OVS's default is a quarter of the rate.
    init(rate: Int, burst: Int?) {
        self.rate = rate
        self.burst = max(burst ?? rate / 4, 1)
        tokens = self.burst * 1000
    }

    func admits(at now: Milliseconds) -> Bool {
        let elapsed = Int(now - (filled ?? now))
        filled = now
        tokens = min(burst * 1000, tokens + min(elapsed, 60_000) * rate)
        guard tokens >= 1000 else { return false }
        tokens -= 1000
        return true
    }
}
