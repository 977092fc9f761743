/// The SHA-1 digest (RFC 3174), by which the log tells torn records from whole ones.
///
/// It is a checksum here, not a protection against forgery.
public enum SHA1 {
    /// The digest of some octets in hexadecimal digits, as the log spells it.
    public static func hexadecimalDigest(of octets: [UInt8]) -> String {
        hexadecimalDigest(of: octets.span)
    }

    public static func hexadecimalDigest(of octets: ArraySlice<UInt8>) -> String {
        hexadecimalDigest(of: octets.span)
    }

    private static func hexadecimalDigest(of octets: Span<UInt8>) -> String {
        let state = digest(of: octets)
        var digits = ""
        for index in state.indices {
            let text = String(state[index], radix: 16)
            digits += String(repeating: "0", count: 8 - text.utf8.count) + text
        }
        return digits
    }

    private typealias State = InlineArray<5, UInt32>
    private typealias Block = InlineArray<16, UInt32>

    private static let blockByteCount = 64

    private static func digest(of octets: Span<UInt8>) -> State {
        var state: State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
        let wholeByteCount = octets.count / blockByteCount * blockByteCount
        var start = 0
        while start < wholeByteCount {
            mix(block(octets, at: start), into: &state)
            start += blockByteCount
        }
        var tail = (wholeByteCount..<octets.count).map { octets[$0] }
        tail.append(0x80)
        while tail.count % blockByteCount != 56 { tail.append(0) }
        let bitCount = UInt64(octets.count) * 8
        for shift in stride(from: 56, through: 0, by: -8) {
            tail.append(UInt8(truncatingIfNeeded: bitCount >> UInt64(shift)))
        }
        for start in stride(from: 0, to: tail.count, by: blockByteCount) {
            mix(block(tail.span, at: start), into: &state)
        }
        return state
    }

    private static func block(_ octets: Span<UInt8>, at start: Int) -> Block {
        var block = Block(repeating: 0)
        var offset = start
        for index in 0..<16 {
            block[index] =
                UInt32(octets[offset]) << 24 | UInt32(octets[offset + 1]) << 16
                | UInt32(octets[offset + 2]) << 8 | UInt32(octets[offset + 3])
            offset += 4
        }
        return block
    }

    /// The schedule's 80 words are made as they are needed, in the place of those that are not any
    /// more.
    private static func mix(_ block: Block, into state: inout State) {
        var words = block
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        for index in 0..<80 {
            let slot = index & 15
            if index >= 16 {
                words[slot] = rotate(
                    words[(slot + 13) & 15] ^ words[(slot + 8) & 15] ^ words[(slot + 2) & 15]
                        ^ words[slot], by: 1)
            }
            let (choice, constant) = round(index, b, c, d)
            let sum = rotate(a, by: 5) &+ choice &+ e &+ constant &+ words[slot]
            (a, b, c, d, e) = (sum, a, rotate(b, by: 30), c, d)
        }
        state[0] &+= a
        state[1] &+= b
        state[2] &+= c
        state[3] &+= d
        state[4] &+= e
    }

    @inline(__always)
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

    @inline(__always)
    private static func rotate(_ word: UInt32, by count: UInt32) -> UInt32 {
        word << count | word >> (32 - count)
    }
}
