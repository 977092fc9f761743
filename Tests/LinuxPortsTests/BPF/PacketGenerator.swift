import TestSupport

/// Makes packets of all kinds that a parser has to tell apart, some of them damaged.
struct PacketGenerator {
    var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    mutating func number(below limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

    /// A choice of few values, so that flows match more than one packet.
    mutating func octets(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: number(below: 3) * 127) }
    }

    /// - Parameter isPlain: whether it is one that the kernel's programs are to understand.
    mutating func next(isPlain: Bool) -> [UInt8] {
        var packet: [UInt8] = [2, 0, 0, 0, 0, UInt8(number(below: 2))]
        packet += [2, 0, 0, 0, 1, UInt8(number(below: 2))]
        for _ in 0..<max(0, number(below: isPlain ? 4 : 5) - 1) {
            packet += number(below: 2) == 0 ? [0x81, 0x00] : [0x88, 0xa8]
            packet += [UInt8(number(below: 16) << 4), UInt8(number(below: 2))]
        }
        switch number(below: isPlain ? 8 : 9) {
        case 0...3: packet += [0x08, 0x00] + ipv4(isPlain)
        case 4...5: packet += [0x86, 0xdd] + ipv6(isPlain)
        case 6: packet += [0x08, 0x06] + arp(isPlain)
        case 7: packet += [0x88, 0x47] + octets(30)
        default: packet += [0x00, 0x20, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0] + ipv4(true)
        }
        packet += [UInt8](repeating: 0, count: max(0, 60 - packet.count))
        if !isPlain && number(below: 8) == 0 {
            packet.removeLast(number(below: packet.count - 14))
        }
        return packet
    }

    private mutating func arp(_ isPlain: Bool) -> [UInt8] {
        let hardware: [UInt8] = isPlain || number(below: 4) > 0 ? [0, 1] : [0, 6]
        return hardware + [8, 0, 6, 4] + [0, UInt8(1 + number(below: 2))] + octets(20)
    }

    private mutating func transport(_ proto: UInt8) -> [UInt8] {
        switch proto {
        case 6: octets(12) + [0x50, UInt8(number(below: 64)), 1, 0] + octets(4) + octets(9)
        case 17: octets(4) + [0, 20] + (number(below: 3) == 0 ? [0, 0] : octets(2)) + octets(12)
        default: octets(20)
        }
    }

    private mutating func ipv4(_ isPlain: Bool) -> [UInt8] {
        let proto = [6, 6, 17, 17, 1, 2, 132, 58, 89][number(below: 9)] as UInt8
        let payload = transport(proto)
        let hasOptions = !isPlain && number(below: 4) == 0
        let options: [UInt8] = hasOptions ? [1, 1, 1, 0] : []
        let total = 20 + options.count + payload.count
        let offset: [UInt8] =
            switch number(below: 8) {
            case 0: [0x20, 0]
            case 1: [0x20, 3]
            case 2: [0x40, 0]
            default: [0, 0]
            }
        return [hasOptions ? 0x46 : 0x45, UInt8(number(below: 256)), 0, UInt8(total), 0, 1]
            + offset + [UInt8(1 + number(below: 254)), proto] + octets(2) + octets(8) + options
            + payload
    }

    private mutating func ipv6(_ isPlain: Bool) -> [UInt8] {
        let proto = [6, 17, 58, 132, 89][number(below: 5)] as UInt8
        var payload = transport(proto)
        var next = proto
        if !isPlain && number(below: 4) == 0 {
            payload = [proto, 0, 1, 4, 0, 0, 0, 0] + payload
            next = 0
        }
        let first: [UInt8] = [
            0x60 | UInt8(number(below: 16)), UInt8(number(below: 256)), 0, UInt8(number(below: 4)),
        ]
        return first + [0, UInt8(payload.count), next, UInt8(1 + number(below: 254))] + octets(32)
            + payload
    }
}
