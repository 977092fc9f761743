import Bytes
import TestSupport
import Testing

struct InternetChecksumTests {
    /// The definition, word by word.
    private func plain(_ octets: [UInt8]) -> UInt16 {
        var sum = 0
        for index in stride(from: 0, to: octets.count, by: 2) {
            let low = index + 1 < octets.count ? Int(octets[index + 1]) : 0
            sum += Int(octets[index]) << 8 | low
        }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        return ~UInt16(sum)
    }

    @Test func `the example of RFC 1071 sums to ddf2`() {
        var checksum = InternetChecksum()
        checksum.add(octets("00 01 f2 03 f4 f5 f6 f7").span.octets)
        #expect(checksum.folded == 0xddf2)
    }

    @Test func `a captured IPv4 header verifies`() {
        let header = octets("4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7")
        #expect(InternetChecksum.of(header.span.octets) == 0)
    }

    @Test(arguments: 0..<200)
    func `every length and place agrees with the plain sum`(byteCount: Int) {
        var random = SplitMix64(seed: UInt64(byteCount))
        for place in 0..<9 {
            // Runs of ones make carries.
            let octets = (0..<(byteCount + place)).map { _ -> UInt8 in
                let octet = UInt8(truncatingIfNeeded: random.next())
                return octet < 64 ? 0xff : octet
            }
            let piece = octets[place...]
            let checksum = InternetChecksum.of(octets.span.octets.extracting(place...))
            #expect(checksum == plain(Array(piece)))
        }
    }

    @Test(arguments: 0..<50)
    func `pieces of any length add up to the whole`(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        let octets = (0..<500).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        var checksum = InternetChecksum()
        var start = 0
        while start < octets.count {
            let end = min(octets.count, start + Int.random(in: 0...40, using: &random))
            checksum.add(octets.span.octets.extracting(start..<end))
            start = end
        }
        #expect(checksum.value == plain(octets))
    }

    @Test func `numbers add as their octets do`() {
        var numbers = InternetChecksum()
        numbers.add(0x1234 as UInt16)
        numbers.add(0xfedc_ba98 as UInt32)
        #expect(numbers.value == plain(octets("1234 fedcba98")))
    }

    @Test(arguments: 0..<50)
    func `an update agrees with a sum over the changed octets`(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var octets = (0..<20).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let before = plain(octets)
        let old = UInt32(octets[4]) << 24 | UInt32(octets[5]) << 16 | UInt32(octets[6]) << 8
        let new = UInt32(truncatingIfNeeded: random.next())
        let updated = InternetChecksum.update(
            before,
            replacing: old | UInt32(octets[7]),
            by: new
        )
        for index in 0..<4 {
            octets[4 + index] = UInt8(truncatingIfNeeded: new >> (24 - 8 * index))
        }
        #expect(updated == plain(octets))
    }

    @Test func `the corner case of RFC 1624 yields zero, not its other form`() {
        #expect(InternetChecksum.update(0xdd2f, replacing: 0x5555 as UInt16, by: 0x3285) == 0)
    }
}
