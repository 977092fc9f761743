import ConnectionTracking
import Datapath
import FlowModel

/// A stateful firewall in the datapath, and packets of connections through it.
///
/// A packet is tracked, goes round, and is put out by a flow that looks at its state. All packets
/// of a run either begin connections or belong to those that both ends have been heard of.
final class TrackedWorkload {
    enum Kind {
        /// Datagrams of so many connections, in an order that no cache can guess.
        case established(connections: Int)
        /// Each datagram begins another connection.
        case new
    }

    private static let bufferCount = 256
    /// Connections that are begun before all are forgotten again.
    static let newConnections = 1 << 20

    private let kind: Kind
    private let datapath: UserspaceDatapath
    private let output = CountingPort("p2")
    private let buffers: [PacketBuffer]
    private let batch = PacketBatch()
    private var connection: UInt64 = 0
    private var buffer = 0
    private var time: UInt64 = 1

    init(_ kind: Kind) throws {
        self.kind = kind
        let pool = PacketPool(capacity: 2048)
        datapath = UserspaceDatapath(pool: pool)
        try datapath.addPort(1, CountingPort("p1"))
        try datapath.addPort(2, output)
        buffers = (0..<Self.bufferCount).map { _ in pool.make(Workload.frame) }
        try addFlows()
        if case .established(let count) = kind {
            for number in 0..<count { answer(number) }
        }
    }

    deinit {
        for buffer in buffers { datapath.pool.release(buffer) }
    }

    private func addFlows() throws {
        var tracking = DatapathTracking()
        tracking.zone = 1
        tracking.isCommitted = true
        var key = FlowKey()
        var mask = FlowKey()
        mask.inPort = .max
        mask.recirculationID = .max
        mask.etherType = .max
        mask.ipFragment = .max
        key.etherType = EtherType.ipv4
        for port in UInt32(1)...2 {
            key.inPort = port
            key.recirculationID = 0
            try datapath.insert(
                key: key, mask: mask, actions: [.track(tracking), .recirculate(1)])
            key.recirculationID = 1
            for state: UInt32 in [0x21, 0x22, 0x2a] {
                key[.ctState] = UInt128(state)
                mask[.ctState] = UInt128(0x3f)
                try datapath.insert(key: key, mask: mask, actions: [.output(3 - port)])
            }
            key[.ctState] = UInt128(0)
            mask[.ctState] = UInt128(0)
        }
    }

    /// Has both ends of a connection heard.
    private func answer(_ number: Int) {
        send(from: 1) { frame in
            frame.storeBytes(of: Self.address(number).bigEndian, toByteOffset: 26, as: UInt32.self)
        }
        send(from: 2) { frame in
            let addresses = frame.loadUnaligned(fromByteOffset: 26, as: UInt64.self)
            frame.storeBytes(of: Self.address(number).bigEndian, toByteOffset: 30, as: UInt32.self)
            let server = UInt32(truncatingIfNeeded: addresses >> 32)
            frame.storeBytes(of: server, toByteOffset: 26, as: UInt32.self)
            let ports = frame.loadUnaligned(fromByteOffset: 34, as: UInt32.self)
            frame.storeBytes(of: ports << 16 | ports >> 16, toByteOffset: 34, as: UInt32.self)
        }
    }

    private func send(from port: UInt32, _ change: (UnsafeMutableRawPointer) -> Void) {
        let packet = datapath.pool.make(Workload.frame)
        change(packet.start)
        Self.complete(packet)
        batch.append(packet)
        datapath.receive(batch, from: port, now: 1)
        datapath.flush()
    }

    private static func address(_ number: Int) -> UInt32 { 0x0a00_0000 + UInt32(number) }

    /// Completes the checksum of the IPv4 header.
    @inline(__always)
    private static func complete(_ packet: PacketBuffer) {
        packet.start.storeBytes(of: 0, toByteOffset: 24, as: UInt16.self)
        var sum: UInt64 = 0
        for place in stride(from: 14, to: 34, by: 2) {
            let word = packet.start.loadUnaligned(fromByteOffset: place, as: UInt16.self)
            sum &+= UInt64(word)
        }
        sum = sum & 0xffff &+ sum >> 16
        sum = sum & 0xffff &+ sum >> 16
        packet.start.storeBytes(
            of: ~UInt16(truncatingIfNeeded: sum), toByteOffset: 24, as: UInt16.self)
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

    /// Makes room for new connections, where packets begin them: all are forgotten, and their
    /// memory is kept.
    func prepare() {
        guard case .new = kind else { return }
        connection = 0
        datapath.tracker.flush(.init())
    }

    @inline(__always)
    private func next() -> PacketBuffer {
        let packet = buffers[buffer]
        buffer = (buffer &+ 1) & (Self.bufferCount &- 1)
        switch kind {
        case .established(let count): connection = (connection &+ 0x9E37_79B1) % UInt64(count)
        case .new: connection &+= 1
        }
        let address = Self.address(Int(connection))
        packet.start.storeBytes(of: address.bigEndian, toByteOffset: 26, as: UInt32.self)
        Self.complete(packet)
        packet.retain()
        return packet
    }

    var sentPackets: UInt64 { output.counters.sentPackets }
    var connectionCount: Int { datapath.tracker.count }
    var statistics: DatapathStatistics { datapath.statistics }
}
