import TestSupport

/// Frames put together octet by octet, and their checksums computed the plain way.
enum Frames {
    static let destination = octets("02 00 00 00 00 0a")
    static let source = octets("02 00 00 00 00 01")
    static let ipv6Source = octets("fd00 0000 0000 0000 0000 0000 0000 0001")
    static let ipv6Destination = octets("fd00 0000 0000 0000 0000 0000 0000 0002")

    static func ethernet(_ type: UInt16, _ payload: [UInt8], tags: [UInt16] = []) -> [UInt8] {
        var frame = destination + source
        for tag in tags { frame += big(0x8100) + big(tag) }
        frame += big(type) + payload
        fixChecksums(&frame)
        return frame
    }

    static func ipv4(
        _ proto: UInt8, _ payload: [UInt8], source: UInt32 = 0x0a00_0001,
        destination: UInt32 = 0x0a00_0002, fragment: UInt16 = 0
    ) -> [UInt8] {
        [0x45, 0] + big(UInt16(20 + payload.count)) + big(0x1234) + big(fragment) + [64, proto]
            + big(0) + big32(source) + big32(destination) + payload
    }

    static func ipv6(_ proto: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [0x60, 0, 0, 0] + big(UInt16(payload.count)) + [proto, 64] + ipv6Source + ipv6Destination
            + payload
    }

    static func tcp(
        _ source: UInt16 = 1000, _ destination: UInt16 = 80, flags: UInt8 = 0x10,
        data: [UInt8] = [1, 2, 3]
    ) -> [UInt8] {
        big(source) + big(destination) + big32(77) + big32(88) + [0x50, flags] + big(512) + big(0)
            + big(0) + data
    }

    /// The checksum is computed unless it is zero.
    static func udp(
        _ source: UInt16 = 1000, _ destination: UInt16 = 53, checksum: UInt16 = 1,
        data: [UInt8] = [9, 8, 7]
    ) -> [UInt8] {
        big(source) + big(destination) + big(UInt16(8 + data.count)) + big(checksum) + data
    }

    static func sctp(_ source: UInt16 = 7, _ destination: UInt16 = 8) -> [UInt8] {
        big(source) + big(destination) + big32(1) + big32(0) + [0, 3, 0, 5, 42, 0, 0, 0]
    }

    static func icmp(_ type: UInt8 = 8, _ code: UInt8 = 0) -> [UInt8] {
        [type, code] + big(0) + [0, 1, 0, 2, 5, 6, 7]
    }

    static func arp() -> [UInt8] {
        big32(0x0001_0800) + big(0x0604) + big(1) + source + big32(0x0a00_0001)
            + [0, 0, 0, 0, 0, 0] + big32(0x0a00_0002)
    }

    /// A neighbour solicitation or advertisement with its link-layer address option.
    static func neighbor(_ type: UInt8) -> [UInt8] {
        [type, 0] + big(0) + big32(0) + ipv6Destination + [type == 135 ? 1 : 2, 1] + source
    }

    static func big(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }
    static func big32(_ value: UInt32) -> [UInt8] {
        big(UInt16(value >> 16)) + big(UInt16(value & 0xffff))
    }

    // MARK: Checksums

    /// Where headers lie in a frame made here.
    struct Places {
        var network = 14
        var type: UInt16 = 0
        /// 0 where there is none.
        var transport = 0
        var end = 0
        var proto: UInt8 = 0
    }

    static func places(_ frame: [UInt8]) -> Places {
        var places = Places()
        var offset = 12
        // A third tag is payload.
        while offset < 20, [0x8100, 0x88a8].contains(read(frame, offset)) { offset += 4 }
        places.type = read(frame, offset)
        let network = offset + 2
        places.network = network
        if places.type == 0x0800 {
            places.proto = frame[network + 9]
            places.end = network + Int(read(frame, network + 2))
            let isLater = read(frame, network + 6) & 0x1fff != 0
            places.transport = isLater ? 0 : network + Int(frame[network] & 0xf) * 4
        } else if places.type == 0x86dd {
            places.proto = frame[network + 6]
            places.end = network + 40 + Int(read(frame, network + 4))
            places.transport = network + 40
        }
        return places
    }

    /// Computes all checksums of a frame made here anew; a UDP checksum of zero stays.
    static func fixChecksums(_ frame: inout [UInt8]) {
        let places = places(frame)
        if places.type == 0x0800 {
            write(&frame, places.network + 10, 0)
            let header = Array(frame[places.network..<places.network + 20])
            write(&frame, places.network + 10, ~sum(header))
        }
        guard places.transport > 0, let field = checksumField(frame) else { return }
        if places.proto == 17 && read(frame, field) == 0 { return }
        for offset in field..<field + (places.proto == 132 ? 4 : 2) { frame[offset] = 0 }
        let segment = Array(frame[places.transport..<places.end])
        if places.proto == 132 {
            let crc = crc32c(segment)
            for index in 0..<4 { frame[field + index] = UInt8(crc >> UInt32(8 * index) & 0xff) }
            return
        }
        let isPlain = places.proto == 1
        var value = ~sum((isPlain ? [] : pseudoHeader(frame)) + segment)
        if places.proto == 17 && value == 0 { value = 0xffff }
        write(&frame, field, value)
    }

    /// The same frame as a sender hands it over that leaves its checksum to the device.
    static func withPartialChecksum(_ frame: [UInt8]) -> [UInt8] {
        var partial = frame
        if let field = checksumField(frame) { write(&partial, field, sum(pseudoHeader(frame))) }
        return partial
    }

    static func checksumField(_ frame: [UInt8]) -> Int? {
        let places = places(frame)
        switch places.proto {
        case 6: return places.transport + 16
        case 17: return places.transport + 6
        case 132: return places.transport + 8
        case 1 where places.type == 0x0800: return places.transport + 2
        case 58 where places.type == 0x86dd: return places.transport + 2
        default: return nil
        }
    }

    static func pseudoHeader(_ frame: [UInt8]) -> [UInt8] {
        let places = places(frame)
        let addresses =
            places.type == 0x0800
            ? frame[places.network + 12..<places.network + 20]
            : frame[places.network + 8..<places.network + 40]
        return addresses + [0, places.proto] + big(UInt16(places.end - places.transport))
    }

    static func sum(_ octets: [UInt8]) -> UInt16 {
        var sum = 0
        for (index, octet) in octets.enumerated() {
            sum += index % 2 == 0 ? Int(octet) << 8 : Int(octet)
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return UInt16(sum)
    }

    static func crc32c(_ octets: [UInt8]) -> UInt32 {
        var remainder: UInt32 = ~0
        for octet in octets {
            for bit in 0..<8 {
                let isOdd = (remainder ^ UInt32(octet) >> UInt32(bit)) & 1 != 0
                remainder = remainder >> 1 ^ (isOdd ? 0x82f6_3b78 : 0)
            }
        }
        return ~remainder
    }

    static func read(_ frame: [UInt8], _ offset: Int) -> UInt16 {
        UInt16(frame[offset]) << 8 | UInt16(frame[offset + 1])
    }

    static func write(_ frame: inout [UInt8], _ offset: Int, _ value: UInt16) {
        frame[offset] = UInt8(value >> 8)
        frame[offset + 1] = UInt8(value & 0xff)
    }
}
