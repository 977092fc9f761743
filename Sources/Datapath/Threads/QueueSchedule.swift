/// A receive queue that a forwarding thread is to serve.
public struct QueueDemand: Hashable, Sendable {
    /// The name of the port, its number in the datapath, and the queue's.
    public var port: String
    public var portNumber: UInt32
    public var queue: Int
    /// The NUMA node of the device.
    public var numa = 0
    /// The core that it is to be served on (`pmd-rxq-affinity`).
    public var pinnedCore: Int?
    /// Cycles that its packets took in the last minute.
    public var cycles: UInt64 = 0

    public init(port: String, portNumber: UInt32, queue: Int) {
        self.port = port
        self.portNumber = portNumber
        self.queue = queue
    }
}

/// A core with a forwarding thread of its own.
public struct ForwardingCore: Hashable, Sendable {
    public var core: Int
    public var numa: Int

    public init(core: Int, numa: Int = 0) {
        self.core = core
        self.numa = numa
    }
}

/// How queues are divided among cores (`pmd-rxq-assign`).
public enum QueueAlgorithm: String, Sendable {
    /// The queues with most work first, over the cores and back.
    case cycles
    /// The queues with most work first, each to the core with the least so far.
    case group
    /// In the order of their numbers, over the cores again and again.
    case roundrobin
}

/// Which thread serves which queue (`dpif-netdev/pmd-rxq-show`).
///
/// Pinned queues come first; a core that has one is *isolated*, so that it gets no others, unless
/// `pmd-rxq-isolate` is false. The others are divided among the rest of the cores of their NUMA
/// node; where that has none, among all.
public struct QueueSchedule: Equatable, Sendable {
    /// The core of each queue, in the order of the demands; `nil` if there is none to serve it.
    public private(set) var cores: [ForwardingCore?]
    /// Cores that serve pinned queues alone.
    public private(set) var isolated: Set<Int> = []
    /// Demands whose pinned core has no thread.
    public private(set) var unpinned: [Int] = []

    /// The cores that queues are divided among, of one NUMA node or of all.
    private struct Ring {
        var cores: [ForwardingCore]
        var next = 0
        var step = 1

        /// Over the cores and again from the first.
        mutating func takeNext() -> ForwardingCore {
            defer { next = (next + 1) % cores.count }
            return cores[next]
        }

        /// Over the cores and back, each end twice.
        mutating func takeTurning() -> ForwardingCore {
            defer {
                if cores.indices.contains(next + step) { next += step } else { step = -step }
            }
            return cores[next]
        }
    }

    /// - Complexity: demands times cores.
    public init(
        _ demands: [QueueDemand], cores: [ForwardingCore], by algorithm: QueueAlgorithm,
        isolates: Bool = true
    ) {
        let cores = cores.sorted { $0.core < $1.core }
        self.cores = Array(repeating: nil, count: demands.count)
        var loads: [Int: (cycles: UInt64, queues: Int)] = [:]
        func note(_ index: Int, _ core: ForwardingCore) {
            let load = loads[core.core] ?? (0, 0)
            loads[core.core] = (load.cycles &+ demands[index].cycles, load.queues + 1)
            self.cores[index] = core
        }
        for (index, demand) in demands.enumerated() {
            guard let pinned = demand.pinnedCore else { continue }
            guard let core = cores.first(where: { $0.core == pinned }) else {
                unpinned.append(index)
                continue
            }
            note(index, core)
            // Only where loads are compared can a core take others beside pinned ones.
            if isolates || algorithm != .group { isolated.insert(pinned) }
        }
        let free = cores.filter { !isolated.contains($0.core) }
        guard !free.isEmpty else { return }
        var rings: [Int: Ring] = [:]
        for index in Self.order(demands, algorithm) where self.cores[index] == nil {
            let numa = demands[index].numa
            let isLocal = free.contains { $0.numa == numa }
            let key = isLocal ? numa : -1
            var ring = rings[key] ?? Ring(cores: isLocal ? free.filter { $0.numa == numa } : free)
            switch algorithm {
            case .roundrobin: note(index, ring.takeNext())
            case .cycles: note(index, ring.takeTurning())
            case .group:
                let least = ring.cores.min { left, right in
                    (loads[left.core] ?? (0, 0)) < (loads[right.core] ?? (0, 0))
                }
                if let least { note(index, least) }
            }
            rings[key] = ring
        }
    }

    private static func order(
        _ demands: [QueueDemand], _ algorithm: QueueAlgorithm
    ) -> [Int] {
        demands.indices.sorted { left, right in
            let (first, second) = (demands[left], demands[right])
            if algorithm != .roundrobin && first.cycles != second.cycles {
                return first.cycles > second.cycles
            }
            return (first.portNumber, first.queue) < (second.portNumber, second.queue)
        }
    }

    /// The cycles of each core that has a queue.
    public func loads(_ demands: [QueueDemand]) -> [Int: UInt64] {
        var loads: [Int: UInt64] = [:]
        for (index, core) in cores.enumerated() {
            if let core { loads[core.core, default: 0] &+= demands[index].cycles }
        }
        return loads
    }
}
