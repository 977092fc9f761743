internal import FlowModel

/// Checks that a flow's actions make sense for the packets that it matches.
struct ActionChecker {
    /// What is known of the packets at the action, as an exact match of what matters.
    private var match: Match
    private var formats: FlowFormats

    static func check(
        _ flow: inout FlowDescription, notes: inout [SyntaxNote]
    ) throws(SyntaxError) {
        var checker = ActionChecker(match: flow.match, formats: flow.formats)
        try checker.check(flow.actions, &notes)
        for case .gotoTable(let next) in flow.actions {
            // A packet cannot go back, lest it go in circles.
            guard let table = flow.table, next <= table else { continue }
            throw SyntaxError("actions are invalid with specified match (OFPBIC_BAD_TABLE_ID)")
        }
        flow.formats = checker.formats
    }

    private static var inconsistent: SyntaxError {
        .init("actions are invalid with specified match (OFPBAC_MATCH_INCONSISTENT)")
    }

    private mutating func check(
        _ actions: [Action], _ notes: inout [SyntaxNote]
    ) throws(SyntaxError) {
        for action in actions { try check(action, &notes) }
    }

    private mutating func check(
        _ action: Action, _ notes: inout [SyntaxNote]
    ) throws(SyntaxError) {
        switch action {
        case .setVLANID, .setVLANPriority:
            // OpenFlow 1.1 has no action that adds a tag where there is none.
            match.set(.vlanTCI, to: 0x1000, mask: 0x1000)
        case .popVLAN:
            if !hasTag { formats.formIntersection([.anyOpenFlow10, .anyNXM]) }
            match.set(.vlanTCI, to: 0, mask: 0x1000)
        case .pushVLAN: match.set(.vlanTCI, to: 0x1000, mask: 0x1000)
        case .setIPv4Source, .setIPv4Destination, .setIPTTL, .setIPDSCP, .setIPECN, .decrementTTL:
            if !isIP { formats.formIntersection([.anyOpenFlow10, .anyNXM]) }
        case .setTransportSource, .setTransportDestination:
            let proto = match.key.ipProtocol
            let hasPorts = isIP && [6, 17, 132].contains(proto)
            if !hasPorts { formats.formIntersection([.anyOpenFlow10, .anyNXM]) }
        case .pushMPLS(let type): match.set(.etherType, to: UInt128(type))
        case .popMPLS(let type):
            if !isMPLS { formats.formIntersection([.anyOpenFlow10, .anyNXM]) }
            match.set(.etherType, to: UInt128(type))
        case .setMPLSLabel, .setMPLSTC, .setMPLSTTL, .decrementMPLSTTL:
            if !isMPLS { formats.formIntersection([.anyOpenFlow10, .anyNXM]) }
        case .setField(let field, _, _):
            try requirePrerequisites(of: field, "ofp_actions", "set_field ", &notes)
        case .load(_, let subfield):
            try requirePrerequisites(of: subfield.field, "ofp_actions", "set_field ", &notes)
        case .move(let source, let destination):
            try requirePrerequisites(of: source.field, "meta_flow", "source field ", &notes)
            let field = destination.field
            try requirePrerequisites(of: field, "meta_flow", "destination field ", &notes)
            if !field.descriptor.isWritable { throw Self.inconsistent }
        case .outputField(let source, _):
            try requirePrerequisites(of: source.field, "meta_flow", "source field ", &notes)
        case .clone(let actions):
            let before = match
            try check(actions, &notes)
            match = before
        case .writeActions(let actions):
            // Which packets an action set will meet is not known here.
            let before = self
            try check(actions, &notes)
            self = before
        default: break
        }
    }

    private var hasTag: Bool { Prerequisite.vlan.isMet(by: match) }
    private var isIP: Bool { match.isExact(.etherType) && EtherType.isIP(match.key.etherType) }
    private var isMPLS: Bool {
        match.isExact(.etherType) && EtherType.isMPLS(match.key.etherType)
    }

    private mutating func requirePrerequisites(
        of field: Field, _ module: String, _ words: String, _ notes: inout [SyntaxNote]
    ) throws(SyntaxError) {
        let row = field.descriptor
        let isVLAN = field == .vlanVID || field == .vlanPCP
        let isMet = isVLAN ? hasTag : row.prerequisite.isMet(by: match)
        let isReadOnly = module == "ofp_actions" && !row.isWritable
        if isMet && !isReadOnly { return }
        notes.append(
            SyntaxNote(module, .warning, "\(words)\(row.name) lacks correct prerequisites"))
        throw Self.inconsistent
    }
}
