/// Remembers for a million connections in which subtable the flow of each lies (`smc-enable`).
///
/// An entry is four octets: 16 bits of a key's hash, and the number of a subtable. It says where to
/// look, not what is there: the subtable is asked for the whole key, so that an entry may be wrong,
/// old, or another key's, and costs a lookup in vain at most. Nothing need be removed.
struct SignatureCache {
    static var bucketCount: Int { 1 << 18 }
    static var bucketSize: Int { 4 }

    /// The entries whose signatures are those of a hash.
    struct Candidates {
        fileprivate let bucket: UnsafePointer<UInt32>
        fileprivate let signature: UInt32
        fileprivate var index = 0

        /// The number of the next subtable to look into.
        @inline(__always)
        mutating func next() -> Int? {
            while index < bucketSize {
                let entry = bucket[index]
                index &+= 1
                if entry &>> 16 == signature && entry & 0xffff != 0 {
                    return Int(entry & 0xffff)
                }
            }
            return nil
        }
    }

    private let entries: UnsafeMutablePointer<UInt32>

    init() {
        let count = Self.bucketCount * Self.bucketSize
        entries = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64)
            .bindMemory(to: UInt32.self, capacity: count)
        entries.initialize(repeating: 0, count: count)
    }

    func deallocate() { entries.deallocate() }

    @inline(__always)
    private func bucket(_ hash: UInt64) -> UnsafeMutablePointer<UInt32> {
        entries + Int(truncatingIfNeeded: hash & UInt64(Self.bucketCount &- 1)) &* Self.bucketSize
    }

    @inline(__always)
    func candidates(_ hash: UInt64) -> Candidates {
        Candidates(
            bucket: UnsafePointer(bucket(hash)), signature: UInt32(truncatingIfNeeded: hash &>> 48))
    }

    /// Remembers that the flow of the key with that hash lies in subtable `number`.
    @inline(__always)
    func insert(_ hash: UInt64, subtable number: UInt16) {
        guard number != 0 else { return }
        let signature = UInt32(truncatingIfNeeded: hash &>> 48)
        let entry = signature &<< 16 | UInt32(number)
        let bucket = bucket(hash)
        var free = -1
        for index in 0..<Self.bucketSize {
            if bucket[index] &>> 16 == signature && bucket[index] != 0 {
                bucket[index] = entry
                return
            }
            if free < 0 && bucket[index] == 0 { free = index }
        }
        // A full bucket: whichever the hash points at goes.
        bucket[free >= 0 ? free : Int(truncatingIfNeeded: hash &>> 40 & 3)] = entry
    }
}
