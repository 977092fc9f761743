import Bytes
import FlowModel

/// The bits of the 16-bit header before each specification of `learn`.
///
/// ```
///  0   2 3  4   5                16
/// +---+-+-----+-----------------+
/// | 0 |S| dst | number of bits  |
/// +---+-+-----+-----------------+
/// ```
private enum LearnHeader {
    static var immediate: UInt16 { 1 << 13 }
    static var destinationMask: UInt16 { 3 << 11 }
    static var match: UInt16 { 0 << 11 }
    static var load: UInt16 { 1 << 11 }
    static var output: UInt16 { 2 << 11 }
    static var widthMask: UInt16 { 0x7ff }
    static var reserved: UInt16 { 3 << 14 }
}

extension ActionDecoder {
    /// Reads `learn`; the extended form has a limit and a place for the result.
    func decodeLearn(
        _ body: inout MessageReader, isExtended: Bool
    ) throws(OpenFlowError) -> Learn {
        var learn = Learn()
        learn.idleTimeout = try body.uint16()
        learn.hardTimeout = try body.uint16()
        learn.priority = try body.uint16()
        learn.cookie = try body.uint64()
        let flags = Learn.Flags(rawValue: try body.uint16())
        let known: Learn.Flags =
            isExtended
            ? [.sendFlowRemoved, .deleteLearned, .writeResult] : [.sendFlowRemoved, .deleteLearned]
        guard known.isSuperset(of: flags) else { throw .actionBadArgument }
        learn.flags = flags
        learn.table = try body.uint8()
        guard learn.table != 0xff else { throw .actionBadArgument }
        try body.zeros(1, else: .actionBadArgument)
        learn.finIdleTimeout = try body.uint16()
        learn.finHardTimeout = try body.uint16()
        if isExtended {
            learn.limit = try body.uint32()
            let offset = Int(try body.uint16())
            try body.zeros(2, else: .nxActionMustBeZero)
            if flags.contains(.writeResult) {
                learn.resultDestination = try subfield(&body, offset: offset, width: 1)
            }
        }
        while body.remaining >= 2 {
            let header = try body.uint16()
            guard header != 0 else { break }
            learn.specifications.append(try decodeSpecification(header, &body))
        }
        try body.zeros(body.remaining, else: .actionBadArgument)
        return learn
    }

    private func decodeSpecification(
        _ header: UInt16, _ body: inout MessageReader
    ) throws(OpenFlowError) -> Learn.Specification {
        guard header & LearnHeader.reserved == 0 else { throw .actionBadArgument }
        let width = Int(header & LearnHeader.widthMask)
        guard width >= 1 else { throw .actionBadArgument }
        let source: Learn.Source
        if header & LearnHeader.immediate != 0 {
            guard width <= 128 else { throw .actionBadArgument }
            source = .immediate(try body.integer(byteCount: (width + 15) / 16 * 2))
        } else {
            source = .field(try learnSubfield(&body, width: width))
        }
        let destination: Learn.Destination
        switch header & LearnHeader.destinationMask {
        case LearnHeader.match: destination = .match(try learnSubfield(&body, width: width))
        case LearnHeader.load:
            let subfield = try learnSubfield(&body, width: width)
            guard subfield.field.descriptor.isWritable else { throw .actionBadSetArgument }
            destination = .load(subfield)
        case LearnHeader.output:
            guard header & LearnHeader.immediate == 0 else { throw .actionBadArgument }
            destination = .output
        default: throw .actionBadArgument
        }
        return Learn.Specification(source: source, destination: destination, width: width)
    }

    private func learnSubfield(
        _ body: inout MessageReader, width: Int
    ) throws(OpenFlowError) -> Subfield {
        let field = try fieldName(&body, else: .actionBadSetType)
        return try subfield(field, offset: Int(try body.uint16()), width: width)
    }
}

extension Learn {
    /// Whether the first form of the action has no place for all that is asked.
    var needsExtendedForm: Bool { limit != 0 || flags.contains(.writeResult) }

    /// Appends the action's body, behind the subtype.
    func encode(into writer: inout OctetWriter) {
        writer.append(idleTimeout)
        writer.append(hardTimeout)
        writer.append(priority)
        writer.append(cookie)
        writer.append(flags.rawValue)
        writer.append(table)
        writer.append(UInt8(0))
        writer.append(finIdleTimeout)
        writer.append(finHardTimeout)
        if needsExtendedForm {
            writer.append(limit)
            writer.append(UInt16(resultDestination?.offset ?? 0))
            writer.append(UInt16(0))
            if let resultDestination {
                writer.append(headerOf: resultDestination.field)
            }
        }
        for specification in specifications { specification.encode(into: &writer) }
    }
}

extension Learn.Specification {
    fileprivate func encode(into writer: inout OctetWriter) {
        var header = UInt16(width)
        if case .immediate = source { header |= LearnHeader.immediate }
        switch destination {
        case .match: header |= LearnHeader.match
        case .load: header |= LearnHeader.load
        case .output: header |= LearnHeader.output
        }
        writer.append(header)
        switch source {
        case .immediate(let value):
            writer.append(value, byteCount: (width + 15) / 16 * 2)
        case .field(let subfield):
            writer.append(headerOf: subfield.field)
            writer.append(UInt16(subfield.offset))
        }
        switch destination {
        case .match(let subfield), .load(let subfield):
            writer.append(headerOf: subfield.field)
            writer.append(UInt16(subfield.offset))
        case .output: break
        }
    }
}

extension OctetWriter {
    /// Appends the header by which Nicira's actions name a field, if it has one.
    mutating func append(headerOf field: Field) {
        if let option = field.tunnelOption {
            return append(TunnelMetadataHeader.header(UInt8(option)))
        }
        guard let code = FieldCoding.of(field).nxm else { return append(UInt32(0)) }
        append(code.header)
        if code.isExperimenter { append(code.experimenter) }
    }
}
