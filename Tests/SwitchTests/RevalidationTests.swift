import Datapath
import FlowModel
import FlowSyntax
import OpenFlow
import Pipeline
import Switch
import Testing

/// Megaflows are looked through in parts, and no more are allowed than a second suffices for.
struct RevalidationTests {
    /// A switch with a megaflow for each of some sources.
    private func makeSwitch(flows: Int) throws -> MemorySwitch {
        let machine = MemorySwitch()
        machine.addBridge("br0")
        for port in ["p1", "p2", "p3"] { machine.addPort(port, to: "br0") }
        try machine.change(.add, "ip,nw_src=10.0.0.0/8,actions=output:2", on: "br0", .v10)
        _ = machine.virtualSwitch.setMegaflows(false)
        for number in 0..<flows {
            machine.receive(Self.frame(number), on: "p1")
        }
        #expect(machine.virtualSwitch.megaflowCount == flows)
        return machine
    }

    /// A datagram from 10.0.0.0 + `number`.
    private static func frame(_ number: Int) -> [UInt8] {
        [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0]
            + [10, 0, UInt8(number / 256), UInt8(number % 256), 10, 1, 0, 1]
            + [0, 1, 0, 2, 0, 8, 0, 0]
    }

    private func outputs(_ machine: MemorySwitch) -> [[DatapathAction]] {
        var all: [[DatapathAction]] = []
        machine.link.datapath.forEachFlow { all.append($0.actions) }
        return all
    }

    @Test func `a round goes on in parts and meets each flow once`() throws {
        let machine = try makeSwitch(flows: 50)
        try machine.change(.add, "ip,nw_src=10.0.0.0/8,actions=output:3", on: "br0", .v10)
        let none: [(id: FlowID, statistics: FlowStatistics)] = []
        machine.virtualSwitch.beginRevalidation(none)
        #expect(!machine.virtualSwitch.needsRevalidation)
        var changed: [Int] = []
        var hasMore = true
        while hasMore {
            hasMore = machine.virtualSwitch.continueRevalidation(count: 20, now: machine.now)
            changed.append(outputs(machine).count { $0 == [.output(3)] })
        }
        #expect(changed == [20, 40, 50])
        #expect(!machine.virtualSwitch.continueRevalidation(count: 20, now: machine.now))
    }

    @Test func `a change in the middle of a round asks for another`() throws {
        let machine = try makeSwitch(flows: 10)
        try machine.change(.add, "ip,nw_src=10.0.0.0/8,actions=output:3", on: "br0", .v10)
        let none: [(id: FlowID, statistics: FlowStatistics)] = []
        machine.virtualSwitch.beginRevalidation(none)
        #expect(machine.virtualSwitch.continueRevalidation(count: 5, now: machine.now))
        try machine.change(.add, "ip,nw_src=10.0.0.0/8,actions=drop", on: "br0", .v10)
        #expect(!machine.virtualSwitch.continueRevalidation(count: 5, now: machine.now))
        #expect(machine.virtualSwitch.needsRevalidation)
        machine.virtualSwitch.revalidate(none, now: machine.now)
        #expect(outputs(machine).allSatisfy { $0.isEmpty })
    }

    @Test func `a round that takes long lowers the limit and short ones raise it`() throws {
        let machine = try makeSwitch(flows: 20)
        let most = VirtualSwitch.defaultFlowLimit
        #expect(machine.virtualSwitch.flowLimit == most)
        machine.virtualSwitch.noteRevalidation(flows: 100_000, took: 4000)
        #expect(machine.virtualSwitch.flowLimit == 25_000)
        machine.virtualSwitch.noteRevalidation(flows: 25_000, took: 900)
        #expect(machine.virtualSwitch.flowLimit == 27_500)
        machine.virtualSwitch.noteRevalidation(flows: 20, took: 60_000)
        #expect(machine.virtualSwitch.flowLimit == 1000)
        for _ in 0..<100 { machine.virtualSwitch.noteRevalidation(flows: 20, took: 1) }
        #expect(machine.virtualSwitch.flowLimit == most)
    }

    @Test func `beyond the limit flows go that idle for a tenth of a second`() throws {
        let machine = try makeSwitch(flows: 20)
        let none: [(id: FlowID, statistics: FlowStatistics)] = []
        machine.virtualSwitch.revalidate(none, now: machine.now + 150)
        #expect(machine.virtualSwitch.megaflowCount == 20)
        _ = machine.virtualSwitch.setFlowLimit(["10"])
        machine.virtualSwitch.revalidate(none, now: machine.now + 150)
        #expect(machine.virtualSwitch.megaflowCount == 0)
        #expect(machine.link.datapath.flowCount == 0)
    }
}
