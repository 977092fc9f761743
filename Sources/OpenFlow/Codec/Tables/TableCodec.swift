import Bytes
import FlowModel

/// What every table can do, in the bits of OpenFlow 1.1 and 1.2.
private enum TableAbilities {
    /// OFPFMF of 1.1: every field but the metadata of ARP's hardware addresses.
    static var fields11: UInt32 { 0x0000_fbff }
    static var instructions: UInt32 { 0x3e }
    /// Those of the last table, from which no packet goes on to another.
    static var lastInstructions: UInt32 { 0x3c }
    /// OFPAT of 1.1, with its setters.
    static var actions11: UInt32 { 0x01ff_e7ff }
    /// OXM fields of 1.2 that can be matched.
    static var fields12: UInt64 { 0x101f_ffff_fffd }
    static var actions12: UInt32 { 0x03ff_8001 }
    /// OXM fields of 1.2 that can be set.
    static var setFields12: UInt64 { 0xf_ffff_fbdd }
}

extension TableStats {
    private static var nameByteCount: Int { 32 }

    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        self.init(tableID: try reader.uint8())
        switch dialect.version {
        case .v10:
            try reader.skip(3)
            name = try reader.text(Self.nameByteCount)
            wildcards = try reader.uint32()
            maxEntries = try reader.uint32()
        case .v11, .v12:
            try reader.skip(7)
            name = try reader.text(Self.nameByteCount)
            try reader.skip(dialect.version == .v11 ? 20 : 60)
            config = try reader.uint32()
            maxEntries = try reader.uint32()
        default: try reader.skip(3)
        }
        activeCount = try reader.uint32()
        lookupCount = try reader.uint64()
        matchedCount = try reader.uint64()
    }

    func encode(_ dialect: Dialect, into writer: inout OctetWriter) {
        writer.append(tableID)
        switch dialect.version {
        case .v10:
            writer.appendZeros(3)
            writer.append(text: name, byteCount: Self.nameByteCount)
            writer.append(wildcards)
            writer.append(maxEntries)
        case .v11, .v12:
            writer.appendZeros(7)
            writer.append(text: name, byteCount: Self.nameByteCount)
            encodeAbilities(dialect.version, into: &writer)
            writer.append(config)
            writer.append(maxEntries)
        default: writer.appendZeros(3)
        }
        writer.append(activeCount)
        writer.append(lookupCount)
        writer.append(matchedCount)
    }

    private func encodeAbilities(_ version: OpenFlowVersion, into writer: inout OctetWriter) {
        typealias Abilities = TableAbilities
        let instructions = isLast ? Abilities.lastInstructions : Abilities.instructions
        if version == .v11 {
            writer.append(Abilities.fields11)
            writer.append(Abilities.fields11)
            writer.append(instructions)
            writer.append(Abilities.actions11)
            writer.append(Abilities.actions11)
            return
        }
        writer.append(Abilities.fields12)
        writer.append(Abilities.fields12)
        writer.append(Abilities.actions12)
        writer.append(Abilities.actions12)
        writer.append(Abilities.setFields12)
        writer.append(Abilities.setFields12)
        writer.append(UInt64.max)
        writer.append(UInt64.max)
        writer.append(instructions)
    }
}

/// Properties of a table's configuration (OpenFlow 1.4 §7.3.4.1).
private enum TableConfigProperty {
    static var eviction: UInt16 { 2 }
    static var vacancy: UInt16 { 3 }
}

extension Vacancy {
    /// Whether a controller may ask for it; only the switch knows how much is free.
    fileprivate var isRequest: Bool { current == 0 && down <= up && up <= 100 }
}

extension TableMod {
    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        let table = try reader.uint8()
        try reader.skip(3)
        self.init(tableID: table, config: TableConfig(rawValue: try reader.uint32()))
        guard dialect.version >= .v14 else { return }
        try decodeProperties(&reader, isTold: false)
    }

    /// - Parameter isTold: a switch tells; what is unknown is passed over.
    private mutating func decodeProperties(
        _ reader: inout MessageReader, isTold: Bool
    ) throws(OpenFlowError) {
        guard reader.remaining % 8 == 0 else { throw .requestBadLength }
        try reader.forEachProperty { (type, body) throws(OpenFlowError) in
            switch type {
            case TableConfigProperty.eviction:
                guard body.remaining == 4 else { throw .requestBadLength }
                evictionFlags = try body.uint32()
            case TableConfigProperty.vacancy:
                guard body.remaining == 4 else { throw .requestBadLength }
                vacancy = Vacancy(down: try body.uint8(), up: try body.uint8())
                vacancy?.current = try body.uint8()
                try body.skip(1)
                guard isTold || vacancy?.isRequest == true else { throw .propertyBadValue }
            case 0xffff: throw .propertyBadExperimenter
            // As in OVS; the standard has an error of its own for properties.
            default: guard isTold else { throw .requestBadType }
            }
        }
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        writer.message(MessageType.tableMod, dialect, xid) { writer in
            writer.append(tableID)
            writer.appendZeros(3)
            writer.append(config.rawValue)
            if dialect.version >= .v14 { encodeProperties(into: &writer) }
        }
    }

    private func encodeProperties(into writer: inout OctetWriter) {
        if let evictionFlags {
            writer.property(TableConfigProperty.eviction) { $0.append(evictionFlags) }
        }
        if let vacancy {
            writer.property(TableConfigProperty.vacancy) {
                $0.append(vacancy.down)
                $0.append(vacancy.up)
                $0.append(vacancy.current)
                $0.append(UInt8(0))
            }
        }
    }

    /// Reads one entry of OFPMP_TABLE_DESC.
    init(description reader: inout MessageReader) throws(OpenFlowError) {
        let length = Int(try reader.uint16())
        guard length >= 8 else { throw .requestBadLength }
        var part = try reader.part(length - 2, lengthError: .requestBadLength)
        let table = try part.uint8()
        try part.skip(1)
        self.init(tableID: table, config: TableConfig(rawValue: try part.uint32()))
        try decodeProperties(&part, isTold: true)
    }

    /// Appends one entry of OFPMP_TABLE_DESC.
    func encodeDescription(into writer: inout OctetWriter) {
        let start = writer.count
        writer.append(UInt16(0))
        writer.append(tableID)
        writer.append(UInt8(0))
        writer.append(config.rawValue)
        encodeProperties(into: &writer)
        writer.set16(at: start, to: writer.count - start)
    }
}

extension TableStatus {
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        let reason = Reason(rawValue: try reader.uint8())
        guard reason == .vacancyDown || reason == .vacancyUp else { throw .propertyBadValue }
        try reader.skip(7)
        self.init(reason: reason, table: try TableMod(description: &reader))
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        guard dialect.version >= .v14 else { return }
        writer.message(MessageType.tableStatus, dialect, xid) { writer in
            writer.append(reason.rawValue)
            writer.appendZeros(7)
            table.encodeDescription(into: &writer)
        }
    }
}
