import Bytes
import ConnectionTracking
import FlowModel

/// Reads of a packet what the tracker needs, and refuses packets that no host would take.
///
/// Checksums are verified, except those that the sender left to its device or that the device has
/// verified. An IPv4 packet without a UDP checksum is taken (RFC 768), an IPv6 packet is not
/// (RFC 8200 §8.1).
struct TrackedPacketReader {
    let packet: PacketBuffer
    let layers: FrameLayers

    private var isIPv6: Bool { layers.etherType == EtherType.ipv6 }

    init(_ packet: PacketBuffer) {
        self.packet = packet
        layers = FrameLayers(packet)
    }

    /// What is to be tracked, or `nil` for a packet that is not IP, a fragment, cut off or wrong.
    func read() -> TrackedPacket? {
        guard isWhole == true, layers.transport > 0, hasRightHeaderChecksum else { return nil }
        var tracked = TrackedPacket()
        let outer = InnerPacket(
            packet, network: layers.network, transport: layers.transport, end: layers.end,
            ipProtocol: layers.ipProtocol, isIPv6: isIPv6)
        tracked.key = outer.addresses
        let byteCount = layers.end &- layers.transport
        switch layers.ipProtocol {
        case IPProtocol.tcp:
            guard byteCount >= 20, let segment = segment(byteCount), hasRightChecksum(at: 16)
            else { return nil }
            tracked.segment = segment
            let count = Int(segment.payloadByteCount)
            tracked.payload = UnsafeRawBufferPointer(
                start: packet.start + (layers.end &- count), count: count)
            tracked.key.setPorts(packet.load(UInt32.self, at: layers.transport))
        case IPProtocol.udp:
            guard byteCount >= 8, hasRightUDPHeader(byteCount) else { return nil }
            tracked.payload = UnsafeRawBufferPointer(
                start: packet.start + (layers.transport &+ 8), count: byteCount &- 8)
            tracked.key.setPorts(packet.load(UInt32.self, at: layers.transport))
        case IPProtocol.sctp:
            guard byteCount >= 12, hasRightSCTPChecksum else { return nil }
            tracked.key.setPorts(packet.load(UInt32.self, at: layers.transport))
        case IPProtocol.icmp where !isIPv6, IPProtocol.icmpv6 where isIPv6:
            guard byteCount >= 8, hasRightChecksum(at: 2) else { return nil }
            return message(tracked, outer)
        case IPProtocol.icmp, IPProtocol.icmpv6: return nil
        default: break
        }
        return tracked
    }

    /// Whether the packet is of IP, and no fragment; `nil` if it is not of IP.
    var isWhole: Bool? {
        EtherType.isIP(layers.etherType) ? !isFragment : nil
    }

    /// Whether only a part of the IP packet is there.
    private var isFragment: Bool {
        if !isIPv6 { return packet.load(UInt16.self, at: layers.network &+ 6) & 0x3fff != 0 }
        // A fragment header may stand behind others, so that it is looked for.
        guard let place = Fragment.header(packet, layers.network, layers.end) else { return false }
        return packet.load(UInt16.self, at: place.header &+ 2) & 0xfff9 != 0
    }

    // MARK: Checksums

    var hasRightHeaderChecksum: Bool {
        guard !isIPv6 else { return true }
        var sum = InternetChecksum()
        let byteCount = Int(packet.octet(at: layers.network) & 0xf) &* 4
        sum.add(packet, layers.network..<layers.network &+ byteCount)
        return sum.value == 0
    }

    /// Whether the checksum at an offset of the transport header is right, or need not be.
    private func hasRightChecksum(at offset: Int) -> Bool {
        let flags = packet.header.pointee.offload.flags
        if flags.contains(.checksumIsValid) || layers.isSourceRouted { return true }
        if packet.hasPartialChecksum(at: layers.transport &+ offset) { return true }
        var sum = InternetChecksum()
        if layers.ipProtocol != IPProtocol.icmp { addPseudoHeader(to: &sum) }
        sum.add(packet, layers.transport..<layers.end)
        return sum.value == 0
    }

    private func addPseudoHeader(to sum: inout InternetChecksum) {
        let start = layers.network &+ (isIPv6 ? 8 : 12)
        sum.add(packet, start..<start &+ (isIPv6 ? 32 : 8))
        sum.add(UInt16(layers.ipProtocol))
        sum.add(UInt32(truncatingIfNeeded: layers.end &- layers.transport))
    }

    private func hasRightUDPHeader(_ byteCount: Int) -> Bool {
        let said = Int(packet.load(UInt16.self, at: layers.transport &+ 4))
        // A super-packet's header may speak of one segment.
        let isSuper = packet.header.pointee.offload.segmentation != .none
        guard isSuper || said >= 8 && said <= byteCount else { return false }
        if packet.load(UInt16.self, at: layers.transport &+ 6) == 0 { return !isIPv6 }
        return hasRightChecksum(at: 6)
    }

    private var hasRightSCTPChecksum: Bool {
        let place = layers.transport &+ 8
        let flags = packet.header.pointee.offload.flags
        if flags.contains(.checksumIsValid) || packet.hasPartialChecksum(at: place) { return true }
        let value = SCTPChecksum.value(packet, layers.transport..<layers.end)
        return packet.load(UInt32.self, at: place).byteSwapped == value
    }

    // MARK: TCP

    private func segment(_ byteCount: Int) -> TCPSegment? {
        let start = layers.transport
        let headerByteCount = Int(packet.octet(at: start &+ 12) &>> 4) &* 4
        guard headerByteCount >= 20, headerByteCount <= byteCount else { return nil }
        var segment = TCPSegment()
        segment.sequenceNumber = packet.load(UInt32.self, at: start &+ 4)
        segment.acknowledgement = packet.load(UInt32.self, at: start &+ 8)
        segment.flags = packet.octet(at: start &+ 13) & 0x3f
        segment.window = packet.load(UInt16.self, at: start &+ 14)
        segment.payloadByteCount = UInt32(truncatingIfNeeded: byteCount &- headerByteCount)
        // Only a SYN says how windows are scaled.
        if segment.flags & 2 != 0 {
            segment.windowShift = windowShift(start &+ 20..<start &+ headerByteCount)
        }
        return segment
    }

    /// The window scale option among the options in `range`.
    private func windowShift(_ range: Range<Int>) -> UInt8? {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let kind = packet.octet(at: offset)
            if kind == 0 { return nil }
            if kind == 1 {
                offset &+= 1
                continue
            }
            guard offset &+ 1 < range.upperBound else { return nil }
            let byteCount = Int(packet.octet(at: offset &+ 1))
            guard byteCount >= 2, offset &+ byteCount <= range.upperBound else { return nil }
            // Greater counts than 14 mean 14 (RFC 7323 §2.3).
            if kind == 3 && byteCount == 3 { return min(packet.octet(at: offset &+ 2), 14) }
            offset &+= byteCount
        }
        return nil
    }

    // MARK: ICMP

    private func message(_ tracked: TrackedPacket, _ outer: InnerPacket) -> TrackedPacket? {
        let type = packet.octet(at: layers.transport)
        let code = packet.octet(at: layers.transport &+ 1)
        var tracked = tracked
        let isQuery: Bool
        let isError: Bool
        if isIPv6 {
            isQuery = type == 128 || type == 129
            isError = (1...4).contains(type)
        } else {
            isQuery = [0, 8, 13, 14, 15, 16].contains(type)
            isError = [3, 4, 5, 11, 12].contains(type)
        }
        if isQuery {
            guard code == 0 else { return nil }
            let identifier = packet.load(UInt16.self, at: layers.transport &+ 4)
            tracked.key.setPorts(UInt32(identifier) &<< 16 | UInt32(type) &<< 8)
            return tracked
        }
        // The packet within was sent by whom the error is for.
        guard isError, let inner = InnerPacket(within: self), let key = inner.key,
            key.source == outer.addresses.destination
        else { return nil }
        tracked.isRelated = true
        tracked.key = key.reversed
        return tracked
    }
}
