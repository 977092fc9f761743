import Datapath
import TestSupport
import Testing

struct QueueScheduleTests {
    static func demands(_ counts: [(String, Int)], cycles: [UInt64] = []) -> [QueueDemand] {
        var demands: [QueueDemand] = []
        for (number, (name, count)) in counts.enumerated() {
            for queue in 0..<count {
                var demand = QueueDemand(port: name, portNumber: UInt32(number + 1), queue: queue)
                demand.cycles = demands.count < cycles.count ? cycles[demands.count] : 0
                demands.append(demand)
            }
        }
        return demands
    }

    static func cores(_ numbers: [Int]) -> [ForwardingCore] {
        numbers.map { ForwardingCore(core: $0) }
    }

    /// As genuine Open vSwitch 3.1 divides six idle queues.
    @Test func `cycles go over the cores and back`() {
        let schedule = QueueSchedule(
            Self.demands([("p1", 4), ("p2", 2)]), cores: Self.cores([0, 1, 3]), by: .cycles)
        #expect(schedule.cores.map { $0?.core } == [0, 1, 3, 3, 1, 0])
        #expect(schedule.isolated.isEmpty)
    }

    @Test func `roundrobin begins again at the first core`() {
        let schedule = QueueSchedule(
            Self.demands([("p1", 4), ("p2", 2)]), cores: Self.cores([3, 0, 1]), by: .roundrobin)
        #expect(schedule.cores.map { $0?.core } == [0, 1, 3, 0, 1, 3])
    }

    @Test func `the queues with most work come first`() {
        let demands = Self.demands([("p1", 5)], cycles: [30, 80, 60, 70, 10])
        let cycles = QueueSchedule(demands, cores: Self.cores([3, 7, 8]), by: .cycles)
        #expect(cycles.cores.map { $0?.core } == [8, 3, 8, 7, 7])
        let group = QueueSchedule(demands, cores: Self.cores([3, 7, 8]), by: .group)
        #expect(group.cores.map { $0?.core } == [8, 3, 8, 7, 7])
        #expect(group.loads(demands) == [3: 80, 7: 80, 8: 90])
    }

    /// As genuine Open vSwitch 3.1 does with two pinned queues.
    @Test func `a pinned queue isolates its core, but not if that is off`() {
        var demands = Self.demands([("p1", 4), ("p2", 2)])
        demands[0].pinnedCore = 1
        demands[2].pinnedCore = 3
        let isolating = QueueSchedule(demands, cores: Self.cores([0, 1, 3]), by: .cycles)
        #expect(isolating.cores.map { $0?.core } == [1, 0, 3, 0, 0, 0])
        #expect(isolating.isolated == [1, 3])
        let shared = QueueSchedule(
            demands, cores: Self.cores([0, 1, 3]), by: .group, isolates: false)
        #expect(shared.cores.map { $0?.core } == [1, 0, 3, 0, 1, 3])
        #expect(shared.isolated.isEmpty)
    }

    @Test func `a core without a thread pins nothing, and isolated cores leave others unserved`() {
        var demands = Self.demands([("p1", 1), ("p2", 1)])
        demands[0].pinnedCore = 9
        let elsewhere = QueueSchedule(demands, cores: Self.cores([0]), by: .cycles)
        #expect(elsewhere.cores.map { $0?.core } == [0, 0])
        #expect(elsewhere.unpinned == [0])
        demands[0].pinnedCore = 0
        let alone = QueueSchedule(demands, cores: Self.cores([0]), by: .cycles)
        #expect(alone.cores.map { $0?.core } == [0, nil])
        #expect(QueueSchedule(demands, cores: [], by: .group).cores == [nil, nil])
    }

    @Test func `queues stay on their device's node while it has a core`() {
        var demands = Self.demands([("p1", 2), ("p2", 1)])
        for index in demands.indices { demands[index].numa = 1 }
        let cores = [0, 1, 2, 3].map { ForwardingCore(core: $0, numa: $0 / 2) }
        let local = QueueSchedule(demands, cores: cores, by: .roundrobin)
        #expect(local.cores.map { $0?.core } == [2, 3, 2])
        let remote = QueueSchedule(demands, cores: Array(cores[0..<2]), by: .roundrobin)
        #expect(remote.cores.map { $0?.core } == [0, 1, 0])
    }

    @Test(arguments: 0..<30)
    func `each queue has one core, and groups are near the best division`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let count = Int.random(in: 1...20, using: &random)
        let cycles = (0..<count).map { _ in UInt64.random(in: 0...1000, using: &random) }
        let demands = Self.demands([("p", count)], cycles: cycles)
        let cores = Self.cores(Array(0..<Int.random(in: 1...6, using: &random)))
        let schedule = QueueSchedule(demands, cores: cores, by: .group)
        #expect(!schedule.cores.contains(nil))
        // Longest first to the least loaded is at most 4/3 of the best (Graham 1969).
        let mean = Double(cycles.reduce(0, +)) / Double(cores.count)
        let bound = max(mean + Double(cycles.max() ?? 0), 1) * 4 / 3
        #expect(Double(schedule.loads(demands).values.max() ?? 0) <= bound)
    }
}

struct LoadBalancerTests {
    static func thread(_ core: Int, load: Int, queues: Int = 2) -> LoadBalancer.Thread {
        .init(core: core, load: load, queueCount: queues, isIsolated: false)
    }

    static func balancer() -> LoadBalancer {
        var balancer = LoadBalancer()
        balancer.settings.isEnabled = true
        return balancer
    }

    @Test func `an overloaded thread is relieved once a minute, if that improves enough`() {
        var balancer = Self.balancer()
        let threads = [Self.thread(0, load: 99), Self.thread(1, load: 3)]
        func ask(_ now: UInt64, planned: Double = 10) -> Bool {
            balancer.shallRebalance(now: now, threads) { (100, planned) }
        }
        #expect(!ask(0))
        #expect(!ask(59_999))
        #expect(ask(60_000))
        #expect(!ask(60_001))
        #expect(!ask(120_000, planned: 76))
        #expect(ask(180_000, planned: 75))
    }

    @Test func `nothing is done without load, without choice, or when it is off`() {
        func decide(
            _ threads: [LoadBalancer.Thread],
            _ change: (inout LoadBalancer.Settings) -> Void = { _ in }
        ) -> Bool {
            var balancer = Self.balancer()
            change(&balancer.settings)
            _ = balancer.shallRebalance(now: 0, threads) { (100, 0) }
            return balancer.shallRebalance(now: 60_000, threads) { (100, 0) }
        }
        let pair = [Self.thread(0, load: 99), Self.thread(1, load: 3)]
        #expect(decide(pair))
        #expect(!decide([Self.thread(0, load: 94), Self.thread(1, load: 3)]))
        #expect(
            decide([Self.thread(0, load: 94), Self.thread(1, load: 3)]) { $0.loadThreshold = 90 })
        #expect(!decide([Self.thread(0, load: 99)]))
        #expect(!decide([Self.thread(0, load: 99, queues: 1), Self.thread(1, load: 3, queues: 1)]))
        #expect(!decide(pair) { $0.isEnabled = false })
        #expect(!decide(pair) { $0.interval = 2 })
    }

    @Test func `settings read as the database has them`() {
        let settings = ThreadSettings([
            "pmd-cpu-mask": "0xb", "pmd-rxq-assign": "group", "pmd-rxq-isolate": "false",
            "pmd-auto-lb": "true", "pmd-auto-lb-rebal-interval": "0",
            "pmd-auto-lb-load-threshold": "101", "pmd-auto-lb-improvement-threshold": "7",
            "pmd-maxsleep": "20000",
        ])
        #expect(settings.cores == [0, 1, 3])
        #expect(settings.algorithm == .group && !settings.isolates)
        #expect(settings.balancing.isEnabled && settings.balancing.interval == 1)
        #expect(settings.balancing.loadThreshold == 95)
        #expect(settings.balancing.improvementThreshold == 7)
        #expect(settings.maximumSleep == 10_000)
        #expect(ThreadSettings(["pmd-rxq-isolate": "false"]).isolates)
        #expect(ThreadSettings(["pmd-cpu-mask": "zz"]).cores == [])
        #expect(ThreadSettings.cores(inMask: "100000000")?.sorted() == [32])
        #expect(ThreadSettings.affinity("0:3,1:7") == [0: 3, 1: 7])
        #expect(ThreadSettings.affinity("") == [:])
        #expect(ThreadSettings.affinity("0:3,junk") == nil)
        #expect(ThreadSettings.affinity("0:-3") == nil)
    }
}
