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

    private func comesBack(_ golden: [UInt8], _ dialect: Dialect, _ flow: String) throws {
        let message = try OpenFlowMessage.parse(golden, dialect: dialect)
        let again = message.encoded(dialect, xid: MessageHeader(golden)?.xid ?? 0)
        #expect(hexadecimal(again) == hexadecimal(golden), "\(flow)")
    }
}

func hexadecimal(_ octets: [UInt8]) -> String {
    octets.map { (($0 < 16) ? "0" : "") + String($0, radix: 16) }.joined()
}
