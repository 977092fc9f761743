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

    /// A port and the number that it was added under.
    private final class Entry {
        let port: any PacketPort
        let number: UInt32
        /// The descriptor that is registered, or -1.
        var descriptor: Int32
        /// The turn in which the port was served last.
        var turn: UInt64 = 0
        var isRemoved = false

        init(port: any PacketPort, number: UInt32) {
            self.port = port
            self.number = number
            descriptor = port.readinessDescriptor
        }
    }

    let epoll: Int32
    let pool = PacketPool()
    var work = ForwardingThread.Work(process: { _, _, _ in })

    private let wakeDescriptor: Int32
    private let interval: Int64
    private var nextAge: Int64 = 0
    private let batch = PacketBatch()
    private let events: UnsafeMutablePointer<epoll_event>
    private var entries: [UInt32: Entry] = [:]
    /// Ports that closures feed, which are looked at after closures only.
    private var quietEntries: [Entry] = []
    /// Ports that may hold more than they delivered in the last turn.
    private var unfinished: [Entry] = []
    /// Those of the turn before, while they are served.
    private var waiting: [Entry] = []
    private var turn: UInt64 = 0
    /// Whether looking again before sleeping has paid lately.
    private var looksAgain = false
    private var takeClosures: () -> (closures: [() -> Void], isLast: Bool) = { ([], true) }
    private var isStopped = false

    init(epoll: Int32, wakeDescriptor: Int32, interval: Int64) {
        self.epoll = epoll
        self.wakeDescriptor = wakeDescriptor
        self.interval = interval
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

    func add(_ port: any PacketPort, number: UInt32) {
        remove(number)
        let entry = Entry(port: port, number: number)
        entries[number] = entry
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
            UInt64(entry.number)
        )
        if code != 0 { entry.descriptor = -1 }
    }

    /// Polls the descriptor that the port has now.
    private func follow(_ entry: Entry) {
        let descriptor = entry.port.readinessDescriptor
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
            entry.port.age()
            follow(entry)
            // What waits behind the descriptor of before would wake nobody, nor does a device that
            // goes wake every kind of socket.
            if entry.descriptor != before || entry.port.hasVanished { _ = serve(entry) }
        }
    }

    func remove(_ number: UInt32) {
        guard let entry = entries.removeValue(forKey: number) else { return }
        forget(entry)
        entry.isRemoved = true
        quietEntries.removeAll { $0 === entry }
        entry.port.giveBack(to: pool)
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
            // While packets are looked for, the kernel is asked without waiting.
            let isLooking = looksAgain && now - lastPacket < Self.lookNanoseconds
            if looksAgain && !isLooking { looksAgain = false }
            let mustNotWait = isLooking || !unfinished.isEmpty
            let wait = mustNotWait ? 0 : max(1, nextTick - now)
            let ready = clinux_epoll_wait(epoll, events, Int32(Self.eventCount), wait)
            let before = now
            now = clinux_monotonic_nanoseconds()
            if handle(max(0, Int(ready))) {
                if !isLooking {
                    looksAgain = now - before < Self.lookNanoseconds && now >= restEnd
                }
                lastPacket = now
            } else if isLooking && !isAlone(&now) {
                looksAgain = false
                restEnd = now + Self.restNanoseconds
            }
            if now >= nextTick {
                work.tick(now)
                age(now)
                nextTick = now + interval
            }
        }
        for number in Array(entries.keys) { remove(number) }
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
            } else if let entry = entries[UInt32(truncatingIfNeeded: mark)] {
                came = serve(entry) || came
            }
        }
        for entry in waiting where entry.turn != turn && !entry.isRemoved {
            came = serve(entry) || came
        }
        waiting.removeAll(keepingCapacity: true)
        return came
    }

    private func runClosures() -> Bool {
        var count: UInt64 = 0
        _ = read(wakeDescriptor, &count, 8)
        let (closures, isLast) = takeClosures()
        for closure in closures { closure() }
        isStopped = isLast
        var came = false
        for entry in quietEntries {
            while serve(entry) { came = true }
        }
        return came
    }

    /// - Returns: whether packets came.
    private func serve(_ entry: Entry) -> Bool {
        var came = false
        var more = true
        entry.turn = turn
        for _ in 0..<Self.maxBatchesPerTurn {
            more = entry.port.receive(into: batch, from: pool)
            if batch.count > 0 {
                came = true
                work.process(batch, entry.port, entry.number)
                batch.removeAll()
            }
            if !more { break }
        }
        if more && entry.descriptor >= 0 { unfinished.append(entry) }
        follow(entry)
        if entry.port.hasVanished && entry.descriptor >= 0 {
            forget(entry)
            work.portDidVanish(entry.port, entry.number)
        }
        return came
    }
}
