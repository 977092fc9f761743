public import Addresses
import CLinux
public import Datapath
import Synchronization

/// An internal port: a TAP device that the port makes, and whose other end is this host's.
///
/// Each frame takes a system call of its own, since the TAP's descriptor knows no batches; the
/// `virtio_net_hdr` in front of it lets a frame be a super-packet.
///
/// *Thread safety*: one thread receives, and any thread may send.
public final class TAPPort: PacketPort {
    public let name: String
    public let offloads: PortOffloads
    /// Whether the kernel is to forward what this host sends, where it can.
    public let isServedByKernel: Bool
    public var counters: PortCounters { counted.place.pointee }
    /// Whether the device was removed under the port, which yields nothing from then on.
    public var hasVanished: Bool { isGone.load(ordering: .relaxed) }

    /// A virtio header and a frame, as one call of the kernel takes them.
    private struct Pieces: ~Copyable, @unchecked Sendable {
        let header: UnsafeMutableRawPointer
        let vectors: UnsafeMutablePointer<iovec>

        init() {
            header = .allocate(byteCount: 16, alignment: 16)
            vectors = .allocate(capacity: 2)
            vectors[0] = iovec(iov_base: header, iov_len: VirtioHeader.byteCount)
            vectors[1] = iovec()
        }

        deinit {
            header.deallocate()
            vectors.deallocate()
        }
    }

    private let descriptor: Int32
    let counted = CounterBox()
    private let isGone = Atomic(false)
    private let received = Pieces()
    private let sent = Mutex(Pieces())

    public var readinessDescriptor: Int32 { hasVanished ? -1 : descriptor }

    /// Makes the TAP device `name`, or takes it over if it persists and nobody uses it.
    public convenience init(name: String, isServedByKernel: Bool = false) throws(SystemError) {
        try self.init(name: name, isMember: false, isServedByKernel: isServedByKernel)
    }

    /// Makes the TAP device `name` with as many queues, among which the kernel divides its flows.
    public static func open(name: String, queueCount: Int) throws(SystemError) -> any PacketPort {
        guard queueCount > 1 else { return try TAPPort(name: name) }
        var members: [TAPPort] = []
        for _ in 0..<min(queueCount, QueuedPort.maximumQueues) {
            members.append(try TAPPort(name: name, isMember: true))
        }
        return QueuedPort(members)
    }

    private init(
        name: String, isMember: Bool, isServedByKernel: Bool = false
    ) throws(SystemError) {
        guard (1...Device.maxNameByteCount).contains(name.utf8.count) else {
            throw SystemError(code: ENAMETOOLONG, call: "TUNSETIFF", subject: name)
        }
        let opened = clinux_open_tun()
        guard opened >= 0 else { throw .last("open(/dev/net/tun)", name) }
        do {
            offloads = try Self.prepare(opened, name: name, isMember: isMember)
        } catch {
            close(opened)
            throw error
        }
        self.name = name
        self.isServedByKernel = isServedByKernel
        descriptor = opened
    }

    deinit { close(descriptor) }

    private static func prepare(
        _ descriptor: Int32, name: String, isMember: Bool
    ) throws(SystemError) -> PortOffloads {
        var text = [CChar](repeating: 0, count: Int(IFNAMSIZ))
        for (index, octet) in name.utf8.enumerated() { text[index] = CChar(bitPattern: octet) }
        let flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (isMember ? IFF_MULTI_QUEUE : 0)
        guard clinux_tun_set_interface(descriptor, &text, flags) == 0 else {
            throw .last("TUNSETIFF", name)
        }
        guard clinux_tun_set_header_size(descriptor, Int32(VirtioHeader.byteCount)) == 0 else {
            throw .last("TUNSETVNETHDRSZ", name)
        }
        let tcp = UInt32(TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN)
        // TUN_F_USO4 and TUN_F_USO6, which headers older than Linux 6.2 lack.
        let udp: UInt32 = 0x20 | 0x40
        if KernelVersion.running.segmentsUDP, clinux_tun_set_offload(descriptor, tcp | udp) == 0 {
            return [.checksum, .tcpSegmentation, .udpSegmentation]
        }
        guard clinux_tun_set_offload(descriptor, tcp) == 0 else {
            throw .last("TUNSETOFFLOAD", name)
        }
        return [.checksum, .tcpSegmentation]
    }

    /// The device, while it is in this network namespace.
    public var device: Device { Device(name) }

    public func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool {
        guard !hasVanished else { return false }
        while batch.room > 0 {
            let packet = pool.allocate()
            received.vectors[1] = iovec(iov_base: packet.start, iov_len: packet.tailroom)
            let byteCount = readv(descriptor, received.vectors, 2)
            guard byteCount > 0 else {
                pool.release(packet)
                return handle(byteCount == 0 ? EAGAIN : clinux_errno())
            }
            packet.byteCount = max(0, byteCount - VirtioHeader.byteCount)
            if complete(packet) {
                batch.append(packet)
            } else {
                counted.place.pointee.receiveErrors += 1
                pool.release(packet)
            }
        }
        return true
    }

    private func complete(_ packet: PacketBuffer) -> Bool {
        guard packet.byteCount >= 14, var offload = VirtioHeader.read(received.header),
            VirtioHeader.trim(&offload, frame: packet.start, byteCount: packet.byteCount)
        else { return false }
        packet.offload = offload
        counted.place.pointee.receivedPackets += 1
        counted.place.pointee.receivedOctets += UInt64(packet.byteCount)
        return true
    }

    /// - Returns: whether there may be more to receive.
    private func handle(_ code: Int32) -> Bool {
        switch code {
        case EAGAIN, EIO:
            return false
        case EINTR:
            return true
        case EBADFD, ENODEV, ENXIO:
            isGone.store(true, ordering: .relaxed)
            return false
        default:
            // One frame whose offloads the header cannot tell.
            counted.place.pointee.receiveErrors += 1
            return true
        }
    }

    public func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {
        sent.withLock { send(packets, by: $0) }
    }

    private func send(_ packets: UnsafeBufferPointer<PacketBuffer>, by pieces: borrowing Pieces) {
        let counters = counted.place
        guard !hasVanished else {
            counters.pointee.sendDrops += UInt64(packets.count)
            return
        }
        for packet in packets {
            VirtioHeader.write(packet.offload, frameByteCount: packet.byteCount, to: pieces.header)
            pieces.vectors[1] = iovec(iov_base: packet.start, iov_len: packet.byteCount)
            var sent = writev(descriptor, pieces.vectors, 2)
            while sent < 0 && clinux_errno() == EINTR {
                sent = writev(descriptor, pieces.vectors, 2)
            }
            guard sent < 0 else {
                counters.pointee.sentPackets += 1
                counters.pointee.sentOctets += UInt64(packet.byteCount)
                continue
            }
            switch clinux_errno() {
            case EAGAIN, EIO, ENOBUFS, ENOMEM:
                counters.pointee.sendDrops += 1
            case EBADFD:
                isGone.store(true, ordering: .relaxed)
                counters.pointee.sendDrops += 1
            default:
                counters.pointee.sendErrors += 1
            }
        }
    }

    public func setAddress(_ address: EthernetAddress) throws(SystemError) {
        try device.setAddress(address)
    }
}
