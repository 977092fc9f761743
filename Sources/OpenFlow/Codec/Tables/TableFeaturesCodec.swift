import Bytes
import FlowModel

extension TableFeatures {
    private static var nameByteCount: Int { 32 }

    /// Reads one entry; its properties are skipped.
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        let length = Int(try reader.uint16())
        guard length >= 2 else { throw .tableFeaturesBadTable }
        var part = try reader.part(length - 2, lengthError: .requestBadLength)
        self.init(tableID: try part.uint8())
        try part.skip(5)
        name = try part.text(Self.nameByteCount)
        try part.skip(16)
        config = try part.uint32()
        maxEntries = try part.uint32()
    }

    func encode(_ dialect: Dialect, into writer: inout OctetWriter) {
        let abilities = dialect.version >= .v15 ? Self.abilities15 : Self.abilities13
        let start = writer.count
        writer.append(UInt16(0))
        writer.append(tableID)
        writer.appendZeros(5)
        writer.append(text: name, byteCount: Self.nameByteCount)
        writer.append(UInt64.max)
        writer.append(UInt64.max)
        writer.append(config)
        writer.append(maxEntries)
        for (instructions, actions) in [
            (abilities.instructions, abilities.actions),
            (abilities.missInstructions, abilities.missActions),
        ] {
            let isMiss: UInt16 = instructions == abilities.instructions ? 0 : 1
            writer.append(contentsOf: instructions)
            Self.property(TableProperty.nextTables + isMiss, into: &writer) { writer in
                for table in (Int(tableID) + 1)..<max(tableCount, Int(tableID) + 1) {
                    writer.append(UInt8(truncatingIfNeeded: table))
                }
            }
            writer.append(contentsOf: actions)
        }
        writer.append(contentsOf: abilities.fields)
        writer.set16(at: start, to: writer.count - start)
    }

    private static func property(
        _ type: UInt16, into writer: inout OctetWriter, body: (inout OctetWriter) -> Void
    ) {
        let start = writer.count
        writer.append(type)
        writer.append(UInt16(0))
        body(&writer)
        writer.set16(at: start + 2, to: writer.count - start)
        writer.pad(to: 8, from: start)
    }

    /// What all tables can do, in octets: the properties before and behind the next tables.
    private struct Abilities {
        let instructions: [UInt8]
        let missInstructions: [UInt8]
        let actions: [UInt8]
        let missActions: [UInt8]
        /// What can be matched, which holds with and without a rule.
        let fields: [UInt8]

        init(_ version: OpenFlowVersion) {
            // In OpenFlow 1.5 a meter is an action.
            let numbers: [UInt16] = version >= .v15 ? [1, 2, 3, 4, 5] : [1, 2, 3, 4, 5, 6]
            let known = FieldTable.all.filter { FieldCoding.of($0.field).oxm(version) != nil }
            let property = { (body: (inout OctetWriter) -> Void) -> [UInt8] in
                var writer = OctetWriter()
                body(&writer)
                return writer.takeOctets()
            }
            let instructions = { (isMiss: UInt16) in
                property { types(TableProperty.instructions + isMiss, numbers, into: &$0) }
            }
            let actions = { (isMiss: UInt16) in
                property { TableFeatures.encodeActions(isMiss, known, version, into: &$0) }
            }
            self.instructions = instructions(0)
            missInstructions = instructions(1)
            self.actions = actions(0)
            missActions = actions(1)
            fields = property {
                TableFeatures.encode(
                    TableProperty.match, known, version, showsMask: true, into: &$0)
                TableFeatures.encode(
                    TableProperty.wildcards, known, version, showsMask: false, into: &$0)
            }
        }
    }

    private static let abilities13 = Abilities(.v13)
    private static let abilities15 = Abilities(.v15)

    /// A property that lists types, each with a length of 4.
    private static func types(_ property: UInt16, _ types: [UInt16], into writer: inout OctetWriter)
    {
        Self.property(property, into: &writer) { writer in
            for type in types {
                writer.append(type)
                writer.append(UInt16(4))
            }
        }
    }

    /// What can be done to packets, at once or in the end.
    private static func encodeActions(
        _ isMiss: UInt16, _ known: [FieldDescriptor], _ version: OpenFlowVersion,
        into writer: inout OctetWriter
    ) {
        let actions: [UInt16] = [0, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]
        let writable = known.filter(\.isWritable)
        for (list, fields) in [
            (TableProperty.writeActions, TableProperty.writeSetField),
            (TableProperty.applyActions, TableProperty.applySetField),
        ] {
            types(list + isMiss, actions, into: &writer)
            encode(fields + isMiss, writable, version, showsMask: false, into: &writer)
        }
    }

    /// A property that lists fields, with the mask bit where masks are allowed.
    private static func encode(
        _ property: UInt16, _ rows: [FieldDescriptor], _ version: OpenFlowVersion,
        showsMask: Bool, into writer: inout OctetWriter
    ) {
        Self.property(property, into: &writer) { writer in
            for row in rows {
                guard let code = FieldCoding.of(row.field).oxm(version) else { continue }
                writer.append(showsMask && row.isMaskable ? code.maskedHeader : code.header)
                if code.isExperimenter { writer.append(code.experimenter) }
            }
        }
    }
}
