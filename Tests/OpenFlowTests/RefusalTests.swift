import FlowModel
import OpenFlow
import TestSupport
import Testing

/// Flow-mods that genuine `ovs-vswitchd` refuses, with its reason.
@Suite struct `Refused flow-mods` {
    /// A flow-mod of 1.3 that adds a rule to table 0, with these fields and instructions.
    private func flowMod(fields: String = "", instructions: String = "") -> [UInt8] {
        let fields = octets(fields)
        let padding = (8 - (fields.count + 4) % 8) % 8
        var body = octets("0000000000000000 0000000000000000 00 00 0000 0000 8000 ffffffff")
        body += octets("ffffffff ffffffff 0000 0000 0001")
        body += [UInt8((fields.count + 4) >> 8), UInt8((fields.count + 4) & 0xff)]
        body += fields + Array(repeating: 0, count: padding) + octets(instructions)
        let length = body.count + 8
        return [4, 14, UInt8(length >> 8), UInt8(length & 0xff), 0, 0, 0, 1] + body
    }

    private func reason(_ octets: [UInt8]) -> OpenFlowError? {
        do throws(OpenFlowError) {
            guard case .flowMod(let mod) = try OpenFlowMessage.parse(octets) else { return nil }
            try ActionConsistency.check(mod.actions, match: mod.match, version: .v13)
            return nil
        } catch {
            return error
        }
    }

    @Test func `an unknown field`() {
        #expect(reason(flowMod(fields: "8000fe04 00000000")) == .matchBadField)
    }

    @Test func `a field with another length`() {
        #expect(reason(flowMod(fields: "80000004 00000001")) == nil)
        #expect(reason(flowMod(fields: "80000003 000001")) == .matchBadField)
        #expect(reason(flowMod(fields: "80000005 00000001")) == .matchBadLength)
    }

    @Test func `a field without what it needs`() {
        #expect(reason(flowMod(fields: "80001604 01020304")) == .matchBadPrerequisite)
        #expect(reason(flowMod(fields: "80000a02 0800 80001604 01020304")) == nil)
    }

    @Test func `a field twice`() {
        #expect(reason(flowMod(fields: "80000a02 0800 80000a02 0800")) == .matchDuplicateField)
    }

    @Test func `a value outside its mask`() {
        let fields = "80000a02 0800 80001708 01020304 ffffff00"
        #expect(reason(flowMod(fields: fields)) == .matchBadWildcards)
    }

    @Test func `a mask where none is allowed`() {
        #expect(reason(flowMod(fields: "80000b04 0800 ff00")) == .matchBadMask)
    }

    @Test func `a value that is too large`() {
        #expect(reason(flowMod(fields: "80000a02 0800 80001001 ff")) == .matchBadValue)
    }

    @Test func `an instruction twice`() {
        let table = "0001000801000000"
        #expect(
            reason(flowMod(instructions: table + table)) == .instructionDuplicateInstruction)
    }

    @Test func `an unknown instruction`() {
        #expect(
            reason(flowMod(instructions: "0009000800000000")) == .instructionUnknownInstruction)
        #expect(reason(flowMod(instructions: "0001000700000000")) == .instructionBadLength)
    }

    @Test func `an unknown action`() {
        let unknown = "00040010 00000000 004d0008 00000000"
        #expect(reason(flowMod(instructions: unknown)) == .actionBadType)
        let vendor = "00040010 00000000 ffff0008 00001234"
        #expect(reason(flowMod(instructions: vendor)) == .actionBadVendor)
        let subtype = "00040018 00000000 ffff0010 00002320 00ff000000000000"
        #expect(reason(flowMod(instructions: subtype)) == .actionBadVendorType)
    }

    @Test func `a field set that packets lack`() {
        let set = "00040018 00000000 00190010 80001604 01020304 00000000"
        #expect(reason(flowMod(instructions: set)) == .actionMatchInconsistent)
        #expect(reason(flowMod(fields: "80000a02 0800", instructions: set)) == nil)
    }

    @Test func `clones that nest too deep`() {
        var actions: [Action] = []
        for _ in 0..<40 { actions = [.clone(actions)] }
        let mod = OpenFlowMessage.flowMod(FlowMod(tableID: 0, actions: actions))
        let dialect = Dialect(version: .v13)
        #expect(throws: OpenFlowError.actionBadArgument) {
            try OpenFlowMessage.parse(mod.encoded(dialect), dialect: dialect)
        }
    }

    /// As genuine Open vSwitch does, though the standard lets it follow.
    @Test(arguments: [OpenFlowVersion.v13, .v14, .v15])
    func `tables are not what a controller wants them to be`(version: OpenFlowVersion) throws {
        let told = Corpus.messages.first { message, dialect in
            guard dialect.version == version, case .statsReply(let reply) = message,
                case .tableFeatures(let tables) = reply.body
            else { return false }
            return !tables.isEmpty
        }
        let (message, dialect) = try #require(told)
        var octets = message.encoded(dialect, xid: 1)
        octets[1] = 18
        func refusal(_ body: [UInt8]) -> OpenFlowError? {
            var request = octets[..<16] + body
            request[2] = UInt8(request.count >> 8)
            request[3] = UInt8(request.count & 0xff)
            do throws(OpenFlowError) {
                _ = try OpenFlowMessage.parse(Array(request), dialect: dialect)
                return nil
            } catch {
                return error
            }
        }
        let length = Int(octets[16]) << 8 | Int(octets[17])
        var table = Array(octets[16..<16 + length])
        #expect(refusal([]) == nil)
        #expect(refusal(table) == .tableFeaturesNotPermitted)
        #expect(refusal(table + table) == .nxTableFeaturesDuplicateTable)
        #expect(refusal(Array(table[..<60])) == .requestBadLength)
        let added = length + 8
        var strange = table + [0, 0x77, 0, 8, 0, 0, 0, 0]
        strange[0] = UInt8(added >> 8)
        strange[1] = UInt8(added & 0xff)
        #expect(refusal(strange) == .propertyBadType)
        table[2] = 255
        #expect(refusal(table) == .tableFeaturesBadTable)
    }
}
