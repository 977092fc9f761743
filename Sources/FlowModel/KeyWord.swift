/// Which 64-bit word of a flow key holds what.
///
/// The order matters twice: the classifier looks at the words in stages (metadata, then Ethernet,
/// then network, then transport), and packed keys hold words in this order. Bit 63 of a word is the
/// first on the wire where a word holds adjacent fields of a header.
public enum KeyWord {
    /// in_port (32), recirc_id (32).
    @inlinable public static var inPort: Int { 0 }
    /// skb_priority (32), pkt_mark (32).
    @inlinable public static var priority: Int { 1 }
    /// dp_hash (32), ct_state (32).
    @inlinable public static var datapathHash: Int { 2 }
    /// ct_mark (32), ct_zone (16), ct_nw_proto (8).
    @inlinable public static var ctMark: Int { 3 }
    /// ct_label, the high word first.
    @inlinable public static var ctLabel: Int { 4 }
    @inlinable public static var metadata: Int { 6 }
    /// reg0 in the high half of the first word, reg1 in its low half, and so on.
    @inlinable public static var registers: Int { 7 }
    @inlinable public static var tunnelID: Int { 23 }
    /// tun_src (32), tun_dst (32).
    @inlinable public static var tunnelIPv4: Int { 24 }
    @inlinable public static var tunnelIPv6Source: Int { 25 }
    @inlinable public static var tunnelIPv6Destination: Int { 27 }
    /// tun_flags (16), outer TOS, TTL (8 each), GBP ID (16), GBP flags (8), ERSPAN version.
    @inlinable public static var tunnelFlags: Int { 29 }
    /// ERSPAN index (32), direction, hardware ID, GTP-U flags, message type (8 each).
    @inlinable public static var erspan: Int { 30 }
    /// conj_id (32), actset_output (32).
    @inlinable public static var conjunction: Int { 31 }
    /// packet_type (32), outer source, destination port (16 each).
    @inlinable public static var packetType: Int { 32 }
    /// eth_dst (48), eth_type (16).
    @inlinable public static var ethernetDestination: Int { 33 }
    /// eth_src (48).
    @inlinable public static var ethernetSource: Int { 34 }
    /// Outer TPID (16), TCI (16), inner TPID (16), TCI (16).
    @inlinable public static var vlan: Int { 35 }
    /// The outer two label stack entries.
    @inlinable public static var mpls: Int { 36 }
    /// The third label stack entry (32), and the I-TAG's control information (IEEE 802.1Q §9.7):
    /// priority (3), drop eligibility, use of customer addresses, reserved (3), I-SID (24).
    @inlinable public static var mplsRest: Int { 37 }
    /// Source (32), destination (32); for ARP the sender and the target.
    @inlinable public static var ipv4: Int { 38 }
    @inlinable public static var ipv6Source: Int { 39 }
    @inlinable public static var ipv6Destination: Int { 41 }
    /// IPv6 extension headers (12), label (20), protocol or ARP operation (8),
    /// TOS (8), TTL (8), fragment (8).
    @inlinable public static var ip: Int { 43 }
    @inlinable public static var ctIPv4: Int { 44 }
    @inlinable public static var ctIPv6Source: Int { 45 }
    @inlinable public static var ctIPv6Destination: Int { 47 }
    /// Flags, TTL, MD type, next protocol (8 each), service path (24), index (8).
    @inlinable public static var nsh: Int { 49 }
    @inlinable public static var nshContext: Int { 50 }
    @inlinable public static var nshContextRest: Int { 51 }
    @inlinable public static var ndTarget: Int { 52 }
    /// Reserved (32), options type (8).
    @inlinable public static var nd: Int { 54 }
    /// ARP sender or ND source link-layer address (48).
    @inlinable public static var arpSender: Int { 55 }
    /// ARP or ND target link-layer address (48).
    @inlinable public static var arpTarget: Int { 56 }
    /// Source, destination port (16 each), TCP flags (16); or ICMP type and code.
    @inlinable public static var transport: Int { 57 }
    /// Original source, destination port (16 each).
    @inlinable public static var ctTransport: Int { 58 }
    /// How many words a key has.
    @inlinable public static var count: Int { 59 }

    // What few flows have lies behind those words, in ``FlowKey/rare``.

    /// reg16 in the high half of the first word, reg17 in its low half, and so on.
    static var highRegisters: Int { 59 }
    /// Which of a tunnel's options are there: `tun_metadata0` in bit 0, and so on.
    static var optionsPresent: Int { 67 }
    /// The values of a tunnel's options, two words each.
    static var options: Int { 68 }
    /// How many words a key has with those that few have.
    public static var fullCount: Int { 196 }
    public static var rareCount: Int { fullCount - count }

    /// The rare words of which one bit of a sparse key's map speaks.
    ///
    /// - Parameter bit: ``count`` to 63.
    static func rareWords(_ bit: Int) -> Range<Int> {
        switch bit {
        case 59: highRegisters..<optionsPresent
        case 60: optionsPresent..<(options + 32)
        default: (options + 32 * (bit - 60))..<(options + 32 * (bit - 59))
        }
    }

    /// Where the stages of a lookup end.
    @inlinable public static var metadataEnd: Int { ethernetDestination }
    @inlinable public static var ethernetEnd: Int { ipv4 }
    @inlinable public static var networkEnd: Int { nsh }
    /// What no packet has besides ports: a service header, or what ARP and ND say of links.
    @inlinable public static var linkEnd: Int { transport }
}
