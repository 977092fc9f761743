import FlowModel

/// What `tnl_push` has to fill in for each packet: places within the header, in one word.
struct TunnelOrder {
    /// Where what follows the IP header begins.
    let transport: Int
    let isIPv6: Bool
    /// Whether a UDP header follows, whose source port tells connections apart.
    let hasUDP: Bool
    let hasUDPChecksum: Bool
    /// Where GRE's checksum is, or 0.
    let checksum: Int
    /// Where GRE's sequence number is, or 0.
    let sequence: Int
    /// Where ERSPAN's time is, or 0.
    let time: Int

    /// - Returns: `nil` where the header ends before the fields that its kind has.
    init?(_ push: TunnelPush, transport: Int) {
        let header = push.header
        self.transport = transport
        isIPv6 = push.isIPv6
        let place = transport
        switch push.kind {
        case .vxlan, .geneve, .gtpu, .bareudp, .lisp:
            guard header.count >= place + 8 else { return nil }
            hasUDP = true
            hasUDPChecksum = header[place + 6] | header[place + 7] != 0
            (checksum, sequence, time) = (0, 0, 0)
        case .gre, .ip6gre, .erspan, .ip6erspan:
            guard header.count >= place + 4 else { return nil }
            hasUDP = false
            hasUDPChecksum = false
            let flags = header[place]
            var next = place + 4
            checksum = flags & 0x80 != 0 ? next : 0
            if checksum > 0 { next += 4 }
            if flags & 0x20 != 0 { next += 4 }
            sequence = flags & 0x10 != 0 ? next : 0
            if sequence > 0 { next += 4 }
            guard header.count >= next else { return nil }
            let isTypeIII = header[place + 2] == 0x22 && header[place + 3] == 0xeb
            time = isTypeIII && header.count >= next + 8 ? next + 4 : 0
        default:
            hasUDP = false
            hasUDPChecksum = false
            (checksum, sequence, time) = (0, 0, 0)
        }
    }

    /// Eleven bits for each place, which a header's length does not exceed.
    var word: UInt64 {
        UInt64(transport) | UInt64(checksum) << 11 | UInt64(sequence) << 22 | UInt64(time) << 33
            | (isIPv6 ? 1 << 60 : 0) | (hasUDP ? 1 << 61 : 0) | (hasUDPChecksum ? 1 << 62 : 0)
    }

    @inline(__always)
    init(word: UInt64) {
        let place = { (shift: UInt64) in Int(truncatingIfNeeded: word &>> shift & 0x7ff) }
        transport = place(0)
        checksum = place(11)
        sequence = place(22)
        time = place(33)
        isIPv6 = word &>> 60 & 1 != 0
        hasUDP = word &>> 61 & 1 != 0
        hasUDPChecksum = word &>> 62 & 1 != 0
    }

    /// Whether a checksum covers the whole packet, which therefore must be complete.
    var needsFinishedPacket: Bool { hasUDPChecksum || checksum > 0 }
}
