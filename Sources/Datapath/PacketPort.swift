/// What a port takes over from the datapath when it sends.
public struct PortOffloads: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Packets with a partial checksum.
    public static var checksum: Self { .init(rawValue: 1) }
    /// Super-packets of TCP over IPv4 and IPv6.
    public static var tcpSegmentation: Self { .init(rawValue: 2) }
    /// Super-packets of UDP.
    public static var udpSegmentation: Self { .init(rawValue: 4) }
}

/// What a port has counted; names as in the `Interface` table's `statistics` column.
public struct PortCounters: Equatable, Sendable {
    public var receivedPackets: UInt64 = 0
    public var receivedOctets: UInt64 = 0
    public var receiveErrors: UInt64 = 0
    public var receiveDrops: UInt64 = 0
    public var sentPackets: UInt64 = 0
    public var sentOctets: UInt64 = 0
    public var sendErrors: UInt64 = 0
    public var sendDrops: UInt64 = 0

    public init() {}

    /// Adds up what two ports have counted.
    public static func += (sum: inout Self, other: Self) {
        sum.receivedPackets &+= other.receivedPackets
        sum.receivedOctets &+= other.receivedOctets
        sum.receiveErrors &+= other.receiveErrors
        sum.receiveDrops &+= other.receiveDrops
        sum.sentPackets &+= other.sentPackets
        sum.sentOctets &+= other.sentOctets
        sum.sendErrors &+= other.sendErrors
        sum.sendDrops &+= other.sendDrops
    }
}

/// A queue in which a device's packets arrive.
///
/// *Thread safety*: one forwarding thread owns the queue and alone calls it.
public protocol ReceiveQueue: AnyObject {
    /// Becomes readable when `receive` would yield packets; -1 for a port without one.
    ///
    /// It may change in `receive` and in ``age()``.
    var readinessDescriptor: Int32 { get }

    /// Appends what has arrived to `batch`, at most what it has room for, without waiting.
    ///
    /// - Returns: whether there may be more.
    func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool

    /// Whether the device does not exist any more; the port yields nothing from then on.
    var hasVanished: Bool { get }

    /// Gives the buffers back that wait for packets, before the pool or the port ends.
    func giveBack(to pool: PacketPool)

    /// Called about once a second, for what a port does with time.
    ///
    /// The poller has followed the last change of ``readinessDescriptor`` by then.
    func age()

    /// Counts what was dropped before it reached the queue.
    func countDrops()

    /// Whether packets can arrive; a peer may not use a queue.
    var isEnabled: Bool { get }

    /// Whether `receive` finds out without a call of the kernel that nothing has arrived, so that a
    /// polling thread need not ask ``readinessDescriptor``.
    var isPolledForNothing: Bool { get }
}

extension ReceiveQueue {
    public var hasVanished: Bool { false }
    public func giveBack(to pool: PacketPool) {}
    public func age() {}
    public func countDrops() {}
    public var isEnabled: Bool { true }
    public var isPolledForNothing: Bool { readinessDescriptor < 0 }
}

/// The datapath's side of a network device: packets in batches, and nothing else.
///
/// *Thread safety*: as a queue, a port belongs to one thread. `transmit` may be called by any
/// forwarding thread, also while another one receives; `counters` may be read by any thread.
public protocol PacketPort: ReceiveQueue {
    /// What the device is called.
    var name: String { get }

    /// What `transmit` can take besides plain frames; the datapath does the rest in software first.
    var offloads: PortOffloads { get }

    /// The queues in which packets arrive: the port itself is the first.
    var queues: [any ReceiveQueue] { get }

    /// The port by which the thread of that number sends.
    func sender(forThread number: Int) -> any PacketPort

    /// Sends the packets in order, without waiting. What the device refuses is dropped and counted.
    /// The caller keeps its holds on the packets.
    func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>)

    /// What the port itself has counted since it was opened.
    var counters: PortCounters { get }
}

extension PacketPort {
    public var queues: [any ReceiveQueue] { [self] }
    public func sender(forThread number: Int) -> any PacketPort { self }
}

/// A vector of packets on its way through the datapath.
public final class PacketBatch {
    /// As many as a receive call takes at once: enough to amortise a system call, few enough to
    /// stay in the cache.
    @inlinable public static var capacity: Int { 32 }

    public let packets: UnsafeMutablePointer<PacketBuffer>
    /// Behind a pointer, so that no access is checked for exclusivity.
    @usableFromInline let counter: UnsafeMutablePointer<Int>

    public init() {
        packets = .allocate(capacity: Self.capacity)
        counter = .allocate(capacity: 1)
        counter.initialize(to: 0)
    }

    deinit {
        packets.deallocate()
        counter.deallocate()
    }

    @inlinable public var count: Int { counter.pointee }

    @inlinable public var room: Int { Self.capacity - count }

    /// - Precondition: there is room.
    @inlinable public func append(_ packet: PacketBuffer) {
        let count = counter.pointee
        precondition(count < Self.capacity, "the batch is full")
        packets[count] = packet
        counter.pointee = count &+ 1
    }

    @inlinable public func removeAll() { counter.pointee = 0 }

    /// Forgets the packets behind the first `count`.
    @inlinable public func shorten(to count: Int) { counter.pointee = min(count, counter.pointee) }

    public var contents: UnsafeBufferPointer<PacketBuffer> {
        UnsafeBufferPointer(start: packets, count: count)
    }
}
