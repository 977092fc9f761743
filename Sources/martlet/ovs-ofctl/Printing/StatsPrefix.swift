import OpenFlow

/// The part of an answer that comes before the first entry that is wrong.
///
/// OVS prints such answers entry by entry, and says then what is wrong.
enum StatsPrefix {
    /// The message with its good entries alone.
    static func message(_ octets: [UInt8], _ dialect: Dialect) -> OpenFlowMessage? {
        guard let form = try? MessageForm.of(octets),
            let place = lengthOffset(form.name, dialect.version)
        else { return nil }
        let start = form.headerByteCount
        let header = Array(octets[..<start])
        var end = start
        while end + place + 2 <= octets.count {
            let length = Int(octets[end + place]) << 8 | Int(octets[end + place + 1])
            guard length >= 2, end + length <= octets.count else { break }
            let entry = whole(header, octets[end..<(end + length)])
            guard (try? OpenFlowMessage.parse(entry, dialect: dialect)) != nil else { break }
            end += length
        }
        return try? OpenFlowMessage.parse(whole(header, octets[start..<end]), dialect: dialect)
    }

    /// Where the entries of an answer have their length.
    private static func lengthOffset(_ name: String, _ version: OpenFlowVersion) -> Int? {
        switch name {
        case "OFPST_FLOW reply", "NXST_FLOW reply", "OFPST_GROUP reply", "NXST_GROUP reply",
            "OFPST_GROUP_DESC reply", "NXST_GROUP_DESC reply", "OFPST_METER_CONFIG reply",
            "OFPST_TABLE_DESC reply", "NXST_FLOW_MONITOR reply", "ONFST_FLOW_MONITOR reply",
            "OFPST_FLOW_MONITOR reply":
            0
        case "OFPST_METER reply": 4
        case "OFPST_PORT reply", "OFPST_QUEUE reply": version >= .v14 ? 0 : nil
        case "OFPST_PORT_DESC reply": version >= .v14 ? 4 : nil
        case "OFPST_QUEUE_DESC reply": 8
        default: nil
        }
    }

    private static func whole(_ header: [UInt8], _ entries: ArraySlice<UInt8>) -> [UInt8] {
        var octets = header + entries
        octets[2] = UInt8(octets.count >> 8)
        octets[3] = UInt8(octets.count & 0xff)
        return octets
    }
}
