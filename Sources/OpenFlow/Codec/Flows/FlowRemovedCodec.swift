import Bytes
import FlowModel

extension FlowRemoved {
    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        self.init()
        if dialect.version == .v10 {
            match = try OpenFlow10Match.decode(&reader)
            cookie = try reader.uint64()
            priority = try reader.uint16()
            reason = Reason(rawValue: try reader.uint8())
            try reader.skip(1)
            duration = try reader.duration()
            idleTimeout = try reader.uint16()
            try reader.skip(2)
            packetCount = try reader.uint64()
            byteCount = try reader.uint64()
            return
        }
        if dialect.version >= .v15 {
            try decode15(&reader, dialect)
            return
        }
        cookie = try reader.uint64()
        priority = try reader.uint16()
        reason = Reason(rawValue: try reader.uint8())
        tableID = try reader.uint8()
        duration = try reader.duration()
        idleTimeout = try reader.uint16()
        hardTimeout = try reader.uint16()
        packetCount = try reader.uint64()
        byteCount = try reader.uint64()
        match = try MatchDecoder.decodeStandard(&reader, dialect.version)
    }

    private mutating func decode15(
        _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) {
        tableID = try reader.uint8()
        reason = Reason(rawValue: try reader.uint8())
        priority = try reader.uint16()
        idleTimeout = try reader.uint16()
        hardTimeout = try reader.uint16()
        cookie = try reader.uint64()
        match = try MatchDecoder.decodeStandard(&reader, dialect.version)
        let counters = try FlowCounters(&reader)
        duration = counters.duration ?? .zero
        packetCount = counters.packetCount ?? .max
        byteCount = counters.byteCount ?? .max
    }

    /// Reads NXT_FLOW_REMOVED.
    init(nicira reader: inout MessageReader) throws(OpenFlowError) {
        self.init()
        cookie = try reader.uint64()
        priority = try reader.uint16()
        reason = Reason(rawValue: try reader.uint8())
        // One more than the table, so that zero says unknown.
        tableID = try reader.uint8() &- 1
        duration = try reader.duration()
        idleTimeout = try reader.uint16()
        let length = Int(try reader.uint16())
        packetCount = try reader.uint64()
        byteCount = try reader.uint64()
        match = try MatchDecoder.decodeNicira(&reader, length: length).match
        guard reader.isAtEnd else { throw .requestBadLength }
    }

    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        if dialect.version == .v10, dialect.flowFormat == .nxm {
            return encodeNicira(dialect, xid, into: &writer)
        }
        if dialect.version >= .v15 { return encode15(dialect, xid, into: &writer) }
        writer.message(MessageType.flowRemoved, dialect, xid) { writer in
            let is10 = dialect.version == .v10
            if is10 { OpenFlow10Match.encode(match, into: &writer) }
            writer.append(cookie)
            writer.append(priority)
            writer.append(reason.rawValue)
            writer.append(is10 ? 0 : tableID)
            writer.append(duration)
            writer.append(idleTimeout)
            writer.append(dialect.version < .v12 ? 0 : hardTimeout)
            writer.append(packetCount)
            writer.append(byteCount)
            if !is10 {
                MatchEncoder(version: dialect.version).encodeStandard(match, into: &writer)
            }
        }
    }

    private func encode15(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        writer.message(MessageType.flowRemoved, dialect, xid) { writer in
            writer.append(tableID)
            writer.append(reason.rawValue)
            writer.append(priority)
            writer.append(idleTimeout)
            writer.append(hardTimeout)
            writer.append(cookie)
            MatchEncoder(version: dialect.version).encodeStandard(match, into: &writer)
            var counters = FlowCounters()
            counters.duration = duration
            counters.packetCount = packetCount
            counters.byteCount = byteCount
            counters.encode(into: &writer)
        }
    }

    private func encodeNicira(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        writer.nicira(NiciraMessageType.flowRemoved, dialect, xid) { writer in
            writer.append(cookie)
            writer.append(priority)
            writer.append(reason.rawValue)
            writer.append(tableID &+ 1)
            writer.append(duration)
            writer.append(idleTimeout)
            let lengthOffset = writer.count
            writer.append(UInt16(0))
            writer.append(packetCount)
            writer.append(byteCount)
            let start = writer.count
            MatchEncoder.nicira.encode(match, into: &writer)
            writer.set16(at: lengthOffset, to: writer.count - start)
            writer.pad(to: 8, from: start)
        }
    }
}
