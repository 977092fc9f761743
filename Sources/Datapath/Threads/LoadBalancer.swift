/// Decides when the division of queues among cores is worth doing anew (`pmd-auto-lb`).
///
/// Time is the caller's, in milliseconds.
public struct LoadBalancer: Equatable, Sendable {
    /// What `other_config` says.
    public struct Settings: Equatable, Sendable {
        public static let minute: UInt64 = 60_000
        /// The longest interval, in minutes.
        public static let maximumInterval = 20_000

        public var isEnabled = false
        /// Minutes between two attempts (`pmd-auto-lb-rebal-interval`).
        public var interval = 1
        /// Per cent of its time that a thread must be busy (`pmd-auto-lb-load-threshold`).
        public var loadThreshold = 95
        /// Per cent by which the variance of loads must shrink
        /// (`pmd-auto-lb-improvement-threshold`).
        public var improvementThreshold = 25

        public init() {}
    }

    /// How a thread did in the last minute.
    public struct Thread: Equatable, Sendable {
        public var core: Int
        /// Per cent of its time that it was busy.
        public var load: Int
        public var queueCount: Int
        public var isIsolated: Bool

        public init(core: Int, load: Int, queueCount: Int, isIsolated: Bool) {
            self.core = core
            self.load = load
            self.queueCount = queueCount
            self.isIsolated = isIsolated
        }
    }

    public var settings = Settings() {
        didSet { if settings != oldValue { next = nil } }
    }
    /// When it may look next; `nil` before the first look.
    private var next: UInt64?

    public init() {}

    /// Whether the division is to be done anew.
    ///
    /// - Parameters:
    ///   - threads: all threads, with what they did.
    ///   - variances: those of the loads now, and of the division that would be made; asked for
    ///     only where that matters.
    public mutating func shallRebalance(
        now: UInt64, _ threads: [Thread],
        variances: () -> (now: Double, planned: Double)
    ) -> Bool {
        guard settings.isEnabled else { return false }
        let interval = UInt64(max(1, settings.interval)) * Settings.minute
        guard let next else {
            self.next = now + interval
            return false
        }
        guard now >= next else { return false }
        self.next = now + interval
        let free = threads.filter { !$0.isIsolated }
        guard free.count > 1, free.contains(where: { $0.queueCount > 1 }),
            free.contains(where: { $0.load >= settings.loadThreshold })
        else { return false }
        let (current, planned) = variances()
        guard planned < current else { return settings.improvementThreshold == 0 }
        return (current - planned) / current * 100 >= Double(settings.improvementThreshold)
    }

    /// The variance of what cores are loaded with.
    public static func variance(_ loads: [UInt64]) -> Double {
        guard !loads.isEmpty else { return 0 }
        let mean = loads.reduce(0) { $0 + Double($1) } / Double(loads.count)
        return loads.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
            / Double(loads.count)
    }
}
