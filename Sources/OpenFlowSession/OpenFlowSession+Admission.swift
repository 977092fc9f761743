import OpenFlow

/// What a session looks at before it reads a message.
extension OpenFlowSession {
    /// Reads a message of an established channel.
    mutating func read(
        _ octets: [UInt8], _ header: MessageHeader
    ) throws(OpenFlowError) -> OpenFlowMessage? {
        guard configuration.end != .client else {
            return try OpenFlowMessage.parse(octets, dialect: dialect)
        }
        // Flow-mods and packet-outs are many, and tell a wrong length themselves.
        if !header.isFrequent || role == .secondary { _ = try MessageForm.of(octets) }
        if role == .secondary, header.changesSwitch(octets) { throw .requestIsSecondary }
        guard header.isStatsRequest, dialect.version >= .v13 else {
            do {
                return try OpenFlowMessage.parse(octets, dialect: dialect)
            } catch {
                // A wrong length is what is wrong first.
                if header.isFrequent { _ = try MessageForm.of(octets) }
                throw error
            }
        }
        guard let whole = try parts.gather(octets, xid: header.xid) else { return nil }
        return try OpenFlowMessage.parse(whole, dialect: dialect)
    }
}

extension MessageHeader {
    fileprivate var isFrequent: Bool { type == 13 || type == 14 }

    fileprivate var isStatsRequest: Bool { type == (version == .v10 ? 16 : 18) }

    /// Whether a secondary controller may not send the message.
    fileprivate func changesSwitch(_ octets: [UInt8]) -> Bool {
        switch type {
        // Packet-out and flow-mod.
        case 13, 14: return true
        // Port-mod; later group-mod, port-mod, table-mod, meter-mod and bundles.
        case 15: return true
        case 16, 17, 29, 33, 34: return version > .v10
        case 4:
            let number = octets[8..<16].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return Self.changingExtensions.contains(number)
        default: return false
        }
    }

    /// NXT_FLOW_MOD, NXT_GROUP_MOD and NXT_TLV_TABLE_MOD, with the experimenter.
    private static var changingExtensions: Set<UInt64> {
        [0x0000_2320_0000_000d, 0x0000_2320_0000_001f, 0x0000_2320_0000_0018]
    }
}

/// Requests that come in several messages (OpenFlow 1.3.5 §7.3.5), until the last has come.
struct MultipartRequests: Sendable {
    /// How many requests may be unfinished.
    static var maxRequestCount: Int { 64 }
    private static var moreFlag: UInt8 { 1 }
    private static var flagsOffset: Int { 11 }
    private static var headerByteCount: Int { 16 }

    private var unfinished: [UInt32: [UInt8]] = [:]

    /// Takes one part.
    ///
    /// - Returns: the whole request, when it is the last part.
    mutating func gather(_ octets: [UInt8], xid: UInt32) throws(OpenFlowError) -> [UInt8]? {
        let hasMore = octets[Self.flagsOffset] & Self.moreFlag != 0
        guard hasMore || unfinished[xid] != nil else { return octets }
        var whole = octets
        if var first = unfinished.removeValue(forKey: xid) {
            guard first[8...9] == octets[8...9] else { throw .requestBadStatistics }
            first += octets[Self.headerByteCount...]
            whole = first
        }
        guard whole.count <= 0xffff, unfinished.count < Self.maxRequestCount else {
            throw .requestMultipartBufferOverflow
        }
        whole[2] = UInt8(whole.count >> 8)
        whole[3] = UInt8(whole.count & 0xff)
        whole[Self.flagsOffset] &= ~Self.moreFlag
        guard hasMore else { return whole }
        unfinished[xid] = whole
        return nil
    }
}
