import Bytes

extension AsyncConfig {
    private static var kinds13: [Kind] { [.packetIn, .portStatus, .flowRemoved] }

    /// - Parameter isReply: a switch tells; what is unknown is passed over.
    init(
        _ reader: inout MessageReader, _ dialect: Dialect, isReply: Bool
    ) throws(OpenFlowError) {
        self.init(primary: Masks(), secondary: Masks())
        if dialect.version < .v14 {
            try decode13(&reader, dialect.version)
        } else {
            try decodeProperties(&reader, isReply: isReply, version: dialect.version)
        }
    }

    /// Reads NXT_SET_ASYNC_CONFIG, which is as in OpenFlow 1.3.
    init(nicira reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        self.init(primary: Masks(), secondary: Masks())
        try decode13(&reader, dialect.version)
    }

    /// Reads NXT_SET_ASYNC_CONFIG2, which is as in OpenFlow 1.4 with the reasons of 1.3.
    init(nicira2 reader: inout MessageReader) throws(OpenFlowError) {
        self.init(primary: Masks(), secondary: Masks())
        try decodeProperties(&reader, isReply: false, version: .v13)
    }

    private mutating func decode13(
        _ reader: inout MessageReader, _ version: OpenFlowVersion
    ) throws(OpenFlowError) {
        for kind in Self.kinds13 {
            let known = kind.knownReasons(version)
            primary[kind] = try reader.uint32() & known
            secondary[kind] = try reader.uint32() & known
        }
    }

    /// Reads the properties of OpenFlow 1.4: even types are of secondary controllers, odd ones of
    /// the others.
    private mutating func decodeProperties(
        _ reader: inout MessageReader, isReply: Bool, version: OpenFlowVersion
    ) throws(OpenFlowError) {
        try reader.forEachProperty { (type, body) throws(OpenFlowError) in
            guard type < PropertyType.experimenterState else {
                guard isReply else { throw .propertyBadExperimenterType }
                return
            }
            guard let kind = Kind(rawValue: Int(type / 2)) else {
                guard isReply else { throw .asyncConfigUnsupported }
                return
            }
            let mask = try body.only32()
            let known = kind.knownReasons(version)
            guard isReply || mask & ~known == 0 else { throw .asyncConfigInvalid }
            if type % 2 == 0 {
                secondary[kind] = mask & known
            } else {
                primary[kind] = mask & known
            }
        }
    }

    func encode(_ dialect: Dialect, into writer: inout OctetWriter) {
        guard dialect.version >= .v14 else {
            for kind in Self.kinds13 {
                writer.append(primary[kind] ?? 0)
                writer.append(secondary[kind] ?? 0)
            }
            return
        }
        for kind in Kind.allCases {
            let type = UInt16(2 * kind.rawValue)
            if let mask = secondary[kind] { writer.property(type) { $0.append(mask) } }
            if let mask = primary[kind] { writer.property(type + 1) { $0.append(mask) } }
        }
    }
}

extension AsyncConfig.Kind {
    /// The reasons that a version has, one bit each.
    public func knownReasons(_ version: OpenFlowVersion) -> UInt32 {
        switch self {
        case .packetIn: version >= .v14 ? 0x3f : 0x7
        case .portStatus, .roleStatus: 0x7
        case .flowRemoved: 0x3f
        case .tableStatus: 0x18
        case .requestForward: 0x3
        }
    }
}
