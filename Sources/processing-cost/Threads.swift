import Datapath
import Glibc
import Synchronization

/// A port that all threads send by, each for a moment at a time.
final class SharedCountingPort: PacketPort {
    let name = "p2"
    let offloads: PortOffloads = [.checksum, .tcpSegmentation, .udpSegmentation]
    private let sent = Mutex<UInt64>(0)

    var counters: PortCounters {
        var counters = PortCounters()
        counters.sentPackets = sent.withLock { $0 }
        return counters
    }
    var readinessDescriptor: Int32 { -1 }

    func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool { false }

    func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {
        sent.withLock { $0 &+= UInt64(truncatingIfNeeded: packets.count) }
    }
}

/// Measures what threads forward together over memory ports: each has a datapath of its own, and
/// all send by one port.
///
/// With as many processors as threads, twice the threads forward twice as much. Where there are
/// fewer, the processor time a packet tells the same: it is the same for one thread and for many,
/// unless they wait for each other or for the same memory.
struct ThreadMeasurement {
    private static let packetCount = 1 << 22
    private static let flows = 1000

    /// One thread's work, and when all are to begin.
    private final class Work: @unchecked Sendable {
        let workload: Workload
        let isBegun: Atomic<Bool>
        var nanoseconds = 0.0

        init(_ workload: Workload) {
            self.workload = workload
            isBegun = Atomic(false)
        }

        func run() {
            workload.run(ThreadMeasurement.flows)
            while !isBegun.load(ordering: .acquiring) { sched_yield() }
            let start = Self.now()
            workload.run(ThreadMeasurement.packetCount)
            nanoseconds = Self.now() - start
        }

        /// The time that this thread had.
        private static func now() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
        }
    }

    func run() -> Bool {
        print("threads   million packets/s   processor ns a packet")
        var isWhole = true
        for count in [1, 2, 4] {
            guard let (rate, cost, sent) = measure(count) else { return false }
            isWhole = isWhole && sent >= count * Self.packetCount
            print(
                Measurement.pad(count, 10) + Measurement.pad(Measurement.tenths(rate), 20)
                    + Measurement.tenths(cost))
        }
        return isWhole
    }

    private func measure(_ count: Int) -> (rate: Double, cost: Double, sent: Int)? {
        var settings = CacheSettings()
        settings.insertion = 1
        let commons = DatapathCommons()
        commons.share()
        let port = SharedCountingPort()
        var works: [Work] = []
        for _ in 0..<count {
            let workload = try? Workload(
                subtables: 10, flows: Self.flows, settings: settings, commons: commons,
                output: port)
            guard let workload else { return nil }
            works.append(Work(workload))
        }
        let handles = works.map { work in
            var handle = pthread_t()
            pthread_create(
                &handle, nil,
                { context in
                    guard let context else { return nil }
                    Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
                    return nil
                }, Unmanaged.passRetained(work).toOpaque())
            return handle
        }
        let start = Self.wallNow()
        for work in works { work.isBegun.store(true, ordering: .releasing) }
        for handle in handles { pthread_join(handle, nil) }
        let passed = Self.wallNow() - start
        let packets = Double(count * Self.packetCount)
        let cost = works.reduce(0) { $0 + $1.nanoseconds } / packets
        return (packets / passed * 1000, cost, Int(port.counters.sentPackets))
    }

    private static func wallNow() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
}
