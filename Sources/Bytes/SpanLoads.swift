/// Integers in network byte order at any offset: what a parser that walks through headers of
/// unknown length reads.
///
/// Each load checks its bounds; a parser that has compared the lengths before pays nothing for it.
extension RawSpan {
    @inlinable @inline(__always)
    public func load8(at offset: Int) -> UInt8 {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self)
    }

    @inlinable @inline(__always)
    public func load16(at offset: Int) -> UInt16 {
        unsafe UInt16(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    @inlinable @inline(__always)
    public func load32(at offset: Int) -> UInt32 {
        unsafe UInt32(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// A MAC address in the low 48 bits.
    @inlinable @inline(__always)
    public func load48(at offset: Int) -> UInt64 {
        UInt64(load32(at: offset)) &<< 16 | UInt64(load16(at: offset &+ 4))
    }

    @inlinable @inline(__always)
    public func load64(at offset: Int) -> UInt64 {
        unsafe UInt64(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}
