import FlowModel

/// The ports of a bridge in the order in which `FLOOD` and `ALL` take them.
///
/// Any order would do, but traces and captures are compared with those of OVS, whose order is that
/// of its hash table. This is such a table: as many buckets as a power of two, doubled twice when
/// there are more than two ports to a bucket, the newest port first in its bucket, and MurmurHash3
/// of the number (Austin Appleby, in the public domain). How it grows was found out by looking at
/// the orders of one to nine ports.
struct FloodOrder {
    private var buckets: [[BridgePort]] = [[]]
    private var count = 0

    var ports: [BridgePort] { buckets.flatMap { $0 } }

    mutating func insert(_ port: BridgePort) {
        place(port)
        count += 1
        guard count / 2 > buckets.count - 1 else { return }
        let old = buckets
        let size = 1 << (Int.bitWidth - count.leadingZeroBitCount)
        buckets = Array(repeating: [], count: size)
        for port in old.joined() { place(port) }
    }

    private mutating func place(_ port: BridgePort) {
        let hash = Self.hash(UInt32(port.number.value))
        buckets[Int(hash) & (buckets.count - 1)].insert(port, at: 0)
    }

    mutating func remove(_ port: BridgePort) {
        let bucket = Int(Self.hash(UInt32(port.number.value))) & (buckets.count - 1)
        guard let index = buckets[bucket].firstIndex(where: { $0 === port }) else { return }
        buckets[bucket].remove(at: index)
        count -= 1
    }

    /// MurmurHash3 of the number and a zero, with the number for a seed of its own.
    private static func hash(_ number: UInt32) -> UInt32 {
        var hash = mix(mix(number, 0), 0) ^ 8
        hash = (hash ^ hash >> 16) &* 0x85eb_ca6b
        hash = (hash ^ hash >> 13) &* 0xc2b2_ae35
        return hash ^ hash >> 16
    }

    private static func mix(_ hash: UInt32, _ word: UInt32) -> UInt32 {
        var word = word &* 0xcc9e_2d51
        word = (word << 15 | word >> 17) &* 0x1b87_3593
        let mixed = hash ^ word
        return (mixed << 13 | mixed >> 19) &* 5 &+ 0xe654_6b64
    }
}
