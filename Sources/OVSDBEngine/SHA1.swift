import Bytes

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
        var digits: [UInt8] = []
        digits.reserveCapacity(8 * state.count)
        for index in state.indices { digits.append(hexadecimal: state[index]) }
        return String(decoding: digits, as: UTF8.self)
    }

    private typealias State = InlineArray<5, UInt32>
    /// The words of a block, and those that are mixed from them.
    private typealias Schedule = InlineArray<80, UInt32>

    private static let blockByteCount = 64

    private static func digest(of octets: Span<UInt8>) -> State {
        var state: State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
        let wholeByteCount = octets.count / blockByteCount * blockByteCount
        var start = 0
        while start < wholeByteCount {
            mix(octets.octets, at: start, into: &state)
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
            mix(tail.span.octets, at: start, into: &state)
        }
        return state
    }

    private static func mix(_ octets: RawSpan, at start: Int, into state: inout State) {
        var round = Round(state)
        for index in 0..<16 { round.words[index] = octets.load32(at: start &+ 4 &* index) }
        for index in 16..<80 {
            round.words[index] = rotate(
                round.words[index - 3] ^ round.words[index - 8] ^ round.words[index - 14]
                    ^ round.words[index - 16], by: 1)
        }
        for index in stride(from: 0, to: 20, by: 5) {
            round.five(index, 0x5a82_7999) { b, c, d in d ^ b & (c ^ d) }
        }
        for index in stride(from: 20, to: 40, by: 5) {
            round.five(index, 0x6ed9_eba1) { b, c, d in b ^ c ^ d }
        }
        for index in stride(from: 40, to: 60, by: 5) {
            round.five(index, 0x8f1b_bcdc) { b, c, d in b & c | d & (b | c) }
        }
        for index in stride(from: 60, to: 80, by: 5) {
            round.five(index, 0xca62_c1d6) { b, c, d in b ^ c ^ d }
        }
        state[0] &+= round.a
        state[1] &+= round.b
        state[2] &+= round.c
        state[3] &+= round.d
        state[4] &+= round.e
    }

    /// The five words that are stirred 80 times, and what goes into them.
    private struct Round {
        var a, b, c, d, e: UInt32
        var words = Schedule(repeating: 0)

        init(_ state: State) {
            (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        }

        /// After five steps each word is back at its place, so that none has to be moved.
        @inline(__always)
        mutating func five(
            _ index: Int, _ constant: UInt32, _ choose: (UInt32, UInt32, UInt32) -> UInt32
        ) {
            Self.step(a, &b, choose(b, c, d), &e, words[index] &+ constant)
            Self.step(e, &a, choose(a, b, c), &d, words[index &+ 1] &+ constant)
            Self.step(d, &e, choose(e, a, b), &c, words[index &+ 2] &+ constant)
            Self.step(c, &d, choose(d, e, a), &b, words[index &+ 3] &+ constant)
            Self.step(b, &c, choose(c, d, e), &a, words[index &+ 4] &+ constant)
        }

        @inline(__always)
        private static func step(
            _ a: UInt32, _ b: inout UInt32, _ choice: UInt32, _ e: inout UInt32, _ word: UInt32
        ) {
            e = e &+ rotate(a, by: 5) &+ choice &+ word
            b = rotate(b, by: 30)
        }
    }

    @inline(__always)
    private static func rotate(_ word: UInt32, by count: UInt32) -> UInt32 {
        word &<< count | word &>> (32 &- count)
    }
}
