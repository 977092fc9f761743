import ConnectionTracking
import FlowModel
import Glibc
import TestSupport
import Testing

/// Several threads with one tracker.
@Suite(.serialized) struct ParallelTrackingTests {
    static let threadCount = 4

    /// Runs `body` on threads of their own, with their numbers.
    private static func onThreads(
        _ count: Int = threadCount, _ body: @escaping @Sendable (Int) -> Void
    ) {
        final class Work: @unchecked Sendable {
            let number: Int
            let body: @Sendable (Int) -> Void
            init(_ number: Int, _ body: @escaping @Sendable (Int) -> Void) {
                self.number = number
                self.body = body
            }
        }
        var threads: [pthread_t] = []
        for number in 0..<count {
            var thread = pthread_t()
            let work = Unmanaged.passRetained(Work(number, body))
            let status = pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                    work.body(work.number)
                    return nil
                }, work.toOpaque())
            guard status == 0 else {
                work.release()
                Issue.record("pthread_create: \(status)")
                continue
            }
            threads.append(thread)
        }
        for thread in threads { pthread_join(thread, nil) }
    }

    private static func key(_ client: UInt64, _ port: UInt16, zone: UInt16 = 0) -> ConnectionKey {
        var key = Traffic.key(17, from: UInt128(0x0a00_0000 + client), port)
        key.zone = zone
        return key
    }

    @Test func `each thread's connections are as if it were alone`() {
        let tracker = ConnectionTracker(seed: 7)
        tracker.share()
        let wrong = Counter()
        Self.onThreads { number in
            var commit = Traffic.commit
            commit.markMask = .max
            commit.mark = UInt32(number)
            let order = TrackingOrder(commit)
            let look = TrackingOrder(DatapathTracking())
            var random = SplitMix64(seed: UInt64(number))
            // What the thread knows of its own connections: whether they were answered.
            var isAnswered: [UInt64: Bool] = [:]
            for _ in 0..<60_000 {
                let client = UInt64(number) << 16 | random.next() % 5000
                let key = Self.key(client, UInt16(1000 + client % 7))
                if random.next() % 3 == 0 {
                    let state = tracker.track(TrackedPacket(key.reversed), look, nil, now: 1000)
                        .state
                    let expected: ConnectionFlags =
                        isAnswered[client] == nil
                        ? [.tracked, .new] : [.tracked, .established, .reply]
                    if state.flags != expected { wrong.add() }
                    if isAnswered[client] != nil {
                        isAnswered[client] = true
                        if state.mark != UInt32(number) { wrong.add() }
                    }
                } else {
                    let state = tracker.track(TrackedPacket(key), order, nil, now: 1000).state
                    let expected: ConnectionFlags =
                        isAnswered[client] == true ? [.tracked, .established] : [.tracked, .new]
                    if state.flags != expected || state.mark != UInt32(number) { wrong.add() }
                    isAnswered[client] = isAnswered[client] ?? false
                }
            }
        }
        #expect(wrong.value == 0)
        #expect(tracker.count <= Self.threadCount * 5000)
        #expect(tracker.records(ConnectionSelection(), now: 1000).count == tracker.count)
    }

    /// All threads begin the same connections, through a translation, and answer those of others.
    @Test func `one connection has one entry, and one tuple belongs to one connection`() {
        let tracker = ConnectionTracker(seed: 8)
        tracker.share()
        var translated = Traffic.commit
        translated.translation = AddressTranslation(
            .source, addresses: .ipv4(0x0b00_0001, last: 0x0b00_0002))
        translated.translation?.ports = .init(2000, last: 9999)
        let ordered = translated
        Self.onThreads { number in
            let order = TrackingOrder(ordered)
            var random = SplitMix64(seed: UInt64(number))
            for _ in 0..<20_000 {
                let key = Self.key(random.next() % 3000, 1000)
                let verdict = tracker.track(TrackedPacket(key), order, nil, now: 1000)
                let back = verdict.target.reversed
                if verdict.isTranslated {
                    _ = tracker.track(TrackedPacket(back), order, nil, now: 1000)
                }
            }
        }
        let records = tracker.records(ConnectionSelection(), now: 1000)
        #expect(records.count == tracker.count)
        #expect(records.count == 3000)
        #expect(Set(records.map(\.forward)).count == records.count)
        #expect(Set(records.map(\.reverse)).count == records.count)
        #expect(records.allSatisfy { (2000...9999).contains($0.reverse.destinationPort) })
        tracker.flush(ConnectionSelection())
        #expect(tracker.count == 0)
        #expect(tracker.countsOfShards.allSatisfy { $0 == 0 })
    }

    @Test func `limits hold however many begin at once`() {
        let tracker = ConnectionTracker(seed: 9)
        tracker.share()
        tracker.maximum = 5000
        tracker.setLimit(ofZone: 3, 1000)
        Self.onThreads { number in
            for client in UInt64(0)..<10_000 {
                var order = Traffic.commit
                order.zone = client % 2 == 0 ? 3 : 4
                let key = Self.key(UInt64(number) << 20 | client, 1, zone: order.zone)
                _ = tracker.track(TrackedPacket(key), TrackingOrder(order), nil, now: 1000)
            }
        }
        #expect(tracker.count == 5000)
        #expect(tracker.limit(ofZone: 3) == (1000, 1000))
        #expect(tracker.records(ConnectionSelection(zone: 3), now: 1000).count == 1000)
    }

    /// Time goes on, connections expire and are reopened, operators list and flush, and a control
    /// connection tells of others meanwhile: what is counted in the end is what is there.
    @Test(arguments: 0..<4 as Range<UInt64>)
    func `expiry, flushes and helpers go on beside packets`(seed: UInt64) {
        let tracker = ConnectionTracker(seed: seed)
        tracker.share()
        Self.onThreads(Self.threadCount + 1) { number in
            var random = SplitMix64(seed: seed << 8 | UInt64(number))
            guard number > 0 else {
                for round in UInt64(0)..<30 {
                    _ = tracker.records(ConnectionSelection(), now: 1000 + round * 20_000)
                    if round % 10 == 9 { tracker.flush(ConnectionSelection(zone: 1)) }
                    tracker.setLimit(ofZone: 2, round % 2 == 0 ? 50 : nil)
                    var timeouts = TrackingTimeouts()
                    timeouts[.otherFirst] = 1000 + round
                    tracker.setTimeouts(ofZone: 1, round % 3 == 0 ? nil : timeouts)
                }
                return
            }
            Self.converse(with: tracker, &random)
        }
        let now: UInt64 = 10_000_000_000
        tracker.expire(now: now)
        #expect(tracker.count == 0)
        #expect(tracker.countsOfShards.allSatisfy { $0 == 0 })
        for zone in UInt16(0)..<3 { #expect(tracker.limit(ofZone: zone).count == 0) }
    }

    private static func conversation(_ isControl: Bool, _ client: UInt128) -> ConnectionKey {
        isControl
            ? Traffic.key(6, 1000, 21)
            : Traffic.key(17, from: client, 2000 + UInt16(client & 0x1ff))
    }

    private static func converse(with tracker: ConnectionTracker, _ random: inout SplitMix64) {
        let line = Array("PORT 10,0,0,1,4,1\r\n".utf8)
        for step in UInt64(0)..<15_000 {
            let now = 1000 + step * 150
            var order = Traffic.commit
            order.zone = UInt16(random.next() % 3)
            order.isForced = random.next() % 10 == 0
            if random.next() % 2 == 0 {
                order.translation = AddressTranslation(
                    .source, addresses: .ipv4(0x0b00_0001, last: nil))
            }
            let control = random.next() % 8 == 0
            if control { order.helper = "ftp" }
            let client = UInt128(0x0a00_0000 + random.next() % 400)
            var packet = TrackedPacket(
                Self.conversation(control, client),
                Traffic.tcp(control ? 0x18 : 0, 100, 200))
            if random.next() % 3 == 0 { packet.key = packet.key.reversed }
            line.withUnsafeBytes { octets in
                packet.payload = octets
                let verdict = tracker.track(packet, TrackingOrder(order), nil, now: now)
                _ = tracker.takeEdit(of: verdict)
                guard verdict.isTranslated else { return }
                let back = TrackedPacket(verdict.target.reversed)
                _ = tracker.track(back, TrackingOrder(order), nil, now: now)
            }
        }
    }
}

/// A number that threads add to.
final class Counter: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private(set) var value = 0

    init() { lock.initialize(to: pthread_mutex_t()) }

    deinit { lock.deallocate() }

    func add() {
        pthread_mutex_lock(lock)
        value += 1
        pthread_mutex_unlock(lock)
    }
}
