import Datapath
import FlowModel
import FlowSyntax
import OpenFlow
import Pipeline
import Switch
import Testing

/// Groups on a switch of memory.
@Suite struct GroupTests {
    let machine = MemorySwitch()

    init() {
        machine.addBridge("br0")
        for name in ["p1", "p2", "p3", "p4"] { machine.addPort(name, to: "br0") }
    }

    /// A UDP packet from a port of its own.
    private func frame(_ port: UInt16, from host: UInt8 = 1) -> [UInt8] {
        [0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0x08, 0x00]
            + [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, host, 10, 0, 1, 1]
            + [UInt8(port >> 8), UInt8(port & 0xff), 0, 53, 0, 8, 0, 0]
    }

    private func sent(_ port: String) -> Int { machine.devices.ports[port]?.sent.count ?? 0 }

    private func group(_ id: UInt32) throws -> Group {
        let managed = try #require(machine.virtualSwitch.bridges["br0"])
        return try #require(managed.bridge.groups[id])
    }

    @Test(arguments: [
        "type=select", "type=select,selection_method=dp_hash",
        "type=select,selection_method=hash,fields(udp_src)",
    ])
    func `a select group spreads connections by weight, and keeps each`(kind: String) throws {
        try machine.changeGroup(
            .add,
            "group_id=1,\(kind),bucket=weight:2,output:2,bucket=weight:6,output:3,"
                + "bucket=weight:0,output:4", on: "br0")
        try machine.change(.add, "in_port=1,actions=group:1", on: "br0", .v13)
        let count = 1000
        for port in 0..<count { machine.receive(frame(UInt16(1000 + port)), on: "p1") }
        let first = (sent("p2"), sent("p3"))
        #expect(first.0 + first.1 == count)
        #expect(sent("p4") == 0)
        // A quarter, within seven times the standard deviation.
        #expect(abs(first.0 - count / 4) < 100)
        for port in 0..<count { machine.receive(frame(UInt16(1000 + port)), on: "p1") }
        #expect(sent("p2") == 2 * first.0)
        #expect(sent("p3") == 2 * first.1)
    }

    @Test func `a group that hashes one field looks at that field alone`() throws {
        try machine.changeGroup(
            .add,
            "group_id=1,type=select,selection_method=hash,fields(ip_src=255.255.255.0),"
                + "bucket=output:2,bucket=output:3", on: "br0")
        try machine.change(.add, "in_port=1,actions=group:1", on: "br0", .v13)
        for host in 1...50 { machine.receive(frame(UInt16(host), from: UInt8(host)), on: "p1") }
        #expect(machine.snapshot.flows.count == 1)
        #expect(Set([sent("p2"), sent("p3")]) == [0, 50])
    }

    @Test func `packets are credited to groups and buckets, also by the datapath alone`() throws {
        try machine.changeGroup(
            .add, "group_id=1,type=select,bucket=output:2,bucket=output:3", on: "br0")
        try machine.changeGroup(.add, "group_id=2,type=all,bucket=group:1", on: "br0")
        try machine.change(.add, "in_port=1,actions=group:2", on: "br0", .v13)
        for _ in 0..<3 {
            for port in 0..<10 { machine.receive(frame(UInt16(port)), on: "p1") }
        }
        machine.revalidate()
        let (inner, outer) = (try group(1), try group(2))
        #expect(inner.count.packets == 30)
        #expect(inner.count.octets == 30 * 42)
        let packets = inner.bucketCounts.map(\.packets)
        #expect(packets == [UInt64(sent("p2")), UInt64(sent("p3"))])
        #expect(outer.count == inner.count)
    }

    @Test func `what follows a group that hashes is done when the packet comes again`() throws {
        try machine.changeGroup(.add, "group_id=1,type=select,bucket=output:2", on: "br0")
        try machine.change(
            .add, "in_port=1,actions=set_field:5->reg0,resubmit(,1),output:4", on: "br0", .v13)
        try machine.change(
            .add, "table=1,reg0=5,actions=group:1,mod_dl_src:00:00:00:00:00:09,output:3",
            on: "br0", .v13)
        machine.receive(frame(1), on: "p1")
        #expect([sent("p2"), sent("p3"), sent("p4")] == [1, 1, 1])
        #expect(machine.devices.ports["p2"]?.sent[0][11] == 1)
        #expect(machine.devices.ports["p3"]?.sent[0][11] == 9)
    }

    @Test func `a flow that is translated again keeps its number of recirculation`() throws {
        try machine.changeGroup(
            .add, "group_id=1,type=select,bucket=output:2,bucket=output:3", on: "br0")
        try machine.change(.add, "in_port=1,actions=group:1", on: "br0", .v13)
        for port in 0..<10 { machine.receive(frame(UInt16(port)), on: "p1") }
        let before = machine.snapshot.flows.map(\.actions)
        try machine.change(.add, "in_port=2,actions=drop", on: "br0", .v13)
        for _ in 0..<3 { machine.revalidate() }
        #expect(machine.snapshot.flows.map(\.actions) == before)
        #expect(machine.virtualSwitch.contexts.count == 1)
        try machine.changeGroup(.delete, "group_id=1", on: "br0")
        for _ in 0..<3 { machine.revalidate() }
        #expect(machine.virtualSwitch.contexts.count == 0)
    }

    @Test func `fast failover goes to the first bucket whose port is live`() throws {
        try machine.changeGroup(
            .add, "group_id=1,type=ff,bucket=watch_port:2,output:2,bucket=watch_port:3,output:3",
            on: "br0")
        try machine.change(.add, "in_port=1,actions=group:1", on: "br0", .v13)
        machine.receive(frame(1), on: "p1")
        machine.virtualSwitch.noteLink("p2", isUp: true, isRunning: false)
        machine.revalidate()
        machine.receive(frame(1), on: "p1")
        #expect([sent("p2"), sent("p3")] == [1, 1])
    }

    @Test func `a group cannot send to itself, however long the way`() throws {
        try machine.changeGroup(.add, "group_id=1,type=all,bucket=2", on: "br0")
        try machine.changeGroup(.add, "group_id=2,type=all,bucket=group:1", on: "br0")
        try machine.changeGroup(.add, "group_id=3,type=all,bucket=group:2", on: "br0")
        #expect(throws: OpenFlowError.groupModLoop) {
            try machine.changeGroup(.modify, "group_id=1,type=all,bucket=group:3", on: "br0")
        }
        #expect(throws: OpenFlowError.groupModLoop) {
            try machine.changeGroup(.add, "group_id=4,type=all,bucket=group:4", on: "br0")
        }
    }

    @Test func `rules go with their group, and say why`() throws {
        try machine.changeGroup(.add, "group_id=1,type=all,bucket=2", on: "br0")
        try machine.change(.add, "send_flow_rem,in_port=1,actions=group:1", on: "br0", .v13)
        try machine.change(.add, "in_port=2,actions=output:1", on: "br0", .v13)
        try machine.changeGroup(.delete, "group_id=1", on: "br0")
        let reasons = machine.virtualSwitch.events.compactMap { event in
            if case .flowRemoved(_, _, let reason) = event { reason } else { nil }
        }
        #expect(reasons == [.groupDelete])
        #expect(machine.virtualSwitch.bridges["br0"]?.bridge.ruleCount == 2)
    }

    // MARK: Bundles

    private func text() throws -> [String] {
        let managed = try #require(machine.virtualSwitch.bridges["br0"])
        let rules = managed.bridge.table(0).rules(within: Match()).map { rule in
            "\(rule.modified) \(rule.cookie) \(rule.counters.packets) "
                + ActionPrinter.text(rule.actions)
        }
        let groups = managed.bridge.groups.values.map { "\($0.id) \($0.buckets)" }
        return rules.sorted() + groups.sorted()
    }

    private func commit(_ messages: [OpenFlowMessage]) throws {
        let managed = try #require(machine.virtualSwitch.bridges["br0"])
        try machine.virtualSwitch.commit(messages, version: .v14, for: managed, now: machine.now)
    }

    private func flow(_ command: FlowMod.Command, _ priority: UInt16, _ actions: [Action])
        -> OpenFlowMessage
    {
        .flowMod(
            FlowMod(
                command: command, tableID: 0, match: Match(), priority: priority, newCookie: 7,
                actions: actions))
    }

    @Test func `a bundle that fails leaves flows, groups and events as they were`() throws {
        try machine.changeGroup(.add, "group_id=1,type=all,bucket=2", on: "br0")
        for priority in 1...3 {
            try machine.change(
                .add, "send_flow_rem,priority=\(priority),in_port=1,actions=group:1", on: "br0",
                .v13)
        }
        machine.receive(frame(1), on: "p1")
        machine.revalidate()
        machine.virtualSwitch.events.removeAll()
        let before = try text()
        let output = Action.output(PortNumber(2), maxByteCount: 0)
        let messages: [OpenFlowMessage] = [
            flow(.add, 9, [output]), flow(.modify, 0, [output]), flow(.add, 9, []),
            .groupMod(GroupMod(command: .add, id: 5)), flow(.add, 8, [.group(5)]),
            .groupMod(GroupMod(command: .modify, id: 1)),
            .packetOut(PacketOut(inPort: .none, actions: [output], data: frame(1))),
            .groupMod(GroupMod(command: .delete, id: GroupMod.all)), flow(.delete, 0, []),
            flow(.add, 1, [.group(99)]),
        ]
        let sentBefore = sent("p2")
        let failure = #expect(throws: BundleFailure.self) { try commit(messages) }
        #expect(failure?.index == 9)
        #expect(failure?.error == .actionBadOutGroup)
        #expect(try text() == before)
        #expect(machine.virtualSwitch.events.isEmpty)
        #expect(sent("p2") == sentBefore)
        try commit(Array(messages.dropLast(3)))
        #expect(sent("p2") == sentBefore + 1)
        #expect(try text() != before)
    }
}
