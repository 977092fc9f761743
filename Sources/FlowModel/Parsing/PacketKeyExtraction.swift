public import Bytes

/// Reads a frame's headers into a packed key.
///
/// Nothing beyond `frame` is read, and no length field is believed: a header that is cut off, or
/// whose own length is impossible, leaves its fields zero, as OVS does, so that such a packet
/// still matches on what is there.
public enum PacketParser {
    /// What the datapath knows of a packet besides its octets.
    public struct Metadata: Sendable {
        public var inPort: UInt32
        public var recirculationID: UInt32 = 0
        public var mark: UInt32 = 0
        public var priority: UInt32 = 0
        public var datapathHash: UInt32 = 0
        /// What the packet begins with: 0 for Ethernet (``PacketType``).
        public var packetType: UInt32 = 0
        /// Tags beyond these stay part of the payload; at most two.
        public var maximumTags = 2

        @inlinable public init(inPort: UInt32) { self.inPort = inPort }
    }

    /// Octets behind an IP packet; with more, OVS takes its length field for wrong.
    @inlinable static var maximumPadding: Int { 255 }

    @inlinable
    public static func parse(_ frame: RawSpan, _ metadata: Metadata, into key: inout PackedKey) {
        key.map = 0
        key.count = 0
        key.append(
            UInt64(metadata.inPort) &<< 32 | UInt64(metadata.recirculationID), at: KeyWord.inPort)
        key.append(
            UInt64(metadata.priority) &<< 32 | UInt64(metadata.mark), at: KeyWord.priority)
        key.append(UInt64(metadata.datapathHash) &<< 32, at: KeyWord.datapathHash)
        guard metadata.packetType == 0 else {
            parseBare(frame, metadata.packetType, &key)
            return
        }
        guard frame.byteCount >= 14 else { return }

        let destination = frame.load48(at: 0)
        let source = frame.load48(at: 6)
        var offset = 12
        var tags: UInt64 = 0
        var tagCount = 0
        var type = frame.load16(at: 12)
        let maximumTags = metadata.maximumTags
        while EtherType.isVLAN(type) && tagCount < maximumTags && frame.byteCount >= offset &+ 6 {
            let tci = frame.load16(at: offset &+ 2) | VLANBits.present
            let tag = UInt64(type) &<< 16 | UInt64(tci)
            tags |= tagCount == 0 ? tag &<< 32 : tag
            tagCount &+= 1
            offset &+= 4
            type = frame.load16(at: offset)
        }
        offset &+= 2
        if type < 0x600 {
            type = snapType(frame, at: &offset)
        }
        key.append(destination &<< 16 | UInt64(type), at: KeyWord.ethernetDestination)
        key.append(source &<< 16, at: KeyWord.ethernetSource)
        key.append(tags, at: KeyWord.vlan)
        parseNetwork(frame, type, at: offset, &key)
    }

    /// A packet without an Ethernet header.
    @usableFromInline
    static func parseBare(_ packet: RawSpan, _ packetType: UInt32, _ key: inout PackedKey) {
        key.append(UInt64(packetType) &<< 32, at: KeyWord.packetType)
        let type = UInt16(truncatingIfNeeded: packetType)
        key.append(UInt64(type), at: KeyWord.ethernetDestination)
        parseNetwork(packet, type, at: 0, &key)
    }

    @inlinable @inline(__always)
    static func parseNetwork(
        _ frame: RawSpan, _ type: UInt16, at offset: Int, _ key: inout PackedKey
    ) {
        switch type {
        case EtherType.ipv4: parseIPv4(frame, at: offset, &key)
        case EtherType.ipv6: parseIPv6(frame, at: offset, &key)
        case EtherType.arp, EtherType.rarp: parseARP(frame, at: offset, &key)
        case EtherType.mpls, EtherType.mplsMulticast: parseMPLS(frame, at: offset, &key)
        case EtherType.nsh: parseNSH(frame, at: offset, &key)
        case EtherType.pbb: parsePBB(frame, at: offset, &key)
        default: return
        }
    }

    /// The type behind an LLC and SNAP header, or OVS's number for a frame without one.
    @inlinable
    static func snapType(_ frame: RawSpan, at offset: inout Int) -> UInt16 {
        guard frame.byteCount >= offset &+ 8,
            frame.load48(at: offset) == 0xaaaa_0300_0000
        else { return EtherType.notEthernetII }
        let type = frame.load16(at: offset &+ 6)
        guard type >= 0x600 else { return EtherType.notEthernetII }
        offset &+= 8
        return type
    }

    @inlinable
    static func parseMPLS(_ frame: RawSpan, at start: Int, _ key: inout PackedKey) {
        var words: (UInt64, UInt64) = (0, 0)
        var offset = start
        for index in 0..<3 {
            guard frame.byteCount >= offset &+ 4 else { break }
            let entry = frame.load32(at: offset)
            switch index {
            case 0: words.0 |= UInt64(entry) &<< 32
            case 1: words.0 |= UInt64(entry)
            default: words.1 |= UInt64(entry) &<< 32
            }
            if entry & 0x100 != 0 { break }
            offset &+= 4
        }
        key.append(words.0, at: KeyWord.mpls)
        key.append(words.1, at: KeyWord.mplsRest)
    }

    @inlinable
    static func parseARP(_ frame: RawSpan, at offset: Int, _ key: inout PackedKey) {
        guard frame.byteCount >= offset &+ 28,
            frame.load32(at: offset) == 0x0001_0800, frame.load16(at: offset &+ 4) == 0x0604
        else { return }
        let operation = frame.load16(at: offset &+ 6)
        let sender = frame.load32(at: offset &+ 14)
        let target = frame.load32(at: offset &+ 24)
        key.append(UInt64(sender) &<< 32 | UInt64(target), at: KeyWord.ipv4)
        key.append(operation <= 0xff ? UInt64(operation) &<< 24 : 0, at: KeyWord.ip)
        key.append(frame.load48(at: offset &+ 8) &<< 16, at: KeyWord.arpSender)
        key.append(frame.load48(at: offset &+ 18) &<< 16, at: KeyWord.arpTarget)
    }

    @inlinable
    static func parseIPv4(_ frame: RawSpan, at offset: Int, _ key: inout PackedKey) {
        guard frame.byteCount >= offset &+ 20 else { return }
        let first = frame.load8(at: offset)
        let headerByteCount = Int(first & 0xf) &* 4
        let totalByteCount = Int(frame.load16(at: offset &+ 2))
        let available = frame.byteCount &- offset
        guard headerByteCount >= 20, headerByteCount <= totalByteCount,
            totalByteCount <= available, available &- totalByteCount <= maximumPadding
        else { return }
        let fragmentWord = frame.load16(at: offset &+ 6)
        var fragment: UInt8 = 0
        if fragmentWord & 0x3fff != 0 {
            fragment = FragmentBits.any
            if fragmentWord & 0x1fff != 0 { fragment |= FragmentBits.later }
        }
        let proto = frame.load8(at: offset &+ 9)
        let addresses =
            UInt64(frame.load32(at: offset &+ 12)) &<< 32 | UInt64(frame.load32(at: offset &+ 16))
        key.append(addresses, at: KeyWord.ipv4)
        let low =
            UInt64(proto) &<< 24 | UInt64(frame.load8(at: offset &+ 1)) &<< 16
            | UInt64(frame.load8(at: offset &+ 8)) &<< 8 | UInt64(fragment)
        key.append(low, at: KeyWord.ip)
        guard fragment & FragmentBits.later == 0 else { return }
        let end = offset &+ totalByteCount
        parseTransport(frame, offset &+ headerByteCount..<end, proto, &key)
    }

    @inlinable
    static func parseTransport(
        _ frame: RawSpan, _ range: Range<Int>, _ proto: UInt8, _ key: inout PackedKey
    ) {
        let offset = range.lowerBound
        let count = range.upperBound &- offset
        switch proto {
        case IPProtocol.tcp:
            guard count >= 20 else { return }
            let control = frame.load16(at: offset &+ 12)
            // A header that says to be shorter than any, or longer than the packet, says nothing.
            let headerByteCount = Int(control &>> 12) &* 4
            guard headerByteCount >= 20, headerByteCount <= count else { return }
            let flags = UInt64(control & 0xfff)
            let ports = UInt64(frame.load32(at: offset))
            key.append(ports &<< 32 | flags &<< 16, at: KeyWord.transport)
        case IPProtocol.udp:
            guard count >= 8 else { return }
            key.append(UInt64(frame.load32(at: offset)) &<< 32, at: KeyWord.transport)
        case IPProtocol.sctp:
            guard count >= 12 else { return }
            key.append(UInt64(frame.load32(at: offset)) &<< 32, at: KeyWord.transport)
        case IPProtocol.icmp:
            guard count >= 8 else { return }
            let type = UInt64(frame.load8(at: offset))
            let code = UInt64(frame.load8(at: offset &+ 1))
            key.append(type &<< 48 | code &<< 32, at: KeyWord.transport)
        case IPProtocol.igmp:
            guard count >= 8 else { return }
            let type = UInt64(frame.load8(at: offset))
            let code = UInt64(frame.load8(at: offset &+ 1))
            key.append(type &<< 48 | code &<< 32, at: KeyWord.transport)
        default:
            return
        }
    }
}
