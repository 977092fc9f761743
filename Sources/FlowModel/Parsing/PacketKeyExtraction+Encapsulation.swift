import Bytes

/// Headers that are put before whole packets.
extension PacketParser {
    /// The network service header (RFC 8300 §2.2), with the context of MD type 1.
    ///
    /// ```
    ///  0   2 3 4      10     16      20      24             32
    /// +---+-+-+------+------+-------+-------+--------------+
    /// |ver|O|U| TTL  |length|   U   |MD type|next protocol |
    /// +---+-+-+------+------+-------+-------+--------------+
    /// | service path identifier             |service index |
    /// +-------------------------------------+--------------+
    /// ```
    @usableFromInline
    static func parseNSH(_ frame: RawSpan, at offset: Int, _ key: inout PackedKey) {
        guard frame.byteCount >= offset &+ NSHHeader.baseByteCount else { return }
        let first = frame.load32(at: offset)
        let byteCount = Int(first &>> 16 & 0x3f) &* 4
        guard first &>> 30 == 0, byteCount >= NSHHeader.baseByteCount,
            byteCount <= frame.byteCount &- offset
        else { return }
        let flags = UInt64(first &>> 28 & 3)
        let lifetime = UInt64(first &>> 22 & 0x3f)
        let kind = UInt64(first &>> 8 & 0xf)
        let next = UInt64(first & 0xff)
        let hasContext = kind == UInt64(NSHHeader.fixedMetadata)
        guard !hasContext || byteCount == NSHHeader.fixedByteCount else { return }
        let path = UInt64(frame.load32(at: offset &+ 4))
        key.append(
            flags &<< 56 | lifetime &<< 48 | kind &<< 40 | next &<< 32 | path, at: KeyWord.nsh)
        guard hasContext else { return }
        key.append(frame.load64(at: offset &+ 8), at: KeyWord.nshContext)
        key.append(frame.load64(at: offset &+ 16), at: KeyWord.nshContextRest)
    }

    /// The I-TAG of provider backbone bridges (IEEE 802.1Q §9.7), behind which stand the customer's
    /// addresses.
    @usableFromInline
    static func parsePBB(_ frame: RawSpan, at offset: Int, _ key: inout PackedKey) {
        guard frame.byteCount >= offset &+ 16 else { return }
        key.append(UInt64(frame.load32(at: offset)), at: KeyWord.mplsRest)
    }

    /// Which extension headers a packet of IPv6 has, as OFPIEH_* number them (OpenFlow 1.3.5
    /// §7.2.3.8).
    @usableFromInline
    struct IPv6Extensions {
        @usableFromInline var bits: UInt16 = 0
        /// The place of the last header in the order that RFC 8200 §4.1 recommends.
        private var place = 0
        private var destinationCount = 0

        @usableFromInline init() {}

        private static var unexpectedRepetition: UInt16 { 1 << 7 }
        private static var unexpectedSequence: UInt16 { 1 << 8 }

        /// Takes note of a header, in the order of the packet.
        @usableFromInline
        mutating func note(_ proto: UInt8) {
            switch proto {
            case 59: bits |= 1
            case 50: note(bit: 1 << 1, place: 6)
            case 51: note(bit: 1 << 2, place: 5)
            case 60: noteDestinationOptions()
            case 44: note(bit: 1 << 4, place: 4)
            case 43: note(bit: 1 << 5, place: 3)
            case 0:
                // It stands at the front only.
                if bits == 0 { bits = 1 << 6 } else { note(bit: 1 << 6, place: 1) }
            default: return
            }
        }

        private mutating func note(bit: UInt16, place: Int) {
            if bits & bit != 0 { bits |= Self.unexpectedRepetition }
            if place < self.place { bits |= Self.unexpectedSequence }
            bits |= bit
            self.place = max(self.place, place)
        }

        /// Options for the destination stand before a routing header, at the end, or at both.
        private mutating func noteDestinationOptions() {
            destinationCount += 1
            if destinationCount > 2 { bits |= Self.unexpectedRepetition }
            bits |= 1 << 3
            place = place > 2 ? 7 : 2
        }
    }
}
