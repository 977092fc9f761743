import CLinux
public import Datapath
import Synchronization

/// A port of a virtual machine by vhost-user: packets are copied between this process and the
/// guest's memory, and no kernel has a part in it.
///
/// A thread of its own speaks to the hypervisor: it listens (`dpdkvhostuser`) or connects
/// (`dpdkvhostuserclient`), does what messages ask for, and begins again when the peer has gone.
/// Partial checksums and super-packets pass as the guest leaves them or takes them.
///
/// *Thread safety*: a pair of queues may be used by one thread for each direction; each queue has a
/// lock, which the thread that speaks to the hypervisor takes too.
public final class VhostPort: PacketPort {
    /// Who waits for whom.
    public enum Role: Sendable {
        /// The port makes the socket, and the hypervisor connects.
        case server
        /// The hypervisor makes the socket; the port connects, again and again.
        case client
    }

    /// A pair of queues, one for each direction.
    public final class Pair: PacketPort {
        public let name: String
        private let device: VhostDevice
        private let index: Int
        private let received = CounterBox()
        private let sent = CounterBox()

        init(_ name: String, _ device: VhostDevice, _ index: Int) {
            self.name = name
            self.device = device
            self.index = index
        }

        public var offloads: PortOffloads { device.offloads }
        public var readinessDescriptor: Int32 { device.slots[index * 2 + 1].epoll }
        public var isPolledForNothing: Bool { true }
        public var isEnabled: Bool { index == 0 || index < device.pairs }

        public var counters: PortCounters {
            var sum = received.place.pointee
            sum += sent.place.pointee
            return sum
        }

        public func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool {
            device.slots[index * 2 + 1].queue.withLock { queue in
                queue.receive(into: batch, from: pool, &received.place.pointee)
            }
        }

        public func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {
            // A guest may use fewer pairs than there are threads to send.
            let queue = index % max(1, device.pairs)
            device.slots[queue * 2].queue.withLock { queue in
                queue.transmit(packets, &sent.place.pointee)
            }
        }
    }

    public let name: String
    public let path: String
    public let role: Role
    private let pairs: [Pair]
    private let device = VhostDevice()
    private let connection: VhostConnection

    /// - Parameter path: of the socket.
    public init(name: String, path: String, role: Role) throws(SystemError) {
        self.name = name
        self.path = path
        self.role = role
        let device = device
        pairs = (0..<VhostDevice.pairCount).map { Pair(name, device, $0) }
        connection = try VhostConnection(name: name, path: path, role: role, device)
        connection.start()
    }

    deinit { connection.stop() }

    /// Whether a hypervisor is connected.
    public var isConnected: Bool { device.isConnected }

    /// Why the last peer was left, if it did not keep to the protocol.
    public var lastFailure: String? { connection.lastFailure }

    public var offloads: PortOffloads { device.offloads }
    public var queues: [any ReceiveQueue] { pairs }
    public func sender(forThread number: Int) -> any PacketPort { pairs[number % pairs.count] }
    public var readinessDescriptor: Int32 { pairs[0].readinessDescriptor }
    public var counters: PortCounters { pairs.reduce(into: PortCounters()) { $0 += $1.counters } }

    public func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool {
        pairs[0].receive(into: batch, from: pool)
    }

    public func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {
        pairs[0].transmit(packets)
    }
}
