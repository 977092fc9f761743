import Bytes
import FlowModel
import FlowSyntax
import OpenFlow
import TestSupport
import Testing

/// Each action against what genuine `ovs-ofctl` makes of it: its octets, and its text.
@Suite struct `Actions` {
    @Test(arguments: GenuineActions.everyVersion.indices)
    func `are the same octets in every version where OVS has it so`(index: Int) throws {
        let (flow, hex, text) = GenuineActions.everyVersion[index]
        try agree(flow, .v10, octets(hex), text)
        for version: OpenFlowVersion in [.v13, .v15] {
            try agree(flow, version, applying(octets(hex)), text)
        }
    }

    @Test(arguments: GenuineActions.openFlow10.indices)
    func `of 1.0 are what OVS has there`(index: Int) throws {
        let (flow, _, hex, text) = GenuineActions.openFlow10[index]
        try agree(flow, .v10, octets(hex), text)
    }

    @Test(arguments: GenuineActions.later.indices)
    func `of 1.3 and 1.5 are what OVS has there`(index: Int) throws {
        let (flow, versions, hex, text) = GenuineActions.later[index]
        if versions.contains("13") { try agree(flow, .v13, octets(hex), text) }
        if versions.contains("15") { try agree(flow, .v15, octets(hex), text) }
    }

    private func agree(
        _ flow: String, _ version: OpenFlowVersion, _ golden: [UInt8], _ text: String
    ) throws {
        let dialect = Dialect(version: version, flowFormat: version == .v10 ? .nxm : .openFlow10)
        var parser = FlowParser()
        var mod = FlowMod(command: .add)
        mod.actions = try parser.flow(flow, for: .add).actions
        let encoded = OpenFlowMessage.flowMod(mod).encoded(dialect, xid: 1)
        let head = OpenFlowMessage.flowMod(FlowMod(command: .add)).encoded(dialect, xid: 1)
        let tail = Array(encoded[head.count...])
        #expect(hexadecimal(tail) == hexadecimal(golden), "\(flow) in \(version)")

        var message = head + golden
        message[2] = UInt8(message.count >> 8)
        message[3] = UInt8(message.count & 0xff)
        guard case .flowMod(let decoded) = try OpenFlowMessage.parse(message, dialect: dialect)
        else {
            Issue.record("not a flow-mod: \(flow)")
            return
        }
        #expect(ActionPrinter.text(decoded.actions) == text, "\(flow) in \(version)")
        if version == .v15 { survivesDamage(message, from: head.count, dialect) }
    }

    /// No cut and no changed octet may stop the program.
    private func survivesDamage(_ message: [UInt8], from start: Int, _ dialect: Dialect) {
        for end in start..<message.count {
            var cut = Array(message[..<end])
            cut[2] = UInt8(end >> 8)
            cut[3] = UInt8(end & 0xff)
            _ = try? OpenFlowMessage.parse(cut, dialect: dialect)
        }
        for place in start..<message.count {
            var mutated = message
            mutated[place] ^= [0x01, 0x80, 0xff][place % 3]
            _ = try? OpenFlowMessage.parse(mutated, dialect: dialect)
        }
    }

    /// The instruction that applies these actions.
    private func applying(_ actions: [UInt8]) -> [UInt8] {
        let length = actions.count + 8
        return [0, 4, UInt8(length >> 8), UInt8(length & 0xff), 0, 0, 0, 0] + actions
    }
}
