import Datapath
import FlowModel

/// A datapath with memory ports 1 to 4.
final class Network {
    let pool = PacketPool(capacity: 4096)
    let datapath: UserspaceDatapath
    var ports: [MemoryPort] = []
    var now: UInt64 = 1

    init(offloads: PortOffloads = []) throws {
        datapath = UserspaceDatapath(pool: pool)
        for number in 1...4 {
            let port = MemoryPort("p\(number)", offloads: offloads)
            ports.append(port)
            try datapath.addPort(UInt32(number), port)
        }
    }

    /// Sends frames into a port, and the datapath's output on.
    func inject(_ frames: [[UInt8]], into port: Int = 1, offload: PacketOffload = .init()) {
        var rest = frames[...]
        let batch = PacketBatch()
        while !rest.isEmpty {
            for frame in rest.prefix(PacketBatch.capacity) {
                let packet = pool.make(frame)
                packet.offload = offload
                batch.append(packet)
            }
            rest = rest.dropFirst(PacketBatch.capacity)
            datapath.receive(batch, from: UInt32(port), now: now)
        }
        datapath.flush()
    }

    /// Adds a flow for everything from port 1.
    @discardableResult
    func addFlow(_ actions: [DatapathAction], inPort: UInt32 = 1) throws -> FlowID {
        var key = FlowKey()
        var mask = FlowKey()
        key.inPort = inPort
        mask.inPort = .max
        mask.recirculationID = .max
        return try datapath.insert(key: key, mask: mask, actions: actions)
    }

    /// What comes out of port 2 for one frame into port 1 under `actions` and an output to port 2.
    static func output(
        of frame: [UInt8], _ actions: [DatapathAction], offload: PacketOffload = .init(),
        port: PortOffloads = []
    ) throws -> (octets: [UInt8], offload: PacketOffload) {
        let network = try Network(offloads: port)
        try network.addFlow(actions + [.output(2)])
        network.inject([frame], offload: offload)
        let out = network.ports[1]
        guard out.sent.count == 1 else { throw Failure(frames: out.sent.count) }
        guard network.pool.usedCount == 0 else { throw Failure(frames: -1) }
        return (out.sent[0], out.sentOffloads[0])
    }

    struct Failure: Error {
        let frames: Int
    }

    /// Misses with their holds given back.
    func takeMissedFrames() -> [[UInt8]] {
        var frames: [[UInt8]] = []
        datapath.takeMisses { packet, _ in
            frames.append(packet.octets)
            pool.release(packet)
        }
        return frames
    }
}
