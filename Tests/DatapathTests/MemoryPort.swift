import Datapath

/// A port whose device is an array.
final class MemoryPort: PacketPort {
    let name: String
    var offloads: PortOffloads
    /// Frames that `receive` yields.
    var incoming: [[UInt8]] = []
    /// Frames that were sent, and what was left to be done with each.
    var sent: [[UInt8]] = []
    var sentOffloads: [PacketOffload] = []
    var transmitCalls = 0
    var counters = PortCounters()

    init(_ name: String, offloads: PortOffloads = []) {
        self.name = name
        self.offloads = offloads
    }

    var readinessDescriptor: Int32 { -1 }

    func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool {
        let count = min(batch.room, incoming.count)
        for octets in incoming.prefix(count) { batch.append(pool.make(octets)) }
        incoming.removeFirst(count)
        return !incoming.isEmpty
    }

    func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {
        transmitCalls += 1
        for packet in packets {
            sent.append(packet.octets)
            sentOffloads.append(packet.offload)
            counters.sentPackets += 1
        }
    }

    func takeSent() -> [[UInt8]] {
        defer {
            sent = []
            sentOffloads = []
        }
        return sent
    }
}
