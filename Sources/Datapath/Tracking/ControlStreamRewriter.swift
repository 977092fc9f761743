import Bytes
import ConnectionTracking
import FlowModel

/// Changes what the segments of a control connection say, and their sequence numbers.
///
/// The packet may be held by nobody else.
enum ControlStreamRewriter {
    static func rewrite(
        _ packet: PacketBuffer, _ verdict: borrowing TrackingVerdict, _ edit: PayloadEdit?
    ) {
        let layers = FrameLayers(packet)
        guard layers.ipProtocol == IPProtocol.tcp, layers.transport > 0 else { return }
        var delta = ChecksumDelta()
        add(verdict.sequenceDelta, to: packet, at: layers.transport &+ 4, &delta)
        add(verdict.acknowledgementDelta, to: packet, at: layers.transport &+ 8, &delta)
        if verdict.acknowledged.isOn {
            moveBlocks(of: packet, layers, verdict.acknowledged, &delta)
        }
        if !delta.isZero { delta.apply(toPayloadOf: layers, of: packet) }
        // A super-packet's segments are the device's; nobody speaks FTP in them.
        guard let edit, packet.offload.segmentation == .none else { return }
        replace(packet, layers, edit)
    }

    /// Moves the edges of the blocks that a segment acknowledges by selection (RFC 2018 §3).
    private static func moveBlocks(
        of packet: PacketBuffer, _ layers: FrameLayers, _ skew: SequenceSkew,
        _ delta: inout ChecksumDelta
    ) {
        let header = Int(packet.octet(at: layers.transport &+ 12) &>> 4) &* 4
        let end = min(layers.transport &+ header, layers.end)
        var place = layers.transport &+ 20
        while place < end {
            let kind = packet.octet(at: place)
            if kind == endOfOptions { return }
            if kind == noOperation {
                place &+= 1
                continue
            }
            guard place &+ 1 < end else { return }
            let byteCount = Int(packet.octet(at: place &+ 1))
            guard byteCount >= 2, place &+ byteCount <= end else { return }
            if kind == selectiveAcknowledgement {
                for edge in stride(from: place &+ 2, through: place &+ byteCount &- 4, by: 4) {
                    move(edge, of: packet, skew, isOdd: (edge &- layers.transport) & 1 != 0, &delta)
                }
            }
            place &+= byteCount
        }
    }

    private static var endOfOptions: UInt8 { 0 }
    private static var noOperation: UInt8 { 1 }
    private static var selectiveAcknowledgement: UInt8 { 5 }

    private static func move(
        _ edge: Int, of packet: PacketBuffer, _ skew: SequenceSkew, isOdd: Bool,
        _ delta: inout ChecksumDelta
    ) {
        let old = packet.load(UInt32.self, at: edge)
        let new = old &+ UInt32(bitPattern: skew.delta(forAcknowledgement: old))
        packet.store(new, at: edge)
        // At an odd place the octets change sides in the words of the sum.
        if isOdd {
            delta.replace(old &<< 8 | old &>> 24, by: new &<< 8 | new &>> 24)
        } else {
            delta.replace(old, by: new)
        }
    }

    private static func add(
        _ value: Int32, to packet: PacketBuffer, at place: Int, _ delta: inout ChecksumDelta
    ) {
        guard value != 0 else { return }
        let old = packet.load(UInt32.self, at: place)
        let new = old &+ UInt32(bitPattern: value)
        packet.store(new, at: place)
        delta.replace(old, by: new)
    }

    /// Puts other octets in the place of some, and completes all lengths and checksums.
    private static func replace(_ packet: PacketBuffer, _ layers: FrameLayers, _ edit: PayloadEdit)
    {
        let header = Int(packet.octet(at: layers.transport &+ 12) &>> 4) &* 4
        let payload = layers.transport &+ header
        let start = payload &+ edit.range.lowerBound
        let tail = payload &+ edit.range.upperBound
        let change = edit.octets.count &- edit.range.count
        guard tail <= layers.end else { return }
        // Padding behind the IP packet is not needed any more.
        packet.byteCount = layers.end
        guard change <= packet.tailroom else { return }
        let target = packet.start + (tail &+ change)
        target.copyMemory(from: packet.start + tail, byteCount: layers.end &- tail)
        edit.octets.withUnsafeBytes { octets in
            if let base = octets.baseAddress {
                (packet.start + start).copyMemory(from: base, byteCount: octets.count)
            }
        }
        packet.byteCount = layers.end &+ change
        setLength(packet, layers, change)
        complete(packet, layers.transport..<packet.byteCount, layers)
    }

    private static func setLength(_ packet: PacketBuffer, _ layers: FrameLayers, _ change: Int) {
        let isIPv6 = layers.etherType == EtherType.ipv6
        let place = layers.network &+ (isIPv6 ? 4 : 2)
        let old = packet.load(UInt16.self, at: place)
        let new = UInt16(truncatingIfNeeded: Int(old) &+ change)
        packet.store(new, at: place)
        guard !isIPv6 else { return }
        var delta = ChecksumDelta()
        delta.replace(old, by: new)
        delta.apply(toChecksumAt: layers.network &+ 10, of: packet)
    }

    /// Computes the checksum of the segment anew, which is then nobody else's to complete.
    private static func complete(
        _ packet: PacketBuffer, _ range: Range<Int>, _ layers: FrameLayers
    ) {
        packet.offload = PacketOffload()
        let isIPv6 = layers.etherType == EtherType.ipv6
        let addresses = layers.network &+ (isIPv6 ? 8 : 12)
        packet.store(0 as UInt16, at: layers.transport &+ 16)
        var sum = InternetChecksum()
        sum.add(packet, addresses..<addresses &+ (isIPv6 ? 32 : 8))
        sum.add(UInt16(IPProtocol.tcp))
        sum.add(UInt32(truncatingIfNeeded: range.count))
        sum.add(packet, range)
        packet.store(sum.value, at: layers.transport &+ 16)
    }
}
