import FlowModel
import FlowSyntax
import TestSupport
import Testing

/// Every field of the table, printed and parsed again.
struct RoundTripTests {
    /// Fields that OVS prints under the name of another, or by a name that it does not parse.
    private static let renamed: Set<Field> = [.inPortOXM, .gtpuFlags, .gtpuMessageType]

    private static let matched = FieldTable.all.filter {
        $0.prerequisite != .ct && !renamed.contains($0.field)
    }

    /// What must be matched besides, for the field to have meaning.
    private func prerequisite(of row: FieldDescriptor) -> String {
        switch row.prerequisite {
        case .none, .ethernet, .vlan: ""
        case .mpls: "mpls,"
        case .nsh: "dl_type=0x894f,nsh_mdtype=1,"
        case .pbb: "dl_type=0x88e7,"
        case .arp: "arp,"
        case .ip, .ipv4, .ct: "ip,"
        case .ipv6: "ipv6,"
        case .tcp: "tcp,"
        case .udp: "udp,"
        case .sctp: "sctp,"
        case .icmpv4: "icmp,"
        case .icmpv6: "icmp6,"
        case .nd, .ndSolicit: "icmp6,icmp_type=135,"
        case .ndAdvert: "icmp6,icmp_type=136,"
        }
    }

    private func value(_ row: FieldDescriptor, _ random: inout SplitMix64) -> UInt128 {
        let wide = UInt128(random.next()) << 64 | UInt128(random.next())
        switch row.field {
        case .inPort, .inPortOXM, .actionSetOutput: return wide % 0xff00
        case .ipFragment: return [0, 1, 3][Int(random.next() % 3)]
        case .ctState: return wide & 0xff
        case .tcpFlags: return wide & 0x1ff
        case .ipTOS: return wide & 0xfc
        case .vlanTCI, .vlanVID: return wide & row.location.ones | 0x1000
        case .packetType: return 1 << 16 | wide & 0xffff
        default: return wide & row.location.ones
        }
    }

    @Test(arguments: matched.map(\.field))
    func `a match on any field prints and parses to itself`(field: Field) throws {
        let row = field.descriptor
        var random = SplitMix64(seed: UInt64(field.rawValue) + 1)
        for _ in 0..<50 {
            var parser = FlowParser()
            var match = try parser.match(prerequisite(of: row)).match
            if row.field == .vlanPCP || row.field == .vlanPriority {
                match.set(.vlanTCI, to: 0x1000, mask: 0x1000)
            }
            if row.field == .vlanID { match.set(.vlanTCI, to: 0x1000, mask: 0x1000) }
            match.set(field, to: value(row, &random), mask: row.field == .ipTOS ? 0xfc : .max)
            let text = MatchPrinter.text(match)
            #expect(try parser.match(text).match == match, "\(text)")
        }
    }

    @Test(arguments: matched.filter(\.isMaskable).map(\.field))
    func `a masked match on any field prints and parses to itself`(field: Field) throws {
        let row = field.descriptor
        let own: Set<Field> = [.ipFragment, .ctState, .tcpFlags, .tunnelFlags, .tunnelGBPFlags]
        let hasOwnMasks = own.contains(field)
        if hasOwnMasks { return }
        var random = SplitMix64(seed: UInt64(field.rawValue) + 1)
        for _ in 0..<50 {
            var parser = FlowParser()
            var match = try parser.match(prerequisite(of: row)).match
            let mask = UInt128(random.next()) << 64 | UInt128(random.next())
            if mask & row.location.ones == 0 { continue }
            match.set(field, to: value(row, &random), mask: mask)
            let text = MatchPrinter.text(match)
            #expect(try parser.match(text).match == match, "\(text)")
        }
    }

    @Test(arguments: FieldTable.all.filter(\.isWritable).map(\.field))
    func `an action on any field prints and parses to itself`(field: Field) throws {
        let row = field.descriptor
        if field == .ctMark || field == .ctLabel { return }
        var random = SplitMix64(seed: UInt64(field.rawValue) + 1)
        var actions: [Action] = [.move(from: Subfield(field), to: Subfield(field))]
        actions.append(
            .setField(field, value: value(row, &random), mask: row.location.ones))
        if row.width > 3 {
            actions.append(.load(1, Subfield(field: field, offset: 1, width: row.width - 2)))
        }
        // dl_vlan and others without a wire name have no name in subfields either.
        if row.wireNames.isEmpty { actions.removeFirst() }
        var parser = FlowParser()
        let text = ActionPrinter.text(actions)
        #expect(try parser.actions(text) == actions, "\(text)")
    }

    @Test func `no octets crash a parser`() {
        var random = SplitMix64(seed: 7)
        let words = [
            "tcp", ",", "(", ")", "=", "actions=", "load:", "->", "[", "]", "..", "learn(", "1",
            "0x", "/", ":", "reg0", "resubmit(", "nw_src", "ct_state", "+", "-", "\"", " ", "|",
            "eth(", "encap(", "vlan(", "set_field:", "in_port", "65535", "output",
        ]
        for _ in 0..<20_000 {
            var text = ""
            for _ in 0..<(random.next() % 12) {
                text += words[Int(random.next() % UInt64(words.count))]
            }
            var parser = FlowParser()
            _ = try? parser.flow(text, for: .add)
            _ = try? parser.flow(text, for: .query)
            _ = try? parser.actions(text)
            _ = try? FlowKeyText.parse(text)
            _ = try? DatapathFlowParser.parse(text)
        }
    }
}
