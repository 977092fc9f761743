/// How a forwarding thread waits for packets.
public struct PollingSettings: Equatable, Sendable {
    /// Whether the thread looks for packets all the time, rather than sleep until some arrive.
    public var isPolling = false
    /// For how long a polling thread to which little comes may sleep, in nanoseconds
    /// (`pmd-maxsleep`); 0 to have it never sleep.
    public var maximumSleep: Int64 = 0

    /// By how much one quiet turn lengthens the sleep.
    static let sleepStep: Int64 = 10_000
    /// A turn in which one queue had as many packets is not quiet: half a batch.
    static let busyCount = 16

    public init() {}
}
