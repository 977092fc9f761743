public import Datapath

/// A device with several queues, each of which is a port on it by itself.
///
/// A thread that sends does so by the queue that its number names, so that threads seldom wait for
/// each other.
public final class QueuedPort: PacketPort {
    /// More than a machine has cores to serve.
    public static let maximumQueues = 64

    /// The ports of the queues, at least one.
    public let members: [any PacketPort]

    public init(_ members: [any PacketPort]) {
        precondition(!members.isEmpty, "a device has at least one queue")
        self.members = members
    }

    public var name: String { members[0].name }
    public var offloads: PortOffloads { members[0].offloads }
    public var queues: [any ReceiveQueue] { members }

    public func sender(forThread number: Int) -> any PacketPort { members[number % members.count] }

    public func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {
        members[0].transmit(packets)
    }

    public var counters: PortCounters { members.reduce(into: PortCounters()) { $0 += $1.counters } }

    // As a queue it is its first one.

    public var readinessDescriptor: Int32 { members[0].readinessDescriptor }
    public var hasVanished: Bool { members[0].hasVanished }
    public var isPolledForNothing: Bool { members[0].isPolledForNothing }
    public func age() { members[0].age() }
    public func countDrops() { members[0].countDrops() }
    public func giveBack(to pool: PacketPool) { members[0].giveBack(to: pool) }

    public func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool {
        members[0].receive(into: batch, from: pool)
    }
}
