import Bytes
import FlowModel

extension FlowStatsRequest {
    /// Reads the body of a request of OpenFlow 1.0 or later.
    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        if dialect.version == .v10 {
            let match = try OpenFlow10Match.decode(&reader)
            let table = try reader.uint8()
            try reader.skip(1)
            self.init(tableID: table, outPort: PortNumber(try reader.uint16()), match: match)
            return
        }
        let table = try reader.uint8()
        try reader.skip(3)
        guard let port = PortNumber(wide: try reader.uint32()) else { throw .actionBadOutPort }
        let group = try reader.uint32()
        try reader.skip(4)
        let cookie = try reader.uint64()
        let mask = try reader.uint64()
        self.init(
            tableID: table, outPort: port, outGroup: group, cookie: cookie & mask,
            cookieMask: mask, match: try MatchDecoder.decodeStandard(&reader, dialect.version))
    }

    /// Reads the body of NXST_FLOW or NXST_AGGREGATE.
    init(nicira reader: inout MessageReader) throws(OpenFlowError) {
        let port = PortNumber(try reader.uint16())
        let length = Int(try reader.uint16())
        let table = try reader.uint8()
        try reader.skip(3)
        let result = try MatchDecoder.decodeNicira(
            &reader, length: length, options: .allowsCookie)
        self.init(
            tableID: table, outPort: port, cookie: result.cookie, cookieMask: result.cookieMask,
            match: result.match, isNicira: true)
    }

    func encode(_ dialect: Dialect, into writer: inout OctetWriter) {
        if dialect.version == .v10 {
            OpenFlow10Match.encode(match, into: &writer)
            writer.append(tableID)
            writer.append(UInt8(0))
            writer.append(outPort.value)
            return
        }
        writer.append(tableID)
        writer.appendZeros(3)
        writer.append(outPort.wide)
        writer.append(outGroup)
        writer.appendZeros(4)
        writer.append(cookie)
        writer.append(cookieMask)
        MatchEncoder(version: dialect.version).encodeStandard(match, into: &writer)
    }

    func encodeNicira(into writer: inout OctetWriter) {
        writer.append(outPort.value)
        let lengthOffset = writer.count
        writer.append(UInt16(0))
        writer.append(tableID)
        writer.appendZeros(3)
        let start = writer.count
        let encoder = MatchEncoder.nicira
        encoder.encode(match, into: &writer)
        encoder.encodeCookie(cookie, mask: cookieMask, into: &writer)
        writer.set16(at: lengthOffset, to: writer.count - start)
        writer.pad(to: 8, from: start)
    }
}

extension FlowStatsEntry {
    /// Reads entries to the end of `reader`.
    static func decodeAll(
        _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) -> [FlowStatsEntry] {
        var entries: [FlowStatsEntry] = []
        while !reader.isAtEnd { entries.append(try FlowStatsEntry(&reader, dialect)) }
        return entries
    }

    /// Reads the entry that is next.
    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        self.init()
        let length = Int(try reader.uint16())
        guard length >= 2 else { throw .requestBadLength }
        var part = try reader.part(length - 2, lengthError: .requestBadLength)
        switch (dialect.version, dialect.flowFormat) {
        case (.v10, .openFlow10): try decode10(&part)
        case (.v10, .nxm): try decodeNicira(&part)
        case (.v15, _): try decode15(&part, dialect)
        default: try decodeStandard(&part, dialect)
        }
    }

    private mutating func decode10(_ reader: inout MessageReader) throws(OpenFlowError) {
        tableID = try reader.uint8()
        try reader.skip(1)
        match = try OpenFlow10Match.decode(&reader)
        duration = try reader.duration()
        priority = try reader.uint16()
        idleTimeout = try reader.uint16()
        hardTimeout = try reader.uint16()
        try reader.skip(6)
        cookie = try reader.uint64()
        packetCount = try reader.uint64()
        byteCount = try reader.uint64()
        actions = try ActionDecoder(version: .v10).decodeActions(&reader)
    }

    private mutating func decodeNicira(_ reader: inout MessageReader) throws(OpenFlowError) {
        tableID = try reader.uint8()
        try reader.skip(1)
        duration = try reader.duration()
        priority = try reader.uint16()
        idleTimeout = try reader.uint16()
        hardTimeout = try reader.uint16()
        let length = Int(try reader.uint16())
        // Ages are one more than they are, so that zero says unknown.
        let idle = Int(try reader.uint16())
        let hard = Int(try reader.uint16())
        idleAge = idle == 0 ? nil : idle - 1
        hardAge = hard == 0 ? nil : hard - 1
        cookie = try reader.uint64()
        packetCount = try reader.uint64()
        byteCount = try reader.uint64()
        match = try MatchDecoder.decodeNicira(&reader, length: length).match
        actions = try ActionDecoder(version: .v10).decodeActions(&reader)
    }

    private mutating func decodeStandard(
        _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) {
        tableID = try reader.uint8()
        try reader.skip(1)
        duration = try reader.duration()
        priority = try reader.uint16()
        idleTimeout = try reader.uint16()
        hardTimeout = try reader.uint16()
        let flags = FlowFlags(rawValue: try reader.uint16())
        if dialect.version >= .v13 { self.flags = flags }
        let importance = try reader.uint16()
        if dialect.version >= .v14 { self.importance = importance }
        try reader.skip(2)
        cookie = try reader.uint64()
        packetCount = try reader.uint64()
        byteCount = try reader.uint64()
        match = try MatchDecoder.decodeStandard(&reader, dialect.version)
        actions = try ActionDecoder(version: dialect.version).decodeBehavior(&reader)
    }

    private mutating func decode15(
        _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) {
        try reader.skip(2)
        tableID = try reader.uint8()
        try reader.skip(1)
        priority = try reader.uint16()
        idleTimeout = try reader.uint16()
        hardTimeout = try reader.uint16()
        flags = FlowFlags(rawValue: try reader.uint16())
        importance = try reader.uint16()
        cookie = try reader.uint64()
        match = try MatchDecoder.decodeStandard(&reader, dialect.version)
        let counters = try FlowCounters(&reader)
        duration = counters.duration ?? .zero
        idleAge = counters.idleTime.map { Int($0.components.seconds) }
        packetCount = counters.packetCount ?? .max
        byteCount = counters.byteCount ?? .max
        actions = try ActionDecoder(version: dialect.version).decodeBehavior(&reader)
    }

    /// Appends the entry; without its actions where they are too long to be told.
    func encode(_ dialect: Dialect, into writer: inout OctetWriter) {
        let start = writer.count
        encode(dialect, hasActions: true, into: &writer)
        if writer.hasOverflowed || writer.count - start > Self.maxByteCount {
            writer.truncate(to: start)
            encode(dialect, hasActions: false, into: &writer)
        }
    }

    /// What fits in a message behind the longest header.
    private static var maxByteCount: Int { 0xffff - 24 }

    private func encode(
        _ dialect: Dialect, hasActions: Bool, into writer: inout OctetWriter
    ) {
        let start = writer.count
        writer.append(UInt16(0))
        if dialect.version >= .v15 { writer.append(UInt16(0)) }
        writer.append(tableID)
        writer.append(UInt8(0))
        switch (dialect.version, dialect.flowFormat) {
        case (.v10, .openFlow10): encode10(into: &writer)
        case (.v10, .nxm): encodeNicira(into: &writer)
        case (.v15, _): encode15(dialect, into: &writer)
        default: encodeStandard(dialect, into: &writer)
        }
        if hasActions {
            var encoder = ActionEncoder(version: dialect.version, match: match)
            encoder.encodeBehavior(actions, into: &writer)
        }
        writer.set16(at: start, to: writer.count - start)
    }

    private func encodeTimes(into writer: inout OctetWriter) {
        writer.append(duration)
        writer.append(priority)
        writer.append(idleTimeout)
        writer.append(hardTimeout)
    }

    private func encodeCounts(into writer: inout OctetWriter) {
        writer.append(cookie)
        writer.append(packetCount)
        writer.append(byteCount)
    }

    private func encode10(into writer: inout OctetWriter) {
        OpenFlow10Match.encode(match, into: &writer)
        encodeTimes(into: &writer)
        writer.appendZeros(6)
        encodeCounts(into: &writer)
    }

    private func encodeNicira(into writer: inout OctetWriter) {
        encodeTimes(into: &writer)
        let lengthOffset = writer.count
        writer.append(UInt16(0))
        writer.append(Self.age(idleAge))
        writer.append(Self.age(hardAge))
        encodeCounts(into: &writer)
        let start = writer.count
        MatchEncoder.nicira.encode(match, into: &writer)
        writer.set16(at: lengthOffset, to: writer.count - start)
        writer.pad(to: 8, from: start)
    }

    private static func age(_ seconds: Int?) -> UInt16 {
        seconds.map { UInt16(clamping: $0 + 1) } ?? 0
    }

    private func encode15(_ dialect: Dialect, into writer: inout OctetWriter) {
        writer.append(priority)
        writer.append(idleTimeout)
        writer.append(hardTimeout)
        writer.append(flags.rawValue & FlowFlags.standardBits)
        writer.append(importance)
        writer.append(cookie)
        MatchEncoder(version: dialect.version).encodeStandard(match, into: &writer)
        var counters = FlowCounters()
        counters.duration = duration
        counters.idleTime = idleAge.map { .seconds($0) }
        counters.packetCount = packetCount
        counters.byteCount = byteCount
        counters.encode(into: &writer)
    }

    private func encodeStandard(_ dialect: Dialect, into writer: inout OctetWriter) {
        encodeTimes(into: &writer)
        writer.append(dialect.version >= .v13 ? flags.rawValue & FlowFlags.standardBits : 0)
        writer.append(dialect.version >= .v14 ? importance : 0)
        writer.appendZeros(2)
        encodeCounts(into: &writer)
        MatchEncoder(version: dialect.version).encodeStandard(match, into: &writer)
    }
}
