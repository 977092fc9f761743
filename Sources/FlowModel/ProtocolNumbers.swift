/// EtherTypes that the pipeline knows (IANA, IEEE 802 numbers).
public enum EtherType {
    @inlinable public static var ipv4: UInt16 { 0x0800 }
    @inlinable public static var arp: UInt16 { 0x0806 }
    @inlinable public static var rarp: UInt16 { 0x8035 }
    @inlinable public static var vlan: UInt16 { 0x8100 }
    @inlinable public static var serviceVLAN: UInt16 { 0x88a8 }
    @inlinable public static var ipv6: UInt16 { 0x86dd }
    @inlinable public static var mpls: UInt16 { 0x8847 }
    @inlinable public static var mplsMulticast: UInt16 { 0x8848 }
    @inlinable public static var nsh: UInt16 { 0x894f }
    /// A whole Ethernet frame within something (transparent Ethernet bridging).
    @inlinable public static var bridging: UInt16 { 0x6558 }
    /// Provider backbone bridging, the tag with the service's identifier.
    @inlinable public static var pbb: UInt16 { 0x88e7 }
    @inlinable public static var lldp: UInt16 { 0x88cc }
    /// What OVS calls a frame without an EtherType, such as 802.3 with LLC.
    @inlinable public static var notEthernetII: UInt16 { 0x05ff }

    @inlinable public static func isVLAN(_ type: UInt16) -> Bool {
        type == vlan || type == serviceVLAN
    }
    @inlinable public static func isIP(_ type: UInt16) -> Bool { type == ipv4 || type == ipv6 }
    @inlinable public static func isMPLS(_ type: UInt16) -> Bool {
        type == mpls || type == mplsMulticast
    }
    @inlinable public static func isARP(_ type: UInt16) -> Bool { type == arp || type == rarp }
}

/// IP protocol numbers that the pipeline knows (IANA).
public enum IPProtocol {
    @inlinable public static var icmp: UInt8 { 1 }
    @inlinable public static var igmp: UInt8 { 2 }
    @inlinable public static var tcp: UInt8 { 6 }
    /// IPv4 within IP.
    @inlinable public static var ipv4: UInt8 { 4 }
    @inlinable public static var udp: UInt8 { 17 }
    /// IPv6 within IP.
    @inlinable public static var ipv6: UInt8 { 41 }
    @inlinable public static var gre: UInt8 { 47 }
    @inlinable public static var icmpv6: UInt8 { 58 }
    @inlinable public static var sctp: UInt8 { 132 }
}

/// Bits of the VLAN tag (IEEE 802.1Q §9.6).
public enum VLANBits {
    /// The bit that OVS sets to say that there is a tag (OFPVID_PRESENT).
    @inlinable public static var present: UInt16 { 0x1000 }
    @inlinable public static var id: UInt16 { 0x0fff }
    @inlinable public static var priority: UInt16 { 0xe000 }
}

/// Bits of a flow key's fragment field.
public enum FragmentBits {
    @inlinable public static var any: UInt8 { 1 }
    @inlinable public static var later: UInt8 { 2 }
}
