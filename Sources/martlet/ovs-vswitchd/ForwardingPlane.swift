import Bytes
import ConnectionTracking
import Datapath
import FlowModel
import LinuxPorts
import Pipeline
import Switch

/// The forwarding thread with its datapath, as the control thread sees it.
///
/// Orders are carried out on the forwarding thread in the order in which they were given. None of
/// them waits, so that they may be given while the switch's lock is held; ``ask(_:)`` waits, and
/// must not be called then, since the forwarding thread may be waiting for that lock.
final class ForwardingPlane: DatapathLink, @unchecked Sendable {
    /// What happens when packets are to go up; called on the forwarding thread.
    typealias UpcallHandler = @Sendable (UserspaceDatapath) -> Void

    /// The datapath, which the forwarding thread makes and alone touches.
    private final class Box: @unchecked Sendable {
        var datapath: UserspaceDatapath?
    }

    private let box: Box
    private let clock: SwitchClock
    private let upcall: UpcallHandler
    private let thread: ForwardingThread

    init(
        clock: SwitchClock, upcall: @escaping UpcallHandler,
        portDidVanish: @escaping @Sendable (String) -> Void
    ) throws(SystemError) {
        let box = Box()
        self.box = box
        self.clock = clock
        self.upcall = upcall
        thread = try ForwardingThread(name: "forwarding") { pool in
            let datapath = UserspaceDatapath(pool: pool)
            box.datapath = datapath
            return ForwardingThread.Work(
                process: { batch, _, number in
                    datapath.receive(batch, from: number, now: UInt64(clock.now))
                    if datapath.hasPending { upcall(datapath) }
                    datapath.flush()
                },
                portDidVanish: { port, _ in portDidVanish(port.name) }
            )
        }
    }

    /// Calls `body` on the forwarding thread.
    func order(_ body: @escaping (UserspaceDatapath) -> Void) {
        nonisolated(unsafe) let body = body
        thread.execute { [box] in
            if let datapath = box.datapath { body(datapath) }
        }
    }

    /// Calls `body` on the forwarding thread and waits for its answer.
    func ask<Answer>(_ body: @escaping (UserspaceDatapath) -> Answer) -> Answer {
        nonisolated(unsafe) let body = body
        let answer = thread.executeAndWait { [box] () -> Unchecked<Answer> in
            guard let datapath = box.datapath else {
                preconditionFailure("the forwarding thread made no datapath")
            }
            return Unchecked(body(datapath))
        }
        return answer.value
    }

    func stop() { thread.stop() }

    // MARK: Orders

    func addPort(_ number: UInt32, _ port: any PacketPort) {
        order { datapath in try? datapath.addPort(number, port) }
        thread.add(port, number: number)
    }

    func removePort(_ number: UInt32) {
        thread.remove(number)
        order { datapath in datapath.removePort(number) }
    }

    func setPort(_ number: UInt32, _ settings: PortSettings) {
        order { datapath in datapath.setPort(number, settings) }
    }

    func setCaches(_ settings: CacheSettings) {
        order { datapath in datapath.cacheSettings = settings }
    }

    func updateFlow(_ id: FlowID, _ actions: [DatapathAction]) {
        order { datapath in try? datapath.update(id, actions) }
    }

    func removeFlow(_ id: FlowID) {
        order { datapath in _ = datapath.remove(id) }
    }

    func setMeter(_ number: UInt32, _ config: MeterConfig) {
        order { [clock] datapath in
            datapath.setMeter(number, config, now: UInt64(clock.now))
        }
    }

    func removeMeter(_ number: UInt32) {
        order { datapath in datapath.removeMeter(number) }
    }

    func setMaximumTags(_ count: Int) {
        order { datapath in datapath.maximumTags = count }
    }

    func flushConnections(_ selection: ConnectionSelection) {
        order { datapath in datapath.tracker.flush(selection) }
    }

    func setTimeouts(ofZone zone: UInt16, _ timeouts: TrackingTimeouts?) {
        order { datapath in datapath.tracker.setTimeouts(ofZone: zone, timeouts) }
    }

    func setTunnel(_ number: UInt32, _ device: TunnelDevice?) {
        order { datapath in datapath.setTunnel(number, device) }
    }

    func setSourcePorts(_ ports: ClosedRange<UInt16>) {
        order { datapath in datapath.sourcePorts = ports }
    }

    func execute(_ octets: [UInt8], _ key: FlowKey, _ actions: [DatapathAction]) {
        order { [upcall] datapath in
            guard octets.count <= PacketPool.defaultCapacity - PacketPool.headroom else { return }
            datapath.execute(datapath.pool.make(octets), PackedKey(key), actions)
            if datapath.hasPending { upcall(datapath) }
            datapath.flush()
        }
    }

    /// Lets frames arrive at a dummy port, and waits until they are forwarded.
    func receive(_ frames: [[UInt8]], on port: DummyPort, number: UInt32) {
        ask { [clock, upcall] datapath in
            for frame in frames { port.inject(frame) }
            let batch = PacketBatch()
            var hasMore = true
            while hasMore {
                hasMore = port.receive(into: batch, from: datapath.pool)
                guard batch.count > 0 else { break }
                datapath.receive(batch, from: number, now: UInt64(clock.now))
                if datapath.hasPending { upcall(datapath) }
                datapath.flush()
            }
        }
    }

    /// What commands show of the datapath.
    func snapshot(withFlows: Bool) -> DatapathSnapshot {
        ask { datapath in
            var snapshot = DatapathSnapshot()
            snapshot.statistics = datapath.statistics
            snapshot.maskCount = datapath.maskCount
            if withFlows { datapath.forEachFlow { snapshot.flows.append($0) } }
            return snapshot
        }
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
        ask { datapath in Self.flowStatistics(of: datapath) }
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

/// A value that its maker gives away to another thread.
struct Unchecked<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}
