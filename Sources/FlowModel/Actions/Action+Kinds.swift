extension Action {
    /// Whether an action set can hold the action, as OVS has it (OpenFlow 1.3.5 §5.10).
    public var canBeWritten: Bool {
        switch self {
        case .output, .setVLANID, .setVLANPriority, .setEthernetSource, .setEthernetDestination,
            .setIPv4Source, .setIPv4Destination, .setIPDSCP, .setIPECN, .setIPTTL,
            .setTransportSource, .setTransportDestination, .popVLAN, .pushVLAN, .pushMPLS,
            .popMPLS, .setMPLSLabel, .setMPLSTC, .setMPLSTTL, .decrementMPLSTTL, .decrementTTL,
            .setField, .load, .move, .setTunnel, .setQueue, .resubmit, .group, .ct, .ctClear,
            .encap, .decap, .decrementNSHTTL, .copyTTLOut, .copyTTLIn, .pushPBB, .popPBB:
            true
        case .outputField, .outputTruncated, .controller, .enqueue, .push, .pop, .popQueue,
            .gotoTable, .writeMetadata, .clearActions, .writeActions, .meter, .note, .exit,
            .learn, .conjunction, .clone, .nat, .finTimeout, .bundle, .multipath, .sample,
            .checkPacketLarger, .deleteTunnelMetadata:
            false
        }
    }
}

extension Action {
    /// The field that the action writes, if it writes one by name.
    public var writtenField: Field? {
        switch self {
        case .setField(let field, _, _): field
        case .load(_, let subfield), .move(_, let subfield), .pop(let subfield): subfield.field
        default: nil
        }
    }

    /// Whether `ct(...)` can hold the action: translation, and what sets mark or label.
    public var isAllowedInTracking: Bool {
        switch self {
        case .nat: true
        case .setField, .load, .move: writtenField == .ctMark || writtenField == .ctLabel
        default: false
        }
    }
}
