import CLinux
public import Datapath

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
/// *Thread safety*: none; the forwarding thread owns the port.
public final class XDPPort: PacketPort {
    /// How often the kernel is called to send what is in the ring before the rest is left to it.
    private static let maximumKicks = 64

    public let name: String
    public let offloads: PortOffloads = []
    public private(set) var counters = PortCounters()
    /// The mode that was asked for or found.
    public let mode: XDPMode
    public private(set) var hasVanished = false

    private let index: Int32
    private let socket: XDPSocket
    private let program: XDPProgram
    /// A packet socket that keeps the device promiscuous.
    private let membership: Int32
    private var countedDrops: UInt64 = 0

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
            counters.receiveErrors &+= 1
            return
        }
        let packet = pool.allocate()
        packet.start.copyMemory(from: socket.memory + Int(address), byteCount: byteCount)
        packet.byteCount = byteCount
        batch.append(packet)
        counters.receivedPackets &+= 1
        counters.receivedOctets &+= UInt64(truncatingIfNeeded: byteCount)
    }

    // MARK: Sending

    public func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {
        guard !hasVanished else {
            counters.sendDrops &+= UInt64(packets.count)
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
                counters.sendDrops &+= 1
                continue
            }
            (socket.memory + Int(chunk)).copyMemory(
                from: packet.start, byteCount: packet.byteCount)
            ring.setPacket(chunk, byteCount: packet.byteCount, at: ring.writing(count))
            room -= 1
            count += 1
            counters.sentPackets &+= 1
            counters.sentOctets &+= UInt64(truncatingIfNeeded: packet.byteCount)
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
                    counters.sendErrors &+= 1
                    return
                }
            }
            guard socket.sent.isPending else { return }
        }
    }

    /// Sends what a call before could not, and looks whether the device is still there: the kernel
    /// does not wake a socket whose device has gone.
    public func age() {
        hasVanished = Device(name).index != index
        guard !hasVanished else { return }
        if socket.sent.isPending { kick() }
        socket.reap()
    }

    /// Adds what the kernel dropped since the last call to `counters`.
    public func countDrops() {
        let drops = socket.dropCount
        counters.receiveDrops &+= drops &- countedDrops
        countedDrops = drops
    }
}
