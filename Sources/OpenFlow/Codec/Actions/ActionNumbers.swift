/// Types of actions in OpenFlow 1.0 (§5.2.4).
enum OpenFlow10ActionType {
    static var output: UInt16 { 0 }
    static var setVLANID: UInt16 { 1 }
    static var setVLANPriority: UInt16 { 2 }
    static var stripVLAN: UInt16 { 3 }
    static var setEthernetSource: UInt16 { 4 }
    static var setEthernetDestination: UInt16 { 5 }
    static var setIPv4Source: UInt16 { 6 }
    static var setIPv4Destination: UInt16 { 7 }
    static var setTOS: UInt16 { 8 }
    static var setTransportSource: UInt16 { 9 }
    static var setTransportDestination: UInt16 { 10 }
    static var enqueue: UInt16 { 11 }
    static var experimenter: UInt16 { 0xffff }
}

/// Types of actions from OpenFlow 1.1 on (1.1 §A.2.5, 1.3.5 §7.2.5).
enum ActionType {
    static var output: UInt16 { 0 }
    static var setVLANID: UInt16 { 1 }
    static var setVLANPriority: UInt16 { 2 }
    static var setEthernetSource: UInt16 { 3 }
    static var setEthernetDestination: UInt16 { 4 }
    static var setIPv4Source: UInt16 { 5 }
    static var setIPv4Destination: UInt16 { 6 }
    static var setTOS: UInt16 { 7 }
    static var setECN: UInt16 { 8 }
    static var setTransportSource: UInt16 { 9 }
    static var setTransportDestination: UInt16 { 10 }
    static var copyTTLOut: UInt16 { 11 }
    static var copyTTLIn: UInt16 { 12 }
    static var setMPLSLabel: UInt16 { 13 }
    static var setMPLSTC: UInt16 { 14 }
    static var setMPLSTTL: UInt16 { 15 }
    static var decrementMPLSTTL: UInt16 { 16 }
    static var pushVLAN: UInt16 { 17 }
    static var popVLAN: UInt16 { 18 }
    static var pushMPLS: UInt16 { 19 }
    static var popMPLS: UInt16 { 20 }
    static var setQueue: UInt16 { 21 }
    static var group: UInt16 { 22 }
    static var setIPTTL: UInt16 { 23 }
    static var decrementIPTTL: UInt16 { 24 }
    static var setField: UInt16 { 25 }
    static var pushPBB: UInt16 { 26 }
    static var popPBB: UInt16 { 27 }
    // From OpenFlow 1.5 on.
    static var copyField: UInt16 { 28 }
    static var meter: UInt16 { 29 }
    static var experimenter: UInt16 { 0xffff }
}

/// Types of instructions from OpenFlow 1.1 on (1.3.5 §7.2.4).
enum InstructionType {
    static var gotoTable: UInt16 { 1 }
    static var writeMetadata: UInt16 { 2 }
    static var writeActions: UInt16 { 3 }
    static var applyActions: UInt16 { 4 }
    static var clearActions: UInt16 { 5 }
    static var meter: UInt16 { 6 }
    static var experimenter: UInt16 { 0xffff }
}

/// Types of Nicira's actions, which serve in every version (ovs-actions(7)).
enum NiciraActionType {
    static var resubmit: UInt16 { 1 }
    static var setTunnel: UInt16 { 2 }
    static var setQueue: UInt16 { 4 }
    static var popQueue: UInt16 { 5 }
    static var move: UInt16 { 6 }
    static var load: UInt16 { 7 }
    static var note: UInt16 { 8 }
    static var setTunnel64: UInt16 { 9 }
    static var multipath: UInt16 { 10 }
    static var bundle: UInt16 { 12 }
    static var bundleLoad: UInt16 { 13 }
    static var resubmitTable: UInt16 { 14 }
    static var outputField: UInt16 { 15 }
    static var learn: UInt16 { 16 }
    static var exit: UInt16 { 17 }
    static var decrementTTL: UInt16 { 18 }
    static var finTimeout: UInt16 { 19 }
    static var controller: UInt16 { 20 }
    static var decrementTTLWithControllers: UInt16 { 21 }
    static var writeMetadata: UInt16 { 22 }
    static var pushMPLS: UInt16 { 23 }
    static var popMPLS: UInt16 { 24 }
    static var setMPLSTTL: UInt16 { 25 }
    static var decrementMPLSTTL: UInt16 { 26 }
    static var push: UInt16 { 27 }
    static var pop: UInt16 { 28 }
    static var sample: UInt16 { 29 }
    static var setMPLSLabel: UInt16 { 30 }
    static var setMPLSTC: UInt16 { 31 }
    static var outputField2: UInt16 { 32 }
    static var load2: UInt16 { 33 }
    static var conjunction: UInt16 { 34 }
    static var ct: UInt16 { 35 }
    static var nat: UInt16 { 36 }
    static var controller2: UInt16 { 37 }
    static var sampleAtPort: UInt16 { 38 }
    static var outputTruncated: UInt16 { 39 }
    static var group: UInt16 { 40 }
    static var sampleDirected: UInt16 { 41 }
    static var clone: UInt16 { 42 }
    static var ctClear: UInt16 { 43 }
    static var resubmitTableCT: UInt16 { 44 }
    static var learn2: UInt16 { 45 }
    static var encap: UInt16 { 46 }
    static var decap: UInt16 { 47 }
    static var decrementNSHTTL: UInt16 { 48 }
    static var checkPacketLarger: UInt16 { 49 }
    static var deleteField: UInt16 { 50 }

    /// The length of the actions that have but one.
    static func length(_ type: UInt16) -> Int? {
        switch type {
        case resubmit, setTunnel, setQueue, popQueue, resubmitTable, exit, decrementTTL,
            finTimeout, controller, pushMPLS, popMPLS, setMPLSTTL, decrementMPLSTTL,
            setMPLSLabel, setMPLSTC, conjunction, outputTruncated, group, ctClear,
            resubmitTableCT, decap, decrementNSHTTL:
            16
        case load, setTunnel64, outputField, sample: 24
        case writeMetadata, multipath, sampleAtPort, sampleDirected: 32
        default: nil
        }
    }
}

/// Properties of Nicira's second controller action.
enum ControllerProperty {
    static var maxByteCount: UInt16 { 0 }
    static var controllerID: UInt16 { 1 }
    static var reason: UInt16 { 2 }
    static var userdata: UInt16 { 3 }
    static var pause: UInt16 { 4 }
    static var meter: UInt16 { 5 }
}

/// Types of ONF's actions, with which OpenFlow 1.3 has what later versions standardized.
enum ONFActionType {
    static var copyField: UInt16 { 3200 }
}
