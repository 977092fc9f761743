import Bytes
import FlowModel

/// Properties of NXT_PACKET_IN2.
private enum PacketInProperty {
    static var packet: UInt16 { 0 }
    static var fullLength: UInt16 { 1 }
    static var bufferID: UInt16 { 2 }
    static var tableID: UInt16 { 3 }
    static var cookie: UInt16 { 4 }
    static var reason: UInt16 { 5 }
    static var metadata: UInt16 { 6 }
    static var userdata: UInt16 { 7 }
    static var continuation: UInt16 { 8 }
}

extension PacketIn {
    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        self.init()
        bufferID = FlowMod.buffer(try reader.uint32())
        if dialect.version == .v11 {
            try decode11(&reader, dialect)
            return
        }
        let totalLength = Int(try reader.uint16())
        if dialect.version == .v10 {
            inPort = PortNumber(try reader.uint16())
            try decodeReason(try reader.uint8(), dialect)
            try reader.skip(1)
        } else {
            try decodeReason(try reader.uint8(), dialect)
            tableID = try reader.uint8()
            if dialect.version >= .v13 { cookie = try reader.uint64() }
            metadata = try MatchDecoder.decodeStandard(
                &reader, dialect.version, options: .skipsUnknown)
            try reader.skip(2)
        }
        data = try reader.rest()
        note(totalLength: totalLength)
    }

    /// Reads what follows the buffer's number in OpenFlow 1.1, and the packet's length.
    private mutating func decode11(
        _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) {
        guard let port = PortNumber(wide: try reader.uint32()) else { throw .actionBadOutPort }
        inPort = port
        try reader.skip(4)
        let totalLength = Int(try reader.uint16())
        try decodeReason(try reader.uint8(), dialect)
        tableID = try reader.uint8()
        data = try reader.rest()
        note(totalLength: totalLength)
    }

    /// Reads NXT_PACKET_IN.
    init(nicira reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        self.init()
        bufferID = FlowMod.buffer(try reader.uint32())
        let totalLength = Int(try reader.uint16())
        try decodeReason(try reader.uint8(), dialect)
        tableID = try reader.uint8()
        cookie = try reader.uint64()
        let length = Int(try reader.uint16())
        try reader.skip(6)
        metadata = try MatchDecoder.decodeNicira(
            &reader, length: length, options: .skipsUnknown
        ).match
        try reader.skip(2)
        data = try reader.rest()
        note(totalLength: totalLength)
    }

    /// Reads NXT_PACKET_IN2.
    init(nicira2 reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        self.init()
        var length: Int?
        while reader.remaining >= 4 {
            let type = try reader.uint16()
            let propertyLength = Int(try reader.uint16())
            guard propertyLength >= 4, propertyLength - 4 <= reader.remaining else {
                throw .propertyBadLength
            }
            var body = try reader.part(propertyLength - 4, lengthError: .propertyBadLength)
            switch type {
            case PacketInProperty.packet: data = try body.rest()
            case PacketInProperty.fullLength: length = Int(try body.uint32())
            case PacketInProperty.bufferID: bufferID = FlowMod.buffer(try body.uint32())
            case PacketInProperty.tableID: tableID = try body.uint8()
            case PacketInProperty.cookie:
                try body.skip(4)
                cookie = try body.uint64()
            case PacketInProperty.reason:
                try decodeReason(try body.uint8(), dialect)
            case PacketInProperty.metadata:
                metadata = try MatchDecoder.decode(&body, options: .skipsUnknown).match
            case PacketInProperty.userdata: userdata = try body.rest()
            case PacketInProperty.continuation:
                continuation = try Continuation(&body, dialect.version)
            default: break
            }
            try reader.skip(min(MatchDecoder.padding(propertyLength), reader.remaining))
        }
        guard !data.isEmpty else { throw .requestBadLength }
        note(totalLength: length ?? data.count)
    }

    private mutating func decodeReason(
        _ value: UInt8, _ dialect: Dialect
    ) throws(OpenFlowError) {
        if let known = PacketInReason(rawValue: value) {
            reason = known
        } else {
            guard dialect.isForgiving else { throw .nxRequestBadReason }
            unknownReason = value
        }
    }

    /// The reason in the numbers of `version`: those that it lacks are actions.
    private func reason(_ version: OpenFlowVersion) -> UInt8 {
        let isNew = reason.rawValue >= PacketInReason.actionSet.rawValue
        return isNew && version < .v14 ? PacketInReason.action.rawValue : reason.rawValue
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        switch dialect.packetInFormat {
        case .standard: encodeStandard(dialect, xid, into: &writer)
        case .nxm: encodeNicira(dialect, xid, into: &writer)
        case .nxm2: encodeNicira2(dialect, xid, into: &writer)
        }
    }

    private func encodeStandard(
        _ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter
    ) {
        writer.message(MessageType.packetIn, dialect, xid) { writer in
            writer.append(bufferID ?? noBuffer)
            if dialect.version == .v11 {
                writer.append(inPort.wide)
                writer.append(inPort.wide)
            }
            writer.append(UInt16(clamping: totalLength))
            if dialect.version == .v10 {
                writer.append(inPort.value)
                writer.append(reason(dialect.version))
                writer.append(UInt8(0))
            } else {
                writer.append(reason(dialect.version))
                writer.append(tableID)
                if dialect.version >= .v13 { writer.append(cookie) }
                if dialect.version >= .v12 {
                    MatchEncoder(version: dialect.version).encodeStandard(
                        metadata, into: &writer)
                    writer.append(UInt16(0))
                }
            }
            writer.append(contentsOf: data)
        }
    }

    private func encodeNicira(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        writer.nicira(NiciraMessageType.packetIn, dialect, xid) { writer in
            writer.append(bufferID ?? noBuffer)
            writer.append(UInt16(clamping: totalLength))
            writer.append(reason(dialect.version))
            writer.append(tableID)
            writer.append(cookie)
            let lengthOffset = writer.count
            writer.appendZeros(8)
            let start = writer.count
            MatchEncoder.nicira.encode(metadata, into: &writer)
            writer.set16(at: lengthOffset, to: writer.count - start)
            writer.pad(to: 8, from: start)
            writer.append(UInt16(0))
            writer.append(contentsOf: data)
        }
    }

    private func encodeNicira2(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        writer.nicira(NiciraMessageType.packetIn2, dialect, xid) { writer in
            encodeProperties(dialect, into: &writer)
        }
    }

    /// Encodes NXT_RESUME: the packet-in goes back without what was for the controller alone.
    func encodeResume(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        var own = self
        own.userdata = []
        writer.nicira(NiciraMessageType.resume, dialect, xid) { writer in
            own.encodeProperties(dialect, into: &writer)
        }
    }

    private func encodeProperties(_ dialect: Dialect, into writer: inout OctetWriter) {
        writer.property(PacketInProperty.packet) { $0.append(contentsOf: data) }
        if totalLength != data.count {
            writer.property(PacketInProperty.fullLength) {
                $0.append(UInt32(clamping: totalLength))
            }
        }
        if let bufferID {
            writer.property(PacketInProperty.bufferID) { $0.append(bufferID) }
        }
        writer.property(PacketInProperty.tableID) { $0.append(tableID) }
        if cookie != .max {
            writer.property(PacketInProperty.cookie) {
                $0.appendZeros(4)
                $0.append(cookie)
            }
        }
        writer.property(PacketInProperty.reason) { $0.append(reason.rawValue) }
        writer.property(PacketInProperty.metadata) {
            MatchEncoder(version: dialect.version).encode(metadata, into: &$0)
        }
        if !userdata.isEmpty {
            writer.property(PacketInProperty.userdata) {
                $0.append(contentsOf: userdata)
            }
        }
        if let continuation {
            writer.property(PacketInProperty.continuation) {
                continuation.encode(dialect.version, into: &$0)
            }
        }
    }
}

extension PacketOut {
    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        self.init()
        bufferID = FlowMod.buffer(try reader.uint32())
        let length: Int
        if dialect.version == .v10 {
            inPort = PortNumber(try reader.uint16())
            length = Int(try reader.uint16())
        } else if dialect.version >= .v15 {
            length = Int(try reader.uint16())
            try reader.skip(2)
            metadata = try MatchDecoder.decodeStandard(&reader, dialect.version)
            guard metadata.isExact(.inPort) else { throw .requestBadPort }
        } else {
            guard let port = PortNumber(wide: try reader.uint32()) else { throw .actionBadOutPort }
            inPort = port
            length = Int(try reader.uint16())
            try reader.skip(6)
        }
        guard length <= reader.remaining, length % 8 == 0 else { throw .requestBadLength }
        var part = try reader.part(length, lengthError: .actionBadLength)
        actions = try ActionDecoder(version: dialect.version).decodeActions(&part)
        let isPort =
            inPort < .maximum || inPort == .local || inPort == .none || inPort == .controller
        guard isPort else { throw .requestBadPort }
        // What the switch has already is not sent once more.
        let rest = try reader.rest()
        if bufferID == nil { data = rest }
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        writer.message(MessageType.packetOut, dialect, xid) { writer in
            writer.append(bufferID ?? noBuffer)
            let lengthOffset: Int
            if dialect.version == .v10 {
                writer.append(inPort.value)
                lengthOffset = writer.count
                writer.append(UInt16(0))
            } else if dialect.version >= .v15 {
                lengthOffset = writer.count
                writer.appendZeros(4)
                MatchEncoder(version: dialect.version).encodeStandard(metadata, into: &writer)
            } else {
                writer.append(inPort.wide)
                lengthOffset = writer.count
                writer.appendZeros(8)
            }
            let start = writer.count
            var encoder = ActionEncoder(version: dialect.version)
            encoder.encodeActions(actions, into: &writer)
            writer.set16(at: lengthOffset, to: writer.count - start)
            if bufferID == nil { writer.append(contentsOf: data) }
        }
    }
}
