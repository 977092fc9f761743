import CLinux
public import Datapath

/// A port on a network device that exists already, by a packet socket.
///
/// The socket has `PACKET_VNET_HDR`: super-packets and partial checksums cross it in both
/// directions as the kernel holds them, which is what makes TCP fast (8 to 1 as measured) and what
/// lets hosts leave their offloads on. VLAN tags, which the kernel takes out of frames, are put
/// back.
///
/// Frames go to the device past its queueing discipline while the device can cut super-packets;
/// for one that cannot, they take the way through it, on which the kernel cuts them itself.
///
/// *Thread safety*: none; the forwarding thread owns the port.
public final class AFPacketPort: PacketPort {
    /// Room for some hundred super-packets, so that a burst outlives the time between two polls.
    static let socketBufferByteCount: Int32 = 16 << 20

    /// How the device does.
    public enum Condition: Sendable {
        case working
        /// The device is down; the socket works again when it comes up.
        case down
        /// The device does not exist any more. The port yields nothing from now on.
        case vanished
    }

    public let name: String
    public let index: Int32
    public let offloads: PortOffloads
    public private(set) var counters = PortCounters()
    public private(set) var condition = Condition.working

    private let descriptor: Int32
    private var receiver = FrameReceiver()
    private let sender = FrameSender()
    private var bypassesQueueing: Bool

    public var hasVanished: Bool { condition == .vanished }

    public var readinessDescriptor: Int32 { condition == .vanished ? -1 : descriptor }

    /// Opens the device `name` of this network namespace, and makes it promiscuous.
    public init(name: String) throws(SystemError) {
        let device = Device(name)
        guard let index = device.index else {
            throw SystemError(code: ENODEV, call: "if_nametoindex", subject: name)
        }
        self.name = name
        self.index = index
        offloads =
            KernelVersion.running.segmentsUDP
            ? [.checksum, .tcpSegmentation, .udpSegmentation] : [.checksum, .tcpSegmentation]
        bypassesQueueing = device.cutsSuperPackets()
        let opened = clinux_packet_socket()
        guard opened >= 0 else { throw .last("socket(AF_PACKET)", name) }
        do {
            try Self.prepare(opened, name: name, index: index, bypassing: bypassesQueueing)
        } catch {
            close(opened)
            throw error
        }
        descriptor = opened
    }

    deinit {
        DescriptorCloser.shared.close(descriptor)
    }

    private static func prepare(
        _ descriptor: Int32,
        name: String,
        index: Int32,
        bypassing: Bool
    ) throws(SystemError) {
        func set(_ level: Int32, _ option: Int32, _ value: Int32, _ text: String)
            throws(SystemError)
        {
            if clinux_set_option(descriptor, level, option, value) != 0 { throw .last(text, name) }
        }
        try set(SOL_PACKET, PACKET_VNET_HDR, 1, "setsockopt(PACKET_VNET_HDR)")
        try set(SOL_PACKET, PACKET_AUXDATA, 1, "setsockopt(PACKET_AUXDATA)")
        try set(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, "setsockopt(PACKET_IGNORE_OUTGOING)")
        if bypassing {
            try set(SOL_PACKET, PACKET_QDISC_BYPASS, 1, "setsockopt(PACKET_QDISC_BYPASS)")
        }
        // Without the right to go beyond the system's limit, the limit is what one gets.
        for (force, ask) in [(SO_RCVBUFFORCE, SO_RCVBUF), (SO_SNDBUFFORCE, SO_SNDBUF)]
        where clinux_set_option(descriptor, SOL_SOCKET, force, socketBufferByteCount) != 0 {
            _ = clinux_set_option(descriptor, SOL_SOCKET, ask, socketBufferByteCount)
        }
        if clinux_bind_packet(descriptor, index) != 0 { throw .last("bind", name) }
        if clinux_join_promiscuous(descriptor, index) != 0 {
            throw .last("setsockopt(PACKET_ADD_MEMBERSHIP)", name)
        }
    }

    public func receive(into batch: PacketBatch, from pool: PacketPool) -> Bool {
        guard condition != .vanished else { return false }
        switch receiver.receive(
            from: descriptor,
            into: batch,
            pool: pool,
            counters: &counters
        ) {
        case .drained:
            return false
        case .more:
            condition = .working
            return true
        case .failed(let code):
            return handle(code)
        }
    }

    /// - Returns: whether there may be more to receive.
    private func handle(_ code: Int32) -> Bool {
        switch code {
        case ENETDOWN, ENXIO, ENODEV:
            // Reading has cleared the socket's error, so that the descriptor is quiet again.
            condition = exists ? .down : .vanished
            return false
        default:
            // One frame whose offloads the header cannot tell, as an encapsulated super-packet.
            counters.receiveErrors += 1
            return true
        }
    }

    private var exists: Bool { Device(name).index == index }

    public func transmit(_ packets: UnsafeBufferPointer<PacketBuffer>) {
        guard condition != .vanished else {
            counters.sendDrops += UInt64(packets.count)
            return
        }
        let failure = sender.send(packets, to: descriptor, counters: &counters)
        if failure.refusedSuperPacket && bypassesQueueing && !Device(name).cutsSuperPackets() {
            // Somebody switched the device's segmentation off: the kernel shall do it.
            _ = clinux_set_option(descriptor, SOL_PACKET, PACKET_QDISC_BYPASS, 0)
            bypassesQueueing = false
        }
    }

    /// Gives back the buffers that wait for frames; for the port's end.
    public func giveBack(to pool: PacketPool) {
        receiver.giveBack(to: pool)
    }

    /// Adds what the socket dropped since the last call for want of room to `counters`.
    public func countDrops() {
        counters.receiveDrops += UInt64(clinux_packet_drops(descriptor))
    }
}
