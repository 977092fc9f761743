import Bytes

/// Verifies checksums within packets.
struct InternetChecksumReader {
    private var sum = InternetChecksum()

    /// Whether the octets in `range`, their checksum among them, sum up to zero.
    @inline(__always)
    mutating func isRight(_ packet: PacketBuffer, _ range: Range<Int>) -> Bool {
        sum.add(packet, range)
        return sum.value == 0
    }

    /// The same with the pseudo-header (RFC 768, RFC 8200 §8.1).
    static func isRight(
        _ packet: PacketBuffer, _ range: Range<Int>, _ addresses: Range<Int>, _ ipProtocol: UInt8
    ) -> Bool {
        var sum = InternetChecksum()
        sum.add(packet, addresses)
        sum.add(UInt16(ipProtocol))
        sum.add(UInt32(truncatingIfNeeded: range.count))
        sum.add(packet, range)
        return sum.value == 0
    }
}
