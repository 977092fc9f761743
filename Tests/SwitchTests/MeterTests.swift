import Datapath
import FlowModel
import FlowSyntax
import OpenFlow
import Pipeline
import Switch
import Testing

/// Meters on a switch of memory, whose clock the test moves.
@Suite struct MeterTests {
    let machine = MemorySwitch()

    init() {
        machine.addBridge("br0")
        for name in ["p1", "p2"] { machine.addPort(name, to: "br0") }
    }

    private var sent: [[UInt8]] { machine.devices.ports["p2"]?.sent ?? [] }

    private func add(_ text: String) throws {
        let config = try MeterText.parse(text)
        try machine.handle(.meterMod(MeterMod(command: .add, config: config)), on: "br0")
        try machine.change(.add, "in_port=1,actions=meter:1,output:2", on: "br0", .v13)
    }

    /// An IPv4 packet of `byteCount` octets with DSCP `dscp`.
    private func frame(_ byteCount: Int, dscp: UInt8 = 0) -> [UInt8] {
        var frame: [UInt8] = [0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0x08, 0x00]
        frame += [0x45, dscp << 2, UInt8((byteCount - 14) >> 8), UInt8((byteCount - 14) & 0xff)]
        frame += [0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 1, 1]
        return frame + Array(repeating: 0, count: byteCount - frame.count)
    }

    /// Sends `count` packets a millisecond for `duration` milliseconds.
    private func send(_ frame: [UInt8], _ count: Int, for duration: Int) {
        for _ in 0..<duration {
            machine.now += 1
            for _ in 0..<count { machine.receive(frame, on: "p1") }
        }
    }

    @Test(arguments: [1, 3])
    func `packets are metered to five percent over a second`(count: Int) throws {
        try add("meter=1 pktps stats bands=type=drop rate=500")
        send(frame(60), count, for: 1000)
        let before = sent.count
        send(frame(60), count, for: 1000)
        #expect(abs(sent.count - before - 500) <= 25)
    }

    @Test(arguments: [60, 1500])
    func `octets are metered to five percent over a second`(byteCount: Int) throws {
        try add("meter=1 kbps burst stats bands=type=drop rate=2000 burst_size=20")
        send(frame(byteCount), 5, for: 200)
        let before = sent.count
        send(frame(byteCount), 5, for: 1000)
        let bits = (sent.count - before) * byteCount * 8
        #expect(abs(bits - 2_000_000) <= 100_000)
    }

    @Test func `of two bands the highest that is exceeded decides`() throws {
        try add(
            "meter=1 pktps burst stats bands=type=dscp_remark rate=100 burst_size=9 prec_level=1, "
                + "type=drop rate=300 burst_size=9")
        // Assured Forwarding class 1 with low drop precedence.
        send(frame(60, dscp: 10), 1, for: 300)
        let before = sent.count
        send(frame(60, dscp: 10), 1, for: 1000)
        let passed = sent[before...]
        #expect(abs(passed.count - 300) <= 15)
        let kept = passed.count { $0[15] >> 2 == 10 }
        #expect(abs(kept - 100) <= 5)
        #expect(passed.count { $0[15] >> 2 == 12 } == passed.count - kept)
    }

    @Test func `a meter that changes keeps its counters and takes new rates`() throws {
        try add("meter=1 pktps burst stats bands=type=drop rate=1 burst_size=1")
        send(frame(60), 4, for: 1)
        let config = try MeterText.parse(
            "meter=1 pktps burst stats bands=type=drop rate=9 burst_size=9")
        try machine.handle(.meterMod(MeterMod(command: .modify, config: config)), on: "br0")
        let counters = machine.link.datapath.counters(ofMeter: 0)
        #expect(counters?.input.packets == 4)
        #expect(counters?.bands.first?.packets == 3)
    }

    @Test func `rules go with their meter`() throws {
        try add("meter=1 pktps bands=type=drop rate=1")
        let count = machine.virtualSwitch.bridges["br0"]?.bridge.ruleCount
        try machine.handle(
            .meterMod(MeterMod(command: .delete, config: MeterConfig(id: 1))), on: "br0")
        #expect(machine.virtualSwitch.bridges["br0"]?.bridge.ruleCount == count.map { $0 - 1 })
        #expect(machine.link.datapath.counters(ofMeter: 0) == nil)
    }
}
