import CLinux
public import Datapath
import Synchronization

/// A port on a network device by an AF_XDP socket: fast for small packets, and without offloads.
///
/// A packet of one's own host with a partial checksum arrives as if it were whole (the driver's
/// XDP hook knows of no offloads), and super-packets do not arrive: the host at the other end of a
/// veth pair needs `ethtool -K DEVICE tx off`. What is sent is finished in software before.
///
/// Packets are copied between the socket's memory and the pool's buffers; lending the memory to the
/// datapath would save some ten nanoseconds a packet, and let one packet that is held for long stop
/// the queue.
///
/// The first queue alone is served; a device with several is to be set to one
/// (`ethtool -L DEVICE combined 1`). Others' packets go to the host.
///
/// *Thread safety*: one thread receives, and any thread may send.
public final class XDPPort: PacketPort {
    /// How often the kernel is called to send what is in the ring before the rest is left to it.
    private static let maximumKicks = 64

    public let name: String
    public let offloads: PortOffloads = []
    public var counters: PortCounters { counted.place.pointee }
    /// The mode that was asked for or found.
    public let mode: XDPMode
    public var hasVanished: Bool { isGone.load(ordering: .relaxed) }
    public var isPolledForNothing: Bool { true }

    private let index: Int32
    private let socket: XDPSocket
    private let program: XDPProgram
    /// A packet socket that keeps the device promiscuous.
    private let membership: Int32
    private var countedDrops: UInt64 = 0
    private let counted = CounterBox()
    private let isGone = Atomic(false)
    /// Held by the thread that sends.
    private let sending = Mutex(())

    public var readinessDescriptor: Int32 { hasVanished ? -1 : socket.descriptor }

    /// Opens the device `name` of this network namespace.
    public init(name: String, mode request: XDPModeRequest) throws(SystemError) {
        guard let index = Device(name).index else {
            throw SystemError(code: ENODEV, call: "if_nametoindex", subject: name)
        }
        var opened: (XDPSocket, XDPProgram, XDPMode)?
        var failure = SystemError(code: EINVAL, call: "socket(AF_XDP)", subject: name)
        for mode in request.modes where opened == nil {
            do throws(SystemError) {
                let program = try XDPProgram(name: name, index: index, mode: mode)
                let socket = try XDPSocket(name: name, index: index, queue: 0, mode: mode)
                try program.redirect(queue: 0, to: socket.descriptor, name)
                opened = (socket, program, mode)
            } catch {
                failure = error
            }
        }
        guard let opened else { throw failure }
        (socket, program, mode) = opened
        self.name = name
        self.index = index
        membership = clinux_packet_socket()
        if membership >= 0 { _ = clinux_join_promiscuous(membership, index) }
    }

    deinit { if membership >= 0 { close(membership) } }

    // MARK: Receiving

    public func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool {
        guard !hasVanished else { return false }
        let ring = socket.received
        let available = ring.available
        let count = min(available, batch.room, socket.fill.room)
        guard count > 0 else { return false }
        for index in 0..<count {
            let (address, byteCount) = ring.packet(at: ring.reading(index))
            take(address, byteCount, into: batch, from: pool)
            let chunk = address & ~UInt64(XDPSocket.chunkByteCount - 1)
            socket.fill.setAddress(chunk, at: socket.fill.writing(index))
        }
        ring.release(count)
        socket.fill.submit(count)
        if socket.fill.needsWakeup { _ = clinux_xdp_kick_receive(socket.descriptor) }
        return available > count
    }

    @inline(__always)
    private func take(
        _ address: UInt64, _ byteCount: Int, into batch: PacketBatch, from pool: PacketPool
    ) {
        guard byteCount >= 14 else {
            counted.place.pointee.receiveErrors &+= 1
            return
        }
        let packet = pool.allocate()
        packet.start.copyMemory(from: socket.memory + Int(address), byteCount: byteCount)
        packet.byteCount = byteCount
        batch.append(packet)
        counted.place.pointee.receivedPackets &+= 1
        counted.place.pointee.receivedOctets &+= UInt64(truncatingIfNeeded: byteCount)
    }

    // MARK: Sending

    public func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {
        sending.withLock { _ in send(packets) }
    }

    private func send(_ packets: UnsafeBufferPointer<PacketBuffer>) {
        let counters = counted.place
        guard !hasVanished else {
            counters.pointee.sendDrops &+= UInt64(packets.count)
            return
        }
        socket.reap()
        let ring = socket.sent
        var room = ring.room
        var count = 0
        for packet in packets {
            guard packet.byteCount <= XDPSocket.chunkByteCount, room > 0,
                let chunk = socket.takeChunk()
            else {
                counters.pointee.sendDrops &+= 1
                continue
            }
            (socket.memory + Int(chunk)).copyMemory(
                from: packet.start, byteCount: packet.byteCount)
            ring.setPacket(chunk, byteCount: packet.byteCount, at: ring.writing(count))
            room -= 1
            count += 1
            counters.pointee.sentPackets &+= 1
            counters.pointee.sentOctets &+= UInt64(truncatingIfNeeded: packet.byteCount)
        }
        guard count > 0 else { return }
        ring.submit(count)
        kick()
    }

    /// Has the kernel send; in the modes that copy it takes some packets a call.
    private func kick() {
        for _ in 0..<Self.maximumKicks {
            if clinux_xdp_kick_send(socket.descriptor) != 0 {
                let code = clinux_errno()
                guard code == EAGAIN || code == EBUSY || code == ENOBUFS else {
                    counted.place.pointee.sendErrors &+= 1
                    return
                }
            }
            guard socket.sent.isPending else { return }
        }
    }

    /// Sends what a call before could not, and looks whether the device is still there: the kernel
    /// does not wake a socket whose device has gone.
    public func age() {
        isGone.store(Device(name).index != index, ordering: .relaxed)
        guard !hasVanished else { return }
        sending.withLock { _ in
            if socket.sent.isPending { kick() }
            socket.reap()
        }
    }

    /// Adds what the kernel dropped since the last call to `counters`.
    public func countDrops() {
        let drops = socket.dropCount
        counted.place.pointee.receiveDrops &+= drops &- countedDrops
        countedDrops = drops
    }
}
