/// The SHA-1 digest (RFC 3174), by which the log tells torn records from whole ones.
///
/// It is a checksum here, not a protection against forgery.
public enum SHA1 {
    /// The digest of some octets in hexadecimal digits, as the log spells it.
    public static func hexadecimalDigest(of octets: some Collection<UInt8>) -> String {
        var digits = ""
        for word in digest(of: Array(octets)) {
            let text = String(word, radix: 16)
            digits += String(repeating: "0", count: 8 - text.utf8.count) + text
        }
        return digits
    }

    private static let blockByteCount = 64

    private static func digest(of octets: [UInt8]) -> [UInt32] {
        var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
        var schedule = [UInt32](repeating: 0, count: 80)
        let wholeByteCount = octets.count / blockByteCount * blockByteCount
        for start in stride(from: 0, to: wholeByteCount, by: blockByteCount) {
            mix(octets[start..<start + blockByteCount], into: &state, &schedule)
        }
        var tail = Array(octets[wholeByteCount...])
        tail.append(0x80)
        while tail.count % blockByteCount != 56 { tail.append(0) }
        let bitCount = UInt64(octets.count) * 8
        for shift in stride(from: 56, through: 0, by: -8) {
            tail.append(UInt8(truncatingIfNeeded: bitCount >> UInt64(shift)))
        }
        for start in stride(from: 0, to: tail.count, by: blockByteCount) {
            mix(tail[start..<start + blockByteCount], into: &state, &schedule)
        }
        return state
    }

    private static func mix(
        _ block: ArraySlice<UInt8>, into state: inout [UInt32], _ schedule: inout [UInt32]
    ) {
        var offset = block.startIndex
        for index in 0..<16 {
            schedule[index] =
                UInt32(block[offset]) << 24 | UInt32(block[offset + 1]) << 16
                | UInt32(block[offset + 2]) << 8 | UInt32(block[offset + 3])
            offset += 4
        }
        for index in 16..<80 {
            let word =
                schedule[index - 3] ^ schedule[index - 8] ^ schedule[index - 14]
                ^ schedule[index - 16]
            schedule[index] = rotate(word, by: 1)
        }
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        for index in 0..<80 {
            let (choice, constant) = round(index, b, c, d)
            let sum = rotate(a, by: 5) &+ choice &+ e &+ constant &+ schedule[index]
            (a, b, c, d, e) = (sum, a, rotate(b, by: 30), c, d)
        }
        state[0] &+= a
        state[1] &+= b
        state[2] &+= c
        state[3] &+= d
        state[4] &+= e
    }

    private static func round(
        _ index: Int, _ b: UInt32, _ c: UInt32, _ d: UInt32
    ) -> (choice: UInt32, constant: UInt32) {
        switch index {
        case 0..<20: ((b & c) | (~b & d), 0x5a82_7999)
        case 20..<40: (b ^ c ^ d, 0x6ed9_eba1)
        case 40..<60: ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc)
        default: (b ^ c ^ d, 0xca62_c1d6)
        }
    }

    private static func rotate(_ word: UInt32, by count: UInt32) -> UInt32 {
        word << count | word >> (32 - count)
    }
}
