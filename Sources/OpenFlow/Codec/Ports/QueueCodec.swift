import Bytes
import FlowModel

/// Properties of queues; the numbers are those of OpenFlow 1.2 and later.
private enum QueueProperty {
    static var minRate: UInt16 { 1 }
    static var maxRate: UInt16 { 2 }
    /// Octets of a rate before OpenFlow 1.4: header, 4 unused, the rate, 6 unused.
    static var oldByteCount: Int { 16 }
}

extension QueueConfig {
    /// Octets of a queue without properties.
    private static func queueByteCount(_ version: OpenFlowVersion) -> Int {
        version <= .v11 ? 8 : 16
    }

    /// Reads the port that a request names.
    static func decodePort(
        _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) -> PortNumber {
        if dialect.version == .v10 {
            let port = PortNumber(try reader.uint16())
            try reader.skip(2)
            return port
        }
        guard let port = PortNumber(wide: try reader.uint32()) else { throw .actionBadOutPort }
        try reader.skip(4)
        return port
    }

    static func encode(port: PortNumber, _ dialect: Dialect, into writer: inout OctetWriter) {
        if dialect.version == .v10 {
            writer.append(port.value)
            writer.append(UInt16(0))
        } else {
            writer.append(port.wide)
            writer.appendZeros(4)
        }
    }

    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        self.init(port: try Self.decodePort(&reader, dialect))
        if dialect.version == .v10 { try reader.skip(4) }
        // OpenFlow 1.2 put the port into each queue.
        let isNarrow = dialect.version <= .v11
        while !reader.isAtEnd {
            var queue = QueueDescription(port: port, queueID: try reader.uint32())
            if !isNarrow { try reader.skip(4) }
            let length = Int(try reader.uint16())
            let fixed = Self.queueByteCount(dialect.version)
            guard length >= fixed else { throw .requestBadLength }
            try reader.skip(isNarrow ? 2 : 6)
            var properties = try reader.part(length - fixed, lengthError: .requestBadLength)
            try queue.decodeOldProperties(&properties)
            queues.append(queue)
        }
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        guard dialect.version < .v14 else { return }
        let type = MessageType.queueConfigReply(dialect.version)
        writer.message(type, dialect, xid) { writer in
            let isNarrow = dialect.version <= .v11
            Self.encode(port: port, dialect, into: &writer)
            if dialect.version == .v10 { writer.appendZeros(4) }
            for queue in queues {
                let start = writer.count
                writer.append(queue.queueID)
                if !isNarrow { writer.append(queue.port.wide) }
                let lengthOffset = writer.count
                writer.append(UInt16(0))
                writer.appendZeros(isNarrow ? 2 : 6)
                queue.encodeOldProperties(dialect, into: &writer)
                writer.set16(at: lengthOffset, to: writer.count - start)
            }
        }
    }
}

extension QueueDescription {
    fileprivate mutating func decodeOldProperties(
        _ reader: inout MessageReader
    ) throws(OpenFlowError) {
        while !reader.isAtEnd {
            let type = try reader.uint16()
            let length = Int(try reader.uint16())
            guard length >= 8 else { throw .requestBadLength }
            var body = try reader.part(length - 4, lengthError: .requestBadLength)
            guard length == QueueProperty.oldByteCount else { continue }
            try body.skip(4)
            if type == QueueProperty.minRate { minRate = try body.uint16() }
            if type == QueueProperty.maxRate { maxRate = try body.uint16() }
        }
    }

    fileprivate func encodeOldProperties(
        _ dialect: Dialect, into writer: inout OctetWriter
    ) {
        let rates = [(QueueProperty.minRate, minRate), (QueueProperty.maxRate, maxRate)]
        for (type, rate) in rates {
            guard let rate, type == QueueProperty.minRate || dialect.version >= .v12 else {
                continue
            }
            writer.append(type)
            writer.append(UInt16(QueueProperty.oldByteCount))
            writer.appendZeros(4)
            writer.append(rate)
            writer.appendZeros(6)
        }
    }

    /// Reads one entry of OFPMP_QUEUE_DESC.
    init(_ reader: inout MessageReader) throws(OpenFlowError) {
        guard let port = PortNumber(wide: try reader.uint32()) else { throw .actionBadOutPort }
        self.init(port: port, queueID: try reader.uint32())
        let length = Int(try reader.uint16())
        guard length >= 16 else { throw .requestBadLength }
        try reader.skip(6)
        var properties = try reader.part(length - 16, lengthError: .requestBadLength)
        try properties.forEachProperty { (type, body) throws(OpenFlowError) in
            if type == QueueProperty.minRate { minRate = try body.uint16() }
            if type == QueueProperty.maxRate { maxRate = try body.uint16() }
        }
    }

    /// Appends one entry of OFPMP_QUEUE_DESC.
    func encode(into writer: inout OctetWriter) {
        let start = writer.count
        writer.append(port.wide)
        writer.append(queueID)
        writer.appendZeros(8)
        let rates = [(QueueProperty.minRate, minRate), (QueueProperty.maxRate, maxRate)]
        for (type, rate) in rates {
            guard let rate else { continue }
            writer.property(type) {
                $0.append(rate)
                $0.append(UInt16(0))
            }
        }
        writer.set16(at: start + 8, to: writer.count - start)
    }
}
