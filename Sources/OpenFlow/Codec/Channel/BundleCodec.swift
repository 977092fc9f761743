import Bytes

/// ONF's messages for OpenFlow 1.3 and before, which became standard in 1.4.
private enum ONFMessageType {
    static var bundleControl: UInt32 { 2300 }
    static var bundleAdd: UInt32 { 2301 }
    static var roleStatus: UInt32 { 1911 }
}

extension OctetWriter {
    /// Appends a message of OpenFlow 1.4, which was ONF's extension before.
    fileprivate mutating func message14(
        _ type: UInt8, orONF subtype: UInt32, _ dialect: Dialect, _ xid: UInt32,
        body: (inout OctetWriter) -> Void
    ) {
        if dialect.version >= .v14 { return message(type, dialect, xid, body: body) }
        message(MessageType.experimenter, dialect, xid) {
            $0.append(ExperimenterID.onf)
            $0.append(subtype)
            body(&$0)
        }
    }
}

extension OpenFlowMessage {
    /// Reads one of ONF's messages, behind the subtype.
    static func parseONF(
        _ subtype: UInt32, _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) -> OpenFlowMessage {
        switch subtype {
        case ONFMessageType.bundleControl:
            return .bundleControl(try BundleControl(&reader, dialect))
        case ONFMessageType.bundleAdd: return .bundleAdd(try BundleAdd(&reader, dialect))
        case ONFMessageType.roleStatus: return .roleStatus(try RoleStatus(&reader))
        case ONFMonitorMessageType.cancel: return .flowMonitorCancel(try reader.uint32())
        case ONFMonitorMessageType.paused: return .flowMonitorPaused
        case ONFMonitorMessageType.resumed: return .flowMonitorResumed
        default: throw .requestBadSubtype
        }
    }
}

extension BundleControl {
    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        let id = try reader.uint32()
        guard let kind = Kind(rawValue: try reader.uint16()) else { throw .bundleBadType }
        let flags = Flags(rawValue: try reader.uint16())
        guard flags.isSubset(of: .known) || dialect.isForgiving else { throw .bundleBadFlags }
        self.init(bundleID: id, kind: kind, flags: flags)
        try reader.skip(reader.remaining)
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        writer.message14(
            MessageType.bundleControl, orONF: ONFMessageType.bundleControl, dialect, xid
        ) {
            $0.append(bundleID)
            $0.append(kind.rawValue)
            $0.append(flags.rawValue)
        }
    }
}

extension BundleAdd {
    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        let id = try reader.uint32()
        try reader.skip(2)
        let flags = BundleControl.Flags(rawValue: try reader.uint16())
        guard flags.isSubset(of: .known) || dialect.isForgiving else { throw .bundleBadFlags }
        guard reader.remaining >= MessageHeader.byteCount else { throw .bundleMessageBadLength }
        guard try reader.peek16() >> 8 == UInt16(dialect.version.rawValue) else {
            throw .bundleBadVersion
        }
        let length = Int(try reader.peek16(at: 2))
        guard length >= MessageHeader.byteCount, length <= reader.remaining else {
            throw .bundleMessageBadLength
        }
        self.init(bundleID: id, flags: flags, message: try reader.octets(length))
        try reader.skip(reader.remaining)
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        writer.message14(
            MessageType.bundleAdd, orONF: ONFMessageType.bundleAdd, dialect, xid
        ) {
            $0.append(bundleID)
            $0.appendZeros(2)
            $0.append(flags.rawValue)
            $0.append(contentsOf: message)
        }
    }
}

extension RoleStatus {
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        guard let role = Role.Kind(rawValue: try reader.uint32()) else { throw .roleBadRole }
        let reason = Reason(rawValue: try reader.uint8())
        try reader.skip(3)
        self.init(role: role, reason: reason, generationID: try reader.uint64())
        try reader.skip(reader.remaining)
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        guard dialect.version >= .v13 else { return }
        let isONF = dialect.version < .v14
        let type = isONF ? MessageType.experimenter : MessageType.roleStatus
        writer.message(type, dialect, xid) { writer in
            if isONF {
                writer.append(ExperimenterID.onf)
                writer.append(ONFMessageType.roleStatus)
            }
            writer.append(role.rawValue)
            writer.append(reason.rawValue)
            writer.appendZeros(3)
            writer.append(generationID)
        }
    }
}

extension RequestForward {
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        self.init(request: try reader.rest())
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        guard dialect.version >= .v14 else { return }
        writer.message(MessageType.requestForward, dialect, xid) {
            $0.append(contentsOf: request)
        }
    }
}
