import ConnectionTracking
import Daemon
import Datapath
import FlowModel
import LinuxPorts
import Pipeline
import Switch
import Synchronization

/// The forwarding threads with their datapaths, as the control thread sees them.
///
/// There is always the *main thread*, which sleeps until packets come. Ports whose type asks for
/// it, and all devices where `pmd-cpu-mask` is set, have their queues served by threads on cores
/// of their own (``QueueSchedule``). Every datapath has every port, since it may send to any; the
/// megaflows of each are its own.
///
/// Orders are carried out on the threads in the order in which they were given. None of them
/// waits, so that they may be given while the switch's lock is held; ``ask(_:)`` and its like wait,
/// and must not be called then, since a forwarding thread may be waiting for that lock.
///
/// *Thread safety*: orders by flow may be given on any thread; all else is the control thread's.
final class ForwardingPlane: DatapathLink, @unchecked Sendable {
    /// What happens when packets are to go up; called on a forwarding thread.
    typealias UpcallHandler = @Sendable (UserspaceDatapath) -> Void

    /// A port, as a new thread has to know it.
    struct Port {
        let port: any PacketPort
        var settings = PortSettings()
        var policing: SharedPolicing?
    }

    /// A queue of a port.
    struct Place: Hashable {
        let port: UInt32
        let queue: Int
    }

    let environment: ForwardingMember.Environment
    let processors: ProcessorList
    let main: ForwardingMember
    let log = LogModule("dpif_netdev")
    /// All threads, the main one first.
    let threads: Mutex<[ForwardingMember]>
    var ports: [UInt32: Port] = [:]
    /// Which thread serves each queue, by its number.
    var owners: [Place: UInt16] = [:]
    var caches = CacheSettings()
    var maximumTags: Int?
    var tunnels: [UInt32: TunnelDevice] = [:]
    var sourcePorts: ClosedRange<UInt16>?
    var settings = ThreadSettings()
    var balancer = LoadBalancer()
    var isolatedCores: Set<Int> = []
    /// Whether queues are to be divided anew.
    var needsSchedule = false
    var nextNumber: UInt16 = 1
    /// Called with the last counters of the flows of a thread that has ended.
    var onRetired: ((UInt16, [(id: FlowID, statistics: FlowStatistics)]) -> Void)?

    init(
        _ environment: ForwardingMember.Environment, processors: ProcessorList = .machine
    ) throws(SystemError) {
        self.environment = environment
        self.processors = processors
        main = try ForwardingMember(0, nil, isPinned: false, environment)
        threads = Mutex([main])
    }

    var members: [ForwardingMember] { threads.withLock { $0 } }

    /// Calls `body` on each thread.
    func orderEach(_ body: @escaping (UserspaceDatapath) -> Void) {
        for member in members { member.order(body) }
    }

    /// Calls `body` on the main thread and waits for its answer.
    func ask<Answer>(_ body: @escaping (UserspaceDatapath) -> Answer) -> Answer { main.ask(body) }

    /// Calls `body` on each thread, one after the other, and waits for the answers.
    func askEach<Answer>(_ body: @escaping (UserspaceDatapath) -> Answer) -> [Answer] {
        members.map { $0.ask(body) }
    }

    /// Waits until all orders given so far are carried out.
    func waitForOrders() { for member in members { member.ask { _ in } } }

    func stop() { for member in members { member.thread.stop() } }

    // MARK: Ports

    func addPort(_ number: UInt32, _ port: any PacketPort) {
        ports[number] = Port(port: port)
        orderEach { datapath in try? datapath.addPort(number, port) }
        addToKernel(number, port)
        needsSchedule = needsSchedule || isPolled(port)
        guard !isPolled(port) else { return }
        for queue in port.queues.indices {
            owners[Place(port: number, queue: queue)] = main.number
            main.thread.add(port, number: number, queue: queue)
        }
    }

    func removePort(_ number: UInt32) {
        guard let port = ports.removeValue(forKey: number) else { return }
        let members = members
        for queue in port.port.queues.indices {
            guard let owner = owners.removeValue(forKey: Place(port: number, queue: queue)) else {
                continue
            }
            members.first { $0.number == owner }?.thread.remove(number, queue: queue)
        }
        removeFromKernel(number)
        for member in members { member.order { datapath in datapath.removePort(number) } }
        needsSchedule = needsSchedule || isPolled(port.port)
    }

    func setPort(_ number: UInt32, _ settings: PortSettings) {
        guard let before = ports[number] else { return }
        let policing =
            settings.policing.isOff
            ? nil : SharedPolicing(settings.policing, now: UInt64(environment.clock.now))
        ports[number]?.settings = settings
        ports[number]?.policing = policing
        orderEach { datapath in datapath.setPort(number, settings, policing: policing) }
        setInKernel(number, settings)
        if settings.pinnedCores != before.settings.pinnedCores { needsSchedule = true }
    }

    // MARK: Orders

    func setCaches(_ settings: CacheSettings) {
        caches = settings
        orderEach { datapath in datapath.cacheSettings = settings }
    }

    func setMaximumTags(_ count: Int) {
        maximumTags = count
        orderEach { datapath in datapath.maximumTags = count }
        setMaximumTagsInKernel(count)
    }

    /// The thread whose flow that is.
    private func owner(of id: FlowID) -> ForwardingMember? {
        guard id.thread != main.number else { return main }
        return members.first { $0.number == id.thread }
    }

    func updateFlow(_ id: FlowID, _ actions: [DatapathAction]) {
        owner(of: id)?.order { datapath in try? datapath.update(id, actions) }
    }

    func removeFlow(_ id: FlowID) {
        owner(of: id)?.order { datapath in _ = datapath.remove(id) }
    }

    func setMeter(_ number: UInt32, _ config: MeterConfig) {
        main.order { [clock = environment.clock] datapath in
            datapath.setMeter(number, config, now: UInt64(clock.now))
        }
    }

    func removeMeter(_ number: UInt32) {
        main.order { datapath in datapath.removeMeter(number) }
    }

    func flushConnections(_ selection: ConnectionSelection) {
        main.order { datapath in datapath.tracker.flush(selection) }
    }

    func setTimeouts(ofZone zone: UInt16, _ timeouts: TrackingTimeouts?) {
        main.order { datapath in
            datapath.tracker.setTimeouts(ofZone: zone, timeouts)
        }
    }

    func setTunnel(_ number: UInt32, _ device: TunnelDevice?) {
        tunnels[number] = device
        orderEach { datapath in datapath.setTunnel(number, device) }
    }

    func setSourcePorts(_ ports: ClosedRange<UInt16>) {
        sourcePorts = ports
        orderEach { datapath in datapath.sourcePorts = ports }
    }

    func execute(_ octets: [UInt8], _ key: FlowKey, _ actions: [DatapathAction]) {
        main.order { [upcall = environment.upcall] datapath in
            guard octets.count <= PacketPool.defaultCapacity - PacketPool.headroom else { return }
            datapath.execute(datapath.pool.make(octets), PackedKey(key), actions)
            if datapath.hasPending { upcall(datapath) }
            datapath.flush()
        }
    }

    /// Lets frames arrive in a queue of a dummy port, and waits until they are forwarded.
    func receive(_ frames: [[UInt8]], on port: DummyPort, number: UInt32, queue: Int) {
        let owner = owners[Place(port: number, queue: queue)]
        guard let member = members.first(where: { $0.number == owner }) else {
            for frame in frames { port.inject(frame, queue: queue) }
            return
        }
        member.ask { [clock = environment.clock, upcall = environment.upcall] datapath in
            for frame in frames { port.inject(frame, queue: queue) }
            let batch = PacketBatch()
            var hasMore = true
            while hasMore {
                hasMore = port.queues[queue].receive(into: batch, from: datapath.pool)
                guard batch.count > 0 else { break }
                datapath.receive(batch, from: number, now: UInt64(clock.now))
                if datapath.hasPending { upcall(datapath) }
                datapath.flush()
            }
        }
    }

    // MARK: Counters

    /// What commands show of the datapath.
    func snapshot(withFlows: Bool) -> DatapathSnapshot {
        var snapshot = DatapathSnapshot()
        snapshot.threads = []
        for member in members.sorted(by: Self.precedes) {
            var thread = ThreadSnapshot(number: member.number, core: member.core)
            let (statistics, masks, flows) = member.ask { datapath in
                var flows: [DatapathFlow] = []
                if withFlows { datapath.forEachFlow { flows.append($0) } }
                return (datapath.statistics, datapath.maskCount, flows)
            }
            thread.statistics = statistics
            if let core = member.core {
                thread.load = member.thread.load()
                thread.isIsolated = isolatedCores.contains(core.core)
            }
            snapshot.statistics += statistics
            snapshot.maskCount += masks
            snapshot.flows += flows
            snapshot.threads.append(thread)
        }
        return snapshot
    }

    /// The main thread first, then by cores.
    private static func precedes(_ left: ForwardingMember, _ right: ForwardingMember) -> Bool {
        (left.core?.core ?? -1) < (right.core?.core ?? -1)
    }

    /// What each meter has counted.
    func meterCounters() -> [(number: UInt32, counters: MeterCounters)] {
        ask { datapath in
            var all: [(number: UInt32, counters: MeterCounters)] = []
            datapath.forEachMeter { all.append(($0, $1)) }
            return all
        }
    }

    /// What each flow has counted.
    func flowStatistics() -> [(id: FlowID, statistics: FlowStatistics)] {
        Array(askEach { Self.flowStatistics(of: $0) }.joined())
    }

    /// Fetches the counters of all threads' flows without waiting.
    ///
    /// - Parameters:
    ///   - first: is called on each thread before.
    ///   - done: gets the counters on the thread that is last.
    func gatherStatistics(
        _ first: @escaping (UserspaceDatapath) -> Void,
        _ done: @escaping @Sendable (Unchecked<[(id: FlowID, statistics: FlowStatistics)]>) -> Void
    ) {
        let members = members
        let gathering = Gathering(members.count)
        for member in members {
            member.order { datapath in
                first(datapath)
                let all = gathering.add(Self.flowStatistics(of: datapath))
                if let all { done(Unchecked(all)) }
            }
        }
    }

    /// What threads have answered so far.
    private final class Gathering: Sendable {
        typealias Counted = (id: FlowID, statistics: FlowStatistics)
        private let state: Mutex<(left: Int, all: [Counted])>

        init(_ count: Int) { state = Mutex((count, [])) }

        /// - Returns: all, if this was the last.
        func add(_ part: [Counted]) -> [Counted]? {
            state.withLock { state in
                state.left -= 1
                state.all = state.all.isEmpty ? part : state.all + part
                return state.left == 0 ? state.all : nil
            }
        }
    }

    static func flowStatistics(
        of datapath: UserspaceDatapath
    ) -> [(id: FlowID, statistics: FlowStatistics)] {
        var all: [(id: FlowID, statistics: FlowStatistics)] = []
        all.reserveCapacity(datapath.flowCount)
        datapath.forEachStatistics { all.append(($0, $1)) }
        return all
    }
}
