import Bytes

/// Properties of NXT_CT_FLUSH, and of the tuples in it.
private enum FlushProperty {
    static var original: UInt16 { 0 }
    static var reply: UInt16 { 1 }
    static var zone: UInt16 { 2 }

    static var source: UInt16 { 0 }
    static var destination: UInt16 { 1 }
    static var sourcePort: UInt16 { 2 }
    static var destinationPort: UInt16 { 3 }
    static var icmpID: UInt16 { 4 }
    static var icmpType: UInt16 { 5 }
    static var icmpCode: UInt16 { 6 }
}

extension ConnectionFlush {
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        self.init()
        ipProtocol = try reader.uint8()
        try reader.zeros(7, else: .nxRequestMustBeZero)
        try reader.forEachProperty { (type, body) throws(OpenFlowError) in
            switch type {
            case FlushProperty.original: original = try ConnectionTuple(&body)
            case FlushProperty.reply: reply = try ConnectionTuple(&body)
            case FlushProperty.zone: zone = try body.short16()
            default: break
            }
        }
        let given = [original.source, original.destination, reply.source, reply.destination]
            .filter { $0 != 0 }
        guard !isIPv4 || given.allSatisfy({ ConnectionTuple.ipv4($0) != nil }) else {
            throw .propertyBadValue
        }
    }

    func encode(into writer: inout OctetWriter) {
        writer.append(ipProtocol)
        writer.appendZeros(7)
        let tuples = [(FlushProperty.original, original), (FlushProperty.reply, reply)]
        for (type, tuple) in tuples where tuple != ConnectionTuple() {
            writer.property(type) { writer in
                writer.appendZeros(4)
                tuple.encode(isICMP: ipProtocol == 1 || ipProtocol == 58, into: &writer)
            }
        }
        if let zone { writer.property16(FlushProperty.zone, zone) }
    }
}

extension ConnectionTuple {
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        self.init()
        guard reader.remaining >= 4 else { throw .propertyBadLength }
        try reader.skip(4)
        try reader.forEachProperty { (type, body) throws(OpenFlowError) in
            switch type {
            case FlushProperty.source: source = try body.only128()
            case FlushProperty.destination: destination = try body.only128()
            case FlushProperty.sourcePort: sourcePort = try body.short16()
            case FlushProperty.destinationPort: destinationPort = try body.short16()
            // Where there are no ports, the identifier has their place.
            case FlushProperty.icmpID:
                icmpID = try body.short16()
                sourcePort = icmpID
            case FlushProperty.icmpType: icmpType = try body.short8()
            case FlushProperty.icmpCode: icmpCode = try body.short8()
            default: break
            }
        }
    }

    fileprivate func encode(isICMP: Bool, into writer: inout OctetWriter) {
        if source != 0 {
            writer.property(FlushProperty.source) { $0.append(source, byteCount: 16) }
        }
        if destination != 0 {
            writer.property(FlushProperty.destination) { $0.append(destination, byteCount: 16) }
        }
        guard isICMP else {
            if sourcePort != 0 { writer.property16(FlushProperty.sourcePort, sourcePort) }
            if destinationPort != 0 {
                writer.property16(FlushProperty.destinationPort, destinationPort)
            }
            return
        }
        writer.property16(FlushProperty.icmpID, icmpID)
        writer.property(FlushProperty.icmpType) { $0.append(icmpType) }
        writer.property(FlushProperty.icmpCode) { $0.append(icmpCode) }
    }
}

extension OctetWriter {
    /// Appends a number with the two octets that fill it up.
    fileprivate mutating func property16(_ type: UInt16, _ value: UInt16) {
        property(type) {
            $0.append(value)
            $0.append(UInt16(0))
        }
    }
}

extension MessageReader {
    /// Reads a body of 128 bits alone.
    fileprivate mutating func only128() throws(OpenFlowError) -> UInt128 {
        guard remaining == 16 else { throw .propertyBadLength }
        return try integer(byteCount: 16)
    }
}
