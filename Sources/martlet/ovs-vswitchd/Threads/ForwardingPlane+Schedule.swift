import Daemon
import Datapath
import LinuxPorts
import Switch
import Synchronization

/// Threads that poll, and the division of receive queues among them.
///
/// All of it waits for threads, so that the switch must not be locked.
extension ForwardingPlane {
    /// Whether threads that poll are to serve the port.
    func isPolled(_ port: any PacketPort) -> Bool {
        if (port as? any KernelServedPort)?.isServedByKernel == true { return false }
        return (port as? DummyPort)?.options.isPolled ?? (settings.cores != nil)
    }

    func configure(_ settings: ThreadSettings) {
        balancer.settings = settings.balancing
        guard settings != self.settings else { return }
        self.settings = settings
        needsSchedule = true
    }

    /// Has threads be where they are wanted, and queues divided anew, if anything has changed.
    func reschedule() {
        guard needsSchedule else { return }
        needsSchedule = false
        let cores = wantedCores()
        let leaving = members.filter { member in
            member.core.map { !cores.contains($0) } ?? false
        }
        for core in cores where !members.contains(where: { $0.core == core }) { start(core) }
        divide(exclude: Set(leaving.map(\.number)))
        for member in leaving { retire(member) }
        var polling = PollingSettings()
        polling.isPolling = settings.cores != nil
        polling.maximumSleep = Int64(settings.maximumSleep) * 1000
        for member in members where member.core != nil { member.thread.setPolling(polling) }
    }

    /// The cores that are to have threads: none without ports for them.
    private func wantedCores() -> [ForwardingCore] {
        guard ports.values.contains(where: { isPolled($0.port) }) else { return [] }
        guard let wanted = settings.cores else { return processors.defaults }
        let known = processors.cores.filter { wanted.contains($0.core) }
        if known.isEmpty { log.warning("pmd-cpu-mask names no core of this machine") }
        return known
    }

    // MARK: Threads

    private func start(_ core: ForwardingCore) {
        let number = nextNumber
        // The main thread has used it alone so far.
        ask { $0.commons.share() }
        let member: ForwardingMember
        do throws(SystemError) {
            member = try ForwardingMember(
                number, core, isPinned: processors.isReal && settings.cores != nil, environment)
        } catch {
            log.error("no thread on core \(core.core): \(error.call) failed (\(error.reason))")
            return
        }
        nextNumber = nextNumber == .max ? 1 : nextNumber + 1
        let (ports, caches, tags) = (self.ports, self.caches, maximumTags)
        let (tunnels, sourcePorts) = (self.tunnels, self.sourcePorts)
        member.order { datapath in
            datapath.cacheSettings = caches
            if let tags { datapath.maximumTags = tags }
            if let sourcePorts { datapath.sourcePorts = sourcePorts }
            for (number, device) in tunnels { datapath.setTunnel(number, device) }
            for (number, port) in ports {
                try? datapath.addPort(number, port.port)
                datapath.setPort(number, port.settings, policing: port.policing)
            }
        }
        threads.withLock { $0.append(member) }
        log.info(
            "PMD thread on numa_id: \(core.numa), core id: \(Self.padded(core.core)) created.")
    }

    /// Ends a thread that serves no queue any more.
    private func retire(_ member: ForwardingMember) {
        threads.withLock { $0.removeAll { $0 === member } }
        let statistics = member.ask { datapath in
            // Actions of the last packets may have left something to send.
            datapath.flush()
            return Self.flowStatistics(of: datapath)
        }
        member.thread.stop()
        onRetired?(member.number, statistics)
        guard let core = member.core else { return }
        log.info(
            "PMD thread on numa_id: \(core.numa), core id: \(Self.padded(core.core)) destroyed.")
    }

    private static func padded(_ number: Int) -> String { number < 10 ? " \(number)" : "\(number)" }

    // MARK: Queues

    /// The queues of polled ports with what they cost in the last minute.
    private func demands() -> [QueueDemand] {
        var cycles: [Place: UInt64] = [:]
        for member in members where member.core != nil {
            for queue in member.thread.load().queues {
                cycles[Place(port: queue.port, queue: queue.index)] = queue.cycles.reduce(0, &+)
            }
        }
        var demands: [QueueDemand] = []
        for (number, port) in ports.sorted(by: { $0.key < $1.key }) where isPolled(port.port) {
            for queue in port.port.queues.indices {
                var demand = QueueDemand(port: port.port.name, portNumber: number, queue: queue)
                demand.pinnedCore = port.settings.pinnedCores[queue]
                demand.numa = (port.port as? DummyPort)?.options.numa ?? 0
                demand.cycles = cycles[Place(port: number, queue: queue)] ?? 0
                demands.append(demand)
            }
        }
        return demands
    }

    private func schedule(
        _ demands: [QueueDemand], exclude: Set<UInt16> = []
    ) -> QueueSchedule {
        let cores = members.filter { !exclude.contains($0.number) }.compactMap(\.core)
        return QueueSchedule(
            demands, cores: cores, by: settings.algorithm, isolates: settings.isolates)
    }

    private func divide(exclude: Set<UInt16>) {
        let demands = demands()
        let schedule = schedule(demands, exclude: exclude)
        isolatedCores = schedule.isolated
        let members = members
        var wanted: [Place: UInt16] = [:]
        for (index, demand) in demands.enumerated() {
            let place = Place(port: demand.portNumber, queue: demand.queue)
            if let core = schedule.cores[index] {
                wanted[place] =
                    members.first { $0.core == core && !exclude.contains($0.number) }?.number
            } else if !(ports[demand.portNumber]?.port is DummyPort) {
                // A device is served in any case.
                wanted[place] = main.number
            }
            note(demand, schedule.cores[index])
        }
        // A port that is polled no more goes back to the main thread.
        for place in owners.keys where wanted[place] == nil {
            if let port = ports[place.port], !isPolled(port.port) { wanted[place] = main.number }
        }
        move(to: wanted)
    }

    private func note(_ demand: QueueDemand, _ core: ForwardingCore?) {
        let queue = "port '\(demand.port)' rx queue \(demand.queue)"
        let cycles =
            settings.algorithm == .roundrobin
            ? "" : " (measured processing cycles \(demand.cycles))"
        guard let core else {
            log.warning(
                "No non-isolated pmd on any numa available for \(queue)\(cycles). "
                    + "This rx queue will not be polled.")
            return
        }
        let place = "Core \(Self.padded(core.core)) on numa node \(core.numa)"
        if core.core == demand.pinnedCore {
            log.info("\(place) is pinned with \(queue)\(cycles)")
        } else {
            log.info("\(place) assigned \(queue)\(cycles).")
        }
    }

    /// Hands queues from thread to thread; who had one has let go of it before another gets it, so
    /// that packets keep their order.
    private func move(to wanted: [Place: UInt16]) {
        let members = members
        func thread(_ number: UInt16?) -> ForwardingThread? {
            members.first { $0.number == number }?.thread
        }
        for (place, owner) in owners where wanted[place] != owner {
            thread(owner)?.remove(place.port, queue: place.queue)
        }
        waitForOrders()
        for (place, owner) in wanted where owners[place] != owner {
            guard let port = ports[place.port]?.port else { continue }
            thread(owner)?.add(port, number: place.port, queue: place.queue)
        }
        owners = wanted.merging(
            owners.filter { ports[$0.key.port].map { !isPolled($0.port) } ?? false }
        ) {
            wanted, _ in wanted
        }
        waitForOrders()
    }

    // MARK: Balancing

    /// `dpif-netdev/pmd-rxq-rebalance`.
    func rebalance() {
        needsSchedule = true
        reschedule()
    }

    /// Divides queues anew if that is worth it (`pmd-auto-lb`).
    func balance(now: UInt64) {
        guard settings.balancing.isEnabled else { return }
        let members = members.filter { $0.core != nil }
        let threads = members.compactMap { member -> LoadBalancer.Thread? in
            guard let core = member.core?.core else { return nil }
            let load = member.thread.load()
            let (all, busy) = load.intervals.reduce(into: (UInt64(0), UInt64(0))) {
                $0 = ($0.0 &+ $1.all, $0.1 &+ $1.busy)
            }
            return LoadBalancer.Thread(
                core: core, load: all == 0 ? 0 : Int(busy &* 100 / all),
                queueCount: load.queues.count, isIsolated: isolatedCores.contains(core))
        }
        let isWorthIt = balancer.shallRebalance(now: now, threads) {
            let demands = demands()
            let free = threads.filter { !$0.isIsolated }.map(\.core)
            func variance(_ loads: [Int: UInt64]) -> Double {
                LoadBalancer.variance(free.map { loads[$0] ?? 0 })
            }
            var current: [Int: UInt64] = [:]
            for demand in demands {
                let owner = owners[Place(port: demand.portNumber, queue: demand.queue)]
                guard let core = members.first(where: { $0.number == owner })?.core else {
                    continue
                }
                current[core.core, default: 0] &+= demand.cycles
            }
            return (variance(current), variance(schedule(demands).loads(demands)))
        }
        guard isWorthIt else { return }
        log.info("PMD auto load balance: queues are assigned anew.")
        rebalance()
    }
}
