import FlowModel
import FlowSyntax
import OpenFlow
import Pipeline
import Switch
import Testing

/// Packets on their way to controllers while megaflows change.
@Suite struct PacketInTests {
    let machine = MemorySwitch()
    /// A broadcast of an experimental EtherType.
    private let frame: [UInt8] =
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 1, 0x88, 0xb5]
        + Array(repeating: 0, count: 46)

    init() {
        machine.addBridge("br0")
        machine.addPort("p1", to: "br0")
        machine.addPort("p2", to: "br0")
    }

    private func takePacketIns() -> Int {
        defer { machine.virtualSwitch.events.removeAll() }
        return machine.virtualSwitch.events.count {
            if case .packetIn = $0 { true } else { false }
        }
    }

    /// A change that keeps the megaflow, with a new context, and one that removes it.
    @Test(arguments: [
        "priority=0,actions=controller", "priority=100,dl_src=02:00:00:00:00:99,actions=drop",
    ])
    func `a packet whose flow is being revalidated reaches its controller`(change: String) throws {
        try machine.change(.add, "priority=1,actions=controller", on: "br0", .v10)
        machine.receive(frame, on: "p1")
        #expect(takePacketIns() == 1)

        machine.link.isLate = true
        try machine.change(.add, change, on: "br0", .v10)
        machine.revalidate()
        // The datapath has not yet heard of it, and sends up what it always sent.
        machine.receive(frame, on: "p1")
        #expect(takePacketIns() == 1)

        machine.link.carryOut()
        machine.receive(frame, on: "p1")
        #expect(takePacketIns() == 1)
    }

    @Test func `a packet-out to the controller comes up however late it is carried out`() throws {
        machine.link.isLate = true
        let managed = try #require(machine.virtualSwitch.bridges["br0"])
        let message = PacketOut(
            inPort: .none, actions: [.controller(ControllerAction(reason: .action))], data: frame)
        machine.virtualSwitch.inject(message, on: managed, now: machine.now)
        #expect(takePacketIns() == 0)
        machine.revalidate()
        #expect(takePacketIns() == 1)
    }

    @Test func `contexts are kept no longer than their packets need`() throws {
        try machine.change(.add, "priority=1,actions=controller", on: "br0", .v10)
        let managed = try #require(machine.virtualSwitch.bridges["br0"])
        let message = PacketOut(
            inPort: .none, actions: [.controller(ControllerAction(reason: .action))], data: frame)
        for priority in 2..<20 {
            machine.virtualSwitch.inject(message, on: managed, now: machine.now)
            machine.receive(frame, on: "p1")
            try machine.change(
                .add, "priority=\(priority),in_port=2,actions=drop", on: "br0", .v10)
            machine.revalidate()
        }
        machine.revalidate()
        #expect(machine.virtualSwitch.contexts.count == 1)
    }

    @Test func `the last packets of a bridge are counted after its end`() throws {
        try machine.change(.add, "actions=drop", on: "br0", .v10)
        machine.receive(frame, on: "p1")
        machine.receive(frame, on: "p1")
        machine.configuration.bridges.removeAll()
        machine.apply()
        machine.revalidate()
        #expect(machine.snapshot.flows.isEmpty)
    }

    @Test func `the last packets of a port teach no address`() throws {
        try machine.change(.add, "actions=normal", on: "br0", .v10)
        machine.receive(frame, on: "p1")
        machine.receive(frame, on: "p1")
        machine.changeBridge("br0") { bridge in bridge.ports.removeAll { $0.name == "p1" } }
        machine.revalidate()
        let bridge = try #require(machine.virtualSwitch.bridges["br0"]).bridge
        #expect(bridge.macTable.entries.isEmpty)
    }
}
