import Bytes

extension Hello {
    private static var bitmapType: UInt16 { 1 }

    /// Reads the elements; those of unknown types are skipped, as are octets of older peers.
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        self.init()
        while reader.remaining >= 4 {
            let type = try reader.uint16()
            let length = Int(try reader.uint16())
            guard length >= 4, length - 4 <= reader.remaining else { return }
            var body = try reader.part(length - 4, lengthError: .requestBadLength)
            if type == Self.bitmapType, body.remaining >= 4 {
                versions = OpenFlowVersions(rawValue: try body.uint32())
            }
            try reader.skip(min(MatchDecoder.padding(length), reader.remaining))
        }
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        writer.message(MessageType.hello, dialect, xid) { writer in
            guard let versions, versions != .upTo(dialect.version) else { return }
            writer.append(Self.bitmapType)
            writer.append(UInt16(8))
            writer.append(versions.rawValue)
        }
    }
}

extension ErrorMessage {
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        var code = ErrorCode(type: try reader.uint16(), code: try reader.uint16())
        switch code.type {
        case ErrorCode.vendorType:
            let experimenter = try reader.uint32()
            code = ErrorCode(
                experimenter: experimenter, type: try reader.uint16(), code: try reader.uint16())
        case ErrorCode.experimenterType:
            code = ErrorCode(experimenter: try reader.uint32(), type: 0, code: code.code)
        default: break
        }
        self.init(code: code, data: try reader.rest())
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        writer.message(MessageType.error, dialect, xid) { writer in
            if code.experimenter == 0 {
                writer.append(code.type)
                writer.append(code.code)
            } else if dialect.version < .v12 {
                writer.append(ErrorCode.vendorType)
                writer.append(UInt16(0))
                writer.append(code.experimenter)
                writer.append(code.type)
                writer.append(code.code)
            } else {
                writer.append(ErrorCode.experimenterType)
                writer.append(code.code)
                writer.append(code.experimenter)
            }
            writer.append(contentsOf: data)
        }
    }
}

extension Role {
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        guard let kind = Kind(rawValue: try reader.uint32()) else { throw .roleBadRole }
        try reader.skip(4)
        let generation = try reader.uint64()
        // A request for the present role, or for the equal one, has no generation.
        let hasGeneration = kind == .primary || kind == .secondary
        self.init(kind: kind, generationID: hasGeneration ? generation : nil)
    }

    /// Reads NXT_ROLE_REQUEST or its reply.
    init(nicira reader: inout MessageReader) throws(OpenFlowError) {
        let number = try reader.uint32()
        guard number <= 2, let kind = Kind(rawValue: number + 1) else { throw .roleBadRole }
        self.init(kind: kind)
    }

    func encode(
        isReply: Bool, _ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter
    ) {
        guard dialect.version >= .v12 else {
            let type = isReply ? NiciraMessageType.roleReply : NiciraMessageType.roleRequest
            return writer.nicira(type, dialect, xid) {
                $0.append(kind == .noChange ? 0 : kind.rawValue - 1)
            }
        }
        let type = isReply ? MessageType.roleReply : MessageType.roleRequest
        writer.message(type, dialect, xid) {
            $0.append(kind.rawValue)
            $0.appendZeros(4)
            $0.append(generationID ?? (isReply ? .max : 0))
        }
    }
}
