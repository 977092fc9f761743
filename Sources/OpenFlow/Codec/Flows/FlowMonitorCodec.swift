import Bytes
import FlowModel

/// The bits of OpenFlow 1.4 and later.
///
/// The standard has two bits for a controller's own changes: to be told of them in full, and to be
/// told of nothing else. Open vSwitch sends the second and means the first; both mean that here.
private enum MonitorFlags14 {
    static var noAbbreviation: UInt16 { 1 << 5 }
    static var onlyOwn: UInt16 { 1 << 6 }
    static var all: UInt16 { 0x7f }

    static func decode(_ bits: UInt16) throws(OpenFlowError) -> FlowMonitorRequest.Flags {
        guard bits & ~all == 0 else { throw .flowMonitorBadFlags }
        var flags = FlowMonitorRequest.Flags(rawValue: bits & 0x1f)
        if bits & (noAbbreviation | onlyOwn) != 0 { flags.insert(.own) }
        return flags
    }

    static func encode(_ flags: FlowMonitorRequest.Flags) -> UInt16 {
        flags.rawValue & 0x1f | (flags.contains(.own) ? onlyOwn : 0)
    }
}

extension FlowMonitorRequest {
    /// Reads requests to the end of the message, at least one.
    static func decodeAll(
        _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) -> [FlowMonitorRequest] {
        var requests: [FlowMonitorRequest] = []
        repeat { requests.append(try Self(&reader, dialect)) } while !reader.isAtEnd
        return requests
    }

    private init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        self.init(id: try reader.uint32(), flags: [])
        switch dialect.version {
        case .v10, .v11, .v12: try decodeNicira(&reader)
        case .v13: try decodeONF(&reader)
        default: try decodeStandard(&reader, dialect)
        }
    }

    private mutating func decodeNicira(_ reader: inout MessageReader) throws(OpenFlowError) {
        let bits = try reader.uint16()
        outPort = PortNumber(try reader.uint16())
        let length = Int(try reader.uint16())
        tableID = try reader.uint8()
        try reader.zeros(5, else: .nxRequestMustBeZero)
        try setFlags(bits)
        match = try MatchDecoder.decodeNicira(&reader, length: length).match
    }

    private mutating func decodeONF(_ reader: inout MessageReader) throws(OpenFlowError) {
        let bits = try reader.uint16()
        try reader.skip(2)
        guard let port = PortNumber(wide: try reader.uint32()) else { throw .actionBadOutPort }
        outPort = port
        tableID = try reader.uint8()
        try reader.zeros(3, else: .nxRequestMustBeZero)
        try setFlags(bits)
        match = try MatchDecoder.decodeStandard(&reader, .v13)
    }

    private mutating func setFlags(_ bits: UInt16) throws(OpenFlowError) {
        flags = Flags(rawValue: bits)
        let kinds: Flags = [.add, .delete, .modify]
        guard flags.isSubset(of: .all), !flags.isDisjoint(with: kinds.union(.initial)) else {
            throw .flowMonitorBadFlags
        }
    }

    private mutating func decodeStandard(
        _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) {
        guard let port = PortNumber(wide: try reader.uint32()) else { throw .flowMonitorBadOut }
        outPort = port
        outGroup = try reader.uint32()
        let bits = try reader.uint16()
        tableID = try reader.uint8()
        guard let command = Command(rawValue: try reader.uint8()) else {
            throw .flowMonitorBadCommand
        }
        self.command = command
        flags = try MonitorFlags14.decode(bits)
        match = try MatchDecoder.decodeStandard(&reader, dialect.version)
    }

    func encode(_ dialect: Dialect, into writer: inout OctetWriter) {
        writer.append(id)
        switch dialect.version {
        case .v10, .v11, .v12: encodeNicira(into: &writer)
        case .v13:
            writer.append(flags.rawValue)
            let lengthOffset = writer.count
            writer.append(UInt16(0))
            writer.append(outPort.wide)
            writer.append(tableID)
            writer.appendZeros(3)
            let length = MatchEncoder(version: .v13).encodeCountedMatch(match, into: &writer)
            writer.set16(at: lengthOffset, to: length)
        default:
            writer.append(outPort.wide)
            writer.append(outGroup)
            writer.append(MonitorFlags14.encode(flags))
            writer.append(tableID)
            writer.append(command.rawValue)
            MatchEncoder(version: dialect.version).encodeStandard(match, into: &writer)
        }
    }

    private func encodeNicira(into writer: inout OctetWriter) {
        writer.append(flags.rawValue)
        writer.append(outPort.value)
        let lengthOffset = writer.count
        writer.append(UInt16(0))
        writer.append(tableID)
        writer.appendZeros(5)
        let start = writer.count
        MatchEncoder.nicira.encode(match, into: &writer)
        writer.set16(at: lengthOffset, to: writer.count - start)
        writer.pad(to: 8, from: start)
    }
}

extension MatchEncoder {
    /// Appends `ofp_match` with its padding.
    ///
    /// - Returns: the length without the padding.
    fileprivate func encodeCountedMatch(_ match: Match, into writer: inout OctetWriter) -> Int {
        let start = writer.count
        writer.append(UInt16(1))
        writer.append(UInt16(0))
        encode(match, into: &writer)
        let length = writer.count - start
        writer.set16(at: start + 2, to: length)
        writer.pad(to: 8, from: start)
        return length
    }
}

/// The numbers of events: Nicira's, which ONF's extension shares, and those of OpenFlow 1.4.
private enum MonitorEvent {
    static var abbreviated: UInt16 { 3 }
    static var abbreviated14: UInt16 { 4 }
    static var paused14: UInt16 { 5 }
    static var resumed14: UInt16 { 6 }

    static func number(_ event: MonitoredFlow.Event, is14: Bool) -> UInt16 {
        switch event {
        case .initial: 0
        case .added: is14 ? 1 : 0
        case .deleted: is14 ? 2 : 1
        case .modified: is14 ? 3 : 2
        }
    }

    static func event(
        _ number: UInt16, reason: UInt16, is14: Bool
    ) throws(OpenFlowError) -> MonitoredFlow.Event {
        switch (number, is14) {
        case (0, true): return .initial
        case (0, false), (1, true): return .added
        case (1, false), (2, true):
            return .deleted(FlowRemoved.Reason(rawValue: UInt8(truncatingIfNeeded: reason)))
        case (2, false), (3, true): return .modified
        default: throw .nxRequestFlowMonitorBadEvent
        }
    }
}

extension FlowUpdate: StatsEntry {
    static func decodeAll(
        _ reader: inout MessageReader, _ dialect: Dialect
    ) throws(OpenFlowError) -> [FlowUpdate] {
        var updates: [FlowUpdate] = []
        while !reader.isAtEnd { updates.append(try Self(&reader, dialect)) }
        return updates
    }

    private init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        let length = Int(try reader.uint16())
        guard length >= 4, length % 8 == 0 else { throw .requestBadLength }
        var part = try reader.part(length - 2, lengthError: .requestBadLength)
        let event = try part.uint16()
        let is14 = dialect.version >= .v14
        if event == (is14 ? MonitorEvent.abbreviated14 : MonitorEvent.abbreviated) {
            self = .abbreviated(xid: try part.uint32())
        } else if is14 && event == MonitorEvent.paused14 {
            try part.skip(4)
            self = .paused
        } else if is14 && event == MonitorEvent.resumed14 {
            try part.skip(4)
            self = .resumed
        } else {
            self = .full(try MonitoredFlow(&part, event, dialect))
        }
        guard part.isAtEnd else { throw .requestBadLength }
    }

    func encode(_ dialect: Dialect, into writer: inout OctetWriter) {
        let is14 = dialect.version >= .v14
        switch self {
        case .full(let flow): flow.encode(dialect, into: &writer)
        case .abbreviated(let xid):
            let event = is14 ? MonitorEvent.abbreviated14 : MonitorEvent.abbreviated
            Self.encode(short: event, xid, into: &writer)
        case .paused where is14: Self.encode(short: MonitorEvent.paused14, 0, into: &writer)
        case .resumed where is14: Self.encode(short: MonitorEvent.resumed14, 0, into: &writer)
        // Before 1.4 these are messages of their own.
        case .paused, .resumed: break
        }
    }

    private static func encode(
        short event: UInt16, _ word: UInt32, into writer: inout OctetWriter
    ) {
        writer.append(UInt16(8))
        writer.append(event)
        writer.append(word)
    }
}

extension MonitoredFlow {
    /// Reads what follows the event.
    fileprivate init(
        _ reader: inout MessageReader, _ number: UInt16, _ dialect: Dialect
    ) throws(OpenFlowError) {
        let is14 = dialect.version >= .v14
        self.init(event: .added)
        if is14 {
            tableID = try reader.uint8()
            event = try MonitorEvent.event(
                number, reason: UInt16(try reader.uint8()), is14: true)
            idleTimeout = try reader.uint16()
            hardTimeout = try reader.uint16()
            priority = try reader.uint16()
            try reader.skip(4)
            cookie = try reader.uint64()
            match = try MatchDecoder.decodeStandard(&reader, dialect.version)
        } else {
            event = try MonitorEvent.event(number, reason: try reader.uint16(), is14: false)
            priority = try reader.uint16()
            idleTimeout = try reader.uint16()
            hardTimeout = try reader.uint16()
            let length = Int(try reader.uint16())
            tableID = try reader.uint8()
            try reader.skip(1)
            cookie = try reader.uint64()
            match =
                dialect.version < .v13
                ? try MatchDecoder.decodeNicira(&reader, length: length).match
                : try MatchDecoder.decodeStandard(&reader, dialect.version)
        }
        let decoder = ActionDecoder(version: dialect.version)
        actions =
            dialect.version < .v13
            ? try decoder.decodeActions(&reader) : try decoder.decodeBehavior(&reader)
    }

    fileprivate func encode(_ dialect: Dialect, into writer: inout OctetWriter) {
        let start = writer.count
        let is14 = dialect.version >= .v14
        writer.append(UInt16(0))
        writer.append(MonitorEvent.number(event, is14: is14))
        if is14 {
            writer.append(tableID)
            writer.append(UInt8(truncatingIfNeeded: reason))
            writer.append(idleTimeout)
            writer.append(hardTimeout)
            writer.append(priority)
            writer.appendZeros(4)
            writer.append(cookie)
            MatchEncoder(version: dialect.version).encodeStandard(match, into: &writer)
        } else {
            writer.append(reason)
            writer.append(priority)
            writer.append(idleTimeout)
            writer.append(hardTimeout)
            encodeMatch(dialect, into: &writer)
        }
        var encoder = ActionEncoder(version: dialect.version, match: match)
        if dialect.version < .v13 {
            // Nicira's message has no instructions, whatever the version.
            encoder.encodeActions(actions, into: &writer)
        } else {
            encoder.encodeBehavior(actions, into: &writer)
        }
        writer.set16(at: start, to: writer.count - start)
    }

    /// Appends the length of the match, what stands between, and the match.
    private func encodeMatch(_ dialect: Dialect, into writer: inout OctetWriter) {
        let lengthOffset = writer.count
        writer.append(UInt16(0))
        writer.append(tableID)
        writer.append(UInt8(0))
        writer.append(cookie)
        guard dialect.version < .v13 else {
            let length = MatchEncoder(version: dialect.version)
                .encodeCountedMatch(match, into: &writer)
            return writer.set16(at: lengthOffset, to: length)
        }
        let start = writer.count
        MatchEncoder.nicira.encode(match, into: &writer)
        writer.set16(at: lengthOffset, to: writer.count - start)
        writer.pad(to: 8, from: start)
    }

    private var reason: UInt16 {
        if case .deleted(let reason) = event { UInt16(reason.rawValue) } else { 0 }
    }
}
