import Bytes
import FlowModel

/// Types of the properties of a table.
///
/// Those for packets without a rule are the odd ones; they are left out, which says that they are
/// the same.
private enum TableProperty {
    static var instructions: UInt16 { 0 }
    static var nextTables: UInt16 { 2 }
    static var writeActions: UInt16 { 4 }
    static var applyActions: UInt16 { 6 }
    static var match: UInt16 { 8 }
    static var wildcards: UInt16 { 10 }
    static var writeSetField: UInt16 { 12 }
    static var applySetField: UInt16 { 14 }
}

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

    func encode(into writer: inout OctetWriter) {
        let start = writer.count
        writer.append(UInt16(0))
        writer.append(tableID)
        writer.appendZeros(5)
        writer.append(text: name, byteCount: Self.nameByteCount)
        writer.append(UInt64.max)
        writer.append(UInt64.max)
        writer.append(config)
        writer.append(maxEntries)
        writer.append(contentsOf: Self.instructions)
        Self.property(TableProperty.nextTables, into: &writer) { writer in
            for table in (Int(tableID) + 1)..<max(tableCount, Int(tableID) + 1) {
                writer.append(UInt8(truncatingIfNeeded: table))
            }
        }
        writer.append(contentsOf: Self.actionsAndFields)
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

    private static let instructions: [UInt8] = {
        var writer = OctetWriter()
        types(TableProperty.instructions, [1, 2, 3, 4, 5, 6], into: &writer)
        return writer.takeOctets()
    }()

    /// The properties behind the next tables, which are the same for all tables.
    private static let actionsAndFields: [UInt8] = {
        let actions: [UInt16] = [0, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]
        let all = FieldTable.all.filter { FieldCoding.of($0.field).oxm13 != nil }
        let writable = all.filter(\.isWritable)
        var writer = OctetWriter()
        types(TableProperty.writeActions, actions, into: &writer)
        fields(TableProperty.writeSetField, writable, showsMask: false, into: &writer)
        types(TableProperty.applyActions, actions, into: &writer)
        fields(TableProperty.applySetField, writable, showsMask: false, into: &writer)
        fields(TableProperty.match, all, showsMask: true, into: &writer)
        fields(TableProperty.wildcards, all, showsMask: false, into: &writer)
        return writer.takeOctets()
    }()

    /// A property that lists fields, with the mask bit where masks are allowed.
    private static func fields(
        _ property: UInt16, _ rows: [FieldDescriptor], showsMask: Bool,
        into writer: inout OctetWriter
    ) {
        Self.property(property, into: &writer) { writer in
            for row in rows {
                guard let code = FieldCoding.of(row.field).oxm13 else { continue }
                writer.append(showsMask && row.isMaskable ? code.maskedHeader : code.header)
                if code.isExperimenter { writer.append(code.experimenter) }
            }
        }
    }
}
