import CLinux

/// A packet socket that is bound to a device, with a receive ring if one was asked for.
///
/// The socket has `PACKET_VNET_HDR`: super-packets and partial checksums cross it in both
/// directions as the kernel holds them. A *deaf* socket is bound but receives nothing, until it
/// takes the place of another one.
///
/// *Thread safety*: made and given up on any thread; used by one.
final class PacketSocket: @unchecked Sendable {
    /// What a socket is bound to.
    struct Target: Sendable {
        let name: String
        let index: Int32
        /// Whether frames go to the device past its queueing discipline.
        var bypassesQueueing: Bool
    }

    /// Room for some hundred super-packets, so that a burst outlives the time between two polls.
    static let bufferByteCount: Int32 = 16 << 20

    let descriptor: Int32
    /// The ring's memory, which ``FrameRing`` reads.
    let ring: UnsafeMutableRawPointer?

    private let permit: RingPermit?
    private let index: Int32
    /// Whether it ever received.
    private var hears: Bool

    /// Opens a socket in this network namespace and binds it.
    ///
    /// - Parameters:
    ///   - permit: leave to have a ring, which is given back when the socket goes.
    ///   - hears: whether it receives at all; one that does not costs a received frame nothing.
    init(
        _ target: Target, permit: RingPermit? = nil, isDeaf: Bool = false, hears: Bool = true
    ) throws(SystemError) {
        let opened = clinux_packet_socket()
        guard opened >= 0 else { throw .last("socket(AF_PACKET)", target.name) }
        do {
            try Self.prepare(opened, target)
            ring = permit == nil ? nil : try Self.makeRing(opened, target.name)
        } catch {
            close(opened)
            throw error
        }
        descriptor = opened
        self.permit = permit
        index = target.index
        self.hears = hears
        if isDeaf { setDeaf(true) }
        if clinux_bind_packet(descriptor, target.index, hears ? 1 : 0) != 0 {
            throw .last("bind", target.name)
        }
        if clinux_join_promiscuous(descriptor, target.index) != 0 {
            throw .last("setsockopt(PACKET_ADD_MEMBERSHIP)", target.name)
        }
    }

    deinit {
        if let ring { munmap(ring, FrameRing.byteCount) }
        // It shall not collect frames while it waits for its turn to be closed.
        setDeaf(true)
        DescriptorCloser.shared.close(descriptor)
    }

    private static func prepare(_ descriptor: Int32, _ target: Target) throws(SystemError) {
        try set(descriptor, PACKET_VNET_HDR, 1, "PACKET_VNET_HDR", target.name)
        try set(descriptor, PACKET_AUXDATA, 1, "PACKET_AUXDATA", target.name)
        try set(descriptor, PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING", target.name)
        if target.bypassesQueueing {
            try set(descriptor, PACKET_QDISC_BYPASS, 1, "PACKET_QDISC_BYPASS", target.name)
        }
        // Without the right to go beyond the system's limit, the limit is what one gets.
        for (force, ask) in [(SO_RCVBUFFORCE, SO_RCVBUF), (SO_SNDBUFFORCE, SO_SNDBUF)]
        where clinux_set_option(descriptor, SOL_SOCKET, force, bufferByteCount) != 0 {
            _ = clinux_set_option(descriptor, SOL_SOCKET, ask, bufferByteCount)
        }
    }

    /// Has the kernel write frames into slots, and keep those that do not fit in the socket too.
    private static func makeRing(
        _ descriptor: Int32, _ name: String
    ) throws(SystemError) -> UnsafeMutableRawPointer {
        try set(descriptor, PACKET_VERSION, Int32(TPACKET_V2.rawValue), "PACKET_VERSION", name)
        try set(descriptor, PACKET_COPY_THRESH, 1, "PACKET_COPY_THRESH", name)
        let isMade = clinux_make_receive_ring(
            descriptor, UInt32(FrameRing.blockByteCount), UInt32(FrameRing.blockCount),
            UInt32(FrameRing.slotByteCount), UInt32(FrameRing.slotCount))
        guard isMade == 0 else { throw .last("setsockopt(PACKET_RX_RING)", name) }
        guard let memory = clinux_map_shared(descriptor, FrameRing.byteCount) else {
            throw .last("mmap", name)
        }
        return memory
    }

    private static func set(
        _ descriptor: Int32, _ option: Int32, _ value: Int32, _ text: String, _ name: String
    ) throws(SystemError) {
        if clinux_set_option(descriptor, SOL_PACKET, option, value) != 0 {
            throw .last("setsockopt(\(text))", name)
        }
    }

    /// Receives nothing from now on, or everything.
    func setHearing(_ isHearing: Bool) {
        setDeaf(!isHearing)
        guard isHearing, !hears else { return }
        hears = clinux_bind_packet(descriptor, index, 1) == 0
    }

    /// Receives nothing from now on, or everything again.
    func setDeaf(_ isDeaf: Bool) { _ = clinux_set_deaf(descriptor, isDeaf ? 1 : 0) }

    /// Sends through the device's queueing discipline from now on.
    func takeQueueing() {
        _ = clinux_set_option(descriptor, SOL_PACKET, PACKET_QDISC_BYPASS, 0)
    }

    /// Frames that found no room since the last call.
    func takeDropCount() -> Int { Int(clinux_packet_drops(descriptor)) }
}
