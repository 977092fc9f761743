import Addresses
import Classifier
import FlowModel
import FlowSyntax
import OpenFlow
import Pipeline
import Switch
import Testing

/// Tables with limits, and what packets and controllers meet there.
@Suite struct TableTests {
    let machine = MemorySwitch()

    init() {
        machine.addBridge("br0")
        for name in ["p1", "p2"] { machine.addPort(name, to: "br0") }
        machine.changeBridge("br0") { $0.failMode = .secure }
    }

    private var managed: ManagedBridge? { machine.virtualSwitch.bridges["br0"] }

    private let frame: [UInt8] =
        [0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1] + [UInt8](repeating: 5, count: 48)

    private func limit(_ table: UInt8, _ body: (inout TableSettings) -> Void) {
        machine.changeBridge("br0") { body(&$0.tables[table, default: TableSettings()]) }
    }

    private func add(_ text: String) throws { try machine.change(.add, text, on: "br0", .v14) }

    private func priorities(_ table: UInt8) -> [UInt16] {
        let rules = managed?.bridge.table(table).rules(within: Match()) ?? []
        return rules.map(\.priority).sorted()
    }

    private func send(_ mod: TableMod, _ version: OpenFlowVersion = .v14) throws {
        try machine.handle(.tableMod(mod), on: "br0", version)
    }

    // MARK: Eviction

    @Test func `a full table refuses, but not what takes the place of its like`() throws {
        limit(5) { $0.flowLimit = 2 }
        try add("table=5,priority=1,idle_timeout=5,actions=drop")
        try add("table=5,priority=2,idle_timeout=5,actions=drop")
        #expect(throws: OpenFlowError.flowModTableFull) {
            try add("table=5,priority=3,actions=drop")
        }
        try add("table=5,priority=2,actions=output:1")
        #expect(priorities(5) == [1, 2])
    }

    @Test func `the largest group gives up what expires soonest`() throws {
        limit(5) {
            $0.flowLimit = 3
            $0.evicts = true
            $0.groups = [Subfield(.inPort)]
        }
        try add("table=5,in_port=1,priority=1,idle_timeout=100,actions=1")
        try add("table=5,in_port=1,priority=2,idle_timeout=90,actions=1")
        try add("table=5,in_port=2,priority=3,hard_timeout=10,actions=1")
        try add("table=5,in_port=2,priority=4,hard_timeout=50,actions=1")
        #expect(priorities(5) == [1, 3, 4])
    }

    @Test func `importance counts before time, and what has no timeout stays`() throws {
        limit(5) {
            $0.flowLimit = 3
            $0.evicts = true
        }
        try add("table=5,priority=1,idle_timeout=10,importance=5,actions=1")
        try add("table=5,priority=2,idle_timeout=900,importance=2,actions=1")
        try add("table=5,priority=3,actions=1")
        try add("table=5,priority=4,idle_timeout=900,actions=1")
        #expect(priorities(5) == [1, 3, 4])
        try add("table=5,priority=5,actions=1")
        #expect(priorities(5) == [1, 3, 5])
        try add("table=5,priority=6,actions=1")
        #expect(priorities(5) == [3, 5, 6])
        #expect(throws: OpenFlowError.flowModTableFull) { try add("table=5,priority=7,actions=1") }
    }

    @Test func `a rule that packets have put off is not the first to go`() throws {
        limit(5) {
            $0.flowLimit = 2
            $0.evicts = true
        }
        try add("table=5,priority=1,idle_timeout=10,actions=1")
        try add("table=5,priority=2,idle_timeout=12,actions=1")
        let rule = try #require(
            managed?.bridge.table(5).rules(within: Match()).first { $0.priority == 1 })
        rule.credit(packets: 1, octets: 60, used: machine.now + 5000)
        try add("table=5,priority=3,idle_timeout=100,actions=1")
        #expect(priorities(5) == [1, 3])
    }

    @Test func `a limit that is lowered makes rules go at once`() throws {
        limit(5) {
            $0.flowLimit = 3
            $0.evicts = true
        }
        for priority in 1...3 {
            try add("table=5,priority=\(priority),hard_timeout=1\(priority),actions=1")
        }
        limit(5) { $0.flowLimit = 1 }
        #expect(priorities(5) == [3])
    }

    @Test func `a bundle that fails brings back what it pushed out`() throws {
        limit(5) {
            $0.flowLimit = 1
            $0.evicts = true
        }
        try add("table=5,priority=1,hard_timeout=10,actions=1")
        let managed = try #require(managed)
        let new = FlowMod(tableID: 5, priority: 2, newCookie: 0)
        let bad = FlowMod(tableID: 5, actions: [.group(77)])
        #expect(throws: BundleFailure.self) {
            try machine.virtualSwitch.commit(
                [.flowMod(new), .flowMod(bad)], version: .v14, for: managed, now: machine.now)
        }
        #expect(priorities(5) == [1])
        try add("table=5,priority=3,hard_timeout=10,actions=1")
        #expect(priorities(5) == [3])
    }

    @Test func `a controller can have rules go, and hears of it`() throws {
        limit(5) { $0.flowLimit = 1 }
        try send(TableMod(tableID: 5, config: .eviction))
        try add("table=5,priority=1,hard_timeout=10,send_flow_rem,actions=1")
        machine.virtualSwitch.events.removeAll()
        try add("table=5,priority=2,hard_timeout=10,actions=1")
        guard case .flowRemoved(_, let rule, .eviction)? = machine.virtualSwitch.events.first else {
            Issue.record("\(machine.virtualSwitch.events)")
            return
        }
        #expect(rule.priority == 1)
    }

    // MARK: Vacancy

    private var vacancyEvents: [TableStatus.Reason] {
        machine.virtualSwitch.events.compactMap {
            if case .tableStatus(_, let status) = $0 { status.reason } else { nil }
        }
    }

    @Test func `controllers hear when a table runs full and when it has room again`() throws {
        limit(5) { $0.flowLimit = 10 }
        var mod = TableMod(tableID: 5, config: .vacancyEvents)
        mod.vacancy = Vacancy(down: 30, up: 60)
        try send(mod)
        machine.virtualSwitch.events.removeAll()
        for priority in 1...10 { try add("table=5,priority=\(priority),actions=1") }
        #expect(vacancyEvents == [.vacancyDown])
        machine.virtualSwitch.events.removeAll()
        try machine.change(.delete, "table=5", on: "br0", .v14)
        #expect(vacancyEvents == [.vacancyUp])
    }

    // MARK: Misses

    @Test(arguments: [OpenFlowVersion.v11, .v12])
    func `a table passes on what no rule matches if it is told to`(
        version: OpenFlowVersion
    ) throws {
        try send(TableMod(tableID: 0, config: .missContinue), version)
        try add("table=2,in_port=1,actions=output:2")
        try send(TableMod(tableID: 1, config: .missContinue), version)
        machine.receive(frame, on: "p1")
        #expect(machine.devices.ports["p2"]?.sent.count == 1)
        try send(TableMod(tableID: 1, config: .missDrop), version)
        machine.revalidate()
        machine.receive(frame, on: "p1")
        #expect(machine.devices.ports["p2"]?.sent.count == 1)
    }

    @Test func `a table that asks for it sends misses to controllers`() throws {
        try send(TableMod(tableID: 0), .v11)
        machine.virtualSwitch.events.removeAll()
        machine.receive(frame, on: "p1")
        let hasPacketIn = machine.virtualSwitch.events.contains {
            if case .packetIn = $0 { true } else { false }
        }
        #expect(hasPacketIn)
    }

    @Test func `the hidden table cannot be set up`() {
        #expect(throws: OpenFlowError.tableModNotPermitted) {
            try send(TableMod(tableID: Bridge.hiddenTable))
        }
    }

    // MARK: Counters

    @Test(arguments: ["", "reset_counts,"])
    func `a rule that takes another's place goes on counting unless it is told not to`(
        flags: String
    ) throws {
        try add("in_port=1,actions=output:2")
        machine.receive(frame, on: "p1")
        try add(flags + "in_port=1,actions=output:2")
        let rule = try #require(managed?.bridge.table(0).rules(within: Match()).first)
        #expect(rule.counters.packets == (flags.isEmpty ? 1 : 0))
    }

    @Test func `packets are counted even where the controller does not need it`() throws {
        try add("no_packet_counts,no_byte_counts,in_port=1,actions=output:2")
        machine.receive(frame, on: "p1")
        let rule = try #require(managed?.bridge.table(0).rules(within: Match()).first)
        #expect(rule.counters.packets == 1)
        #expect(rule.counters.octets == 60)
    }

    // MARK: Monitors

    private func changes(_ body: () throws -> Void) rethrows -> [MonitoredFlow] {
        managed?.isMonitored = true
        machine.virtualSwitch.events.removeAll()
        try body()
        return machine.virtualSwitch.events.compactMap {
            if case .flowChanged(_, let change) = $0 { change.flow } else { nil }
        }
    }

    @Test func `monitors hear of each way in which a rule changes`() throws {
        let flows = try changes {
            try add("table=1,priority=3,hard_timeout=1,actions=output:1")
            try add("table=1,priority=3,hard_timeout=1,actions=output:2")
            try machine.change(.modify, "table=1,actions=drop", on: "br0", .v14)
            machine.now += 2000
            machine.virtualSwitch.expire(now: machine.now)
        }
        #expect(flows.map(\.event) == [.added, .added, .modified, .deleted(.hardTimeout)])
    }

    @Test func `monitors hear of what is learned`() throws {
        try add("in_port=1,actions=learn(table=7,NXM_OF_ETH_SRC[]),output:2")
        let flows = changes { machine.receive(frame, on: "p1") }
        #expect(flows.map(\.tableID) == [7])
        #expect(flows.map(\.event) == [.added])
    }

    // MARK: Hidden rules

    private var hiddenLines: [String] {
        let text = try? machine.virtualSwitch.bridgeDumpFlows(["br0"], now: machine.now)
        return (text ?? "").split(separator: "\n").compactMap { line in
            guard !line.hasPrefix("table_id=254") else { return nil }
            return line.split(separator: " ").last.map(String.init)
        }
    }

    @Test func `in-band control has rules before those of any priority`() throws {
        machine.changeBridge("br0") {
            $0.hardwareAddress = EthernetAddress("06:b3:92:74:9e:4e")
            $0.inBand.remotes = [.init(address: IPv4Address(0x0a01_0203), port: 6653)]
            $0.inBand.queue = 3
        }
        try add("priority=65535,actions=drop")
        let local = "06:b3:92:74:9e:4e"
        let actions = "actions=set_queue:3,NORMAL"
        #expect(
            hiddenLines == [
                "priority=180008,tcp,nw_src=10.1.2.3,tp_src=6653,\(actions)",
                "priority=180007,tcp,nw_dst=10.1.2.3,tp_dst=6653,\(actions)",
                "priority=180006,arp,arp_spa=10.1.2.3,arp_op=1,\(actions)",
                "priority=180005,arp,arp_tpa=10.1.2.3,arp_op=2,\(actions)",
                "priority=180002,arp,dl_src=\(local),arp_op=1,\(actions)",
                "priority=180001,arp,dl_dst=\(local),arp_op=2,\(actions)",
                "priority=180000,udp,in_port=LOCAL,dl_src=\(local),tp_src=68,tp_dst=67,\(actions)",
                "priority=65535,actions=drop",
            ])
        machine.changeBridge("br0") { $0.inBand.remotes = [] }
        #expect(hiddenLines == ["priority=65535,actions=drop"])
    }

    @Test func `a bridge that has failed open forwards whatever its rules say`() throws {
        try add("priority=65535,actions=drop")
        let managed = try #require(managed)
        machine.virtualSwitch.setFailOpen(true, of: managed, now: machine.now)
        #expect(hiddenLines.first == "priority=15790320,actions=NORMAL")
        machine.receive(frame, on: "p1")
        #expect(machine.devices.ports["p2"]?.sent.count == 1)
        try machine.change(.delete, "", on: "br0", .v10)
        #expect(hiddenLines == ["priority=15790320,actions=NORMAL"])
        machine.virtualSwitch.setFailOpen(false, of: managed, now: machine.now)
        machine.revalidate()
        machine.receive(frame, on: "p1")
        #expect(machine.devices.ports["p2"]?.sent.count == 1)
    }
}
