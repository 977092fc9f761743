import CLinux

/// An AF_XDP socket on one queue of a device, with memory of its own and its four rings.
final class XDPSocket {
    /// Octets of a chunk, which holds one packet: a page, as the kernel wants it.
    static let chunkByteCount = 4096
    /// One chunk for each place of the fill ring, and one for each of the ring to send.
    private static let chunkCount = Int(XDPRing.capacity) * 2
    private static let byteCount = chunkCount * chunkByteCount

    let descriptor: Int32
    let memory: UnsafeMutableRawPointer
    let received: XDPRing
    let sent: XDPRing
    let fill: XDPRing
    let completed: XDPRing
    /// Chunks that no packet to send lies in.
    private let free: UnsafeMutablePointer<UInt64>
    private(set) var freeCount = 0

    init(name: String, index: Int32, queue: UInt32, mode: XDPMode) throws(SystemError) {
        let descriptor = clinux_xdp_socket()
        guard descriptor >= 0 else { throw .last("socket(AF_XDP)", name) }
        guard let memory = clinux_xdp_memory(Self.byteCount) else {
            let error = SystemError.last("mmap", name)
            close(descriptor)
            throw error
        }
        var rings: [XDPRing] = []
        do throws(SystemError) {
            rings = try Self.makeRings(descriptor, memory, name)
            if clinux_xdp_bind(descriptor, index, queue, mode.socketFlags) != 0 {
                throw .last("bind(AF_XDP)", name)
            }
        } catch {
            for ring in rings { ring.deallocate() }
            close(descriptor)
            munmap(memory, Self.byteCount)
            throw error
        }
        (received, sent, fill, completed) = (rings[0], rings[1], rings[2], rings[3])
        (self.descriptor, self.memory) = (descriptor, memory)
        free = .allocate(capacity: Int(XDPRing.capacity))
        for chunk in 0..<Int(XDPRing.capacity) {
            fill.setAddress(UInt64(chunk * Self.chunkByteCount), at: fill.writing(chunk))
            giveBack(UInt64((Int(XDPRing.capacity) + chunk) * Self.chunkByteCount))
        }
        fill.submit(Int(XDPRing.capacity))
    }

    deinit {
        for ring in [received, sent, fill, completed] { ring.deallocate() }
        close(descriptor)
        munmap(memory, Self.byteCount)
        free.deallocate()
    }

    private static func makeRings(
        _ descriptor: Int32, _ memory: UnsafeMutableRawPointer, _ name: String
    ) throws(SystemError) -> [XDPRing] {
        if clinux_xdp_register(descriptor, memory, UInt64(byteCount), UInt32(chunkByteCount)) != 0 {
            throw .last("setsockopt(XDP_UMEM_REG)", name)
        }
        for option in [XDP_RX_RING, XDP_TX_RING, XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING]
        where clinux_set_option(descriptor, SOL_XDP, option, Int32(XDPRing.capacity)) != 0 {
            throw .last("setsockopt(SOL_XDP)", name)
        }
        var offsets = xdp_mmap_offsets()
        if clinux_xdp_offsets(descriptor, &offsets) != 0 {
            throw .last("getsockopt(XDP_MMAP_OFFSETS)", name)
        }
        // The offsets that choose a ring: XDP_PGOFF_RX_RING and its like (linux/if_xdp.h).
        let wanted: [(UInt64, xdp_ring_offset, Int)] = [
            (0, offsets.rx, XDPRing.descriptorByteCount),
            (0x8000_0000, offsets.tx, XDPRing.descriptorByteCount),
            (0x1_0000_0000, offsets.fr, 8), (0x1_8000_0000, offsets.cr, 8),
        ]
        var rings: [XDPRing] = []
        for (offset, places, entryByteCount) in wanted {
            do throws(SystemError) {
                rings.append(
                    try XDPRing(
                        socket: descriptor, offset: offset, places,
                        entryByteCount: entryByteCount, name))
            } catch {
                for ring in rings { ring.deallocate() }
                throw error
            }
        }
        return rings
    }

    /// A chunk to write a packet to send into, if one is free.
    func takeChunk() -> UInt64? {
        guard freeCount > 0 else { return nil }
        freeCount -= 1
        return free[freeCount]
    }

    func giveBack(_ chunk: UInt64) {
        free[freeCount] = chunk
        freeCount += 1
    }

    /// Takes back the chunks whose packets were sent.
    func reap() {
        let count = completed.available
        guard count > 0 else { return }
        for index in 0..<count {
            let address = completed.address(at: completed.reading(index))
            giveBack(address & ~UInt64(Self.chunkByteCount - 1))
        }
        completed.release(count)
    }

    /// Packets that the kernel dropped for want of room.
    var dropCount: UInt64 {
        var statistics = xdp_statistics()
        guard clinux_xdp_statistics(descriptor, &statistics) == 0 else { return 0 }
        return statistics.rx_dropped &+ statistics.rx_ring_full
    }
}
