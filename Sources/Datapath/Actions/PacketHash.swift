import FlowModel

/// Hashes of connections, for actions that choose by them.
enum PacketHash {
    /// The same in every process: a connection keeps its bucket when the switch is started anew.
    private static var seed: UInt64 { 0x9E37_79B9_7F4A_7C15 }

    /// - Returns: a hash that is never 0, which stands for none.
    static func hash(
        _ key: UnsafePointer<PackedKey>, isSymmetric: Bool, basis: UInt32
    ) -> UInt32 {
        var hash = seed ^ UInt64(basis)
        // TOS, TTL and fragment bits are not the connection's.
        let proto = key.pointee[word: KeyWord.ip] &>> 24 & 0xff
        let type = key.pointee[word: KeyWord.ethernetDestination] & 0xffff
        hash = KeyHash.mix(hash, type &<< 8 | proto)
        // Ports without flags; what ICMP has there is no port.
        let hasPorts = proto == 6 || proto == 17 || proto == 132
        let ports = hasPorts ? key.pointee[word: KeyWord.transport] &>> 32 : 0
        let ipv4 = key.pointee[word: KeyWord.ipv4]
        let isIPv6 = type == UInt64(EtherType.ipv6)
        if isSymmetric {
            let addresses = isIPv6 ? ipv6Sum(key) : (ipv4 &>> 32) ^ (ipv4 & 0xffff_ffff)
            hash = KeyHash.mix(hash ^ addresses, 0x8EBC_6AF0_9C88_C6E3)
            hash = KeyHash.mix(hash, ports &>> 16 ^ ports & 0xffff ^ 0xA076_1D64)
            if type != UInt64(EtherType.ipv4) && !isIPv6 {
                let source = key.pointee[word: KeyWord.ethernetSource]
                let destination = key.pointee[word: KeyWord.ethernetDestination]
                hash = KeyHash.mix(hash, (source ^ destination) &>> 16 ^ seed)
            }
        } else {
            hash = KeyHash.mix(hash ^ ipv4, ports ^ 0xA076_1D64_78BD_642F)
            if isIPv6 {
                for word in KeyWord.ipv6Source..<(KeyWord.ipv6Source &+ 4) {
                    hash = KeyHash.mix(hash, key.pointee[word: word] ^ seed)
                }
            }
        }
        hash = KeyHash.mix(hash ^ seed, 0xE703_7ED1_A0B4_28DB)
        let folded = UInt32(truncatingIfNeeded: hash ^ hash &>> 32)
        return folded == 0 ? 1 : folded
    }

    /// The same whichever address is the source.
    private static func ipv6Sum(_ key: UnsafePointer<PackedKey>) -> UInt64 {
        let high =
            key.pointee[word: KeyWord.ipv6Source] ^ key.pointee[word: KeyWord.ipv6Destination]
        let low =
            key.pointee[word: KeyWord.ipv6Source &+ 1]
            ^ key.pointee[word: KeyWord.ipv6Destination &+ 1]
        return KeyHash.mix(high ^ seed, low ^ 0xA076_1D64_78BD_642F)
    }
}
