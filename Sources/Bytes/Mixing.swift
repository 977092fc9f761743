/// The step that hashes of the hot path are made of.
public enum Mixing {
    /// One multiplication for two words: the 128-bit product's halves are folded together, which
    /// spreads every input bit over the whole result.
    @inlinable @inline(__always)
    public static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.low ^ product.high
    }
}
