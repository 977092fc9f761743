public import FlowModel

/// Checks that a rule's actions make sense for the packets that it matches.
///
/// A switch that takes `set_field:80->tcp_dst` for every packet has to decide later what it means
/// for ARP; OVS refuses the rule with OFPBAC_MATCH_INCONSISTENT, and so does this. OpenFlow 1.0 is
/// milder: its setters do nothing to a packet without their field.
public struct ActionConsistency {
    /// What is known of the packets at the action, as an exact match of what matters.
    private var match: Match
    private var isMild: Bool

    public static func check(
        _ actions: [Action], match: Match, version: OpenFlowVersion
    ) throws(OpenFlowError) {
        var checker = ActionConsistency(match: match, isMild: version == .v10)
        try checker.check(actions)
    }

    private mutating func check(_ actions: [Action]) throws(OpenFlowError) {
        for action in actions { try check(action) }
    }

    private mutating func check(_ action: Action) throws(OpenFlowError) {
        switch action {
        case .setVLANID, .setVLANPriority, .pushVLAN:
            match.set(.vlanTCI, to: 0x1000, mask: 0x1000)
        case .popVLAN:
            try require(.vlan)
            match.set(.vlanTCI, to: 0, mask: 0x1000)
        case .setIPv4Source, .setIPv4Destination: try require(.ipv4)
        case .setIPTTL, .setIPDSCP, .setIPECN, .decrementTTL: try require(.ip)
        case .setTransportSource, .setTransportDestination:
            let hasPorts = [Prerequisite.tcp, .udp, .sctp].contains { $0.isMet(by: match) }
            guard isMild || hasPorts else { throw .actionMatchInconsistent }
        case .pushMPLS(let type):
            guard !match.isBare else { throw .actionMatchInconsistent }
            match.set(.etherType, to: UInt128(type))
        case .popMPLS(let type):
            try require(.mpls)
            match.set(.etherType, to: UInt128(type))
        case .setMPLSLabel, .setMPLSTC, .setMPLSTTL, .decrementMPLSTTL: try require(.mpls)
        case .setField(let field, _, _): try requirePrerequisite(of: field)
        case .load(_, let subfield), .push(let subfield), .pop(let subfield),
            .outputField(let subfield, _):
            try requirePrerequisite(of: subfield.field)
        case .move(let source, let destination):
            try requirePrerequisite(of: source.field)
            try requirePrerequisite(of: destination.field)
        case .clone(let actions):
            let before = match
            try check(actions)
            match = before
        case .writeActions(let actions):
            // Which packets an action set will meet is not known here.
            let before = self
            isMild = true
            try check(actions)
            self = before
        case .learn(let learn): try check(learn)
        case .finTimeout: try require(.tcp)
        case .ct(let track): try check(track)
        case .nat(let translation): try check(translation)
        case .bundle(let bundle):
            guard bundle.members.allSatisfy({ $0 != .controller && $0 != .none }) else {
                throw .actionBadOutPort
            }
            if let destination = bundle.destination {
                try requirePrerequisite(of: destination.field)
            }
        case .multipath(let multipath): try requirePrerequisite(of: multipath.destination.field)
        case .checkPacketLarger(_, let subfield): try requirePrerequisite(of: subfield.field)
        case .decrementNSHTTL: try require(.nsh)
        case .resubmit(let resubmit):
            guard !resubmit.usesOriginalTuple || match.hasTrackedConnection else {
                throw .actionMatchInconsistent
            }
        case .encap(let encapsulation): match.encapsulate(encapsulation)
        case .decap: match.decapsulate()
        case .popPBB: match.forgetHeaders()
        case .pushPBB(let type): match.set(.etherType, to: UInt128(type))
        case .output, .outputTruncated, .controller, .enqueue, .setEthernetSource,
            .setEthernetDestination, .setTunnel, .setQueue, .popQueue, .gotoTable,
            .writeMetadata, .clearActions, .meter, .group, .note, .exit, .conjunction, .ctClear,
            .sample, .deleteTunnelMetadata, .copyTTLIn, .copyTTLOut:
            break
        }
    }

    /// Only IP has connections, and a helper knows those of one protocol.
    private mutating func check(_ track: ConnectionTrack) throws(OpenFlowError) {
        guard Prerequisite.ip.isMet(by: match) else { throw .actionMatchInconsistent }
        switch track.helperPort {
        case 0: break
        case ConnectionTrack.ftpPort:
            guard Prerequisite.tcp.isMet(by: match) else { throw .actionMatchInconsistent }
        case ConnectionTrack.tftpPort:
            guard Prerequisite.udp.isMet(by: match) else { throw .actionMatchInconsistent }
        default: throw .actionMatchInconsistent
        }
        if case .field(let zone) = track.zone { try requirePrerequisite(of: zone.field) }
        try check(track.actions)
    }

    private func check(_ translation: AddressTranslation) throws(OpenFlowError) {
        let isMet =
            switch translation.addresses {
            case .ipv4: Prerequisite.ipv4.isMet(by: match)
            case .ipv6: Prerequisite.ipv6.isMet(by: match)
            case nil: true
            }
        guard isMet else { throw .actionMatchInconsistent }
    }

    /// The fields that a learned rule is made of have to be there when it is made.
    private func check(_ learn: Learn) throws(OpenFlowError) {
        for specification in learn.specifications {
            if case .field(let subfield) = specification.source {
                try requirePrerequisite(of: subfield.field)
            }
        }
    }

    private func require(_ prerequisite: Prerequisite) throws(OpenFlowError) {
        guard isMild || prerequisite.isMet(by: match) else { throw .actionMatchInconsistent }
    }

    /// Fields by name are checked in every version.
    private func requirePrerequisite(of field: Field) throws(OpenFlowError) {
        guard field.descriptor.prerequisite.isMet(by: match) else {
            throw .actionMatchInconsistent
        }
    }
}
