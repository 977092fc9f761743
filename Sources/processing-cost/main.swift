import CAllocations
import Datapath
import Glibc

/// Measures what the datapath does with a packet, without any device: one line for each case, in
/// nanoseconds a packet, and how often memory was allocated in a million packets.
struct Measurement {
    static let allocationPackets = 1 << 20

    var rounds = 7

    /// Says what was found; false if packets were lost or memory was allocated.
    func run(_ title: String, subtables: Int, flows: Int, _ settings: CacheSettings) -> Bool {
        guard let workload = try? Workload(subtables: subtables, flows: flows, settings: settings)
        else {
            print("\(title): the flows cannot be put in")
            return false
        }
        // A lookup in many subtables takes long; each round some tenths of a second.
        let count = max(1 << 12, (1 << 20) / max(1, subtables / 2))
        workload.run(max(count, flows))
        var times: [Double] = []
        for _ in 0..<rounds {
            let start = Self.now()
            workload.run(count)
            times.append((Self.now() - start) / Double(count))
        }
        times.sort()
        let before = allocation_count()
        workload.run(subtables > 100 ? count : Self.allocationPackets)
        let allocations = allocation_count() - before
        let isWhole = workload.statistics.misses == 0 && workload.statistics.lost == 0
        print(
            "\(Self.pad(title, 30))\(Self.pad(subtables, 10))\(Self.pad(flows, 10))"
                + "\(Self.pad(Self.tenths(times[times.count / 2]), 10))"
                + "\(Self.pad(Self.tenths(times[0]), 10))\(allocations)"
                + (isWhole ? "" : "  packets were lost"))
        return isWhole && allocations == 0
    }

    /// The same for packets that are tracked.
    func run(_ title: String, _ kind: TrackedWorkload.Kind) -> Bool {
        guard let workload = try? TrackedWorkload(kind) else {
            print("\(title): the flows cannot be put in")
            return false
        }
        let count = TrackedWorkload.newConnections
        workload.prepare()
        workload.run(count)
        var times: [Double] = []
        for _ in 0..<rounds {
            workload.prepare()
            let start = Self.now()
            workload.run(count)
            times.append((Self.now() - start) / Double(count))
        }
        times.sort()
        workload.prepare()
        let before = allocation_count()
        workload.run(count)
        let allocations = allocation_count() - before
        let isWhole = workload.statistics.misses == 0 && workload.statistics.lost == 0
        print(
            "\(Self.pad(title, 30))\(Self.pad(5, 10))\(Self.pad(workload.connectionCount, 10))"
                + "\(Self.pad(Self.tenths(times[times.count / 2]), 10))"
                + "\(Self.pad(Self.tenths(times[0]), 10))\(allocations)"
                + (isWhole ? "" : "  packets were lost"))
        return isWhole && allocations == 0
    }

    /// Nanoseconds of the time that this process had.
    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    static func tenths(_ value: Double) -> String {
        let all = Int((value * 10).rounded())
        return "\(all / 10).\(all % 10)"
    }

    static func pad(_ value: some CustomStringConvertible, _ width: Int) -> String {
        let text = value.description
        return text + String(repeating: " ", count: max(1, width - text.count))
    }
}

var measurement = Measurement()
var isQuick = false
var isTracking = false
for argument in CommandLine.arguments.dropFirst() {
    switch argument {
    case "--quick": isQuick = true
    case "--tracking": isTracking = true
    case "--threads": exit(ThreadMeasurement().run() ? 0 : 1)
    case "--revalidation": exit(RevalidationMeasurement(flows: 200_000).run() ? 0 : 1)
    default:
        print("usage: processing-cost [--quick] [--revalidation | --threads | --tracking]")
        exit(argument == "--help" ? 0 : 2)
    }
}
if isQuick { measurement.rounds = 3 }

print("nanoseconds of processor time a packet, median and least; allocations in a million packets")
print("case                          subtables flows     median    least     allocations")
var isGood = true
let trackedCases: [(String, TrackedWorkload.Kind)] = [
    ("ct(commit), established", .established(connections: 64)),
    ("ct(commit), established", .established(connections: 65536)),
    ("ct(commit), new", .new),
]
for (title, kind) in trackedCases { isGood = measurement.run(title, kind) && isGood }
if isTracking { exit(isGood ? 0 : 1) }
var exact = CacheSettings()
exact.insertion = 1
for flows in [1, 1024] {
    isGood = measurement.run("exact-match hit", subtables: 1, flows: flows, exact) && isGood
}
var megaflows = CacheSettings()
megaflows.insertion = 0
let sizes = isQuick ? [1, 1000, 100_000] : [1, 1000, 100_000, 1_000_000]
for subtables in [1, 10, 100, 1000] {
    for flows in sizes where flows >= subtables {
        isGood =
            measurement.run("megaflow hit", subtables: subtables, flows: flows, megaflows)
            && isGood
    }
}
isGood = ThreadMeasurement().run() && isGood
isGood = RevalidationMeasurement(flows: isQuick ? 20_000 : 200_000).run() && isGood
exit(isGood ? 0 : 1)
