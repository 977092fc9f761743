import FlowModel
import OpenFlow
import OpenFlowSession
import TestSupport
import Testing

@Suite struct `Flow monitors` {
    private static let all: FlowMonitorRequest.Flags = [
        .initial, .add, .delete, .modify, .actions,
    ]

    private func flow(
        _ event: MonitoredFlow.Event, table: UInt8 = 0, priority: UInt16 = 1
    ) -> MonitoredFlow {
        MonitoredFlow(
            event: event, tableID: table, priority: priority,
            actions: [.output(PortNumber(1), maxByteCount: 0)])
    }

    private func table(_ requests: FlowMonitorRequest...) throws -> FlowMonitorTable {
        var table = FlowMonitorTable()
        for request in requests { try table.handle(request) }
        return table
    }

    private func note(
        _ flow: MonitoredFlow, in table: inout FlowMonitorTable, isOwn: Bool = false
    ) {
        table.note(.init(flow, xid: 9), isOwn: isOwn) { _ in true }
    }

    @Test func `tell what they cover, and of which kind`() throws {
        var monitors = try table(
            FlowMonitorRequest(id: 1, flags: [.add, .actions], tableID: 3),
            FlowMonitorRequest(id: 2, flags: [.delete]))
        note(flow(.added, table: 3), in: &monitors)
        note(flow(.added, table: 4), in: &monitors)
        note(flow(.modified, table: 3), in: &monitors)
        note(flow(.deleted(.delete), table: 4), in: &monitors)
        var deleted = flow(.deleted(.delete), table: 4)
        deleted.actions = []
        #expect(monitors.takeUpdates() == [.full(flow(.added, table: 3)), .full(deleted)])
        #expect(monitors.takeUpdates() == [])
    }

    @Test func `abbreviate the controller's own changes, once for each request`() throws {
        var monitors = try table(FlowMonitorRequest(id: 1, flags: Self.all))
        note(flow(.added), in: &monitors, isOwn: true)
        note(flow(.added, priority: 2), in: &monitors, isOwn: true)
        #expect(monitors.takeUpdates() == [.abbreviated(xid: 9)])
        note(flow(.added), in: &monitors, isOwn: true)
        #expect(monitors.takeUpdates() == [.abbreviated(xid: 9)])
        try monitors.handle(FlowMonitorRequest(id: 2, flags: Self.all.union(.own)))
        note(flow(.added), in: &monitors, isOwn: true)
        #expect(monitors.takeUpdates() == [.full(flow(.added))])
    }

    @Test func `have numbers that are used once, and are known`() throws {
        var monitors = try table(FlowMonitorRequest(id: 1, flags: Self.all))
        #expect(throws: OpenFlowError.flowMonitorMonitorExists) {
            try monitors.handle(FlowMonitorRequest(id: 1, flags: Self.all))
        }
        #expect(throws: OpenFlowError.flowMonitorUnknownMonitor) { try monitors.cancel(2) }
        #expect(throws: OpenFlowError.flowMonitorUnknownMonitor) {
            try monitors.handle(FlowMonitorRequest(id: 2, command: .modify, flags: Self.all))
        }
        try monitors.cancel(1)
        #expect(monitors.isEmpty)
    }

    @Test func `tell a controller that does not read each rule once when it reads again`() throws {
        var monitors = try table(FlowMonitorRequest(id: 1, flags: Self.all))
        let pauses = [monitors.pause(ifQueued: 10), monitors.pause(ifQueued: 1 << 20)]
        #expect(pauses == [false, true])
        note(flow(.added, priority: 1), in: &monitors)
        note(flow(.modified, priority: 1), in: &monitors)
        note(flow(.modified, priority: 2), in: &monitors)
        note(flow(.modified, priority: 2), in: &monitors)
        note(flow(.added, priority: 3), in: &monitors)
        note(flow(.deleted(.delete), priority: 3), in: &monitors)
        note(flow(.modified, priority: 4), in: &monitors)
        note(flow(.deleted(.delete), priority: 4), in: &monitors)
        // What the controller knows and is gone is told at once.
        #expect(monitors.takeUpdates() == [.full(flow(.deleted(.delete), priority: 4))])
        let resumed = monitors.resume()
        #expect(
            resumed == [
                .full(flow(.added, priority: 1)), .full(flow(.modified, priority: 2)),
            ])
        note(flow(.added, priority: 5), in: &monitors)
        #expect(monitors.takeUpdates() == [.full(flow(.added, priority: 5))])
    }
}

@Suite struct `Limits on packets for a controller` {
    @Test func `let packets pass at the rate, and a burst at once`() {
        var schedule = PacketInSchedule<Int>(rate: 1000, burst: nil, now: 0)
        var passed = 0
        for packet in 0..<1000 where schedule.admits(packet, from: 1, at: 0) { passed += 1 }
        #expect(passed == 250)
        #expect(schedule.statistics.bypassed == 250)
        #expect(schedule.statistics.queued == 750)
        #expect(schedule.statistics.dropped == 500)
        #expect(schedule.statistics.backlog == 250)
        #expect(schedule.deadline == 1)
        #expect(schedule.takeReady(at: 1).count == 1)
        #expect(schedule.takeReady(at: 11).count == 10)
        // At once not more than a batch.
        #expect(schedule.takeReady(at: 111).count == 50)
        #expect(schedule.takeReady(at: 111).count == 50)
        #expect(schedule.takeReady(at: 111).isEmpty)
    }

    @Test func `are fair to the ports`() {
        var schedule = PacketInSchedule<UInt16>(rate: 1000, burst: 100, now: 0)
        for _ in 0..<100 { _ = schedule.admits(0, from: 0, at: 0) }
        // A flood from one port, and a little from three others.
        for _ in 0..<5000 { _ = schedule.admits(1, from: 1, at: 0) }
        for port in UInt16(2)...4 {
            for _ in 0..<10 { _ = schedule.admits(port, from: port, at: 0) }
        }
        for _ in 0..<5000 { _ = schedule.admits(1, from: 1, at: 0) }
        let first = schedule.takeReady(at: 40)
        #expect(first.count == 40)
        for port in UInt16(1)...4 { #expect(first.count { $0 == port } == 10) }
        #expect(schedule.statistics.backlog == 60)
    }

    @Test(arguments: 0..<20)
    func `lose nothing that comes below the rate`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var schedule = PacketInSchedule<Int>(rate: 10_000, burst: 2500, now: 0)
        var sent = 0
        var received = 0
        for now in SessionTime(1)...2000 {
            for _ in 0..<Int.random(in: 0...19, using: &random) {
                sent += 1
                let port = UInt16.random(in: 0..<4, using: &random)
                if schedule.admits(sent, from: port, at: now) { received += 1 }
            }
            received += schedule.takeReady(at: now).count
        }
        #expect(schedule.statistics.dropped == 0)
        #expect(sent == received + Int(schedule.statistics.backlog))
    }

    @Test func `can be changed while packets wait`() {
        var schedule = PacketInSchedule<Int>(rate: 1000, burst: 100, now: 0)
        for packet in 0..<200 { _ = schedule.admits(packet, from: UInt16(packet % 7), at: 0) }
        #expect(schedule.statistics.backlog == 100)
        schedule.setLimits(rate: 100, burst: 25)
        #expect(schedule.statistics.backlog == 25)
        #expect(schedule.takeReady(at: 100).count == 10)
    }
}
