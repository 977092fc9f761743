import Addresses
import Daemon
import Datapath
import FlowModel
import LinuxPorts
import Pipeline
import Switch
import Transport

/// Joins the switch, the forwarding thread, the clock and the control loop.
///
/// Everything but the upcalls happens on the control loop.
final class SwitchRuntime: @unchecked Sendable {
    /// How long changes are gathered before megaflows are translated again.
    static let gatheringTime = Duration.milliseconds(5)
    /// How many megaflows a barrier waits for: about a millisecond.
    static let maximumBarrierFlows = 256

    let clock = SwitchClock()
    let lock = SwitchLock()
    let loop: ControlLoop
    let devices: DeviceTable
    private(set) var plane: ForwardingPlane!
    private(set) var virtualSwitch: VirtualSwitch!
    /// Called with what controllers are to be told.
    var onEvents: (([SwitchEvent]) -> Void)?
    /// Called when the clock has been moved.
    var onWarp: (() -> Void)?
    /// Called with a device that has gone.
    var onVanished: ((String) -> Void)?

    /// Called with what the database is to show of watched paths.
    var onLiveness: (([(name: String, status: [String: String])]) -> Void)?

    private var poll: ControlTimer?
    private var balancing: ControlTimer?
    private var livenessTimer: ControlTimer?
    private var period: Milliseconds = 0
    private var isRevalidationScheduled = false
    /// Whether a round is under way, since when, and with how many flows.
    private var isRevalidating = false
    private var roundStart = ContinuousClock.now
    private var roundFlows = 0
    /// Whether a controller has sent packets since the last barrier.
    var hasSentPackets = false
    private let log = LogModule("ofproto_dpif_upcall")

    init(
        loop: ControlLoop, dummy: VswitchdOptions.DummyLevel?,
        processors: ProcessorList = .machine
    ) throws {
        self.loop = loop
        devices = DeviceTable(dummy: dummy)
        plane = try ForwardingPlane(
            .init(
                clock: clock, commons: DatapathCommons(),
                upcall: { [unowned self] datapath in handleUpcalls(datapath) },
                portDidVanish: { [unowned self] name in
                    self.loop.post { [unowned self] in onVanished?(name) }
                }),
            processors: processors)
        virtualSwitch = VirtualSwitch(
            link: plane, devices: devices, numbersPortsByName: dummy != nil)
        devices.plane = plane
        plane.onRetired = { [unowned self] number, statistics in
            withSwitch { $0.forgetThread(number, statistics) }
        }
        setPeriod(VirtualSwitch.defaultMaximumRevalidator)
    }

    /// Says how often counters are collected and megaflows looked through, in milliseconds.
    private func setPeriod(_ milliseconds: Milliseconds) {
        guard milliseconds != period else { return }
        period = milliseconds
        poll?.cancel()
        poll = loop.every(.milliseconds(milliseconds)) { [unowned self] in collect() }
    }

    /// How often it is looked whether queues are divided well.
    private static let balancingPeriod = Duration.seconds(10)

    private func setBalancing(_ isOn: Bool) {
        guard isOn != (balancing != nil) else { return }
        balancing?.cancel()
        balancing =
            isOn
            ? loop.every(Self.balancingPeriod) { [unowned self] in
                plane.balance(now: UInt64(clock.now))
            } : nil
    }

    /// Has the kernel forward packets between devices of bridges of the type `system`.
    func startKernel() throws(KernelDatapathError) {
        plane.start(try KernelDatapath())
        devices.usesKernel = true
    }

    func shutDown() {
        poll?.cancel()
        balancing?.cancel()
        livenessTimer?.cancel()
        lock.withLock { virtualSwitch.apply(SwitchConfiguration(), now: clock.now) }
        plane.waitForOrders()
        plane.stop()
        // What is left to the kernel at the end of a process, it closes one after the other.
        waitForClosedPorts()
    }

    // MARK: The forwarding thread

    private func handleUpcalls(_ datapath: UserspaceDatapath) {
        let hasEvents = lock.withUrgentLock {
            virtualSwitch.handleMisses(of: datapath, now: clock.now)
            return !virtualSwitch.events.isEmpty || virtualSwitch.needsRevalidation
                || virtualSwitch.hasLivenessWork
        }
        if hasEvents { loop.post { [unowned self] in settle() } }
    }

    // MARK: The control loop

    /// Calls `body` with the switch locked, then does what it has given rise to.
    @discardableResult
    func withSwitch<Result>(_ body: (VirtualSwitch) throws -> Result) rethrows -> Result {
        defer { settle() }
        return try lock.withLock { try body(virtualSwitch) }
    }

    /// Makes the switch be as `configuration` says.
    func apply(_ configuration: SwitchConfiguration) {
        setPeriod(max(1, min(configuration.maximumIdle, configuration.maximumRevalidator)))
        lock.withLock {
            virtualSwitch.removeUnwanted(by: configuration, now: clock.now)
        }
        // Devices are closed when the forwarding thread lets go of them.
        plane.waitForOrders()
        plane.configure(configuration.threads)
        withSwitch { $0.apply(configuration, now: clock.now) }
        plane.reschedule()
        setBalancing(configuration.threads.balancing.isEnabled)
    }

    /// Tells controllers what there is to tell.
    ///
    /// - Returns: whether megaflows may be out of date.
    @discardableResult
    func deliverEvents() -> Bool {
        let (events, isChanged) = lock.withLock {
            let events = virtualSwitch.events
            virtualSwitch.events.removeAll()
            return (events, virtualSwitch.needsRevalidation)
        }
        if !events.isEmpty { onEvents?(events) }
        return isChanged
    }

    /// Delivers events, and has megaflows translated again where something changed.
    func settle() {
        let isChanged = deliverEvents()
        if lock.withLock({ virtualSwitch.hasLivenessWork }) { runLiveness() }
        guard isChanged, !isRevalidationScheduled else { return }
        isRevalidationScheduled = true
        _ = loop.after(Self.gatheringTime) { [unowned self] in
            isRevalidationScheduled = false
            collect()
        }
    }

    /// Fetches counters without waiting, then revalidates.
    private func collect() {
        // The end of the round under way sees what has changed meanwhile.
        guard !isRevalidating else { return }
        let retired = lock.withLock { virtualSwitch.takeRetiredContexts() }
        plane.gatherStatistics { [unowned self] datapath in
            datapath.drainUpcalls(by: self)
        } _: { [unowned self] statistics in
            loop.post { [unowned self] in
                beginRevalidation(statistics.value, retired)
                revalidateInParts()
            }
        }
    }

    /// - Parameter retired: contexts that were retired before the datapath was asked.
    private func beginRevalidation(
        _ statistics: [(id: FlowID, statistics: FlowStatistics)], _ retired: RetiredContexts
    ) {
        roundStart = .now
        roundFlows = statistics.count
        isRevalidating = true
        withSwitch { virtualSwitch in
            virtualSwitch.release(retired)
            virtualSwitch.beginRevalidation(statistics)
            virtualSwitch.expire(now: clock.now)
        }
    }

    /// Looks at some more megaflows; between two parts the forwarding thread has its turn.
    ///
    /// - Returns: whether there are more.
    private func continueRevalidation() -> Bool {
        let now = clock.now
        let hasMore = withSwitch {
            $0.continueRevalidation(count: VirtualSwitch.revalidationPart, now: now)
        }
        guard !hasMore else { return true }
        guard isRevalidating else { return false }
        isRevalidating = false
        let took = (ContinuousClock.now - roundStart) / Duration.milliseconds(1)
        lock.withLock {
            virtualSwitch.noteRevalidation(flows: roundFlows, took: Milliseconds(took))
        }
        return false
    }

    /// Does a round part by part, with the control loop's other work between.
    private func revalidateInParts() {
        guard continueRevalidation() else {
            settle()
            return
        }
        loop.post { [unowned self] in revalidateInParts() }
    }

    /// Brings rules' counters, megaflows and timeouts up to date before it returns.
    func synchronize() {
        let retired = lock.withLock { virtualSwitch.takeRetiredContexts() }
        let statistics = plane.flowStatistics()
        beginRevalidation(statistics, retired)
        while continueRevalidation() {}
        _ = plane.askEach { [unowned self] datapath in datapath.drainUpcalls(by: self) }
        settle()
    }

    /// Lets the datapath send the packets and follow the changes so far before it returns, as a
    /// barrier asks (OpenFlow 1.3.5 §6.1.4): a packet behind it meets the new rules.
    ///
    /// With many megaflows they follow a few milliseconds later, as they do in OVS in any case;
    /// a controller that puts a barrier behind each of its rules would wait too long.
    ///
    /// - Returns: whether megaflows were translated again.
    func completeChanges() -> Bool {
        if hasSentPackets {
            hasSentPackets = false
            _ = plane.askEach { [unowned self] datapath in datapath.drainUpcalls(by: self) }
        }
        let count = lock.withLock {
            virtualSwitch.needsRevalidation ? virtualSwitch.megaflowCount : 0
        }
        guard count > 0 && count <= Self.maximumBarrierFlows else { return false }
        synchronize()
        return true
    }

    /// Brings rules' counters up to date, and nothing else.
    func refreshCounters() {
        let statistics = plane.flowStatistics()
        lock.withLock { virtualSwitch.absorb(statistics) }
    }

    /// Brings meters' counters up to date.
    func refreshMeters() {
        let meters = plane.meterCounters()
        lock.withLock { virtualSwitch.absorb(meters: meters) }
    }

    // MARK: Liveness

    /// Has the sessions that watch paths do what is due, and comes back when something is again.
    func runLiveness() {
        livenessTimer?.cancel()
        livenessTimer = nil
        if lock.withLock({ virtualSwitch.livenessNeedsCounters }) { devices.refreshCounters() }
        let (wake, changes) = lock.withLock {
            let wake = virtualSwitch.runLiveness(now: clock.now)
            return (wake, virtualSwitch.takeChangedLiveness())
        }
        if !changes.isEmpty { onLiveness?(changes) }
        guard let wake else { return }
        let delay = Duration.milliseconds(max(1, wake - clock.now))
        livenessTimer = loop.after(delay) { [unowned self] in
            runLiveness()
            settle()
        }
    }

    // MARK: For commands

    /// Fetches what a command looks at; must not be called with the switch locked.
    func fetch(_ need: VswitchdCommands.Need) -> DatapathSnapshot {
        switch need {
        case .nothing: break
        case .counters: refreshCounters()
        case .datapath(let withFlows):
            refreshCounters()
            return plane.snapshot(withFlows: withFlows)
        case .ports:
            refreshCounters()
            devices.refreshCounters()
            return plane.snapshot(withFlows: true)
        }
        return DatapathSnapshot()
    }

    /// Lets frames arrive at a dummy port, and forwards them before it returns.
    func receive(_ frames: [[UInt8]], on port: DummyPort, queue: Int = 0) {
        let number = lock.withLock { virtualSwitch.datapathNumber(ofDevice: port.name) }
        guard let number else { return }
        plane.receive(frames, on: port, number: number, queue: queue)
        settle()
    }

    /// Whether a dummy port's stream has its peer.
    func connectionState(of name: String) -> DummyPort.ConnectionState? {
        guard let port = devices.dummy(name) else { return nil }
        return plane.ask { _ in port.connectionState }
    }

    // MARK: Time

    func stopTime() { clock.stop() }

    /// Moves the clock in steps, doing at each what would have been done then.
    func warpTime(by duration: Milliseconds, step: Milliseconds) {
        var rest = duration
        while rest > 0 {
            let part = min(rest, max(step, 1))
            clock.warp(by: part)
            rest -= part
            runLiveness()
            synchronize()
            onWarp?()
        }
    }
}

extension UserspaceDatapath {
    /// Hands over what waits to go up; an action list of a packet-out may have left something.
    fileprivate func drainUpcalls(by runtime: SwitchRuntime) {
        guard hasPending else { return }
        runtime.lock.withUrgentLock {
            runtime.virtualSwitch.handleMisses(of: self, now: runtime.clock.now)
        }
        flush()
    }
}
