import Bytes
import FlowModel

extension FlowMod {
    /// Reads OFPT_FLOW_MOD, behind the header.
    init(_ reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        if dialect.version == .v10 {
            try self.init(openFlow10: &reader, dialect)
        } else {
            try self.init(standard: &reader, dialect)
        }
    }

    private init(openFlow10 reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        let high = try reader.peek16()
        let wildcards = UInt32(high) << 16 | UInt32(try reader.peek16(at: 2))
        let match = try OpenFlow10Match.decode(&reader)
        let cookie = try reader.uint64()
        self.init(match: match)
        try decodeCommon10(&reader, cookie: cookie, dialect)
        // A rule that ignores nothing is beyond all others (OpenFlow 1.0 §3.4).
        if wildcards & OpenFlow10Match.Wildcard.all == 0 { priority = .max }
        actions = try ActionDecoder(version: .v10).decodeBehavior(&reader)
        try checkFlags10()
    }

    /// Reads NXT_FLOW_MOD, behind the subtype.
    init(nicira reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        let cookie = try reader.uint64()
        self.init()
        try decodeCommon10(&reader, cookie: cookie, dialect)
        let matchLength = Int(try reader.uint16())
        try reader.skip(6)
        let result = try MatchDecoder.decodeNicira(
            &reader, length: matchLength, options: .allowsCookie)
        match = result.match
        if command == .add {
            // An addition sets a cookie and cannot ask for one.
            guard result.cookieMask == 0 else { throw .nxRequestNXMInvalid }
        } else {
            self.cookie = result.cookie
            cookieMask = result.cookieMask
        }
        actions = try ActionDecoder(version: dialect.version).decodeBehavior(&reader)
        try checkFlags10()
    }

    /// Reads what OFPT_FLOW_MOD of 1.0 and NXT_FLOW_MOD have in common: command to flags.
    private mutating func decodeCommon10(
        _ reader: inout MessageReader, cookie: UInt64, _ dialect: Dialect
    ) throws(OpenFlowError) {
        let word = try reader.uint16()
        let number = dialect.hasTableInFlowMod ? word & 0xff : word
        guard number <= 0xff, let command = Command(rawValue: UInt8(number)) else {
            throw .flowModBadCommand
        }
        self.command = command
        if dialect.hasTableInFlowMod { tableID = UInt8(word >> 8) }
        newCookie = dialect.isForgiving ? cookie : Self.newCookie10(cookie, command)
        idleTimeout = try reader.uint16()
        hardTimeout = try reader.uint16()
        priority = try reader.uint16()
        bufferID = Self.buffer(try reader.uint32())
        let port = PortNumber(try reader.uint16())
        if dialect.isForgiving || command == .delete || command == .deleteStrict { outPort = port }
        flags = FlowFlags(rawValue: try reader.uint16())
    }

    /// Checks the flags, once all else has been read.
    private mutating func checkFlags10() throws(OpenFlowError) {
        let bits = FlowFlags10(rawValue: flags.rawValue)
        guard bits.isSubset(of: .known) else { throw .flowModBadFlags }
        guard !bits.contains(.emergency) else {
            let hasTimeout = idleTimeout != 0 || hardTimeout != 0
            throw hasTimeout ? .flowModBadEmergencyTimeout : .flowModTableFull
        }
        // OpenFlow 1.0 and 1.1 have no such flag and always start counting anew.
        if command == .add { flags.insert(.resetCounts) }
    }

    /// The cookie to give: all ones in a change mean to leave it.
    private static func newCookie10(_ cookie: UInt64, _ command: Command) -> UInt64? {
        switch command {
        case .add: cookie
        case .modify, .modifyStrict: cookie == .max ? nil : cookie
        case .delete, .deleteStrict: nil
        }
    }

    /// Octets from the timeouts to the match, from OpenFlow 1.1 on.
    private static var byteCountBeforeMatch: Int { 22 }

    static func buffer(_ number: UInt32) -> UInt32? { number == noBuffer ? nil : number }

    private init(standard reader: inout MessageReader, _ dialect: Dialect) throws(OpenFlowError) {
        self.init()
        let cookie = try reader.uint64()
        let cookieMask = try reader.uint64()
        tableID = try reader.uint8()
        let commandNumber = try reader.uint8()
        // What a rule is about is read before what is to be done with it, as in OVS.
        var tail = copy reader
        try tail.skip(FlowMod.byteCountBeforeMatch)
        match = try MatchDecoder.decodeStandard(&tail, dialect.version)
        actions = try ActionDecoder(version: dialect.version).decodeBehavior(&tail)
        guard let command = Command(rawValue: commandNumber) else { throw .flowModBadCommand }
        self.command = command
        if command == .add {
            newCookie = cookie
            guard tableID != Self.allTables else { throw .flowModBadTableID }
        } else {
            self.cookie = cookie & cookieMask
            self.cookieMask = cookieMask
            // OpenFlow 1.1 gives rules a cookie unless it looks for one.
            if dialect.version == .v11, cookieMask == 0 {
                newCookie = Self.newCookie10(cookie, command)
            }
            let hasAll = dialect.version >= .v12
            guard tableID != Self.allTables || hasAll else { throw .flowModBadTableID }
        }
        idleTimeout = try reader.uint16()
        hardTimeout = try reader.uint16()
        priority = try reader.uint16()
        bufferID = Self.buffer(try reader.uint32())
        guard let port = PortNumber(wide: try reader.uint32()) else { throw .actionBadOutPort }
        let group = try reader.uint32()
        if dialect.isForgiving || command == .delete || command == .deleteStrict {
            outPort = port
            outGroup = group
        }
        flags = FlowFlags(rawValue: try reader.uint16())
        let importance = try reader.uint16()
        if dialect.version >= .v14, command == .add { self.importance = importance }
        reader = tail
        guard flags.rawValue & ~FlowFlags.bits(dialect.version) == 0 else {
            throw .flowModBadFlags
        }
        // OpenFlow 1.0 and 1.1 have no such flag and always start counting anew.
        if dialect.version < .v12, command == .add { flags.insert(.resetCounts) }
    }
}

/// The flags of OpenFlow 1.0, of which the third differs from later versions.
private struct FlowFlags10: OptionSet {
    let rawValue: UInt16
    static var emergency: Self { .init(rawValue: 1 << 2) }
    static var known: Self { .init(rawValue: 7) }
}

extension FlowMod {
    /// Whether OpenFlow 1.0 can say this without Nicira's message.
    public var isPlain10: Bool {
        cookieMask == 0 && OpenFlow10Match.canExpress(match)
    }

    /// Appends a whole message; for 1.0 Nicira's, unless the plain one can say it all and the
    /// dialect does not ask for the other.
    func encode(_ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter) {
        guard dialect.version == .v10 else { return encodeStandard(dialect, xid, into: &writer) }
        if dialect.flowFormat == .openFlow10 && isPlain10 {
            writer.message(MessageType.flowMod, dialect, xid) { writer in
                OpenFlow10Match.encode(match, into: &writer)
                encodeCommon10(dialect, into: &writer)
                encodeActions(dialect, into: &writer)
            }
        } else {
            writer.nicira(NiciraMessageType.flowMod, dialect, xid) { writer in
                encodeCommon10(dialect, into: &writer)
                let lengthOffset = writer.count
                writer.appendZeros(8)
                let start = writer.count
                let encoder = MatchEncoder.nicira
                encoder.encode(match, into: &writer)
                encoder.encodeCookie(cookie, mask: cookieMask, into: &writer)
                writer.set16(at: lengthOffset, to: writer.count - start)
                writer.pad(to: 8, from: start)
                encodeActions(dialect, into: &writer)
            }
        }
    }

    private func encodeActions(_ dialect: Dialect, into writer: inout OctetWriter) {
        var encoder = ActionEncoder(version: dialect.version, match: match)
        encoder.encodeBehavior(actions, into: &writer)
    }

    private func encodeCommon10(_ dialect: Dialect, into writer: inout OctetWriter) {
        writer.append(newCookieOnWire)
        writer.append(dialect.hasTableInFlowMod ? tableID : 0)
        writer.append(command.rawValue)
        writer.append(idleTimeout)
        writer.append(hardTimeout)
        writer.append(priority)
        writer.append(bufferID ?? noBuffer)
        writer.append(outPort.value)
        writer.append(flags.rawValue & 3)
    }

    private var newCookieOnWire: UInt64 {
        switch command {
        case .add: newCookie ?? 0
        case .modify, .modifyStrict: newCookie ?? .max
        case .delete, .deleteStrict: newCookie ?? 0
        }
    }

    private func encodeStandard(
        _ dialect: Dialect, _ xid: UInt32, into writer: inout OctetWriter
    ) {
        writer.message(MessageType.flowMod, dialect, xid) { writer in
            let setsCookie = command == .add || cookieMask == 0
            writer.append(setsCookie ? newCookie ?? 0 : cookie)
            writer.append(command == .add ? 0 : cookieMask)
            // From 1.1 on an addition names its table; 1.1 has no number for all of them.
            let namesTable = command == .add || dialect.version == .v11
            writer.append(namesTable && tableID == Self.allTables ? 0 : tableID)
            writer.append(command.rawValue)
            writer.append(idleTimeout)
            writer.append(hardTimeout)
            writer.append(priority)
            writer.append(bufferID ?? noBuffer)
            writer.append(outPort.wide)
            writer.append(outGroup)
            writer.append(flags.rawValue & FlowFlags.bits(dialect.version))
            writer.append(dialect.version >= .v14 ? importance : 0)
            MatchEncoder(version: dialect.version).encodeStandard(match, into: &writer)
            encodeActions(dialect, into: &writer)
        }
    }
}

extension MatchDecoder {
    /// Reads a match of `length` octets and the zeros that fill it up.
    static func decodeNicira(
        _ reader: inout MessageReader, length: Int, options: Options = []
    ) throws(OpenFlowError) -> Result {
        guard length + padding(length) <= reader.remaining else { throw .matchBadLength }
        var fields = try reader.part(length, lengthError: .matchBadLength)
        let result = try decode(&fields, options: options)
        try reader.skip(padding(length))
        return result
    }
}
