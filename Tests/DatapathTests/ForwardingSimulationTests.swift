import Datapath
import FlowModel
import TestSupport
import Testing

/// A datapath in its life: ports come, go and flap, flows change, traffic comes at random.
///
/// After each step the pool's account balances, and what each port was sent of each flow is what
/// the tables said when the packet came, in the order in which it came.
///
/// `MARTLET_SIMULATION_STEPS=N` asks for as many steps of each seed, `MARTLET_SIMULATION_SEEDS=A-B`
/// for other seeds: `Scripts/simulate` runs for half an hour.
struct ForwardingSimulationTests {
    static let steps = RunSize.count("MARTLET_SIMULATION_STEPS", usually: 400)

    @Test(arguments: RunSize.seeds("MARTLET_SIMULATION_SEEDS", usually: 0..<6))
    func `packets go where the tables say, in order, and none is lost`(seed: UInt64) throws {
        let simulation = Simulation(seed: seed)
        for step in 0..<Self.steps {
            try simulation.step()
            let complaint = simulation.complaint
            #expect(complaint == nil, "seed \(seed), step \(step)")
            guard complaint == nil else { return }
        }
    }
}

private final class Simulation {
    private static let portNumbers: ClosedRange<UInt32> = 1...5
    private static let destinations: UInt8 = 12

    /// What tells a flow: where its packets come in and whom they are for.
    private struct Flow: Hashable {
        let port: UInt32
        let destination: UInt8
    }

    /// What the tables say of a flow.
    private struct Wanted {
        var outputs: [UInt32] = []
        /// The tag that packets get before they go out, or 0.
        var tag: UInt16 = 0

        var actions: [DatapathAction] {
            let tags: [DatapathAction] = tag == 0 ? [] : [.pushVLAN(tpid: 0x8100, tci: tag)]
            return tags + outputs.map { .output($0) }
        }
    }

    private var random: SplitMix64
    private let pool = PacketPool(capacity: 2048)
    private let datapath: UserspaceDatapath
    private var ports: [UInt32: MemoryPort] = [:]
    private var tables: [Flow: Wanted] = [:]
    private var installed: [Flow: FlowID] = [:]
    private var now: UInt64 = 1
    private var number: UInt32 = 0
    private(set) var complaint: String?

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        datapath = UserspaceDatapath(pool: pool)
        for port in Self.portNumbers { addPort(port) }
    }

    private func chance(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &random) == 0 }

    private func anyFlow() -> Flow {
        Flow(
            port: UInt32.random(in: Self.portNumbers, using: &random),
            destination: UInt8.random(in: 0..<Self.destinations, using: &random))
    }

    private func addPort(_ number: UInt32) {
        let port = MemoryPort("p\(number)")
        try? datapath.addPort(number, port)
        ports[number] = port
    }

    func step() throws {
        now += UInt64.random(in: 0...600, using: &random)
        if chance(12) { flap() }
        if chance(3) { try change(anyFlow()) }
        if chance(6) { expire(anyFlow()) }
        if chance(25) { changeCaches() }
        traffic()
        if pool.usedCount != 0 { complaint = "\(pool.usedCount) packets are not given back" }
    }

    /// A port goes, or comes back.
    private func flap() {
        let port = UInt32.random(in: Self.portNumbers, using: &random)
        if ports[port] == nil {
            addPort(port)
        } else {
            datapath.removePort(port)
            ports[port] = nil
        }
    }

    private func change(_ flow: Flow) throws {
        var wanted = Wanted()
        for port in Self.portNumbers where Bool.random(using: &random) {
            wanted.outputs.append(port)
        }
        if chance(3) { wanted.tag = 0x1001 + UInt16(flow.destination) }
        tables[flow] = wanted
        if let id = installed[flow] { try datapath.update(id, wanted.actions) }
    }

    private func expire(_ flow: Flow) {
        guard let id = installed.removeValue(forKey: flow) else { return }
        datapath.remove(id)
    }

    private func changeCaches() {
        var settings = CacheSettings()
        settings.insertion = [0, 1, 100].randomElement(using: &random) ?? 1
        settings.usesSignatures = Bool.random(using: &random)
        datapath.cacheSettings = settings
    }

    // MARK: Traffic

    private static func frame(_ flow: Flow, _ number: UInt32) -> [UInt8] {
        [2, 0, 0, 0, 0, flow.destination, 2, 0, 0, 0, 0, 1, 0x12, 0x34, UInt8(flow.port)]
            + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
            + [UInt8](repeating: 0, count: 41)
    }

    private func traffic() {
        let inPort = UInt32.random(in: Self.portNumbers, using: &random)
        guard ports[inPort] != nil else { return }
        var expected: [UInt32: [Flow: [[UInt8]]]] = [:]
        let batch = PacketBatch()
        for _ in 0..<Int.random(in: 1...PacketBatch.capacity, using: &random) {
            let destination = UInt8.random(in: 0..<Self.destinations, using: &random)
            let flow = Flow(port: inPort, destination: destination)
            number += 1
            let frame = Self.frame(flow, number)
            batch.append(pool.make(frame))
            guard let wanted = tables[flow] else { continue }
            let tag: [UInt8] =
                wanted.tag == 0
                ? [] : [0x81, 0, UInt8(wanted.tag >> 8) & 0xef, UInt8(wanted.tag & 0xff)]
            let sent = Array(frame[..<12]) + tag + Array(frame[12...])
            for port in wanted.outputs where ports[port] != nil {
                expected[port, default: [:]][flow, default: []].append(sent)
            }
        }
        datapath.receive(batch, from: inPort, now: now)
        datapath.takeMisses { packet, key in handleMiss(packet, key) }
        datapath.flush()
        compare(expected)
    }

    private func handleMiss(_ packet: PacketBuffer, _ packed: PackedKey) {
        var key = packed.expanded
        let flow = Flow(
            port: key.inPort, destination: UInt8(truncatingIfNeeded: key.ethernetDestination))
        let actions = tables[flow]?.actions ?? []
        var mask = FlowKey()
        (mask.inPort, mask.recirculationID, mask.etherType) = (.max, .max, .max)
        // Different masks, so that there are several subtables.
        mask.ethernetDestination = flow.destination & 1 == 0 ? 0xffff_ffff_ffff : 0xff
        if flow.destination % 3 == 0 { mask.ethernetSource = 0xffff_ffff_ffff }
        key = key & mask
        if let id = try? datapath.insert(key: key, mask: mask, actions: actions) {
            installed[flow] = id
        }
        datapath.execute(packet, packed, actions)
    }

    private func compare(_ expected: [UInt32: [Flow: [[UInt8]]]]) {
        for (number, port) in ports {
            var sent: [Flow: [[UInt8]]] = [:]
            for frame in port.takeSent() {
                let inPort = frame[12] == 0x81 ? frame[18] : frame[14]
                let flow = Flow(port: UInt32(inPort), destination: frame[5])
                sent[flow, default: []].append(frame)
            }
            if sent != expected[number] ?? [:] {
                complaint = "port \(number) was sent something else than the tables say"
            }
        }
    }
}
