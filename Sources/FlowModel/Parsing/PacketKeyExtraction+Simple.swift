public import Bytes

/// As much of a frame as the simplest flows look at.
extension PacketParser {
    /// What ``simpleBits(_:)`` reads.
    public struct SimpleBits: Sendable {
        /// The Ethernet type (16 bits), the outer tag's presence and VLAN ID (bits 8 to 20), and
        /// the fragment bits (the low octet).
        public let bits: UInt64
        /// Of a TCP segment; 0 for others.
        public let tcpFlags: UInt16

        @inlinable init(bits: UInt64, tcpFlags: UInt16) {
            self.bits = bits
            self.tcpFlags = tcpFlags
        }
    }

    /// Reads what ``parse(_:_:into:)`` would find of the Ethernet type, the VLAN ID, the fragment
    /// bits and the flags of TCP.
    ///
    /// - Returns: `nil` where it takes more than the first headers to tell, as with two tags, SNAP
    ///   or IPv6.
    @inlinable @inline(__always)
    public static func simpleBits(_ frame: RawSpan) -> SimpleBits? {
        guard frame.byteCount >= 14 else { return nil }
        var type = frame.load16(at: 12)
        var offset = 14
        var tag: UInt64 = 0
        if EtherType.isVLAN(type) {
            guard frame.byteCount >= 18 else { return nil }
            tag = UInt64(frame.load16(at: 14) & VLANBits.id | VLANBits.present)
            type = frame.load16(at: 16)
            offset = 18
            guard !EtherType.isVLAN(type) else { return nil }
        }
        guard type >= 0x600, type != EtherType.ipv6 else { return nil }
        let bits = UInt64(type) &<< 24 | tag &<< 8
        guard type == EtherType.ipv4 else { return SimpleBits(bits: bits, tcpFlags: 0) }
        return simpleIPv4(frame, at: offset, bits)
    }

    @inlinable @inline(__always)
    static func simpleIPv4(_ frame: RawSpan, at offset: Int, _ bits: UInt64) -> SimpleBits? {
        guard frame.byteCount >= offset &+ 20 else { return nil }
        let headerByteCount = Int(frame.load8(at: offset) & 0xf) &* 4
        let totalByteCount = Int(frame.load16(at: offset &+ 2))
        let available = frame.byteCount &- offset
        guard headerByteCount >= 20, headerByteCount <= totalByteCount,
            totalByteCount <= available, available &- totalByteCount <= maximumPadding
        else { return nil }
        let word = frame.load16(at: offset &+ 6)
        guard word & 0x1fff == 0 else {
            return SimpleBits(
                bits: bits | UInt64(FragmentBits.any | FragmentBits.later), tcpFlags: 0)
        }
        let fragment = word & 0x2000 != 0 ? UInt64(FragmentBits.any) : 0
        guard frame.load8(at: offset &+ 9) == IPProtocol.tcp,
            totalByteCount &- headerByteCount >= 20
        else { return SimpleBits(bits: bits | fragment, tcpFlags: 0) }
        let control = frame.load16(at: offset &+ headerByteCount &+ 12)
        let transportByteCount = Int(control &>> 12) &* 4
        let isWhole =
            transportByteCount >= 20 && transportByteCount <= totalByteCount &- headerByteCount
        return SimpleBits(bits: bits | fragment, tcpFlags: isWhole ? control & 0xfff : 0)
    }
}
