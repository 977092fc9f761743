import Bytes
import FlowModel

/// Reads lists of actions and instructions.
struct ActionDecoder {
    /// How deep `clone` may nest; a message could hold 4,000 levels, and the stack should not.
    static var maxNesting: Int { 32 }

    let version: OpenFlowVersion
    private var nesting = 0

    init(version: OpenFlowVersion) { self.version = version }

    /// Reads actions to the end of `reader`.
    func decodeActions(_ reader: inout MessageReader) throws(OpenFlowError) -> [Action] {
        var actions: [Action] = []
        while !reader.isAtEnd { try decodeAction(&reader, into: &actions) }
        return actions
    }

    /// Reads what a rule does to the end of `reader`: actions in OpenFlow 1.0, instructions later.
    func decodeBehavior(_ reader: inout MessageReader) throws(OpenFlowError) -> [Action] {
        let actions =
            version == .v10 ? try decodeActions(&reader) : try decodeInstructions(&reader)
        if Conjunction.intruder(in: actions) != nil { throw .nxActionBadConjunction }
        guard version == .v10 else { return actions }
        if let index = actions.firstIndex(where: Self.isWriteMetadata), index < actions.count - 1 {
            // Later versions write metadata when all actions have been taken.
            throw .actionUnsupportedOrder
        }
        return actions
    }

    private static func isWriteMetadata(_ action: Action) -> Bool {
        if case .writeMetadata = action { return true }
        return false
    }

    /// A decoder for the actions within an action.
    func nested() throws(OpenFlowError) -> ActionDecoder {
        guard nesting < Self.maxNesting else { throw .actionBadArgument }
        var inner = self
        inner.nesting += 1
        return inner
    }

    private func decodeAction(
        _ reader: inout MessageReader, into actions: inout [Action]
    ) throws(OpenFlowError) {
        let type = try reader.peek16()
        let length = Int(try reader.peek16(at: 2))
        let isExperimenter = type == ActionType.experimenter
        // What it is comes before how long it is, as in OVS.
        if isExperimenter {
            let vendor = try UInt32(reader.peek16(at: 4)) << 16 | UInt32(reader.peek16(at: 6))
            guard vendor == ExperimenterID.nicira || vendor == ExperimenterID.onf else {
                throw .actionBadVendor
            }
        } else {
            guard isKnown(type) else { throw .actionBadType }
        }
        guard length >= 8, length % 8 == 0, length <= reader.remaining,
            isExperimenter || fixedLength(type).map({ $0 == length }) ?? true
        else { throw .actionBadLength }
        var body = try reader.part(length, lengthError: .actionBadLength)
        try body.skip(4)
        if isExperimenter {
            if try body.uint32() == ExperimenterID.nicira {
                try decodeNicira(&body, into: &actions)
            } else {
                actions.append(try decodeONF(&body))
            }
        } else if version == .v10 {
            actions.append(try decode10(type, &body))
        } else {
            actions.append(try decodeStandard(type, &body))
        }
        guard body.remaining < 8 else { throw .actionBadLength }
    }

    /// Whether the standard has an action of that type.
    private func isKnown(_ type: UInt16) -> Bool {
        if version == .v10 { return type <= OpenFlow10ActionType.enqueue }
        let is15 = type == ActionType.copyField || type == ActionType.meter
        let is13 = type == ActionType.pushPBB || type == ActionType.popPBB
        return type <= ActionType.setField || is13 && version >= .v13
            || is15 && version >= .v15
    }

    /// The length of the actions that have but one.
    private func fixedLength(_ type: UInt16) -> Int? {
        if version == .v10 {
            typealias Kind = OpenFlow10ActionType
            let isLong =
                type == Kind.setEthernetSource || type == Kind.setEthernetDestination
                || type == Kind.enqueue
            return isLong ? 16 : 8
        }
        typealias Kind = ActionType
        guard type != Kind.setField, type != Kind.copyField else { return nil }
        let isLong =
            type == Kind.output || type == Kind.setEthernetSource
            || type == Kind.setEthernetDestination
        return isLong ? 16 : 8
    }

    private func decode10(
        _ type: UInt16, _ body: inout MessageReader
    ) throws(OpenFlowError) -> Action {
        switch type {
        case OpenFlow10ActionType.output:
            let port = try outputPort(try body.uint16())
            let maxByteCount = try body.uint16()
            return .output(port, maxByteCount: maxByteCount)
        case OpenFlow10ActionType.setVLANID:
            let vlan = try body.uint16()
            guard vlan <= VLANBits.id else { throw .actionBadArgument }
            return .setVLANID(vlan)
        case OpenFlow10ActionType.setVLANPriority:
            let priority = try body.uint8()
            guard priority <= 7 else { throw .actionBadArgument }
            return .setVLANPriority(priority)
        case OpenFlow10ActionType.stripVLAN:
            return .popVLAN(isStrip: true)
        case OpenFlow10ActionType.setEthernetSource:
            let address = UInt64(try body.integer(byteCount: 6))
            try body.skip(6)
            return .setEthernetSource(address)
        case OpenFlow10ActionType.setEthernetDestination:
            let address = UInt64(try body.integer(byteCount: 6))
            try body.skip(6)
            return .setEthernetDestination(address)
        case OpenFlow10ActionType.setIPv4Source: return .setIPv4Source(try body.uint32())
        case OpenFlow10ActionType.setIPv4Destination:
            return .setIPv4Destination(try body.uint32())
        case OpenFlow10ActionType.setTOS:
            let tos = try body.uint8()
            guard tos & 3 == 0 else { throw .actionBadArgument }
            return .setIPDSCP(tos >> 2)
        case OpenFlow10ActionType.setTransportSource:
            return .setTransportSource(try body.uint16())
        case OpenFlow10ActionType.setTransportDestination:
            return .setTransportDestination(try body.uint16())
        case OpenFlow10ActionType.enqueue:
            let port = PortNumber(try body.uint16())
            guard port < .maximum || port == .inPort || port == .local else {
                throw .actionBadOutPort
            }
            try body.skip(6)
            return .enqueue(port, queue: try body.uint32())
        default: throw .actionBadType
        }
    }

    private func decodeStandard(
        _ type: UInt16, _ body: inout MessageReader
    ) throws(OpenFlowError) -> Action {
        switch type {
        case ActionType.output:
            guard let wide = PortNumber(wide: try body.uint32()) else { throw .actionBadOutPort }
            let port = try outputPort(wide.value)
            let maxByteCount = try body.uint16()
            try body.skip(6)
            return .output(port, maxByteCount: maxByteCount)
        case ActionType.copyTTLOut: return .copyTTLOut
        case ActionType.copyTTLIn: return .copyTTLIn
        case ActionType.pushPBB:
            let type = try body.uint16()
            guard type == EtherType.pbb else { throw .actionBadArgument }
            return .pushPBB(type)
        case ActionType.popPBB: return .popPBB
        case ActionType.setMPLSTTL: return .setMPLSTTL(try body.uint8())
        case ActionType.decrementMPLSTTL: return .decrementMPLSTTL
        case ActionType.pushVLAN:
            let type = try body.uint16()
            guard EtherType.isVLAN(type) else { throw .actionBadArgument }
            return .pushVLAN(type)
        case ActionType.popVLAN: return .popVLAN(isStrip: false)
        case ActionType.pushMPLS: return .pushMPLS(try mplsType(&body))
        case ActionType.popMPLS: return .popMPLS(try body.uint16())
        case ActionType.setQueue: return .setQueue(try body.uint32())
        case ActionType.group: return .group(try body.uint32())
        case ActionType.setIPTTL: return .setIPTTL(try body.uint8())
        case ActionType.decrementIPTTL: return .decrementTTL(controllers: [0])
        case ActionType.setField: return try decodeSetField(&body, allowsMask: version >= .v15)
        case ActionType.copyField: return try decodeCopyField(&body)
        case ActionType.meter: return .meter(try body.uint32())
        default: return try decode11(type, &body)
        }
    }

    private func decodeCopyField(_ body: inout MessageReader) throws(OpenFlowError) -> Action {
        let width = Int(try body.uint16())
        let sourceOffset = Int(try body.uint16())
        let destinationOffset = Int(try body.uint16())
        try body.skip(2)
        let source = try subfield(&body, offset: sourceOffset, width: width)
        let destination = try subfield(&body, offset: destinationOffset, width: width)
        guard destination.field.descriptor.isWritable else { throw .actionBadSetArgument }
        try body.skip(body.remaining)
        return .move(from: source, to: destination)
    }

    /// Reads one of ONF's actions: the field copy that OpenFlow 1.3 has as an extension.
    private func decodeONF(_ body: inout MessageReader) throws(OpenFlowError) -> Action {
        guard try body.uint16() == ONFActionType.copyField, version >= .v13 else {
            throw .actionBadVendorType
        }
        try body.skip(2)
        return try decodeCopyField(&body)
    }

    /// The setters of 1.1, which OVS takes in later versions too.
    private func decode11(
        _ type: UInt16, _ body: inout MessageReader
    ) throws(OpenFlowError) -> Action {
        switch type {
        case ActionType.setVLANID: return try decode10(OpenFlow10ActionType.setVLANID, &body)
        case ActionType.setVLANPriority:
            return try decode10(OpenFlow10ActionType.setVLANPriority, &body)
        case ActionType.setEthernetSource:
            return try decode10(OpenFlow10ActionType.setEthernetSource, &body)
        case ActionType.setEthernetDestination:
            return try decode10(OpenFlow10ActionType.setEthernetDestination, &body)
        case ActionType.setIPv4Source: return .setIPv4Source(try body.uint32())
        case ActionType.setIPv4Destination: return .setIPv4Destination(try body.uint32())
        case ActionType.setTOS: return try decode10(OpenFlow10ActionType.setTOS, &body)
        case ActionType.setECN:
            let ecn = try body.uint8()
            guard ecn <= 3 else { throw .actionBadArgument }
            return .setIPECN(ecn)
        case ActionType.setTransportSource: return .setTransportSource(try body.uint16())
        case ActionType.setTransportDestination:
            return .setTransportDestination(try body.uint16())
        case ActionType.setMPLSLabel:
            let label = try body.uint32()
            guard label < 1 << 20 else { throw .actionBadArgument }
            return .setMPLSLabel(label)
        case ActionType.setMPLSTC:
            let tc = try body.uint8()
            guard tc <= 7 else { throw .actionBadArgument }
            return .setMPLSTC(tc)
        default: throw .actionBadType
        }
    }

    func mplsType(_ body: inout MessageReader) throws(OpenFlowError) -> UInt16 {
        let type = try body.uint16()
        guard EtherType.isMPLS(type) else { throw .actionBadArgument }
        return type
    }

    /// A port that a packet can be sent to.
    func outputPort(_ value: UInt16) throws(OpenFlowError) -> PortNumber {
        let port = PortNumber(value)
        guard port < .maximum || port.isReserved, port != .none, port != .unset else {
            throw .actionBadOutPort
        }
        return port
    }

    /// Reads a field with its value, and zeros to the end.
    func decodeSetField(
        _ body: inout MessageReader, allowsMask: Bool
    ) throws(OpenFlowError) -> Action {
        let header = try FieldHeader(&body, lengthError: .actionBadSetLength)
        guard header.payloadByteCount <= body.remaining else { throw .actionBadSetLength }
        guard let field = header.field else { throw .actionBadSetType }
        let coding = FieldCoding.of(field)
        guard coding.canHave(byteCount: header.valueByteCount) else {
            throw header.hasMask ? .actionBadSetType : .actionBadSetLength
        }
        guard !header.hasMask || allowsMask else { throw .actionBadSetMask }
        guard field.descriptor.isWritable else { throw .actionBadSetArgument }
        let value = try body.wideInteger(byteCount: header.valueByteCount)
        let ones = coding.location.ones
        let mask = header.hasMask ? try body.wideInteger(byteCount: header.valueByteCount) : ones
        let lacksTag = field == .vlanVID && value & UInt128(VLANBits.present) == 0
        guard value & ~ones == 0, value & ~mask == 0, !lacksTag else {
            throw .actionBadSetArgument
        }
        try body.zeros(body.remaining, else: .actionBadSetArgument)
        return .setField(field, value: value, mask: mask & ones)
    }
}

// MARK: - Instructions

extension ActionDecoder {
    /// The instructions of one rule; the list of actions is made of them in the order in which
    /// they take effect.
    private struct Instructions {
        var meter: UInt32?
        var apply: [Action]?
        var clears = false
        var write: [Action]?
        var metadata: (value: UInt64, mask: UInt64)?
        var table: UInt8?

        var actions: [Action] {
            var actions: [Action] = []
            if let meter { actions.append(.meter(meter)) }
            if let apply { actions.append(contentsOf: apply) }
            if clears { actions.append(.clearActions) }
            if let write { actions.append(.writeActions(write)) }
            if let metadata { actions.append(.writeMetadata(metadata.value, mask: metadata.mask)) }
            if let table { actions.append(.gotoTable(table)) }
            return actions
        }
    }

    private func decodeInstructions(_ reader: inout MessageReader) throws(OpenFlowError) -> [Action]
    {
        try checkInstructionLengths(reader)
        var instructions = Instructions()
        while !reader.isAtEnd {
            let type = try reader.uint16()
            let length = Int(try reader.uint16())
            var body = try reader.part(length - 4, lengthError: .instructionBadLength)
            try decodeInstruction(type, &body, into: &instructions)
            guard body.isAtEnd else { throw .instructionBadLength }
        }
        return instructions.actions
    }

    /// Checks the lengths of all instructions before one is read.
    private func checkInstructionLengths(
        _ reader: borrowing MessageReader
    ) throws(OpenFlowError) {
        var reader = copy reader
        while !reader.isAtEnd {
            guard reader.remaining >= 8 else { throw .instructionBadLength }
            let length = Int(try reader.peek16(at: 2))
            guard length >= 8, length % 8 == 0, length <= reader.remaining else {
                throw .instructionBadLength
            }
            try reader.skip(length)
        }
    }

    private func decodeInstruction(
        _ type: UInt16, _ body: inout MessageReader, into instructions: inout Instructions
    ) throws(OpenFlowError) {
        let isRepeated: Bool
        switch type {
        case InstructionType.gotoTable:
            isRepeated = instructions.table != nil
            instructions.table = try body.uint8()
            try body.skip(3)
        case InstructionType.writeMetadata:
            isRepeated = instructions.metadata != nil
            try body.skip(4)
            instructions.metadata = (try body.uint64(), try body.uint64())
        case InstructionType.writeActions:
            isRepeated = instructions.write != nil
            try body.skip(4)
            let written = try nested().decodePart(&body)
            guard written.allSatisfy({ $0.canBeWritten }) else { throw .actionBadType }
            instructions.write = written
        case InstructionType.applyActions:
            isRepeated = instructions.apply != nil
            try body.skip(4)
            instructions.apply = try decodePart(&body)
        case InstructionType.clearActions:
            isRepeated = instructions.clears
            try body.skip(4)
            instructions.clears = true
        case InstructionType.meter:
            isRepeated = instructions.meter != nil
            instructions.meter = try body.uint32()
        case InstructionType.experimenter:
            throw .instructionBadExperimenter
        default:
            throw .instructionUnknownInstruction
        }
        guard !isRepeated else { throw .instructionDuplicateInstruction }
    }

    /// Reads the actions that fill the rest of `body`, with their own error for wrong lengths.
    private func decodePart(_ body: inout MessageReader) throws(OpenFlowError) -> [Action] {
        var part = try body.part(body.remaining, lengthError: .actionBadLength)
        return try decodeActions(&part)
    }
}
