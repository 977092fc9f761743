public import Addresses
import CLinux
public import Datapath

/// An internal port: a TAP device that the port makes, and whose other end is this host's.
///
/// Each frame takes a system call of its own, since the TAP's descriptor knows no batches; the
/// `virtio_net_hdr` in front of it lets a frame be a super-packet.
///
/// *Thread safety*: none; the forwarding thread owns the port.
public final class TAPPort: PacketPort {
    public let name: String
    public let offloads: PortOffloads
    public private(set) var counters = PortCounters()
    /// Whether the device was removed under the port, which yields nothing from then on.
    public private(set) var hasVanished = false

    private let descriptor: Int32
    private let header: UnsafeMutableRawPointer
    private let vectors: UnsafeMutablePointer<iovec>

    public var readinessDescriptor: Int32 { hasVanished ? -1 : descriptor }

    /// Makes the TAP device `name`, or takes it over if it persists and nobody uses it.
    public init(name: String) throws(SystemError) {
        guard (1...Device.maxNameByteCount).contains(name.utf8.count) else {
            throw SystemError(code: ENAMETOOLONG, call: "TUNSETIFF", subject: name)
        }
        let opened = clinux_open_tun()
        guard opened >= 0 else { throw .last("open(/dev/net/tun)", name) }
        do {
            offloads = try Self.prepare(opened, name: name)
        } catch {
            close(opened)
            throw error
        }
        self.name = name
        descriptor = opened
        header = .allocate(byteCount: 16, alignment: 16)
        vectors = .allocate(capacity: 2)
        vectors[0] = iovec(iov_base: header, iov_len: VirtioHeader.byteCount)
        vectors[1] = iovec()
    }

    deinit {
        close(descriptor)
        header.deallocate()
        vectors.deallocate()
    }

    private static func prepare(_ descriptor: Int32, name: String) throws(SystemError)
        -> PortOffloads
    {
        var text = [CChar](repeating: 0, count: Int(IFNAMSIZ))
        for (index, octet) in name.utf8.enumerated() { text[index] = CChar(bitPattern: octet) }
        let flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR
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
            vectors[1] = iovec(iov_base: packet.start, iov_len: packet.tailroom)
            let received = readv(descriptor, vectors, 2)
            guard received > 0 else {
                pool.release(packet)
                return handle(received == 0 ? EAGAIN : clinux_errno())
            }
            packet.byteCount = max(0, received - VirtioHeader.byteCount)
            if complete(packet) {
                batch.append(packet)
            } else {
                counters.receiveErrors += 1
                pool.release(packet)
            }
        }
        return true
    }

    private func complete(_ packet: PacketBuffer) -> Bool {
        guard packet.byteCount >= 14, var offload = VirtioHeader.read(header),
            VirtioHeader.trim(&offload, frame: packet.start, byteCount: packet.byteCount)
        else { return false }
        packet.offload = offload
        counters.receivedPackets += 1
        counters.receivedOctets += UInt64(packet.byteCount)
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
            hasVanished = true
            return false
        default:
            // One frame whose offloads the header cannot tell.
            counters.receiveErrors += 1
            return true
        }
    }

    public func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {
        guard !hasVanished else {
            counters.sendDrops += UInt64(packets.count)
            return
        }
        for packet in packets {
            VirtioHeader.write(packet.offload, frameByteCount: packet.byteCount, to: header)
            vectors[1] = iovec(iov_base: packet.start, iov_len: packet.byteCount)
            var sent = writev(descriptor, vectors, 2)
            while sent < 0 && clinux_errno() == EINTR { sent = writev(descriptor, vectors, 2) }
            guard sent < 0 else {
                counters.sentPackets += 1
                counters.sentOctets += UInt64(packet.byteCount)
                continue
            }
            switch clinux_errno() {
            case EAGAIN, EIO, ENOBUFS, ENOMEM:
                counters.sendDrops += 1
            case EBADFD:
                hasVanished = true
                counters.sendDrops += 1
            default:
                counters.sendErrors += 1
            }
        }
    }

    public func setAddress(_ address: EthernetAddress) throws(SystemError) {
        try device.setAddress(address)
    }
}
