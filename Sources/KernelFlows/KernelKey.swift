public import FlowModel

/// What the kernel's programs know of a packet, or a mask of the same form: 80 octets.
///
/// It lies on a program's stack as the program reads it from the packet, so that most fields are in
/// network order; those that the program computes are in the machine's:
///
///      0               4               8              12      14
///     +---------------+---------------+---------------+-------+-------+
///     |   interface   |   recirc_id   |    dp_hash    | TPID  |  TCI  |   machine's order
///     +-------+-------+-------+---+---+---------------+-------+-------+
///     | TPID  |  TCI  | type  |frg|pro|  destination and source address  16: the inner tag,
///     +-------+-------+-------+---+---+-------+---+---+-------+-------+      machine's order
///     |             (to 35)                   |   |   |       |       |
///     +---------------------------------------+---+---+-------+-------+
///      36 TOS, 37 TTL, 38 TCP flags, 40 source port, 42 destination port,
///      44 IPv6 label (machine's order), 48 source and destination address: 2 * 4 octets of IPv4,
///      with an ARP packet's link-layer addresses behind, or 2 * 16 octets of IPv6.
///
/// What programs cannot read they do not decide on: such packets go up.
public struct KernelKey: Hashable, Sendable {
    public static let byteCount = 80
    static let wordCount = byteCount / 8

    enum Place {
        static let interface = 0
        static let recirculation = 4
        static let hash = 8
        static let outerTPID = 12
        static let outerTCI = 14
        static let innerTPID = 16
        static let innerTCI = 18
        static let etherType = 20
        static let fragment = 22
        static let ipProtocol = 23
        static let ethernet = 24
        static let tos = 36
        static let ttl = 37
        static let tcpFlags = 38
        static let ports = 40
        static let label = 44
        static let addresses = 48
        static let arpSender = 56
        static let arpTarget = 62
    }

    public private(set) var octets = [UInt8](repeating: 0, count: byteCount)

    /// A flow's key and mask.
    ///
    /// - Parameter interface: the device that the in-port stands for.
    public static func convert(
        key: SparseKey, mask: SparseKey, interface: UInt32
    ) throws(KernelRefusal) -> (key: KernelKey, mask: KernelKey) {
        guard !mask.hasRareWords else { throw .field("tun_metadata") }
        let (key, mask) = (key.expanded, mask.expanded)
        guard mask.inPort == .max else { throw .field("in_port") }
        try check(key, mask)
        var converted = KernelKey(mask)
        converted.put32(.max, at: Place.interface)
        var value = KernelKey(key)
        value.put32(interface, at: Place.interface)
        return (value, converted)
    }

    /// Words of which every packet that the programs decide on has zeros.
    private static var zeroWords: [(words: ClosedRange<Int>, name: String)] {
        [
            (KeyWord.priority...KeyWord.priority, "skb_priority or pkt_mark"),
            (KeyWord.ctMark...(KeyWord.ctLabel + 1), "ct_mark"),
            (KeyWord.metadata...KeyWord.metadata, "metadata"),
            (KeyWord.registers...(KeyWord.tunnelID - 1), "reg"),
            (KeyWord.tunnelID...KeyWord.erspan, "tun_id"),
            (KeyWord.conjunction...KeyWord.conjunction, "conj_id"),
            (KeyWord.packetType...KeyWord.packetType, "packet_type"),
            (KeyWord.ctIPv4...(KeyWord.ctIPv6Destination + 1), "ct_nw_src"),
            (KeyWord.ctTransport...KeyWord.ctTransport, "ct_tp_src"),
        ]
    }

    /// Words that the programs do not read.
    private static var unreadWords: [(words: ClosedRange<Int>, name: String)] {
        [
            (KeyWord.mpls...KeyWord.mplsRest, "mpls"),
            (KeyWord.nsh...KeyWord.nshContextRest, "nsh"),
            (KeyWord.ndTarget...KeyWord.nd, "nd_target"),
        ]
    }

    private static func check(_ key: FlowKey, _ mask: FlowKey) throws(KernelRefusal) {
        for (words, name) in zeroWords where words.contains(where: { key[word: $0] != 0 }) {
            throw .field(name)
        }
        for (words, name) in unreadWords where words.contains(where: { mask[word: $0] != 0 }) {
            throw .field(name)
        }
        guard key[word: KeyWord.datapathHash] & 0xffff_ffff == 0 else { throw .field("ct_state") }
        guard key[word: KeyWord.ip] >> 52 == 0 else { throw .field("ipv6_exthdr") }
        guard mask[word: KeyWord.transport] & 0xffff == 0 else { throw .field("tp_src") }
        let hasIPv6 = (KeyWord.ipv6Source...(KeyWord.ipv6Destination + 1)).contains {
            mask[word: $0] != 0
        }
        let hasOthers = [KeyWord.ipv4, KeyWord.arpSender, KeyWord.arpTarget].contains {
            mask[word: $0] != 0
        }
        // Their places are the same.
        guard !(hasIPv6 && hasOthers) else { throw .field("nd_sll") }
        guard key.etherType != EtherType.ipv6 || !hasOthers else { throw .field("nd_sll") }
    }

    private init(_ key: FlowKey) {
        put32(key.recirculationID, at: Place.recirculation)
        put32(UInt32(truncatingIfNeeded: key[word: KeyWord.datapathHash] >> 32), at: Place.hash)
        put16(key.vlanTPID, at: Place.outerTPID)
        put16(key.vlanTCI, at: Place.outerTCI)
        put16(key.innerVLANTPID, at: Place.innerTPID)
        put16(key.innerVLANTCI, at: Place.innerTCI)
        putNetwork(UInt64(key.etherType), 2, at: Place.etherType)
        octets[Place.fragment] = key.ipFragment
        octets[Place.ipProtocol] = key.ipProtocol
        putNetwork(key.ethernetDestination, 6, at: Place.ethernet)
        putNetwork(key.ethernetSource, 6, at: Place.ethernet + 6)
        octets[Place.tos] = key.ipTOS
        octets[Place.ttl] = key.ipTTL
        putNetwork(UInt64(key.tcpFlags), 2, at: Place.tcpFlags)
        putNetwork(UInt64(key.transportSource), 2, at: Place.ports)
        putNetwork(UInt64(key.transportDestination), 2, at: Place.ports + 2)
        let label = key[word: KeyWord.ip] >> 32 & 0xf_ffff
        put32(UInt32(truncatingIfNeeded: label), at: Place.label)
        putAddresses(key)
    }

    private mutating func putAddresses(_ key: FlowKey) {
        let ipv6 = (0..<4).map { key[word: KeyWord.ipv6Source + $0] }
        if ipv6.contains(where: { $0 != 0 }) {
            for (index, word) in ipv6.enumerated() {
                putNetwork(word, 8, at: Place.addresses + 8 * index)
            }
            return
        }
        putNetwork(key[word: KeyWord.ipv4], 8, at: Place.addresses)
        putNetwork(key[word: KeyWord.arpSender] >> 16, 6, at: Place.arpSender)
        putNetwork(key[word: KeyWord.arpTarget] >> 16, 6, at: Place.arpTarget)
    }

    private mutating func put16(_ value: UInt16, at place: Int) {
        octets[place] = UInt8(truncatingIfNeeded: value)
        octets[place + 1] = UInt8(truncatingIfNeeded: value >> 8)
    }

    private mutating func put32(_ value: UInt32, at place: Int) {
        for index in 0..<4 {
            octets[place + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index))
        }
    }

    private mutating func putNetwork(_ value: UInt64, _ count: Int, at place: Int) {
        for index in 0..<count {
            let shift = UInt64(8 * (count - 1 - index))
            octets[place + index] = UInt8(truncatingIfNeeded: value >> shift)
        }
    }
}
