import Bytes

/// Finishes what a packet's sender left undone and its port cannot do: completes checksums, and
/// cuts super-packets into frames.
///
/// Cutting copies each octet once and sums it once. The frames' checksums are left partial for a
/// port that completes them.
public enum SoftwareOffload {
    /// The longest walk over extension headers of IPv6; each super-packet that a kernel makes has
    /// fewer.
    static let maxExtensionHeaders = 8

    /// Whether a port with `offloads` can take `packet` as it is.
    @inlinable @inline(__always)
    public static func isNeeded(for packet: PacketBuffer, by offloads: PortOffloads) -> Bool {
        let offload = packet.offload
        if offload.isComplete { return false }
        switch offload.segmentation {
        case .none: return !offloads.contains(.checksum)
        case .tcp4, .tcp6: return !offloads.contains(.tcpSegmentation)
        case .udp, .udpFragment: return !offloads.contains(.udpSegmentation)
        }
    }

    /// Appends to `list` what a port with `offloads` can take in the place of `packet`: the packet
    /// itself, or frames cut from it.
    ///
    /// The hold on `packet` goes over to the list or is given back.
    ///
    /// - Returns: whether the packet is what its offload state says; if not, it is dropped.
    @discardableResult
    public static func finish(
        _ packet: PacketBuffer,
        for offloads: PortOffloads,
        pool: PacketPool,
        into list: inout PacketList
    ) -> Bool {
        guard isNeeded(for: packet, by: offloads) else {
            list.append(packet)
            return true
        }
        guard packet.offload.segmentation == .none else {
            defer { pool.release(packet) }
            guard let layout = SuperPacket(packet) else { return false }
            layout.cut(leavingChecksums: offloads.contains(.checksum), pool: pool, into: &list)
            return true
        }
        guard fitsChecksum(packet) else {
            pool.release(packet)
            return false
        }
        let own = pool.makeUnique(packet)
        completeChecksum(of: own)
        list.append(own)
        return true
    }

    private static func fitsChecksum(_ packet: PacketBuffer) -> Bool {
        let field = Int(packet.offload.checksumStart) + Int(packet.offload.checksumOffset)
        return field + 2 <= packet.byteCount
    }

    /// Completes the partial checksum of a packet that nobody else holds.
    ///
    /// - Returns: whether the packet reaches as far as its checksum's place.
    @discardableResult
    public static func completeChecksum(of packet: PacketBuffer) -> Bool {
        guard packet.offload.flags.contains(.needsChecksum) else { return true }
        guard fitsChecksum(packet) else { return false }
        let start = Int(packet.offload.checksumStart)
        let offset = Int(packet.offload.checksumOffset)
        var checksum = InternetChecksum()
        checksum.add(packet, start..<packet.byteCount)
        // The offset tells UDP, whose zero says that there is no checksum (RFC 768).
        let value = checksum.value == 0 && offset == 6 ? 0xffff : checksum.value
        packet.store(value, at: start + offset)
        var offload = packet.offload
        offload.flags.remove(.needsChecksum)
        offload.checksumStart = 0
        offload.checksumOffset = 0
        packet.offload = offload
        return true
    }
}

/// Where the headers of a super-packet lie.
struct SuperPacket {
    let packet: PacketBuffer
    /// Where the IP header starts.
    let network: Int
    /// Where the TCP or UDP header starts.
    let transport: Int
    /// Where the payload starts.
    let payload: Int
    /// Where the IP packet ends.
    let end: Int
    let isIPv4: Bool
    let isTCP: Bool

    /// Finds the headers, or nothing if the packet is not what its offload state says.
    init?(_ packet: PacketBuffer) {
        self.packet = packet
        let segmentation = packet.offload.segmentation
        guard segmentation != .udpFragment, segmentation != .none,
            packet.offload.segmentByteCount > 0
        else { return nil }
        isTCP = segmentation != .udp
        guard let (place, type) = Self.findNetwork(packet) else { return nil }
        network = place
        let octets = packet.byteCount - place
        var length: Int
        switch type {
        case 0x0800:
            isIPv4 = true
            guard octets >= 20, segmentation != .tcp6 else { return nil }
            let words = Int(packet.octet(at: place) & 0xf)
            guard packet.octet(at: place) >> 4 == 4, words >= 5 else { return nil }
            transport = place + words * 4
            length = Int(packet.load(UInt16.self, at: place + 2))
            guard packet.octet(at: place + 9) == (isTCP ? 6 : 17) else { return nil }
        case 0x86dd:
            isIPv4 = false
            guard octets >= 40, segmentation != .tcp4 else { return nil }
            guard packet.octet(at: place) >> 4 == 6 else { return nil }
            length = Int(packet.load(UInt16.self, at: place + 4))
            // Zero is the length of a jumbogram, or of a packet beyond 64 KiB.
            if length > 0 { length += 40 }
            guard let found = Self.findTransport(packet, place, isTCP ? 6 : 17) else { return nil }
            transport = found
        default:
            return nil
        }
        if length == 0 { length = octets }
        end = place + length
        guard end <= packet.byteCount, transport + (isTCP ? 20 : 8) <= end else { return nil }
        if isTCP {
            let words = Int(packet.octet(at: transport + 12) >> 4)
            guard words >= 5 else { return nil }
            payload = transport + words * 4
        } else {
            payload = transport + 8
        }
        guard payload <= end else { return nil }
    }

    /// The place of the IP header and the Ethernet type before it.
    private static func findNetwork(_ packet: PacketBuffer) -> (Int, UInt16)? {
        var place = 14
        guard packet.byteCount >= place else { return nil }
        var type = packet.load(UInt16.self, at: 12)
        while type == 0x8100 || type == 0x88a8 {
            guard packet.byteCount >= place + 4 else { return nil }
            type = packet.load(UInt16.self, at: place + 2)
            place += 4
        }
        return (place, type)
    }

    /// Walks the extension headers of IPv6 (RFC 8200 §4) up to the header of `wanted`.
    private static func findTransport(
        _ packet: PacketBuffer,
        _ network: Int,
        _ wanted: UInt8
    ) -> Int? {
        var next = packet.octet(at: network + 6)
        var place = network + 40
        for _ in 0..<SoftwareOffload.maxExtensionHeaders {
            if next == wanted { return place }
            // Hop-by-hop options, routing, destination options.
            guard next == 0 || next == 43 || next == 60, place + 8 <= packet.byteCount else {
                return nil
            }
            next = packet.octet(at: place)
            place += 8 + 8 * Int(packet.octet(at: place + 1))
        }
        return nil
    }

    /// Appends the frames to `list`.
    func cut(leavingChecksums: Bool, pool: PacketPool, into list: inout PacketList) {
        let size = Int(packet.offload.segmentByteCount)
        var offset = payload
        var index = 0
        repeat {
            let count = min(size, end - offset)
            let frame = pool.allocate()
            frame.inPort = packet.inPort
            frame.byteCount = payload + count
            frame.start.copyMemory(from: packet.start, byteCount: payload)
            (frame.start + payload).copyMemory(from: packet.start + offset, byteCount: count)
            setNetwork(of: frame, index: index)
            if isTCP {
                let isLast = offset + count == end
                setTCP(of: frame, skipped: offset - payload, isLast: isLast)
            } else {
                frame.store(UInt16(truncatingIfNeeded: 8 + count), at: transport + 4)
            }
            setChecksum(of: frame, leavingPartial: leavingChecksums)
            list.append(frame)
            offset += count
            index += 1
        } while offset < end
    }

    private func setNetwork(of frame: PacketBuffer, index: Int) {
        let length = UInt16(truncatingIfNeeded: frame.byteCount - network)
        guard isIPv4 else {
            frame.store(length &- 40, at: network + 4)
            return
        }
        frame.store(length, at: network + 2)
        let identification = frame.load(UInt16.self, at: network + 4)
        frame.store(identification &+ UInt16(truncatingIfNeeded: index), at: network + 4)
        frame.store(0 as UInt16, at: network + 10)
        var checksum = InternetChecksum()
        checksum.add(frame, network..<transport)
        frame.store(checksum.value, at: network + 10)
    }

    private func setTCP(of frame: PacketBuffer, skipped: Int, isLast: Bool) {
        let sequence = frame.load(UInt32.self, at: transport + 4)
        frame.store(sequence &+ UInt32(truncatingIfNeeded: skipped), at: transport + 4)
        var flags = frame.octet(at: transport + 13)
        // FIN and PSH are the last frame's, CWR is the first one's (RFC 3168 §6.1.2).
        if !isLast { flags &= ~0x09 }
        if skipped > 0 { flags &= ~0x80 }
        frame.store(flags, at: transport + 13)
    }

    private func setChecksum(of frame: PacketBuffer, leavingPartial: Bool) {
        let field = isTCP ? 16 : 6
        var pseudo = InternetChecksum()
        pseudo.add(frame, isIPv4 ? network + 12..<network + 20 : network + 8..<network + 40)
        pseudo.add(isTCP ? 6 : 17 as UInt16)
        pseudo.add(UInt32(truncatingIfNeeded: frame.byteCount - transport))
        frame.store(pseudo.folded, at: transport + field)
        var offload = PacketOffload()
        offload.flags = .needsChecksum
        offload.checksumStart = UInt16(truncatingIfNeeded: transport)
        offload.checksumOffset = UInt16(truncatingIfNeeded: field)
        frame.offload = offload
        if !leavingPartial { SoftwareOffload.completeChecksum(of: frame) }
    }
}

extension InternetChecksum {
    /// Adds the octets of `packet` in `range`.
    @inline(__always)
    mutating func add(_ packet: PacketBuffer, _ range: Range<Int>) {
        let start = packet.start + range.lowerBound
        add(UnsafeRawBufferPointer(start: start, count: range.count).bytes)
    }
}

extension PacketBuffer {
    @inline(__always)
    func octet(at offset: Int) -> UInt8 {
        start.load(fromByteOffset: offset, as: UInt8.self)
    }

    /// Reads a number in network byte order.
    @inline(__always)
    func load<Word: FixedWidthInteger & BitwiseCopyable>(_: Word.Type, at offset: Int) -> Word {
        Word(bigEndian: start.loadUnaligned(fromByteOffset: offset, as: Word.self))
    }

    /// Writes a number in network byte order.
    @inline(__always)
    func store<Word: FixedWidthInteger & BitwiseCopyable>(_ word: Word, at offset: Int) {
        start.storeBytes(of: word.bigEndian, toByteOffset: offset, as: Word.self)
    }
}
