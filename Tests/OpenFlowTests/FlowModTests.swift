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
        // The length that `ovs-ofctl` gives there means nothing, and is not kept.
        guard !flow.contains("enqueue") else { return }
        try comesBack(octets(hex), Dialect(version: .v13), flow)
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
