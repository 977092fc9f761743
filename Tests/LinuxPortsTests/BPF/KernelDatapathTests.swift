import BPFProgram
import CLinux
import Datapath
import FlowModel
import KernelFlows
import TestSupport
import Testing

@testable import LinuxPorts

@Suite(.serialized, .enabled(if: NetworkNamespace.isAvailable, "namespaces are not allowed"))
struct KernelDatapathTests {
    private static func actions(_ interface: UInt32) throws(KernelRefusal) -> KernelActions {
        try KernelActions([.output(0)]) { _ in
            KernelPort(interface: interface, isHost: false)
        }
    }

    /// A flow for a port with a mask of its own for each `index`.
    private static func flow(_ index: Int) throws -> (KernelKey, KernelKey) {
        var (key, mask) = (FlowKey(), FlowKey())
        mask.inPort = .max
        mask[word: KeyWord.transport] = UInt64(index + 1) << 32
        key.etherType = EtherType.ipv4
        return try KernelKey.convert(
            key: SparseKey(packet: key & mask), mask: SparseKey(packet: mask), interface: 1)
    }

    @Test
    func `the verifier accepts all programs`() throws {
        let tables = try KernelTables()
        for hook in ForwardingProgram.Hook.allCases {
            for stage in ForwardingProgram.Stage.allCases {
                let program = try ForwardingProgram.make(hook, stage)
                _ = try LoadedProgram(program, tables.descriptors)
            }
        }
    }

    @Test
    func `a program that the verifier refuses is told by its part`() throws {
        var code = Assembler()
        code.part("careful")
        code.load(.word, .r7, at: .r1, PacketContext.start)
        code.part("careless")
        code.load(.octet, .r0, at: .r7, 0)
        code.exit()
        let program = try code.assemble("careless")
        let error = #expect(throws: BPFLoadError.self) { _ = try LoadedProgram(program, [:]) }
        guard case .rejected(let rejection) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(rejection.part == "careless")
        #expect(rejection.text == "r0 = *(u8 *)(r7 +0)")
        // Its words differ from kernel to kernel.
        #expect(rejection.reason.contains("packet"))
    }

    @Test
    func `masks are found again, and their table can be full`() throws {
        let tables = try KernelTables()
        let list = try Self.actions(5)
        for index in 0..<MaskTable.maximumCount {
            let (key, mask) = try Self.flow(index)
            try tables.insert(index, key, mask, list)
        }
        let (key, mask) = try Self.flow(MaskTable.maximumCount)
        #expect(throws: KernelRefusal.full(.masks)) {
            try tables.insert(500, key, mask, list)
        }
        #expect(tables.flowCount == MaskTable.maximumCount && tables.listCount == 1)
        tables.remove(7)
        try tables.insert(500, key, mask, list)
        #expect(tables.maskCount == MaskTable.maximumCount)
        for slot in 0..<501 { tables.remove(slot) }
        #expect(tables.maskCount == 0 && tables.listCount == 0 && tables.flowCount == 0)
    }

    @Test
    func `lists of actions are shared, and their table can be full`() throws {
        let tables = try KernelTables()
        let (key, mask) = try Self.flow(0)
        for index in 0..<KernelTables.maximumActions {
            try tables.insert(index, key, mask, Self.actions(UInt32(index + 1)))
        }
        #expect(throws: KernelRefusal.full(.actions)) {
            try tables.insert(9999, key, mask, Self.actions(99_999))
        }
        // One that is in use is taken all the same.
        try tables.insert(9999, key, mask, Self.actions(1))
        try tables.update(9999, Self.actions(2))
        tables.remove(3)
        try tables.update(9999, Self.actions(99_999))
        #expect(tables.listCount == KernelTables.maximumActions)
    }

    @Test
    func `a header of the programs is taken off, and a tag goes where it belongs`() throws {
        let pool = PacketPool(capacity: 2048)
        let addresses: [UInt8] = [0x02, 0x4d, 0x4c, 0x54, 0x55, 0x50, 7, 0, 0, 0, 0, 0]
        let rest: [UInt8] = [0x88, 0xb5, 0, 0, 9, 0, 0, 0, 8, 0, 0, 0]
        let first = [UInt8](1...12)
        let payload: [UInt8] = [8, 0] + [UInt8](repeating: 0xaa, count: 30)
        let tag: [UInt8] = [0x81, 0, 0, 5]
        for isTagged in [false, true] {
            let middle = isTagged ? tag : []
            let packet = pool.make(addresses + middle + rest + first + payload)
            #expect(UpcallPort.removeHeader(packet))
            #expect(packet.octets == first + middle + payload)
            #expect(packet.inPort == 7)
            let origin = UpcallPort.origin(of: packet, port: 3)
            #expect(origin == OffloadedOrigin(port: 3, recirculationID: 9, hash: 8))
            pool.release(packet)
        }
        let other = pool.make([UInt8](repeating: 0x33, count: 60))
        #expect(!UpcallPort.removeHeader(other))
        pool.release(other)
    }

    /// A program of somebody else's, which counts packets and lets them pass.
    private static func counter(_ map: BPFMap) throws -> LoadedProgram {
        var code = Assembler()
        code.loadMapValue(.r1, "count")
        code.move(.r2, 1)
        code.addAtomically(.double, at: .r1, 0, .r2)
        code.exit(-1)
        return try LoadedProgram(code.assemble("other"), ["count": map.descriptor])
    }

    @Test
    func `another program at the hook stays, and ours goes with its port`() throws {
        let network = try TwoHosts()
        try network.left("ip neighbour add 10.9.0.2 lladdr 02:00:00:00:00:02 dev eth0")
        let map = try BPFMap(
            "count", .init(kind: .array, keyByteCount: 4, valueByteCount: 8, count: 1))
        let memory = try #require(map.memory)
        func count() throws -> UInt64 {
            _ = try? network.left("ping -q -c 1 -W 1 10.9.0.2")
            return memory.load(as: UInt64.self)
        }
        try network.middle.enter {
            let other = try Self.counter(map)
            let interface = UInt32(try #require(Device("p1").index))
            let link = try ProgramLink(other, interface: interface, hook: .ingress)
            let kernel = try KernelDatapath()
            let port = try AFPacketPort(name: "p1", isServedByKernel: true)
            kernel.add(1, port)
            #expect(try count() > 0)
            kernel.removePort(1)
            let before = memory.load(as: UInt64.self)
            #expect(try count() > before)
            withExtendedLifetime(link) {}
        }
    }
}
