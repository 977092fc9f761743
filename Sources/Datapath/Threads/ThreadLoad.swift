/// Where the time of a forwarding thread has gone.
///
/// Cycles are those of a counter that goes on at a constant rate, whether the thread runs or not.
public struct ThreadLoad: Sendable {
    /// The use of one receive queue.
    public struct Queue: Sendable {
        public let port: UInt32
        public let index: Int
        /// Cycles spent on the queue's packets in each interval, the last one first.
        public let cycles: [UInt64]
        /// Whether packets can arrive in it.
        public var isEnabled = true

        public init(port: UInt32, index: Int, cycles: [UInt64]) {
            self.port = port
            self.index = index
            self.cycles = cycles
        }
    }

    public var iterations: UInt64 = 0
    public var busyIterations: UInt64 = 0
    public var sleepIterations: UInt64 = 0
    public var sleepNanoseconds: Int64 = 0
    /// Cycles of iterations in which nothing came, and of the others.
    public var idleCycles: UInt64 = 0
    public var busyCycles: UInt64 = 0
    /// Since when it was counted.
    public var startCycles: UInt64 = 0
    public var startNanoseconds: Int64 = 0
    /// When the snapshot was taken.
    public var endCycles: UInt64 = 0
    public var endNanoseconds: Int64 = 0
    /// All cycles, and those of iterations in which packets came, of each interval that is over;
    /// the last one first.
    public var intervals: [(all: UInt64, busy: UInt64)] = []
    public var queues: [Queue] = []

    public init() {}

    /// Seconds of an interval, and how many are kept.
    public static let intervalSeconds = 5
    public static let intervalCount = 12

    /// Cycles of a second.
    public var frequency: Double {
        let seconds = Double(endNanoseconds - startNanoseconds) / 1e9
        return seconds > 0 ? Double(endCycles &- startCycles) / seconds : 0
    }
}
