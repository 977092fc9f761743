import Bytes
import FlowModel

extension ActionDecoder {
    /// Type, length, experimenter and subtype.
    private static var headerByteCount: Int { 10 }

    /// Reads the body of one of Nicira's actions, behind the experimenter's identifier.
    func decodeNicira(
        _ body: inout MessageReader, into actions: inout [Action]
    ) throws(OpenFlowError) {
        let type = try body.uint16()
        let length = body.remaining + Self.headerByteCount
        guard NiciraActionType.length(type).map({ $0 == length }) ?? true else {
            throw .actionBadLength
        }
        var action = try decodePacketAction(type, &body)
        if action == nil { action = try decodeFieldAction(type, &body) }
        if action == nil { action = try decodeControlAction(type, &body) }
        if action == nil { action = try decodeLaterAction(type, &body) }
        guard let action else { throw .actionBadVendorType }
        actions.append(action)
    }

    /// Actions on MPLS, TTL, tunnel and queue.
    private func decodePacketAction(
        _ type: UInt16, _ body: inout MessageReader
    ) throws(OpenFlowError) -> Action? {
        switch type {
        case NiciraActionType.setTunnel:
            try body.skip(2)
            return .setTunnel(UInt64(try body.uint32()), isWide: false)
        case NiciraActionType.setTunnel64:
            try body.skip(6)
            return .setTunnel(try body.uint64(), isWide: true)
        case NiciraActionType.setQueue:
            try body.skip(2)
            return .setQueue(try body.uint32())
        case NiciraActionType.popQueue: return .popQueue
        case NiciraActionType.decrementTTL: return .decrementTTL(controllers: [0])
        case NiciraActionType.decrementTTLWithControllers:
            let count = Int(try body.uint16())
            try body.zeros(4, else: .nxRequestMustBeZero)
            var controllers: [UInt16] = []
            for _ in 0..<count { controllers.append(try body.uint16()) }
            return .decrementTTL(controllers: controllers)
        case NiciraActionType.pushMPLS: return .pushMPLS(try mplsType(&body))
        case NiciraActionType.popMPLS: return .popMPLS(try body.uint16())
        case NiciraActionType.setMPLSTTL: return .setMPLSTTL(try body.uint8())
        case NiciraActionType.decrementMPLSTTL: return .decrementMPLSTTL
        case NiciraActionType.setMPLSLabel:
            try body.skip(2)
            return .setMPLSLabel(try body.uint32())
        case NiciraActionType.setMPLSTC: return .setMPLSTC(try body.uint8())
        case NiciraActionType.ctClear: return .ctClear
        default: return nil
        }
    }

    /// Actions on fields.
    private func decodeFieldAction(
        _ type: UInt16, _ body: inout MessageReader
    ) throws(OpenFlowError) -> Action? {
        switch type {
        case NiciraActionType.move:
            let width = Int(try body.uint16())
            let sourceOffset = Int(try body.uint16())
            let destinationOffset = Int(try body.uint16())
            let source = try subfield(&body, offset: sourceOffset, width: width)
            let destination = try subfield(&body, offset: destinationOffset, width: width)
            guard destination.field.descriptor.isWritable else { throw .actionBadSetArgument }
            return .move(from: source, to: destination)
        case NiciraActionType.load:
            let packed = try body.uint16()
            let destination = try subfield(&body, packed: packed)
            let value = try body.uint64()
            guard destination.field.descriptor.isWritable else { throw .actionBadSetArgument }
            guard destination.width == 64 || value >> UInt64(destination.width) == 0 else {
                throw .actionBadArgument
            }
            return .load(value, destination)
        case NiciraActionType.load2:
            return try decodeSetField(&body, allowsMask: true)
        case NiciraActionType.push: return .push(try stackSubfield(&body))
        case NiciraActionType.pop:
            let subfield = try stackSubfield(&body)
            guard subfield.field.descriptor.isWritable else { throw .actionBadSetArgument }
            return .pop(subfield)
        case NiciraActionType.writeMetadata:
            try body.zeros(6, else: .nxRequestMustBeZero)
            return .writeMetadata(try body.uint64(), mask: try body.uint64())
        case NiciraActionType.outputField:
            let packed = try body.uint16()
            let source = try subfield(&body, packed: packed)
            let maxByteCount = try body.uint16()
            try body.zeros(6, else: .actionBadArgument)
            return .outputField(source, maxByteCount: maxByteCount)
        case NiciraActionType.outputField2:
            let packed = try body.uint16()
            let maxByteCount = try body.uint16()
            let source = try subfield(&body, packed: packed)
            return .outputField(source, maxByteCount: maxByteCount)
        default: return nil
        }
    }

    /// Actions that steer the pipeline.
    private func decodeControlAction(
        _ type: UInt16, _ body: inout MessageReader
    ) throws(OpenFlowError) -> Action? {
        switch type {
        case NiciraActionType.resubmit:
            return .resubmit(Resubmit(port: PortNumber(try body.uint16())))
        case NiciraActionType.resubmitTable:
            return .resubmit(try decodeResubmitTable(&body))
        case NiciraActionType.note: return .note(try body.rest())
        case NiciraActionType.exit: return .exit
        case NiciraActionType.learn: return .learn(try decodeLearn(&body, isExtended: false))
        case NiciraActionType.learn2: return .learn(try decodeLearn(&body, isExtended: true))
        case NiciraActionType.finTimeout:
            return .finTimeout(idle: try body.uint16(), hard: try body.uint16())
        case NiciraActionType.controller:
            let maxByteCount = try body.uint16()
            let controllerID = try body.uint16()
            let reason = try reason(try body.uint8())
            return .controller(
                ControllerAction(
                    maxByteCount: maxByteCount, reason: reason, controllerID: controllerID))
        case NiciraActionType.controller2: return .controller(try decodeController2(&body))
        case NiciraActionType.conjunction:
            let clause = try body.uint8()
            let count = try body.uint8()
            guard (2...64).contains(count), clause < count else {
                throw .nxActionBadConjunction
            }
            return .conjunction(id: try body.uint32(), clause: clause, clauseCount: count)
        case NiciraActionType.outputTruncated:
            let port = try outputPort(try body.uint16())
            let maxByteCount = try body.uint32()
            guard maxByteCount >= Self.minTruncatedByteCount else { throw .actionBadArgument }
            return .outputTruncated(port, maxByteCount: maxByteCount)
        case NiciraActionType.group:
            try body.skip(2)
            return .group(try body.uint32())
        case NiciraActionType.clone:
            try body.skip(6)
            var part = try body.part(body.remaining, lengthError: .actionBadLength)
            return .clone(try nested().decodeActions(&part))
        default: return nil
        }
    }

    /// Connection tracking, the selection of links, and headers that OpenFlow does not know.
    private func decodeLaterAction(
        _ type: UInt16, _ body: inout MessageReader
    ) throws(OpenFlowError) -> Action? {
        typealias Kind = NiciraActionType
        switch type {
        case Kind.ct: return .ct(try decodeTracking(&body))
        case Kind.nat: return .nat(try decodeTranslation(&body))
        case Kind.resubmitTableCT:
            var resubmit = try decodeResubmitTable(&body)
            resubmit.usesOriginalTuple = true
            return .resubmit(resubmit)
        case Kind.bundle: return .bundle(try decodeBundle(&body, hasDestination: false))
        case Kind.bundleLoad: return .bundle(try decodeBundle(&body, hasDestination: true))
        case Kind.multipath: return .multipath(try decodeMultipath(&body))
        case Kind.sample, Kind.sampleAtPort, Kind.sampleDirected:
            return .sample(try decodeSampling(type, &body))
        case Kind.checkPacketLarger: return try decodePacketCheck(&body)
        case Kind.deleteField: return try decodeDeletion(&body)
        // OVS has packet types from OpenFlow 1.3 on.
        case Kind.encap where version >= .v13: return .encap(try decodeEncapsulation(&body))
        case Kind.decap where version >= .v13:
            try body.skip(2)
            return .decap(packetType: try body.uint32())
        case Kind.decrementNSHTTL where version >= .v13: return .decrementNSHTTL
        default: return nil
        }
    }

    /// An Ethernet header, without which there is no packet.
    private static var minTruncatedByteCount: UInt32 { 14 }

    private func decodeResubmitTable(
        _ body: inout MessageReader
    ) throws(OpenFlowError) -> Resubmit {
        let port = PortNumber(try body.uint16())
        let table = try body.uint8()
        try body.zeros(3, else: .actionBadArgument)
        return Resubmit(port: port == .inPort ? nil : port, table: table == 0xff ? nil : table)
    }

    private func reason(_ value: UInt8) throws(OpenFlowError) -> PacketInReason {
        guard let reason = PacketInReason(rawValue: value) else { throw .nxRequestBadReason }
        return reason
    }

    private func decodeController2(
        _ body: inout MessageReader
    ) throws(OpenFlowError) -> ControllerAction {
        try body.zeros(6, else: .nxRequestMustBeZero)
        var action = ControllerAction()
        while body.remaining >= 4 {
            let type = try body.uint16()
            let length = Int(try body.uint16())
            guard length >= 4, length - 4 <= body.remaining else { throw .propertyBadLength }
            var property = try body.part(length - 4, lengthError: .propertyBadLength)
            switch type {
            case ControllerProperty.maxByteCount: action.maxByteCount = try property.uint16()
            case ControllerProperty.controllerID: action.controllerID = try property.uint16()
            case ControllerProperty.reason: action.reason = try reason(try property.uint8())
            case ControllerProperty.userdata: action.userdata = try property.rest()
            case ControllerProperty.pause: action.isPaused = true
            case ControllerProperty.meter: action.meter = try property.uint32()
            default: throw .propertyBadType
            }
            try body.skip(min(MatchDecoder.padding(length), body.remaining))
        }
        return action
    }
}

// MARK: - Subfields

extension ActionDecoder {
    /// Reads a field's header, and takes `width` bits of it from `offset` on.
    func subfield(
        _ body: inout MessageReader, offset: Int, width: Int
    ) throws(OpenFlowError) -> Subfield {
        try subfield(
            try fieldName(&body, else: .matchBadField), offset: offset, width: width)
    }

    /// Reads a header that names a field, with neither value nor mask.
    func fieldName(
        _ body: inout MessageReader, else error: OpenFlowError
    ) throws(OpenFlowError) -> Field {
        let header = try FieldHeader(&body, lengthError: error)
        guard let field = header.field, !header.hasMask,
            FieldCoding.of(field).canHave(byteCount: header.payloadByteCount)
        else { throw error }
        return field
    }

    func subfield(
        _ field: Field, offset: Int, width: Int
    ) throws(OpenFlowError) -> Subfield {
        let coding = FieldCoding.of(field)
        // The operation of ARP has 16 bits on the wire, though keys hold 8.
        let isOperation = field == .arpOperation && offset == 0 && width == 16
        if isOperation { return Subfield(field) }
        guard width >= 1, offset + width <= coding.location.width else {
            throw .actionBadSetLength
        }
        return Subfield(field: field, offset: offset, width: width)
    }

    /// Reads a field's header; `packed` has the offset and, in 6 bits, the width less one.
    private func subfield(
        _ body: inout MessageReader, packed: UInt16
    ) throws(OpenFlowError) -> Subfield {
        try subfield(
            try fieldName(&body, else: .actionBadSetType), offset: Int(packed >> 6),
            width: Int(packed & 0x3f) + 1)
    }

    private func stackSubfield(_ body: inout MessageReader) throws(OpenFlowError) -> Subfield {
        let offset = Int(try body.uint16())
        let field = try fieldName(&body, else: .matchBadField)
        let width = Int(try body.uint16())
        try body.zeros(body.remaining, else: .nxRequestMustBeZero)
        return try subfield(field, offset: offset, width: width)
    }
}
