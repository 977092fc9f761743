import Bytes

extension AsyncConfig {
    private static var kinds13: [Kind] { [.packetIn, .portStatus, .flowRemoved] }

    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        self.init(primary: Masks(), secondary: Masks())
        guard dialect.version < .v14 else {
            try decodeProperties(&reader)
            return
        }
        for kind in Self.kinds13 {
            primary[kind] = try reader.uint32()
            secondary[kind] = try reader.uint32()
        }
    }

    /// Reads the properties of OpenFlow 1.4: even types are of secondary controllers, odd ones of
    /// the others.
    private mutating func decodeProperties(
        _ reader: inout MessageReader
    ) throws(OpenFlowError) {
        try reader.forEachProperty { (type, body) throws(OpenFlowError) in
            guard let kind = Kind(rawValue: Int(type / 2)) else {
                throw .asyncConfigUnsupported
            }
            let mask = try body.uint32()
            if type % 2 == 0 { secondary[kind] = mask } else { primary[kind] = mask }
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
