import CLinux
import Datapath

/// What a ``ForwardingThread`` does.
///
/// *Thread safety*: everything here is called on that thread alone.
final class ForwardingLoop: @unchecked Sendable {
    /// Batches that one port may deliver before the others have their turn.
    private static let maxBatchesPerTurn = 4
    /// As long as sleeping and waking take: looking longer cannot gain.
    private static let lookNanoseconds: Int64 = 40_000
    /// How long the thread does not look after it has found itself in somebody's way.
    private static let restNanoseconds: Int64 = 20_000_000
    private static let eventCount = 64
    /// Nanoseconds between two calls of the ports' `age()`.
    private static let ageNanoseconds: Int64 = 1_000_000_000
    private static let wakeMark = UInt64.max

    /// A queue of a port, and the number that the port was added under.
    private final class Entry {
        let port: any PacketPort
        let queue: any ReceiveQueue
        let place: QueuePlace
        /// The descriptor that is registered, or -1.
        var descriptor: Int32
        /// The turn in which the queue was served last.
        var turn: UInt64 = 0
        var isRemoved = false
        var meter = LoadMeter.QueueMeter()

        init(_ port: any PacketPort, _ place: QueuePlace) {
            self.port = port
            self.place = place
            queue = port.queues[place.index]
            descriptor = queue.readinessDescriptor
        }
    }

    let epoll: Int32
    let pool = PacketPool()
    var work = ForwardingThread.Work(process: { _, _, _ in false })
    var polling = PollingSettings()
    /// Where the time goes, if that is measured.
    private var meter: LoadMeter?

    private let wakeDescriptor: Int32
    private let interval: Int64
    private var nextAge: Int64 = 0
    private let batch = PacketBatch()
    private let events: UnsafeMutablePointer<epoll_event>
    private var entries: [UInt64: Entry] = [:]
    /// All of ``entries`` in the order in which they came.
    private var ordered: [Entry] = []
    /// Ports that closures feed, which are looked at after closures only.
    private var quietEntries: [Entry] = []
    /// Ports that may hold more than they delivered in the last turn.
    private var unfinished: [Entry] = []
    /// Those of the turn before, while they are served.
    private var waiting: [Entry] = []
    private var turn: UInt64 = 0
    /// Packets of the largest batch of a turn.
    private var largest = 0
    /// How long a polling thread sleeps next.
    private var sleep: Int64 = 0
    /// Whether looking again before sleeping has paid lately.
    private var looksAgain = false
    private var takeClosures: () -> (closures: [() -> Void], isLast: Bool) = { ([], true) }
    private var isStopped = false

    init(epoll: Int32, wakeDescriptor: Int32, interval: Int64, isMeasured: Bool) {
        self.epoll = epoll
        self.wakeDescriptor = wakeDescriptor
        self.interval = interval
        meter = isMeasured ? LoadMeter() : nil
        events = .allocate(capacity: Self.eventCount)
        _ = clinux_epoll_control(
            epoll,
            EPOLL_CTL_ADD,
            wakeDescriptor,
            EPOLLIN.rawValue,
            Self.wakeMark
        )
    }

    deinit {
        events.deallocate()
    }

    func add(_ port: any PacketPort, _ place: QueuePlace) {
        remove(place)
        guard place.index < port.queues.count else { return }
        let entry = Entry(port, place)
        entries[place.mark] = entry
        ordered.append(entry)
        guard entry.descriptor >= 0 else {
            quietEntries.append(entry)
            return
        }
        register(entry)
    }

    private func register(_ entry: Entry) {
        let code = clinux_epoll_control(
            epoll,
            EPOLL_CTL_ADD,
            entry.descriptor,
            EPOLLIN.rawValue,
            entry.place.mark
        )
        if code != 0 { entry.descriptor = -1 }
    }

    /// Polls the descriptor that the port has now.
    private func follow(_ entry: Entry) {
        let descriptor = entry.queue.readinessDescriptor
        guard entry.descriptor >= 0, descriptor >= 0, descriptor != entry.descriptor else { return }
        forget(entry)
        entry.descriptor = descriptor
        register(entry)
    }

    private func age(_ now: Int64) {
        guard now >= nextAge else { return }
        nextAge = now + Self.ageNanoseconds
        for entry in entries.values where entry.descriptor >= 0 {
            let before = entry.descriptor
            entry.queue.age()
            follow(entry)
            // What waits behind the descriptor of before would wake nobody, nor does a device that
            // goes wake every kind of socket.
            if entry.descriptor != before || entry.queue.hasVanished { _ = serve(entry) }
        }
    }

    func remove(_ place: QueuePlace) {
        guard let entry = entries.removeValue(forKey: place.mark) else { return }
        forget(entry)
        entry.isRemoved = true
        quietEntries.removeAll { $0 === entry }
        ordered.removeAll { $0 === entry }
        entry.queue.giveBack(to: pool)
    }

    // MARK: Measuring

    /// Where the time has gone.
    func load() -> ThreadLoad {
        guard let meter else { return ThreadLoad() }
        return meter.snapshot(
            ordered.map {
                var queue = ThreadLoad.Queue(
                    port: $0.place.port, index: $0.place.index, cycles: $0.meter.past)
                queue.isEnabled = $0.queue.isEnabled
                return queue
            })
    }

    func clearLoad() { meter?.clear() }

    /// Has queues count what was dropped before it reached them.
    func countDrops() {
        for entry in ordered { entry.queue.countDrops() }
    }

    private func measure(isBusy: Bool, slept: Int64, now: Int64) {
        meter?.count(isBusy: isBusy, slept: slept)
        guard meter?.roll(now: now) == true else { return }
        for entry in ordered { entry.meter.roll() }
    }

    private func forget(_ entry: Entry) {
        guard entry.descriptor >= 0 else { return }
        _ = clinux_epoll_control(epoll, EPOLL_CTL_DEL, entry.descriptor, 0, 0)
        entry.descriptor = -1
    }

    /// Works until the closures' source says that these were the last.
    func run(_ takeClosures: @escaping () -> (closures: [() -> Void], isLast: Bool)) {
        self.takeClosures = takeClosures
        var now = clinux_monotonic_nanoseconds()
        var nextTick = now + interval
        var lastPacket = now
        var restEnd = now
        while !isStopped {
            if polling.isPolling {
                poll(&now, &nextTick)
                continue
            }
            // While packets are looked for, the kernel is asked without waiting.
            let isLooking = looksAgain && now - lastPacket < Self.lookNanoseconds
            if looksAgain && !isLooking { looksAgain = false }
            let mustNotWait = isLooking || !unfinished.isEmpty
            let wait = mustNotWait ? 0 : max(1, nextTick - now)
            let ready = clinux_epoll_wait(epoll, events, Int32(Self.eventCount), wait)
            let before = now
            now = clinux_monotonic_nanoseconds()
            let came = handle(max(0, Int(ready)))
            if meter != nil { measure(isBusy: came, slept: 0, now: now) }
            if came {
                if !isLooking {
                    looksAgain = now - before < Self.lookNanoseconds && now >= restEnd
                }
                lastPacket = now
            } else if isLooking && !isAlone(&now) {
                looksAgain = false
                restEnd = now + Self.restNanoseconds
            }
            tick(now, &nextTick)
        }
        for entry in ordered { remove(entry.place) }
    }

    private func tick(_ now: Int64, _ nextTick: inout Int64) {
        guard now >= nextTick else { return }
        work.tick(now)
        age(now)
        nextTick = now + interval
    }

    /// One turn of a thread that looks for packets all the time.
    private func poll(_ now: inout Int64, _ nextTick: inout Int64) {
        let wait = unfinished.isEmpty ? sleep : 0
        let ready = clinux_epoll_wait(epoll, events, Int32(Self.eventCount), wait)
        let before = now
        now = clinux_monotonic_nanoseconds()
        largest = 0
        let came = handle(max(0, Int(ready)))
        if meter != nil { measure(isBusy: came, slept: wait > 0 ? now - before : 0, now: now) }
        sleep =
            largest >= PollingSettings.busyCount
            ? 0 : min(polling.maximumSleep, sleep + PollingSettings.sleepStep)
        tick(now, &nextTick)
    }

    /// Lets others use this processor.
    ///
    /// Whoever is to make the next packet may wait for it: a thread that looks is not put aside for
    /// a thread that wakes up, as one that sleeps would have been, but keeps it waiting for some
    /// milliseconds.
    ///
    /// - Returns: whether nobody did.
    private func isAlone(_ now: inout Int64) -> Bool {
        sched_yield()
        let before = now
        now = clinux_monotonic_nanoseconds()
        return now - before < Self.lookNanoseconds
    }

    /// - Returns: whether packets came.
    private func handle(_ count: Int) -> Bool {
        turn &+= 1
        swap(&unfinished, &waiting)
        var came = false
        for index in 0..<count {
            let mark = events[index].data.u64
            if mark == Self.wakeMark {
                came = runClosures() || came
            } else if let entry = entries[mark] {
                came = serve(entry) || came
            }
        }
        if polling.isPolling { came = pollQueues() || came }
        for entry in waiting where entry.turn != turn && !entry.isRemoved {
            came = serve(entry) || came
        }
        waiting.removeAll(keepingCapacity: true)
        return came
    }

    /// Looks into the queues that say without a call of the kernel whether there is something.
    private func pollQueues() -> Bool {
        var came = false
        var index = 0
        // A closure may have removed one meanwhile.
        while index < ordered.count {
            let entry = ordered[index]
            index += 1
            if entry.turn != turn && entry.queue.isPolledForNothing {
                came = serve(entry) || came
            }
        }
        return came
    }

    private func runClosures() -> Bool {
        var count: UInt64 = 0
        _ = read(wakeDescriptor, &count, 8)
        let (closures, isLast) = takeClosures()
        for closure in closures { closure() }
        isStopped = isLast
        var came = false
        var more = true
        while more {
            more = false
            for entry in quietEntries { more = serve(entry) || more }
            came = came || more
        }
        return came
    }

    /// - Returns: whether packets came.
    private func serve(_ entry: Entry) -> Bool {
        var came = false
        var more = true
        var endsTurn = false
        let start = meter == nil ? 0 : clinux_cycles()
        entry.turn = turn
        for _ in 0..<Self.maxBatchesPerTurn {
            more = entry.queue.receive(into: batch, from: pool)
            if batch.count > 0 {
                came = true
                largest = max(largest, batch.count)
                endsTurn = work.process(batch, entry.port, entry.place.port)
                batch.removeAll()
            }
            if !more || endsTurn { break }
        }
        if came && meter != nil { entry.meter.current &+= clinux_cycles() &- start }
        if more && (entry.descriptor >= 0 || endsTurn) { unfinished.append(entry) }
        follow(entry)
        if entry.queue.hasVanished && entry.descriptor >= 0 {
            forget(entry)
            work.portDidVanish(entry.port, entry.place.port)
        }
        return came
    }
}
