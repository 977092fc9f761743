import FlowModel
import OpenFlow
import TestSupport
import Testing

/// What genuine `ovs-ofctl monitor` and `ovs-vswitchd` have sent.
@Suite struct `Flow monitor messages` {
    private static let tcp: Match = {
        var match = Match()
        match.set(.etherType, to: 0x0800)
        match.set(.ipProtocol, to: 6)
        return match
    }()

    private static let request = FlowMonitorRequest(
        id: 0, flags: [.add, .delete, .modify, .actions], outPort: PortNumber(7), tableID: 3,
        match: tcp)

    private static let requests: [(OpenFlowVersion, String)] = [
        (
            .v10,
            """
            0110003800000002 ffff000000002320 0000000200000000 00000000001e0007
            000b030000000000 000006020800 00000c0106 0000000000
            """
        ),
        (
            .v12,
            """
            0312003800000002 ffff000000000000 0000232000000002 00000000001e0007
            000b030000000000 000006020800 00000c0106 0000000000
            """
        ),
        (
            .v13,
            """
            0412003800000002 ffff000000000000 4f4e46000000074e 00000000001e000f
            0000000703000000 0001000f80000a020800 8000140106 00
            """
        ),
        (
            .v14,
            """
            0512003000000002 0010000000000000 0000000000000007 ffffffff001e0300
            0001000f80000a020800 8000140106 00
            """
        ),
    ]

    @Test(arguments: 0..<4)
    func `ask in each version as the genuine tool does`(index: Int) throws {
        let (version, text) = Self.requests[index]
        let message = OpenFlowMessage.statsRequest(.flowMonitor([Self.request]))
        let golden = octets(text)
        #expect(message.encoded(Dialect(version: version), xid: 2) == golden)
        #expect(try OpenFlowMessage.parse(golden) == message)
    }

    @Test func `ask in 1.4 for own changes by the bit of the genuine tool`() throws {
        let golden = octets(
            """
            0512002800000002 0010000000000000 00000000ffffffff ffffffff005fff00
            0001000400000000
            """)
        let own = FlowMonitorRequest(
            id: 0, flags: [.initial, .add, .delete, .modify, .actions, .own])
        let message = OpenFlowMessage.statsRequest(.flowMonitor([own]))
        let encoded = message.encoded(Dialect(version: .v14), xid: 2)
        #expect(encoded == golden)
        #expect(try OpenFlowMessage.parse(golden) == message)
    }

    private static let flow = MonitoredFlow(
        event: .modified, tableID: 3, priority: 5, idleTimeout: 10, hardTimeout: 20,
        cookie: 0x1234, actions: [.output(PortNumber(2), maxByteCount: 0)])

    @Test func `tell of a change in 1.3 as the genuine switch does`() throws {
        let golden = octets(
            """
            0413005000000000 ffff000000000000 4f4e46000000074e 0038000200000005
            000a001400040300 0000000000001234 0001000400000000 0004001800000000
            0000001000000002 0000000000000000
            """)
        let message = OpenFlowMessage.statsReply(StatsReply(.flowMonitor([.full(Self.flow)])))
        #expect(message.encoded(Dialect(version: .v13)) == golden)
        #expect(try OpenFlowMessage.parse(golden) == message)
    }

    @Test func `tell of a deletion in 1.4 as the genuine switch does`() throws {
        var flow = Self.flow
        flow.event = .deleted(.delete)
        flow.tableID = 4
        let golden = octets(
            """
            0513004800000000 0010000000000000 00380002 0402000a 00140005 00000000
            0000000000001234 0001000400000000 0004001800000000 0000001000000002 0000000000000000
            """)
        let message = OpenFlowMessage.statsReply(StatsReply(.flowMonitor([.full(flow)])))
        #expect(message.encoded(Dialect(version: .v14)) == golden)
        #expect(try OpenFlowMessage.parse(golden) == message)
    }

    @Test func `abbreviate as the genuine switch does`() throws {
        let message = OpenFlowMessage.statsReply(
            StatsReply(.flowMonitor([.abbreviated(xid: 0x6f)])))
        let golden = [
            octets("0111002000000000 ffff000000002320 0000000200000000 000800030000006f"),
            octets("0513001800000000 0010000000000000 000800040000006f"),
        ]
        for octets in golden {
            #expect(try OpenFlowMessage.parse(octets) == message)
            let version = OpenFlowVersion(rawValue: octets[0])
            #expect(message.encoded(Dialect(version: version)) == octets)
        }
    }

    @Test func `cancel, pause and resume as the genuine tool reads it`() throws {
        let cases: [(OpenFlowMessage, OpenFlowVersion, String)] = [
            (.flowMonitorCancel(7), .v10, "0104001400000000 0000232000000015 00000007"),
            (.flowMonitorPaused, .v10, "0104001000000000 0000232000000016"),
            (.flowMonitorResumed, .v10, "0104001000000000 0000232000000017"),
            (.flowMonitorCancel(5), .v13, "0404001400000000 4f4e46000000074e 00000005"),
            (.flowMonitorPaused, .v13, "0404001000000000 4f4e46000000074f"),
            (.flowMonitorResumed, .v13, "0404001000000000 4f4e460000000750"),
        ]
        for (message, version, text) in cases {
            #expect(message.encoded(Dialect(version: version)) == octets(text))
            #expect(try OpenFlowMessage.parse(octets(text)) == message)
        }
    }

    @Test(arguments: [0x0000, 0x0040])
    func `refuse flags that ask for nothing or are unknown`(bits: UInt16) {
        var golden = octets(Self.requests[0].1)
        golden[28] = UInt8(bits >> 8)
        golden[29] = UInt8(bits & 0xff)
        #expect(throws: OpenFlowError.flowMonitorBadFlags) { try OpenFlowMessage.parse(golden) }
    }

    @Test(arguments: 0..<4)
    func `are refused where they are cut`(index: Int) {
        let golden = octets(Self.requests[index].1)
        for count in 12..<golden.count {
            var cut = Array(golden.prefix(count))
            cut[2] = UInt8(count >> 8)
            cut[3] = UInt8(count & 0xff)
            #expect(throws: OpenFlowError.self) { try OpenFlowMessage.parse(cut) }
        }
    }
}
