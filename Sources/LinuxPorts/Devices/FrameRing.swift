import CLinux
import Datapath

/// Reads frames from a packet socket's receive ring (TPACKET_V2), without a system call.
///
/// The obvious ring has slots for the largest super-packet: 128 KiB each, and so 32 MiB for a short
/// queue. A slot here holds a frame of an ordinary link, and the kernel is told to keep what does
/// not fit in the socket's queue as well (`PACKET_COPY_THRESH`): the slot then tells only the
/// frame's turn, and the frame is fetched by the call that a socket without a ring needs for each.
/// For super-packets the call does not show; small frames cost none.
///
/// A slot is given back as soon as its frame is copied into a buffer of the pool. Lending the slot
/// to the datapath instead would save a copy of some ten nanoseconds, and let one packet that is
/// held for long stop the ring.
///
///     block 0                                    block 1
///     +--------+--------+-----     -----+------+ +--------+---
///     | slot 0 | slot 1 |      . . .    | rest | | slot n |
///     +--------+--------+-----     -----+------+ +--------+---
///
/// A slot's content:
///
///     0        4     8         12     14          24       26         32
///     +--------+-----+---------+------+-----------+--------+----------+-----+--------+-------+
///     | status | len | snaplen | mac  | net, time |VLAN TCI| VLAN TPID|     | virtio | frame |
///     +--------+-----+---------+------+-----------+--------+----------+-----+--------+-------+
///                                                                                    ^ mac
struct FrameRing: ~Copyable {
    /// A frame of 1,514 octets with two tags and the kernel's words in front, with room to spare.
    ///
    /// Not a power of two: then the heads of all slots would share a few sets of the cache.
    static let slotByteCount = 2048 + 64
    static let blockByteCount = 1 << 16
    /// 2 MiB, in which a millisecond's burst of a million packets a second finds room.
    static let blockCount = 32
    static let slotsPerBlock = blockByteCount / slotByteCount
    static let slotCount = slotsPerBlock * blockCount
    static let byteCount = blockByteCount * blockCount

    private enum Status {
        static let user = UInt32(TP_STATUS_USER)
        static let copy = UInt32(TP_STATUS_COPY)
    }

    /// A slot's place.
    private struct Cursor {
        var block = 0
        var place = 0

        @inline(__always)
        var offset: Int { block &* FrameRing.blockByteCount &+ place &* FrameRing.slotByteCount }

        @inline(__always)
        mutating func advance() {
            place &+= 1
            guard place == FrameRing.slotsPerBlock else { return }
            place = 0
            block = block &+ 1 == FrameRing.blockCount ? 0 : block &+ 1
        }
    }

    private let socket: PacketSocket
    private let memory: UnsafeMutableRawPointer
    private var next = Cursor()

    /// - Precondition: the socket has a ring that nobody has read from.
    init(_ socket: PacketSocket) {
        guard let memory = socket.ring else { preconditionFailure("the socket has no ring") }
        self.socket = socket
        self.memory = memory
    }

    @inline(__always)
    private func status(_ slot: UnsafeMutableRawPointer) -> UInt32 {
        clinux_load_acquire(slot.assumingMemoryBound(to: UInt32.self))
    }

    /// Gives the next slot back to the kernel and goes on to the one behind it.
    @inline(__always)
    private mutating func release() {
        let slot = memory + next.offset
        clinux_store_release(slot.assumingMemoryBound(to: UInt32.self), UInt32(TP_STATUS_KERNEL))
        next.advance()
    }

    /// Takes at most as many frames as `batch` has room for.
    ///
    /// - Parameter receiver: fetches the frames that do not fit in a slot.
    mutating func receive(
        _ reception: inout Reception,
        into batch: PacketBatch,
        pool: PacketPool,
        counters: inout PortCounters,
        large receiver: inout FrameReceiver
    ) {
        let before = batch.count
        var octets = 0
        while batch.room > 0 {
            let slot = memory + next.offset
            let status = status(slot)
            guard status & Status.user != 0 else { break }
            if status & Status.copy != 0 {
                reception.code = fetch(into: batch, pool, &counters, &receiver)
                guard reception.code == 0 else { return }
                continue
            }
            let packet = pool.allocate()
            if Self.copy(slot, status, into: packet, &counters) {
                octets &+= packet.byteCount
                batch.append(packet)
            } else {
                pool.release(packet)
            }
            release()
        }
        counters.receivedOctets &+= UInt64(truncatingIfNeeded: octets)
        reception.frameCount = batch.count - before
        reception.isFull = batch.room == 0
        if reception.frameCount == 0 && !reception.isFull {
            let code = clinux_socket_error(socket.descriptor)
            reception.code = code == 0 ? EAGAIN : code
        }
    }

    /// Makes the octets in a slot a packet.
    ///
    /// - Returns: whether they are one.
    @inline(__always)
    private static func copy(
        _ slot: UnsafeMutableRawPointer, _ status: UInt32, into packet: PacketBuffer,
        _ counters: inout PortCounters
    ) -> Bool {
        let byteCount = Int(slot.load(fromByteOffset: 4, as: UInt32.self))
        let frame = slot + Int(slot.load(fromByteOffset: 12, as: UInt16.self))
        guard byteCount == Int(slot.load(fromByteOffset: 8, as: UInt32.self)) else {
            // Neither did the slot suffice nor had the socket's queue room.
            counters.receiveDrops &+= 1
            return false
        }
        guard byteCount >= 14, var offload = VirtioHeader.read(frame - VirtioHeader.byteCount),
            VirtioHeader.trim(&offload, frame: frame, byteCount: byteCount)
        else {
            counters.receiveErrors &+= 1
            return false
        }
        packet.start.copyMemory(from: frame, byteCount: byteCount)
        packet.byteCount = byteCount
        packet.offload = offload
        VLANAuxiliary.restore(
            status,
            control: slot.load(fromByteOffset: 24, as: UInt16.self),
            ethernetType: slot.load(fromByteOffset: 26, as: UInt16.self),
            packet
        )
        counters.receivedPackets &+= 1
        return true
    }

    /// Fetches the frames whose slots tell their turn only: those from the next slot on.
    ///
    /// - Returns: the socket's own failure, which no frame caused, or 0.
    private mutating func fetch(
        into batch: PacketBatch, _ pool: PacketPool, _ counters: inout PortCounters,
        _ receiver: inout FrameReceiver
    ) -> Int32 {
        let wanted = Status.user | Status.copy
        var ahead = next
        var count = 0
        while count < batch.room, status(memory + ahead.offset) & wanted == wanted {
            ahead.advance()
            count += 1
        }
        let reception = receiver.receive(
            from: socket.descriptor, upTo: count, into: batch, pool: pool, counters: &counters)
        for _ in 0..<reception.frameCount { release() }
        switch reception.code {
        case 0:
            return 0
        case ENETDOWN, ENXIO, ENODEV:
            return reception.code
        default:
            // The frame whose turn it is could not be told, and is gone.
            counters.receiveErrors += 1
            release()
            return 0
        }
    }
}
