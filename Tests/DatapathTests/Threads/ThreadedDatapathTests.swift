import ConnectionTracking
import Datapath
import FlowModel
import Glibc
import Synchronization
import Testing

/// Several threads, each with a datapath of its own, that share ports, connections and meters.
struct ThreadedDatapathTests {
    /// A port that any thread may send by.
    final class SharedPort: PacketPort {
        let name: String
        let offloads: PortOffloads = [.checksum, .tcpSegmentation, .udpSegmentation]
        let sent = Atomic<Int>(0)
        let mark = Mutex<[UInt8: [UInt32]]>([:])

        init(_ name: String) { self.name = name }

        var counters: PortCounters { PortCounters() }
        var readinessDescriptor: Int32 { -1 }
        func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool { false }

        func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {
            sent.add(packets.count, ordering: .relaxed)
            mark.withLock { mark in
                for packet in packets {
                    let octets = packet.octets
                    let number = octets[50...53].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                    mark[octets[49], default: []].append(number)
                }
            }
        }
    }

    static let threadCount = 4
    static let packetCount = 20_000

    static func flow(
        _ datapath: UserspaceDatapath, _ actions: [DatapathAction], recirculated: UInt32 = 0
    ) throws {
        var key = FlowKey()
        var mask = FlowKey()
        key.inPort = 1
        key.recirculationID = recirculated
        key.etherType = EtherType.ipv4
        (mask.inPort, mask.recirculationID, mask.etherType) = (.max, .max, .max)
        try datapath.insert(key: key, mask: mask, actions: actions)
    }

    /// Runs `body` on so many threads, with datapaths that share `commons` and `port`.
    static func run(
        _ commons: DatapathCommons, _ port: SharedPort,
        _ body: @escaping @Sendable (Int, UserspaceDatapath) throws -> Void
    ) throws {
        commons.share()
        var handles: [pthread_t] = []
        final class Start {
            let body: () -> Void
            init(_ body: @escaping () -> Void) { self.body = body }
        }
        for number in 0..<threadCount {
            let datapath = UserspaceDatapath(
                pool: PacketPool(capacity: 2048), number: UInt16(number), commons: commons)
            for index in 1...2 { try datapath.addPort(UInt32(index), port) }
            nonisolated(unsafe) let own = datapath
            let start = Unmanaged.passRetained(Start { try? body(number, own) })
            var handle = pthread_t()
            pthread_create(
                &handle, nil,
                { context in
                    guard let context else { return nil }
                    Unmanaged<Start>.fromOpaque(context).takeRetainedValue().body()
                    return nil
                }, start.toOpaque())
            handles.append(handle)
        }
        for handle in handles { pthread_join(handle, nil) }
    }

    /// A datagram that tells its thread and number.
    static func frame(_ thread: Int, _ number: Int) -> [UInt8] {
        var frame: [UInt8] =
            [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]
            + [0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, UInt8(thread), 11, 0, 0, 1]
            + [0, UInt8(number & 7), 0, 2, 0, 26, 0, 0] + [UInt8](repeating: 0, count: 18)
        // The sum of the header's words but this one (RFC 791).
        let sum = stride(from: 14, to: 34, by: 2).reduce(UInt32(0)) {
            $0 + UInt32(frame[$1]) << 8 + UInt32(frame[$1 + 1])
        }
        let checksum = ~UInt16(truncatingIfNeeded: sum & 0xffff + sum >> 16)
        frame[24] = UInt8(checksum >> 8)
        frame[25] = UInt8(checksum & 0xff)
        frame[49] = UInt8(thread)
        for (index, shift) in [24, 16, 8, 0].enumerated() {
            frame[50 + index] = UInt8(truncatingIfNeeded: number >> shift)
        }
        return frame
    }

    static func send(_ thread: Int, _ datapath: UserspaceDatapath) {
        let batch = PacketBatch()
        var number = 0
        while number < packetCount {
            while batch.room > 0 && number < packetCount {
                batch.append(datapath.pool.make(frame(thread, number)))
                number += 1
            }
            datapath.receive(batch, from: 1, now: 1)
            datapath.flush()
        }
    }

    @Test func `threads that send by one port lose nothing and keep the order of each`() throws {
        let port = SharedPort("p")
        let isClean = Atomic<Int>(0)
        try Self.run(DatapathCommons(), port) { thread, datapath in
            try Self.flow(datapath, [.output(2)])
            Self.send(thread, datapath)
            if datapath.pool.usedCount == 0 && datapath.statistics.misses == 0 {
                isClean.add(1, ordering: .relaxed)
            }
        }
        #expect(isClean.load(ordering: .relaxed) == Self.threadCount)
        port.mark.withLock { mark in
            for thread in 0..<Self.threadCount {
                #expect(mark[UInt8(thread)] == (0..<UInt32(Self.packetCount)).map { $0 })
            }
        }
    }

    @Test func `a meter lets in what it says, whatever the threads`() throws {
        let commons = DatapathCommons()
        let port = SharedPort("p")
        let band = MeterBand(kind: .drop, rate: 1000, burst: 1000)
        let meter = MeterConfig(id: 1, flags: [.pktps, .burst], bands: [band])
        UserspaceDatapath(pool: PacketPool(capacity: 2048), commons: commons)
            .setMeter(0, meter, now: 1)
        try Self.run(commons, port) { thread, datapath in
            try Self.flow(datapath, [.meter(0), .output(2)])
            Self.send(thread, datapath)
        }
        #expect(port.sent.load(ordering: .relaxed) == 1000)
        let counters = UserspaceDatapath(pool: PacketPool(capacity: 2048), commons: commons)
            .counters(ofMeter: 0)
        #expect(counters?.input.packets == UInt64(Self.threadCount * Self.packetCount))
    }

    @Test func `policing lets in what it says, whatever the threads`() throws {
        let port = SharedPort("p")
        var settings = PortSettings()
        settings.policing.kilopacketRate = 1
        settings.policing.kilopacketBurst = 1
        let shared = SharedPolicing(settings.policing, now: 1)
        try Self.run(DatapathCommons(), port) { [settings] thread, datapath in
            try Self.flow(datapath, [.output(2)])
            datapath.setPort(1, settings, policing: shared)
            Self.send(thread, datapath)
        }
        #expect(port.sent.load(ordering: .relaxed) == 1000)
    }

    @Test func `connections of all threads are in one table`() throws {
        let commons = DatapathCommons()
        let port = SharedPort("p")
        try Self.run(commons, port) { thread, datapath in
            var order = DatapathTracking()
            order.isCommitted = true
            try Self.flow(datapath, [.track(order), .output(2)])
            Self.send(thread, datapath)
        }
        #expect(port.sent.load(ordering: .relaxed) == Self.threadCount * Self.packetCount)
        #expect(
            commons.tracker.records(ConnectionSelection(), now: 1).count == Self.threadCount * 8)
    }

    @Test func `flows of different threads have different names`() throws {
        var ids: Set<FlowID> = []
        for number in 0..<3 {
            let datapath = UserspaceDatapath(
                pool: PacketPool(capacity: 2048), number: UInt16(number))
            var mask = FlowKey()
            mask.inPort = .max
            let id = try datapath.insert(key: FlowKey(), mask: mask, actions: [])
            ids.insert(id)
            let other = UserspaceDatapath(pool: PacketPool(capacity: 2048), number: 9)
            _ = try other.insert(key: FlowKey(), mask: mask, actions: [])
            #expect(other.statistics(of: id) == nil && other.remove(id) == nil)
        }
        #expect(ids.count == 3)
    }
}
