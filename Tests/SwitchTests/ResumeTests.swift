import FlowModel
import FlowSyntax
import OpenFlow
import Pipeline
import Switch
import Testing

/// Packets that wait at a controller, on a switch of memory.
@Suite struct ResumeTests {
    let machine = MemorySwitch()
    private let frame: [UInt8] = [0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0x12, 0x34]

    init() {
        machine.addBridge("br0")
        for name in ["p1", "p2", "p3", "p4"] { machine.addPort(name, to: "br0") }
    }

    private func sent(_ port: String) -> [[UInt8]] { machine.devices.ports[port]?.sent ?? [] }

    /// The packet-in that the switch has for controllers.
    private func takePacketIn() throws -> PacketIn {
        let events = machine.virtualSwitch.events
        machine.virtualSwitch.events.removeAll()
        guard case .packetIn(_, let event)? = events.last else {
            throw OpenFlowError.requestBadType
        }
        var metadata = Match()
        metadata.set(.inPort, to: UInt128(event.key.inPort))
        for field in [Field.reg1, .reg2] { metadata.set(field, to: event.key[field]) }
        var packet = PacketIn(
            tableID: event.table, cookie: event.cookie, metadata: metadata, data: event.octets)
        packet.continuation = event.continuation
        return packet
    }

    @Test func `what is left to be done is done when the packet comes back`() throws {
        try machine.change(
            .add,
            "in_port=1,actions=set_field:5->reg1,push:NXM_NX_REG1[],output:2,controller(pause),"
                + "mod_dl_src:00:00:00:00:00:08,resubmit(,1)", on: "br0", .v13)
        try machine.change(
            .add,
            "table=1,cookie=7,reg1=5,actions=pop:NXM_NX_REG2[],controller(pause),resubmit(,2),"
                + "output:3", on: "br0", .v13)
        try machine.change(
            .add, "table=2,reg2=5,actions=write_actions(output:4)", on: "br0", .v13)
        machine.receive(frame, on: "p1")
        #expect(sent("p2") == [frame])
        let first = try takePacketIn()
        #expect(first.continuation?.stack == [[5]])
        #expect(first.continuation?.datapathPort != nil)
        try machine.handle(.resume(first), on: "br0", .v13)
        machine.virtualSwitch.handleMisses(of: machine.link.datapath, now: machine.now)
        let second = try takePacketIn()
        #expect(second.data[11] == 8)
        #expect(second.continuation?.groups.map(\.table) == [0, 1])
        #expect(second.continuation?.groups.map(\.cookie) == [0, 7])
        #expect(sent("p3").isEmpty && sent("p4").isEmpty)
        try machine.handle(.resume(second), on: "br0", .v13)
        #expect(sent("p3") == [second.data])
        #expect(sent("p4") == [second.data])
    }

    @Test func `a packet that a controller sent goes round as any other`() throws {
        try machine.change(.add, "mpls,actions=pop_mpls:0x800,goto_table:1", on: "br0", .v13)
        try machine.change(.add, "table=1,ip,actions=dec_ttl,output:2", on: "br0", .v13)
        let labelled =
            Array(frame[..<12]) + [0x88, 0x47, 0, 6, 0x41, 0x40]
            + [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
        for _ in 1...2 {
            let packet = PacketOut(
                inPort: .controller, actions: [.resubmit(Resubmit(table: 0))], data: labelled)
            try machine.handle(.packetOut(packet), on: "br0", .v13)
            machine.virtualSwitch.handleMisses(of: machine.link.datapath, now: machine.now)
        }
        #expect(sent("p2").map { $0[22] } == [63, 63])
    }

    @Test func `a pause with nothing behind it ends the packet's way`() throws {
        try machine.change(.add, "in_port=1,actions=controller(pause)", on: "br0", .v13)
        machine.receive(frame, on: "p1")
        try machine.handle(.resume(try takePacketIn()), on: "br0", .v13)
        #expect(machine.virtualSwitch.events.isEmpty)
        #expect(sent("p2").isEmpty)
    }

    @Test func `a continuation of another bridge is stale`() throws {
        try machine.change(.add, "in_port=1,actions=controller(pause),output:2", on: "br0", .v13)
        machine.receive(frame, on: "p1")
        var packet = try takePacketIn()
        packet.continuation?.bridge[0] ^= 1
        #expect(throws: OpenFlowError.nxRoleStale) {
            try machine.handle(.resume(packet), on: "br0", .v13)
        }
        packet.continuation = nil
        #expect(throws: OpenFlowError.nxRoleStale) {
            try machine.handle(.resume(packet), on: "br0", .v13)
        }
    }
}
