import Bytes
import FlowModel

/// Hashing of key words: one multiplication for two words.
///
/// SipHash takes eight times as long for the seven words of a TCP packet.
enum KeyHash {
    static var seed: UInt64 { 0x9E37_79B9_7F4A_7C15 }

    @inline(__always)
    static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 { Mixing.mix(left, right) }

    /// The hash of all that `key` holds.
    @inline(__always)
    static func hash(_ key: UnsafePointer<PackedKey>) -> UInt64 {
        let count = key.pointee.count
        var hash = key.pointee.map ^ seed
        var index = 0
        while index &+ 1 < count {
            hash = mix(
                key.pointee.words[unchecked: index] ^ 0xA076_1D64_78BD_642F,
                key.pointee.words[unchecked: index &+ 1] ^ hash)
            index &+= 2
        }
        if index < count {
            hash = mix(key.pointee.words[unchecked: index] ^ 0xE703_7ED1_A0B4_28DB, hash)
        }
        return mix(hash ^ seed, 0x8EBC_6AF0_9C88_C6E3)
    }
}
