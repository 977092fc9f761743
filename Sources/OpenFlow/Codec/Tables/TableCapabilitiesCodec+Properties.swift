import Bytes
import FlowModel

/// Types of the properties of a table, for rules; those for packets without one are one more.
enum TableProperty {
    static var instructions: UInt16 { 0 }
    static var nextTables: UInt16 { 2 }
    static var writeActions: UInt16 { 4 }
    static var applyActions: UInt16 { 6 }
    static var match: UInt16 { 8 }
    static var wildcards: UInt16 { 10 }
    static var writeSetField: UInt16 { 12 }
    static var applySetField: UInt16 { 14 }
    /// What a table cannot be without, one bit each.
    static var required: UInt32 { 0x5555 }
}

extension TableCapabilities {
    mutating func decodeProperties(
        _ reader: inout MessageReader, isOptional: Bool, isRequest: Bool
    ) throws(OpenFlowError) {
        if isOptional, reader.isAtEnd { return }
        var seen: UInt32 = 0
        try reader.forEachProperty { (type, body) throws(OpenFlowError) in
            guard type < 16 else {
                if isRequest { throw .propertyBadType }
                return
            }
            guard !isRequest || seen & 1 << UInt32(type) == 0 else {
                throw .tableFeaturesBadFeatures
            }
            seen |= 1 << UInt32(type)
            switch type {
            case TableProperty.match: try decodeMatch(&body)
            case TableProperty.wildcards:
                try Self.forEachField(&body) { field, _ in wildcards.insert(field) }
            case _ where type % 2 == 0: try Self.decode(type, &body, into: &rules)
            default: try Self.decode(type - 1, &body, into: &miss)
            }
        }
        guard seen & TableProperty.required == TableProperty.required else {
            throw .tableFeaturesBadFeatures
        }
        copyMissing(seen)
    }

    /// What is not told of packets without a rule is as for rules.
    private mutating func copyMissing(_ seen: UInt32) {
        let has = { (type: UInt16) in seen >> UInt32(type + 1) & 1 == 1 }
        if !has(TableProperty.instructions) { miss.instructions = rules.instructions }
        if !has(TableProperty.nextTables) { miss.nextTables = rules.nextTables }
        if !has(TableProperty.writeActions) { miss.write.types = rules.write.types }
        if !has(TableProperty.applyActions) { miss.apply.types = rules.apply.types }
        if !has(TableProperty.writeSetField) { miss.write.fields = rules.write.fields }
        if !has(TableProperty.applySetField) { miss.apply.fields = rules.apply.fields }
    }

    private mutating func decodeMatch(_ reader: inout MessageReader) throws(OpenFlowError) {
        try Self.forEachField(&reader) { field, isMasked in
            match.insert(field)
            if isMasked { maskable.insert(field) }
        }
    }

    private static func decode(
        _ type: UInt16, _ body: inout MessageReader, into behavior: inout Behavior
    ) throws(OpenFlowError) {
        switch type {
        case TableProperty.instructions: behavior.instructions |= try types(&body)
        case TableProperty.nextTables:
            while !body.isAtEnd { behavior.nextTables.insert(try body.uint8()) }
        case TableProperty.writeActions: behavior.write.types |= try types(&body)
        case TableProperty.applyActions: behavior.apply.types |= try types(&body)
        case TableProperty.writeSetField:
            try forEachField(&body) { field, _ in behavior.write.fields.insert(field) }
        case TableProperty.applySetField:
            try forEachField(&body) { field, _ in behavior.apply.fields.insert(field) }
        default: break
        }
    }

    /// The numbers in a list of types, one bit each; those of experimenters are left out.
    private static func types(_ reader: inout MessageReader) throws(OpenFlowError) -> UInt32 {
        var bits: UInt32 = 0
        while !reader.isAtEnd {
            guard reader.remaining >= 4 else { throw .propertyBadLength }
            let type = try reader.uint16()
            let length = Int(try reader.uint16())
            guard length >= 4, length - 4 <= reader.remaining else { throw .propertyBadLength }
            try reader.skip(length - 4)
            if type < 32 { bits |= 1 << UInt32(type) }
        }
        return bits
    }

    private static func forEachField(
        _ reader: inout MessageReader, _ body: (Field, Bool) -> Void
    ) throws(OpenFlowError) {
        while !reader.isAtEnd {
            guard reader.remaining >= 4 else { throw .matchBadLength }
            let header = try FieldHeader(&reader, lengthError: .matchBadLength)
            if let field = header.field { body(field, header.hasMask) }
        }
    }
}

/// Which bits stand for which fields before OpenFlow 1.3.
enum TableFieldBits {
    /// Wildcard bits of OpenFlow 1.0; six of each address.
    static var openFlow10: [(UInt32, Field)] {
        [
            (1 << 0, .inPort), (1 << 1, .vlanVID), (1 << 2, .ethernetSource),
            (1 << 3, .ethernetDestination), (1 << 4, .etherType), (1 << 5, .ipProtocol),
            (1 << 6, .tcpSource), (1 << 7, .tcpDestination), (0x3f << 8, .ipv4Source),
            (0x3f << 14, .ipv4Destination), (1 << 20, .vlanPCP), (1 << 21, .ipTOS),
        ]
    }

    /// OFPFMF of OpenFlow 1.1, in the order of the bits.
    static func fields11(_ bits: UInt32) -> Set<Field> {
        let fields: [Field?] = [
            .inPort, .vlanVID, .vlanPCP, .etherType, .ipTOS, .ipProtocol, .tcpSource,
            .tcpDestination, .mplsLabel, .mplsTC, nil, .ethernetSource, .ethernetDestination,
            .ipv4Source, .ipv4Destination, .metadata,
        ]
        return set(fields, UInt64(bits))
    }

    /// The numbers of OXM's basic class, as OpenFlow 1.2 has them.
    static func fields12(_ bits: UInt64) -> Set<Field> {
        let fields: [Field?] = (0..<36).map { number in
            guard number != 1 else { return nil }
            return FieldTable.all.first { row in
                row.wireNames.contains {
                    $0.wireClass == .openFlowBasic && $0.number == UInt8(number)
                }
            }?.field
        }
        return set(fields, bits)
    }

    private static func set(_ fields: [Field?], _ bits: UInt64) -> Set<Field> {
        var found: Set<Field> = []
        for (index, field) in fields.enumerated() where bits >> UInt64(index) & 1 == 1 {
            if let field { found.insert(field) }
        }
        return found
    }
}
