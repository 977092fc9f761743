import BPFProgram
import CLinux
import Datapath
import FlowModel
import KernelFlows
import TestSupport
import Testing

@testable import LinuxPorts

/// The programs against the userspace datapath: BPF_PROG_TEST_RUN gives them generated packets.
@Suite(.serialized, .enabled(if: NetworkNamespace.isAvailable, "bpf(2) is not allowed"))
struct KernelForwardingTests {
    /// What the packets arrive at, in the kernel and in userspace.
    private static let interface: UInt32 = 1
    private static let port: UInt32 = 5

    /// Both datapaths, with the same flows.
    private struct Pair {
        let tables: KernelTables
        let program: LoadedProgram
        let pool = PacketPool(capacity: 4096)
        let userspace: UserspaceDatapath
        let output = CollectingPort()

        init() throws {
            tables = try KernelTables()
            tables.maximumTags = 2
            program = try LoadedProgram(
                ForwardingProgram.make(.ingress, .first), tables.descriptors)
            userspace = UserspaceDatapath(pool: pool)
            try userspace.addPort(port, CollectingPort())
            try userspace.addPort(1, output)
        }

        /// Puts a flow into both.
        ///
        /// - Returns: whether the kernel can have it.
        func insert(_ key: FlowKey, _ mask: FlowKey, _ actions: [DatapathAction]) throws -> Bool {
            do {
                let list = try KernelActions(actions) { _ in
                    KernelPort(interface: interface, isHost: false)
                }
                let sparseKey = SparseKey(packet: key & mask)
                let sparseMask = SparseKey(packet: mask)
                let (kernelKey, kernelMask) = try KernelKey.convert(
                    key: sparseKey, mask: sparseMask, interface: interface)
                let id = try userspace.insert(key: key, mask: mask, actions: actions)
                let slot = Int(id.slot)
                if !tables.contains(slot) {
                    try tables.insert(slot, kernelKey, kernelMask, list)
                }
                return true
            } catch is KernelRefusal {
                return false
            }
        }

        /// Whether userspace has a flow for a packet.
        func knows(_ packet: [UInt8]) -> Bool {
            var hasMissed = false
            let batch = PacketBatch()
            batch.append(pool.make(packet))
            userspace.receive(batch, from: port, now: 1)
            userspace.takeMisses { packet, _ in
                hasMissed = true
                pool.release(packet)
            }
            userspace.flush()
            output.sent = []
            return !hasMissed
        }

        /// The flow that the kernel has counted a packet for since the last call.
        func takenFlow() -> DatapathFlow? {
            var taken: DatapathFlow?
            userspace.forEachFlow { if tables.collect(Int($0.id.slot)) != nil { taken = $0 } }
            return taken
        }

        /// What userspace makes of a packet.
        func execute(_ packet: [UInt8], _ actions: [DatapathAction]) -> [UInt8]? {
            output.sent = []
            userspace.execute(pool.make(packet), PackedKey(key(of: packet)), actions)
            userspace.flush()
            return output.sent.last
        }
    }

    private static func key(of packet: [UInt8]) -> FlowKey {
        var key = PackedKey()
        let metadata = PacketParser.Metadata(inPort: port)
        PacketParser.parse(packet.span.bytes, metadata, into: &key)
        return key.expanded
    }

    /// A mask as flows have it: some fields, whole or in part.
    private static func mask(_ key: FlowKey, _ generator: inout PacketGenerator) -> FlowKey {
        var mask = FlowKey()
        mask.inPort = .max
        mask.recirculationID = .max
        mask.etherType = .max
        mask.ipFragment = .max
        let words = [
            KeyWord.ethernetDestination, KeyWord.ethernetSource, KeyWord.vlan, KeyWord.ipv4,
            KeyWord.ipv6Source, KeyWord.ipv6Source + 1, KeyWord.ipv6Destination + 1, KeyWord.ip,
            KeyWord.transport, KeyWord.arpSender, KeyWord.arpTarget,
        ]
        for word in words where key[word: word] != 0 && generator.number(below: 3) == 0 {
            let bits = generator.number(below: 2) == 0 ? UInt64.max : generator.random.next()
            mask[word: word] |= bits & ones(word)
        }
        return mask
    }

    /// The bits of a word that fields have.
    private static func ones(_ word: Int) -> UInt64 {
        switch word {
        case KeyWord.ethernetSource, KeyWord.arpSender, KeyWord.arpTarget: ~0xffff
        case KeyWord.ip: 0x000f_ffff_ffff_ffff
        case KeyWord.transport: ~0xffff
        default: .max
        }
    }

    private static func actions(
        _ key: FlowKey, _ generator: inout PacketGenerator
    ) -> [DatapathAction] {
        var actions: [DatapathAction] = []
        for _ in 0..<generator.number(below: 4) {
            switch generator.number(below: 4) {
            case 0: actions.append(.popVLAN)
            case 1: actions.append(set(.ethernet, &generator))
            case 2:
                let isIPv6 = key.etherType == EtherType.ipv6
                actions.append(set(isIPv6 ? .ipv6 : .ipv4, &generator))
            default: actions.append(set(key.ipProtocol == 6 ? .tcp : .udp, &generator))
            }
        }
        return actions + [.output(1)]
    }

    private static func set(
        _ group: HeaderGroup, _ generator: inout PacketGenerator
    ) -> DatapathAction {
        var (value, mask) = (FlowKey(), FlowKey())
        let words: [Int] =
            switch group {
            case .ethernet: [KeyWord.ethernetDestination, KeyWord.ethernetSource]
            case .ipv4: [KeyWord.ipv4, KeyWord.ip]
            case .ipv6:
                [KeyWord.ipv6Source, KeyWord.ipv6Source + 1, KeyWord.ipv6Destination, KeyWord.ip]
            default: [KeyWord.transport]
            }
        for word in words where generator.number(below: 2) == 0 {
            var bits = generator.number(below: 2) == 0 ? UInt64.max : generator.random.next()
            if word == KeyWord.ip { bits &= 0x000f_ffff_00ff_ff00 }
            if word == KeyWord.ethernetDestination { bits &= ~0xffff }
            if word == KeyWord.transport { bits &= ~0xffff_ffff }
            mask[word: word] = bits
            value[word: word] = generator.random.next() & bits
        }
        return .set(group, value: SparseKey(value), mask: SparseKey(mask))
    }

    /// What a test run shows of a packet: the kernel holds the tag that comes to the front beside
    /// the packet, where it is not shown.
    private static func shown(_ sent: [UInt8], of packet: [UInt8]) -> [UInt8] {
        let hasPopped = sent.count < packet.count
        let isTagged = sent[12...13] == [0x81, 0x00] || sent[12...13] == [0x88, 0xa8]
        return hasPopped && isTagged ? Array(sent[..<12] + sent[16...]) : sent
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `what the kernel forwards is what userspace forwards`(seed: UInt64) throws {
        let pair = try Pair()
        var generator = PacketGenerator(seed: seed)
        var (forwarded, raised) = (0, 0)
        for round in 0..<500 {
            let isPlain = round % 4 != 0
            let packet = generator.next(isPlain: isPlain)
            let key = Self.key(of: packet)
            if round % 3 != 2 && !pair.knows(packet) {
                let mask = Self.mask(key, &generator)
                _ = try pair.insert(key, mask, Self.actions(key, &generator))
            }
            let failures = pair.tables.failures
            guard let trial = try? pair.program.run(on: packet, interface: Self.interface) else {
                // The kernel runs no tests on a frame that is shorter than its header says.
                #expect(!isPlain)
                continue
            }
            guard pair.tables.failures == failures else {
                // Up; but no plain packet that has a flow.
                #expect(!isPlain || !pair.knows(packet), "\(packet)")
                raised += 1
                continue
            }
            let flow = try #require(pair.takenFlow())
            let mask = flow.mask.expanded
            #expect(key & mask == flow.key.expanded, "\(packet)")
            let sent = try #require(pair.execute(packet, flow.actions))
            #expect(trial.verdict == 7, "\(packet)")
            #expect(trial.octets == Self.shown(sent, of: packet), "\(packet) \(flow.actions)")
            forwarded += 1
        }
        #expect(forwarded > 200 && raised > 20, "\(forwarded) forwarded, \(raised) raised")
    }
}

/// A port that keeps what it is to send.
final class CollectingPort: PacketPort {
    let name = "collecting"
    let offloads: PortOffloads = []
    let counters = PortCounters()
    var sent: [[UInt8]] = []
    var readinessDescriptor: Int32 { -1 }

    func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool { false }

    func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {
        sent += packets.map(\.octets)
    }
}
