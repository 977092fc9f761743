import TestSupport

/// Frames of a few hosts that talk to each other, as hexadecimal digits; they depend on the seed
/// alone.
///
/// Most of them are what hosts say in turn; some have flags, sequence numbers, checksums or lengths
/// that nobody means.
struct RandomConversation {
    private var random: SplitMix64
    private let isIPv6: Bool
    /// Whether connections of TCP end, so that others begin in their place.
    private let mayEnd: Bool
    /// The next sequence numbers of the client and the server on each pair of ports.
    private var sequences: [UInt32]

    init(seed: UInt64, mayEnd: Bool) {
        self.mayEnd = mayEnd
        random = SplitMix64(seed: seed &+ 0xc0ffee)
        isIPv6 = seed % 3 == 2
        sequences = (0..<8).map { UInt32($0) * 100_000 + 7 }
    }

    mutating func isOne(of count: UInt64) -> Bool { random.next() % count == 0 }
    mutating func number(below limit: UInt64) -> UInt64 { random.next() % limit }

    /// A frame of the client to the server, or the other way.
    ///
    /// - Parameters:
    ///   - outside: the address and port that the server sees for the client.
    mutating func frame(isReply: Bool, outside: (address: UInt8, port: UInt16)?) -> String {
        let pair = Int(number(below: 4))
        let client = outside?.address ?? 1
        let port = outside?.port ?? UInt16(1000 + pair)
        let payload: [UInt8]
        let proto: UInt8
        let ends: (UInt8, UInt8) = isReply ? (2, client) : (1, 2)
        switch number(below: 6) {
        case 0, 1, 2:
            proto = 6
            payload = tcp(pair, isReply, port, ends)
        case 3:
            proto = 17
            payload = udp(pair, isReply, port, ends)
        case 4:
            proto = isIPv6 ? 58 : 1
            payload = echo(pair, isReply, ends)
        default:
            proto = 47
            payload = [0, 0, 8, 0, 1, 2, 3, 4]
        }
        return ethernet(proto, payload, ends)
    }

    // MARK: Transport

    private mutating func tcp(
        _ pair: Int, _ isReply: Bool, _ clientPort: UInt16, _ ends: (UInt8, UInt8)
    ) -> [UInt8] {
        let own = pair * 2 + (isReply ? 1 : 0)
        let other = pair * 2 + (isReply ? 0 : 1)
        let common: [UInt8] = [isReply ? 0x12 : 0x02, 0x10, 0x18, 0x10, 0x11]
        var flags = common[Int(number(below: mayEnd ? 5 : 4))]
        if mayEnd, isOne(of: 12) { flags = UInt8(number(below: 64)) }
        if mayEnd, isOne(of: 12) { flags = isOne(of: 2) ? 0x04 : 0x14 }
        let count = flags == 0x18 ? number(below: 60) : 0
        var sequence = sequences[own]
        if isOne(of: 10) { sequence &+= UInt32(number(below: 3000)) &- 1500 }
        if isOne(of: 20) { sequence &+= UInt32(number(below: 1_000_000)) }
        var options: [UInt8] = []
        if flags & 2 != 0, isOne(of: 2) { options = [1, 3, 3, UInt8(number(below: 16))] }
        let header =
            big(isReply ? 80 : clientPort) + big(isReply ? clientPort : 80) + big32(sequence)
            + big32(flags & 0x10 != 0 ? sequences[other] : 0)
            + [UInt8(5 + options.count / 4) << 4, flags] + big(UInt16(number(below: 3000)))
        sequences[own] = sequence &+ UInt32(count) &+ (flags & 3 != 0 ? 1 : 0)
        let data = [UInt8](repeating: 7, count: Int(count))
        return checked(header + [0, 0, 0, 0] + options + data, at: 16, 6, ends)
    }

    private mutating func udp(
        _ pair: Int, _ isReply: Bool, _ clientPort: UInt16, _ ends: (UInt8, UInt8)
    ) -> [UInt8] {
        let ports = big(isReply ? 53 : clientPort) + big(isReply ? clientPort : 53)
        let datagram = ports + [0, 12, 0, 0, 1, 2, 3, UInt8(pair)]
        // Without a checksum, which IPv6 does not know.
        return isOne(of: 5) ? datagram : checked(datagram, at: 6, 17, ends)
    }

    private mutating func echo(
        _ pair: Int, _ isReply: Bool, _ ends: (UInt8, UInt8)
    ) -> [UInt8] {
        var type: UInt8 = isReply ? (isIPv6 ? 129 : 0) : (isIPv6 ? 128 : 8)
        if isOne(of: 10) { type = UInt8(number(below: 20)) }
        let message: [UInt8] = [type, isOne(of: 10) ? 1 : 0, 0, 0, 0, UInt8(pair), 0, 1, 9, 9]
        return checked(message, at: 2, isIPv6 ? 58 : 1, ends)
    }

    /// An ICMP error about a frame from the other side, quoting at least its ports.
    mutating func error(about frame: String, isReply: Bool, outside: UInt8?) -> String {
        let quoted = octets(frame).dropFirst(14)
        let ends: (UInt8, UInt8) = isReply ? (9, outside ?? 1) : (9, 2)
        let most = isOne(of: 2) ? quoted.count : (isIPv6 ? 48 : 28)
        let type: UInt8 = isIPv6 ? 1 : 3
        let message = [type, 1, 0, 0, 0, 0, 0, 0] + quoted.prefix(most)
        return ethernet(isIPv6 ? 58 : 1, checked(message, at: 2, isIPv6 ? 58 : 1, ends), ends)
    }

    // MARK: Octets

    private func address(_ host: UInt8) -> [UInt8] {
        isIPv6 ? [0xfd] + [UInt8](repeating: 0, count: 14) + [host] : [10, 0, 0, host]
    }

    private mutating func ethernet(
        _ proto: UInt8, _ payload: [UInt8], _ ends: (UInt8, UInt8)
    ) -> String {
        let addresses = address(ends.0) + address(ends.1)
        var packet: [UInt8]
        if isIPv6 {
            packet = [0x60, 0, 0, 0] + big(UInt16(payload.count)) + [proto, 64] + addresses
        } else {
            packet = [0x45, 0] + big(UInt16(20 + payload.count)) + [0, 1, 0, 0, 64, proto, 0, 0]
            packet += addresses
            let sum = ~sum(packet)
            (packet[10], packet[11]) = (UInt8(sum >> 8), UInt8(sum & 0xff))
            if isOne(of: 40) { packet[11] ^= 1 }
        }
        let frame: [UInt8] =
            [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1] + (isIPv6 ? [0x86, 0xdd] : [8, 0]) + packet
            + payload
        return hexadecimal(isOne(of: 40) ? Array(frame.dropLast(Int(number(below: 30)))) : frame)
    }

    private mutating func checked(
        _ segment: [UInt8], at place: Int, _ proto: UInt8, _ ends: (UInt8, UInt8)
    ) -> [UInt8] {
        var segment = segment
        let pseudo =
            proto == 1
            ? [] : address(ends.0) + address(ends.1) + [0, proto] + big(UInt16(segment.count))
        var value = ~sum(pseudo + segment)
        if proto == 17 && value == 0 { value = 0xffff }
        if isOne(of: 30) { value ^= 0x55 }
        (segment[place], segment[place + 1]) = (UInt8(value >> 8), UInt8(value & 0xff))
        return segment
    }

    private func sum(_ octets: [UInt8]) -> UInt16 {
        var sum = 0
        for (index, octet) in octets.enumerated() {
            sum += index % 2 == 0 ? Int(octet) << 8 : Int(octet)
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return UInt16(sum)
    }

    private func big(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }
    private func big32(_ value: UInt32) -> [UInt8] {
        big(UInt16(value >> 16)) + big(UInt16(value & 0xffff))
    }

    private func hexadecimal(_ octets: [UInt8]) -> String {
        octets.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
