import Synchronization

/// Counts how often a place in the program is reached, for `coverage/show`.
///
/// *Thread safety*: any thread may count; it costs one atomic addition.
public final class CoverageCounter: Sendable {
    public let name: String
    private let count = Atomic<UInt64>(0)

    /// The counter of that name, which a second one of the same name adds to in the listing.
    public init(_ name: String) {
        self.name = name
        Coverage.shared.register(self)
    }

    public func add(_ amount: UInt64 = 1) { count.wrappingAdd(amount, ordering: .relaxed) }

    public var total: UInt64 { count.load(ordering: .relaxed) }
}

/// All counters of the process, and how fast they grew lately.
public final class Coverage: Sendable {
    public static let shared = Coverage()

    /// How often ``sample()`` wants to be called.
    public static let samplePeriod: Duration = .seconds(5)
    /// Samples in a minute.
    static let minuteSampleCount = 12
    static let hourMinuteCount = 60

    private struct History {
        var counter: CoverageCounter
        var last: UInt64 = 0
        /// Growth in each of the latest periods, as a ring.
        var samples = [UInt64](repeating: 0, count: minuteSampleCount)
        var minutes = [UInt64](repeating: 0, count: hourMinuteCount)
    }

    private struct State {
        var histories: [History] = []
        var sampleCount = 0
    }

    private let state = Guarded(State())

    func register(_ counter: CoverageCounter) {
        state.withLock { $0.histories.append(History(counter: counter)) }
    }

    /// Notes what the counters say now; called each ``samplePeriod``.
    public func sample() {
        state.withLock { state in
            let slot = state.sampleCount % Self.minuteSampleCount
            let minute = state.sampleCount / Self.minuteSampleCount % Self.hourMinuteCount
            for index in state.histories.indices {
                let total = state.histories[index].counter.total
                let growth = total &- state.histories[index].last
                state.histories[index].last = total
                state.histories[index].samples[slot] = growth
                if slot == 0 { state.histories[index].minutes[minute] = 0 }
                state.histories[index].minutes[minute] += growth
            }
            state.sampleCount += 1
        }
    }

    /// The sum of all counters of a name; nil if there is none.
    public func total(of name: String) -> UInt64? {
        let matching = state.withLock { $0.histories.filter { $0.counter.name == name } }
        return matching.isEmpty ? nil : matching.reduce(0) { $0 + $1.counter.total }
    }

    /// The answer to `coverage/show`.
    func table() -> String {
        let (histories, latest) = state.withLock { state in
            (state.histories, max(0, state.sampleCount - 1) % Self.minuteSampleCount)
        }
        let hit = histories.filter { $0.counter.total > 0 }
            .sorted { $0.counter.name < $1.counter.name }
        var text = "Event coverage, avg rate over last: 5 seconds, last minute, last hour,  "
        text += "hash=\(hash(hit.map(\.counter))):\n"
        for history in hit {
            let minute = history.samples.reduce(0, +)
            let hour = history.minutes.reduce(0, +)
            text += pad(history.counter.name, 24) + " "
            text += rate(history.samples[latest], 5, digits: 1, width: 5) + "/sec "
            text += rate(minute, 60, digits: 3, width: 9) + "/sec "
            text += rate(hour, 3600, digits: 4, width: 13) + "/sec   "
            text += "total: \(history.counter.total)\n"
        }
        text += "\(histories.count - hit.count) events never hit\n"
        return text
    }

    private func rate(_ count: UInt64, _ seconds: UInt64, digits: Int, width: Int) -> String {
        let scale = (0..<digits).reduce(UInt64(1)) { value, _ in value * 10 }
        let scaled = (count * scale * 2 + seconds) / (seconds * 2)
        let fraction = String(scaled % scale)
        let zeros = String(repeating: "0", count: digits - fraction.count)
        return padLeft("\(scaled / scale).\(zeros)\(fraction)", width)
    }

    /// Tells sets of counters apart that were hit about as often: FNV-1a over names and magnitudes.
    private func hash(_ counters: [CoverageCounter]) -> String {
        var hash: UInt32 = 2_166_136_261
        for counter in counters {
            let magnitude = UInt8(64 - counter.total.leadingZeroBitCount)
            for octet in Array(counter.name.utf8) + [magnitude] {
                hash = (hash ^ UInt32(octet)) &* 16_777_619
            }
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
