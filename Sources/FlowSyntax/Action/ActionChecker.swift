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
        // No format carries what makes sense in none.
        if checker.formats.isEmpty && !flow.formats.isEmpty { throw inconsistent }
        flow.formats = checker.formats
    }

    private static var inconsistent: SyntaxError {
        invalid("OFPBAC_MATCH_INCONSISTENT")
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
        case .pushMPLS(let type):
            if match.isBare { formats.formIntersection([.anyOpenFlow10, .anyNXM]) }
            match.set(.etherType, to: UInt128(type))
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
            try checkSource(source, &notes)
            try checkDestination(destination, &notes)
        case .outputField(let source, _), .push(let source):
            try checkSource(source, &notes)
        case .pop(let destination): try checkDestination(destination, &notes)
        case .finTimeout:
            let isTCP = isIP && match.isExact(.ipProtocol) && match.key.ipProtocol == 6
            if !isTCP { formats.formIntersection([.anyOpenFlow10, .anyNXM]) }
        case .learn(let learn): try check(learn, &notes)
        case .clone(let actions):
            let before = match
            try check(actions, &notes)
            match = before
        case .writeActions(let actions):
            // Which packets an action set will meet is not known here.
            let before = self
            try check(actions, &notes)
            self = before
        default: try checkLater(action, &notes)
        }
    }

    /// Connection tracking, the selection of links, and headers that OpenFlow does not know.
    private mutating func checkLater(
        _ action: Action, _ notes: inout [SyntaxNote]
    ) throws(SyntaxError) {
        switch action {
        case .ct(let track):
            let helper: Prerequisite? =
                track.helperPort == 0
                ? nil : track.helperPort == ConnectionTrack.ftpPort ? .tcp : .udp
            guard isIP, helper?.isMet(by: match) != false else { throw Self.inconsistent }
            if case .field(let zone) = track.zone { try checkSource(zone, &notes) }
            try check(track.actions, &notes)
        case .nat(let translation):
            let type: UInt16? =
                switch translation.addresses {
                case .ipv4: EtherType.ipv4
                case .ipv6: EtherType.ipv6
                case nil: nil
                }
            if let type, match.key.etherType != type { throw Self.inconsistent }
        case .bundle(let bundle):
            if let destination = bundle.destination { try checkDestination(destination, &notes) }
            if bundle.members.contains(.controller) {
                notes.append(SyntaxNote("bundle", .warning, "unsupported controller member"))
                throw Self.invalid("OFPBAC_BAD_OUT_PORT")
            }
        case .multipath(let multipath): try checkDestination(multipath.destination, &notes)
        case .checkPacketLarger(_, let destination): try checkDestination(destination, &notes)
        case .decrementNSHTTL:
            if !Prerequisite.nsh.isMet(by: match) {
                formats.formIntersection([.anyOpenFlow10, .anyNXM])
            }
        case .resubmit(let resubmit):
            if resubmit.usesOriginalTuple && !match.hasTrackedConnection {
                throw Self.inconsistent
            }
        case .encap(let encapsulation): match.encapsulate(encapsulation)
        case .decap: match.decapsulate()
        case .popPBB: match.forgetHeaders()
        case .pushPBB(let type): match.set(.etherType, to: UInt128(type))
        default: break
        }
    }

    /// What a learned rule takes from the packet has to be there, and what it asks for or writes
    /// has to make sense with what it asks for before.
    private func check(_ learn: Learn, _ notes: inout [SyntaxNote]) throws(SyntaxError) {
        var learned = self
        learned.match = Match()
        for specification in learn.specifications {
            if case .field(let source) = specification.source {
                try checkSource(source, &notes)
            }
            switch specification.destination {
            case .match(let destination):
                try learned.checkSource(destination, &notes)
                if case .immediate(let value) = specification.source {
                    learned.match.set(destination.location, to: value)
                }
            case .load(let destination): try learned.checkDestination(destination, &notes)
            case .output: break
            }
        }
    }

    private func checkSource(
        _ source: Subfield, _ notes: inout [SyntaxNote]
    ) throws(SyntaxError) {
        try requirePrerequisites(of: source.field, "meta_flow", "source field ", &notes)
    }

    private func checkDestination(
        _ destination: Subfield, _ notes: inout [SyntaxNote]
    ) throws(SyntaxError) {
        let field = destination.field
        try requirePrerequisites(of: field, "meta_flow", "destination field ", &notes)
        if field.descriptor.isWritable { return }
        notes.append(
            SyntaxNote("meta_flow", .warning, "destination field \(field.name) is not writable"))
        throw Self.invalid("OFPBAC_BAD_SET_ARGUMENT")
    }

    private static func invalid(_ reason: String) -> SyntaxError {
        .init("actions are invalid with specified match (\(reason))")
    }

    private var hasTag: Bool { Prerequisite.vlan.isMet(by: match) }
    private var isIP: Bool { EtherType.isIP(match.networkType) }
    private var isMPLS: Bool { EtherType.isMPLS(match.networkType) }

    private func requirePrerequisites(
        of field: Field, _ module: String, _ words: String, _ notes: inout [SyntaxNote]
    ) throws(SyntaxError) {
        let row = field.descriptor
        let isVLAN = field == .vlanVID || field == .vlanPCP
        let isMet = isVLAN ? hasTag && !match.isBare : row.prerequisite.isMet(by: match)
        let isReadOnly = module == "ofp_actions" && !row.isWritable
        if isMet && !isReadOnly { return }
        notes.append(
            SyntaxNote(module, .warning, "\(words)\(row.name) lacks correct prerequisites"))
        throw Self.inconsistent
    }
}
