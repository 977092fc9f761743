import BPFProgram
import FlowModel
import Testing

@testable import KernelFlows

struct KernelActionsTests {
    private static func ports(_ number: UInt32) -> KernelPort? {
        number < 10 ? KernelPort(interface: number + 100, isHost: number == 1) : nil
    }

    /// The steps, without what follows them.
    private static func steps(_ actions: [DatapathAction]) throws(KernelRefusal) -> [[UInt8]] {
        let octets = try KernelActions(actions, ports: ports).octets
        return (0..<Int(octets[0])).map { Array(octets[16 + 16 * $0..<32 + 16 * $0]) }
    }

    @Test
    func `outputs name devices, and the last takes the packet`() throws {
        let steps = try Self.steps([.output(2), .pushVLAN(tpid: 0x8100, tci: 0x1005), .output(1)])
        #expect(
            steps == [
                [1, 0, 0, 0, 102, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                [2, 0, 0x81, 0x00, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                [1, 1, 1, 0, 101, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            ])
        #expect(try Self.steps([]).isEmpty)
        #expect(try Self.steps([.popVLAN, .recirculate(9)])[1][..<5] == [5, 0, 0, 0, 9])
    }

    @Test
    func `a set writes words of a header under a mask`() throws {
        var (value, mask) = (FlowKey(), FlowKey())
        value.ipv4Destination = 0x0a00_0063
        mask.ipv4Destination = .max
        value.ipTTL = 63
        mask.ipTTL = .max
        let action = DatapathAction.set(
            .ipv4, value: SparseKey(value), mask: SparseKey(mask))
        #expect(
            try Self.steps([action]) == [
                [4, 11, 8, 0, 16, 0, 0, 0, 10, 0, 0, 99, 255, 255, 255, 255],
                [4, 9, 8, 0, 8, 0, 0, 0, 63, 0, 0, 0, 255, 0, 0, 0],
            ])
        (value, mask) = (FlowKey(), FlowKey())
        value.ethernetSource = 0x0200_0000_0009
        mask.ethernetSource = 0xffff_ffff_ffff
        let address = DatapathAction.set(
            .ethernet, value: SparseKey(value), mask: SparseKey(mask))
        #expect(
            try Self.steps([address]) == [
                [4, 0, 0, 0, 4, 0, 0, 0, 0, 0, 2, 0, 0, 0, 255, 255],
                [4, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 9, 255, 255, 255, 255],
            ])
    }

    @Test
    func `what programs cannot do is refused by its name`() {
        #expect(throws: KernelRefusal.port(12)) { _ = try Self.steps([.output(12)]) }
        #expect(throws: KernelRefusal.action("meter")) { _ = try Self.steps([.meter(1)]) }
        #expect(throws: KernelRefusal.action("clone")) { _ = try Self.steps([.clone([])]) }
        #expect(throws: KernelRefusal.action("push_vlan(tpid)")) {
            _ = try Self.steps([.pushVLAN(tpid: 0x9100, tci: 0)])
        }
        #expect(throws: KernelRefusal.action("recirc before others")) {
            _ = try Self.steps([.recirculate(1), .output(1)])
        }
        let many = [DatapathAction](repeating: .output(2), count: KernelActions.maximumSteps + 1)
        #expect(throws: KernelRefusal.tooManySteps) { _ = try Self.steps(many) }
    }

    @Test
    func `all programs can be put together and read`() throws {
        for hook in ForwardingProgram.Hook.allCases {
            for stage in ForwardingProgram.Stage.allCases {
                let program = try ForwardingProgram.make(hook, stage)
                let text = Disassembler.text(of: program)
                #expect(!text.contains("unknown"))
                #expect(program.name.utf8.count <= 15)
                #expect(text.hasPrefix("begin:\n0: r6 = r1\n"))
                // Only packets that are new at the hook begin without a recirculation.
                #expect(text.contains("*(u32 *)(r6 +48) = r1\n") == true)
            }
        }
        #expect(KernelRefusal.full(.masks).description == "the kernel's table of masks is full")
    }
}
