/// The ones' complement sum of 16-bit words that the Internet's protocols carry (RFC 1071).
///
/// The sum is kept in the machine's byte order, which the arithmetic permits, and in 64 bits with
/// an end-around carry, so that eight octets cost one addition. Octets may be added in pieces, of
/// which any may have an odd length.
public struct InternetChecksum: Sendable {
    /// The sum so far of words as the machine loads them.
    @usableFromInline var sum: UInt64 = 0
    /// Whether the octets so far end within a word.
    @usableFromInline var isOdd = false

    @inlinable public init() {}

    /// The checksum of `bytes`, as it goes into a header whose own field is zero there; zero if the
    /// header's field is right.
    @inlinable
    public static func of(_ bytes: RawSpan) -> UInt16 {
        var checksum = Self()
        checksum.add(bytes)
        return checksum.value
    }

    /// The checksum: the complement of the sum.
    @inlinable public var value: UInt16 { ~folded }

    /// The sum, folded to a word; what a partial checksum is before it is completed.
    @inlinable public var folded: UInt16 { UInt16(bigEndian: Self.fold(sum)) }

    @inlinable @inline(__always)
    static func fold(_ sum: UInt64) -> UInt16 {
        var sum = (sum & 0xffff_ffff) &+ (sum &>> 32)
        sum = (sum & 0xffff) &+ (sum &>> 16)
        sum = (sum & 0xffff) &+ (sum &>> 16)
        sum = (sum & 0xffff) &+ (sum &>> 16)
        return UInt16(truncatingIfNeeded: sum)
    }

    @inlinable @inline(__always)
    static func add(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (sum, carry) = left.addingReportingOverflow(right)
        return sum &+ (carry ? 1 : 0)
    }

    /// Adds the octets that follow those added before.
    @inlinable
    public mutating func add(_ bytes: RawSpan) {
        var piece: UInt64 = 0
        var offset = 0
        let byteCount = bytes.byteCount
        while offset &+ 32 <= byteCount {
            let first = Self.load(bytes, offset, UInt64.self)
            let second = Self.load(bytes, offset &+ 8, UInt64.self)
            let third = Self.load(bytes, offset &+ 16, UInt64.self)
            let fourth = Self.load(bytes, offset &+ 24, UInt64.self)
            piece = Self.add(piece, Self.add(Self.add(first, second), Self.add(third, fourth)))
            offset &+= 32
        }
        while offset &+ 8 <= byteCount {
            piece = Self.add(piece, Self.load(bytes, offset, UInt64.self))
            offset &+= 8
        }
        if offset &+ 4 <= byteCount {
            piece = Self.add(piece, UInt64(Self.load(bytes, offset, UInt32.self)))
            offset &+= 4
        }
        if offset &+ 2 <= byteCount {
            piece = Self.add(piece, UInt64(Self.load(bytes, offset, UInt16.self)))
            offset &+= 2
        }
        if offset < byteCount {
            // The last octet is the high half of a word whose low half is zero.
            let octet = UInt16(Self.load(bytes, offset, UInt8.self)) &<< 8
            piece = Self.add(piece, UInt64(octet.bigEndian))
        }
        // Octets at odd places weigh as the other half of the word (RFC 1071 §2 B).
        if isOdd { piece = UInt64(Self.fold(piece).byteSwapped) }
        sum = Self.add(sum, piece)
        if byteCount & 1 != 0 { isOdd.toggle() }
    }

    /// Adds a number of a pseudo-header.
    ///
    /// - Precondition: the octets before it are even in number.
    @inlinable
    public mutating func add(_ word: UInt16) {
        precondition(!isOdd, "a word starts at an even octet")
        sum = Self.add(sum, UInt64(word.bigEndian))
    }

    /// Adds a number of a pseudo-header.
    ///
    /// - Precondition: the octets before it are even in number.
    @inlinable
    public mutating func add(_ word: UInt32) {
        precondition(!isOdd, "a word starts at an even octet")
        sum = Self.add(sum, UInt64(word.bigEndian))
    }

    @inlinable @inline(__always)
    static func load<Word: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: RawSpan,
        _ offset: Int,
        _ type: Word.Type
    ) -> Word {
        unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Word.self)
    }

    /// `checksum` after one word that it covers has changed (RFC 1624 §3, equation 3).
    @inlinable
    public static func update(_ checksum: UInt16, replacing old: UInt16, by new: UInt16) -> UInt16 {
        var sum = UInt32(~checksum) &+ UInt32(~old) &+ UInt32(new)
        sum = (sum & 0xffff) &+ (sum &>> 16)
        sum = (sum & 0xffff) &+ (sum &>> 16)
        return ~UInt16(truncatingIfNeeded: sum)
    }

    /// `checksum` after two words that it covers have changed, such as an IPv4 address.
    @inlinable
    public static func update(_ checksum: UInt16, replacing old: UInt32, by new: UInt32) -> UInt16 {
        let high = update(
            checksum,
            replacing: UInt16(truncatingIfNeeded: old &>> 16),
            by: UInt16(truncatingIfNeeded: new &>> 16)
        )
        return update(
            high,
            replacing: UInt16(truncatingIfNeeded: old),
            by: UInt16(truncatingIfNeeded: new)
        )
    }
}
