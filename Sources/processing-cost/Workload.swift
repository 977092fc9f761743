import Datapath
import FlowModel

/// A device of memory: what is sent to it is only counted.
final class CountingPort: PacketPort {
    let name: String
    /// As a virtio device: nothing is left to be done in software.
    let offloads: PortOffloads = [.checksum, .tcpSegmentation, .udpSegmentation]
    private(set) var counters = PortCounters()

    init(_ name: String) { self.name = name }

    var readinessDescriptor: Int32 { -1 }

    func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool { false }

    func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {
        counters.sentPackets &+= UInt64(truncatingIfNeeded: packets.count)
    }
}

/// A datapath full of flows, and packets of which each belongs to one of them.
///
/// Flow `n` stands for the packets with source address 10.0.0.0 + n, and lies in subtable
/// `n % subtables`; the masks differ in how much of the Ethernet addresses they look at. Packets
/// take the flows in an order that no cache can guess.
final class Workload {
    /// Buffers that packets are written into, a power of two: as many as a busy switch has under
    /// way.
    private static let bufferCount = 256

    private let flowCount: Int
    private let datapath: UserspaceDatapath
    private let own = CountingPort("p2")
    private let buffers: [PacketBuffer]
    private let batch = PacketBatch()
    private var flow: UInt64 = 0
    private var buffer = 0
    private var time: UInt64 = 1

    init(
        subtables: Int, flows: Int, settings: CacheSettings,
        commons: DatapathCommons = DatapathCommons(), output: (any PacketPort)? = nil
    ) throws {
        flowCount = flows
        let pool = PacketPool(capacity: 2048)
        datapath = UserspaceDatapath(pool: pool, commons: commons)
        datapath.flowLimit = flows
        datapath.cacheSettings = settings
        try datapath.addPort(1, CountingPort("p1"))
        try datapath.addPort(2, output ?? own)
        buffers = (0..<Self.bufferCount).map { _ in pool.make(Self.frame) }
        for number in 0..<flows {
            var key = Self.key
            key.ipv4Source = Self.address(number)
            try datapath.insert(
                key: key, mask: Self.mask(number % subtables), actions: [.output(2)])
        }
    }

    deinit {
        for buffer in buffers { datapath.pool.release(buffer) }
    }

    private static func address(_ flow: Int) -> UInt32 { 0x0a00_0000 + UInt32(flow) }

    /// 60 octets: a UDP datagram of 18.
    static let frame: [UInt8] =
        [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]
        + [0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 0, 11, 0, 0, 1]
        + [0, 1, 0, 2, 0, 26, 0, 0] + [UInt8](repeating: 0, count: 18)

    private static let key: FlowKey = {
        var packed = PackedKey()
        PacketParser.parse(frame.span.bytes, .init(inPort: 1), into: &packed)
        return packed.expanded
    }()

    private static func mask(_ subtable: Int) -> FlowKey {
        var mask = FlowKey()
        mask.inPort = .max
        mask.recirculationID = .max
        mask.etherType = .max
        mask.ipFragment = .max
        mask.ipv4Source = .max
        let addresses: UInt64 = 0xffff_ffff_ffff
        mask.ethernetDestination = addresses &<< UInt64(subtable % 32)
        mask.ethernetSource = addresses &<< UInt64(subtable / 32)
        return mask
    }

    /// Has so many packets processed.
    func run(_ packetCount: Int) {
        var left = packetCount
        while left > 0 {
            for _ in 0..<PacketBatch.capacity { batch.append(next()) }
            time &+= 1
            datapath.receive(batch, from: 1, now: time >> 10)
            datapath.flush()
            left -= PacketBatch.capacity
        }
    }

    @inline(__always)
    private func next() -> PacketBuffer {
        let packet = buffers[buffer]
        buffer = (buffer &+ 1) & (Self.bufferCount &- 1)
        flow = (flow &+ 0x9E37_79B1) % UInt64(flowCount)
        let address = Self.address(Int(flow))
        packet.start.storeBytes(of: address.bigEndian, toByteOffset: 26, as: UInt32.self)
        packet.retain()
        return packet
    }

    var sentPackets: UInt64 { own.counters.sentPackets }
    var statistics: DatapathStatistics { datapath.statistics }
}
