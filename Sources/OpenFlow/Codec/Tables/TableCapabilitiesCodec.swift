import Bytes
import FlowModel

extension TableCapabilities {
    private static var nameByteCount: Int { 32 }

    /// The tables of a whole message, up to the first that is wrong.
    ///
    /// - Parameter octets: a table statistics reply of OpenFlow 1.0 to 1.2, or table features as a
    ///   request or a reply of 1.3 or later; of a right length.
    public static func tables(
        of octets: [UInt8], _ version: OpenFlowVersion
    ) -> (tables: [TableCapabilities], error: OpenFlowError?) {
        var tables: [TableCapabilities] = []
        var reader = MessageReader(octets.span.octets)
        do throws(OpenFlowError) {
            try reader.skip(version == .v10 ? 12 : 16)
            while !reader.isAtEnd {
                switch version {
                case .v10: tables.append(try decode10(&reader))
                case .v11: tables.append(try decode11(&reader))
                case .v12: tables.append(try decode12(&reader))
                default: tables.append(try decodeFeatures(&reader, version))
                }
                // What need not be matched can be.
                if let last = tables.indices.last {
                    tables[last].match.formUnion(tables[last].wildcards)
                }
            }
        } catch {
            return (tables, error)
        }
        return (tables, nil)
    }

    // MARK: OpenFlow 1.0 to 1.2

    private static func decode10(
        _ reader: inout MessageReader
    ) throws(OpenFlowError) -> TableCapabilities {
        var table = TableCapabilities(tableID: try reader.uint8())
        try reader.skip(3)
        table.name = try reader.text(nameByteCount)
        let bits = try reader.uint32()
        for (mask, field) in TableFieldBits.openFlow10 where bits & mask != 0 {
            table.wildcards.insert(field)
        }
        table.maxEntries = try reader.uint32()
        try reader.skip(20)
        return table
    }

    private static func decode11(
        _ reader: inout MessageReader
    ) throws(OpenFlowError) -> TableCapabilities {
        var table = TableCapabilities(tableID: try reader.uint8())
        try reader.skip(7)
        table.name = try reader.text(nameByteCount)
        table.wildcards = TableFieldBits.fields11(try reader.uint32())
        table.match = TableFieldBits.fields11(try reader.uint32())
        let instructions = try reader.uint32() & 0x3e
        table.rules.instructions = instructions
        // OVS takes the former of two words for both.
        table.rules.write.types = try reader.uint32()
        table.rules.apply.types = table.rules.write.types
        try reader.skip(4)
        table.miss = table.rules
        try table.decodeCounts(&reader)
        return table
    }

    private static func decode12(
        _ reader: inout MessageReader
    ) throws(OpenFlowError) -> TableCapabilities {
        var table = TableCapabilities(tableID: try reader.uint8())
        try reader.skip(7)
        table.name = try reader.text(nameByteCount)
        table.match = TableFieldBits.fields12(try reader.uint64())
        table.wildcards = TableFieldBits.fields12(try reader.uint64())
        table.rules.write.types = try reader.uint32()
        table.rules.apply.types = try reader.uint32()
        table.rules.write.fields = TableFieldBits.fields12(try reader.uint64())
        table.rules.apply.fields = TableFieldBits.fields12(try reader.uint64())
        table.metadataMatch = try reader.uint64()
        table.metadataWrite = try reader.uint64()
        table.rules.instructions = try reader.uint32() & 0x3e
        table.miss = table.rules
        try table.decodeCounts(&reader)
        return table
    }

    private mutating func decodeCounts(_ reader: inout MessageReader) throws(OpenFlowError) {
        let miss = TableConfig(rawValue: try reader.uint32()).intersection(.missMask)
        config = miss == .missMask ? [] : miss
        maxEntries = try reader.uint32()
        try reader.skip(20)
    }

    // MARK: OpenFlow 1.3 and later

    private static func decodeFeatures(
        _ reader: inout MessageReader, _ version: OpenFlowVersion, isRequest: Bool = false
    ) throws(OpenFlowError) -> TableCapabilities {
        guard reader.remaining >= 64 else { throw .requestBadLength }
        let length = Int(try reader.uint16())
        guard length >= 64, length % 8 == 0, length - 2 <= reader.remaining else {
            throw .requestBadLength
        }
        var part = try reader.part(length - 2, lengthError: .requestBadLength)
        var table = TableCapabilities(tableID: try part.uint8())
        try part.skip(1)
        try part.skip(4)
        table.name = try part.text(nameByteCount)
        table.metadataMatch = try part.uint64()
        table.metadataWrite = try part.uint64()
        let config = try part.uint32()
        table.maxEntries = try part.uint32()
        // OVS does not know where OpenFlow 1.5 tells of it.
        if version >= .v14 {
            table.canEvict = version == .v14 && config & 4 != 0
            table.canTellVacancy = version == .v14 && config & 8 != 0
        }
        try table.decodeProperties(
            &part, isOptional: version >= .v15, isRequest: isRequest)
        return table
    }

    /// Reads what a controller wants tables to be able to do, which no switch has to follow.
    ///
    /// - Throws: OFPTFFC_EPERM, unless the request is wrong already; as OVS has it, the command of
    ///   OpenFlow 1.5 to change what is named asks for the tables as they are.
    static func decodeRequest(
        _ reader: inout MessageReader, _ version: OpenFlowVersion
    ) throws(OpenFlowError) {
        var seen: Set<UInt8> = []
        while !reader.isAtEnd {
            let command = reader.remaining > 3 ? try reader.peek16(at: 2) & 0xff : 0
            let table = try decodeFeatures(&reader, version, isRequest: true)
            if version >= .v15, command == modifyCommand {
                return try reader.skip(reader.remaining)
            }
            guard table.tableID < FlowMod.allTables else { throw .tableFeaturesBadTable }
            guard seen.insert(table.tableID).inserted else { throw .nxTableFeaturesDuplicateTable }
        }
        if !seen.isEmpty { throw .tableFeaturesNotPermitted }
    }

    /// OFPTFC_MODIFY (OpenFlow 1.5.1 §7.3.5.18.1).
    private static var modifyCommand: UInt16 { 1 }
}
