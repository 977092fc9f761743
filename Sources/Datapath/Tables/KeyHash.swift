import Bytes
import FlowModel

/// Hashing of key words: one multiplication for two words.
///
/// SipHash takes eight times as long for the seven words of a TCP packet. Every word is mixed with
/// a number that nobody outside of the process knows, so that who chooses packets cannot choose
/// places in tables; a fixed number would also let a word that equals it wipe out all others.
enum KeyHash {
    /// Another one in each process; loops take a copy.
    static let seed = UInt64.random(in: 0 ... .max) | 1

    @inline(__always)
    static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 { Mixing.mix(left, right) }

    /// The hash of all that `key` holds.
    @inline(__always)
    static func hash(_ key: UnsafePointer<PackedKey>, _ seed: UInt64) -> UInt64 {
        let count = key.pointee.count
        let salt = seed ^ 0xA076_1D64_78BD_642F
        var hash = key.pointee.map ^ seed
        var index = 0
        while index &+ 1 < count {
            hash = mix(
                key.pointee.words[unchecked: index] ^ salt,
                key.pointee.words[unchecked: index &+ 1] ^ hash)
            index &+= 2
        }
        if index < count {
            hash = mix(key.pointee.words[unchecked: index] ^ ~salt, hash)
        }
        return mix(hash ^ seed, 0x8EBC_6AF0_9C88_C6E3)
    }
}
