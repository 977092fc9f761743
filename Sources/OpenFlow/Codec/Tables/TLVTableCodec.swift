import Bytes

extension TLVMapping {
    static func decodeAll(_ reader: inout MessageReader) throws(OpenFlowError) -> [TLVMapping] {
        var mappings: [TLVMapping] = []
        while !reader.isAtEnd {
            let mapping = TLVMapping(
                optionClass: try reader.uint16(), type: try reader.uint8(),
                byteCount: try reader.uint8(), index: try reader.uint16())
            try reader.skip(2)
            guard mapping.index <= maxIndex else { throw .tlvTableBadFieldIndex }
            guard mapping.byteCount % 4 == 0, mapping.byteCount <= maxByteCount else {
                throw .tlvTableBadOptionLength
            }
            mappings.append(mapping)
        }
        return mappings
    }

    func encode(into writer: inout OctetWriter) {
        writer.append(optionClass)
        writer.append(type)
        writer.append(byteCount)
        writer.append(index)
        writer.appendZeros(2)
    }
}

extension TLVTableMod {
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        guard let command = Command(rawValue: try reader.uint16()) else {
            throw .tlvTableBadCommand
        }
        try reader.skip(6)
        self.init(command: command, mappings: try TLVMapping.decodeAll(&reader))
    }

    func encode(into writer: inout OctetWriter) {
        writer.append(command.rawValue)
        writer.appendZeros(6)
        for mapping in mappings { mapping.encode(into: &writer) }
    }
}

extension TLVTable {
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        let space = try reader.uint32()
        let fields = try reader.uint16()
        try reader.skip(10)
        self.init(
            maxSpace: space, maxFields: fields, mappings: try TLVMapping.decodeAll(&reader))
    }

    func encode(into writer: inout OctetWriter) {
        writer.append(maxSpace)
        writer.append(maxFields)
        writer.appendZeros(10)
        for mapping in mappings { mapping.encode(into: &writer) }
    }
}
