/// The CRC32c of SCTP (RFC 9260 §6.8, appendix A), with the polynomial reflected.
enum SCTPChecksum {
    private static let table: InlineArray<256, UInt32> = {
        var table = InlineArray<256, UInt32>(repeating: 0)
        for index in 0..<256 {
            var remainder = UInt32(index)
            for _ in 0..<8 {
                remainder = remainder >> 1 ^ (remainder & 1 == 0 ? 0 : 0x82f6_3b78)
            }
            table[index] = remainder
        }
        return table
    }()

    /// The checksum of the octets in `range`, taking those of the checksum itself for zero.
    static func value(_ packet: PacketBuffer, _ range: Range<Int>) -> UInt32 {
        var remainder: UInt32 = ~0
        let checksum = range.lowerBound + 8..<range.lowerBound + 12
        for offset in range {
            let octet = checksum.contains(offset) ? 0 : packet.octet(at: offset)
            let index = Int(truncatingIfNeeded: (remainder ^ UInt32(octet)) & 0xff)
            remainder = remainder >> 8 ^ table[index]
        }
        return ~remainder
    }

    /// Changes a packet so that a right checksum stays right and a wrong one wrong.
    ///
    /// - Precondition: `range` holds the 12 octets of the common header.
    static func keepValid(_ packet: PacketBuffer, _ range: Range<Int>, _ change: () -> Void) {
        let place = range.lowerBound + 8
        // A sender that left the checksum to its device has it computed behind us.
        if packet.hasPartialChecksum(at: place) {
            change()
            return
        }
        let before = value(packet, range)
        change()
        // The checksum travels with its low octet first.
        let stored = packet.load(UInt32.self, at: place).byteSwapped
        packet.store((stored ^ before ^ value(packet, range)).byteSwapped, at: place)
    }
}
