import Bytes
import FlowModel

extension PortStats {
    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        if dialect.version >= .v14 {
            self = try Self.decode14(&reader)
            return
        }
        if dialect.version == .v10 {
            self.init(port: PortNumber(try reader.uint16()))
            try reader.skip(6)
        } else {
            guard let port = PortNumber(wide: try reader.uint32()) else { throw .actionBadOutPort }
            self.init(port: port)
            try reader.skip(4)
        }
        try decodeCounts(&reader)
        try decodeEthernetCounts(&reader)
        if dialect.version >= .v13 { duration = try reader.optionalDuration() }
    }

    private mutating func decodeCounts(_ reader: inout MessageReader) throws(OpenFlowError) {
        receivedPackets = try reader.uint64()
        transmittedPackets = try reader.uint64()
        receivedBytes = try reader.uint64()
        transmittedBytes = try reader.uint64()
        receiveDropped = try reader.uint64()
        transmitDropped = try reader.uint64()
        receiveErrors = try reader.uint64()
        transmitErrors = try reader.uint64()
    }

    private mutating func decodeEthernetCounts(
        _ reader: inout MessageReader
    ) throws(OpenFlowError) {
        receiveFrameErrors = try reader.uint64()
        receiveOverrunErrors = try reader.uint64()
        receiveCRCErrors = try reader.uint64()
        collisions = try reader.uint64()
    }

    /// Octets of the counters before their properties.
    private static var fixedByteCount14: Int { 80 }

    private static func decode14(
        _ reader: inout MessageReader
    ) throws(OpenFlowError) -> PortStats {
        let length = Int(try reader.uint16())
        guard length >= fixedByteCount14 else { throw .requestBadLength }
        try reader.skip(2)
        guard let port = PortNumber(wide: try reader.uint32()) else { throw .actionBadOutPort }
        var stats = PortStats(port: port)
        stats.duration = try reader.optionalDuration()
        try stats.decodeCounts(&reader)
        var properties = try reader.part(
            length - fixedByteCount14, lengthError: .requestBadLength)
        try properties.forEachProperty { (type, body) throws(OpenFlowError) in
            guard type == ethernetProperty else { return }
            try body.skip(4)
            try stats.decodeEthernetCounts(&body)
        }
        return stats
    }

    private static var ethernetProperty: UInt16 { 0 }

    private func encode14(into writer: inout OctetWriter) {
        let start = writer.count
        writer.appendZeros(4)
        writer.append(port.wide)
        writer.append(duration)
        encodeCounts(into: &writer)
        writer.property(Self.ethernetProperty) { writer in
            writer.appendZeros(4)
            encodeEthernetCounts(into: &writer)
        }
        writer.set16(at: start, to: writer.count - start)
    }

    func encode(_ dialect: Dialect, into writer: inout OctetWriter) {
        if dialect.version >= .v14 { return encode14(into: &writer) }
        if dialect.version == .v10 {
            writer.append(port.value)
            writer.appendZeros(6)
        } else {
            writer.append(port.wide)
            writer.appendZeros(4)
        }
        encodeCounts(into: &writer)
        encodeEthernetCounts(into: &writer)
        if dialect.version >= .v13 { writer.append(duration) }
    }

    private func encodeCounts(into writer: inout OctetWriter) {
        for count in [
            receivedPackets, transmittedPackets, receivedBytes, transmittedBytes, receiveDropped,
            transmitDropped, receiveErrors, transmitErrors,
        ] {
            writer.append(count)
        }
    }

    private func encodeEthernetCounts(into writer: inout OctetWriter) {
        for count in [
            receiveFrameErrors, receiveOverrunErrors, receiveCRCErrors, collisions,
        ] {
            writer.append(count)
        }
    }
}

extension QueueStats {
    /// Octets of the counters before their properties.
    private static var fixedByteCount14: Int { 48 }

    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        var propertyByteCount = 0
        if dialect.version >= .v14 {
            let length = Int(try reader.uint16())
            guard length >= Self.fixedByteCount14 else { throw .requestBadLength }
            try reader.skip(6)
            propertyByteCount = length - Self.fixedByteCount14
        }
        if dialect.version == .v10 {
            let port = PortNumber(try reader.uint16())
            try reader.skip(2)
            self.init(port: port, queueID: try reader.uint32())
        } else {
            guard let port = PortNumber(wide: try reader.uint32()) else { throw .actionBadOutPort }
            self.init(port: port, queueID: try reader.uint32())
        }
        transmittedBytes = try reader.uint64()
        transmittedPackets = try reader.uint64()
        transmitErrors = try reader.uint64()
        if dialect.version >= .v13 { duration = try reader.optionalDuration() }
        try reader.skip(propertyByteCount)
    }

    func encode(_ dialect: Dialect, into writer: inout OctetWriter) {
        if dialect.version >= .v14 {
            writer.append(UInt16(Self.fixedByteCount14))
            writer.appendZeros(6)
        }
        if dialect.version == .v10 {
            writer.append(port.value)
            writer.append(UInt16(0))
        } else {
            writer.append(port.wide)
        }
        writer.append(queueID)
        writer.append(transmittedBytes)
        writer.append(transmittedPackets)
        writer.append(transmitErrors)
        if dialect.version >= .v13 { writer.append(duration) }
    }
}
