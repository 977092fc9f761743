import CLinux
import Datapath

/// Counts where a forwarding thread's time goes.
struct LoadMeter {
    /// Usage is told of the last minute, in parts of five seconds (`pmd-rxq-show -secs`).
    static let intervalNanoseconds = Int64(ThreadLoad.intervalSeconds) * 1_000_000_000
    static let intervalCount = ThreadLoad.intervalCount

    /// The cycles of one receive queue.
    struct QueueMeter {
        var current: UInt64 = 0
        private(set) var past: [UInt64] = []

        mutating func roll() {
            past.insert(current, at: 0)
            if past.count > intervalCount { past.removeLast() }
            current = 0
        }
    }

    private var load = ThreadLoad()
    private var last: UInt64
    private var current: (all: UInt64, busy: UInt64) = (0, 0)
    private var nextRoll: Int64

    init() {
        let now = clinux_monotonic_nanoseconds()
        last = clinux_cycles()
        nextRoll = now + Self.intervalNanoseconds
        load.startCycles = last
        load.startNanoseconds = now
    }

    /// Counts one turn of the loop.
    mutating func count(isBusy: Bool, slept: Int64) {
        let now = clinux_cycles()
        let spent = now &- last
        last = now
        load.iterations &+= 1
        current.all &+= spent
        if isBusy {
            load.busyIterations &+= 1
            load.busyCycles &+= spent
            current.busy &+= spent
        } else {
            load.idleCycles &+= spent
        }
        if slept > 0 {
            load.sleepIterations &+= 1
            load.sleepNanoseconds &+= slept
        }
    }

    /// Whether an interval is over, so that queues are to be rolled too.
    mutating func roll(now: Int64) -> Bool {
        guard now >= nextRoll else { return false }
        nextRoll = now + Self.intervalNanoseconds
        load.intervals.insert(current, at: 0)
        if load.intervals.count > Self.intervalCount { load.intervals.removeLast() }
        current = (0, 0)
        return true
    }

    /// Counts from zero again, but for the use of the last minute.
    mutating func clear() {
        let intervals = load.intervals
        load = ThreadLoad()
        load.intervals = intervals
        load.startCycles = clinux_cycles()
        load.startNanoseconds = clinux_monotonic_nanoseconds()
    }

    func snapshot(_ queues: [ThreadLoad.Queue]) -> ThreadLoad {
        var load = load
        load.endCycles = clinux_cycles()
        load.endNanoseconds = clinux_monotonic_nanoseconds()
        load.queues = queues
        return load
    }
}
