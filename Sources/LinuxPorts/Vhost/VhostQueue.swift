import CLinux
import Datapath

/// A virtqueue with what the peer has said of it.
///
/// *Thread safety*: none; ``VhostDevice`` has a lock for each.
struct VhostQueue: ~Copyable, @unchecked Sendable {
    /// How many times nothing was there before the kick is read again: a driver that tells of
    /// packets that do not exist shall not keep the thread awake for long.
    private static let quietLimit = 64

    private(set) var ring: VhostRing?
    var size: UInt32 = 0
    var addresses: (descriptors: UInt64, available: UInt64, used: UInt64)?
    private(set) var base: UInt16 = 0
    var isEnabled = false
    /// Octets of the header in front of each frame.
    var headerByteCount = 12
    /// Whether a frame may lie in several chains (`VIRTIO_NET_F_MRG_RXBUF`).
    var isMerged = false
    private(set) var hasKick = false
    private var kick: Int32 = -1
    private var call: Int32 = -1
    private var quietCount = 0
    /// Becomes readable with the kick; -1 for a queue that nobody waits for.
    let epoll: Int32

    init(isWaitedFor: Bool) {
        epoll = isWaitedFor ? epoll_create1(Int32(EPOLL_CLOEXEC)) : -1
    }

    deinit {
        for descriptor in [kick, call, epoll] where descriptor >= 0 { close(descriptor) }
    }

    var isActive: Bool { isEnabled && ring != nil }

    // MARK: What the peer says

    /// Takes over the descriptor by which the driver tells of chains; -1 for none.
    mutating func setKick(_ descriptor: Int32) {
        if kick >= 0 {
            if epoll >= 0 { _ = clinux_epoll_control(epoll, EPOLL_CTL_DEL, kick, 0, 0) }
            close(kick)
        }
        kick = descriptor
        hasKick = true
        guard descriptor >= 0, epoll >= 0 else { return }
        _ = clinux_set_nonblocking(descriptor)
        _ = clinux_epoll_control(epoll, EPOLL_CTL_ADD, descriptor, EPOLLIN.rawValue, 0)
    }

    /// Takes over the descriptor by which the driver is told; -1 for none.
    mutating func setCall(_ descriptor: Int32) {
        if call >= 0 { close(call) }
        call = descriptor
        if descriptor >= 0 { _ = clinux_set_nonblocking(descriptor) }
    }

    /// Has the ring be where its addresses say, if all is known.
    ///
    /// - Returns: false if they are not in the guest's memory.
    mutating func start(_ memory: VhostMemory?) -> Bool {
        guard hasKick, let memory, let addresses, size > 0 else { return true }
        ring = VhostRing(
            memory, size: size, addresses: addresses, base: ring?.nextAvailable ?? base)
        quietCount = 0
        return ring != nil
    }

    mutating func setBase(_ base: UInt16) {
        self.base = base
        ring = nil
    }

    /// Stops the ring.
    ///
    /// - Returns: the chain that it would have taken next.
    mutating func stop() -> UInt16 {
        base = ring?.nextAvailable ?? base
        ring = nil
        setKick(-1)
        setCall(-1)
        hasKick = false
        return base
    }

    // MARK: Packets

    private mutating func tellDriver() {
        guard ring?.publish() == true, call >= 0 else { return }
        var one: UInt64 = 1
        _ = write(call, &one, 8)
    }

    /// Whether chains wait; where none do, the driver is to tell of the next.
    mutating func findWaiting() -> Int {
        guard isEnabled, let ring else {
            clearKick()
            return 0
        }
        var waiting = ring.waiting
        if waiting == 0 && quietCount & (Self.quietLimit - 1) == 0 {
            clearKick()
            ring.setNotified(true)
            waiting = ring.waiting
        }
        if waiting > 0 && quietCount > 0 { ring.setNotified(false) }
        quietCount = waiting > 0 ? 0 : quietCount &+ 1
        return waiting
    }

    private func clearKick() {
        var count: UInt64 = 0
        if kick >= 0 { _ = read(kick, &count, 8) }
    }

    /// Copies what the driver sends into packets.
    ///
    /// - Returns: whether there may be more.
    mutating func receive(
        into batch: PacketBatch, from pool: PacketPool, _ counters: inout PortCounters
    ) -> Bool {
        let waiting = findWaiting()
        let count = min(waiting, batch.room)
        guard count > 0 else { return false }
        for distance in 0..<count {
            guard let head = ring?.head(distance) else { break }
            let packet = pool.allocate()
            if fill(packet, head, &counters) {
                batch.append(packet)
            } else {
                counters.receiveErrors &+= 1
                pool.release(packet)
            }
            ring?.giveBack(head, written: 0)
        }
        ring?.take(count)
        tellDriver()
        return waiting > count
    }

    /// - Returns: whether the chain holds a sound packet.
    @inline(__always)
    private func fill(
        _ packet: PacketBuffer, _ head: UInt16, _ counters: inout PortCounters
    ) -> Bool {
        guard let ring else { return false }
        // The header comes to lie in the headroom, so that the frame begins where it should.
        var place = packet.start - headerByteCount
        var room = packet.tailroom + headerByteCount
        var isTooLong = false
        let isSound = ring.forEachPiece(head, isWritable: false) { piece in
            guard piece.byteCount <= room else {
                isTooLong = true
                return false
            }
            place.copyMemory(from: piece.place, byteCount: piece.byteCount)
            place += piece.byteCount
            room &-= piece.byteCount
            return true
        }
        let byteCount = place - packet.start
        guard isSound, !isTooLong, byteCount >= 14,
            var offload = VirtioHeader.read(packet.start - headerByteCount),
            offload.segmentation == .none || offload.flags.contains(.needsChecksum),
            VirtioHeader.trim(&offload, frame: packet.start, byteCount: byteCount)
        else { return false }
        packet.byteCount = byteCount
        // Nobody vouches for a checksum that a guest says is right.
        offload.flags.remove(.checksumIsValid)
        packet.offload = offload
        counters.receivedPackets &+= 1
        counters.receivedOctets &+= UInt64(truncatingIfNeeded: byteCount)
        return true
    }

    /// Copies packets into chains of the driver's, and drops those that find no room.
    mutating func transmit(
        _ packets: UnsafeBufferPointer<PacketBuffer>, _ counters: inout PortCounters
    ) {
        guard isEnabled, ring != nil else {
            counters.sendDrops &+= UInt64(packets.count)
            return
        }
        for packet in packets {
            if send(packet) {
                counters.sentPackets &+= 1
                counters.sentOctets &+= UInt64(truncatingIfNeeded: packet.byteCount)
            } else {
                counters.sendDrops &+= 1
            }
        }
        tellDriver()
    }

    /// - Returns: whether the packet has found room.
    @inline(__always)
    private mutating func send(_ packet: PacketBuffer) -> Bool {
        guard let ring else { return false }
        let waiting = ring.waiting
        var header: (UInt64, UInt64) = (0, 0)
        return withUnsafeMutableBytes(of: &header) { octets in
            guard let start = octets.baseAddress else { return false }
            VirtioHeader.write(packet.offload, frameByteCount: packet.byteCount, to: start)
            var writer = ChainWriter(packet, start, headerByteCount)
            var used = 0
            while !writer.isDone {
                guard used < waiting, used == 0 || isMerged,
                    writer.write(ring, ring.head(used), at: used)
                else { break }
                used += 1
            }
            // A chain that cannot be written is given back empty: it would stop the queue.
            guard writer.isDone else {
                if writer.isBroken || (used > 0 && !isMerged) { skip(1) }
                return false
            }
            if isMerged || headerByteCount == 12 { writer.setChainCount(UInt16(used)) }
            for index in 0..<used {
                self.ring?.giveBack(ring.head(index), written: writer.written(index))
            }
            self.ring?.take(used)
            return true
        }
    }

    /// Gives chains back without anything in them.
    private mutating func skip(_ count: Int) {
        for distance in 0..<count {
            if let head = ring?.head(distance) { ring?.giveBack(head, written: 0) }
        }
        ring?.take(count)
    }
}

/// Writes a header and a frame into one chain after the other.
private struct ChainWriter {
    /// 64 KiB in chains of the shortest frames.
    private static let maximumChains = 64

    private let packet: PacketBuffer
    private let header: UnsafeMutableRawPointer
    private let headerByteCount: Int
    /// Octets of header and frame that are written.
    private var done = 0
    private var lengths = InlineArray<64, Int32>(repeating: 0)
    /// Where the number of chains goes, which is known at the end.
    private var chainCount: (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) = (nil, nil)
    private(set) var isBroken = false

    init(_ packet: PacketBuffer, _ header: UnsafeMutableRawPointer, _ headerByteCount: Int) {
        self.packet = packet
        self.header = header
        self.headerByteCount = headerByteCount
    }

    var isDone: Bool { done == headerByteCount + packet.byteCount }

    func written(_ chain: Int) -> Int { Int(lengths[chain]) }

    /// - Returns: whether the chain is sound and took something.
    mutating func write(_ ring: VhostRing, _ head: UInt16, at chain: Int) -> Bool {
        guard chain < Self.maximumChains else { return false }
        let before = done
        var this = self
        let isSound = ring.forEachPiece(head, isWritable: true) { piece in
            this.fill(piece)
            return !this.isDone
        }
        self = this
        lengths[chain] = Int32(truncatingIfNeeded: done - before)
        isBroken = !isSound || done == before
        return !isBroken
    }

    private mutating func fill(_ piece: VhostRing.Piece) {
        var (place, room) = (piece.place, piece.byteCount)
        while done < headerByteCount && room > 0 {
            place.storeBytes(
                of: header.load(fromByteOffset: done, as: UInt8.self), as: UInt8.self)
            if done == 10 { chainCount.0 = place }
            if done == 11 { chainCount.1 = place }
            place += 1
            room -= 1
            done += 1
        }
        let start = done - headerByteCount
        let count = min(room, packet.byteCount - start)
        guard count > 0, done >= headerByteCount else { return }
        place.copyMemory(from: packet.start + start, byteCount: count)
        done += count
    }

    /// Says in the header how many chains there are.
    func setChainCount(_ count: UInt16) {
        chainCount.0?.storeBytes(of: UInt8(count & 0xff), as: UInt8.self)
        chainCount.1?.storeBytes(of: UInt8(count >> 8), as: UInt8.self)
    }
}
