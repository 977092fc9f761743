import Bytes
import FlowModel
import OpenFlow
import TestSupport
import Testing

@Suite struct `Flow-mods` {
    @Test(arguments: GenuineFlowMods.openFlow10.indices)
    func `of 1.0 come back as ovs-ofctl sent them`(index: Int) throws {
        let (flow, hex) = GenuineFlowMods.openFlow10[index]
        let golden = octets(hex)
        let isNicira = golden[1] == 4
        let dialect = Dialect(version: .v10, flowFormat: isNicira ? .nxm : .openFlow10)
        try comesBack(golden, dialect, flow)
    }

    @Test(arguments: GenuineFlowMods.openFlow13.indices)
    func `of 1.3 come back as ovs-ofctl sent them`(index: Int) throws {
        let (flow, hex) = GenuineFlowMods.openFlow13[index]
        try comesBack(octets(hex), Dialect(version: .v13), flow)
    }

    /// A controller compares what it sent with what the switch says it has.
    @Test(arguments: OpenFlowVersion.allKnown)
    func `keep the length that an output gives to any port`(version: OpenFlowVersion) throws {
        let dialect = Dialect(version: version)
        for port: PortNumber in [PortNumber(2), .controller, .inPort, .normal] {
            var mod = FlowMod(command: .add)
            mod.actions = [.output(port, maxByteCount: 0xffe5)]
            let golden = OpenFlowMessage.flowMod(mod).encoded(dialect, xid: 1)
            try comesBack(golden, dialect, "output to \(port)")
            #expect(hexadecimal(golden).contains("ffe5"))
        }
    }

    /// OpenFlow 1.0 has no IPv6; OVS takes what stands in the places of IPv4, and tells it so.
    @Test func `of 1.0 keep what they say of IPv6`() throws {
        let header = "010e005000000001"
        let actions = "0000000800020000"
        let rest = "0000000000000000" + "000000000000" + "8000" + "ffffffff" + "ffff" + "0000"
        for (wildcards, fields) in [
            // Traffic class; protocol; protocol and ports; type and code of ICMPv6.
            ("001820ef", "20000000"), ("003820cf", "00060000"), ("0038200f", "00060000"),
            ("0038200f", "003a0000"),
        ] {
            let hasPorts = wildcards.hasSuffix("0f")
            let match =
                wildcards + "0000" + "000000000000" + "000000000000" + "0000" + "00" + "00"
                + "86dd" + fields + "0000000000000000" + (hasPorts ? "00870000" : "00000000")
            let dialect = Dialect(version: .v10)
            let golden = octets(header + match + rest + actions)
            guard case .flowMod(let mod) = try OpenFlowMessage.parse(golden, dialect: dialect)
            else { throw OpenFlowError.requestBadType }
            let entry = FlowStatsEntry(
                tableID: 0, match: mod.match, priority: mod.priority, cookie: 0)
            let told = OpenFlowMessage.statsReply(StatsReply(.flow([entry]))).encoded(dialect)
            #expect(hexadecimal(told).contains(match), "\(mod.match)")
        }
    }

    @Test func `of 1.0 that ignore nothing have the highest priority`() throws {
        let rest = "0000" + "0000" + "000000000000" + "8000" + "ffffffff" + "ffff" + "0000"
        let match = String(repeating: "00", count: 40)
        let exact = octets("010e004800000001" + match + String(repeating: "0", count: 8) + rest)
        guard case .flowMod(let mod) = try OpenFlowMessage.parse(exact) else {
            throw OpenFlowError.requestBadType
        }
        #expect(mod.priority == .max)
    }

    private func comesBack(_ golden: [UInt8], _ dialect: Dialect, _ flow: String) throws {
        let message = try OpenFlowMessage.parse(golden, dialect: dialect)
        let again = message.encoded(dialect, xid: MessageHeader(golden)?.xid ?? 0)
        #expect(hexadecimal(again) == hexadecimal(golden), "\(flow)")
    }
}

func hexadecimal(_ octets: [UInt8]) -> String {
    octets.map { (($0 < 16) ? "0" : "") + String($0, radix: 16) }.joined()
}
