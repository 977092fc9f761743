import Bytes
import ConnectionTracking
import FlowModel

/// Gives packets the addresses and ports that their connection is translated to.
///
/// The packet may be held by nobody else.
enum TupleRewriter {
    static func rewrite(
        _ packet: PacketBuffer, _ layers: FrameLayers, _ verdict: borrowing TrackingVerdict
    ) {
        guard verdict.isRelated else {
            setAddresses(
                packet, layers, verdict.target, (source: true, destination: true))
            if verdict.target.hasPorts { setPorts(packet, layers, verdict.target.ports) }
            return
        }
        setAddresses(
            packet, layers, verdict.target,
            (source: verdict.translatesSource, destination: verdict.translatesDestination))
        rewriteInner(packet, layers, verdict.target.reversed)
    }

    /// Gives a fragment the addresses of the packet that it is a part of.
    static func copyAddresses(
        from whole: PacketBuffer, at place: Int, to fragment: PacketBuffer, _ network: Int
    ) {
        let isIPv6 = fragment.octet(at: network) &>> 4 == 6
        var delta = ChecksumDelta()
        for offset in stride(from: isIPv6 ? 8 : 12, to: isIPv6 ? 40 : 20, by: 4) {
            let word = whole.load(UInt32.self, at: place &+ offset)
            set32(fragment, at: network &+ offset, UInt64(word), &delta)
        }
        if !isIPv6, !delta.isZero { delta.apply(toChecksumAt: network &+ 10, of: fragment) }
    }

    // MARK: The packet

    private static func setAddresses(
        _ packet: PacketBuffer, _ layers: FrameLayers, _ target: ConnectionKey,
        _ which: (source: Bool, destination: Bool)
    ) {
        var delta = ChecksumDelta()
        if target.isIPv6 {
            if which.source {
                set128(packet, at: layers.network &+ 8, target.source, &delta)
            }
            if which.destination {
                var change = ChecksumDelta()
                set128(packet, at: layers.network &+ 24, target.destination, &change)
                if !layers.isSourceRouted { delta.add(change) }
            }
        } else {
            if which.source {
                set32(packet, at: layers.network &+ 12, target.sourceLow, &delta)
            }
            if which.destination {
                set32(packet, at: layers.network &+ 16, target.destinationLow, &delta)
            }
            if !delta.isZero { delta.apply(toChecksumAt: layers.network &+ 10, of: packet) }
        }
        if !delta.isZero { delta.apply(toTransportOf: layers, of: packet) }
    }

    private static func setPorts(_ packet: PacketBuffer, _ layers: FrameLayers, _ ports: UInt32) {
        let old = packet.load(UInt32.self, at: layers.transport)
        guard old != ports else { return }
        if layers.ipProtocol == IPProtocol.sctp {
            SCTPChecksum.keepValid(packet, layers.transport..<layers.end) {
                packet.store(ports, at: layers.transport)
            }
            return
        }
        packet.store(ports, at: layers.transport)
        var delta = ChecksumDelta()
        delta.replace(old, by: ports)
        delta.apply(toPayloadOf: layers, of: packet)
    }

    // MARK: The packet within

    private static func rewriteInner(
        _ packet: PacketBuffer, _ layers: FrameLayers, _ target: ConnectionKey
    ) {
        guard let inner = InnerPacket(within: TrackedPacketReader(packet)) else { return }
        var addresses = ChecksumDelta()
        if target.isIPv6 {
            set128(packet, at: inner.network &+ 8, target.source, &addresses)
            set128(packet, at: inner.network &+ 24, target.destination, &addresses)
        } else {
            set32(packet, at: inner.network &+ 12, target.sourceLow, &addresses)
            set32(packet, at: inner.network &+ 16, target.destinationLow, &addresses)
            if !addresses.isZero { addresses.apply(toChecksumAt: inner.network &+ 10, of: packet) }
        }
        var all = addresses
        if target.hasPorts {
            let old = packet.load(UInt32.self, at: inner.transport)
            packet.store(target.ports, at: inner.transport)
            all.replace(old, by: target.ports)
        }
        updateInnerChecksum(inner, all)
        completeChecksum(packet, layers)
    }

    /// Keeps the checksum of the transport header within, if it is quoted.
    private static func updateInnerChecksum(_ inner: InnerPacket, _ delta: ChecksumDelta) {
        let place: Int
        switch inner.ipProtocol {
        case IPProtocol.tcp: place = inner.transport &+ 16
        case IPProtocol.udp:
            place = inner.transport &+ 6
            guard inner.packet.load(UInt16.self, at: place) != 0 else { return }
        case IPProtocol.icmpv6: place = inner.transport &+ 2
        default: return
        }
        guard place &+ 2 <= inner.end, !delta.isZero else { return }
        delta.apply(toChecksumAt: place, of: inner.packet)
    }

    /// Computes the checksum of the ICMP message anew.
    private static func completeChecksum(_ packet: PacketBuffer, _ layers: FrameLayers) {
        let place = layers.transport &+ 2
        if packet.hasPartialChecksum(at: place) { return }
        packet.store(0 as UInt16, at: place)
        var sum = InternetChecksum()
        if layers.ipProtocol == IPProtocol.icmpv6 {
            sum.add(packet, layers.network &+ 8..<layers.network &+ 40)
            sum.add(UInt16(layers.ipProtocol))
            sum.add(UInt32(truncatingIfNeeded: layers.end &- layers.transport))
        }
        sum.add(packet, layers.transport..<layers.end)
        packet.store(sum.value, at: place)
    }

    // MARK: Words

    private static func set32(
        _ packet: PacketBuffer, at place: Int, _ value: UInt64, _ delta: inout ChecksumDelta
    ) {
        let old = packet.load(UInt32.self, at: place)
        let new = UInt32(truncatingIfNeeded: value)
        guard old != new else { return }
        packet.store(new, at: place)
        delta.replace(old, by: new)
    }

    private static func set128(
        _ packet: PacketBuffer, at place: Int, _ value: UInt128, _ delta: inout ChecksumDelta
    ) {
        for part in 0..<4 {
            let word = UInt64(truncatingIfNeeded: value >> UInt128(96 - 32 * part))
            set32(packet, at: place &+ 4 &* part, word & 0xffff_ffff, &delta)
        }
    }
}
