import Bytes

extension Hello {
    private static var bitmapType: UInt16 { 1 }

    /// Reads the elements; those of unknown types are skipped, as are octets of older peers.
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        self.init()
        while !reader.isAtEnd {
            guard reader.remaining >= 4 else {
                hasUnknownData = true
                return
            }
            let type = try reader.uint16()
            let length = Int(try reader.uint16())
            let rest = length - 4 + MatchDecoder.padding(length)
            guard length >= 4, rest <= reader.remaining else {
                hasUnknownData = true
                return
            }
            var body = try reader.part(rest, lengthError: .requestBadLength)
            // There is no version 0.
            if type == Self.bitmapType, length >= 8, case let bits = try body.uint32(),
                bits != 0, bits & 1 == 0
            {
                versions = OpenFlowVersions(rawValue: bits)
            } else {
                hasUnknownData = true
            }
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
    init(_ reader: inout MessageReader, isReply: Bool) throws(OpenFlowError) {
        guard let kind = Kind(rawValue: try reader.uint32()) else { throw .roleBadRole }
        try reader.skip(4)
        let generation = try reader.uint64()
        // A request for the present role has no generation, and all ones stand for none.
        let hasGeneration = generation != .max && (isReply || kind != .noChange)
        self.init(kind: kind, generationID: hasGeneration ? generation : nil)
    }

    /// Reads NXT_ROLE_REQUEST or its reply.
    init(nicira reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        let number = try reader.uint32()
        guard number <= 2, let kind = Kind(rawValue: number + 1) else { throw .roleBadRole }
        self.init(kind: kind, isNicira: dialect.version >= .v12)
    }

    func encode(
        isReply: Bool, _ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter
    ) {
        guard dialect.version >= .v12, !isNicira else {
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
