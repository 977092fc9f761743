import FlowModel

/// The hashes by which `multipath` and `bundle` choose a link.
///
/// They are those of OVS bit for bit, so that a network in which both work sends a flow the same
/// way: Jenkins' lookup3 over octets, and the 32-bit MurmurHash3 over words. Values stand in them
/// as in the packet, the first octet in the low bits.
enum LinkHash {
    // MARK: MurmurHash3

    static func add(_ hash: UInt32, _ word: UInt32) -> UInt32 {
        let mixed = (word &* 0xcc9e_2d51).rotated(left: 15) &* 0x1b87_3593
        return (hash ^ mixed).rotated(left: 13) &* 5 &+ 0xe654_6b64
    }

    static func finish(_ hash: UInt32, _ last: UInt32) -> UInt32 {
        var hash = hash ^ last
        hash = (hash ^ hash >> 16) &* 0x85eb_ca6b
        hash = (hash ^ hash >> 13) &* 0xc2b2_ae35
        return hash ^ hash >> 16
    }

    static func of(_ first: UInt32, _ second: UInt32) -> UInt32 {
        finish(add(add(first, 0), second), 8)
    }

    // MARK: lookup3

    static func of(_ words: [UInt32], byteCount: Int, basis: UInt32) -> UInt32 {
        let start = 0xdead_beef &+ UInt32(truncatingIfNeeded: byteCount) &+ basis
        var state = (a: start, b: start, c: start)
        var rest = words[...]
        var left = byteCount
        while left >= 12 {
            add(rest.prefix(3), to: &state)
            mix(&state)
            rest = rest.dropFirst(3)
            left -= 12
        }
        if left > 0 {
            add(rest, to: &state)
            finish(&state)
        }
        return state.c
    }

    private typealias State = (a: UInt32, b: UInt32, c: UInt32)

    private static func add(_ words: ArraySlice<UInt32>, to state: inout State) {
        let start = words.startIndex
        if words.count > 0 { state.a &+= words[start] }
        if words.count > 1 { state.b &+= words[start + 1] }
        if words.count > 2 { state.c &+= words[start + 2] }
    }

    private static func mix(_ state: inout State) {
        var (a, b, c) = state
        for shifts in [(4, 6, 8), (16, 19, 4)] as [(UInt32, UInt32, UInt32)] {
            a = (a &- c) ^ c.rotated(left: shifts.0)
            c &+= b
            b = (b &- a) ^ a.rotated(left: shifts.1)
            a &+= c
            c = (c &- b) ^ b.rotated(left: shifts.2)
            b &+= a
        }
        state = (a, b, c)
    }

    private static func finish(_ state: inout State) {
        var (a, b, c) = state
        c = (c ^ b) &- b.rotated(left: 14)
        a = (a ^ c) &- c.rotated(left: 11)
        b = (b ^ a) &- a.rotated(left: 25)
        c = (c ^ b) &- b.rotated(left: 16)
        a = (a ^ c) &- c.rotated(left: 4)
        b = (b ^ a) &- a.rotated(left: 14)
        c = (c ^ b) &- b.rotated(left: 24)
        state = (a, b, c)
    }
}

extension UInt32 {
    fileprivate func rotated(left count: UInt32) -> UInt32 {
        self &<< count | self &>> (32 &- count)
    }
}

// MARK: Links

extension Multipath {
    /// The number of the link that a hash means.
    func link(for hash: UInt32) -> UInt16 {
        let count = UInt32(linkCount)
        switch algorithm {
        case .moduloN: return UInt16(hash % count)
        case .hashThreshold:
            return count == 1 ? 0 : UInt16(hash / (UInt32.max / count + 1))
        case .highestRandomWeight where count <= 64:
            let links = (0..<count).map { LinkHash.of(hash, $0) }
            // The earlier of equals wins.
            return UInt16(links.indices.max { (links[$0], $1) < (links[$1], $0) } ?? 0)
        case .highestRandomWeight, .iterativeHash: return iterate(hash, count)
        }
    }

    /// Hashes again until the result is a link's number (RFC 2992 has no such; ovs-actions(7)).
    private func iterate(_ hash: UInt32, _ count: UInt32) -> UInt16 {
        var modulo = argument
        if modulo < count || modulo / 2 > count {
            modulo = 1
            while modulo < count { modulo *= 2 }
        }
        var round: UInt32 = 0
        while true {
            let link = LinkHash.of(hash, round) % modulo
            if link < count { return UInt16(link) }
            round += 1
        }
    }
}
