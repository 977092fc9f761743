import Bytes
import FlowModel

// Nicira's actions that put headers before packets or sample them, behind the subtype:
//
// ```
//  0           16                    48
// +-----------+---------------------+-------------+
// | 0         | packet type         | properties… |   encap, decap (without properties)
// +-----------+---------------------+-------------+
// +-----------+------+--------+-------+
// | class     | type | length | value |               a property, which zeros fill up
// +-----------+------+--------+-------+
// ```

/// The class and types of the properties that NSH has.
private enum NSHProperty {
    static var propertyClass: UInt16 { 4 }
    static var metadataType: UInt8 { 1 }
    static var metadata: UInt8 { 2 }
    static var headerByteCount: Int { 4 }
}

extension ActionDecoder {
    func decodeEncapsulation(
        _ body: inout MessageReader
    ) throws(OpenFlowError) -> Encapsulation {
        try body.skip(2)
        var encapsulation = Encapsulation(packetType: try body.uint32())
        switch encapsulation.packetType {
        case PacketType.ethernet, PacketType.nsh, PacketType.mpls, PacketType.mplsMulticast: break
        default: throw .nxActionBadHeaderType
        }
        while !body.isAtEnd {
            encapsulation.properties.append(try decodeProperty(&body))
        }
        return encapsulation
    }

    private func decodeProperty(
        _ body: inout MessageReader
    ) throws(OpenFlowError) -> Encapsulation.Property {
        guard body.remaining >= NSHProperty.headerByteCount else { throw .actionBadLength }
        let propertyClass = try body.uint16()
        let type = try body.uint8()
        let length = Int(try body.uint8())
        guard length >= NSHProperty.headerByteCount,
            length - NSHProperty.headerByteCount <= body.remaining
        else { throw .actionBadLength }
        guard propertyClass == NSHProperty.propertyClass,
            type == NSHProperty.metadataType || type == NSHProperty.metadata
        else { throw .nxActionUnknownEncapsulationProperty }
        var value = try body.part(
            length - NSHProperty.headerByteCount, lengthError: .nxActionBadEncapsulationProperty)
        try body.skip(min(MatchDecoder.padding(length), body.remaining))
        if type == NSHProperty.metadataType {
            let metadataType = try value.uint8()
            guard metadataType == 1 || metadataType == 2, value.isAtEnd else {
                throw .nxActionBadEncapsulationProperty
            }
            return .nshMetadataType(metadataType)
        }
        let metadataClass = try value.uint16()
        let metadataKind = try value.uint8()
        let octets = try value.octets(Int(try value.uint8()))
        guard value.remaining < 8 else { throw .nxActionBadEncapsulationProperty }
        return .nshMetadata(metadataClass: metadataClass, type: metadataKind, value: octets)
    }

    /// Reads one of the three forms of `sample`, each with more than the one before.
    func decodeSampling(
        _ type: UInt16, _ body: inout MessageReader
    ) throws(OpenFlowError) -> Sampling {
        var sampling = Sampling(probability: try body.uint16())
        guard sampling.probability != 0 else { throw .actionBadArgument }
        sampling.collectorSet = try body.uint32()
        sampling.observationDomain = try body.uint32()
        sampling.observationPoint = try body.uint32()
        guard type != NiciraActionType.sample else { return sampling }
        sampling.port = PortNumber(try body.uint16())
        if type == NiciraActionType.sampleDirected {
            guard let direction = Sampling.Direction(rawValue: try body.uint8()) else {
                throw .actionBadArgument
            }
            sampling.direction = direction
            try body.zeros(5, else: .nxRequestMustBeZero)
        } else {
            try body.zeros(6, else: .nxRequestMustBeZero)
        }
        return sampling
    }

    func decodePacketCheck(_ body: inout MessageReader) throws(OpenFlowError) -> Action {
        let byteCount = try body.uint16()
        let offset = Int(try body.uint16())
        let destination = try subfield(&body, offset: offset, width: 1)
        guard destination.field.descriptor.isWritable else { throw .actionBadSetArgument }
        try body.zeros(body.remaining, else: .nxRequestMustBeZero)
        return .checkPacketLarger(byteCount, destination)
    }

    func decodeDeletion(_ body: inout MessageReader) throws(OpenFlowError) -> Action {
        let header = try FieldHeader(&body, lengthError: .matchBadLength)
        guard let index = TunnelMetadataHeader.index(of: header.type), !header.hasMask else {
            guard header.field != nil else { throw .matchBadField }
            throw .actionBadArgument
        }
        try body.zeros(body.remaining, else: .nxRequestMustBeZero)
        return .deleteTunnelMetadata(index)
    }
}

/// NXM_NX_TUN_METADATA0 and those that follow it.
enum TunnelMetadataHeader {
    private static var first: UInt32 { 40 }
    static var count: UInt32 { 64 }
    static var byteCount: UInt32 { 124 }

    static func header(_ index: UInt8) -> UInt32 {
        1 << 16 | (first + UInt32(index)) << 9 | byteCount
    }

    /// Which of them a header's class and number name.
    static func index(of type: UInt32) -> UInt8? {
        let number = type >> 9 & 0x7f
        guard type >> 16 == 1, number >= first, number < first + count else { return nil }
        return UInt8(number - first)
    }
}

extension Encapsulation {
    func encode(into writer: inout OctetWriter) {
        writer.appendZeros(2)
        writer.append(packetType)
        for property in properties { property.encode(into: &writer) }
    }
}

extension Encapsulation.Property {
    fileprivate func encode(into writer: inout OctetWriter) {
        let start = writer.count
        writer.append(NSHProperty.propertyClass)
        switch self {
        case .nshMetadataType(let type):
            writer.append(NSHProperty.metadataType)
            writer.append(UInt8(5))
            writer.append(type)
        case .nshMetadata(let metadataClass, let type, let value):
            // The length counts the zeros behind the value.
            let byteCount = NSHProperty.headerByteCount + 4 + value.count
            writer.append(NSHProperty.metadata)
            writer.append(UInt8(truncatingIfNeeded: byteCount + MatchDecoder.padding(byteCount)))
            writer.append(metadataClass)
            writer.append(type)
            writer.append(UInt8(truncatingIfNeeded: value.count))
            writer.append(contentsOf: value)
        }
        writer.pad(to: 8, from: start)
    }
}

extension Sampling {
    /// The oldest form that has room for what is asked.
    var niciraType: UInt16 {
        if direction != .unspecified { return NiciraActionType.sampleDirected }
        return port == .none ? NiciraActionType.sample : NiciraActionType.sampleAtPort
    }

    func encode(into writer: inout OctetWriter) {
        writer.append(probability)
        writer.append(collectorSet)
        writer.append(observationDomain)
        writer.append(observationPoint)
        guard niciraType != NiciraActionType.sample else { return }
        writer.append(port.value)
        if niciraType == NiciraActionType.sampleDirected { writer.append(direction.rawValue) }
    }
}
