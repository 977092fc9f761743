/// What `other_config` of the table `Open_vSwitch` says of forwarding threads.
public struct ThreadSettings: Equatable, Sendable {
    /// The longest sleep that may be asked for, in microseconds.
    public static let longestSleep = 10_000

    /// Cores that are to have a polling thread each (`pmd-cpu-mask`); `nil` without a mask.
    public var cores: Set<Int>?
    /// `pmd-rxq-assign`.
    public var algorithm = QueueAlgorithm.cycles
    /// `pmd-rxq-isolate`: whether a core with a pinned queue gets no others.
    public var isolates = true
    /// `pmd-auto-lb` and its thresholds.
    public var balancing = LoadBalancer.Settings()
    /// `pmd-maxsleep`, or `pmd-sleep-max` as later versions call it: microseconds.
    public var maximumSleep = 0

    public init() {}

    public init(_ other: [String: String]) {
        if let text = other["pmd-cpu-mask"], !text.isEmpty {
            cores = Self.cores(inMask: text) ?? []
        }
        algorithm = other["pmd-rxq-assign"].flatMap(QueueAlgorithm.init) ?? .cycles
        isolates = other["pmd-rxq-isolate"] != "false" || algorithm != .group
        balancing.isEnabled = other["pmd-auto-lb"] == "true"
        func number(_ key: String, _ limit: Int) -> Int? {
            other[key].flatMap(Int.init).flatMap { (0...limit).contains($0) ? $0 : nil }
        }
        let interval = number("pmd-auto-lb-rebal-interval", LoadBalancer.Settings.maximumInterval)
        balancing.interval = max(1, interval ?? 1)
        if let value = number("pmd-auto-lb-load-threshold", 100) { balancing.loadThreshold = value }
        if let value = number("pmd-auto-lb-improvement-threshold", 100) {
            balancing.improvementThreshold = value
        }
        let sleep = other["pmd-maxsleep"] ?? other["pmd-sleep-max"]
        maximumSleep = min(Self.longestSleep, sleep.flatMap(Int.init).map { max(0, $0) } ?? 0)
    }

    /// The cores of a hexadecimal mask, or `nil` if it is none.
    public static func cores(inMask text: String) -> Set<Int>? {
        let digits = text.hasPrefix("0x") || text.hasPrefix("0X") ? text.dropFirst(2) : text[...]
        var cores: Set<Int> = []
        for (place, digit) in digits.reversed().enumerated() {
            guard let value = digit.hexDigitValue else { return nil }
            for bit in 0..<4 where value >> bit & 1 == 1 { cores.insert(place * 4 + bit) }
        }
        return cores
    }

    /// What `other_config:pmd-rxq-affinity` of an interface says: the core of each queue that it
    /// names; `nil` if it is not of the form `QUEUE:CORE,...`.
    public static func affinity(_ text: String) -> [Int: Int]? {
        var pinned: [Int: Int] = [:]
        for pair in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
            let numbers = pair.split(separator: ":", omittingEmptySubsequences: false)
            guard numbers.count == 2, let queue = Int(numbers[0]), let core = Int(numbers[1]),
                queue >= 0, core >= 0
            else { return nil }
            pinned[queue] = core
        }
        return pinned
    }
}
